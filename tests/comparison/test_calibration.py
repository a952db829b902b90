"""CORP against an independent library, its identities, and edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsapart.comparison.calibration import (
    assign_folds,
    corp,
    corp_by_class,
    event_score,
    fit_isotonic,
    mean_interval,
)
from bitsapart.errors import DomainError

TERMS = ("miscalibration", "discrimination", "uncertainty", "score")


def _example(seed, *, fractional, ties=True, size=400):
    rng = np.random.default_rng(seed)
    q = rng.random(size) * 0.98 + 0.01
    if ties:
        q = q.round(2)
    truth = q**1.5
    people = rng.binomial(5, truth) / 5 if fractional else (rng.random(size) < truth).astype(float)
    return people, q, rng.integers(1, 5, size).astype(float)


def _library(people, q, weights, scoring):
    module = pytest.importorskip("model_diagnostics.scoring", reason="model-diagnostics is not installed")
    table = module.decompose(people, q, weights=weights, scoring_function=getattr(module, scoring)())
    return {name: table[name][0] for name in TERMS}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("score", "scoring", "fractional", "compared"),
    [
        ("squared_error", "SquaredError", True, TERMS),
        ("squared_error", "SquaredError", False, TERMS),
        ("brier", "SquaredError", False, TERMS),
        ("brier", "SquaredError", True, TERMS[:2]),
        ("log", "LogLoss", False, TERMS),
        ("log", "LogLoss", True, TERMS[:2]),
    ],
)
def test_equals_an_independent_library(seed, weighted, score, scoring, fractional, compared):
    people, q, w = _example(seed, fractional=fractional)
    weights = w if weighted else None
    theirs = _library(people, q, weights, scoring)
    ours = corp(people, q, weights=weights, score=score).terms(weights)
    for name in compared:
        assert getattr(ours, name).value == pytest.approx(theirs[name], abs=1e-10), name


shares = st.integers(0, 7).map(lambda n: n / 7)
probabilities = st.floats(0.001, 0.999)


@given(
    st.lists(st.tuples(shares, probabilities, st.floats(0.01, 5)), min_size=2, max_size=40),
    st.sampled_from(["log", "brier", "squared_error"]),
    st.booleans(),
)
def test_the_terms_add_up_to_the_score(rows, score, crossed):
    people, q, w = (np.array(column) for column in zip(*rows, strict=True))
    folds = assign_folds(len(rows), folds=3) if crossed else None
    items = corp(people, q, weights=w, score=score, folds=folds)
    parts = items.terms(w)
    whole = parts.miscalibration.value - parts.discrimination.value + parts.uncertainty.value
    direct = np.dot(w, event_score(people, q, score=score)) / w.sum()
    assert whole == pytest.approx(direct, rel=1e-12, abs=1e-12)
    if not crossed:
        assert parts.miscalibration.value >= -1e-12
        assert parts.discrimination.value >= -1e-12


@given(st.lists(st.tuples(shares, probabilities, st.integers(1, 3)), min_size=1, max_size=20))
def test_weight_two_is_the_item_twice(rows):
    people, q, times = (np.array(column) for column in zip(*rows, strict=True))
    weighted = corp(people, q, weights=times.astype(float)).terms(times)
    repeated = corp(people.repeat(times), q.repeat(times)).terms()
    for name in TERMS:
        assert getattr(weighted, name).value == pytest.approx(getattr(repeated, name).value, abs=1e-12)


def test_order_is_irrelevant_and_ties_are_pooled_first():
    people, q, w = _example(3, fractional=True)
    order = np.random.default_rng(1).permutation(q.size)
    one, other = fit_isotonic(people, q, weights=w), fit_isotonic(people[order], q[order], weights=w[order])
    np.testing.assert_allclose(one.value, other.value, atol=1e-14)
    assert fit_isotonic([1, 0, 0], [0.5, 0.5, 0.9]).value.tolist() == pytest.approx([1 / 3])


def test_a_monotone_change_of_q_leaves_discrimination_alone():
    people, q, _ = _example(4, fractional=True)
    one, other = corp(people, q).terms(), corp(people, q**3).terms()
    assert other.discrimination.value == pytest.approx(one.discrimination.value, abs=1e-12)
    assert other.miscalibration.value > one.miscalibration.value + 0.05


def test_half_counts_follow_the_rule_and_equal_neighbours_are_one_block():
    fitted = fit_isotonic([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.9], half_counts=1.0)
    assert fitted.value.tolist() == [0.5 / 4, 1.5 / 2]
    assert fitted.right.tolist() == [0.3, 0.9]
    assert fitted(0.6) == pytest.approx((0.125 + 0.75) / 2)


def test_an_infinite_score_is_all_miscalibration():
    parts = corp([1.0, 0.0, 1.0, 0.0], [0.0, 0.2, 0.7, 0.4]).terms()
    assert math.isinf(parts.score.value)
    assert math.isinf(parts.miscalibration.value)
    assert parts.miscalibration.standard_error is None
    assert math.isfinite(parts.discrimination.value)
    assert corp([1.0, 0.0], [1.0, 0.0]).terms().score.value == 0.0


def test_the_complement_keeps_what_subtraction_loses():
    assert math.isinf(event_score([0.5], [1.0])[0])
    assert event_score([0.5], [1.0], complement=[1e-30])[0] == pytest.approx(-0.5 * math.log(1e-30))


def test_brier_of_many_classes_is_the_sum_of_one_against_the_rest():
    rng = np.random.default_rng(5)
    q, p = rng.dirichlet(np.ones(4), 200), rng.multinomial(6, rng.dirichlet(np.ones(4))) / 6
    p = np.tile(p, (200, 1))
    classes = corp_by_class(p, q)
    whole = sum(classes[1:], classes[0]).terms()
    brier = 1 - 2 * np.sum(p * q, axis=1) + np.sum(q * q, axis=1)
    assert whole.score.value == pytest.approx(brier.mean(), abs=1e-12)
    pair = corp_by_class(np.stack([p[:, 0], 1 - p[:, 0]], 1), np.stack([q[:, 0], 1 - q[:, 0]], 1), score="log")
    assert len(pair) == 1
    assert pair[0].terms().score.value == pytest.approx(corp(p[:, 0], q[:, 0]).terms().score.value, abs=1e-12)


def test_cross_fitting_removes_the_optimism():
    rng = np.random.default_rng(6)
    q = rng.random(300) * 0.9 + 0.05
    people = (rng.random(300) < q).astype(float)
    folds = assign_folds(300)
    inside, crossed = corp(people, q).terms(), corp(people, q, folds=folds).terms()
    assert inside.miscalibration.value > 0.01
    assert crossed.miscalibration.value < inside.miscalibration.value - 0.01
    assert math.isfinite(crossed.discrimination.value)


@pytest.mark.slow
def test_cross_fitted_intervals_cover_the_truth():
    """q = p^(1/1.5): the recalibrated model is p itself, so miscalibration has a known value."""
    rng = np.random.default_rng(7)
    grid = (np.arange(200_000) + 0.5) / 200_000
    truth = np.mean(event_score(grid**1.5, grid, score="brier") - event_score(grid**1.5, grid**1.5, score="brier"))
    hits = 0
    for _ in range(100):
        q = rng.random(2000)
        people = (rng.random(2000) < q**1.5).astype(float)
        term = corp(people, q, score="brier", folds=assign_folds(2000)).terms().miscalibration
        hits += term.low <= truth <= term.high
    assert hits >= 85


def test_folds_keep_groups_together_and_are_balanced():
    folds = assign_folds(103)
    assert set(np.bincount(folds)) == {10, 11}
    groups = np.repeat(np.arange(40), 3)
    grouped = assign_folds(120, groups=groups)
    assert all(len(set(grouped[groups == g])) == 1 for g in range(40))
    assert assign_folds(1).tolist() == [0]


def test_standard_errors_of_items_and_of_groups():
    rng = np.random.default_rng(8)
    d, w, groups = rng.normal(size=30), rng.random(30) + 0.1, np.repeat(np.arange(10), 3)
    term = mean_interval(d, w)
    mean = np.dot(w, d) / w.sum()
    assert term.value == pytest.approx(mean)
    assert term.standard_error == pytest.approx(math.sqrt(30 / 29 * np.sum((w * (d - mean)) ** 2)) / w.sum())
    sums = [np.sum((w * (d - mean))[groups == g]) for g in range(10)]
    clustered = mean_interval(d, w, groups)
    assert clustered.standard_error == pytest.approx(math.sqrt(10 / 9 * np.sum(np.square(sums))) / w.sum())
    assert clustered.n == 10
    assert term.high - mean == pytest.approx(2.0452296 * term.standard_error, rel=1e-6)
    assert term.low < mean
    assert mean_interval([3.0]).low is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: corp([0.5], [0.5, 0.6]), "shape"),
        (lambda: corp([0.5], [0.5], weights=[0.0]), "weight above 0"),
        (lambda: corp_by_class([0.5], [0.5]), r"\[items, classes\]"),
        (lambda: event_score([0.5], [0.5], score="hinge"), "one of log, brier"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(DomainError, match=words):
        call()
