"""When the model says 30 %, how many people say so? The recalibration curve, and the band where chance keeps it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .calibration import Floats, IsotonicMap, fit_isotonic
from .cells import CellSums

__all__ = ["Reliability", "dispersion_of", "reliability", "reliability_of_cells"]

_SIMULATED = 199
_POSITIONS = 256  # places where the band is simulated
_SHOWN = 65  # places where the band is given
_BINS = 20


@dataclass(frozen=True)
class Reliability:
    """The curve, the consistency band, and how often the model says what.

    Attributes:
        curve: blocks of q (`left`, `right`) and the share of people in them (`value`).
        band: [B, 3] q, low, high: 95 % of the curves of a model that is calibrated pass between, place by place.
        edges: [21] of the histogram.
        share: [20] share of the weight in each bin.
        dispersion: variance of p̂ around the curve as a multiple of that of single judgements; 1 for K = 1, smaller
            the more people were asked, larger the more their answers go together.
    """

    curve: IsotonicMap
    band: Floats
    edges: Floats
    share: Floats
    dispersion: float


def reliability(
    people: ArrayLike, model: ArrayLike, *, weights: ArrayLike | None = None, seed: int = 0
) -> Reliability:  # fmt: skip
    """Reliability of one event's probability, from items in memory.

    Args:
        people: [N] shares p̂.
        model: [N] probabilities q.
        weights: [N] w ≥ 0, by default 1.
        seed: of the simulated band.

    Returns:
        Curve, band and histogram.

    Reference:
        Dimitriadis, Gneiting, Jordan (2021), PNAS 118(8): consistency bands. Here p̂ may be fractional: its variance
        is q(1−q) times one factor (the dispersion) measured on these items.
    """
    p, q = np.asarray(people, dtype=np.float64), np.asarray(model, dtype=np.float64)
    w = np.ones_like(p) if weights is None else np.asarray(weights, dtype=np.float64)
    knots, place = np.unique(q, return_inverse=True)
    weight, mass, square = (np.bincount(place, x).astype(np.float64) for x in (w, w * p, w * p * p))
    kept = weight > 0
    pooled = _Pooled(knots[kept], weight[kept], mass[kept], square[kept], float(np.sum(w * w)))
    return pooled.reliability(seed)


def reliability_of_cells(sums: CellSums, event: int, *, seed: int = 0) -> Reliability:
    """The same from cells; each cell stands at the mean of its q."""
    weight, mass, square = (sums.column(name, event).sum(axis=0) for name in ("weight", "people", "square"))
    kept = weight > 0
    place = sums.positions(event)[kept]
    squares = float(sums.total("weight_square", event).sum())
    return _Pooled(place, weight[kept], mass[kept], square[kept], squares).reliability(seed)


@dataclass(frozen=True)
class _Pooled:
    """Sums at J ascending places of q."""

    q: Floats
    weight: Floats
    mass: Floats
    square: Floats
    weight_square: float

    def reliability(self, seed: int) -> Reliability:
        share = self.mass / self.weight
        curve = fit_isotonic(share, self.q, weights=self.weight)
        edges = np.linspace(0.0, 1.0, _BINS + 1)
        histogram = np.histogram(self.q, bins=edges, weights=self.weight)[0] / self.weight.sum()
        dispersion = dispersion_of(self.weight, self.mass, self.square, curve(self.q))
        return Reliability(curve, self._band(dispersion, seed), edges, histogram, dispersion)

    def _band(self, dispersion: float, seed: int) -> Floats:
        """Curves of simulated calibrated models; the band lies between the 5th smallest and the 5th largest of 199."""
        from scipy.optimize import isotonic_regression

        q, weight = _coarsened(self.q, self.weight)
        items = weight * self.weight.sum() / self.weight_square
        rng = np.random.default_rng(seed)
        curves = np.stack([
            isotonic_regression(_shares(rng, q, items, dispersion), weights=weight).x for _ in range(_SIMULATED)
        ])  # fmt: skip
        curves.sort(axis=0)
        place = np.linspace(0, q.size - 1, min(_SHOWN, q.size)).round().astype(int)
        return np.stack([q[place], curves[4, place], curves[-5, place]], axis=1)


def dispersion_of(weight: Floats, mass: Floats, square: Floats, level: Floats) -> float:
    """Σw(p̂ − r)² / Σw r(1−r) over all places: an item tells as much as 1/dispersion single judgements do.

    Args:
        weight: [J] Σw at each place.
        mass: [J] Σw p̂.
        square: [J] Σw p̂².
        level: [J] the curve r.

    Returns:
        Between 10⁻⁶ and 1; 1 where the curve leaves nothing to compare with.
    """
    residual = float(np.sum(square - 2 * level * mass + level**2 * weight))
    single = float(np.sum(weight * level * (1 - level)))
    return min(max(residual / single, 1e-6), 1.0) if single > 0 else 1.0


def _shares(rng: np.random.Generator, q: Floats, items: Floats, dispersion: float) -> Floats:
    """Mean answers of `items` items with mean q and variance q(1−q)·dispersion each.

    Single judgements are binomial; panels are beta with that mean and variance.
    """
    if dispersion >= 1:
        whole = np.maximum(np.rint(items), 1)
        return np.asarray(rng.binomial(whole.astype(np.int64), q) / whole, dtype=np.float64)
    size = np.maximum(items / dispersion - 1, 1e-6)
    inside = (q > 0) & (q < 1)
    middle = np.where(inside, q, 0.5)
    drawn = rng.beta(np.maximum(middle * size, 1e-9), np.maximum((1 - middle) * size, 1e-9))
    return np.asarray(np.where(inside, drawn, q), dtype=np.float64)


def _coarsened(q: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """At most 256 places of about equal weight."""
    if q.size <= _POSITIONS:
        return q, weight
    middle = np.cumsum(weight) - weight / 2
    place = np.minimum((middle / weight.sum() * _POSITIONS).astype(int), _POSITIONS - 1)
    place = np.unique(place, return_inverse=True)[1]
    total = np.bincount(place, weight).astype(np.float64)
    return np.bincount(place, weight * q) / total, total
