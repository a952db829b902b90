from fractions import Fraction
from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import bitsapart as ba
from bitsapart.comparison.intervals import (
    Interval,
    clustered_interval,
    effective_items,
    heavy_tailed,
    interval_of,
    student_interval,
    weighted_interval,
)
from bitsapart.errors import DomainError


def sums(d, w):
    return {
        "n": len(d),
        "weight": w.sum(),
        "weight_square": (w**2).sum(),
        "sum_wx": (w * d).sum(),
        "sum_wwx": (w**2 * d).sum(),
        "sum_wwxx": (w**2 * d**2).sum(),
    }


def test_unweighted_interval_is_the_one_sample_t_interval():
    d = np.random.default_rng(1).exponential(size=37)
    interval = weighted_interval(**sums(d, np.ones(37)))
    low, high = stats.ttest_1samp(d, 0).confidence_interval(0.95)
    assert interval.value == pytest.approx(d.mean(), rel=1e-15)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-12)
    assert interval.method == "Student t over 37 items"


def test_weighted_variance_is_the_written_formula():
    random = np.random.default_rng(2)
    d, w = random.normal(3, 1, 20), random.uniform(0.1, 5, 20)
    mean = (w * d).sum() / w.sum()
    expected = 20 / 19 * (w**2 * (d - mean) ** 2).sum() / w.sum() ** 2
    interval = weighted_interval(**sums(d, w))
    assert interval.value == pytest.approx(mean, rel=1e-14)
    assert interval.standard_error == pytest.approx(expected**0.5, rel=1e-12)


def test_exact_sums_survive_a_large_offset():
    # 1e9 + {0, 1}: float power sums would lose the variance; integers and fractions keep it.
    d = [10**9, 10**9 + 1, 10**9, 10**9 + 1]
    interval = weighted_interval(n=4, weight=4, weight_square=4, sum_wx=sum(d), sum_wwx=sum(d),
                                 sum_wwxx=sum(x * x for x in d))  # fmt: skip
    assert interval.standard_error == pytest.approx((1 / 12) ** 0.5, rel=1e-15)
    halves = weighted_interval(n=2, weight=Fraction(1), weight_square=Fraction(1, 2), sum_wx=Fraction(1, 2),
                               sum_wwx=Fraction(1, 4), sum_wwxx=Fraction(1, 4))  # fmt: skip
    assert halves.standard_error == pytest.approx(0.5)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.floats(0.01, 100))
def test_the_scale_of_the_weights_is_irrelevant(values, scale):
    d = np.array([Fraction(v) for v in values])  # exact: float sums of squares would hide the formula in their rounding
    one = weighted_interval(**sums(d, np.full(d.size, Fraction(1))))
    other = weighted_interval(**sums(d, np.full(d.size, Fraction(scale))))
    assert other.value == one.value
    assert other.standard_error == one.standard_error


def test_groups_of_one_item_are_the_items_themselves():
    d = np.random.default_rng(3).normal(size=15)
    one = weighted_interval(**sums(d, np.ones(15)))
    grouped = clustered_interval(d, np.ones(15))
    assert (grouped.low, grouped.high) == pytest.approx((one.low, one.high), rel=1e-12)


def test_items_repeated_within_groups_do_not_narrow_the_interval():
    d = np.random.default_rng(4).normal(size=12)
    grouped = clustered_interval(10 * d, np.full(12, 10.0))
    alone = clustered_interval(d, np.ones(12))
    assert grouped.standard_error == pytest.approx(alone.standard_error, rel=1e-12)
    repeated = weighted_interval(**sums(np.repeat(d, 10), np.ones(120)))
    assert repeated.standard_error < 0.4 * grouped.standard_error


def test_clustered_variance_is_the_written_formula():
    random = np.random.default_rng(5)
    d, w, g = random.normal(size=30), random.uniform(1, 2, 30), random.integers(0, 6, 30)
    total, weight = np.bincount(g, w * d), np.bincount(g, w)
    mean = (w * d).sum() / w.sum()
    expected = 6 / 5 * sum(((w * (d - mean))[g == k].sum()) ** 2 for k in range(6)) / w.sum() ** 2
    interval = clustered_interval(total, weight)
    assert interval.standard_error == pytest.approx(expected**0.5, rel=1e-12)
    assert interval.n == 6
    assert interval.high - interval.value == pytest.approx(stats.t(5).ppf(0.975) * expected**0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("interval", "why"),
    [
        (student_interval(0.3, 0.0, 1), "no interval: one item, and an interval needs two"),
        (student_interval(0.3, 0.0, 0), "no interval: no items, and an interval needs two"),
        (clustered_interval([2.0], [4.0]), "no interval: one group, and an interval needs two"),
        (student_interval(inf, 1.0, 10), "no interval: the mean is not finite"),
        (
            weighted_interval(n=3, weight=3, weight_square=3, sum_wx=inf, sum_wwx=inf, sum_wwxx=inf),
            "no interval: the mean is not finite",
        ),
    ],
)
def test_where_there_is_no_interval_it_says_why(interval, why):
    assert interval.method == why
    assert interval.low is interval.high is interval.standard_error is None


