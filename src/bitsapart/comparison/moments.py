"""Exact sums of one column, and the mean and variance that follow from them."""

from dataclasses import astuple, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DomainError

from .intervals import Interval, student_interval

__all__ = ["GRID", "Moments", "column_sums", "grouped_sums", "on_grid"]

GRID = 1 << 52  # every value is rounded once to a multiple of 2⁻⁵²
LARGEST = 2.0**50
_FAST = 1024.0  # below it a value on the grid and the halves of its square fit 64 bits


@dataclass(frozen=True)
class Moments:
    """Sums over the items that have a finite value d with weight w; x = w·d, rounded once to the grid.

    All are whole numbers: x and w count units of 2⁻⁵², their products units of 2⁻¹⁰⁴. Adding them is exact, so the
    order and the cut of the data do not matter, and a variance made of them is never negative.

    Attributes:
        n: items.
        x: Σx.
        xx: Σx².
        xw: Σx·w.
        w: Σw.
        ww: Σw².
    """

    n: int = 0
    x: int = 0
    xx: int = 0
    xw: int = 0
    w: int = 0
    ww: int = 0

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def mean(self) -> float:
        """Σwd/Σw; nan where nothing was added."""
        return self.x / self.w if self.w else float("nan")

    @property
    def total(self) -> float:
        """Σwd."""
        return self.x / GRID

    @property
    def weight(self) -> float:
        """Σw."""
        return self.w / GRID

    @property
    def variance_of_mean(self) -> float:
        """V = n/(n−1)·Σw²(d−d̄)²/(Σw)²; nan for fewer than two items."""
        if self.n < 2 or not self.w:
            return float("nan")
        spread = self.xx * self.w**2 - 2 * self.x * self.w * self.xw + self.x**2 * self.ww
        return self.n * spread / ((self.n - 1) * self.w**4)

    def interval(self) -> Interval:
        """Student's interval of the mean."""
        return student_interval(self.mean, self.variance_of_mean, self.n)


def on_grid(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Values as whole multiples of 2⁻⁵²; they must be smaller than 1024 in size."""
    return np.rint(values * GRID).astype(np.int64)


def _exact(values: NDArray[np.float64]) -> list[int]:
    """The same for values of any size, one by one."""
    found = []
    for value in values.tolist():
        if abs(value) >= LARGEST:
            message = (
                f"an item's loss is {value:.3g} nats, but at most 2^50 can be added up exactly; "
                "if a large negative score stands for −∞, write −inf"
            )
            raise DomainError(message)
        numerator, denominator = value.as_integer_ratio()
        found.append(round(numerator * GRID / denominator) if denominator > GRID else numerator * (GRID // denominator))
    return found


def _sum_of_products(a: NDArray[np.int64], b: NDArray[np.int64]) -> int:
    """Σ a·b exactly: halves of 31 bits, whose products are summed in two parts."""
    a_high, a_low = a >> 31, a & 0x7FFFFFFF
    b_high, b_low = b >> 31, b & 0x7FFFFFFF
    parts = ((a_high, b_high, 62), (a_high, b_low, 31), (a_low, b_high, 31), (a_low, b_low, 0))
    return sum(_sum(high * low) << shift for high, low, shift in parts)


def _sum(values: NDArray[np.int64]) -> int:
    return (int(np.sum(values >> 32)) << 32) + int(np.sum(values & 0xFFFFFFFF))


def column_sums(values: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> Moments:
    """The moments of a column; items whose value is not finite are left out.

    Args:
        values: (n,) one value per item; NaN or ∞ marks an item that does not count.
        weights: (n,) or None for 1 each.

    Raises:
        DomainError: a value is beyond 2⁵⁰.
    """
    finite = np.isfinite(values)
    if not finite.all():
        values = values[finite]
        weights = None if weights is None else weights[finite]
    x = values if weights is None else values * weights
    large = np.abs(x) >= _FAST
    if weights is not None:
        large |= weights >= _FAST
    if large.any():
        some = _slow(x[large], None if weights is None else weights[large])
        rest = ~large
        return some + column_sums(values[rest], None if weights is None else weights[rest])
    xs = on_grid(x)
    n, total, square = len(xs), _sum(xs), _sum_of_products(xs, xs)
    if weights is None:
        return Moments(n, total, square, total * GRID, n * GRID, n * GRID**2)
    ws = on_grid(weights)
    return Moments(n, total, square, _sum_of_products(xs, ws), _sum(ws), _sum_of_products(ws, ws))


def _slow(values: NDArray[np.float64], weights: NDArray[np.float64] | None) -> Moments:
    xs = _exact(values)
    ws = [GRID] * len(xs) if weights is None else _exact(weights)
    return Moments(
        len(xs), sum(xs), sum(x * x for x in xs), sum(x * w for x, w in zip(xs, ws, strict=True)),
        sum(ws), sum(w * w for w in ws),
    )  # fmt: skip


def grouped_sums(
    values: NDArray[np.float64], codes: NDArray[np.int64], groups: int, weights: NDArray[np.float64] | None = None
) -> list[Moments]:
    """The moments of each group of items.

    Args:
        values: (n,) one value per item.
        codes: (n,) the group of each item, from 0.
        groups: how many groups there are.
        weights: (n,) or None.
    """
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(groups + 1))
    values = values[order]
    weights = None if weights is None else weights[order]
    return [column_sums(values[a:b], None if weights is None else weights[a:b]) for a, b in pairwise(edges.tolist())]
