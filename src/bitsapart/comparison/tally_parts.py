"""What a tally can gather beside the additive core, and the paired differences."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .moments import Moments, column_sums, power_sums
from .tails import WeightedTails

__all__ = ["PARTS", "PairSums"]

Floats = NDArray[np.float64]

#: What can be switched on beside the additive core.
PARTS = ("pairs", "tails", "classes", "confusion", "patterns", "ordinal", "verdicts", "calibration", "extremes")
_FEW = 50  # below this many items the paired differences themselves are kept, for a permutation test


@dataclass
class PairSums:
    """The differences δ = d(A) − d(B) of two models on the same items.

    Attributes:
        moments: of w·δ over the items where both are finite.
        won_a: items where A's loss is smaller; an infinite loss is larger than every finite one.
        won_b: items where B's loss is smaller.
        even: the other items.
        third: Σδ³ as a multiple of the grid.
        fourth: Σδ⁴ as a multiple of the grid.
        few: the w·δ themselves, sorted, while there are fewer than 50; None beyond.
        weighted: what takes the place of `third` and `fourth` where items have weights.
    """

    moments: Moments = field(default_factory=Moments)
    won_a: int = 0
    won_b: int = 0
    even: int = 0
    third: int = 0
    fourth: int = 0
    few: list[float] | None = field(default_factory=list)
    weighted: WeightedTails = field(default_factory=WeightedTails)

    def add(self, a: Floats, b: Floats, weights: Floats | None) -> None:
        """Add a block of items."""
        self.won_a += int((a < b).sum())
        self.won_b += int((b < a).sum())
        self.even += int((a == b).sum())
        with np.errstate(invalid="ignore"):
            delta = a - b
        delta = np.where(np.isfinite(a) & np.isfinite(b), delta, np.nan)
        self.moments += column_sums(delta, weights)
        third, fourth = power_sums(delta)
        self.third += third
        self.fourth += fourth
        if weights is not None:
            self.weighted += WeightedTails.of(delta, weights)
        if self.few is not None:
            known = np.isfinite(delta)
            weighted = (delta if weights is None else delta * weights)[known]
            self._keep(weighted.tolist() if len(weighted) + len(self.few) < _FEW else None)

    def merge(self, other: "PairSums") -> None:
        """Add the sums of other items."""
        for name in ("moments", "won_a", "won_b", "even", "third", "fourth", "weighted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._keep(other.few)

    def _keep(self, more: list[float] | None) -> None:
        if self.few is None or more is None or len(self.few) + len(more) >= _FEW:
            self.few = None
        else:
            self.few = sorted(self.few + more)
