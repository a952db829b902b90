"""Calibration in constant memory: q on a fixed grid of 4096 logit cells, with exact sums per fold, event and cell.

A cell is 1/64 wide in logits between −32 and 32; q = 0 and q = 1 have cells of their own. The recalibrated model is
constant within a cell, so its scores follow from the sums exactly; what the grid costs is said by `cell_error`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsapart.errors import StateError

from .calibration import Corp, Floats, IsotonicMap, complements, event_score, fit_isotonic
from .intervals import Interval, clustered_interval

__all__ = [
    "CELLS", "FOLDS", "CellSums", "FoldScores", "brier_of_cells", "cell_error", "cell_of", "classes_in",
    "corp_of_cells", "levels_of_cells", "map_of_cells", "marginal_of_cells", "over_folds", "refuse_overflow",
    "scores_of_cells", "sum_of_scores", "whole_numbers",
]  # fmt: skip

CELLS = 4096
FOLDS = 10
MOST_EVENTS = 32  # with more classes all of them share one event

_PER_LOGIT = 64
_GRID = 2**28  # sums are whole numbers of this fraction: exact in any order
_SQUARES = 2**20  # the same for Σw²
_MOST = 2.0**61  # a sum may not grow beyond it: two such sums still add up within 63 bits
_COLUMNS = ("weight", "people", "model", "square", "panel_weight", "panel_people", "panel_agreement")
_TOTALS = ("log", "brier", "infinite", "weight_square", "panel_brier")

_NOTHING_SEEN = np.full(CELLS, 0.5)  # (0 + ½)/(0 + 1)

CellScore = Literal["log", "brier"]


def cell_of(model: ArrayLike, complement: ArrayLike | None = None) -> NDArray[np.int64]:
    """The cell of each probability: 0 for q = 0, 4095 for q = 1, else by ln q − ln(1 − q).

    Args:
        model: probabilities q of any shape.
        complement: 1 − q where it is known more exactly than by subtraction.

    Example:
        >>> cell_of([0.0, 0.5, 1.0]).tolist()
        [0, 2048, 4095]
    """
    q = np.asarray(model, dtype=np.float64)
    other = 1 - q if complement is None else np.asarray(complement, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        place = np.floor((np.log(q) - np.log(other)) * _PER_LOGIT) + CELLS // 2
    place = np.where(q <= 0, 0, np.where(other <= 0, CELLS - 1, np.clip(place, 1, CELLS - 2)))
    return place.astype(np.int64)


def whole_numbers(values: Floats, grid: int = _GRID) -> NDArray[np.int64]:
    """Each value as a whole number of `grid`-th parts.

    Raises:
        OverflowError: they sum to more than the sums may hold.
    """
    scaled = np.rint(values * grid)
    if not float(np.sum(np.abs(scaled))) <= _MOST:
        raise OverflowError
    return scaled.astype(np.int64)


def refuse_overflow(sums: NDArray[np.int64]) -> None:
    """Refuse sums that a further addition might wrap around.

    Raises:
        OverflowError: one of them has grown too large.
    """
    if max(int(sums.max()), -int(sums.min())) > _MOST:
        raise OverflowError


@dataclass(frozen=True)
class _EventItems:
    """[N] one event of a block: p̂, q, 1 − q, log loss in nats, and people's agreement."""

    people: Floats
    model: Floats
    rest: Floats
    loss: Floats
    agreement: Floats


