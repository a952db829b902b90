"""Ordered classes: a neighbouring class is less wrong than a distant one."""

from typing import Literal

from bitsapart._checks import check_choice, check_counts

from ._arrays import Array
from ._distributions import Kind, PeopleKind, open_pair

__all__ = ["ranked_probability_score", "ranked_squared_distance"]


def ranked_probability_score(
    people: Array, model: Array, *, people_kind: PeopleKind = "probs", model_kind: Kind = "probs"
) -> Array:
    """How far the cumulated distributions are apart: Σ over the C − 1 cuts of (P(≤ c) − Q(≤ c))².

    From counts it is biased upward when few people were asked; `ranked_squared_distance` is not.

    Args:
        people: shape (..., C), classes in their order, or a mapping whose events stand in their order.
        model: the same shape, or a single distribution of shape (C,), or a mapping.
        people_kind: "probs", "log-probs", "logits", "counts" or "labels" (class indices, shape (...)).
        model_kind: "probs", "log-probs" or "logits".

    Returns:
        Shape (...), 0 … C − 1; no unit. For two classes it is (x − y)².

    Raises:
        DomainError: a value is no probability, a row does not sum to 1, or the shapes do not fit.

    References:
        Epstein, A scoring system for probability forecasts of ranked categories, 1969.

    Example:
        >>> ranked_probability_score([1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
        2.0
        >>> ranked_probability_score([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
        1.0
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, ordered=True)
    cumulated = p.xp.cumulative_sum((p.probs - q.probs)[..., :-1], axis=-1)
    return p.library.deliver(p.xp.sum(cumulated * cumulated, axis=-1))


def ranked_squared_distance(
    people: Array, model: Array, *, people_kind: Literal["counts", "probs"] = "counts", model_kind: Kind = "probs"
) -> Array:
    """The ranked probability score against everybody's answers, estimated without bias from K ≥ 2 people.

    Σ over the C − 1 cuts of m(m−1)/(K(K−1)) − 2 Q(≤ c) m/K + Q(≤ c)², m the judgements at or below the cut.

    Args:
        people: counts, shape (..., C), classes in their order; at least two judgements an item.
        model: the same shape, or a single distribution of shape (C,), or a mapping.
        people_kind: "counts", or "probs" for exact distributions.
        model_kind: "probs", "log-probs" or "logits".

    Returns:
        Shape (...), no unit. One item's estimate may be below 0: average before anything else, never cut off.

    Raises:
        DomainError: an item has fewer than two judgements, or a value is outside its domain.

    References:
        Epstein 1969; the unbiased form as in `squared_distance`, cut by cut.

    Example:
        >>> ranked_squared_distance([2, 0, 0], [1.0, 0.0, 0.0])
        0.0
    """
    check_choice(people_kind, "people_kind", ("counts", "probs"))
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, ordered=True)
    cumulated = p.xp.cumulative_sum((p.probs - q.probs)[..., :-1], axis=-1)
    plug_in = p.xp.sum(cumulated * cumulated, axis=-1)
    if people_kind == "probs":
        return p.library.deliver(plug_in)
    check_counts(p.values, "people", at_least=2)
    below = p.xp.cumulative_sum(p.values[..., :-1], axis=-1)
    total = p.totals
    pairs = p.xp.sum(below * (total[..., None] - below), axis=-1)
    return p.library.deliver(plug_in - pairs / (total * total * (total - 1)))
