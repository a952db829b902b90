"""Intervals hold the truth about as often as they say, on small panels whose truth is known."""

import numpy as np
import pytest
from scipy.special import digamma

from bitsapart.comparison.intervals import interval_of, weighted_interval
from bitsapart.people.entropy import panel_entropy
from bitsapart.people.equivalence import equivalent_people
from bitsapart.people.frequency import frequency_curve
from bitsapart.people.patterns import LossSums, PatternTable
from bitsapart.people.simulation import simulate

ROUNDS = 400
MODELS = ({"noise": 1.2}, {"noise": 0.9, "sharpness": 1.3})


def table_of(counts, loss):
    patterns, place, frequency = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    return PatternTable.of(patterns, frequency), LossSums.of(np.bincount(place, loss), np.bincount(place, loss**2))


def pair(items, people, setting, seed):
    """Two models of the same people."""
    a, b = (simulate(items, people, **setting, **model, seed=seed) for model in MODELS)
    assert (a.counts == b.counts).all()
    return a, b


def mean_interval(d):
    n = len(d)
    return weighted_interval(n=n, weight=n, weight_square=n, sum_wx=d.sum(), sum_wwx=d.sum(), sum_wwxx=(d**2).sum())


def unbiased_squares(panel):
    people = panel.counts.sum(axis=1)
    half = 0.5 if panel.counts.shape[1] == 2 else 1.0
    pairs = (panel.counts * (panel.counts - 1)).sum(axis=1) / (people * (people - 1))
    return half * (pairs - 2 * (panel.model * panel.counts).sum(axis=1) / people + (panel.model**2).sum(axis=1))


@pytest.mark.parametrize(
    ("items", "people", "setting"),
    [
        (200, 4, {"shares": (0.5, 0.3, 0.2), "alpha": 1.0}),
        (300, 6, {"shares": (0.6, 0.4), "alpha": 0.8}),
    ],
    ids=["three classes", "two classes"],
)
def test_intervals_hold_the_truth_as_often_as_they_say(items, people, setting):
    big_a, big_b = pair(300_000, people, setting, 10_000)
    truth = {
        "cross-entropy": big_a.cross_entropy.mean(),
        "D²": big_a.squared_distance.mean(),
        "paired difference": (big_a.cross_entropy - big_b.cross_entropy).mean(),
    }
    shares, alpha = np.asarray(setting["shares"]), setting["alpha"]
    entropy = digamma(alpha + 1) - shares @ digamma(alpha * shares + 1)
    truth["KL"] = truth["cross-entropy"] - entropy
    everybody, _ = table_of(big_a.counts, big_a.loss)
    at = LossSums.of(everybody.items * truth["cross-entropy"], everybody.items * (truth["cross-entropy"] ** 2 + 0.1))
    truth["equivalence"] = equivalent_people(frequency_curve(everybody), at).value
    held = dict.fromkeys(truth, 0)
    values = {name: [] for name in truth}
    for seed in range(ROUNDS):
        a, b = pair(items, people, setting, seed)
        table, losses = table_of(a.counts, a.loss)
        found = {
            "cross-entropy": mean_interval(a.loss),
            "D²": mean_interval(unbiased_squares(a)),
            "paired difference": mean_interval(a.loss - b.loss),
            "KL": interval_of(panel_entropy(table).divergence(losses).point),
            "equivalence": equivalent_people(frequency_curve(table), losses),
        }
        for name, one in found.items():
            low, high = (end if end is not None else np.inf for end in (one.low, one.high))
            held[name] += low <= truth[name] <= high
            values[name].append(np.inf if one.value is None else one.value)
    for name, times in held.items():
        # 95 % of 400 is 380; four standard errors are 17.
        assert 380 - 17 - 6 <= times <= 380 + 17, name
        if name != "equivalence":
            noise = np.std(values[name]) / ROUNDS**0.5
            assert abs(np.mean(values[name]) - truth[name]) < 4 * noise + 0.003, name
