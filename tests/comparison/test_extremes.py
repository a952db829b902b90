"""The items that teach most, both ways, the same however the data is cut."""

import math

import numpy as np
import pytest

import bitsapart as ba
from bitsapart.comparison import Tally

PEOPLE = [[10, 0], [9, 1], [5, 5], [5, 5], [10, 0], [0, 10], [6, 4]]
MODEL = [[0.1, 0.9], [0.01, 0.99], [0.99, 0.01], [0.5, 0.5], [0.99, 0.01], [1.0, 0.0], [0.8, 0.2]]


def listed(result, kind):
    return [(row["item"], row["value"]) for row in result.data["models"][0]["worst"] if row["kind"] == kind]


def test_both_ways_with_their_values():
    result = ba.compare(PEOPLE, MODEL)
    sure = listed(result, "people-sure")
    # the sixth item's loss is infinite: it is named elsewhere
    assert [item for item, _ in sure] == ["row 2", "row 1"]
    assert sure[0][1] == pytest.approx(-0.9 * math.log2(0.01) - 0.1 * math.log2(0.99))
    split = listed(result, "people-split")
    assert split[0] == ("row 3", pytest.approx(1 + 0.99 * math.log2(0.99) + 0.01 * math.log2(0.01)))
    assert "row 4" not in [item for item, _ in split]
    assert "people split, model sure" in str(result)


def test_one_judgement_is_neither():
    result = ba.compare([0, 1, 0], [[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    assert {row["kind"] for row in result.data["models"][0]["worst"]} == {"farthest"}


def test_any_cut_and_order_keeps_the_same_items():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(2, [0.4, 0.3, 0.3], 200)  # many ties
    q = np.eye(3)[rng.integers(0, 3, 200)] * 0.9 + 1 / 30
    names = [f"i{n}" for n in range(200)]

    def tally(rows):
        made = Tally("abc", model_kind="probs", parts=("extremes", "calibration"), worst=7)
        made.update(counts[rows], q[rows], ids=[names[row] for row in rows])
        return made

    whole, order = tally(np.arange(200)), rng.permutation(200)
    merged = tally(order[:31])
    for start in range(31, 200, 40):
        merged.merge(tally(order[start : start + 40]))
    assert merged.extremes() == whole.extremes()
    assert merged.to_bytes() == whole.to_bytes()
    assert Tally.from_bytes(whole.to_bytes()).to_bytes() == whole.to_bytes()
    assert len(whole.extremes()["people-split"]) == 7
