"""Accuracy: does the model's most probable class agree with people?"""

from ._arrays import Array
from ._distributions import Distribution, Kind, PeopleKind, open_pair

__all__ = ["accuracy", "majority_accuracy"]


def accuracy(
    people: Array,
    model: Array,
    *,
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """The chance that one more person chooses the model's most probable class: Σ p over it, ties shared equally.

    The error rate is 1 less this. Unbiased from any panel.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        people_kind: "probs", "log-probs", "logits", "counts" or "labels" (class indices, shape (...)).
        model_kind: "probs", "log-probs" or "logits".
        binary: both are of one event, shape (...).

    Returns:
        Shape (...), 0 … 1. It is constant wherever it has a gradient.

    Raises:
        DomainError: a value is no probability, a row does not sum to 1, or the shapes do not fit.

    References:
        Uma, Fornaciari, Hovy, Paun, Plank, Poesio, Learning from disagreement: a survey, 2021.

    Example:
        >>> accuracy([0.75, 0.25], [0.9, 0.1])
        0.75
        >>> accuracy([0.75, 0.25], [0.5, 0.5])
        0.5
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    return p.library.deliver(p.xp.sum(p.probs * _shared_largest(q), axis=-1))


def majority_accuracy(
    people: Array,
    model: Array,
    *,
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """Whether the model's most probable class is the people's most frequent one.

    Where several classes tie, on either side, each of them gets an equal share: the result is the chance that a class
    drawn from the model's largest and one drawn from the people's largest are the same.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        people_kind: as in `accuracy`.
        model_kind: as in `accuracy`.
        binary: both are of one event, shape (...).

    Returns:
        Shape (...), 0 … 1, for one item without ties 0 or 1. It is constant wherever it has a gradient.

    Raises:
        DomainError: as in `accuracy`.

    References:
        Dawid, Skene, Maximum likelihood estimation of observer error-rates, 1979,
        whose first step it is.

    Example:
        >>> majority_accuracy([0.75, 0.25], [0.9, 0.1])
        1.0
        >>> majority_accuracy([2, 1, 2], [0.9, 0.05, 0.05], people_kind="counts")
        0.5
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    return p.library.deliver(p.xp.sum(_shared_largest(p) * _shared_largest(q), axis=-1))


def _shared_largest(side: Distribution) -> Array:
    """1 at the largest class; 1/m at each of m that tie. Decided by the numbers given, before any rounding."""
    xp = side.xp
    largest = side.values == xp.max(side.values, axis=-1, keepdims=True)
    ones = side.library.floats(largest)
    return ones / xp.sum(ones, axis=-1, keepdims=True)
