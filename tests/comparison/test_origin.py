"""The entries of the document: they add up, agree with the answer in memory, and the state survives saving."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import softmax, xlogy

from bitsapart.comparison.calibration import corp
from bitsapart.comparison.cells import FOLDS
from bitsapart.comparison.intervals import Interval
from bitsapart.comparison.origin import OriginSums, Own, fold_of_names, origin_entries
from bitsapart.comparison.recalibration import TemperatureScaling, cross_fit
from bitsapart.comparison.split import split_logs
from bitsapart.errors import StateError

H = Interval(0.3, 0.25, 0.35, 0.025, 100, "")


def _own(score):
    return Own(H, Interval(score - 0.3, score - 0.35, score - 0.25, 0.025, 100, ""), exact=False)


OWN = _own(1.0)


def _world(classes, size=3000):
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(classes), size)
    counts = np.stack([rng.multinomial(5, row) for row in p])
    q = softmax(np.log(p) / 2, axis=1)
    folds = fold_of_names(range(size))
    sums = OriginSums.empty(classes)
    sums.add(counts / 5, q, folds, judgements=counts.sum(axis=1))
    return counts / 5, q, folds, sums


def _whole(terms):
    return sum(term["value"] for term in terms.values())


@pytest.mark.parametrize(("classes", "kind"), [(2, "isotonic"), (4, "temperature")])
def test_the_split_adds_up_and_equals_the_answer_in_memory(classes, kind):
    people, q, folds, sums = _world(classes)
    score = -np.sum(xlogy(people, q), axis=1).mean()
    split = origin_entries(sums, "abcd"[:classes], items=3000, unit="nat", own=_own(score))["split"]
    assert split["log"]["recalibration"] == kind
    assert _whole(split["log"]["terms"]) == pytest.approx(score, abs=1e-12)
    if classes == 2:
        inside, crossed = (corp(people[:, 0], q[:, 0], folds=f).terms().miscalibration.value for f in (None, folds))
    else:
        better = TemperatureScaling.fit(people, q)(q), cross_fit(people, q, folds=folds, kind=kind)(q, folds)
        inside, crossed = (split_logs(people, q, r, entropy=None).calibration.value for r in better)
    saved = split["log"]["terms"]["calibration"]["value"]
    assert crossed - 1e-3 <= saved <= inside + 1e-3
    if classes > 2:
        assert saved == pytest.approx((inside + crossed) / 2, abs=1e-3)
    brier = np.mean(1 - 2 * np.sum(people * q, axis=1) + np.sum(q * q, axis=1)) * (0.5 if classes == 2 else 1)
    assert _whole(split["square"]["terms"]) == pytest.approx(brier, abs=1e-6)
    for entry_of_class in split["corp"]:
        terms = entry_of_class["cross_fitted"]
        values = {name: entry["value"] for name, entry in terms.items()}
        whole = values["miscalibration"] - values["discrimination"] + values["uncertainty"]
        assert whole == pytest.approx(values["score"], abs=1e-12)
    assert len(split["corp"]) == (2 if classes == 2 else 2 + 2 * classes)
    whole = {row["score"]: row for row in split["corp"] if row["class"] == ("a" if classes == 2 else None)}
    assert whole["brier"]["in_sample"]["score"] == pytest.approx(brier, abs=1e-6)
    assert whole["log"]["in_sample"]["score"] == pytest.approx(score, abs=1e-6)
    shares = people.mean(axis=0)
    assert whole["log"]["in_sample"]["uncertainty"] == pytest.approx(-np.sum(xlogy(shares, shares)), abs=1e-6)
    assert whole["log"]["in_sample"]["miscalibration"] >= whole["log"]["cross_fitted"]["miscalibration"]["value"] - 1e-9
    if classes > 2:
        each = [row["in_sample"]["miscalibration"] for row in split["corp"] if row["class"] and row["score"] == "brier"]
        assert sum(each) == pytest.approx(whole["brier"]["in_sample"]["miscalibration"], abs=1e-12)


def test_units_are_converted_everywhere():
    _, _, _, sums = _world(2)
    bits, nats = (origin_entries(sums, "ab", items=3000, unit=unit, own=OWN)["split"] for unit in ("bit", "nat"))
    for name, term in bits["log"]["terms"].items():
        for key in ("value", "low", "high"):
            assert term[key] * math.log(2) == pytest.approx(nats["log"]["terms"][name][key])
    assert bits["square"] == nats["square"]


def test_without_peoples_entropy_grouping_is_not_claimed():
    _, _, _, sums = _world(2)
    assert set(origin_entries(sums, "ab", items=3000)["split"]["log"]["terms"]) == {"calibration", "rest"}


def test_the_state_survives_saving_and_refuses_others():
    _, _, _, sums = _world(3)
    state = json.loads(json.dumps(sums.to_state()))
    again = OriginSums.from_state(state, 3)
    assert origin_entries(again, "abc", items=3000, own=OWN) == origin_entries(sums, "abc", items=3000, own=OWN)
    again.merge(sums)
    assert again.cells.total("weight_square", 0).sum() == 6000
    for broken in ({}, {**state, "shape": [1]}, {**state, "cells": [1, 2, 3]}, {**state, "totals": "x"}):
        with pytest.raises(StateError):
            OriginSums.from_state(broken, 3)
    with pytest.raises(StateError):
        OriginSums.from_state(state, 4)


def test_an_infinite_loss_is_said_where_no_temperature_helps():
    sums = OriginSums.empty(3)
    folds = np.arange(60) % FOLDS
    people, q = np.tile([[1.0, 0, 0], [0, 1.0, 0]], (30, 1)), np.tile([[0.0, 0.5, 0.5], [0.2, 0.6, 0.2]], (30, 1))
    sums.add(people, q, folds, judgements=np.full(60, 2))
    entries = origin_entries(sums, "abc", items=60, own=OWN)
    assert "30 items is infinite" in entries["split"]["log"]["absent"]
    assert math.isfinite(_whole(entries["split"]["square"]["terms"]))
    assert math.isinf(entries["split"]["corp"][1]["cross_fitted"]["score"]["value"])
    assert len(entries["reliability"]) == 3


def test_the_curves_are_bounded_and_shares_sum_to_one():
    _, _, _, sums = _world(3, size=6000)
    for curve in origin_entries(sums, "abc", items=6000)["reliability"]:
        assert len(curve["curve"]) <= 100
        assert len(curve["band"]["q"]) <= 65
        assert sum(curve["histogram"]["share"]) == pytest.approx(1.0)
        levels = [block["people"] for block in curve["curve"]]
        assert levels == sorted(levels)


def test_folds_come_from_the_name_alone():
    names = [f"item {i}" for i in range(5000)]
    folds = fold_of_names(names)
    assert fold_of_names(names[::-1]).tolist() == folds[::-1].tolist()
    assert np.bincount(folds, minlength=FOLDS).min() > 400


def test_the_document_from_any_cut_equals_the_answer_in_memory():
    """Blocks, merging and threads change nothing; the cells lie within their stated error of the exact answer."""
    from bitsapart.comparison import Tally
    from bitsapart.comparison.summary import document

    rng = np.random.default_rng(5)
    p = rng.beta(1, 2, 5000)
    counts = np.column_stack([k := rng.binomial(5, p), 5 - k])
    q = p**1.5
    names = [f"i{n}" for n in range(5000)]
    tallies = []
    for cut in ([0, 5000], [0, 17, 900, 4000, 5000]):
        tally = Tally(["yes", "no"], people_kind="counts", model_kind="probs", parts=("patterns", "calibration"))
        for start, end in pairwise(cut):
            tally.update(counts[start:end], q[start:end], ids=names[start:end])
        tallies.append(tally)
    one, two = (document(tally)["models"][0] for tally in tallies)
    assert one["split"] == two["split"]
    assert one["reliability"] == two["reliability"]
    for entry in one["split"]["corp"]:
        stated = one["split"]["cell_error"][entry["score"]]
        exact = corp(counts[:, 0] / 5, q, score=entry["score"]).terms()
        scale = math.log(2) if entry["score"] == "log" else 1.0
        for term in ("score", "miscalibration", "discrimination", "uncertainty"):
            slack = stated if term in ("miscalibration", "discrimination") else 0.0
            assert entry["in_sample"][term] == pytest.approx(getattr(exact, term).value / scale, abs=1e-8 + slack), term
        whole = entry["in_sample"]
        added = whole["miscalibration"] - whole["discrimination"] + whole["uncertainty"]
        assert added == pytest.approx(whole["score"], abs=1e-12)


def test_reliability_from_cells_is_that_of_the_items():
    from bitsapart.comparison.reliability import reliability, reliability_of_cells

    people, q, _, sums = _world(2)
    exact, ours = reliability(people[:, 0], q[:, 0]), reliability_of_cells(sums.cells, 0)
    places = np.linspace(0.02, 0.98, 97)
    assert np.abs(exact.curve(places) - ours.curve(places)).mean() < 0.01
    np.testing.assert_allclose(ours.share, exact.share, atol=0.005)
    for side in (1, 2):
        inner = np.interp(places, exact.band[:, 0], exact.band[:, side])
        assert np.abs(np.interp(places, ours.band[:, 0], ours.band[:, side]) - inner).mean() < 0.01


@pytest.mark.parametrize(("weight", "said"), [(1e12, "too large"), (1e-9, "too small")])
def test_weights_beyond_the_sums_are_said_and_stop_nothing(weight, said):
    import bitsapart as ba

    rng = np.random.default_rng(0)
    counts, q = rng.multinomial(5, [0.5, 0.3, 0.2], 40), rng.dirichlet(np.ones(3), 40)
    table = {"item": range(40), **dict(zip("abc", counts.T, strict=True)), "w": np.full(40, weight)}
    model = {"item": range(40), **dict(zip("abc", q.T, strict=True))}
    result = ba.compare(table, model, weight="w", classes=("a", "b", "c"))
    assert said in result.data["models"][0]["split"]["log"]["absent"]
    assert result["cross_entropy"].value == pytest.approx(ba.compare(counts, q)["cross_entropy"].value, rel=1e-6)
    assert said in str(result)
    split = ba.compare({**table, "w": np.full(40, 3.0)}, model, weight="w", classes=("a", "b", "c"))
    plain = ba.compare({key: column for key, column in table.items() if key != "w"}, model)
    three, one = (x.data["models"][0]["split"]["log"]["terms"]["calibration"]["value"] for x in (split, plain))
    assert three == pytest.approx(one, abs=1e-6)


def test_logits_beyond_what_probabilities_hold_stay_finite():
    import bitsapart as ba

    logits = np.array([[800.0, 0.0], [0.0, 900.0], [-2.0, 1.0], [0.5, 0.0]])
    result = ba.compare([[2, 1], [0, 3], [1, 2], [2, 1]], logits, model_kind="logits")
    terms = result.data["models"][0]["split"]["log"]["terms"]
    assert sum(term["value"] for term in terms.values()) == pytest.approx(result["cross_entropy"].value, abs=1e-9)
    assert math.isfinite(terms["calibration"]["value"])


@pytest.mark.parametrize("classes", [2, 3])
def test_labels_that_are_the_truth_have_no_entropy_of_their_own(classes):
    import bitsapart as ba

    rng = np.random.default_rng(0)
    q = rng.dirichlet(np.ones(classes), 200)
    labels = np.array([rng.choice(classes, p=row) for row in q])
    split = ba.compare(labels, q, people_kind="exact").data["models"][0]["split"]
    assert split["log"]["terms"]["entropy"]["value"] == 0.0
    assert split["square"]["terms"]["disagreement"]["value"] == pytest.approx(0.0, abs=1e-12)
    assert _whole(split["square"]["terms"]) == pytest.approx(ba.compare(labels, q)["brier"].value, abs=1e-7)


@pytest.mark.parametrize("power", [1.0, 1.8])
def test_the_split_recovers_a_simulated_truth(power):
    """Kinds r of items, people p ~ Dirichlet(6 r), a model that says r^power: every truth is an integral over r."""
    import bitsapart as ba

    def world(items, rng):
        kind = rng.dirichlet((1.0, 1.0), items)
        p = rng.gamma(6 * kind + 1e-12)
        q = np.maximum(kind, 1e-12) ** power
        return kind, p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)

    kind, p, q = world(400_000, np.random.default_rng(1))
    truth = {
        "log": {
            "calibration": np.sum(xlogy(kind, kind) - xlogy(kind, q), axis=1).mean() / math.log(2),
            "grouping": np.sum(xlogy(p, p) - xlogy(kind, kind), axis=1).mean() / math.log(2),
            "entropy": -np.sum(xlogy(p, p), axis=1).mean() / math.log(2),
        },
        "square": {
            "calibration": np.mean((kind - q)[:, 0] ** 2), "grouping": np.mean((p - kind)[:, 0] ** 2),
            "disagreement": np.mean(p[:, 0] * p[:, 1]),
        },
    }  # fmt: skip
    rng, rounds = np.random.default_rng(2), 30
    hits = {(score, term): 0 for score, terms in truth.items() for term in terms}
    for _ in range(rounds):
        _, p, q = world(800, rng)
        split = ba.compare(rng.multinomial(5, p), q, people_kind="counts").data["models"][0]["split"]
        for score, term in hits:
            entry = split[score]["terms"][term]
            hits[score, term] += entry["low"] <= truth[score][term] <= entry["high"]
    assert min(hits.values()) >= 23, hits  # with a coverage of 94 % fewer are less likely than 1 in 1000
