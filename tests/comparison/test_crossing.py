"""The best translation's score: against the same estimate item by item, without its usual bias, and where it is odd."""

import math

import numpy as np
import pytest
from scipy.special import xlogy

from bitsapart.comparison.calibration import fit_isotonic, mean_interval
from bitsapart.comparison.cells import FOLDS, CellSums, cell_of, scores_of_cells
from bitsapart.comparison.crossing import Crossing, over_deletions, split_of_cells
from bitsapart.comparison.intervals import clustered_interval, jackknife_interval


def _world(items, judges, seed, power=1.0):
    """Kinds f of items, people around them, and a model that says f, or f made too sure."""
    rng = np.random.default_rng(seed)
    f = rng.dirichlet((1.0, 1.0), items)
    p = rng.gamma(6 * f + 1e-12)
    counts = rng.multinomial(judges, p / p.sum(axis=1, keepdims=True))
    q = f**power
    return counts, q / q.sum(axis=1, keepdims=True), np.arange(items) % FOLDS


def _sums(counts, q, folds, weights=None):
    sums = CellSums.empty(2)
    k = counts.sum(axis=1)
    sums.add(counts / k[:, None], q, folds, judgements=k, weights=weights)
    return sums


def _item_by_item(p, place, folds, weights, half_counts):
    """Σw·score of each fold: the score of two recalibrations less a quarter of their divergences to and fro."""
    rest = {"log": np.zeros(FOLDS), "brier": np.zeros(FOLDS)}
    for fold in range(FOLDS):
        held = folds == fold
        turn = (folds - fold) % FOLDS
        for cut in (4, 5):
            a, b = (
                fit_isotonic(p[part], place[part], weights=weights[part], half_counts=half_counts)(place[held])
                for part in ((turn > 0) & (turn <= cut), turn > cut)
            )
            y, w = p[held], weights[held]
            scores = [-xlogy(y, r) - xlogy(1 - y, 1 - r) for r in (a, b)]
            apart = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
            back = b * np.log(b / a) + (1 - b) * np.log((1 - b) / (1 - a))
            rest["log"][fold] += w @ (sum(scores) / 2 - (apart + back) / 4) / 2
            rest["brier"][fold] += w @ ((y - a) * (y - b) + y * (1 - y)) / 2
    return rest


@pytest.mark.parametrize("weighted", [False, True])
def test_cells_give_what_the_items_give_one_by_one(weighted):
    counts, q, folds = _world(900, 3, seed=1, power=1.5)
    weights = np.random.default_rng(2).uniform(0.5, 2, 900).round(3) if weighted else np.ones(900)
    sums = _sums(counts, q, folds, weights)
    crossing = Crossing.of(sums, 0)
    p, place = counts[:, 0] / 3, np.unique(cell_of(q[:, 0], q[:, 1]), return_inverse=True)[1].astype(float)
    level = fit_isotonic(p, place, weights=weights)(place)
    dispersion = weights @ (p - level) ** 2 / (weights @ (level * (1 - level)))
    half_counts = dispersion * (weights @ weights) / weights.sum()
    assert crossing.half_counts == pytest.approx(half_counts, rel=1e-5)
    expected = _item_by_item(p, place, folds, weights, half_counts)
    for score, sums_of_score in expected.items():
        found = crossing.rest(sums.column("weight", 0), sums.column("people", 0), score)
        np.testing.assert_allclose(found[0], sums_of_score, rtol=1e-5, err_msg=score)


@pytest.mark.parametrize("score", ["log", "brier"])
def test_without_a_fold_is_as_if_it_had_never_been_there(score):
    counts, q, folds = _world(500, 4, seed=3)
    sums = _sums(counts, q, folds)
    whole = Crossing.of(sums, 0)
    kept = folds != 6
    less = _sums(counts[kept], q[kept], folds[kept])
    fresh = Crossing.of(less, 0)
    same = Crossing(fresh.seen, fresh.weight, fresh.people, whole.half_counts)
    found = whole.rest(sums.column("weight", 0), sums.column("people", 0), score)
    alone = same.rest(less.column("weight", 0), less.column("people", 0), score)
    np.testing.assert_allclose(np.delete(found[7], 6), np.delete(alone[0], 6), rtol=0.02)
    assert found[7, 6] == 0


@pytest.mark.parametrize("judges", [1, 8])
def test_a_calibrated_model_has_nothing_to_save_on_average(judges):
    """A translation half-way between in-sample and cross-fitted would seem to save ten standard errors."""
    found, half_way = [], []
    for seed in range(40):
        counts, q, folds = _world(5000, judges, seed)
        sums = _sums(counts, q, folds)
        weight, people = sums.column("weight", 0), sums.column("people", 0)
        score = sums.total("brier", 0).sum()
        found.append((score - Crossing.of(sums, 0).rest(weight, people, "brier")[0].sum()) / 5000)
        usual = [scores_of_cells(sums, 0, score="brier", crossed=c).recalibrated.sum() for c in (False, True)]
        half_way.append((score - sum(usual) / 2) / 5000)
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found)) < 3.5 * error
    assert np.mean(half_way) > 6 * error


def test_a_factor_of_all_weights_changes_nothing():
    counts, q, folds = _world(300, 2, seed=4, power=0.6)
    one, three = (_sums(counts, q, folds, np.full(300, w)) for w in (1.0, 3.0))
    splits = [split_of_cells(sums, [Crossing.of(sums, 0)]) for sums in (one, three)]
    for term in ("score", "calibration", "grouping", "own", "rest"):
        first, second = (getattr(split, term) for split in splits)
        assert first.value == pytest.approx(second.value, abs=1e-7)
        assert first.standard_error == pytest.approx(second.standard_error, rel=1e-4)


def test_the_jackknife_of_a_mean_is_the_clustered_interval():
    values = np.random.default_rng(5).normal(size=FOLDS)
    sums = np.tile(values, (1 + FOLDS, 1))
    ours, usual = over_deletions(sums, np.ones(FOLDS)), clustered_interval(values, np.ones(FOLDS))
    for name in ("value", "low", "high", "standard_error"):
        assert getattr(ours, name) == pytest.approx(getattr(usual, name), rel=1e-12)
    assert ours.standard_error == pytest.approx(mean_interval(values).standard_error, rel=1e-12)


def test_one_fold_and_an_infinite_score_have_no_interval():
    alone = over_deletions(np.ones((1 + FOLDS, FOLDS)), np.eye(FOLDS)[3])
    assert (alone.value, alone.low, alone.n) == (10.0, None, 0)
    endless = jackknife_interval(math.inf, [math.inf] * 5)
    assert math.isinf(endless.value)
    assert endless.low is None
    assert jackknife_interval(1.0, [1.0]).method.startswith("no interval: one group")


def test_answers_that_are_the_truth_keep_levels_inside_and_numbers_finite():
    """No scatter at all: the half-counts are next to nothing, and no level may become 0 or 1."""
    q = np.array([[1e-9, 1 - 1e-9], [0.3, 0.7], [1 - 1e-9, 1e-9]] * 50)
    people = np.array([[0.0, 1.0], [0.2, 0.8], [1.0, 0.0]] * 50)
    sums = CellSums.empty(2)
    sums.add(people, q, np.arange(150) % FOLDS)
    rest = Crossing.of(sums, 0).rest(sums.column("weight", 0), sums.column("people", 0), "log")
    truth = 50 * -(0.2 * math.log(0.2) + 0.8 * math.log(0.8))
    assert rest[0].sum() == pytest.approx(truth, rel=1e-5)