def test_interval_of_anything_with_mean_and_variance():
    class Column:
        n, mean, variance_of_mean = 10, 2.0, 0.04

    assert interval_of(Column()) == student_interval(2.0, 0.04, 10)


def test_scaling_changes_the_unit_of_every_number():
    interval = student_interval(2.0, 0.04, 10).scaled(0.5)
    assert interval.value == 1.0
    assert interval.standard_error == pytest.approx(0.1)
    assert interval.high - interval.low == pytest.approx(0.2 * stats.t(9).ppf(0.975))
    assert student_interval(2.0, 0.0, 1).scaled(0.5) == Interval(
        1.0, None, None, None, 1, "no interval: one item, and an interval needs two"
    )


def test_bad_arguments_get_a_sentence():
    with pytest.raises(DomainError, match=r"level is 1\.5, but must lie between 0 and 1"):
        student_interval(0.0, 1.0, 10, level=1.5)
    with pytest.raises(DomainError, match=r"variance_of_mean is -1\.0"):
        student_interval(0.0, -1.0, 10)
    with pytest.raises(DomainError, match="weights sum to 0"):
        weighted_interval(n=2, weight=0, weight_square=0, sum_wx=0, sum_wwx=0, sum_wwxx=0)
    with pytest.raises(DomainError, match=r"group weights sum to 0\.0"):
        clustered_interval([0.0], [0.0])


def test_effective_items_of_known_shapes():
    random = np.random.default_rng(6)
    normal = random.normal(5, 1, 40_000)
    power = [float((normal**k).sum()) for k in (1, 2, 3, 4)]
    assert effective_items(normal.size, *power) == pytest.approx(normal.size / 3, rel=0.03)
    lone = np.zeros(1000)
    lone[0] = 7.0
    assert effective_items(1000, *[float((lone**k).sum()) for k in (1, 2, 3, 4)]) == pytest.approx(1, abs=0.01)
    assert effective_items(5, 10, 20, 40, 80) == 5.0  # all the same
    assert isnan(effective_items(5, inf, inf, inf, inf))


def test_heavy_tails_are_flagged_by_both_limits():
    assert heavy_tailed(1000, 29.9)
    assert not heavy_tailed(1000, 30.0)
    assert heavy_tailed(10_000, 99.9)
    assert not heavy_tailed(10_000, 100.0)


@pytest.mark.parametrize("n", [60, 400])
def test_intervals_of_a_skewed_mean_cover(n):
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(1000):
        d = random.gamma(4.0, size=n)
        interval = weighted_interval(**{k: float(v) if k != "n" else v for k, v in sums(d, np.ones(n)).items()})
        covered += interval.low <= 4.0 <= interval.high
    assert 930 <= covered <= 970


def test_a_share_of_all_or_none_leaves_room_for_others():
    """Exact ends: with a true error rate at the upper one, 40 items without an error come up once in 40 times."""
    result = ba.compare([[3, 0]] * 40, [[0.75, 0.25]] * 40)
    right = result["majority_accuracy"]
    assert (right.value, right.high) == (1.0, 1.0)
    assert right.low**40 == pytest.approx(0.025)
    wrong = ba.compare([[3, 0]] * 40, [[0.25, 0.75]] * 40)["majority_accuracy"]
    assert (wrong.low, wrong.high) == (0.0, pytest.approx(1 - right.low))
    alone = ba.compare([[3, 0]], [[0.75, 0.25]])["majority_accuracy"]
    assert (alone.low, alone.high) == (None, None)


def test_an_interval_beyond_what_is_possible_is_shown_as_it_is_and_said():
    counts, q = [[3, 0], [0, 3], [1, 2], [3, 0], [3, 0]], [[0.9, 0.1], [0.2, 0.8], [0.8, 0.2], [0.99, 0.01], [0.5, 0.5]]
    few = ba.compare(counts, q)
    assert few["cross_entropy"].low < 0
    assert few["majority_accuracy"].high > 1
    assert [warning for warning in few.data["warnings"] if "beyond" in warning] == [
        "model: 5 items are few: the interval reaches beyond what is possible, and is not cut off there, for "
        "error rate, Brier score, cross-entropy"
    ]
    many = ba.compare(counts * 20, q * 20)
    assert many["cross_entropy"].low > 0
    assert not [warning for warning in many.data["warnings"] if "beyond" in warning]
