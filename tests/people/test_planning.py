from math import inf

import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.people.patterns import PatternTable
from bitsapart.people.planning import (
    Components,
    like_models,
    people_components,
    plan,
    variance_components,
)
from bitsapart.people.simulation import simulate

PANEL = {"shares": [0.5, 0.3, 0.2], "alpha": 1.0}


def truth_of(seed=0, **model):
    """σ_between² and σ_within² of the loss, from very many items with known distributions."""
    panel = simulate(200_000, 2, seed=seed, **PANEL, **model)
    loss = -np.log(panel.model)
    mean = (panel.truth * loss).sum(1)
    return mean.var(), ((panel.truth * loss**2).sum(1) - mean**2).mean()


@pytest.mark.parametrize("ragged", [False, True])
def test_components_are_unbiased(ragged):
    between, within = truth_of()
    found = []
    for seed in range(300):
        people = np.tile([2, 3, 7], 50) if ragged else 3
        panel = simulate(150, people, seed=seed + 1, **PANEL)
        parts = variance_components(panel.counts, -np.log(panel.model))
        found.append((parts.between, parts.within))
    noise = 3.5 * np.std(found, axis=0) / len(found) ** 0.5
    assert np.abs(np.mean(found, axis=0) - [between, within])[0] < noise[0]
    assert np.abs(np.mean(found, axis=0) - [between, within])[1] < noise[1]


def test_blocks_add_up_and_patterns_stand_for_items():
    panel = simulate(90, np.tile([2, 3, 4], 30), seed=1, **PANEL)
    loss = -np.log(panel.model)
    whole = variance_components(panel.counts, loss)
    parts = variance_components(panel.counts[:40], loss[:40]) + variance_components(panel.counts[40:], loss[40:])
    assert parts.between == pytest.approx(whole.between)
    assert parts.within == pytest.approx(whole.within)
    twice = variance_components(panel.counts, loss, frequency=np.full(90, 2))
    assert twice.n == 180
    assert twice.within == pytest.approx(whole.within)


def test_what_cannot_be_used_is_counted():
    counts = [[2, 1], [1, 0], [1, 1], [3, 0]]
    losses = [[0.1, 0.2], [0.1, 0.2], [0.3, inf], [0.3, inf]]
    parts = variance_components(counts, losses)
    assert (parts.n, parts.infinite, parts.single) == (2, 1, 1)
    assert variance_components([[2, 0]], [[0.5, 9.0]]).within == 0.0
    with pytest.raises(DomainError, match=r"counts has shape \(1, 2\) and losses \(1, 3\)"):
        variance_components([[2, 1]], [[0.1, 0.2, 0.3]])


def test_the_plan_holds_in_simulation():
    """A panel of the planned size has intervals of about the width that was asked for, and 95 % of them are right."""
    pilot = simulate(400, 3, seed=11, **PANEL)
    made = plan(variance_components(pilot.counts, -np.log(pilot.model)), within=0.08, item_price=1, judgement_price=0.5)
    truth = simulate(200_000, 2, seed=12, **PANEL).cross_entropy.mean()
    errors, widths = [], []
    for seed in range(300):
        panel = simulate(made.cheapest.items, made.cheapest.people, seed=1000 + seed, **PANEL)
        errors.append(panel.loss.mean() - truth)
        widths.append(1.97 * panel.loss.std(ddof=1) / made.cheapest.items**0.5)
    assert np.mean(widths) == pytest.approx(0.08, rel=0.15)
    assert 0.90 < np.mean(np.abs(errors) < 0.08) < 0.985


def test_the_detectable_difference_is_found_four_times_in_five():
    good, poor = {"noise": 0.4}, {"noise": 0.4, "sharpness": 1.15}
    first, second = (simulate(20_000, 3, seed=21, **PANEL, **model) for model in (good, poor))
    assert (first.counts == second.counts).all()
    difference = variance_components(first.counts, np.log(first.model) - np.log(second.model))
    parts = variance_components(first.counts, -np.log(first.model))
    one = next(split for split in plan(parts, within=0.04, difference=difference).splits if split.people == 3)
    many = [simulate(200_000, 3, seed=22, **PANEL, **model).cross_entropy.mean() for model in (good, poor)]
    # Shift δ so that its true mean is the detectable difference, and count how often a t-test finds it.
    found = 0
    for seed in range(300):
        a = simulate(one.items, 3, seed=3000 + seed, **PANEL, **good)
        b = simulate(one.items, 3, seed=3000 + seed, **PANEL, **poor)
        delta = b.loss - a.loss - (many[1] - many[0]) + one.detectable
        found += abs(delta.mean()) / (delta.std(ddof=1) / one.items**0.5) > 1.97
    assert 0.73 < found / 300 < 0.88


