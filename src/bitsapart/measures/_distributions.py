"""Distributions in every representation: probabilities, log-probabilities, logits, counts, labels; or of one event.

The logarithm is never taken of a 0 that a formula leaves out, so neither values nor gradients meet 0·∞.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, get_args

from bitsapart._checks import check_choice, check_counts, check_labels, check_log_probs, check_logits, check_probs
from bitsapart.errors import DomainError
from bitsapart.units import Unit, nats_in

from ._arrays import Array, Library, log_in, quiet
from .events import align, is_named, named_values

__all__ = ["Distribution", "Kind", "PeopleKind", "SystemKind", "open_one", "open_pair"]

Kind = Literal["probs", "log-probs", "logits"]
SystemKind = Literal["probs", "log-probs", "logits", "counts"]
PeopleKind = Literal["probs", "log-probs", "logits", "counts", "labels"]


class Distribution:
    """One side of a measure, classes on the last axis, whatever it was given as.

    Attributes:
        library: the array library that computes.
        kind: the representation.
        values: the numbers given; for one event, both it and its complement where that loses nothing.
        event: the probability of the one event, where one event was given as a probability.
    """

    def __init__(self, library: Library, kind: str, values: Array, *, event: Array | None = None) -> None:
        self.library = library
        self.xp = library.xp
        self.kind = kind
        self.values = values
        self.event = event

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.values.shape[-1])

    @property
    def normalised(self) -> bool:
        """Whether the rows sum to 1 by construction, not only up to rounding."""
        return self.kind == "logits"

    @property
    def plain(self) -> bool:
        """Whether probabilities themselves were given (or counts of them), not logarithms."""
        return self.kind in ("probs", "counts")

    @cached_property
    def totals(self) -> Array:
        """How many judgements each item has; 1 for what is not counted."""
        if self.kind == "counts":
            return self.xp.sum(self.values, axis=-1)
        return self.xp.ones_like(self.values[..., 0])

    @cached_property
    def probs(self) -> Array:
        """Probabilities."""
        if self.kind == "counts":
            return self.values / self.totals[..., None]
        return self.values if self.kind == "probs" else self.xp.exp(self._natural)

    @cached_property
    def impossible(self) -> Array:
        """Where the probability is 0, not merely too small for its type."""
        if self.event is not None:
            return self.xp.stack([self.event == 0, self.event == 1], axis=-1)
        return self.values == (0 if self.plain else -self.xp.inf)

    @cached_property
    def _natural(self) -> Array:
        return _log_softmax(self.library, self.values) if self.kind == "logits" else self.values

    def log_probs(self, unit: Unit, *, skip: Array) -> Array:
        """Logarithms of the probabilities in a unit; 0 where `skip` is true, −∞ elsewhere where they are impossible."""
        xp = self.xp
        if not self.plain:
            return xp.where(skip, xp.zeros_like(self._natural), self._natural) / nats_in(unit)
        if self.event is None:
            return log_in(xp, xp.where(skip, xp.ones_like(self.probs), self.probs), unit)
        one, zero = xp.ones_like(self.event), xp.zeros_like(self.event)
        first = log_in(xp, xp.where(skip[..., 0], one, self.event), unit)
        second = _log1p(xp, -xp.where(skip[..., 1], zero, self.event)) / nats_in(unit)
        return xp.stack([first, second], axis=-1)


def open_one(values: Array, name: str, kind: str, *, binary: bool = False, choices: Any = Kind) -> Distribution:
    """Take one distribution (or a batch of them) and check it.

    Args:
        values: an array, a list, a mapping or a Series.
        name: the argument's name, for the messages.
        kind: the representation.
        binary: the values are of one event, without a class axis.
        choices: the representations that are allowed.

    Returns:
        The distribution.
    """
    check_choice(kind, "kind", get_args(choices))
    events: Sequence[Any] | None = None
    if is_named(values) and not binary:
        named = named_values(values, name)
        events, values = tuple(named), list(named.values())
    library = Library.of(values)
    return _open(library, library.array(values, name), name, kind, keyword="kind", binary=binary, events=events)


def open_pair(
    people: Array,
    model: Array,
    *,
    people_kind: str = "probs",
    model_kind: str = "probs",
    binary: bool = False,
    ordered: bool = False,
    first: str = "people",
) -> tuple[Distribution, Distribution]:
    """Take the two sides of a measure, of one library, one floating type and fitting shapes, and check them.

    Args:
        people: what people said.
        model: what the model says.
        people_kind: the people's representation.
        model_kind: the model's representation.
        binary: both are of one event, without a class axis.
        ordered: whether the order of the classes means something.
        first: what the first side is called in messages; where it is not "people", its kind is no argument of the user.

    Returns:
        The two distributions.
    """
    check_choice(people_kind, "people_kind", get_args(PeopleKind))
    check_choice(model_kind, "model_kind", get_args(Kind))
    events: Sequence[Any] | None = None
    if not binary and people_kind != "labels" and (is_named(people) or is_named(model)):
        events, people, model = align(
            people, model, people_kind=people_kind, model_kind=model_kind, ordered=ordered, first=first
        )
        people, model = people.tolist(), model.tolist()
    library = Library.of(people, model)
    q = _open(
        library, library.array(model, "model"), "model", model_kind, keyword="model_kind", binary=binary, events=events
    )
    given = library.array(people, first)
    if people_kind == "labels":
        p = _open_labels(library, given, first, q.classes, binary=binary)
    else:
        keyword = "people_kind" if first == "people" else None
        p = _open(library, given, first, people_kind, keyword=keyword, binary=binary, events=events)
    _check_shapes(p, q, first, binary=binary)
    return p, q


def _open(
    library: Library,
    values: Array,
    name: str,
    kind: str,
    *,
    keyword: str | None,
    binary: bool,
    events: Sequence[Any] | None,
) -> Distribution:
    values = library.floats(values)
    if not binary:
        _check_classes(values, name)
    if kind == "counts":
        if binary:
            message = f"{name} holds counts, which have a class axis, but binary=True is for one event without one"
            raise DomainError(message)
        check_counts(values, name, events=events, keyword=keyword)
        return Distribution(library, kind, values)
    keyword = keyword or "kind"
    if kind == "probs":
        check_probs(values, name, keyword=keyword, events=events, rows=not binary)
        return _one_event(library, values) if binary else Distribution(library, kind, values)
    if kind == "log-probs":
        check_log_probs(values, name, keyword=keyword, events=events, rows=not binary)
        return Distribution(library, kind, _with_complement(library.xp, values) if binary else values)
    check_logits(values, name, events=events, rows=not binary)
    return Distribution(library, kind, _two_logits(library.xp, values) if binary else values)


def _open_labels(library: Library, values: Array, name: str, classes: int, *, binary: bool) -> Distribution:
    labels = library.floats(values)
    check_labels(labels, name, classes=classes)
    if binary:
        return _one_event(library, labels)
    one_hot = labels[..., None] == library.floats(library.indices(classes))
    return Distribution(library, "counts", library.floats(one_hot))


def _one_event(library: Library, values: Array) -> Distribution:
    return Distribution(library, "probs", library.xp.stack([values, 1 - values], axis=-1), event=values)


def _check_classes(values: Array, name: str) -> None:
    if values.ndim == 0:
        message = f"{name} is one number, but must have classes on its last axis. For one event, pass binary=True."
        raise DomainError(message)
    if values.shape[-1] == 0:
        message = f"{name} has no classes, but a distribution needs at least one"
        raise DomainError(message)


def _check_shapes(p: Distribution, q: Distribution, first: str, *, binary: bool) -> None:
    """The same shape, or one side a single distribution that stands for every item of the other."""
    one, other = p.values.shape[:-1], q.values.shape[:-1]
    if p.classes == q.classes and (one == other or one == () or other == ()):
        return
    given = [tuple(one), tuple(other)] if binary else [tuple(p.values.shape), tuple(q.values.shape)]
    message = (
        f"{first} has shape {given[0]} and model {given[1]}, but both must have the same shape, "
        "or one of them must be a single distribution"
    )
    raise DomainError(message)


def _log_softmax(library: Library, logits: Array) -> Array:
    """Subtract ln Σ exp. The largest logit is set apart, so that a probability near 1 keeps its tiny logarithm."""
    xp = library.xp
    largest = library.indices(logits.shape[-1]) == xp.argmax(logits, axis=-1)[..., None]
    top = xp.sum(xp.where(largest, logits, xp.zeros_like(logits)), axis=-1, keepdims=True)
    below = logits - top
    others = xp.where(largest, xp.zeros_like(logits), xp.exp(below))
    return below - xp.log1p(xp.sum(others, axis=-1, keepdims=True))


def _two_logits(xp: Any, logits: Array) -> Array:
    """The logits (z, 0) of an event and its complement, shifted so that z = +∞ is allowed."""
    zero = xp.zeros_like(logits)
    return xp.stack([xp.where(logits > 0, zero, logits), xp.where(logits > 0, -logits, zero)], axis=-1)


def _with_complement(xp: Any, log_probs: Array) -> Array:
    """Beside ln y also ln(1 − y), without cancellation; −∞ at y = 1."""
    certain = log_probs == 0
    near = log_probs > -0.7
    apart = xp.full_like(log_probs, -1.0)
    close = xp.log(-xp.expm1(xp.where(near & ~certain, log_probs, apart)))
    far = _log1p(xp, -xp.exp(xp.where(near, apart, log_probs)))
    other = xp.where(certain, xp.full_like(log_probs, -xp.inf), xp.where(near, close, far))
    return xp.stack([log_probs, other], axis=-1)


def _log1p(xp: Any, values: Array) -> Array:
    with quiet(xp):
        return xp.log1p(values)
