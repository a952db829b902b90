"""The special functions of the formulas, for NumPy arrays of real numbers; tested against SciPy's and 50 digits.

SciPy has all of them, but importing it takes longer than a whole comparison of a small file.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import copysign, exp, gamma, hypot, inf, lgamma, log, log1p, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "digamma", "entr", "expit", "log_factorials", "log_gamma", "log_rising", "softmax", "student_cdf",
    "student_quantile", "trigamma", "xlogy",
]  # fmt: skip

Floats = NDArray[np.float64]

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)  # B₂, B₄, …
_FAR = 10  # from here on seven terms of the asymptotic series are exact to the last digit
_GAMMA_RATIO = (1.0, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144)  # Γ(a+½)/(Γ(a)√a) in powers of 1/a
_LARGE = 100.0
_ADDED = 32
_NEAR, _NEAR_TERMS = 0.05, 13
_TINY = 1e-300
_UNIT = 2.0**-50


def xlogy(x: ArrayLike, y: ArrayLike) -> Floats:
    """The product x ln y, and 0 where x = 0, even at y = 0; nan where y is.

    Example:
        >>> xlogy([0.0, 2.0], [0.0, 1.0]).tolist()
        [0.0, 0.0]
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(y))


def entr(p: ArrayLike) -> Floats:
    """−p ln p, and 0 where p = 0; −∞ below 0."""
    p = np.asarray(p, dtype=np.float64)
    return np.where(p < 0, -np.inf, 0.0 - xlogy(p, p))


def expit(z: ArrayLike) -> Floats:
    """1/(1 + e^−z), from 0 to 1."""
    z = np.asarray(z, dtype=np.float64)
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0, small, 1.0) / (1 + small))


def softmax(z: ArrayLike, *, axis: int = -1) -> Floats:
    """e^z / Σ e^z along an axis; −∞ becomes 0."""
    z = np.asarray(z, dtype=np.float64)
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def log_gamma(x: ArrayLike) -> Floats:
    """Ln Γ(x) of each x > 0, for few values."""
    x = np.asarray(x, dtype=np.float64)
    return np.array([lgamma(one) for one in x.ravel().tolist()]).reshape(x.shape)


def log_factorials(most: int) -> Floats:
    """[most + 1] ln n! for n = 0 … most, a table to look numbers of people up in."""
    return log_gamma(np.arange(most + 1) + 1.0)


def log_rising(n: NDArray[np.int64], x: float) -> Floats:
    """Ln x(x+1)…(x+n−1) − n ln x = Σ ln(1 + j/x) over j < n, of whole numbers n ≥ 0 and one x > 0.

    The first 32 terms are added, the others by the Euler–Maclaurin formula: a million cost no more than a hundred, and
    nothing cancels, however large x is.

    Example:
        >>> log_rising(np.array([0, 1, 2]), 0.5).round(4).tolist()
        [0.0, 0.0, 1.0986]
    """
    first = np.concatenate([[0.0], np.cumsum(np.log1p(np.arange(_ADDED) / x))])
    ends = np.maximum(n, _ADDED).astype(np.float64)
    return np.asarray(first[np.minimum(n, _ADDED)] + (_smooth_sum(ends, x) - _smooth_sum(np.array(float(_ADDED)), x)))


def _smooth_sum(n: Floats, x: float) -> Floats:
    """The Euler–Maclaurin sum of ln(1 + j/x) up to n, but for a constant: ∫ f − f/2 + f′/12 − f‴/720 + f⁽⁵⁾/30240."""
    slope = 1 / (x + n)
    integral = x * _integral_of_log1p(n / x)
    return np.asarray(integral - np.log1p(n / x) / 2 + slope / 12 - slope**3 / 360 + slope**5 / 1260)


def _integral_of_log1p(t: Floats) -> Floats:
    """(1 + t) ln(1 + t) − t, by its series Σ (−t)^k/(k(k−1)) where that subtracts equals."""
    near = np.minimum(t, _NEAR)
    series = np.zeros_like(near)
    for k in range(_NEAR_TERMS, 1, -1):
        series = (1 / (k * (k - 1)) - series) * near if k > 2 else (0.5 - series) * near**2
    return np.where(t < _NEAR, series, (1 + t) * np.log1p(t) - t)


def digamma(x: ArrayLike) -> Floats:
    """ψ(x) = d ln Γ(x)/dx of x > 0.

    Example:
        >>> round(float(digamma(2.0) - digamma(1.0)), 12)
        1.0
    """
    far, passed = _shifted(x, 1)
    series = _series(far, [b / (2 * k) for k, b in enumerate(_BERNOULLI, start=1)])
    return np.asarray(np.log(far) - 0.5 / far - series - passed)


