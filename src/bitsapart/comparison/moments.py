"""Exact sums of one column, and the mean and variance that follow from them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitsapart import _core
from bitsapart.errors import DomainError

from .intervals import Interval, student_interval

if TYPE_CHECKING:
    from bitsapart._core import Sums

__all__ = ["GRID", "Moments", "column_sums", "grouped_limbs", "grouped_sums", "moments_of", "power_sums"]

GRID = 1 << 52  # every value is rounded once to a multiple of 2⁻⁵²


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
        return Moments(
            self.n + other.n, self.x + other.x, self.xx + other.xx, self.xw + other.xw, self.w + other.w,
            self.ww + other.ww,
        )  # fmt: skip

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


def moments_of(sums: "Sums") -> list[Moments]:
    """The core's sums of some columns as whole numbers."""
    counts, integers = sums
    found = [int.from_bytes(integers[at : at + 32], "little", signed=True) for at in range(0, len(integers), 32)]
    return [Moments(n, *found[5 * column : 5 * column + 5]) for column, n in enumerate(counts[::2])]


def column_sums(values: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> Moments:
    """The moments of a column; items whose value is not finite are left out.

    Args:
        values: (n,) one value per item; NaN or ∞ marks an item that does not count.
        weights: (n,) or None for 1 each.

    Raises:
        DomainError: a value is beyond 2⁵⁰.
    """
    wrong, sums = _core.exact_sums(_floats(values), None if weights is None else _floats(weights))
    _refuse_too_large(wrong, values)
    return moments_of(sums)[0]


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
    return moments_of(_grouped(values, codes, groups, weights))


def grouped_limbs(
    values: NDArray[np.float64], codes: NDArray[np.int64], groups: int, weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The same in columns: [groups] n, and [groups, 5, 4] Σx, Σx², Σxw, Σw, Σw² as 64-bit limbs, the least first."""
    counts, integers = _grouped(values, codes, groups, weights)
    return np.array(counts[::2], dtype=np.int64), np.frombuffer(integers, dtype="<u8").reshape(groups, 5, 4)


def _grouped(
    values: NDArray[np.float64], codes: NDArray[np.int64], groups: int, weights: NDArray[np.float64] | None
) -> "Sums":
    group_codes = np.ascontiguousarray(codes, dtype=np.int64)
    wrong, sums = _core.grouped_sums(
        _floats(values), None if weights is None else _floats(weights), group_codes, groups
    )
    _refuse_too_large(wrong, values)
    return sums


def power_sums(values: NDArray[np.float64]) -> tuple[int, int]:
    """Σd³ and Σd⁴ over the finite values, each power rounded to the grid."""
    integers = _core.power_sums(_floats(values))
    return int.from_bytes(integers[:32], "little", signed=True), int.from_bytes(integers[32:], "little", signed=True)


def _floats(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.require(values, np.float64, ["C", "A"])


def _refuse_too_large(row: int, values: NDArray[np.float64]) -> None:
    if row >= 0:
        message = (
            f"an item's loss is {values[row]:.3g} nats, but at most 2^50 can be added up exactly; "
            "if a large negative score stands for −∞, write −inf"
        )
        raise DomainError(message)
