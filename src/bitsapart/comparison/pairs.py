"""Two models on the same items: paired tests, Holm's adjustment, and the models tied with the best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isinf, isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from bitsapart.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from .intervals import Interval

__all__ = ["Paired", "adjusted", "holm", "paired", "sign_flip_p_value", "tied_with_best"]

_EXACT_FLIPS = 16  # 2^16 sign patterns are enumerated; beyond that they are drawn
_DRAWN_FLIPS = 99_999
_SMALL = 50  # below this many units the t distribution is not trusted: the permutation decides


@dataclass(frozen=True)
class Paired:
    """Two models on the same items.

    Attributes:
        difference: mean of δ = d(A) − d(B); negative where A is closer to people.
        won_a: share of the items (by weight) where A's loss is smaller.
        won_b: share where B's is smaller; the rest is equal.
        p_value: two-sided, for a true mean of 0; nan where there is no interval.
        p_adjusted: after Holm over all the pairs; the same as `p_value` until set.
        method: the test that gave the p-value.
    """

    difference: Interval
    won_a: float
    won_b: float
    p_value: float
    p_adjusted: float
    method: str


def _two_sided_p(value: float, standard_error: float, units: int) -> float:
    from scipy.special import stdtr

    if standard_error == 0:
        return 1.0 if value == 0 else 0.0
    return float(2 * stdtr(units - 1, -abs(value) / standard_error))


def paired(
    difference: Interval, *, won_a: float, won_b: float, values: ArrayLike | None = None, seed: int = 0
) -> Paired:
    """Compare two models by the interval of their paired difference.

    Args:
        difference: interval of the mean of δ = d(A) − d(B), from `weighted_interval` or `clustered_interval`.
        won_a: share of the items where A's loss is smaller.
        won_b: share of the items where B's loss is smaller.
        values: w·(δ of each item), or the sums of each group; used instead of t where there are fewer than 50.
        seed: of the permutation, where not all sign patterns can be enumerated.

    Returns:
        The pair; its p-value is nan where there is no interval.
    """
    if difference.standard_error is None:
        return Paired(difference, won_a, won_b, nan, nan, difference.method)
    if values is not None and difference.n < _SMALL:
        p_value, method = sign_flip_p_value(values, seed=seed)
    else:
        p_value = _two_sided_p(difference.value, difference.standard_error, difference.n)
        method = difference.method
    return Paired(difference, won_a, won_b, p_value, p_value, method)


def sign_flip_p_value(values: ArrayLike, *, seed: int = 0) -> tuple[float, str]:
    """Two-sided sign-flip permutation test that the mean is 0.

    Every δ could as well have had the other sign if the two models were alike. Up to 16 values all 2^n sign
    patterns are counted; beyond that 99 999 are drawn with a fixed seed, and p = (1 + hits)/(1 + drawn).

    Args:
        values: one per unit, shape (n,), weights already multiplied in.
        seed: of the drawn patterns.

    Returns:
        The p-value and a line that says how it was made.

    Raises:
        DomainError: there are no values, or one is not finite.

    Example:
        >>> sign_flip_p_value([1.0, 2.0, 3.0])
        (0.25, 'sign flips, all 8')
    """
    delta = np.asarray(values, dtype=np.float64).ravel()
    if delta.size == 0 or not np.isfinite(delta).all():
        message = f"values has {delta.size} entries; a sign-flip test needs at least one, and all of them finite"
        raise DomainError(message)
    # A pattern that only differs by rounding from the observed sum counts as equal to it.
    threshold = abs(delta.sum()) - 1e-12 * np.abs(delta).sum()
    n = delta.size
    if n <= _EXACT_FLIPS:
        sums = np.zeros(1)
        for value in delta:
            sums = np.concatenate([sums - value, sums + value])
        return float(np.mean(np.abs(sums) >= threshold)), f"sign flips, all {2**n}"
    random = np.random.default_rng(seed)
    signs = random.integers(0, 2, size=(_DRAWN_FLIPS, n), dtype=np.int8) * 2.0 - 1.0
    hits = int(np.count_nonzero(np.abs(signs @ delta) >= threshold))
    return (1 + hits) / (1 + _DRAWN_FLIPS), f"sign flips, {_DRAWN_FLIPS} drawn with seed {seed}"


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment: reject where the adjusted value is at most the level.

    Args:
        p_values: in any order; nan (no test) stays nan and does not count.

    Returns:
        The adjusted p-values in the order given.

    Example:
        >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
    """
    adjusted = [nan] * len(p_values)
    tested = sorted((p, place) for place, p in enumerate(p_values) if not isnan(p))
    largest = 0.0
    for rank, (p, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * p))
        adjusted[place] = largest
    return adjusted


def adjusted(pairs: Mapping[tuple[int, int], Paired]) -> dict[tuple[int, int], Paired]:
    """The same pairs with `p_adjusted` after Holm over all of them."""
    values = holm([pair.p_value for pair in pairs.values()])
    return {key: replace(pair, p_adjusted=p) for (key, pair), p in zip(pairs.items(), values, strict=True)}


def tied_with_best(
    losses: Sequence[float], pairs: Mapping[tuple[int, int], Paired], *, level: float = 0.95
) -> list[int]:
    """The models that cannot be told from the best one.

    Args:
        losses: each model's mean loss; smaller is better.
        pairs: (a, b) → the adjusted comparison of models a and b, one entry for each pair, in either order.
        level: 1 minus the error rate of the whole family, which Holm has spent already.

    Returns:
        Places of the tied models, the best first, then by loss. A pair without a test ties.

    Raises:
        DomainError: a pair with the best model is missing.
    """
    order = sorted(range(len(losses)), key=lambda place: (losses[place], place))
    best, tied = order[0], [order[0]]
    for other in order[1:]:
        pair = pairs.get((best, other)) or pairs.get((other, best))
        if pair is None:
            message = f"pairs has no entry for models {best} and {other}, and every pair with the best is needed"
            raise DomainError(message)
        if isnan(pair.p_adjusted) and isinf(losses[other]) and not isinf(losses[best]):
            continue  # an infinite loss is worse without a test
        if isnan(pair.p_adjusted) or pair.p_adjusted > 1 - level:
            tied.append(other)
    return tied
