"""The special functions against SciPy's, and Student's t against 50 digits."""

import mpmath
import numpy as np
import pytest
from scipy import special as scipy_special

from bitsapart import special

POSITIVE = np.concatenate([np.arange(1.0, 200.0), 10.0 ** np.linspace(-8, 10, 300)])
SHARES = np.array([0.0, 1e-300, 1e-9, 0.25, 0.5, 1.0])
LOGITS = np.array([-np.inf, -800.0, -1.0, -1e-9, 0.0, 2.0, 40.0, 800.0])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (special.digamma, scipy_special.digamma),
        (special.trigamma, lambda x: scipy_special.polygamma(1, x)),
        (special.log_gamma, scipy_special.gammaln),
    ],
)
def test_functions_of_the_gamma_family(ours, theirs):
    expected = theirs(POSITIVE)
    np.testing.assert_allclose(ours(POSITIVE), expected, rtol=4e-15, atol=2e-15)
    assert float(ours(2.5)) == pytest.approx(float(theirs(2.5)), rel=1e-14)


@pytest.mark.parametrize("x", [1e-8, 0.5, 3.0, 100.0, 1e4, 6.6e7])
def test_log_rising_to_the_last_digits(x):
    counts = [2, 31, 32, 33, 40, 100, 1000, 10**6]
    with mpmath.workdps(60):
        wide = mpmath.mpf(x)
        start = mpmath.loggamma(wide)
        expected = [float(mpmath.loggamma(wide + n) - start - n * mpmath.log(wide)) for n in counts]
    np.testing.assert_allclose(special.log_rising(np.array(counts), x), expected, rtol=1e-14)
    assert special.log_rising(np.array([0, 1]), x).tolist() == [0, 0]


def test_log_factorials():
    np.testing.assert_allclose(np.exp(special.log_factorials(5)), [1, 1, 2, 6, 24, 120], rtol=1e-14)


def test_products_with_logarithms():
    x, y = np.meshgrid(np.append(SHARES, np.nan), [0.0, 0.5, 2.0, np.nan])
    np.testing.assert_array_equal(special.xlogy(x, y), scipy_special.xlogy(x, y))
    np.testing.assert_allclose(special.entr(SHARES), scipy_special.entr(SHARES), rtol=1e-15)
    assert special.entr(-0.1) == -np.inf


def test_probabilities_of_logits():
    np.testing.assert_allclose(special.expit(LOGITS), scipy_special.expit(LOGITS), rtol=1e-15)
    table = np.array([[-np.inf, 0.0, 1.0], [1000.0, 999.0, -1000.0]])
    np.testing.assert_allclose(special.softmax(table), scipy_special.softmax(table, axis=-1), rtol=1e-15)
    np.testing.assert_allclose(special.softmax(table.T, axis=0), scipy_special.softmax(table.T, axis=0), rtol=1e-15)


def tail(t, df):
    """P(T > t) at 50 digits."""
    with mpmath.workdps(50):
        nu = mpmath.mpf(df)
        return mpmath.betainc(nu / 2, mpmath.mpf("0.5"), 0, nu / (nu + mpmath.mpf(t) ** 2), regularized=True) / 2


@pytest.mark.parametrize("df", [1, 2, 3, 5, 24, 99, 199, 200, 250, 1000, 10_000, 1_000_000])
def test_student_tails_to_the_last_digits(df):
    for t in (1e-8, 0.1, 0.9, 1.1, 1.7, 1.96, 2.01, 4.0, 20.0):
        expected = float(tail(t, df))
        assert special.student_cdf(-t, df) == pytest.approx(expected, rel=2e-13)
        assert special.student_cdf(t, df) == pytest.approx(1 - expected, rel=1e-15)


def test_student_is_normal_in_the_end():
    for t in (0.5, 1.0, 1.96, 5.0):
        assert special.student_cdf(-t, 1e14) == pytest.approx(float(scipy_special.ndtr(-t)), rel=1e-11)


@pytest.mark.parametrize("df", [1, 2, 3, 24, 199, 1000, 1_000_000, 10**9])
def test_student_quantiles(df):
    for chance in (1e-12, 0.025, 0.3, 0.5, 0.6, 0.95, 0.975, 0.9999, 1 - 1e-9):
        expected = float(scipy_special.stdtrit(df, chance))
        assert special.student_quantile(chance, df) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert special.student_quantile(1.0, df) == -special.student_quantile(0.0, df) == np.inf
