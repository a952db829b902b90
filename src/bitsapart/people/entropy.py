"""People's entropy from panels of a few: a point, and a bracket that assumes nothing about people.

With K judgements an item, the entropy of the observed shares is too small and the KL divergence computed with
it too large, by the same amount. Three estimates per pattern replace it, all in nats:

* the posterior mean under a Dirichlet prior fitted to the panel itself (the point);
* Zhang's Ĥ_Z = Σ (n_c/K)[ψ(K) − ψ(n_c)], never above H in expectation (the lower end);
* how well the other people's smoothed answers predict the person left out, never below H (the upper end).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, inf, isfinite, isinf, nan
from typing import TYPE_CHECKING, Literal

import numpy as np

from .dirichlet import DirichletFit, fit_table
from .patterns import Estimate, LossSums, PatternTable, mean_covariance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = [
    "Contribution",
    "Divergence",
    "PanelEntropy",
    "Share",
    "leave_one_out",
    "panel_entropy",
    "plug_in_entropy",
    "posterior_entropy",
    "zhang_entropy",
]

_LOG_BOUND = 18.0


@dataclass(frozen=True, eq=False)
class Contribution:
    """One estimator of entropy: a value per pattern, and its influence on the mean.

    Attributes:
        values: (P,) nats; the weighted mean over items is the estimate.
        influence: (P,) nats; the same mean, but its spread also holds what the fitted parameters add.
    """

    values: Floats
    influence: Floats


@dataclass(frozen=True)
class Divergence:
    """KL(P‖Q) in nats: a point and a bracket. The lower end may be negative; it is then no information."""

    point: Estimate | None
    lower: Estimate
    upper: Estimate


@dataclass(frozen=True)
class Share:
    """How much of what can be known of people the model knows: R = (L₀ − H(P,Q))/(L₀ − H(P)), never clamped.

    Attributes:
        share: R; below 0 for a model worse than the class shares.
        class_shares: L₀, the cross-entropy of always answering the pooled class shares, nats.
        model: H(P,Q), nats.
        people: Ĥ(P), nats.
    """

    share: Estimate
    class_shares: Estimate
    model: Estimate
    people: Estimate


@dataclass(frozen=True, eq=False)
class PanelEntropy:
    """All that a panel says about its own entropy.

    Attributes:
        table: the patterns.
        prior: the fitted Dirichlet.
        smoothing: a of the leave-one-person-out predictions.
        plug_in: entropy of the observed shares; biased, shown for comparison.
        point: empirical-Bayes posterior mean; None where no item has two judgements.
        lower: Zhang.
        upper: leave one person out.
    """

    table: PatternTable
    prior: DirichletFit
    smoothing: float
    plug_in: Contribution
    point: Contribution | None
    lower: Contribution
    upper: Contribution

    def entropy(self, which: Literal["plug_in", "point", "lower", "upper"] = "point") -> Estimate | None:
        """Mean entropy over items by one of the four estimators, nats; None where it cannot be known."""
        part: Contribution | None = getattr(self, which)
        if part is None:
            return None
        estimate = mean_covariance(self.table, part.influence).combined([1.0])
        return self._honest(estimate) if which == "point" else estimate

    def divergence(self, losses: LossSums) -> Divergence:
        """KL(P‖Q) = H(P,Q) − H(P) by point and bracket.

        Args:
            losses: sums of the model's cross-entropy −Σ p̂ ln q for each pattern.
        """
        point = None if self.point is None else self._honest(self._against(losses, self.point))
        return Divergence(point, self._against(losses, self.upper), self._against(losses, self.lower))

    def plug_in_divergence(self, losses: LossSums) -> Estimate:
        """KL(P̂‖Q) of the observed shares: too large by what the entropy is too small."""
        return self._against(losses, self.plug_in)

    def share(self, losses: LossSums) -> Share | None:
        """The headline share R with its parts; None without a point, or where class shares know everything."""
        if self.point is None or isinf(self.prior.alpha):
            return None
        baseline = _class_share_loss(self.table)
        columns = np.column_stack([baseline.influence, self.point.influence])
        if not np.isfinite(losses.total).all():
            moments = mean_covariance(self.table, columns)
            endless = Estimate(inf, nan, moments.n, moments.unit)
            shareless = Estimate(-inf, nan, moments.n, moments.unit)
            return Share(shareless, moments.combined([1, 0]), endless, moments.combined([0, 1]))
        moments = mean_covariance(self.table, columns, losses)
        model, zero, people = moments.means
        if zero - people <= 0:
            return None
        ratio = (zero - model) / (zero - people)
        gradient = np.array([-1.0, 1.0 - ratio, ratio]) / (zero - people)
        return Share(
            self._honest(moments.combined(gradient, value=float(ratio))),
            moments.combined([0, 1, 0]),
            moments.combined([1, 0, 0]),
            self._honest(moments.combined([0, 0, 1])),
        )

    def _honest(self, estimate: Estimate) -> Estimate:
        """Where all people of an item agreed, a point of 0 is no proof of 0: its error is not known."""
        return replace(estimate, variance_of_mean=nan) if self.prior.alpha == 0 else estimate

    def _against(self, losses: LossSums, part: Contribution) -> Estimate:
        moments = mean_covariance(self.table, part.influence)
        if not np.isfinite(losses.total).all():
            return Estimate(inf, nan, moments.n, moments.unit)
        return mean_covariance(self.table, part.influence, losses).combined([1.0, -1.0])


def panel_entropy(table: PatternTable, *, shares: ArrayLike | None = None) -> PanelEntropy:
    """Estimate people's entropy from a pattern table, with everything that intervals and KL need.

    Args:
        table: the patterns; K may differ from item to item, and items with one judgement may be among them.
        shares: the prior's mean m where the pooled shares are not wanted.

    Returns:
        Point, bracket and plug-in.

    Example:
        >>> table = PatternTable.of([[3, 0], [2, 1], [0, 3]], [50, 20, 30])
        >>> estimates = panel_entropy(table)
        >>> [round(estimates.entropy(which).value, 4) for which in ("plug_in", "lower", "point", "upper")]
        [0.1273, 0.1667, 0.2156, 0.3378]
    """
    fit = fit_table(table, shares=shares)
    plug_in = plug_in_entropy(table.counts)
    lower = zhang_entropy(table.counts)
    point = None
    if not np.isnan(fit.alpha):
        values = posterior_entropy(table.counts, fit)
        point = Contribution(values, values + _posterior_influence(table, fit, pooled=shares is None))
    smoothing, upper = leave_one_out(table)
    return PanelEntropy(table, fit, smoothing, Contribution(plug_in, plug_in), point, Contribution(lower, lower), upper)


def plug_in_entropy(patterns: Counts) -> Floats:
    """−Σ p̂ ln p̂ of each pattern, nats."""
    from scipy.special import entr

    return np.asarray(entr(patterns / patterns.sum(axis=1, keepdims=True)).sum(axis=1))


def zhang_entropy(patterns: Counts) -> Floats:
    """Ĥ_Z = Σ (n_c/K)[ψ(K) − ψ(n_c)] of each pattern, nats; its mean is never above the mean entropy.

    Reference:
        Zhang, "Entropy estimation in Turing's perspective", Neural Computation 24 (2012).

    Example:
        >>> zhang_entropy(np.array([[1, 1], [2, 0]])).tolist()
        [1.0, 0.0]
    """
    from scipy.special import digamma

    people = patterns.sum(axis=1, keepdims=True)
    return np.asarray((patterns / people * (digamma(people) - digamma(np.maximum(patterns, 1)))).sum(axis=1))


def posterior_entropy(patterns: Counts, fit: DirichletFit) -> Floats:
    """Posterior mean entropy of each pattern under the fitted Dirichlet, nats.

    E[H] = ψ(A+1) − Σ (a_c/A) ψ(a_c+1), a_c = αm_c + n_c, A = α + K; for α = ∞ the entropy of m.
    """
    from scipy.special import digamma, entr

    if isinf(fit.alpha):
        return np.full(patterns.shape[0], float(entr(fit.shares).sum()))
    a = fit.alpha * fit.shares + patterns
    total = a.sum(axis=1, keepdims=True)
    return np.asarray(digamma(total[:, 0] + 1) - (a / total * digamma(a + 1)).sum(axis=1))


def leave_one_out(table: PatternTable) -> tuple[float, Contribution]:
    """How well the other people predict the one left out: −Σ (n_c/K) ln r_c, r_c = (n_c − 1 + aπ_c)/(K − 1 + a).

    π are the pooled class shares. One a for all items is chosen as the one that predicts best, so the bound is the
    tightest of its family; an item with one judgement is predicted by π.

    Returns:
        a (0: all unanimous; inf: the others say nothing; nan: no item has two), and nats for each pattern.
    """
    smoothing = _best_smoothing(table)
    counts, people = table.counts, table.people[:, None]
    if isfinite(smoothing):
        chosen = np.where(people > 1, counts - 1 + smoothing * table.shares, table.shares)
        others = np.where(people > 1, people - 1 + smoothing, 1.0)
        pull = np.where(people > 1, smoothing, 1.0)
    else:
        chosen = np.broadcast_to(table.shares, counts.shape)
        others, pull = np.ones_like(people, dtype=np.float64), np.ones_like(people, dtype=np.float64)
    chosen = np.where(counts > 0, chosen, 1.0)
    said = counts / people
    values = -(said * np.log(np.where(counts > 0, chosen / others, 1.0))).sum(axis=1)
    slope = -(table.weight @ np.where(counts > 0, said * pull / chosen, 0.0)) / table.weight.sum()
    return smoothing, Contribution(values, values + table.share_influence() @ slope)


def _best_smoothing(table: PatternTable) -> float:
    from scipy.optimize import minimize_scalar

    several = table.people > 1
    if not several.any():
        return nan
    counts, people, weight = table.counts[several], table.people[several], table.weight[several]
    if (counts.max(axis=1) == people).all():
        return 0.0
    others, place = np.unique(people - 1, return_inverse=True)
    items = np.bincount(place, weights=weight)
    said = []  # for each class that somebody chose: π, the others' votes for it, and the weight of the items with them
    for share, n in zip(table.shares.tolist(), counts.T, strict=True):
        votes, place = np.unique(n, return_inverse=True)
        total = np.bincount(place, weights=weight * n / people)
        if share > 0:
            said.append((share, votes[votes > 0] - 1, total[votes > 0]))

    def mean_loss(log_a: float) -> float:
        a = exp(log_a)
        return float(items @ np.log(others + a)) - sum(float(w @ np.log(n + a * share)) for share, n, w in said)

    found = minimize_scalar(mean_loss, bounds=(-_LOG_BOUND, _LOG_BOUND), method="bounded", options={"xatol": 1e-9})
    return inf if found.x > _LOG_BOUND - 1 else exp(float(found.x))


def _class_share_loss(table: PatternTable) -> Contribution:
    """−Σ p̂_c ln π_c of each pattern, and its influence."""
    shares = np.where(table.shares > 0, table.shares, 1.0)
    said = table.counts / table.people[:, None]
    values = -(said @ np.log(shares))
    slope = -(table.weight @ said) / table.weight.sum() / shares
    return Contribution(values, values + table.share_influence() @ slope)


def _posterior_influence(table: PatternTable, fit: DirichletFit, *, pooled: bool) -> Floats:
    """What the sampling of α and m adds to each item's influence on the mean posterior entropy (mean 0).

    At α = ∞ the entropy is that of m, and only m is sampled.
    """
    from scipy.special import digamma, polygamma

    used = fit.shares > 0
    if isinf(fit.alpha) and pooled:
        return np.asarray(table.share_influence()[:, used] @ -np.log(fit.shares[used]))
    if not fit.interior:
        return np.zeros(table.counts.shape[0])
    counts, m, alpha = table.counts[:, used], fit.shares[used], fit.alpha
    people = counts.sum(axis=1)
    weight = table.weight / table.weight.sum()
    a, total = alpha * m + counts, alpha + people
    # Derivatives of the entropy by a_c (A held) and by A.
    by_a = -(digamma(a + 1) + a * polygamma(1, a + 1)) / total[:, None]
    by_total = polygamma(1, total + 1) + (a * digamma(a + 1)).sum(axis=1) / total**2
    entropy_by_alpha = float(weight @ (by_a @ m + by_total))
    entropy_by_m = alpha * (weight @ by_a)
    # Score of α, and its derivatives by α and m.
    rise = digamma(a) - digamma(alpha * m)
    bend = polygamma(1, a) - polygamma(1, alpha * m)
    score = digamma(alpha) - digamma(total) + rise @ m
    score_by_alpha = float(weight @ (polygamma(1, alpha) - polygamma(1, total) + bend @ m**2))
    score_by_m = weight @ (rise + alpha * m * bend)
    moved = table.share_influence()[:, used] if pooled else np.zeros(counts.shape)
    score -= weight @ score  # 0 at the maximum, but for the optimiser's last digits
    alpha_influence = -(score + moved @ score_by_m) / score_by_alpha
    return np.asarray(entropy_by_alpha * alpha_influence + moved @ entropy_by_m)
