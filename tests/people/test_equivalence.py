from math import inf

import numpy as np
import pytest
from scipy.special import stdtrit

from bitsapart.people.curve import Curve
from bitsapart.people.equivalence import Equivalence, equivalent_people, rater_curves
from bitsapart.people.frequency import frequency_curve
from bitsapart.people.patterns import LossSums, PatternTable

COUNTS = PatternTable.of([[4, 0], [2, 2], [1, 3], [0, 4]], [300, 120, 190, 200])


def model_at(score, spread=0.3, table=COUNTS):
    """A model with the mean loss `score` on every pattern, and the spread within it."""
    return LossSums.of(table.items * score, table.items * (score**2 + spread**2))


def curve_of(values):
    table = PatternTable.of([[len(values), 0], [0, len(values)]], [50, 50])
    losses = np.tile(np.asarray(values, dtype=float), (2, 1))
    return Curve("frequency", "log", table, np.array([True, True]), losses, losses, np.full(len(values), np.nan), 3)


def test_between_two_points_of_the_curve_it_is_linear():
    curve = frequency_curve(COUNTS)
    at = equivalent_people(curve, model_at(0.25 * curve.mean[1] + 0.75 * curve.mean[2]))
    assert at.value == pytest.approx(1.75)
    assert at.low < 1.75 < at.high
    assert (at.k_max, at.items, at.left_out) == (3, 810, 0)
    assert equivalent_people(curve, model_at(curve.mean[2])).value == pytest.approx(2.0)


def test_a_model_no_better_than_the_class_shares_is_worth_nobody():
    curve = frequency_curve(COUNTS)
    assert equivalent_people(curve, model_at(curve.mean[0] + 1e-9)).value == 0.0
    poor = equivalent_people(curve, model_at(curve.mean[0] + 1.0))
    assert (poor.value, poor.low, poor.high, poor.standard_error) == (0.0, 0.0, 0.0, None)


def test_past_the_end_there_is_no_number():
    curve = frequency_curve(COUNTS)
    past = equivalent_people(curve, model_at(curve.mean[-1] - 0.3, spread=0.1))
    assert past.value is past.low is past.high is None
    assert past.text() == "> 3 people (> 3)"
    assert past.note == "the model does better than 3 people"
    nearly = equivalent_people(curve, model_at(curve.mean[-1] + 0.001))
    assert nearly.value == pytest.approx(3, abs=0.2)
    assert nearly.high is None
    assert nearly.text().endswith("to > 3)")


def test_an_infinite_loss_is_worth_nobody_and_says_why():
    losses = model_at(0.5)
    losses.total[1] = inf
    got = equivalent_people(frequency_curve(COUNTS), losses)
    assert (got.value, got.low, got.high) == (0.0, None, None)
    assert got.note == "the model's loss is infinite on some items"
    assert got.text() == "0.0 people"


def test_a_curve_that_rises_first_is_read_at_its_first_fall_below_the_model():
    rising = curve_of([0.6, 0.7, 0.5, 0.4])
    losses = LossSums.of([50 * 0.55] * 2, [50 * 0.55**2] * 2)
    assert equivalent_people(rising, losses).value == pytest.approx(1.75)
    losses = LossSums.of([50 * 0.65] * 2, [50 * 0.65**2] * 2)
    assert equivalent_people(rising, losses).value == 0.0


def test_standard_error_is_that_of_the_influence_function():
    curve = frequency_curve(COUNTS)
    random = np.random.default_rng(1)
    items = COUNTS.items.astype(int)
    place = np.repeat(np.arange(4), items)
    loss = random.gamma(3, 0.5 * (curve.mean[1] + curve.mean[2]) / 3, place.size)
    sums = LossSums.of(np.bincount(place, loss), np.bincount(place, loss**2))
    got = equivalent_people(curve, sums)
    k = int(got.value)
    d1 = curve.influence[place, k] - loss
    d2 = curve.influence[place, k] - curve.influence[place, k + 1]
    ratio = d1.mean() / d2.mean()
    assert got.value == pytest.approx(k + ratio, rel=1e-12)
    influence = (d1 - ratio * d2) / d2.mean()
    assert got.standard_error == pytest.approx(influence.std(ddof=1) / place.size**0.5, rel=1e-10)
    assert got.high - got.low == pytest.approx(2 * 1.963 * got.standard_error, rel=0.25)