def test_items_and_people_follow_the_prices():
    parts = Components(n=500, d=0.0, dd=500 * 1.0 - 0, spread=500 * 2.0, noise=0.0)  # σ_between² ≈ 1, σ_within² = 2
    dear_items = plan(parts, within=0.05, item_price=8, judgement_price=1)
    dear_people = plan(parts, within=0.05, item_price=0, judgement_price=1)
    assert dear_people.cheapest.people == 1  # a new item always tells more than another person
    assert dear_items.cheapest.people == 4  # √(σ_within²·8/(σ_between²·1)) = 4
    assert dear_items.cheapest.items == pytest.approx(1.96**2 * 1.5 / 0.05**2, rel=0.01)
    assert dear_items.cheapest.price == dear_items.cheapest.items * (8 + 4)
    assert dear_items.cheapest.price == min(split.price for split in dear_items.splits)
    assert plan(parts, within=0.05, least_people=2).cheapest.people == 2
    assert [split.people for split in dear_items.splits] == [1, 2, 3, 4, 5, 10, 20, 50]


def test_few_items_take_students_quantile_into_account():
    parts = Components(n=500, d=0.0, dd=500.0, spread=0.0, noise=0.0)
    items = plan(parts, within=1.0).cheapest.items
    assert items == 7  # t(6) = 2.447, 2.447·√(1.002/7) = 0.926; with 6 items 1.05
    assert items > 1.96**2


def test_people_alone_stand_for_a_model_as_good_as_the_others():
    panel = simulate(3000, 4, seed=31, **PANEL)
    table = PatternTable.of(panel.counts, np.ones(3000))
    alone = people_components(table)
    real = variance_components(panel.counts, -np.log(simulate(3000, 4, seed=31, sharpness=2, **PANEL).model))
    assert 0 < alone.within < real.within
    assert alone.n == 3000
    brier = people_components(table, score="brier")
    assert 0 < brier.within < 2
    even = people_components(PatternTable.of([[2, 2], [1, 0]], [50, 4]))
    assert even.within == pytest.approx(0.0, abs=1e-2)
    assert even.single == 4


def test_like_models_are_correlated():
    parts = variance_components([[2, 0], [1, 1], [0, 2]], [[0.1, 2.0]] * 3)
    half = like_models(parts, correlation=0.5)
    assert half.between == pytest.approx(parts.between)
    assert half.within == pytest.approx(parts.within)
    assert like_models(parts, correlation=0.875).within == pytest.approx(parts.within / 4)


def test_notes_say_what_was_assumed():
    parts = variance_components([[2, 1], [1, 0], [1, 1], [3, 1]], [[0.1, 0.2], [0.1, 0.2], [0.3, inf], [0.1, 0.2]])
    made = plan(parts, within=0.1)
    assert made.notes == (
        "the pilot's items differ less than chance gives; their variance is taken as 0",
        "left out: 1 item with an infinite loss",
        "left out: 1 item with one judgement",
        "the pilot has only 2 usable items: take the plan as a rough one",
        "two models are assumed to vary like this one, with a correlation of 0.7 between their losses",
    )


def test_what_cannot_be_planned_gets_a_sentence():
    parts = variance_components([[2, 0], [1, 1], [0, 2]], [[0.1, 2.0]] * 3)
    with pytest.raises(DomainError, match="the pilot has fewer than two items with two judgements"):
        plan(variance_components([[1, 0], [0, 1]], [[0.1, 2.0]] * 2), within=0.1)
    with pytest.raises(DomainError, match="within is 0, but must be positive"):
        plan(parts, within=0)
    with pytest.raises(DomainError, match="prices must be ≥ 0, and one of them positive"):
        plan(parts, within=0.1, judgement_price=0)
    with pytest.raises(DomainError, match="least_people is 5 and most_people 3"):
        plan(parts, within=0.1, least_people=5, most_people=3)
