"""Least squares: the distance between what people said and the model's probability, without logarithms.

Two classes are one event and its complement, so with C = 2 the two mirror-image terms are counted once: Σ(p − q)² is
halved to (x − y)², and Σ|p − q| to |x − y|. With C ≥ 3 the terms of all classes are summed.
"""

from typing import Literal

from bitsapart._checks import check_choice, check_counts

from ._arrays import Array
from ._distributions import Distribution, Kind, PeopleKind, open_one, open_pair

__all__ = ["absolute_error", "brier", "disagreement", "squared_distance", "squared_error"]


def absolute_error(
    people: Array,
    model: Array,
    *,
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """How far the model's probabilities are from people's, class by class: Σ|p − q|, for two classes |x − y|.

    From counts it is biased upward when few people were asked. The subgradient at p = q is 0, in every library.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        people_kind: "probs", "log-probs", "logits", "counts" or "labels" (class indices, shape (...)).
        model_kind: "probs", "log-probs" or "logits".
        binary: both are of one event, shape (...).

    Returns:
        Shape (...), 0 … 1 for two classes, 0 … 2 for more; no unit.

    Raises:
        DomainError: a value is no probability, a row does not sum to 1, or the shapes do not fit.

    References:
        Boscovich 1757; Laplace 1774. For C ≥ 3 it is twice the total variation distance.

    Example:
        >>> absolute_error([0.75, 0.25], [0.5, 0.5])
        0.25
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    difference, share = _differences(p, q, binary=binary)
    # sign(0) is 0 everywhere, while JAX gives |x| the slope 1 at 0
    return p.library.deliver(share * p.xp.sum(difference * p.xp.sign(difference), axis=-1))


def squared_error(
    people: Array,
    model: Array,
    *,
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """How far the model's probabilities are from people's: Σ(p − q)², for two classes (x − y)².

    From counts it is biased upward when few people were asked; `squared_distance` is not.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        people_kind: as in `absolute_error`.
        model_kind: as in `absolute_error`.
        binary: both are of one event, shape (...).

    Returns:
        Shape (...), 0 … 1 for two classes, 0 … 2 for more; no unit.

    Raises:
        DomainError: as in `absolute_error`.

    References:
        Legendre 1805; Gauss 1809.

    Example:
        >>> squared_error([0.75, 0.25], [0.5, 0.5])
        0.0625
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    difference, share = _differences(p, q, binary=binary)
    return p.library.deliver(share * p.xp.sum(difference * difference, axis=-1))


def brier(
    people: Array,
    model: Array,
    *,
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """The squared error that one more person's answer would have: 1 − 2Σ p q + Σ q², for two classes half of it.

    It is people's own disagreement and the squared distance together, and unbiased from any panel.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        people_kind: as in `absolute_error`.
        model_kind: as in `absolute_error`.
        binary: both are of one event, shape (...).

    Returns:
        Shape (...), 0 … 1 for two classes, 0 … 2 for more; no unit.

    Raises:
        DomainError: as in `absolute_error`.

    References:
        Brier, Verification of forecasts expressed in terms of probability, 1950.

    Example:
        >>> brier([1.0, 0.0], [0.5, 0.5])
        0.25
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    if binary:
        x, y = p.probs, q.probs
        return p.library.deliver(x[..., 0] * y[..., 1] ** 2 + x[..., 1] * y[..., 0] ** 2)
    # the same number as Σ(p − q)² + Σ p(1 − p) + (1 − Σ p), where nothing cancels
    terms = (p.probs - q.probs) ** 2 + p.probs * (1 - p.probs)
    left_over = 0 if p.kind == "counts" else 1 - p.xp.sum(p.probs, axis=-1)
    return p.library.deliver(_share(p) * (p.xp.sum(terms, axis=-1) + left_over))


def squared_distance(
    people: Array,
    model: Array,
    *,
    people_kind: Literal["counts", "probs"] = "counts",
    model_kind: Kind = "probs",
) -> Array:
    """The squared distance between everybody's answers and the model, estimated without bias from K ≥ 2 people.

    D² = Σ [n(n−1)/(K(K−1)) − 2 q n/K + q²], for two classes half of it. Of probabilities taken as given, Σ(p − q)².

    Args:
        people: counts, shape (..., C), or a mapping from event to count; at least two judgements an item.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        people_kind: "counts", or "probs" for exact distributions.
        model_kind: "probs", "log-probs" or "logits".

    Returns:
        Shape (...), no unit. One item's estimate may be below 0: average before anything else, never cut off.

    Raises:
        DomainError: an item has fewer than two judgements, or a value is outside its domain.

    References:
        Identity Brier = D² + disagreement; Halmos, The theory of unbiased estimation, 1946.

    Example:
        >>> squared_distance([3, 1], [0.5, 0.5])
        0.0
    """
    check_choice(people_kind, "people_kind", ("counts", "probs"))
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind)
    if people_kind == "probs":
        return p.library.deliver(_share(p) * p.xp.sum((p.probs - q.probs) ** 2, axis=-1))
    check_counts(p.values, "people", at_least=2)
    # n(n−1)/(K(K−1)) = (n/K)² − (n/K)(1 − n/K)/(K−1), so D² is the plug-in value less its bias
    share, others = p.probs, p.totals[..., None] - 1
    terms = (share - q.probs) ** 2 - share * (1 - share) / others
    return p.library.deliver(_share(p) * p.xp.sum(terms, axis=-1))


def disagreement(people: Array, *, kind: Literal["counts", "probs"] = "counts") -> Array:
    """How often two people answer differently, estimated without bias from K ≥ 2 people.

    G = 1 − Σ n(n−1)/(K(K−1)), for two classes half of it. Of probabilities taken as given, 1 − Σ p².

    Args:
        people: counts, shape (..., C), or a mapping from event to count; at least two judgements an item.
        kind: "counts", or "probs" for exact distributions.

    Returns:
        Shape (...), 0 … ½ for two classes, 0 … 1 for more; no unit.

    Raises:
        DomainError: an item has fewer than two judgements, or a value is outside its domain.

    References:
        Gini, Variabilità e mutabilità, 1912; Simpson, Measurement of diversity, 1949.

    Example:
        >>> disagreement([2, 2])
        0.3333333333333333
    """
    p = open_one(people, "people", kind, choices=Literal["counts", "probs"])
    if kind == "probs":
        left_over = 1 - p.xp.sum(p.probs, axis=-1)
        return p.library.deliver(_share(p) * (p.xp.sum(p.probs * (1 - p.probs), axis=-1) + left_over))
    check_counts(p.values, "people", at_least=2)
    n, total = p.values, p.totals
    pairs = p.xp.sum(n * (total[..., None] - n), axis=-1)
    return p.library.deliver(_share(p) * (pairs / (total * (total - 1))))


def _share(side: Distribution) -> float:
    return 0.5 if side.classes == 2 else 1.0


def _differences(p: Distribution, q: Distribution, *, binary: bool) -> tuple[Array, float]:
    """The difference p − q of every class and the share that counts; of one event, x − y alone."""
    if not binary:
        return p.probs - q.probs, _share(p)
    if p.event is None or q.event is None:
        return (p.probs - q.probs)[..., :1], 1.0
    return (p.event - q.event)[..., None], 1.0
