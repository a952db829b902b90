"""Slices: their shares add up and have honest intervals, made for all of them together."""

import math

import numpy as np
import pytest

import bitsapart as ba


def table(seed=0, items=300, hard=0.25, groups=0):
    """A quarter of the items is hard: the model says little there."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), items)
    part = np.where(rng.random(items) < hard, "hard", "easy")
    counts = np.array([rng.multinomial(5, row) for row in p])
    q = np.where((part == "hard")[:, None], 0.2 * p + 0.8 / 3, 0.9 * p + 0.1 / 3)
    people = {"item": [str(n) for n in range(items)], **dict(zip("abc", counts.T, strict=True)), "part": part.tolist()}
    if groups:
        people["page"] = [f"p{n % groups}" for n in range(items)]
    return people, {"item": people["item"], **dict(zip("abc", q.T, strict=True))}


def rows_of(*args, **options):
    return {row["value"]: row for row in ba.compare(*args, by=("part",), **options).data["models"][0]["slices"]}


def test_shares_are_of_the_unbiased_distance_and_add_up():
    people, model = table()
    rows = rows_of(people, model)
    assert list(rows) == ["hard", "easy"]
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    assert sum(row["share_of_items"] for row in rows.values()) == pytest.approx(1)
    whole = ba.compare(people, model)["squared_distance"].value * 300
    for row in rows.values():
        assert row["share_of"] == "squared_distance"
        part = row["measures"]["squared_distance"]["value"] * row["items"]
        assert row["share"] == pytest.approx(part / whole)
        assert row["share_low"] < row["share"] < row["share_high"]
    assert rows["hard"]["share"] > 2 * rows["hard"]["share_of_items"]


def test_infinite_losses_and_single_labels_have_shares_too():
    people, model = table()
    single = {"item": people["item"], "label": ["abc"[n % 3] for n in range(300)], "part": people["part"]}
    assert rows_of(single, model)["hard"]["share_of"] == "cross_entropy"
    model["a"], model["b"], model["c"] = np.zeros(300), np.ones(300), np.zeros(300)
    rows = rows_of(single, model)
    assert rows["hard"]["share_of"] == "brier"
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)


def test_a_perfect_model_has_no_distance_to_share():
    people = {"item": ["1", "2"], "label": ["a", "b"], "part": ["x", "y"]}
    model = {"item": ["1", "2"], "a": [1.0, 0.0], "b": [0.0, 1.0]}
    rows = rows_of(people, model)
    assert [row["share"] for row in rows.values()] == [None, None]
    assert "share" in str(ba.compare(people, model, by=("part",)).data["models"][0]["slices"][0])


def test_all_intervals_are_widened_together():
    people, model = table()
    part = np.array(people["part"]) == "hard"
    counts, q = (np.column_stack([side[c] for c in "abc"])[part] for side in (people, model))
    alone = ba.compare(counts, q).data["models"][0]["measures"]
    row = rows_of(people, model)["hard"]
    assert row["level"] == pytest.approx(0.975)
    for key in ("cross_entropy", "brier", "perplexity", "accuracy"):
        inner, outer = alone[key], row["measures"][key]
        assert outer["value"] == pytest.approx(inner["value"], rel=1e-12)
        assert outer["low"] < inner["low"]
        assert outer["high"] > inner["high"]
    ratio = math.log(row["measures"]["perplexity"]["high"]) * math.log2(math.e)
    assert ratio == pytest.approx(row["measures"]["cross_entropy"]["high"], rel=1e-9)


@pytest.mark.parametrize("groups", [0, 60])
def test_the_interval_of_a_share_covers(groups):
    """The share of the hard items in endless data, by simulation of many panels."""
    options = {"group": "page"} if groups else {}
    truth = rows_of(*table(seed=1000, items=40_000), detail=False)["hard"]["share"]
    hits = 0
    for seed in range(40):
        row = rows_of(*table(seed=seed, items=700, groups=groups), detail=False, worst=0, **options)["hard"]
        hits += row["share_low"] <= truth <= row["share_high"]
    assert hits >= 35


def test_groups_count_as_one():
    people, model = table(groups=20)
    lone, grouped = (rows_of(people, model, **options)["hard"] for options in ({}, {"group": "page"}))
    assert lone["share"] == pytest.approx(grouped["share"])
    assert lone["share_low"] != grouped["share_low"]


@pytest.mark.parametrize("options", [{}, {"group": "g"}])
def test_items_that_weigh_nothing_give_no_measure_and_no_slice(options):
    people = {"item": list("abcd"), "x": [3, 1, 0, 1], "y": [0, 0, 1, 0], "w": [0, 1, 1, 2], "s": list("pqqq")}
    people["g"] = list("1122")
    model = {"item": list("abcd"), "x": [0.5, 0.75, 0.75, 0.5], "y": [0.5, 0.25, 0.25, 0.5]}
    result = ba.compare(people, model, weight="w", by=("s",), **options)
    assert (
        "squared_distance" not in result.data["models"][0]["measures"]
    )  # the only item with two answers weighs nothing
    assert result["cross_entropy"].value == pytest.approx((-math.log2(0.75) + 2 + 2) / 4)
    assert [row["value"] for row in result.data["models"][0]["slices"]] == ["q"]
    assert "slice s = p is left out: its items weigh nothing" in result.data["warnings"]
    model["x"], model["y"] = [0.5, 0.0, 1.0, 0.0], [0.5, 1.0, 0.0, 1.0]
    endless = ba.compare(people, model, weight="w", **options)
    assert endless["cross_entropy"].value == math.inf
    assert endless.entry("cross_entropy")["finite"]["value"] is None
    assert '"value": "inf"' in endless.to_json()
