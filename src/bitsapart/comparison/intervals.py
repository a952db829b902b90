"""Intervals of means over items: the item, or a group of items, is the unit, never the judgement.

Everything here is a function of numbers: counts and power sums. Sums may be Python integers, fractions or
floats; exact sums stay exact until the square root.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite, nan, sqrt
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bitsapart.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "Interval",
    "MeanWithVariance",
    "clustered_interval",
    "effective_items",
    "heavy_tailed",
    "interval_of",
    "jackknife_interval",
    "student_interval",
    "weighted_interval",
]

Number = int | float | Fraction
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean with its interval.

    Attributes:
        value: the mean; may be infinite.
        low: lower end, None where there is no interval.
        high: upper end, None where there is no interval.
        standard_error: of the mean, None where there is no interval.
        n: units the interval rests on: items, or groups.
        method: how it was made, or why there is none.
    """

    value: float
    low: float | None
    high: float | None
    standard_error: float | None
    n: int
    method: str

    def scaled(self, factor: float) -> Interval:
        """The same interval in another unit: every number times `factor` (> 0)."""

        def times(end: float | None) -> float | None:
            return None if end is None else end * factor

        return Interval(
            self.value * factor, times(self.low), times(self.high), times(self.standard_error), self.n, self.method
        )


class MeanWithVariance(Protocol):
    """What a mean must offer to get an interval: moments of a tally column, or an estimate of `people`."""

    @property
    def n(self) -> int:
        """Independent units."""

    @property
    def mean(self) -> float:
        """The mean."""

    @property
    def variance_of_mean(self) -> float:
        """Its squared standard error, with the n/(n − 1) correction."""


def _quantile(units: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(units - 1, 0.5 + level / 2))


def student_interval(
    value: float, variance_of_mean: float, n: int, *, level: float = LEVEL, unit: str = "items"
) -> Interval:
    """Student's t interval, mean ± t(n − 1)·√V.

    Args:
        value: the mean.
        variance_of_mean: V, the squared standard error.
        n: how many independent units V rests on.
        level: coverage, between 0 and 1.
        unit: what the units are called, "items" or "groups".

    Returns:
        The interval; without ends where n < 2 or the mean is not finite, with the reason as `method`.

    Raises:
        DomainError: the level is not between 0 and 1, or V is negative.

    Example:
        >>> interval = student_interval(0.5, 0.01, 25)
        >>> round(interval.low, 4), round(interval.high, 4)
        (0.2936, 0.7064)
    """
    if not 0 < level < 1:
        message = f"level is {level}, but must lie between 0 and 1"
        raise DomainError(message)
    if variance_of_mean < 0:
        message = f"variance_of_mean is {variance_of_mean}, but a variance cannot be negative"
        raise DomainError(message)
    if n < 2:
        one = f"one {unit.removesuffix('s')}" if n == 1 else f"no {unit}"
        return Interval(value, None, None, None, n, f"no interval: {one}, and an interval needs two")
    if not (isfinite(value) and isfinite(variance_of_mean)):
        why = "its error is not known" if isfinite(value) else "the mean is not finite"
        return Interval(value, None, None, None, n, f"no interval: {why}")
    error = sqrt(variance_of_mean)
    reach = _quantile(n, level) * error
    return Interval(value, value - reach, value + reach, error, n, f"Student t over {n} {unit}")


def interval_of(estimate: MeanWithVariance, *, level: float = LEVEL, unit: str = "items") -> Interval:
    """The interval of anything that knows its n, mean and variance of the mean."""
    return student_interval(estimate.mean, estimate.variance_of_mean, estimate.n, level=level, unit=unit)


def weighted_interval(
    *,
    n: int,
    weight: Number,
    weight_square: Number,
    sum_wx: Number,
    sum_wwx: Number,
    sum_wwxx: Number,
    level: float = LEVEL,
) -> Interval:
    """Interval of a weighted mean from its sums: V = n/(n−1)·Σw²(d−d̄)²/(Σw)².

    Args:
        n: items.
        weight: Σw.
        weight_square: Σw².
        sum_wx: Σw·d.
        sum_wwx: Σw²·d.
        sum_wwxx: Σw²·d².
        level: coverage.

    Returns:
        The interval. Without weights pass n, n, n, Σd, Σd, Σd².

    Raises:
        DomainError: the weights do not sum to something positive.

    Example:
        >>> weighted_interval(n=4, weight=4, weight_square=4, sum_wx=10, sum_wwx=10, sum_wwxx=30).standard_error
        0.6454972243679028
    """
    if not weight > 0:
        message = f"the weights sum to {weight}, but must sum to something positive"
        raise DomainError(message)
    if n < 2 or not all(isfinite(s) for s in (sum_wx, sum_wwx, sum_wwxx)):
        return student_interval(float(sum_wx / weight), nan, n, level=level)
    mean = Fraction(sum_wx) / Fraction(weight)
    spread = Fraction(sum_wwxx) - 2 * mean * Fraction(sum_wwx) + mean * mean * Fraction(weight_square)
    variance = Fraction(n, n - 1) * max(spread, Fraction(0)) / Fraction(weight) ** 2
    return student_interval(float(mean), float(variance), n, level=level)


