"""The split recovers a simulated truth, adds up, and is unbiased where it says so."""

import math

import numpy as np
import pytest
from scipy.special import psi, softmax, xlogy

from bitsapart.comparison.calibration import assign_folds
from bitsapart.comparison.recalibration import cross_fit
from bitsapart.comparison.split import split_logs, split_squares
from bitsapart.errors import DomainError

GROUPS = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6], [1 / 3, 1 / 3, 1 / 3]])
ALPHA = 5.0


def _world(seed, size, judges):
    """An item's p is Dirichlet around its group's mean r; the model says r^(1/2): timid, and blind inside groups."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, size)
    p = np.stack([rng.dirichlet(ALPHA * GROUPS[g]) for g in group])
    counts = np.stack([rng.multinomial(judges, row) for row in p])
    return counts, softmax(np.log(GROUPS[group]) / 2, axis=1), group


def _posterior_entropy(counts, group):
    """The exact posterior mean entropy of this world, in nats."""
    a = ALPHA * GROUPS[group] + counts
    total = a.sum(axis=1, keepdims=True)
    return psi(total[:, 0] + 1) - np.sum(a / total * psi(a + 1), axis=1)


def _truth():
    rng = np.random.default_rng(99)
    _, q, group = _world(98, 60_000, 5)
    p = np.stack([rng.dirichlet(ALPHA * GROUPS[g]) for g in group])
    r = GROUPS[group]
    logs = {
        "calibration": np.mean(np.sum(xlogy(r, r) - xlogy(r, q), axis=1)),
        "grouping": np.mean(np.sum(xlogy(p, p) - xlogy(p, r), axis=1)),
        "own": -np.mean(np.sum(xlogy(p, p), axis=1)),
    }
    squares = {
        "calibration": np.mean(np.sum((r - q) ** 2, axis=1)),
        "grouping": np.mean(np.sum((p - r) ** 2, axis=1)),
        "own": np.mean(1 - np.sum(p * p, axis=1)),
    }
    return logs, squares


def _covers(term, truth, slack):
    return term.low - slack <= truth <= term.high + slack


@pytest.mark.parametrize("judges", [2, 5])
def test_the_split_recovers_a_simulated_truth(judges):
    logs, squares = _truth()
    counts, q, group = _world(judges, 6000, judges)
    folds = assign_folds(6000)
    people = counts / judges
    cooled = cross_fit(people, q, folds=folds, kind="temperature")(q, folds)
    by_logs = split_logs(people, q, cooled, entropy=_posterior_entropy(counts, group))
    level = cross_fit(people, q, folds=folds, kind="isotonic").events(q, folds)
    by_squares = split_squares(counts, q, level)
    for name, truth in logs.items():
        assert _covers(getattr(by_logs, name), truth, 0.003), name
    for name, truth in squares.items():
        assert _covers(getattr(by_squares, name), truth, 0.003), name
    for split in (by_logs, by_squares):
        whole = split.calibration.value + split.grouping.value + split.own.value
        assert whole == pytest.approx(split.score.value, abs=1e-12)
        assert split.rest.value == pytest.approx(split.grouping.value + split.own.value, abs=1e-12)


def test_squares_of_two_judges_are_unbiased():
    """All panels of two on one item, weighted by their probability: the mean is the truth."""
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    panels = np.array([np.eye(3, dtype=int)[a] + np.eye(3, dtype=int)[b] for a in range(3) for b in range(3)])
    chance = np.array([p[a] * p[b] for a in range(3) for b in range(3)])
    model, level = np.tile(q, (9, 1)), np.tile([0.4, 0.3, 0.3], (9, 1))
    split = split_squares(panels, model, level, weights=chance)
    assert split.own.value == pytest.approx(1 - p @ p, abs=1e-15)
    assert split.grouping.value == pytest.approx(np.sum((p - level[0]) ** 2), abs=1e-15)
    assert split.calibration.value == pytest.approx(np.sum((p - q) ** 2) - np.sum((p - level[0]) ** 2), abs=1e-15)


def test_two_classes_are_counted_once_and_single_judgements_left_out():
    counts = np.array([[2, 0], [1, 1], [1, 0]])
    q = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    split = split_squares(counts, q, q)
    assert split.score.n == 2
    assert split.score.value == pytest.approx(np.mean([0.1**2, 0.5 * 0.6**2 + 0.5 * 0.4**2]))
    assert split.own.value == pytest.approx((0.0 + 0.5) / 2)
    with pytest.raises(DomainError, match="two judgements"):
        split_squares([[1, 0]], [[0.5, 0.5]], [[0.5, 0.5]])


def test_one_judgement_keeps_grouping_and_own_together():
    people, q = np.eye(2)[[0, 1, 1]], np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    split = split_logs(people, q, q**0.5 / np.sum(q**0.5, axis=1, keepdims=True), entropy=None)
    assert split.grouping is None
    assert split.own is None
    assert split.calibration.value + split.rest.value == pytest.approx(split.score.value, abs=1e-15)


def test_infinities_stand_where_they_belong():
    people = np.array([[1.0, 0.0], [0.5, 0.5]])
    q = np.array([[0.0, 1.0], [0.5, 0.5]])
    finite = split_logs(people, q, [[0.2, 0.8], [0.5, 0.5]], entropy=[0.0, 0.6])
    assert math.isinf(finite.calibration.value)
    assert math.isfinite(finite.grouping.value)
    hopeless = split_logs(people, q, q, entropy=[0.0, 0.6])
    assert hopeless.calibration.value == 0.0
    assert math.isinf(hopeless.grouping.value)
    with pytest.raises(DomainError, match="same"):
        split_logs(people, q, q[:1], entropy=None)