@dataclass(frozen=True)
class CellSums:
    """Sums of one model over cells, as whole numbers; they merge by addition, in any order to the same bits.

    Attributes:
        cells: [7, F, E, 4096] Σw, Σw p̂, Σw q, Σw p̂² and, over items with K ≥ 2, Σw, Σw p̂ and Σw n(n−1)/(K(K−1)).
        totals: [5, F, E] Σw·log score and Σw·Brier score of the model (finite items), infinite items, Σw², and
            Σw·Brier score over items with K ≥ 2.
        pooled: all classes share one event (more than 32 classes).
        fitted: recalibrations of these sums, by event and whether they are cross-fitted; nothing once items are added.
    """

    cells: NDArray[np.int64]
    totals: NDArray[np.int64]
    pooled: bool
    fitted: dict[tuple[int, bool], Floats] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def empty(cls, classes: int) -> "CellSums":
        """No items yet. Two classes are one event, up to 32 classes one event each, more share one."""
        events = 1 if classes == 2 or classes > MOST_EVENTS else classes
        cells = np.zeros((len(_COLUMNS), FOLDS, events, CELLS), dtype=np.int64)
        return cls(cells, np.zeros((len(_TOTALS), FOLDS, events), dtype=np.int64), classes > MOST_EVENTS)

    @property
    def events(self) -> int:
        """How many events (E)."""
        return int(self.totals.shape[2])

    def add(
        self, shares: ArrayLike, model: ArrayLike, folds: ArrayLike, *, judgements: ArrayLike | None = None,
        weights: ArrayLike | None = None, logs: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        """Add a block of items, in place.

        Args:
            shares: [N, C] p̂.
            model: [N, C] q; the other classes' sum is used as 1 − q.
            folds: [N] fold numbers below 10, decided by the item alone (its name), never by the block.
            judgements: [N] K; None for a distribution that is given (then p̂² is its own agreement).
            weights: [N] w ≥ 0, by default 1.
            logs: [N, C] ln q, where it is known beyond what q can hold.

        Raises:
            OverflowError: the weights are too large for the sums; the state is spoilt.
        """
        self.fitted.clear()
        p, q, fold = (np.asarray(a) for a in (shares, model, folds))
        w = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=np.float64)
        k = None if judgements is None else np.asarray(judgements, dtype=np.float64)
        agreement = p * p if k is None else _pairs_agreeing(p, k)
        panel = w if k is None else np.where(k >= 2, w, 0.0)
        with np.errstate(divide="ignore"):
            ln = np.log(q) if logs is None else np.asarray(logs, dtype=np.float64)
        rest = complements(q)
        for c in range(1 if p.shape[1] == 2 else p.shape[1]):
            with np.errstate(divide="ignore"):
                ln_rest = ln[:, 1] if p.shape[1] == 2 else np.log(rest[:, c])
            loss = 0.0 - _times(p[:, c], ln[:, c]) - _times(1 - p[:, c], ln_rest)
            items = _EventItems(p[:, c], q[:, c], rest[:, c], loss, agreement[:, c])
            self._add_event(0 if self.pooled else c, fold, items, w, panel)
        refuse_overflow(self.cells)
        refuse_overflow(self.totals)

    def _add_event(self, event: int, fold: NDArray[np.int64], items: "_EventItems", w: Floats, panel: Floats) -> None:
        p, q = items.people, items.model
        place = (fold * self.events + event) * CELLS + cell_of(q, items.rest)
        columns = (w, w * p, w * q, w * p * p, panel, panel * p, panel * items.agreement)
        for sums, values in zip(self.cells.reshape(len(columns), -1), columns, strict=True):
            np.add.at(sums, place, whole_numbers(values))
        endless = np.isinf(items.loss) & (w > 0)
        log = np.where(np.isinf(items.loss), 0.0, items.loss)
        brier = event_score(p, q, score="brier")
        totals = (
            whole_numbers(w * log), whole_numbers(w * brier), endless.astype(np.int64),
            whole_numbers(w * w, _SQUARES), whole_numbers(panel * brier),
        )  # fmt: skip
        for sums, numbers in zip(self.totals[:, :, event], totals, strict=True):
            np.add.at(sums, fold, numbers)

    def merge(self, other: "CellSums") -> None:
        """Add the sums of other items, in place.

        Raises:
            StateError: they are of another number of classes.
            OverflowError: the sums would become too large; the state is spoilt.
        """
        if self.cells.shape != other.cells.shape or self.pooled != other.pooled:
            message = f"cells of {other.events} events cannot be added to cells of {self.events}"
            raise StateError(message)
        self.fitted.clear()
        self.cells[...] += other.cells
        self.totals[...] += other.totals
        refuse_overflow(self.cells)
        refuse_overflow(self.totals)

    def column(self, name: str, event: int) -> Floats:
        """[F, 4096] one of the sums as numbers."""
        return np.asarray(self.cells[_COLUMNS.index(name), :, event] / _GRID, dtype=np.float64)

    def total(self, name: str, event: int) -> Floats:
        """[F] one of the totals as numbers; "infinite" counts items."""
        grid = {"infinite": 1, "weight_square": _SQUARES}.get(name, _GRID)
        return np.asarray(self.totals[_TOTALS.index(name), :, event] / grid, dtype=np.float64)

    def items_weight(self) -> float:
        """Σw over the items."""
        weight = float(self.column("weight", 0).sum())
        return weight / classes_in(self) if self.pooled and weight else weight

    def positions(self, event: int) -> Floats:
        """[4096] mean q of each cell, its middle where it is empty."""
        weight, mass = (self.column(name, event).sum(axis=0) for name in ("weight", "model"))
        low, high = _edges()
        mean = np.divide(mass, weight, out=(low + high) / 2, where=weight > 0)
        return np.asarray(np.clip(mean, low, high), dtype=np.float64)


