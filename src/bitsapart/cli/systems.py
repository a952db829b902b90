"""Systems as words: numbers, named events and outcomes typed on the command line.

One rule: commas join what belongs to one system, spaces separate systems.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, NamedTuple

from bitsapart.errors import DataError

__all__ = ["System", "in_order", "read_number", "read_system", "read_tosses", "same_events"]

_MOST_TOSSES = 10_000_000
_TOSSES = ({"H": 1.0, "T": 0.0}, {"1": 1.0, "0": 0.0})


class System(NamedTuple):
    """The numbers of one system, and the names of its events where they have names."""

    names: tuple[str, ...] | None
    numbers: tuple[float, ...]

    @property
    def alone(self) -> bool:
        """Whether it is one number without a name: the probability of one event."""
        return self.names is None and len(self.numbers) == 1

    @property
    def values(self) -> Any:
        """What the measures take: a number, a list, or a mapping from event to number."""
        if self.names is not None:
            return dict(zip(self.names, self.numbers, strict=True))
        return self.numbers[0] if self.alone else list(self.numbers)


def read_number(text: str, where: str) -> float:
    """A number such as 0.25, 1/4, 25% or 1e-3.

    Args:
        text: what was typed.
        where: what it stands for, for the message.

    Returns:
        The nearest float.

    Raises:
        DataError: it is no number.

    Example:
        >>> read_number("1/8", "value"), read_number("12.5 %", "value")
        (0.125, 0.125)
    """
    above, slash, below = text.strip().removesuffix("%").partition("/")
    try:
        with localcontext() as context:
            context.prec = 60
            number = Decimal(above.strip())
            if slash:
                number /= Decimal(below.strip())
            if text.strip().endswith("%"):
                number /= 100
            return float(number)
    except (InvalidOperation, ArithmeticError, ValueError):
        message = f"{where} is {text.strip()!r}, which is no number. Write it like 0.25, 1/4, 25% or 1e-3."
        raise DataError(message) from None


def read_system(text: str, name: str) -> System:
    """One system: values joined by commas, each with or without the name of its event.

    Args:
        text: for example "0.5,0.5" or "rain=0.3,sun=0.7".
        name: what it stands for, for the messages.

    Returns:
        Its numbers, and its names if it has names.

    Raises:
        DataError: a value is empty or no number, or only some of them have names.

    Example:
        >>> read_system("rain=30%,sun=0.7", "people")
        System(names=('rain', 'sun'), numbers=(0.3, 0.7))
    """
    parts = [part.strip() for part in text.split(",")]
    for place, part in enumerate(parts, 1):
        if not part:
            message = f"{name}, value {place} of {text!r} is empty. Join values with single commas: 0.5,0.5."
            raise DataError(message)
    named = ["=" in part for part in parts]
    if not any(named):
        numbers = [read_number(part, f"{name}, value {place},") for place, part in enumerate(parts, 1)]
        return System(None, tuple(numbers))
    if not all(named):
        message = f"{name} is {text!r}, in which {parts[named.index(False)]!r} has no name. Name all events or none."
        raise DataError(message)
    pairs = [part.rpartition("=") for part in parts]
    names = tuple(event.strip() for event, _, _ in pairs)
    for place, event in enumerate(names):
        if event in names[:place]:
            message = f"{name} names the event {event!r} twice, but every event must stand once."
            raise DataError(message)
    return System(names, tuple(read_number(value, f"{name}, {event.strip()!r},") for event, _, value in pairs))


def same_events(systems: Sequence[tuple[str, System]]) -> tuple[tuple[str, ...] | None, list[str]]:
    """Refuse systems that cannot be compared, and say which events one of them lacks.

    Args:
        systems: each with what it stands for.

    Returns:
        The names of all events (None where they have no names), and a sentence for each system that lacks some.

    Raises:
        DataError: some have names and some have not, or they have different numbers of classes.
    """
    first_name, first = systems[0]
    for name, system in systems[1:]:
        if (system.names is None) != (first.names is None):
            message = f"only one of {first_name} and {name} has names. Name the events of both or of neither."
            raise DataError(message)
        if first.names is None and len(system.numbers) != len(first.numbers):
            message = (
                f"{first_name} has {_values(first)}, but {name} has {_values(system)}. "
                "If they are about different events, name them: rain=0.3,sun=0.7."
            )
            raise DataError(message)
    if first.names is None:
        return None, []
    events = tuple(dict.fromkeys(event for _, system in systems for event in system.names or ()))
    notes = []
    for name, system in systems:
        lacking = ", ".join(event for event in events if event not in (system.names or ()))
        if lacking:
            notes.append(f"not in {name}, so 0 there: {lacking}")
    return events, notes


def in_order(text: str, events: tuple[str, ...] | None) -> list[str] | None:
    """Outcomes in the order in which they happened, as names of a model's events.

    Args:
        text: names joined by commas ("cat,dog,cat"), or a word of letters where every event has a name of one letter.
        events: the model's events; None where they have no names.

    Returns:
        One name for each outcome; None where the text holds counts.
    """
    parts = [part.strip() for part in text.split(",")]
    if "=" in text or events is None:
        return None
    if len(parts) == 1 and text not in events and all(len(event) == 1 for event in events):
        return list(text)
    return parts


def read_tosses(text: str) -> list[float] | None:
    """Tosses of a coin as 1 and 0: letters in a row, or how often it happened and how often not.

    Args:
        text: for example "HHTHT", "11010" or "3,2".

    Returns:
        1 where it happened and 0 where not; None where the text is nothing of the kind.

    Raises:
        DataError: the counts are not whole numbers, or more than ten million.
    """
    for letters in _TOSSES:
        if text and set(text.upper()) <= set(letters):
            return [letters[letter] for letter in text.upper()]
    try:
        counts = read_system(text, "outcomes").numbers
    except DataError:  # names
        return None
    if len(counts) != 2 or "=" in text:
        return None
    if any(not (count >= 0 and count % 1 == 0) for count in counts) or sum(counts) > _MOST_TOSSES:
        message = f"outcomes is {text!r}, but must be two whole numbers, together at most {_MOST_TOSSES:,}."
        raise DataError(message)
    return [1.0] * int(counts[0]) + [0.0] * int(counts[1])


def _values(system: System) -> str:
    return "one number" if len(system.numbers) == 1 else f"{len(system.numbers)} numbers"
