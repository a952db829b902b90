"""Systems named by their events: two distributions over different events, aligned by name."""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DomainError

__all__ = ["Aligned", "align", "is_named", "named_values"]


class Aligned(NamedTuple):
    """Two systems over the same events.

    Attributes:
        events: the names, those of the people first, then those that only the model has.
        people: the people's numbers in that order, float64.
        model: the model's numbers in that order, float64.
    """

    events: tuple[Hashable, ...]
    people: NDArray[np.float64]
    model: NDArray[np.float64]


def align(
    people: Any,
    model: Any,
    *,
    people_kind: str = "probs",
    model_kind: str = "probs",
    ordered: bool = False,
    first: str = "people",
) -> Aligned:
    """Bring two systems to the same events, in the same order.

    An event that one side lacks is impossible there: its probability or count is 0, its logit or log-probability −∞.

    Args:
        people: a mapping from event to number, or a pandas Series.
        model: the same for the model.
        people_kind: "probs", "log-probs", "logits" or "counts".
        model_kind: "probs", "log-probs" or "logits".
        ordered: whether the order of the events means something; one side must then name all of them in order.
        first: what the first side is called in messages.

    Returns:
        The events and both sides' numbers, as float64 arrays.

    Raises:
        DomainError: one side has no names, a name stands twice, a value is not a number, or the two orders differ.

    Example:
        >>> align({"cat": 0.75, "dog": 0.25}, {"dog": 0.5, "bird": 0.5})
        Aligned(events=('cat', 'dog', 'bird'), people=array([0.75, 0.25, 0.  ]), model=array([0. , 0.5, 0.5]))
    """
    for name, values, other in ((first, people, "model"), ("model", model, first)):
        if not is_named(values):
            message = f"{name} has no event names but {other} has: give both as mappings, or both as arrays"
            raise DomainError(message)
    one, two = named_values(people, first), named_values(model, "model")
    events = _in_order(tuple(one), tuple(two)) if ordered else tuple(dict.fromkeys([*one, *two]))
    rows = [
        np.array([side.get(event, _missing(kind)) for event in events], dtype=np.float64)
        for side, kind in ((one, people_kind), (two, model_kind))
    ]
    return Aligned(events, rows[0], rows[1])


def is_named(values: Any) -> bool:
    """Whether a value names its events: a mapping, or a Series with an index.

    Args:
        values: anything.

    Returns:
        True for mappings and pandas Series; False for arrays, lists and numbers.
    """
    return isinstance(values, Mapping) or _is_series(values)


def named_values(values: Any, name: str) -> dict[Hashable, float]:
    """The numbers of a mapping or Series by event.

    Args:
        values: a mapping or a pandas Series.
        name: the argument's name, for the message.

    Returns:
        One float for each event.

    Raises:
        DomainError: a name stands twice, or a value is not a number.
    """
    found: dict[Hashable, float] = {}
    for event, value in values.items():
        if event in found:
            message = f"{name} names the event {event!r} twice, but every event must stand once"
            raise DomainError(message)
        try:
            if isinstance(value, str):
                raise TypeError  # noqa: TRY301  "0.5" is text, even though float() would read it
            found[event] = float(value)
        except (TypeError, ValueError):
            message = f"{name}[{event!r}] is {value!r}, but must be a number"
            raise DomainError(message) from None
    return found


def _in_order(first: tuple[Hashable, ...], second: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """The longer list of events, where it holds the shorter one in the same order."""
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    if tuple(event for event in longer if event in shorter) == shorter:
        return longer
    message = (
        f"people names the events {_listed(first)} and model {_listed(second)}, but the classes are ordered: one side "
        "must name all events, and the other its own in the same order. Give a missing one the value 0."
    )
    raise DomainError(message)


def _listed(events: tuple[Hashable, ...]) -> str:
    return ", ".join(map(str, events[:6])) + (", …" if len(events) > 6 else "")


def _is_series(values: Any) -> bool:
    named = hasattr(values, "items") and hasattr(values, "index") and not callable(values.index)
    return named and not hasattr(values, "columns")


def _missing(kind: str) -> float:
    return -np.inf if kind in ("log-probs", "logits") else 0.0