@dataclass(frozen=True)
class FoldScores:
    """Σw·score of each fold; the folds are the units of the intervals.

    Attributes:
        model: [F] of the model.
        recalibrated: [F] of the recalibrated model.
        marginal: [F] of the pooled share.
        weight: [F] Σw.
    """

    model: Floats
    recalibrated: Floats
    marginal: Floats
    weight: Floats

    def __add__(self, other: "FoldScores") -> "FoldScores":
        """Two events of the same items, one after the other."""
        return FoldScores(
            self.model + other.model, self.recalibrated + other.recalibrated, self.marginal + other.marginal,
            self.weight,
        )  # fmt: skip

    def middle(self, other: "FoldScores") -> "FoldScores":
        """Half-way to the same scores recalibrated otherwise."""
        return replace(self, recalibrated=(self.recalibrated + other.recalibrated) / 2)

    def corp(self) -> Corp:
        """Terms that add up: score = miscalibration − discrimination + uncertainty."""
        model, recalibrated, marginal = self.model, self.recalibrated, self.marginal
        parts = (model, model - recalibrated, marginal - recalibrated, marginal)
        return Corp(*(over_folds(part, self.weight) for part in parts))

    def rest(self) -> Interval:
        """Score of the recalibrated model: uncertainty − discrimination, with an interval of its own."""
        return over_folds(self.recalibrated, self.weight)


def scores_of_cells(sums: CellSums, event: int, *, score: CellScore, crossed: bool = True) -> FoldScores:
    """The scores of one event.

    Args:
        sums: the cells.
        event: its number.
        score: "log" (nats) or "brier".
        crossed: cross-fitted by fold with half-counts, else in-sample.
    """
    weight, people = sums.column("weight", event), sums.column("people", event)
    totals = sums.total(score, event)
    if score == "log" and np.any(sums.total("infinite", event)):
        totals = np.full_like(totals, np.inf)
    level = levels_of_cells(sums, event, crossed=crossed)
    pooled = np.full_like(level, people.sum() / max(weight.sum(), 1e-300))
    recalibrated, marginal = (sum_of_scores(weight, people, q, score) for q in (level, pooled))
    return FoldScores(totals, recalibrated, marginal, weight.sum(axis=1))


def corp_of_cells(sums: CellSums, event: int, *, score: CellScore, crossed: bool = True) -> Corp:
    """CORP terms of one event from its cells; arguments as in `scores_of_cells`."""
    return scores_of_cells(sums, event, score=score, crossed=crossed).corp()


def brier_of_cells(sums: CellSums, *, crossed: bool = True) -> FoldScores:
    """The Brier score of all classes: the sum of each against the rest."""
    events = [scores_of_cells(sums, event, score="brier", crossed=crossed) for event in range(sums.events)]
    whole = sum(events[1:], events[0])
    return replace(whole, weight=whole.weight / classes_in(sums)) if sums.pooled else whole


def marginal_of_cells(sums: CellSums) -> Floats:
    """[F] Σw·cross-entropy in nats of always answering the pooled shares of the classes; not where they are pooled."""
    from scipy.special import xlogy

    people = np.stack([sums.column("people", event).sum(axis=1) for event in range(sums.events)])
    shares = people.sum(axis=1) / sums.column("weight", 0).sum()
    return np.asarray(-np.sum(xlogy(people, shares[:, None]), axis=0), dtype=np.float64)


def levels_of_cells(sums: CellSums, event: int, *, crossed: bool = True) -> Floats:
    """[F, 4096] the isotonic recalibration: what each cell becomes for the items of each fold.

    Args:
        sums: the cells.
        event: its number.
        crossed: cross-fitted, each fold by what the others say, with half-counts; else one in-sample row for all.
    """
    found = sums.fitted.get((event, crossed))
    if found is None:
        weight, people = sums.column("weight", event), sums.column("people", event)
        found = sums.fitted[event, crossed] = _levels(weight, people, crossed=crossed)
    return found


