"""What the terminal says of panels of different sizes: what rests on fewer items is said to."""

import re

import numpy as np
import pytest

import bitsapart as ba


def test_brier_is_the_sum_on_the_items_that_two_judged():
    counts = [[1, 0], [2, 1], [0, 3], [1, 1], [0, 1], [4, 0]]
    q = [[0.125, 0.875], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.875, 0.125], [0.75, 0.25]]
    text = str(ba.compare(counts, q))
    assert "among people; Brier = D² + G on 4 items" in text
    assert "unbiased; of 2 judgements or more" in text
    line = next(line for line in text.splitlines() if "Brier score of the 4 items that two or more judged" in line)
    whole = float(re.search(r"judged ([\d.]+) =", line)[1])
    p, q = np.array(counts) / np.sum(counts, axis=1, keepdims=True), np.array(q)
    brier = (1 - 2 * (p * q).sum(axis=1) + (q**2).sum(axis=1)) / 2
    assert whole == pytest.approx(brier[[1, 2, 3, 5]].mean(), abs=0.006)
    full = str(ba.compare(counts[1:4], q[1:4]))
    assert "Brier = D² + G   " in full.replace("\n", "   ")
    assert "that two or more judged" not in full.partition("Brier")[2].splitlines()[0]


def test_one_of_something_is_no_plural():
    text = str(ba.compare([[3, 0]], [[0.75, 0.25]]))
    assert text.startswith("1 item · 3 judgements (3 per item)")


def test_shares_of_a_distance_that_may_be_nothing_are_not_given():
    rng = np.random.default_rng(1)
    p = rng.dirichlet([1, 1], 60)
    counts = np.array([rng.multinomial(3, row) for row in p])
    people = {"cat": counts[:, 0], "dog": counts[:, 1], "part": ["a", "b"] * 30}
    model = {"cat": p[:, 0], "dog": p[:, 1]}
    result = ba.compare(people, model, by="part", in_order=True)
    assert result["squared_distance"].low <= 0
    rows = result.data["models"][0]["slices"]
    assert {row["share_of"] for row in rows} == {"cross_entropy"}
    assert all(0 < row["share_low"] < row["share_high"] < 1 for row in rows)


@pytest.mark.parametrize(("unit", "name"), [("bit", "bits"), ("nat", "nats"), ("hartley", "hartleys")])
def test_the_distance_is_said_in_the_unit_that_was_asked_for(unit, name):
    text = str(ba.compare([[3, 1], [1, 3], [2, 2]], [[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]], unit=unit))
    line = next(line for line in text.splitlines() if "KL divergence" in line)
    assert f"{name} apart" in line
    assert set(re.findall("bits|nats|hartleys", line)) == {name}
    assert "{" not in text


def test_what_recalibration_saves_has_its_unit():
    rng = np.random.default_rng(3)
    p = rng.dirichlet([1, 1, 1], 200)
    q = p**2 / (p**2).sum(axis=1, keepdims=True)
    counts = np.array([rng.multinomial(5, row) for row in p])
    line = next(
        line for line in str(ba.compare(counts, q, recalibrate=True, unit="nat")).splitlines() if "recal" in line
    )
    assert re.search(r"cross-entropy [\d.]+ nats, not [\d.]+: saves [\d.]+ nats \([\d.]+ – [\d.]+\)", line)
