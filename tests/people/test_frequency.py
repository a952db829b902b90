from itertools import combinations
from math import log
from pathlib import Path

import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.people.curve import item_set
from bitsapart.people.entropy import leave_one_out
from bitsapart.people.frequency import frequency_curve
from bitsapart.people.patterns import PatternTable

RAGGED = PatternTable.of(
    [[4, 0, 0], [2, 1, 1], [0, 3, 1], [1, 4, 0], [0, 0, 6], [5, 0, 1], [1, 0, 0]], [30, 12, 9, 7, 20, 15, 4]
)


def brute_force(counts, k, a, pi, score):
    """Every way to draw k people and one further person from the people of one item."""
    people = [c for c, n in enumerate(counts) for _ in range(n)]
    losses = []
    for further in range(len(people)):
        rest = people[:further] + people[further + 1 :]
        for drawn in combinations(range(len(rest)), k):
            votes = np.bincount([rest[d] for d in drawn], minlength=len(counts)).astype(float)
            f = (votes + a * pi) / (k + a) if k else pi
            if score == "log":
                losses.append(-log(f[people[further]]))
            else:
                losses.append(((f - np.eye(len(counts))[people[further]]) ** 2).sum())
    return np.mean(losses) * (0.5 if score == "brier" and len(counts) == 2 else 1.0)


@pytest.mark.parametrize("score", ["log", "brier"])
def test_every_pattern_has_the_mean_over_all_draws_of_people(score):
    curve = frequency_curve(RAGGED, score=score, k_max=3)
    pi = curve.table.shares
    np.testing.assert_array_equal(curve.kept, RAGGED.people >= 4)
    for row, counts in enumerate(curve.table.counts):
        for k in range(4):
            expected = brute_force(counts, k, curve.smoothing[k], pi, score)
            assert curve.losses[row, k] == pytest.approx(expected, rel=1e-12)
    assert curve.left_out == 4
    assert curve.items == 93


def test_two_classes_count_the_brier_score_once():
    table = PatternTable.of([[3, 0], [2, 1], [0, 3]], [5, 4, 3])
    curve = frequency_curve(table, score="brier")
    for row, counts in enumerate(table.counts):
        expected = brute_force(counts, 2, curve.smoothing[2], table.shares, "brier")
        assert curve.losses[row, 2] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("score", ["log", "brier"])
def test_each_smoothing_is_the_best_for_its_k(score):
    curve = frequency_curve(RAGGED, score=score, k_max=3)
    weight = curve.table.items / curve.table.items.sum()
    pi = curve.table.shares
    for k in (1, 2, 3):
        for factor in (0.99, 1.01):
            other = [brute_force(counts, k, factor * curve.smoothing[k], pi, score) for counts in curve.table.counts]
            assert weight @ other > curve.mean[k]


def test_nobody_asked_is_the_class_shares_and_everybody_the_leave_one_out_ceiling():
    table = PatternTable.of([[4, 0], [2, 2], [1, 3]], [30, 12, 9])
    curve = frequency_curve(table)
    said = table.items @ table.counts / (4 * 51)
    assert curve.mean[0] == pytest.approx(-(said * np.log(said)).sum(), rel=1e-14)
    assert curve.k_max == 3
    a, loss = leave_one_out(table)
    assert curve.smoothing[3] == pytest.approx(a, rel=1e-4)
    np.testing.assert_allclose(curve.losses[:, 3], loss.values, rtol=1e-4)
    assert curve.mean[3] == pytest.approx(table.items @ loss.values / 51, rel=1e-9)


@pytest.mark.parametrize("score", ["log", "brier"])
def test_influence_is_the_derivative_by_the_frequency_of_a_pattern(score):
    curve = frequency_curve(RAGGED, score=score, k_max=3)
    kept = np.flatnonzero(curve.kept)
    np.testing.assert_allclose(curve.table.items @ curve.influence / curve.items, curve.mean, rtol=1e-12)
    for row, place in enumerate(kept):
        moved = []
        for step in (0.25, -0.25):
            frequency = RAGGED.items.copy()
            frequency[place] += step
            moved.append(frequency_curve(PatternTable.of(RAGGED.counts, frequency), score=score, k_max=3).mean)
        np.testing.assert_allclose(2 * (moved[0] - moved[1]), (curve.influence[row] - curve.mean) / curve.items,
                                   rtol=5e-3, atol=2e-6)  # fmt: skip


def test_the_item_set_keeps_nine_tenths_of_the_items():
    table = PatternTable.of([[1, 0], [1, 1], [4, 0], [5, 4]], [4, 6, 60, 30])
    k_max, kept = item_set(table, None)
    assert k_max == 3
    assert kept.tolist() == [False, False, True, True]
    assert item_set(PatternTable.of([[300, 0]], [1]), None)[0] == 200
    many = np.column_stack([np.arange(1000, 51_000), np.full(50_000, 7)])
    assert item_set(PatternTable.of(many, np.ones(50_000)), None)[0] == 100
    assert item_set(table, 8)[1].tolist() == [False, False, False, True]
    with pytest.raises(DomainError, match="k_max is 9, but must lie between 0 and 8"):
        item_set(table, 9)


def test_unanimous_people_predict_each_other_without_loss():
    curve = frequency_curve(PatternTable.of([[4, 0], [0, 4]], [10, 20]))
    assert curve.mean[0] == pytest.approx(0.6365, abs=1e-4)
    assert 0 <= curve.mean[1] < 1e-6


def test_panels_of_two_thousand_million_people():
    """With so many people a curve of three is that of their shares; products of such counts are beyond 64 bits."""
    shares = np.array([[0.25, 0.25, 0.5], [0.75, 0.125, 0.125], [0.125, 0.5, 0.375], [0.375, 0.125, 0.5]])
    huge, large = (
        frequency_curve(PatternTable.of((shares * people).astype(np.int64), [1, 2, 3, 4]), k_max=3)
        for people in (2**31 - 8, 2**20)
    )
    np.testing.assert_allclose(huge.losses, large.losses, rtol=1e-4)


def test_an_unknown_score_gets_a_sentence():
    with pytest.raises(
        DomainError, match='score is "hinge", but must be "log" or "brier"'.replace('"hinge"', "'hinge'")
    ):
        frequency_curve(RAGGED, score="hinge")


def test_estimates_carry_the_spread_over_items():
    curve = frequency_curve(RAGGED, k_max=3)
    estimate = curve.estimates()[2]
    items = np.repeat(curve.influence[:, 2], curve.table.items.astype(int))
    assert estimate.value == pytest.approx(curve.mean[2])
    assert estimate.standard_error == pytest.approx(items.std(ddof=1) / items.size**0.5, rel=1e-12)


@pytest.mark.slow
def test_cifar10h_takes_seconds_not_minutes():
    import time

    import pyarrow.parquet as pq

    file = Path(__file__).resolve().parents[2].parent / "shared/data/cifar10h/people.parquet"
    if not file.exists():
        pytest.skip("the shared data are not on this machine")
    people = pq.read_table(file)
    counts = np.column_stack([people[name].to_numpy() for name in people.column_names[1:]])
    start = time.perf_counter()
    patterns, frequency = np.unique(counts, axis=0, return_counts=True)
    curve = frequency_curve(PatternTable.of(patterns, frequency))
    assert time.perf_counter() - start < 5
    assert (curve.k_max, curve.items) == (49, 9117)
    assert (np.diff(curve.mean) < 0).all()
