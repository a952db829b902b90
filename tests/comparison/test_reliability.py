"""The curve follows the truth, the band holds a calibrated model, and cells see the same picture."""

import numpy as np
import pytest

from bitsapart.comparison.cells import FOLDS, CellSums
from bitsapart.comparison.reliability import reliability, reliability_of_cells


def _inside(found):
    q, low, high = found.band.T
    value = found.curve(q)
    return np.mean((low - 1e-9 <= value) & (value <= high + 1e-9))


@pytest.mark.parametrize("judges", [1, 10])
@pytest.mark.parametrize("together", [0.0, 0.3])
def test_the_band_holds_calibrated_models_and_no_others(judges, together):
    """`together` is how much of the variance people share: with 0.3 their answers to one item go together."""
    rng = np.random.default_rng(judges)
    held = []
    for seed in range(12):
        q = rng.random(800) * 0.9 + 0.05
        s = 1 / together - 1 if together else np.inf
        p = rng.beta(q * s, (1 - q) * s) if together else q
        people = rng.binomial(judges, p) / judges
        held.append(_inside(reliability(people, q, seed=seed)))
    assert 0.85 <= np.mean(held) <= 0.995
    wrong = rng.binomial(judges, q**2) / judges
    assert _inside(reliability(wrong, q)) < 0.5


def test_the_curve_and_the_histogram_say_what_was_said():
    q = np.repeat([0.1, 0.4, 0.9], [50, 30, 20])
    people = np.concatenate([np.tile([0, 1, 0, 0, 0], 10), np.tile([0.5], 30), np.ones(20)])
    found = reliability(people, q)
    np.testing.assert_allclose(found.curve.value, [0.2, 0.5, 1.0])
    assert found.share[2] == pytest.approx(0.5)
    assert found.share.sum() == pytest.approx(1.0)
    assert found.edges.size == 21
    weighted = reliability(people, q, weights=np.repeat([0.0, 1.0, 1.0], [50, 30, 20]))
    np.testing.assert_allclose(weighted.curve.value, [0.5, 1.0])


def test_dispersion_is_one_for_single_judgements_and_less_for_panels():
    rng = np.random.default_rng(3)
    q = rng.random(4000)
    assert reliability((rng.random(4000) < q).astype(float), q).dispersion == pytest.approx(1.0, abs=0.03)
    assert reliability(rng.binomial(10, q) / 10, q).dispersion == pytest.approx(0.1, abs=0.01)


def test_cells_show_the_same_picture():
    rng = np.random.default_rng(4)
    q = rng.random(3000)
    people = rng.binomial(4, q**1.3) / 4
    sums = CellSums.empty(2)
    both = np.stack([people, 1 - people], 1), np.stack([q, 1 - q], 1)
    sums.add(*both, rng.integers(0, FOLDS, 3000), judgements=np.full(3000, 4))
    exact, ours = reliability(people, q), reliability_of_cells(sums, 0)
    grid = np.linspace(0.05, 0.95, 50)
    assert np.abs(exact.curve(grid) - ours.curve(grid)).mean() < 0.01
    assert ours.dispersion == pytest.approx(exact.dispersion, abs=0.01)
    np.testing.assert_allclose(ours.share, exact.share, atol=0.02)


def test_one_item_and_certain_models_are_no_trouble():
    one = reliability([0.5], [0.3])
    assert one.band.shape == (1, 3)
    sure = reliability([0.0, 1.0, 1.0], [0.0, 1.0, 1.0])
    np.testing.assert_allclose(sure.band[:, 1:], [[0, 0], [1, 1]])
