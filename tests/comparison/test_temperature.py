"""Temperature sums against the exact minimum, merging to the bit."""

import numpy as np
import pytest
from scipy.special import softmax, xlogy

from bitsapart.comparison.cells import FOLDS
from bitsapart.comparison.recalibration import TemperatureScaling, cross_fit
from bitsapart.comparison.temperature import TemperatureSums


def _world(beta=2.0, size=3000):
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(4), size)
    people = np.stack([rng.multinomial(8, row) for row in p]) / 8
    return people, softmax(np.log(p) / beta, axis=1), rng.integers(0, FOLDS, size)


def _loss(people, q):
    return -np.sum(xlogy(people, q), axis=1)


@pytest.mark.parametrize("beta", [0.3, 1.0, 2.7])
def test_one_pass_finds_the_exact_minimum(beta):
    people, q, folds = _world(beta)
    weights = np.random.default_rng(2).random(len(q)) + 0.5
    sums = TemperatureSums.empty()
    sums.add(people, q, folds, weights=weights)
    exact = TemperatureScaling.fit(people, q, weights=weights)
    assert sums.inverse() == pytest.approx(exact.inverse, rel=2e-3)
    inverse, loss, weight = sums.cross_fitted()
    crossed = cross_fit(people, q, folds=folds, kind="temperature", weights=weights)
    recalibrated = weights * _loss(people, crossed(q, folds))
    np.testing.assert_allclose(inverse, [fitted.inverse for fitted in crossed.fitted], rtol=2e-3)
    np.testing.assert_allclose(loss, np.bincount(folds, recalibrated), rtol=1e-4)
    np.testing.assert_allclose(weight, np.bincount(folds, weights), rtol=1e-7)


def test_merging_in_any_order_gives_the_same_bits():
    people, q, folds = _world(size=300)
    whole, merged = TemperatureSums.empty(), TemperatureSums.empty()
    whole.add(people, q, folds)
    for rows in (slice(200, 300), slice(0, 1), slice(1, 200)):
        part = TemperatureSums.empty()
        part.add(people[rows], q[rows], folds[rows])
        merged.merge(part)
    np.testing.assert_array_equal(merged.losses, whole.losses)
    np.testing.assert_array_equal(merged.weight, whole.weight)


def test_items_beyond_help_are_left_out_and_zeros_stay():
    sums = TemperatureSums.empty()
    sums.add([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], [[0.0, 0.5, 0.5], [0.2, 0.8, 0.0]], [0, 1])
    assert sums.left_out == 1
    assert sums.weight[0].sum() == 2**28
    assert sums.inverse() == pytest.approx(1 / 16)
