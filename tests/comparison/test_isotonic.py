"""Isotonic regression against SciPy's."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from bitsapart.comparison.isotonic import isotonic_levels


@pytest.mark.parametrize("length", [1, 2, 3, 10, 257, 4096])
def test_levels_equal_scipys(length):
    rng = np.random.default_rng(length)
    for rise in (0, 1, 50, -50):
        weights = rng.random(length) + 0.01
        values = rng.normal(size=length) + np.linspace(0, rise, length)
        for given in (values, np.round(values)):
            expected = isotonic_regression(given, weights=weights).x
            np.testing.assert_allclose(isotonic_levels(given, weights), expected, atol=1e-11)


def test_a_fall_at_the_end_that_pools_one_block_after_the_other():
    values = np.append(np.arange(3000.0), -1e6)
    np.testing.assert_allclose(
        isotonic_levels(values, np.ones(3001)), isotonic_regression(values).x, rtol=1e-12
    )  # fmt: skip


def test_rows_do_not_touch_each_other():
    rng = np.random.default_rng(3)
    rows, weights = rng.random((20, 64)) + np.linspace(0, 1, 64), rng.random(64) + 0.01
    expected = np.stack([isotonic_regression(row, weights=weights).x for row in rows])
    np.testing.assert_allclose(isotonic_levels(rows, weights), expected, atol=1e-12)
    assert isotonic_levels([], []).size == 0
