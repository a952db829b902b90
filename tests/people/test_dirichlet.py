import mpmath
import numpy as np
import pytest
from scipy.special import gammaln

from bitsapart.people.dirichlet import _log_rising, fit_dirichlet, fit_table
from bitsapart.people.patterns import PatternTable


def log_likelihood(alpha, shares, counts, frequency):
    used = shares > 0
    a, n = alpha * shares[used], counts[:, used]
    each = gammaln(alpha) - gammaln(alpha + n.sum(1)) + (gammaln(a + n) - gammaln(a)).sum(1)
    return float(frequency @ each)


def panel(alpha, seed, people):
    random = np.random.default_rng(seed)
    p = random.dirichlet(alpha * np.array([0.5, 0.3, 0.2, 0.0]) + 1e-300, len(people))
    counts = np.array([random.multinomial(k, q) for k, q in zip(people, p, strict=True)])
    return np.unique(counts, axis=0, return_counts=True)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 20.0])
def test_alpha_maximises_the_textbook_likelihood(alpha):
    patterns, frequency = panel(alpha, 1, np.random.default_rng(0).integers(1, 9, 500))
    fit = fit_dirichlet(patterns, frequency)
    best = log_likelihood(fit.alpha, fit.shares, patterns, frequency)
    for factor in (0.97, 0.9995, 1.0005, 1.03):
        assert log_likelihood(fit.alpha * factor, fit.shares, patterns, frequency) < best
    assert fit.alpha == pytest.approx(alpha, rel=0.35)
    assert fit.interior
    np.testing.assert_allclose(fit.shares, frequency @ patterns / (frequency @ patterns.sum(1)))


@pytest.mark.parametrize("x", [1e-8, 0.5, 3.0, 100.0, 1e4, 6.6e7])
def test_log_rising_to_the_last_digits(x):
    counts = [2, 31, 32, 33, 40, 100, 1000, 10**6]
    with mpmath.workdps(60):
        wide = mpmath.mpf(x)
        start = mpmath.loggamma(wide)
        expected = [float(mpmath.loggamma(wide + n) - start - n * mpmath.log(wide)) for n in counts]
    np.testing.assert_allclose(_log_rising(np.array(counts), x), expected, rtol=1e-14)
    assert _log_rising(np.array([0, 1]), x).tolist() == [0, 0]


def test_items_with_one_judgement_only_move_the_shares():
    fit = fit_dirichlet([[2, 1], [3, 0], [0, 3]], [10, 20, 20], shares=[0.5, 0.5])
    with_singles = fit_dirichlet([[2, 1], [3, 0], [0, 3], [1, 0]], [10, 20, 20, 99], shares=[0.5, 0.5])
    assert with_singles.alpha == pytest.approx(fit.alpha, rel=1e-6)


def test_weights_count_as_repetitions():
    patterns = [[2, 1], [3, 0], [0, 3]]
    doubled = PatternTable.of(patterns, [5, 10, 10], weight=[10, 20, 20], weight_square=[20, 40, 40])
    assert fit_table(doubled).alpha == pytest.approx(fit_dirichlet(patterns, [10, 20, 20]).alpha, rel=1e-7)


def test_limits_are_taken_and_named():
    unanimous = fit_dirichlet([[3, 0], [0, 2], [1, 0]], [5, 4, 3])
    assert (unanimous.alpha, unanimous.interior) == (0.0, False)
    assert "unanimous" in unanimous.note
    one_class = fit_dirichlet([[3], [2]], [5, 4])
    assert one_class.alpha == 0.0
    single = fit_dirichlet([[1, 0], [0, 1]], [5, 4])
    assert np.isnan(single.alpha)
    assert "one judgement" in single.note
    even = fit_dirichlet([[2, 2]], [50])
    assert np.isinf(even.alpha)
    assert "no more from item to item than by chance" in even.note


def test_nearly_unanimous_and_nearly_even_panels_stay_inside():
    nearly = fit_dirichlet([[3, 0], [0, 3], [2, 1]], [500_000, 500_000, 1])
    assert nearly.interior
    assert 0 < nearly.alpha < 1e-4
    # Splits exactly as the binomial gives them, with the smallest excess at the ends.
    level = fit_dirichlet([[2, 0], [1, 1], [0, 2]], [2501, 4998, 2501])
    assert level.interior
    assert level.alpha > 1e3