def trigamma(x: ArrayLike) -> Floats:
    """ψ′(x), the derivative of `digamma`, of x > 0."""
    far, passed = _shifted(x, 2)
    return np.asarray((1 + 0.5 / far + _series(far, _BERNOULLI)) / far + passed)


def _series(x: Floats, coefficients: Sequence[float]) -> Floats:
    """The sum Σ c_k/x^2k over k = 1, 2, …."""
    square = 1 / (x * x)
    total = np.zeros_like(x)
    for c in reversed(coefficients):
        total += c
        total *= square
    return total


def _shifted(x: ArrayLike, power: int) -> tuple[Floats, Floats]:
    """Each x, or x + 10 where x < 10, and the Σ 1/(x + i)^power that the recurrence passed over."""
    x = np.asarray(x, dtype=np.float64)
    near = x < _FAR
    passed = np.zeros_like(x)
    small = x[near]
    total, part = np.zeros_like(small), np.empty_like(small)
    for i in range(_FAR - 1, -1, -1):
        np.divide(1, np.add(small, i, out=part), out=part)
        total += part**power
    passed[near] = total
    return np.where(near, x + _FAR, x), passed


def student_cdf(t: float, df: float) -> float:
    """P(T ≤ t) of Student's t with `df` > 0 degrees of freedom.

    Example:
        >>> student_cdf(0.0, 5)
        0.5
    """
    return _upper(-t, df) if t < 0 else 1 - _upper(t, df)


@lru_cache(maxsize=4096)
def student_quantile(chance: float, df: float) -> float:
    """The t with P(T ≤ t) = `chance`, which lies between 0 and 1.

    Example:
        >>> round(student_quantile(0.975, 24), 4)
        2.0639
    """
    above = min(chance, 1 - chance)
    return copysign(_quantile(above, df) if above > 0 else inf, chance - 0.5)


def _quantile(above: float, df: float) -> float:
    """Newton's method from the left: P(T > t) is convex there, so that no step goes too far."""
    t = 0.0
    while True:
        density = _gamma_ratio(df / 2) / sqrt(pi * df) * exp((df + 1) / 2 * _log_cos2(t, df))
        further = t + (_upper(t, df) - above) / density
        if not further > t * (1 + 1e-15):
            return t
        t = further


def _upper(t: float, df: float) -> float:
    """P(T > t) for t ≥ 0: half the regularised incomplete beta function I_x(df/2, ½) at x = df/(df + t²)."""
    if t == 0:
        return 0.5
    a, reach = df / 2, hypot(sqrt(df), t)
    x, y = (sqrt(df) / reach) ** 2, (t / reach) ** 2
    front = exp(a * _log_cos2(t, df)) * (t / reach) / sqrt(pi) * _gamma_ratio(a)  # x^a y^½/B(a, ½)
    beyond = (a + 0.5) * y - 0.5  # about (t² − 1)/2
    if beyond > min(1.5, a / 2):
        return 0.5 * front * _beta_fraction(a, 0.5, x, y, beyond)
    return 0.5 - 0.5 * front * _beta_fraction(0.5, a, y, x, -beyond)


def _log_cos2(t: float, df: float) -> float:
    """Ln df/(df + t²), exact for small t and finite for large."""
    ratio = t / sqrt(df)
    return -log1p(ratio * ratio) if ratio < 1 else -2 * log(hypot(1, ratio))


def _gamma_ratio(a: float) -> float:
    """Γ(a + ½)/Γ(a)."""
    if a < _LARGE:
        return gamma(a + 0.5) / gamma(a)
    return sqrt(a) * sum(c * a**-k for k, c in enumerate(_GAMMA_RATIO))


def _beta_fraction(a: float, b: float, x: float, y: float, beyond: float) -> float:
    """I_x(a, b)·B(a, b)/(x^a y^b) as the continued fraction of Didonato and Morris (1992, ACM TOMS 18, 708), y = 1 − x.

    `beyond` is a − (a + b)x, which nothing here subtracts: no digits are lost however large a is.
    """
    c = value = a * (beyond + 1) / (a + 1)
    d, n = 0.0, 0
    while True:
        n += 1
        over = a + 2 * n - 1
        top = (a + n - 1) / over * (a + b + n - 1) / over * n * (b - n) * x * x
        under = n + n * (b - n) * x / over + (a + n) * (beyond + 1 + n * (1 + y)) / (over + 2)
        d = 1 / ((under + top * d) or _TINY)
        c = (under + top / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < _UNIT:
            return 1 / value
