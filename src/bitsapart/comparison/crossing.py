"""Calibration and grouping from cells: what the best translation of a model's numbers would score.

A recalibration r fitted on other items scores worse than the best one, f, by its divergence D(f, r). Two of them, a
and b, fitted on other items and on none in common, scatter around f independently, so how far they are apart says how
far they are from f: half of D(a, b) + D(b, a) is on average as much as D(f, a) and D(f, b) together. Therefore

    score of the best translation = mean of [S(a) + S(b)]/2 − [D(a, b) + D(b, a)]/4;

for squares (p̂ − a)(p̂ − b) takes the place of (p̂ − r)². What is left of the bias is where both err alike.

Reference: Newey and Robins (2018), Cross-fitting and fast remainder rates for semiparametric estimation,
arXiv:1801.09138: in a product of two fitted functions each is fitted on a part of the other items of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from .calibration import Floats, fit_isotonic
from .cells import FOLDS, CellScore, CellSums, classes_in, over_folds, sum_of_scores
from .intervals import Interval, jackknife_interval, student_interval
from .reliability import dispersion_of
from .split import Split

__all__ = ["Crossing", "over_deletions", "split_of_cells"]

_NOTHING_SEEN = 0.5
_SMALLEST = 2.0**-40  # of all the weight: levels stay so far from 0 and 1 that 1 − r keeps its digits


def _arc(fold: int, first: int, last: int) -> frozenset[int]:
    return frozenset((fold + step) % FOLDS for step in range(first, last + 1))


# The nine other folds in two ways as four and five: 20 fits serve all folds, and 90 more the jackknife.
_PAIRS = tuple(
    ((_arc(fold, 1, 4), _arc(fold, 5, 9)), (_arc(fold, 1, 5), _arc(fold, 6, 9))) for fold in range(FOLDS)
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Crossing:
    """Isotonic recalibrations of one event, each fitted on some of the folds.

    Attributes:
        seen: [4096] cells that hold something; the others are left out of what follows.
        weight: [F, J] Σw.
        people: [F, J] Σw p̂.
        half_counts: the weight of one judgement of an average item, half of which each block is given for yes and
            half for no: so no level is 0 or 1, and panels of many people are not smoothed as if they were one.
    """

    seen: NDArray[np.bool_]
    weight: Floats
    people: Floats
    half_counts: float
    _levels: dict[frozenset[int], Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, sums: CellSums, event: int) -> "Crossing":
        """Of one event of the cells."""
        weight, people = sums.column("weight", event), sums.column("people", event)
        seen = weight.sum(axis=0) > 0
        weight, people = weight[:, seen], people[:, seen]
        total, mass = weight.sum(axis=0), people.sum(axis=0)
        place = np.arange(total.size, dtype=np.float64)
        level = fit_isotonic(mass / total, place, weights=total)(place)
        square = sums.column("square", event)[:, seen].sum(axis=0)
        item = sums.total("weight_square", event).sum() / total.sum()
        half_counts = item * dispersion_of(total, mass, square, level)
        return cls(seen, weight, people, max(half_counts, float(total.sum()) * _SMALLEST))

    def level(self, folds: frozenset[int]) -> Floats:
        """[J] what each cell becomes by what these folds say."""
        if folds not in self._levels:
            rows = sorted(folds)
            weight, people = self.weight[rows].sum(axis=0), self.people[rows].sum(axis=0)
            place = np.arange(weight.size, dtype=np.float64)
            share = np.divide(people, weight, out=np.zeros_like(weight), where=weight > 0)
            self._levels[folds] = (
                fit_isotonic(share, place, weights=weight, half_counts=self.half_counts)(place)
                if weight.any()
                else np.full_like(weight, _NOTHING_SEEN)
            )
        return self._levels[folds]

    def rest(self, weight: Floats, people: Floats, score: CellScore) -> Floats:
        """Score of the best translation, in all and without each fold.

        Args:
            weight: [F, 4096] Σw of the items to judge.
            people: [F, 4096] Σw p̂ of them.
            score: "log" (nats) or "brier".

        Returns:
            [1 + F, F] Σw·score of each fold: first as it is, then with the first, second … fold not there at all.
        """
        w, said = weight[:, self.seen], people[:, self.seen]
        found = np.zeros((1 + FOLDS, FOLDS))
        for fold, pairs in enumerate(_PAIRS):
            for row, gone in _deletions(fold):
                both = [self._judged(w[fold], said[fold], a - gone, b - gone, score) for a, b in pairs]
                found[row, fold] = sum(both) / len(both)
        return found

    def _judged(self, w: Floats, said: Floats, a: frozenset[int], b: frozenset[int], score: CellScore) -> float:
        one, two = self.level(a), self.level(b)
        mean = (sum_of_scores(w, said, one, score) + sum_of_scores(w, said, two, score)) / 2
        slope = np.log(one / two) - np.log((1 - one) / (1 - two)) if score == "log" else 2 * (one - two)
        return float(mean - np.sum(w * slope * (one - two)) / 4)


def _deletions(fold: int) -> Iterator[tuple[int, frozenset[int]]]:
    """Nothing, then each of the other folds."""
    yield 0, frozenset()
    yield from ((1 + other, frozenset({other})) for other in range(FOLDS) if other != fold)


def over_deletions(sums: Floats, weight: Floats) -> Interval:
    """Interval of a mean by leaving out each fold in turn, its items and what they taught the recalibrations.

    Args:
        sums: [1 + F, F] as from `Crossing.rest`, or something less them.
        weight: [F] Σw.
    """
    mean, seen = float(sums[0].sum() / weight.sum()), np.flatnonzero(weight > 0)
    if not isfinite(mean):
        return student_interval(mean, nan, seen.size)
    without = [(sums[1 + d].sum() - sums[1 + d, d]) / (weight.sum() - weight[d]) for d in seen if seen.size > 1]
    return jackknife_interval(mean, without)


def split_of_cells(sums: CellSums, crossings: Sequence[Crossing], *, exact: bool = False) -> Split | None:
    """Brier = calibration + grouping + disagreement over all events, on the items with K ≥ 2; None if there are none.

    Items with one judgement help to recalibrate, and are not counted otherwise.

    Args:
        sums: the cells.
        crossings: one for each event.
        exact: people's answers are the truth itself: all items count, and p̂² is their own agreement.
    """
    score, own, rest = np.zeros(FOLDS), np.zeros(FOLDS), np.zeros((1 + FOLDS, FOLDS))
    names = ("weight", "people", "square") if exact else ("panel_weight", "panel_people", "panel_agreement")
    for event, crossing in enumerate(crossings):
        panel, said, agreement = (sums.column(name, event) for name in names)
        if not panel.any():
            return None
        score += sums.total("brier" if exact else "panel_brier", event)
        rest += crossing.rest(panel, said, "brier")
        own += said.sum(axis=1) - agreement.sum(axis=1)
    items = sums.column(names[0], 0).sum(axis=1) / (classes_in(sums) if sums.pooled else 1)
    calibration, grouping, whole = (over_deletions(part, items) for part in (score - rest, rest - own, rest))
    return Split(over_folds(score, items), calibration, grouping, over_folds(own, items), whole)