def test_the_interval_ends_where_the_confidence_limits_cross_the_model():
    curve = curve_of([1.0, 0.6, 0.5, 0.45])
    spread = 0.2
    losses = LossSums.of([50 * 0.55] * 2, [50 * (0.55**2 + spread**2)] * 2)
    got = equivalent_people(curve, losses)
    # t(99) times the model's standard error, because this curve is the same for every item.
    reach = 1.9842 * np.sqrt(100 / 99) * spread / 10
    assert got.low == pytest.approx(1 + (0.6 - 0.55 - reach) / 0.1, abs=1e-4)
    assert got.high == pytest.approx(1 + (0.6 - 0.55 + reach) / 0.1, abs=1e-4)


def test_a_skewed_difference_moves_both_ends_by_halls_transformation():
    """At each end t + γt²/3 + γ²t³/27 + γ/6 is the quantile; γ, the skewness of a mean, from the items themselves."""
    curve = frequency_curve(COUNTS)
    items = COUNTS.items.astype(int)
    place = np.repeat(np.arange(4), items)
    loss = np.random.default_rng(4).gamma(0.4, 0.5 * (curve.mean[1] + curve.mean[2]) / 0.4, place.size)
    sums = np.bincount(place, loss), np.bincount(place, loss**2)
    got = equivalent_people(curve, LossSums.of(*sums, items=items, cube=np.sum(loss**3)))
    plain = equivalent_people(curve, LossSums.of(*sums))
    n, quantile = place.size, float(stdtrit(place.size - 1, 0.975))
    for end, expected in ((got.low, quantile), (got.high, -quantile)):
        k = int(end)
        d = (1 - (end - k)) * curve.influence[place, k] + (end - k) * curve.influence[place, k + 1] - loss
        t = d.mean() / (d.std(ddof=1) / n**0.5)
        g = np.mean((d - d.mean()) ** 3) / d.std() ** 3 / n**0.5
        assert t + g * t**2 / 3 + g**2 * t**3 / 27 + g / 6 == pytest.approx(expected, rel=1e-6)
    assert got.low < plain.low  # a loss with a long upper tail: the model may well be worth less
    assert got.high < plain.high


def test_items_outside_the_curve_scale_what_is_known_of_the_skewness():
    table = PatternTable.of([[4, 0], [2, 2], [0, 4], [1, 0]], [40, 20, 30, 10])
    total, square = np.array([4.0, 14.0, 6.0, 2.0]), np.array([2.0, 14.0, 3.0, 1.0])
    losses = LossSums.of(total, square, items=table.items, cube=30.0)
    got = equivalent_people(frequency_curve(table), losses)
    kept = table.where(table.people > 1)
    alone = LossSums(total[:3], total[:3], square[:3], losses.third * 0.9)
    same = equivalent_people(frequency_curve(kept), alone)
    assert (got.left_out, got.low, got.high) == (10, pytest.approx(same.low), pytest.approx(same.high))


def test_one_item_has_no_interval():
    table = PatternTable.of([[2, 2]], [1])
    got = equivalent_people(frequency_curve(table), LossSums.of([0.7], [0.49]))
    assert got.low is got.high is got.standard_error is None
    assert got.note.startswith("no interval: one item")


def test_only_the_items_of_the_curve_count_for_the_model():
    table = PatternTable.of([[4, 0], [2, 2], [0, 4], [1, 0]], [40, 20, 30, 5])
    losses = LossSums.of([40 * 0.1, 20 * 0.7, 30 * 0.2, inf], [4.0, 10.0, 2.0, inf])
    got = equivalent_people(frequency_curve(table), losses)
    assert got.score == pytest.approx((4 + 14 + 6) / 90)
    assert got.left_out == 5


def test_text_shows_more_digits_where_the_interval_is_narrow():
    assert Equivalence(0.87, 0.85, 0.9, 0.01, 9, 100, 0, 0.5).text() == "0.87 people (0.85–0.90)"
    assert Equivalence(4.2, 3.6, 4.9, 0.3, 9, 100, 0, 0.5).text() == "4.2 people (3.6–4.9)"


def test_default_curves_hold_the_bayesian_one_up_to_three_classes(monkeypatch):
    assert [curve.combiner for curve in rater_curves(COUNTS)] == ["frequency", "bayesian"]
    four = PatternTable.of([[2, 1, 0, 0], [0, 0, 1, 2]], [5, 6])
    assert [curve.combiner for curve in rater_curves(four)] == ["frequency"]
    with monkeypatch.context() as slow:
        slow.setattr("bitsapart.people.equivalence._WORK", 100)
        assert [curve.combiner for curve in rater_curves(COUNTS)] == ["frequency"]
    monkeypatch.setattr("bitsapart.people.bayesian.MEMORY_BYTES", 100)
    assert [curve.combiner for curve in rater_curves(COUNTS)] == ["frequency"]
