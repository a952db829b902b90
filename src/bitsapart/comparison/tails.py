"""How much of a mean's variance a few items carry, with weights and without."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .intervals import effective_items, heavy_tailed
from .moments import GRID, Moments, column_sums

__all__ = ["WeightedTails", "carried_by_few"]

Floats = NDArray[np.float64]
_LARGEST = 2.0**24  # of a square: the grid's sums hold fourth powers of 2⁵⁰
_FINE = 2**12  # steps of the grid that the fourth power of an item is worth on average, at least


@dataclass(frozen=True)
class WeightedTails:
    """Sums over items of the fourth-degree products of x = w·d and w, as whole numbers of 2⁻⁵²; they add up exactly.

    Items whose fourth power the grid cannot hold are not counted, and then nothing is said.

    Attributes:
        n: items counted.
        products: Σx⁴, Σx³w, Σx²w², Σxw³, Σw⁴.
    """

    n: int = 0
    products: tuple[int, ...] = (0,) * 5

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> "WeightedTails":
        """Of a block: (n,) values d, where one that is not finite does not count, and (n,) weights."""
        with np.errstate(invalid="ignore", over="ignore"):
            x = values * weights
            xx, ww = x * x, weights * weights
            held = (xx <= _LARGEST) & (ww <= _LARGEST)  # false where the value is not finite
        if not held.all():
            x, weights, xx, ww = x[held], weights[held], xx[held], ww[held]
        xw = x * weights
        sums = [column_sums(product) for product in (xx * xx, xx * xw, xx * ww, xw * ww, ww * ww)]
        return cls(x.size, tuple(one.x for one in sums))

    def __add__(self, other: "WeightedTails") -> "WeightedTails":
        return WeightedTails(self.n + other.n, tuple(a + b for a, b in zip(self.products, other.products, strict=True)))

    def effective(self, moments: Moments) -> float | None:
        """(Σr²)²/Σr⁴ with r = w(d − d̄), between 1 and n; None where not all items are counted, or weigh too little."""
        if self.n != moments.n or not moments.w or self.n < 2:
            return None
        mean, signs = Fraction(moments.x, moments.w), (1, -4, 6, -4, 1)
        terms = zip(signs, self.products, strict=True)
        fourth = sum(sign * product * mean**power for power, (sign, product) in enumerate(terms))
        square = moments.xx - 2 * mean * moments.xw + mean**2 * moments.ww
        if square == 0:
            return float(self.n)
        return min(float(square**2 / (fourth * GRID**3)), float(self.n)) if fourth >= _FINE * self.n else None


def carried_by_few(moments: Moments, third: int, fourth: int, weighted: WeightedTails) -> bool | None:
    """Whether a few items carry the interval of a mean; None where that is not known.

    Args:
        moments: of d over the items.
        third: Σd³ as whole numbers of 2⁻⁵², for items that weigh 1.
        fourth: Σd⁴ of the same.
        weighted: the products, for others.
    """
    if moments.n < 2:
        return False
    if moments.w == moments.n * GRID:
        powers = (moments.xx / GRID**2, third / GRID, fourth / GRID)
        return heavy_tailed(moments.n, effective_items(moments.n, moments.total, *powers))
    effective = weighted.effective(moments)
    return None if effective is None else heavy_tailed(moments.n, effective)
