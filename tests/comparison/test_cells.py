"""Cells against the answer in memory, merging to the bit, edges of the grid."""

import math

import numpy as np
import pytest

from bitsapart.comparison.calibration import corp, corp_by_class, fit_isotonic
from bitsapart.comparison.cells import CELLS, FOLDS, CellSums, cell_error, cell_of, corp_of_cells
from bitsapart.comparison.crossing import Crossing, split_of_cells
from bitsapart.comparison.recalibration import cross_fit
from bitsapart.comparison.split import split_squares
from bitsapart.errors import StateError

TERMS = ("score", "miscalibration", "discrimination", "uncertainty")


def _world(classes, size=5000, judges=5, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.7), size)
    counts = np.stack([rng.multinomial(judges, row) for row in p])
    q = (p + 0.05) ** 0.6
    return counts, q / q.sum(axis=1, keepdims=True), rng.integers(0, FOLDS, size)


def _split(sums):
    return split_of_cells(sums, [Crossing.of(sums, event) for event in range(sums.events)])


def _sums(counts, q, folds, rows=slice(None), weights=None):
    sums = CellSums.empty(counts.shape[1])
    k = counts.sum(axis=1)
    weighted = None if weights is None else weights[rows]
    sums.add((counts / k[:, None])[rows], q[rows], folds[rows], judgements=k[rows], weights=weighted)
    return sums


def test_places_on_the_grid():
    q = np.array([0.0, 5e-324, 1e-300, 0.25, 0.5, 0.75, 1 - 1e-16, 1.0])
    place = cell_of(q)
    assert place[0] == 0
    assert place[-1] == CELLS - 1
    assert np.all(np.diff(place) >= 0)
    assert place[1] == place[2] == 1
    assert cell_of([1.0], [1e-9]).item() == math.floor(math.log(1e9) * 64) + CELLS // 2


@pytest.mark.parametrize("score", ["log", "brier"])
@pytest.mark.parametrize("crossed", [False, True])
def test_cells_equal_the_answer_in_memory_within_the_stated_error(score, crossed):
    counts, q, folds = _world(2)
    sums = _sums(counts, q, folds)
    people = counts[:, 0] / 5
    exact = corp(people, q[:, 0], score=score, folds=folds if crossed else None).terms()
    ours = corp_of_cells(sums, 0, score=score, crossed=crossed)
    stated = cell_error(sums, 0, score=score)
    assert stated < 1e-3
    for name in ("score", "uncertainty"):
        assert getattr(ours, name).value == pytest.approx(getattr(exact, name).value, abs=1e-8)
    for name in ("miscalibration", "discrimination"):
        slack = 1e-8 + (stated if not crossed else stated + 1e-3)
        assert getattr(ours, name).value == pytest.approx(getattr(exact, name).value, abs=slack)
    whole = ours.miscalibration.value - ours.discrimination.value + ours.uncertainty.value
    assert whole == pytest.approx(ours.score.value, abs=1e-12)
    assert ours.miscalibration.low < ours.miscalibration.value < ours.miscalibration.high


def test_any_split_and_order_gives_the_same_bits():
    counts, q, folds = _world(3, size=600)
    weights = np.random.default_rng(1).random(600) * 3
    whole = _sums(counts, q, folds, weights=weights)
    parts = [_sums(counts, q, folds, slice(a, a + 100), weights) for a in range(0, 600, 100)]
    merged = CellSums.empty(3)
    for part in reversed(parts):
        merged.merge(part)
    np.testing.assert_array_equal(merged.cells, whole.cells)
    np.testing.assert_array_equal(merged.totals, whole.totals)
    with pytest.raises(StateError, match="cannot be added"):
        merged.merge(CellSums.empty(4))


def test_the_squared_split_from_cells_equals_the_one_in_memory():
    counts, q, folds = _world(3)
    ours = _split(_sums(counts, q, folds))
    level = cross_fit(counts / 5, q, folds=folds, kind="isotonic").events(q, folds)
    exact = split_squares(counts, q, level)
    for name in ("score", "own"):
        assert getattr(ours, name).value == pytest.approx(getattr(exact, name).value, abs=1e-8)
    for name in ("calibration", "grouping", "rest"):
        assert getattr(ours, name).value == pytest.approx(getattr(exact, name).value, abs=1e-3)
        assert getattr(ours, name).low <= getattr(exact, name).value <= getattr(ours, name).high
    assert ours.calibration.value + ours.grouping.value + ours.own.value == pytest.approx(ours.score.value, abs=1e-12)
    single = counts.copy()
    single[:2500] = np.eye(3, dtype=int)[np.arange(2500) % 3]
    some = _split(_sums(single, q, folds))
    assert some.own.value == pytest.approx(split_squares(single, q, level).own.value, abs=1e-8)
    assert some.score.value == pytest.approx(split_squares(single, q, level).score.value, abs=1e-8)
    assert _split(_sums(single[:2500], q[:2500], folds[:2500])) is None


def test_many_classes_share_one_event():
    counts, q, folds = _world(40, size=400)
    sums = _sums(counts, q, folds)
    assert (sums.events, sums.pooled) == (1, True)
    split = _split(sums)
    shares = counts / 5
    brier = np.mean(1 - 2 * np.sum(shares * q, axis=1) + np.sum(q * q, axis=1))
    assert split.score.value == pytest.approx(brier, abs=1e-6)


def test_infinite_items_make_the_score_infinite_and_nothing_else():
    counts = np.array([[2, 0], [1, 1], [0, 2], [2, 0], [0, 2], [1, 1]])
    q = np.array([[0.0, 1.0], [0.5, 0.5], [0.2, 0.8], [1.0, 0.0], [0.0, 1.0], [0.7, 0.3]])
    sums = _sums(counts, q, np.arange(6) % FOLDS)
    parts = corp_of_cells(sums, 0, score="log")
    assert math.isinf(parts.score.value)
    assert math.isinf(parts.miscalibration.value)
    assert math.isfinite(parts.discrimination.value)
    assert sums.total("infinite", 0).sum() == 1
    assert math.isfinite(corp_of_cells(sums, 0, score="brier").score.value)


def test_classes_of_three_are_each_an_event():
    counts, q, folds = _world(3, size=3000)
    sums = _sums(counts, q, folds)
    exact = corp_by_class(counts / 5, q)
    for event in range(3):
        ours = corp_of_cells(sums, event, score="brier", crossed=False)
        for name in TERMS:
            assert getattr(ours, name).value == pytest.approx(getattr(exact[event].terms(), name).value, abs=1e-3)
    ends = fit_isotonic(counts[:, 0] / 5, q[:, 0])
    place = sums.positions(0)
    assert np.all(np.diff(place) >= 0)
    assert np.abs(fit_isotonic(counts[:, 0] / 5, place[cell_of(q[:, 0])])(q[:, 0]) - ends(q[:, 0])).mean() < 0.01
