"""A few items that carry an interval are found with weights as without, whatever the cut of the data."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import bitsapart as ba
from bitsapart.comparison import Tally
from bitsapart.comparison.intervals import effective_items
from bitsapart.comparison.moments import column_sums, power_sums
from bitsapart.comparison.tails import WeightedTails, carried_by_few


@pytest.mark.parametrize("seed", range(5))
def test_the_effective_number_is_that_of_the_items(seed):
    rng = np.random.default_rng(seed)
    values, weights = rng.gamma(0.5, size=300), rng.uniform(0, 3, 300)
    values[:4] = np.inf
    kept = np.isfinite(values)
    d, w = values[kept], weights[kept]
    r = w * (d - w @ d / w.sum())
    found = WeightedTails.of(values, weights).effective(column_sums(values, weights))
    assert found == pytest.approx((r @ r) ** 2 / np.sum(r**4), rel=1e-9)


def test_weights_of_one_give_what_no_weights_give():
    values = np.random.default_rng(1).gamma(0.5, size=200)
    third, fourth = power_sums(values)
    sums = column_sums(values)
    plain = effective_items(200, *(Fraction(s) for s in (sums.total, sums.xx / 2**104, third / 2**52, fourth / 2**52)))
    assert WeightedTails.of(values, np.ones(200)).effective(sums) == pytest.approx(plain, rel=1e-9)


def test_nothing_is_said_where_the_grid_does_not_hold_the_weights():
    values = np.random.default_rng(2).gamma(0.5, size=200)
    for factor in (1e-5, 1e5):
        weights = np.full(200, factor)
        tails, sums = WeightedTails.of(values, weights), column_sums(values, weights)
        assert tails.effective(sums) is None
        assert carried_by_few(sums, 0, 0, tails) is None
    assert WeightedTails.of(np.ones(9), np.full(9, 2.0)).effective(column_sums(np.ones(9), np.full(9, 2.0))) == 9


@pytest.mark.parametrize("how", ["weights", "per judgement"])
def test_heavy_tails_are_said_with_weights(how):
    rng = np.random.default_rng(3)
    items = 600
    p = rng.dirichlet((2, 2), items)
    counts = rng.multinomial(rng.integers(2, 9, items), p)
    calm, wild = 0.9 * p + 0.05, 0.9 * p + 0.05
    wild[:3] = np.where(counts[:3] > 0, 1e-9, 1 - 1e-9)
    wild[:3] /= wild[:3].sum(axis=1, keepdims=True)
    options = {"per": "judgement"} if how == "per judgement" else {}
    weights = rng.uniform(0.5, 2, items).round(2) if how == "weights" else None
    told = []
    for model in (calm, wild):
        tallies = []
        for cut in ([0, items], [0, 1, 77, 400, items]):
            tally = Tally(["a", "b"], people_kind="counts", model_kind="probs", parts=("tails",), **options)
            for start, end in pairwise(cut):
                part = slice(start, end)
                tally.update(counts[part], model[part], weights=None if weights is None else weights[part])
            tallies.append(tally)
        assert tallies[0].to_bytes() == tallies[1].to_bytes() == Tally.from_bytes(tallies[0].to_bytes()).to_bytes()
        told.append(tallies[1].heavy_tailed())
    assert told == [False, True]


def test_the_answer_warns_and_pairs_know_with_weights():
    rng = np.random.default_rng(4)
    p = rng.dirichlet((2, 2), 500)
    counts = rng.multinomial(5, p)
    wild = 0.9 * p + 0.05
    wild[:2] = np.where(counts[:2] == counts[:2].max(axis=1, keepdims=True), 1e-12, 1 - 1e-12)
    wild[:2] /= wild[:2].sum(axis=1, keepdims=True)
    people = {"item": range(500), "a": counts[:, 0], "b": counts[:, 1], "w": rng.uniform(0.5, 2, 500)}
    models = [{"item": range(500), "a": q[:, 0], "b": q[:, 1]} for q in (0.9 * p + 0.05, wild)]
    result = ba.compare(people, *models, weight="w")
    assert any("a few items carry most of the loss" in warning for warning in result.data["warnings"])
    assert result.data["pairs"][0]["cross_entropy"]["heavy_tailed"] is True
