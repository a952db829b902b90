"""Where the distance comes from: score = miscalibration − discrimination + uncertainty (CORP).

One event at a time: `people` is the share p̂ of a panel that saw the event, `model` the probability q that the model
gave it. Recalibration is isotonic regression of p̂ on q: the best that any non-decreasing function of q could say.
Logarithms are natural. `split.py` goes on from here to calibration, grouping and people's own entropy.

Reference: Dimitriadis, Gneiting, Jordan (2021), Stable reliability diagrams for probabilistic classifiers, PNAS 118(8).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsapart.errors import DomainError

from .intervals import Interval, clustered_interval, student_interval

__all__ = [
    "Corp", "CorpItems", "Floats", "IsotonicMap", "Score", "assign_folds", "complements", "corp", "corp_by_class",
    "event_score", "fit_isotonic", "mean_interval",
]  # fmt: skip

Floats: TypeAlias = NDArray[np.float64]
Score = Literal["log", "brier", "squared_error"]

_SAME = 2.0**-26  # two neighbouring block means that differ by less are one level set: cells are sums on a grid of 2⁻²⁸


@dataclass(frozen=True)
class Corp:
    """The decomposition: score = miscalibration − discrimination + uncertainty.

    Attributes:
        score: the mean score of the model.
        miscalibration: what recalibrating the model would save; in-sample ≥ 0, cross-fitted it may fall below 0.
        discrimination: how much better the recalibrated model is than the same answer for every item.
        uncertainty: the score of that one answer, the pooled share.
    """

    score: Interval
    miscalibration: Interval
    discrimination: Interval
    uncertainty: Interval


@dataclass(frozen=True)
class CorpItems:
    """Per-item scores that make up the decomposition; two events' items can be added (Brier: one-vs-rest).

    Attributes:
        model: [N] score of the model's q.
        recalibrated: [N] score of the recalibrated q.
        marginal: [N] score of the pooled share.
    """

    model: Floats
    recalibrated: Floats
    marginal: Floats

    def __add__(self, other: "CorpItems") -> "CorpItems":
        return CorpItems(
            self.model + other.model, self.recalibrated + other.recalibrated, self.marginal + other.marginal
        )

    def terms(self, weights: ArrayLike | None = None, groups: ArrayLike | None = None) -> Corp:
        """The weighted means and their standard errors; `groups` [N] says which items belong together."""
        return Corp(
            score=mean_interval(self.model, weights, groups),
            miscalibration=mean_interval(self.model - self.recalibrated, weights, groups),
            discrimination=mean_interval(self.marginal - self.recalibrated, weights, groups),
            uncertainty=mean_interval(self.marginal, weights, groups),
        )


@dataclass(frozen=True)
class IsotonicMap:
    """A non-decreasing recalibration of one event's probability: level blocks, joined by straight lines.

    Attributes:
        left: [B] smallest q of each block.
        right: [B] largest q of each block.
        value: [B] what the block predicts.
        weight: [B] Σw of the block.
    """

    left: Floats
    right: Floats
    value: Floats
    weight: Floats

    def __call__(self, model: ArrayLike) -> Floats:
        """Recalibrated probabilities of any q: constant inside a block and beyond the ends, linear between blocks."""
        knots = np.stack([self.left, self.right], axis=1).ravel()
        return np.interp(np.asarray(model, dtype=np.float64), knots, np.repeat(self.value, 2))


def fit_isotonic(
    people: ArrayLike, model: ArrayLike, *, weights: ArrayLike | None = None, half_counts: float = 0.0
) -> IsotonicMap:
    """Isotonic regression of p̂ on q by pooling adjacent violators; ties in q are pooled first.

    Args:
        people: [N] shares p̂ in [0, 1].
        model: [N] probabilities q.
        weights: [N] w ≥ 0, by default 1.
        half_counts: h of (Σw p̂ + h/2)/(Σw + h), what each block predicts: with h > 0 the log score stays finite on
            other items, and h = 1 is half an item of weight 1 for yes and half a one for no.

    Raises:
        DomainError: the shapes differ, or no item has a weight above 0.

    Example:
        >>> fit_isotonic([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]).value.tolist()
        [0.0, 0.5, 1.0]
    """
    from scipy.optimize import isotonic_regression

    p, q, w = _columns(people, model, weights)
    knots, place = np.unique(q, return_inverse=True)
    total, mass = np.bincount(place, w), np.bincount(place, w * p)
    seen = total > 0
    knots, total, mass = knots[seen], total[seen], mass[seen]
    level = isotonic_regression(mass / total, weights=total).x
    first = np.concatenate([[0], np.flatnonzero(np.diff(level) > _SAME) + 1])
    last = np.concatenate([first[1:], [knots.size]]) - 1
    weight, share = np.add.reduceat(total, first), np.add.reduceat(mass, first)
    value = (share + half_counts / 2) / (weight + half_counts)
    return IsotonicMap(knots[first], knots[last], value, weight)


def event_score(
    people: ArrayLike, model: ArrayLike, *, score: Score = "log", complement: ArrayLike | None = None
) -> Floats:
    """Score of one event, per item.

    log: −p̂ ln q − (1−p̂) ln(1−q), infinite where q = 0 < p̂ or q = 1 > p̂, and 0·ln 0 = 0.
    brier: p̂(1−q)² + (1−p̂)q², the squared error against one more person.
    squared_error: (p̂−q)², against the panel as it answered.

    Args:
        people: [N] shares p̂.
        model: [N] probabilities q.
        score: which of the three.
        complement: [N] 1 − q where it is known more exactly than by subtraction (log only).

    Returns:
        [N] scores in nats (log) or without unit.

    Example:
        >>> event_score([0.5], [0.5], score="brier").tolist()
        [0.25]
    """
    if score not in get_args(Score):
        message = f"score is {score!r}, but must be one of {', '.join(get_args(Score))}"
        raise DomainError(message)
    p, q = np.asarray(people, dtype=np.float64), np.asarray(model, dtype=np.float64)
    if score == "log":
        from scipy.special import xlogy

        other = 1 - q if complement is None else np.asarray(complement, dtype=np.float64)
        return np.asarray(0.0 - xlogy(p, q) - xlogy(1 - p, other), dtype=np.float64)
    return (p - q) ** 2 + (p * (1 - p) if score == "brier" else 0.0)


def corp(
    people: ArrayLike, model: ArrayLike, *, weights: ArrayLike | None = None, score: Score = "log",
    folds: ArrayLike | None = None, complement: ArrayLike | None = None,
) -> CorpItems:  # fmt: skip
    """CORP decomposition of one event's score, per item; `.terms()` gives the means.

    Args:
        people: [N] shares p̂ in [0, 1], fractional ones too.
        model: [N] probabilities q.
        weights: [N] w ≥ 0, by default 1.
        score: "log" (nats), "brier" or "squared_error"; the last two differ in their uncertainty only.
        folds: [N] fold numbers: each item is recalibrated by what the other folds say (half-counts); None: in-sample.
        complement: [N] 1 − q where it is known more exactly (log only).

    Returns:
        Items whose terms add up: score = miscalibration − discrimination + uncertainty.

    Raises:
        DomainError: the shapes differ, or no item has a weight above 0.

    Reference:
        Dimitriadis, Gneiting, Jordan (2021), PNAS 118(8), e2016191118.

    Example:
        >>> parts = corp([0, 0, 1, 1], [0.3, 0.1, 0.2, 0.9], score="brier").terms()
        >>> round(parts.miscalibration.value, 6), parts.discrimination.value, parts.uncertainty.value
        (0.0625, 0.125, 0.25)
    """
    p, q, w = _columns(people, model, weights)
    recalibrated = recalibrate_event(p, q, w, folds)
    pooled = np.full_like(p, np.dot(w, p) / np.sum(w))
    return CorpItems(
        model=event_score(p, q, score=score, complement=complement),
        recalibrated=event_score(p, recalibrated, score=score),
        marginal=event_score(p, pooled, score=score),
    )


def corp_by_class(
    people: ArrayLike, model: ArrayLike, *, weights: ArrayLike | None = None, score: Score = "brier",
    folds: ArrayLike | None = None,
) -> list[CorpItems]:  # fmt: skip
    """CORP of every class against the rest; for squares the classes' items add up to the whole score exactly.

    Two classes are one event and its complement: only the first is returned, and it is the whole.

    Args:
        people: [N, C] shares p̂, rows summing to 1.
        model: [N, C] probabilities q.
        weights: [N] w ≥ 0, by default 1.
        score: as in `corp`; the logs of several classes do not add up to the cross-entropy.
        folds: as in `corp`.

    Returns:
        One `CorpItems` per class (one in all for two classes).
    """
    p, q = np.asarray(people, dtype=np.float64), np.asarray(model, dtype=np.float64)
    if p.ndim != 2 or p.shape != q.shape:
        message = f"people has shape {p.shape} and model {q.shape}, but both must be [items, classes]"
        raise DomainError(message)
    if p.shape[1] == 2:
        return [corp(p[:, 0], q[:, 0], weights=weights, score=score, folds=folds, complement=q[:, 1])]
    rest = complements(q)
    return [
        corp(p[:, c], q[:, c], weights=weights, score=score, folds=folds, complement=rest[:, c])
        for c in range(p.shape[1])
    ]


def complements(model: Floats) -> Floats:
    """[N, C] the sum of the other classes: 1 − q where subtraction would lose it."""
    before, after = np.zeros_like(model), np.zeros_like(model)
    before[:, 1:] = np.cumsum(model, axis=1)[:, :-1]
    after[:, :-1] = np.cumsum(model[:, ::-1], axis=1)[:, ::-1][:, 1:]
    return np.asarray(before + after, dtype=np.float64)


def recalibrate_event(people: Floats, model: Floats, weights: Floats, folds: ArrayLike | None = None) -> Floats:
    """[N] isotonically recalibrated probabilities: in-sample, or each fold by what the other folds say."""
    if folds is None:
        return fit_isotonic(people, model, weights=weights)(model)
    fold = np.asarray(folds)
    result = np.empty_like(model)
    for held in np.unique(fold):
        out = fold == held
        fitted = fit_isotonic(people[~out], model[~out], weights=weights[~out], half_counts=1.0)
        result[out] = fitted(model[out])
    return result


def assign_folds(items: int, *, folds: int = 10, groups: ArrayLike | None = None) -> NDArray[np.int64]:
    """Fold numbers of `items` items, always the same ones; items of one group stay together.

    Args:
        items: N.
        folds: how many; at most as many as there are items or groups.
        groups: [N] which items belong together.

    Returns:
        [N] numbers from 0; fold sizes (in groups) differ by one at most.
    """
    if groups is not None:
        place = np.unique(np.asarray(groups), return_inverse=True)[1]
        return assign_folds(int(place.max()) + 1, folds=folds)[place]
    rng = np.random.default_rng(0)
    return rng.permutation(np.arange(items, dtype=np.int64) % min(folds, max(items, 1)))


def mean_interval(values: ArrayLike, weights: ArrayLike | None = None, groups: ArrayLike | None = None) -> Interval:
    """Weighted mean of per-item values with its interval, over items or over groups of items.

    Args:
        values: [N] d, one per item.
        weights: [N] w ≥ 0, by default 1; items of weight 0 do not count.
        groups: [N] which items belong together.

    Example:
        >>> mean_interval([1.0, 3.0]).standard_error
        1.0
    """
    d = np.asarray(values, dtype=np.float64)
    w = np.ones_like(d) if weights is None else np.asarray(weights, dtype=np.float64)
    counted = w > 0
    d, w = d[counted], w[counted]
    if groups is None:
        return _over_items(w * d, w)
    place = np.unique(np.asarray(groups)[counted], return_inverse=True)[1]
    return clustered_interval(np.bincount(place, w * d), np.bincount(place, w))


def _over_items(sums: Floats, weights: Floats) -> Interval:
    """V = n/(n−1) Σ w²(d−d̄)²/(Σw)²; an infinite mean has no interval."""
    mean, n = float(np.sum(sums) / np.sum(weights)), int(sums.size)
    if n < 2 or not np.isfinite(mean):
        return student_interval(mean, np.nan, n)
    moved = sums - mean * weights
    return student_interval(mean, n / (n - 1) * float(moved @ moved) / float(np.sum(weights)) ** 2, n)


def _columns(people: ArrayLike, model: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    p, q = np.asarray(people, dtype=np.float64), np.asarray(model, dtype=np.float64)
    w = np.ones_like(p) if weights is None else np.asarray(weights, dtype=np.float64)
    if p.ndim != 1 or p.shape != q.shape or p.shape != w.shape:
        message = f"people has shape {p.shape}, model {q.shape}, weights {w.shape}, but all must be one [items]"
        raise DomainError(message)
    if not np.any(w > 0):
        message = "no item has a weight above 0, so there is nothing to recalibrate on"
        raise DomainError(message)
    return p, q, w
