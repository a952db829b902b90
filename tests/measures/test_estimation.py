"""The parameter, and the candidate, that make what happened most probable."""

from math import comb, exp, inf, lgamma, log

import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.measures import (
    likelihood,
    likelihood_curve,
    log_likelihood,
    log_loss,
    maximum_likelihood,
    most_likely,
)

TOSSES = [1, 1, 0, 1, 0, 1, 1, 0, 1, 1]


def test_ten_tosses_of_a_coin():
    assert likelihood(TOSSES, 0.6, under="bernoulli") == pytest.approx(0.6**7 * 0.4**3, rel=1e-15)
    assert log_likelihood(TOSSES, 0.6, under="bernoulli") == pytest.approx(7 * log(0.6) + 3 * log(0.4), rel=1e-15)
    counted = likelihood([7, 3], [0.6, 0.4], under="multinomial", orders=True)
    assert counted == pytest.approx(comb(10, 7) * 0.6**7 * 0.4**3, rel=1e-13)


def test_each_toss_may_have_its_own_probability():
    assert likelihood([1, 0], [0.5, 0.25], under="bernoulli") == pytest.approx(0.375)


def test_a_product_too_small_for_a_float_keeps_its_logarithm():
    many = np.ones(10_000)
    assert likelihood(many, 0.5, under="bernoulli") == 0
    assert log_likelihood(many, 0.5, under="bernoulli") == pytest.approx(-10_000 * log(2))


@pytest.mark.parametrize("counts", [[0, 1], [1, 1], [7, 3], [30, 20, 50], [0, 0, 5], [1000, 2000, 3000]])
def test_orders_are_counted_by_the_multinomial_coefficient(counts):
    model = [1 / len(counts)] * len(counts)
    wanted = lgamma(sum(counts) + 1) - sum(lgamma(n + 1) for n in counts)
    apart = [log_likelihood(counts, model, under="multinomial", orders=orders) for orders in (True, False)]
    assert apart[0] - apart[1] == pytest.approx(wanted, rel=1e-12, abs=1e-12)


def test_labels_by_name_and_by_number():
    model = {"cat": 0.5, "dog": 0.25, "bird": 0.25}
    assert log_likelihood(["cat", "bird"], model) == pytest.approx(log(0.125))
    assert log_likelihood(["cat", "fish"], model) == -inf
    assert log_likelihood({"cat": 2, "fish": 0}, {"cat": 0.5, "dog": 0.5}, under="multinomial") == pytest.approx(
        log(0.25)
    )
    assert log_loss([0, 2], [0.5, 0.25, 0.25]) == pytest.approx(log(8) / 2)
    logits = {"cat": 0.0, "dog": 0.0}
    assert log_likelihood(["cat", "fish"], logits, model_kind="logits") == -inf


def test_the_share_that_happened_is_the_most_likely_theta():
    found = maximum_likelihood(TOSSES)
    assert found.estimate == 0.7
    assert found.judgements == 10
    assert found.standard_error == pytest.approx((0.7 * 0.3 / 10) ** 0.5)
    assert found.log_likelihood == pytest.approx(log_likelihood(TOSSES, 0.7, under="bernoulli"))
    grid = np.linspace(0, 1, 1001)
    assert grid[np.argmax(likelihood_curve(TOSSES, grid))] == pytest.approx(0.7)


def test_the_interval_ends_where_the_likelihood_has_fallen_by_the_quantile():
    chi_squared = {0.95: 3.841458820694124, 0.99: 6.634896601021213}
    for confidence, quantile in chi_squared.items():
        found = maximum_likelihood(TOSSES, confidence=confidence)
        for end in (found.low, found.high):
            fall = 2 * (found.log_likelihood - log_likelihood(TOSSES, end, under="bernoulli"))
            assert fall == pytest.approx(quantile, rel=1e-12)


def test_nobody_and_everybody():
    never = maximum_likelihood([0] * 10)
    assert (never.estimate, never.standard_error, never.low) == (0, 0, 0)
    assert never.high == pytest.approx(1 - exp(-3.841458820694124 / 20))
    always = maximum_likelihood([1] * 10)
    assert (always.estimate, always.high) == (1, 1)
    assert always.low == pytest.approx(1 - never.high)
    assert maximum_likelihood([1, 0], confidence=1.0).high == 1
    assert maximum_likelihood([1, 0], confidence=0.0).high == 0.5