def map_of_cells(sums: CellSums, event: int) -> IsotonicMap:
    """The same as a function of any q, fitted on all items with half-counts, for new items."""
    weight, people = (sums.column(name, event).sum(axis=0) for name in ("weight", "people"))
    share = np.divide(people, weight, out=np.zeros_like(weight), where=weight > 0)
    blocks = fit_isotonic(share, np.arange(CELLS, dtype=np.float64), weights=weight, half_counts=1.0)
    low, high = _edges()
    return replace(blocks, left=low[blocks.left.astype(np.int64)], right=high[blocks.right.astype(np.int64)])


def cell_error(sums: CellSums, event: int, *, score: CellScore) -> float:
    """How far the grid moves discrimination (and so miscalibration): the change when its cells are four times as wide.

    What the grid itself costs is smaller than that, in-sample; it was never above 0.96 of it in simulations.
    """
    weight, people = (sums.column(name, event).sum(axis=0, keepdims=True) for name in ("weight", "people"))
    fine, coarse = (
        float(sum_of_scores(w, p, _levels(w, p, crossed=False), score).sum())
        for w, p in ((weight, people), (_coarser(weight), _coarser(people)))
    )
    return abs(fine - coarse) / max(float(weight.sum()), 1e-300)


def _edges() -> tuple[Floats, Floats]:
    """[4096] the smallest and the largest q of each cell."""
    from scipy.special import expit

    edges = expit((np.arange(CELLS + 1) - CELLS // 2) / _PER_LOGIT)
    low, high = edges[:-1].copy(), edges[1:].copy()
    low[:2], high[-2:], high[0], low[-1] = 0.0, 1.0, 0.0, 1.0
    return low, high


def _coarser(cells: Floats) -> Floats:
    """Four neighbouring cells in one (the two ends stay alone): what a coarser grid would have seen."""
    starts = np.r_[0, np.arange(1, CELLS - 1, 4), CELLS - 1]
    merged = np.zeros_like(cells)
    merged[..., starts] = np.add.reduceat(cells, starts, axis=-1)
    return merged


def _times(share: Floats, ln: Floats) -> Floats:
    """Products p ln q with 0 · ln 0 = 0."""
    return np.where(share > 0, share * np.where(share > 0, ln, 0.0), 0.0)


def _pairs_agreeing(shares: Floats, judgements: Floats) -> Floats:
    """n(n−1)/(K(K−1)); 0 where K < 2."""
    n, k = np.rint(shares * judgements[:, None]), judgements[:, None]
    return np.asarray(np.divide(n * (n - 1), k * (k - 1), out=np.zeros_like(n), where=k >= 2), dtype=np.float64)


def _levels(weight: Floats, people: Floats, *, crossed: bool) -> Floats:
    """[F, 4096] the recalibrated probability of each cell, for the items of each fold."""
    place = np.arange(CELLS, dtype=np.float64)
    rows = list(_training(weight, people)) if crossed else [(weight.sum(axis=0), people.sum(axis=0))]
    levels = []
    for w, mass in rows:
        share = np.divide(mass, w, out=np.zeros_like(w), where=w > 0)
        fitted = fit_isotonic(share, place, weights=w, half_counts=float(crossed))(place) if w.any() else _NOTHING_SEEN
        levels.append(fitted)
    return np.stack(levels) if crossed else np.tile(levels[0], (len(weight), 1))


def _training(weight: Floats, people: Floats) -> Iterator[tuple[Floats, Floats]]:
    for fold in range(FOLDS):
        yield np.delete(weight, fold, axis=0).sum(axis=0), np.delete(people, fold, axis=0).sum(axis=0)


def sum_of_scores(weight: Floats, people: Floats, level: Floats, score: CellScore) -> Floats:
    """[F] Σw·score when every item of a cell is given that cell's level: scores are linear in p̂."""
    if score == "log":
        from scipy.special import xlogy

        return np.asarray(-np.sum(xlogy(people, level) + xlogy(weight - people, 1 - level), axis=-1), dtype=np.float64)
    return np.asarray(np.sum(people * (1 - level) ** 2 + (weight - people) * level**2, axis=-1), dtype=np.float64)


def over_folds(sums: Floats, weights: Floats) -> Interval:
    """Interval of Σ sums / Σ weights with the folds as its units, [F] each; a fold without weight is none."""
    seen = weights > 0
    return clustered_interval(sums[seen], weights[seen])


def classes_in(sums: CellSums) -> float:
    """With all classes in one event, how many there are: the shares of an item sum to 1."""
    return float(sums.column("weight", 0).sum() / sums.column("people", 0).sum())
