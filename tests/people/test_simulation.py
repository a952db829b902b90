import numpy as np
import pytest
from scipy.special import digamma

from bitsapart.errors import DomainError
from bitsapart.people.dirichlet import fit_dirichlet
from bitsapart.people.simulation import simulate


def test_the_panel_follows_its_truth():
    shares = np.array([0.5, 0.3, 0.2])
    panel = simulate(20_000, 6, shares=shares, alpha=0.8, seed=1)
    np.testing.assert_allclose(panel.truth.mean(axis=0), shares, atol=0.01)
    np.testing.assert_allclose(panel.counts.mean(axis=0) / 6, shares, atol=0.01)
    assert panel.entropy.mean() == pytest.approx(digamma(1.8) - shares @ digamma(0.8 * shares + 1), rel=0.01)
    assert fit_dirichlet(panel.counts, np.ones(20_000)).alpha == pytest.approx(0.8, rel=0.05)
    said = panel.counts / 6
    assert np.abs((said - panel.truth).mean(axis=0)).max() < 0.005
    # What the panel says of the model is right on average.
    assert panel.loss.mean() == pytest.approx(panel.cross_entropy.mean(), rel=0.02)


def test_a_model_without_errors_knows_the_truth_but_for_its_lapse():
    panel = simulate(2000, 2, shares=[0.5, 0.5], alpha=1.0, noise=0.0, lapse=1e-6, seed=2)
    np.testing.assert_allclose(panel.model, 0.99 * panel.truth + 0.005, atol=1e-5)
    worse = simulate(2000, 2, shares=[0.5, 0.5], alpha=1.0, noise=1.0, sharpness=2.0, seed=2)
    assert worse.divergence.mean() > 5 * panel.divergence.mean() > 0
    assert worse.squared_distance.mean() == pytest.approx(((worse.truth - worse.model)[:, 0] ** 2).mean())


def test_people_may_differ_from_item_to_item_and_seeds_repeat():
    people = np.array([1, 5, 2])
    panel = simulate(3, people, shares=[0.5, 0.5], alpha=1.0, seed=3)
    assert panel.counts.sum(axis=1).tolist() == [1, 5, 2]
    np.testing.assert_array_equal(panel.counts, simulate(3, people, shares=[0.5, 0.5], alpha=1.0, seed=3).counts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": 0}, "items is 0, but must be at least 1"),
        ({"people": 0}, "people holds a number below 1"),
        ({"shares": [0.5, 0.4]}, "shares must be positive and sum to 1"),
        ({"alpha": 0}, "alpha is 0, but must be positive"),
        ({"lapse": 0}, "lapse is 0, but must be above 0"),
    ],
)
def test_bad_arguments_get_a_sentence(arguments, message):
    with pytest.raises(DomainError, match=message):
        simulate(**{"items": 10, "people": 3, "shares": [0.5, 0.5], "alpha": 1.0, **arguments})