def test_several_classes_have_each_their_interval():
    found = maximum_likelihood([6, 3, 1], under="multinomial")
    assert found.estimate.tolist() == [0.6, 0.3, 0.1]
    one = maximum_likelihood([1] * 3 + [0] * 7)
    assert (found.low[1], found.high[1]) == (one.low, one.high)
    assert found.log_likelihood == pytest.approx(log_likelihood([6, 3, 1], [0.6, 0.3, 0.1], under="multinomial"))
    with pytest.raises(DomainError, match=r"shape \(1, 2\)"):
        maximum_likelihood([[1, 2]], under="multinomial")
    with pytest.raises(DomainError, match="at least one judgement"):
        maximum_likelihood([])


def test_an_estimate_from_every_library(library, conversion):
    convert = conversion(library, "float32")
    assert maximum_likelihood(convert([1.0, 0.0, 1.0, 1.0])).estimate == 0.75
    curve = likelihood_curve(convert([1.0, 0.0]), convert([0.0, 0.5, 1.0]))
    assert type(curve) is type(convert([0.0]))
    assert [float(curve[i]) for i in range(3)] == [0, 0.25, 0]


def test_the_curve_is_the_likelihood_of_each_theta():
    grid = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    wanted = [likelihood(TOSSES, theta, under="bernoulli") for theta in grid]
    assert likelihood_curve(TOSSES, grid) == pytest.approx(wanted)
    logs = likelihood_curve(TOSSES, grid, log_scale=True)
    assert logs[[0, 4]].tolist() == [-inf, -inf]
    assert logs[1:4] == pytest.approx(np.log(wanted[1:4]))
    assert likelihood_curve([1, 1], [0.0, 1.0], log_scale=True).tolist() == [-inf, 0]
    assert likelihood_curve(TOSSES, 0.7) == pytest.approx(0.7**7 * 0.3**3)


def test_the_most_likely_of_several_candidates():
    found = most_likely(TOSSES, {"fair": 0.5, "bent": 0.7, "cheat": 1.0}, under="bernoulli")
    assert found.best == "bent"
    assert found.tied == ("bent",)
    assert found.log_likelihoods["cheat"] == -inf
    assert found.shares["cheat"] == 0
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.shares["bent"] / found.shares["fair"] == pytest.approx(0.7**7 * 0.3**3 / 0.5**10)
    tied = most_likely([0, 1], [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]])
    assert (tied.best, tied.tied) == (0, (0, 2))
    with pytest.raises(DomainError, match="no candidate"):
        most_likely([0], {})


@pytest.mark.parametrize(
    ("outcomes", "model", "under", "message"),
    [
        ([0, 3], [0.5, 0.5], "categorical", r"^outcomes\[1\] is 3, but labels must be whole numbers from 0 to 1"),
        ([0, 2], 0.5, "bernoulli", r"^outcomes\[1\] is 2, but labels must be"),
        ([0.5, 2], [0.5, 0.5], "multinomial", r"^outcomes\[0\] is 0.5, but counts must be whole numbers\.$"),
        ([1, 2, 3], [0.5, 0.5], "multinomial", r"^outcomes has shape \(3,\) and model \(2,\)"),
        ([1, 2], {"a": 0.5, "b": 0.5}, "multinomial", "^outcomes has no event names but model has"),
        ({"a": "x"}, {"a": 1.0}, "multinomial", r"^outcomes\['a'\] is 'x'"),
    ],
)
def test_bad_outcomes_are_called_outcomes(outcomes, model, under, message):
    with pytest.raises(DomainError, match=message):
        log_likelihood(outcomes, model, under=under)


def test_counts_that_are_not_whole_have_no_maximum_likelihood():
    with pytest.raises(DomainError, match=r"^outcomes\[0\] is 0.5, but counts must be whole numbers\.$"):
        maximum_likelihood([0.5, 1.5], under="multinomial")