def clustered_interval(sums: ArrayLike, weights: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Interval of a mean whose items come in groups: V = G/(G−1)·Σ_g(Σ_{i∈g} w(d−d̄))²/(Σw)², t with G − 1.

    Args:
        sums: Σw·d of each group, shape (G,).
        weights: Σw of each group, shape (G,).
        level: coverage.

    Returns:
        The interval over groups; none where there is only one.

    Raises:
        DomainError: the weights do not sum to something positive.

    Example:
        >>> clustered_interval([1.0, 3.0, 2.0], [2, 2, 2]).standard_error
        0.28867513459481287
    """
    total = np.asarray(sums, dtype=np.float64)
    weight = np.asarray(weights, dtype=np.float64)
    if not weight.sum() > 0:
        message = f"the group weights sum to {weight.sum()}, but must sum to something positive"
        raise DomainError(message)
    mean = total.sum() / weight.sum()
    groups = total.size
    if groups < 2 or not isfinite(mean):
        return student_interval(float(mean), nan, groups, level=level, unit="groups")
    residual = total - mean * weight
    variance = groups / (groups - 1) * float(residual @ residual) / weight.sum() ** 2
    return student_interval(float(mean), float(variance), groups, level=level, unit="groups")


def jackknife_interval(value: float, without: ArrayLike, *, level: float = LEVEL, unit: str = "groups") -> Interval:
    """Interval of anything that was computed again without each group: V = (G − 1)/G·Σ(θ_g − θ̄)², t with G − 1.

    Args:
        value: computed from all groups.
        without: computed without the first, second, … group, shape (G,).
        level: coverage.
        unit: what the groups are called.

    Returns:
        The interval; none where there are not two groups, or a number is not finite.

    Reference:
        Efron and Stein (1981), The jackknife estimate of variance, Annals of Statistics 9(3).

    Example:
        >>> jackknife_interval(2.0, [2.5, 2.0, 1.5]).standard_error == (2 / 3 * 0.5) ** 0.5
        True
    """
    again = np.asarray(without, dtype=np.float64)
    if again.size < 2 or not (isfinite(value) and np.isfinite(again).all()):
        return student_interval(value, nan, again.size, level=level, unit=unit)
    away = again - again.mean()
    variance = (again.size - 1) / again.size * float(away @ away)
    return student_interval(value, variance, again.size, level=level, unit=unit)


def effective_items(n: int, sum1: Number, sum2: Number, sum3: Number, sum4: Number) -> float:
    """The number of items that carry the variance: (Σδ²)²/Σδ⁴ with δ = d − d̄.

    It is about n/3 for a normal distribution, n for two equally likely values, and near 1 where one item
    carries everything.

    Args:
        n: items.
        sum1: Σd.
        sum2: Σd².
        sum3: Σd³.
        sum4: Σd⁴.

    Returns:
        The effective number, between 1 and n; n where all values are the same; nan where a sum is not finite.

    Example:
        >>> effective_items(4, 2, 2, 2, 2)  # 0, 0, 1, 1
        4.0
    """
    if n == 0 or not all(isfinite(s) for s in (sum1, sum2, sum3, sum4)):
        return nan
    s1, s2, s3, s4 = (Fraction(s) for s in (sum1, sum2, sum3, sum4))
    mean = s1 / n
    second = s2 - n * mean**2
    fourth = s4 - 4 * mean * s3 + 6 * mean**2 * s2 - 3 * n * mean**4
    if second <= 0 or fourth <= 0:
        return float(n)
    return min(float(second * second / fourth), float(n))


def heavy_tailed(n: int, effective: float) -> bool:
    """Whether a few items carry the interval: fewer than 30 effective items, or fewer than 1 % of them."""
    return effective < max(30.0, 0.01 * n)
