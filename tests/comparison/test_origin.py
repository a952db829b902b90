"""The entries of the document: they add up, agree with the answer in memory, and the state survives saving."""

import json
import math

import numpy as np
import pytest
from scipy.special import softmax, xlogy

from bitsapart.comparison.cells import FOLDS
from bitsapart.comparison.intervals import Interval
from bitsapart.comparison.origin import OriginSums, Own, fold_of_names, origin_entries
from bitsapart.comparison.recalibration import cross_fit
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
    recalibrated = cross_fit(people, q, folds=folds, kind=kind)(q, folds)
    exact = split_logs(people, q, recalibrated, entropy=None)
    assert split["log"]["terms"]["calibration"]["value"] == pytest.approx(exact.calibration.value, abs=1e-3)
    brier = np.mean(1 - 2 * np.sum(people * q, axis=1) + np.sum(q * q, axis=1)) * (0.5 if classes == 2 else 1)
    assert _whole(split["square"]["terms"]) == pytest.approx(brier, abs=1e-6)
    for corp in split["corp"]:
        terms = corp["cross_fitted"]
        values = {name: entry["value"] for name, entry in terms.items()}
        whole = values["miscalibration"] - values["discrimination"] + values["uncertainty"]
        assert whole == pytest.approx(values["score"], abs=1e-12)
    assert [row["class"] for row in split["corp"][::2]] == ["a"] * (classes == 2) or len(split["corp"]) == 2 * classes


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
    assert math.isinf(entries["split"]["corp"][0]["cross_fitted"]["score"]["value"])
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
