from math import inf, isnan, nan

import numpy as np
import pytest
from scipy import stats

from bitsapart.comparison.intervals import student_interval
from bitsapart.comparison.pairs import Paired, adjusted, holm, paired, sign_flip_p_value, tied_with_best
from bitsapart.errors import DomainError


def pair(p):
    return Paired(student_interval(0.1, 0.01, 100), 0.5, 0.5, p, p, "")


def test_many_items_use_student_t():
    d = np.random.default_rng(1).normal(0.2, 1, 80)
    interval = student_interval(d.mean(), d.var(ddof=1) / 80, 80)
    got = paired(interval, won_a=0.4, won_b=0.6, values=d)
    assert got.p_value == pytest.approx(stats.ttest_1samp(d, 0).pvalue, rel=1e-10)
    assert got.method == "Student t over 80 items"
    assert (got.won_a, got.won_b) == (0.4, 0.6)


def test_few_items_use_sign_flips():
    d = np.random.default_rng(1).normal(0.2, 1, 49)
    interval = student_interval(d.mean(), d.var(ddof=1) / 49, 49)
    got = paired(interval, won_a=0.4, won_b=0.6, values=d)
    assert got.method.startswith("sign flips")
    assert got.p_value == pytest.approx(stats.ttest_1samp(d, 0).pvalue, abs=0.01)


def test_one_item_has_no_test():
    got = paired(student_interval(0.3, 0.0, 1), won_a=0.0, won_b=1.0, values=[0.3])
    assert isnan(got.p_value)
    assert got.method.startswith("no interval: one item")


def test_equal_models_have_p_one_and_constant_differences_p_zero():
    assert paired(student_interval(0.0, 0.0, 99), won_a=0, won_b=0).p_value == 1.0
    assert paired(student_interval(0.5, 0.0, 99), won_a=0, won_b=1).p_value == 0.0


def test_sign_flips_enumerated_equal_scipy():
    d = np.array([0.5, -0.25, 0.75, 1.5, -0.1, 0.3, 2.0, 0.9])
    expected = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_p_value(d) == (pytest.approx(expected, rel=1e-12), "sign flips, all 256")


def test_drawn_sign_flips_are_deterministic_and_near_the_exact_value():
    d = np.random.default_rng(2).normal(0.4, 1, 20)
    first, method = sign_flip_p_value(d, seed=5)
    assert (first, method) == sign_flip_p_value(d, seed=5)
    assert method == "sign flips, 99999 drawn with seed 5"
    sums = np.zeros(1)
    for value in d:
        sums = np.concatenate([sums - value, sums + value])
    exact = np.mean(np.abs(sums) >= abs(d.sum()) - 1e-12)
    assert first == pytest.approx(exact, abs=4 * (exact / 99_999) ** 0.5)


def test_sign_flips_refuse_what_has_no_mean():
    with pytest.raises(DomainError, match="values has 0 entries"):
        sign_flip_p_value([])
    with pytest.raises(DomainError, match="all of them finite"):
        sign_flip_p_value([1.0, inf])


def test_holm_against_a_worked_example():
    # Holm (1979)'s procedure on four p-values, by hand: 4·0.005, 3·0.011, max(2·0.02, …), 0.04.
    assert holm([0.02, 0.005, 0.04, 0.011]) == pytest.approx([0.04, 0.02, 0.04, 0.033])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    with_missing = holm([nan, 0.03, 0.01])
    assert isnan(with_missing[0])
    assert with_missing[1:] == pytest.approx([0.03, 0.02])


def test_tied_set_holds_the_best_and_all_that_cannot_be_told_from_it():
    pairs = adjusted({(0, 1): pair(0.3), (0, 2): pair(1e-6), (1, 2): pair(1e-4)})
    assert pairs[0, 2].p_adjusted == pytest.approx(3e-6)
    assert tied_with_best([0.5, 0.4, 0.9], pairs) == [1, 0]
    assert tied_with_best([0.5, 0.4, inf], {(0, 1): pair(0.001), (2, 1): pair(nan)}) == [1]
    with pytest.raises(DomainError, match="no entry for models 1 and 0"):
        tied_with_best([0.5, 0.4], {})
