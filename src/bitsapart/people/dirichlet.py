"""How much people differ from item to item: the Dirichlet-multinomial fit behind the entropy of small panels."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, nan
from typing import TYPE_CHECKING

import numpy as np

from .patterns import PatternTable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = ["DirichletFit", "fit_dirichlet", "fit_table"]

# α outside [e^−18, e^18] cannot be told from its limit by any data set: the limit itself is taken.
_LOG_BOUND = 18.0
_ADDED = 32
_NEAR, _NEAR_TERMS = 0.05, 13


@dataclass(frozen=True, eq=False)
class DirichletFit:
    """A Dirichlet(α·m) prior for the items' distributions, fitted to counts.

    Attributes:
        alpha: concentration α. 0: every item unanimous, each item is one class; inf: no more spread than one
            distribution shared by all items gives; nan: one judgement an item says nothing about it.
        shares: (C,) the mean m.
        interior: whether α is a maximum inside its range, so that it has a sampling variance.
        note: one line about a limit that was taken, or "".
    """

    alpha: float
    shares: Floats
    interior: bool
    note: str


def fit_dirichlet(patterns: ArrayLike, frequency: ArrayLike, *, shares: ArrayLike | None = None) -> DirichletFit:
    """Fit Dirichlet(α·m) to counts: m the pooled class shares, α by maximum Dirichlet-multinomial likelihood.

    α says how much items differ: small α, people are unanimous but about different things; large α, every item
    splits people the same way. The likelihood is maximised over ln α by SciPy's bounded scalar optimiser.

    Args:
        patterns: (P, C) distinct count vectors.
        frequency: (P,) items with each, or Σw.
        shares: m, where the pooled shares are not wanted (uniform, when classes mean different things from
            item to item).

    Returns:
        The fit. Limits: all items unanimous, or one class: α = 0; less spread than sampling alone gives: α = ∞;
        no item with two judgements: α = nan.

    Raises:
        DomainError: the patterns are not counts.

    Reference:
        Minka, "Estimating a Dirichlet distribution" (2000).

    Example:
        >>> fit = fit_dirichlet([[3, 0], [2, 1], [0, 3]], [5, 4, 3])
        >>> round(fit.alpha, 3), fit.shares.round(3).tolist()
        (0.984, [0.639, 0.361])
    """
    return fit_table(PatternTable.of(patterns, frequency), shares=shares)


def fit_table(table: PatternTable, *, shares: ArrayLike | None = None) -> DirichletFit:
    """`fit_dirichlet` for a table that is checked already, with its weights."""
    mean = table.shares if shares is None else np.asarray(shares, dtype=np.float64)
    several = table.people > 1
    if not several.any():
        return DirichletFit(nan, mean, interior=False, note="one judgement an item: its spread cannot be known")
    if (table.counts[several].max(axis=1) == table.people[several]).all():
        return DirichletFit(0.0, mean, interior=False, note="every item with several judgements is unanimous")
    log_alpha = _best_log_alpha(table, mean)
    if log_alpha > _LOG_BOUND - 1:
        note = "people differ no more from item to item than by chance: one distribution for all items"
        return DirichletFit(inf, mean, interior=False, note=note)
    return DirichletFit(exp(log_alpha), mean, interior=True, note="")


def _best_log_alpha(table: PatternTable, mean: Floats) -> float:
    from scipy.optimize import minimize_scalar

    judged = [
        (_distinct(table.counts[:, c], table.weight), share) for c, share in enumerate(mean.tolist()) if share > 0
    ]
    people, items = _distinct(table.people, table.weight)

    def negative_log_likelihood(log_alpha: float) -> float:
        # Σ ln Γ(α+K)/Γ(α) − ΣΣ ln Γ(αm+n)/Γ(αm), without what does not depend on α.
        alpha = exp(log_alpha)
        gain = sum(float(weight @ _log_rising(n, alpha * share)) for (n, weight), share in judged)
        return float(items @ _log_rising(people, alpha)) - gain

    found = minimize_scalar(
        negative_log_likelihood, bounds=(-_LOG_BOUND, _LOG_BOUND), method="bounded", options={"xatol": 1e-9}
    )
    place, least = float(found.x), float(found.fun)
    # The optimiser never tries the ends themselves; flat at the far end means the limit.
    return _LOG_BOUND if negative_log_likelihood(_LOG_BOUND) <= least + 1e-12 * abs(least) else place


def _distinct(numbers: Counts, weight: Floats) -> tuple[Counts, Floats]:
    """The different numbers above 0, and the weight of the items that have each: all that the likelihood needs."""
    different, place = np.unique(numbers, return_inverse=True)
    total = np.asarray(np.bincount(place, weights=weight), dtype=np.float64)
    return different[different > 0], total[different > 0]


def _log_rising(n: NDArray[np.int64], x: float) -> Floats:
    """Ln x(x+1)…(x+n−1) − n ln x = Σ ln(1 + j/x) over j < n, of whole numbers n ≥ 0 and one x > 0.

    The first 32 terms are added, the others by the Euler–Maclaurin formula: a million cost no more than a hundred, and
    nothing cancels, however large x is. Differences of SciPy's `gammaln` keep no digit at x = 10⁸ and small n.

    Example:
        >>> _log_rising(np.array([0, 1, 2]), 0.5).round(4).tolist()
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
