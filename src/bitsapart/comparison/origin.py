"""Where the distance comes from, as a state that merges and as entries of the document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsapart.errors import StateError
from bitsapart.units import Unit, nats_in

from .calibration import Corp
from .cells import (
    FOLDS,
    CellScore,
    CellSums,
    FoldScores,
    brier_of_cells,
    cell_error,
    corp_of_cells,
    marginal_of_cells,
    over_folds,
)
from .crossing import Crossing, over_deletions, split_of_cells
from .intervals import Interval
from .reliability import reliability_of_cells
from .split import Split
from .temperature import TemperatureSums

__all__ = ["OriginSums", "Own", "fold_of_names", "origin_entries"]

_SCORES: tuple[CellScore, CellScore] = ("log", "brier")
_TERMS = ("score", "miscalibration", "discrimination", "uncertainty")
_BLOCK = ("from", "to", "people", "weight")
_MOST_BLOCKS = 100
_MOST_CURVES = 12  # classes with a reliability curve of their own


_TOO_LARGE = "the weights are too large for it: divide them all by one number so that they are about 1"
_TOO_SMALL = "the weights are too small for it: multiply them all by one number so that they are about 1"
_LEAST_WEIGHT = 2.0**-14  # per item; a cell counts in steps of 2⁻²⁸


@dataclass
class OriginSums:
    """What calibration needs of one model: logit cells and temperatures; merges by addition, to the same bits.

    Attributes:
        cells: one-vs-rest.
        temperatures: all classes jointly.
        absent: why there is nothing to show; empty where there is.
    """

    cells: CellSums
    temperatures: TemperatureSums
    absent: str = ""

    @classmethod
    def empty(cls, classes: int) -> "OriginSums":
        """No items yet."""
        return cls(CellSums.empty(classes), TemperatureSums.empty())

    def add(
        self, shares: ArrayLike, model: ArrayLike, folds: ArrayLike, *, judgements: ArrayLike | None = None,
        weights: ArrayLike | None = None, logs: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        """Add a block; arguments as in `CellSums.add`. Weights beyond what the sums hold leave a reason instead."""
        if self.absent:
            return
        try:
            self.cells.add(shares, model, folds, judgements=judgements, weights=weights, logs=logs)
            if self.joint:
                self.temperatures.add(shares, model, folds, weights=weights, logs=logs)
        except OverflowError:
            self._give_up()

    @property
    def joint(self) -> bool:
        """More than two classes: recalibrated by one temperature."""
        return self.cells.events > 1 or self.cells.pooled

    def merge(self, other: "OriginSums") -> None:
        """Add the sums of other items, in place."""
        if self.absent or other.absent:
            self._give_up()
            return
        try:
            self.cells.merge(other.cells)
            self.temperatures.merge(other.temperatures)
        except OverflowError:
            self._give_up()

    def _give_up(self) -> None:
        """The same state whatever was added before."""
        self.absent = _TOO_LARGE
        for sums in (self.cells.cells, self.cells.totals, self.temperatures.losses, self.temperatures.weight):
            sums[...] = 0

    def to_state(self) -> dict[str, Any]:
        """Whole numbers only: the cells that hold something, as [place, value, place, value, …]."""
        return {
            "shape": list(self.cells.cells.shape), "pooled": self.cells.pooled,
            "cells": _sparse(self.cells.cells), "totals": self.cells.totals.ravel().tolist(),
            "losses": self.temperatures.losses.ravel().tolist(), "weight": self.temperatures.weight.ravel().tolist(),
            "absent": self.absent,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state: Mapping[str, Any], classes: int) -> "OriginSums":
        """Read what `to_state` wrote.

        Raises:
            StateError: it is of another shape or holds something else than whole numbers.
        """
        sums = cls.empty(classes)
        try:
            sums.absent = str(state["absent"])
            if list(state["shape"]) != list(sums.cells.cells.shape) or state["pooled"] != sums.cells.pooled:
                message = f"the calibration cells have the shape {state['shape']}, not {list(sums.cells.cells.shape)}"
                raise StateError(message)
            pairs = np.array(state["cells"], dtype=np.int64).reshape(-1, 2)
            sums.cells.cells.reshape(-1)[pairs[:, 0]] = pairs[:, 1]
            arrays = sums.cells.totals, sums.temperatures.losses, sums.temperatures.weight
            for name, array in zip(("totals", "losses", "weight"), arrays, strict=True):
                array[...] = np.array(state[name], dtype=np.int64).reshape(array.shape)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            message = f"the calibration cells of the tally are not understood: {error}"
            raise StateError(message) from None
        return sums


def fold_of_names(names: Sequence[Any]) -> NDArray[np.int64]:
    """Fold of each item (or group), decided by its name alone, so that it is the same however the data is cut."""
    return np.fromiter((crc32(str(name).encode()) % FOLDS for name in names), dtype=np.int64, count=len(names))


@dataclass(frozen=True)
class Own:
    """What is known of people's own part, in nats.

    Attributes:
        entropy: H(P), corrected for the size of the panel, or exact.
        divergence: the cross-entropy less `entropy`; may be infinite.
        exact: people's answers are the truth itself.
    """

    entropy: Interval
    divergence: Interval
    exact: bool


def origin_entries(
    sums: OriginSums, classes: Sequence[str], *, items: int, unit: Unit = "bit", own: Own | None = None,
    total: float = 1.0,
) -> dict[str, Any]:  # fmt: skip
    """The entries "split" and "reliability" of a model in the document.

    Args:
        sums: the state.
        classes: their names.
        items: how many the sums are of.
        unit: of information.
        own: people's own entropy; None where it cannot be known (K = 1).
        total: factor of every score, Σw where totals are shown.

    Returns:
        See docs/json.md; every number in `unit` or without unit.
    """
    cells, scale = sums.cells, total / nats_in(unit)
    absent = sums.absent or (_TOO_SMALL if cells.items_weight() < items * _LEAST_WEIGHT else "")
    if absent:
        return {"split": {"log": {"absent": absent}, "square": {"absent": absent}}}
    split: dict[str, Any] = {"folds": FOLDS, "corp": _corps(sums, classes, scale, total, unit)}
    names = _event_names(cells, classes)
    errors = {score: max(cell_error(cells, event, score=score) for event in range(cells.events)) for score in _SCORES}
    split["cell_error"] = {"log": scale * errors["log"], "brier": total * errors["brier"]}
    crossings = [Crossing.of(cells, event) for event in range(cells.events)]
    split["log"] = _log_split(sums, crossings[0], own, scale, unit)
    squares = split_of_cells(cells, crossings, exact=own is not None and own.exact)
    if squares is not None:
        terms = _split_terms(squares, total, "1", "disagreement")
        split["square"] = {"unit": "1", "recalibration": "isotonic", "terms": terms}
    return {"split": split, "reliability": _curves(cells, names)}


def _event_names(cells: CellSums, classes: Sequence[str]) -> list[str | None]:
    """The class of each event; None where all share one."""
    return [None] if cells.pooled else [classes[0]] if cells.events == 1 else [*classes]


def _corps(
    sums: OriginSums, classes: Sequence[str], scale: float, total: float, unit: str
) -> list[dict[str, Any]]:  # fmt: skip
    """CORP of both scores: of the whole where there are several classes, and of each class against the rest."""
    cells = sums.cells
    found = []
    if sums.joint:
        if not (sums.temperatures.left_out or cells.pooled):
            logs = [scores.corp() for scores in _temperature_scores(sums)]
            found.append(_corp_entry(None, "log", unit, scale, logs))
        whole = [brier_of_cells(cells, crossed=crossed).corp() for crossed in (False, True)]
        found.append(_corp_entry(None, "brier", "1", total, whole))
    if cells.pooled:
        return found
    for score, per, shown in zip(_SCORES, (scale, total), (unit, "1"), strict=True):
        for event, name in enumerate(_event_names(cells, classes)):
            both = [corp_of_cells(cells, event, score=score, crossed=crossed) for crossed in (False, True)]
            found.append(_corp_entry(name, score, shown, per, both))
    return found


def _temperature_scores(sums: OriginSums) -> tuple[FoldScores, FoldScores]:
    """All classes together, recalibrated by one temperature: in-sample and cross-fitted."""
    temperatures = sums.temperatures
    plain = temperatures.plain()
    marginal = np.full_like(plain, np.nan) if sums.cells.pooled else marginal_of_cells(sums.cells)
    _, crossed, weight = temperatures.cross_fitted()
    both = (FoldScores(plain, rest, marginal, weight) for rest in (temperatures.in_sample(), crossed))
    return next(both), next(both)


def _corp_entry(name: str | None, score: str, unit: str, per: float, corps: Sequence[Corp]) -> dict[str, Any]:
    inside, crossed = corps
    return {
        "class": name, "score": score, "unit": unit,
        "in_sample": {term: _scaled(inside, term, per).value for term in _TERMS},
        "cross_fitted": {term: _entry(_scaled(crossed, term, per), unit) for term in _TERMS},
    }  # fmt: skip


def _scaled(corp: Corp, term: str, per: float) -> Interval:
    interval: Interval = getattr(corp, term)
    return interval.scaled(per)


def _log_split(sums: OriginSums, crossing: Crossing, own: Own | None, scale: float, unit: str) -> dict[str, Any]:
    """Cross-entropy = calibration + grouping + own; two classes by isotonic regression, more by temperature."""
    if sums.joint and sums.temperatures.left_out:
        items = sums.temperatures.left_out
        told = "1 item is infinite" if items == 1 else f"{items} items is infinite"
        return {"absent": f"the loss of {told}, and no temperature makes it finite"}
    inverse, kind = (sums.temperatures.inverse(), "temperature") if sums.joint else (None, "isotonic")
    score, calibration, rest = _by_temperature(sums) if sums.joint else _by_isotonic(sums.cells, crossing)
    split = Split(score, calibration, _grouping(own, calibration, rest), own.entropy if own else None, rest)
    return {
        "unit": unit, "recalibration": kind, "inverse_temperature": inverse,
        "terms": _split_terms(split, scale, unit, "entropy"),
    }  # fmt: skip


def _by_isotonic(cells: CellSums, crossing: Crossing) -> tuple[Interval, Interval, Interval]:
    """Score, calibration and rest of one event."""
    weight, people = (cells.column(name, 0) for name in ("weight", "people"))
    score, items = cells.total("log", 0), weight.sum(axis=1)
    if np.any(cells.total("infinite", 0)):
        score = np.full_like(score, np.inf)
    rest = crossing.rest(weight, people, "log")
    return over_folds(score, items), over_deletions(score - rest, items), over_deletions(rest, items)


def _by_temperature(sums: OriginSums) -> tuple[Interval, Interval, Interval]:
    """The same of all classes together, half-way between in-sample and cross-fitted.

    What a number that was fitted on these items gains by having seen them, one fitted on others loses by having seen
    too few: to first order the same.
    """
    inside, crossed = _temperature_scores(sums)
    scores = inside.middle(crossed)
    corp = scores.corp()
    return corp.score, corp.miscalibration, scores.rest()


def _grouping(own: Own | None, calibration: Interval, rest: Interval) -> Interval | None:
    """KL − calibration = rest − H(P), so that the terms add up to the cross-entropy.

    How the two go together over items is not known from sums, so the ends assume the worst: half-widths add up, and of
    the two differences the one that is known better is taken.
    """
    if own is None:
        return None
    endless = not isfinite(calibration.value)
    value = rest.value - own.entropy.value if endless else own.divergence.value - calibration.value
    ways = [(rest, own.entropy)] if endless else [(rest, own.entropy), (own.divergence, calibration)]
    errors = [one.standard_error + other.standard_error for one, other in ways
              if one.standard_error is not None and other.standard_error is not None]  # fmt: skip
    reaches = [one.high - one.value + other.high - other.value for one, other in ways
               if one.high is not None and other.high is not None]  # fmt: skip
    n, method = own.entropy.n, "half-widths of two intervals, added"
    if not reaches or not errors:
        return Interval(value, None, None, None, n, method)
    return Interval(value, value - min(reaches), value + min(reaches), min(errors), n, method)


def _split_terms(split: Split, scale: float, unit: str, own: str) -> dict[str, Any]:
    if split.grouping is None or split.own is None:
        parts = {"calibration": split.calibration, "rest": split.rest}
    else:
        parts = {"calibration": split.calibration, "grouping": split.grouping, own: split.own}
    return {name: _entry(part.scaled(scale), unit) for name, part in parts.items()}


def _curves(cells: CellSums, names: Sequence[str | None]) -> list[dict[str, Any]]:
    found = []
    for event, name in list(enumerate(names))[:_MOST_CURVES]:
        seen = reliability_of_cells(cells, event)
        step = -(-seen.curve.value.size // _MOST_BLOCKS)
        blocks = np.stack([seen.curve.left, seen.curve.right, seen.curve.value, seen.curve.weight], axis=1)
        blocks[:, 3] /= blocks[:, 3].sum()
        found.append({
            "class": name,
            "curve": [dict(zip(_BLOCK, row, strict=True)) for row in blocks[::step].tolist()],
            "band": dict(zip(("q", "low", "high"), seen.band.T.tolist(), strict=True)),
            "histogram": {"edges": seen.edges.tolist(), "share": seen.share.tolist()},
        })  # fmt: skip
    return found


def _entry(interval: Interval, unit: str) -> dict[str, Any]:
    known = isfinite(interval.value)
    return {
        "value": interval.value, "low": interval.low if known else None, "high": interval.high if known else None,
        "standard_error": interval.standard_error if known else None, "unit": unit, "n": interval.n,
    }  # fmt: skip


def _sparse(array: NDArray[np.int64]) -> list[int]:
    flat = array.ravel()
    places = np.flatnonzero(flat)
    joined: list[int] = np.stack([places, flat[places]], axis=1).ravel().tolist()
    return joined
