"""The terminal: numbers as a person reads them, lines that add up and fit, names that cannot command the terminal."""

import re
from decimal import Decimal
from itertools import chain

import numpy as np
import pytest

import bitsapart as ba
from bitsapart.comparison.numerals import adding_up, between, complement, fixed, half_width, quantity, readable
from bitsapart.comparison.text import as_text


def entry(value, low=None, high=None, unit="bit"):
    return {"value": value, "low": low, "high": high, "unit": unit}


def panel(items=200, classes=3, people=6, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), items)
    q = (p + 0.05) ** 0.7
    return np.array([rng.multinomial(people, row) for row in p]), q / q.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (entry(0.51234, 0.472, 0.55), ("0.512", "bits", "0.472 – 0.550")),
        (entry(-0.05, -0.09, -0.01), ("−0.050", "bits", "−0.090 to −0.010")),
        (entry(0.0629, 0.0582, 0.0677, "share"), ("6.29", "%", "5.82 – 6.77")),
        (entry(12345.0, 12300.0, 12390.0, "nat"), ("12\u202f345", "nats", "12\u202f300 – 12\u202f390")),
        (entry("inf"), ("∞", "bits", "")),
        (entry(float("-inf"), unit="nat"), ("−∞", "nats", "")),
        (entry(None, high=1.25), ("≤ 1.2500", "bits", "")),
        (entry(None), ("unknown", "", "")),
        (entry(-1e-9, -0.04, 0.04), ("0.000", "bits", "−0.040 to 0.040")),
    ],
)  # fmt: skip
def test_numbers_have_the_digits_their_interval_deserves(given, shown):
    assert readable(given) == shown


def test_other_forms():
    assert quantity(entry(0.0629, 0.0582, 0.0677, "share")) == ("6.29 %", "5.82 – 6.77 %")
    assert half_width(entry(0.5, 0.4, 0.6)) == "0.50 ± 0.10"
    assert half_width(entry(0.0629, 0.0582, 0.0677, "share")) == "6.29 ± 0.47 %"
    assert half_width(entry("inf")) == "∞"
    assert complement(entry(0.9, 0.8, 0.95))["low"] == pytest.approx(0.05)
    assert between("1", "2") == "1 – 2"
    assert fixed(float("-inf"), 2) == "−∞"


def flat(text):
    return [text] if isinstance(text, str) else text


def test_what_is_printed_adds_up_and_is_rounded_like_everything_else():
    rng = np.random.default_rng(0)
    for _ in range(300):
        parts = rng.normal(size=3).tolist()
        whole, *shown = (Decimal(text.replace("−", "-")) for text in chain(*map(flat, adding_up(parts, 3))))
        assert whole == sum(shown)
        digits = -whole.as_tuple().exponent
        assert [whole, *shown] == [round(Decimal(number), digits) for number in (sum(parts), *parts)]
        fewer = [round(Decimal(number), digits - 1) for number in (sum(parts), *parts)]
        assert digits == 3 or fewer[0] != sum(fewer[1:])
    assert adding_up([float("inf"), 0.25], 2) == ("∞", ["∞", "0.25"])


@pytest.mark.parametrize("options", [{}, {"total": True}, {"unit": "nat", "per": "judgement"}])
def test_the_origin_adds_up_in_print(options):
    text = str(ba.compare(*panel(), **options))
    line = next(line for line in text.splitlines() if line.startswith("  cross-entropy ") and "calibration" in line)
    numbers = re.findall(r"−?[\d\u202f.]+", line.replace("− ", "−"))
    whole, *parts = (float(n.replace("−", "-").replace("\u202f", "")) for n in numbers)
    assert len(parts) == 3
    assert whole == pytest.approx(sum(parts), abs=1e-9)
    assert "Where the distance comes from" in text


def test_one_judgement_leaves_a_rest():
    text = str(ba.compare([0, 1, 0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5], [0.3, 0.7]]))
    assert "the rest" in text
    assert "people's own" not in text.partition("Where the distance comes from")[2].partition("farthest")[0]
    assert "KL ≤" in text
    assert "If the labels are the truth itself, add --people-kind exact" in text


def test_an_infinite_loss_says_how_far_the_others_are():
    text = str(ba.compare([[2, 1, 0], [3, 0, 0], [0, 3, 0]], [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.4, 0.1, 0.5]]))
    assert "infinite loss on 1 of 3 items" in text
    assert "on the other 2 items the cross-entropy is" in text
    assert "the loss of 1 item is infinite, and no temperature makes it finite" in text


def test_several_models_have_one_line_each():
    counts, q = panel()
    text = str(ba.compare(counts, q, np.full_like(q, 1 / 3)))
    table = text.partition("the cross-entropy in parts")[2].splitlines()[1:4]
    assert [len(re.findall("±", line)) for line in table] == [0, 3, 3]


@pytest.mark.parametrize("options", [{}, {"by_class": True, "recalibrate": True, "ordinal": True}])
def test_no_line_is_wider_than_asked_and_none_wraps_at_110(options):
    result = ba.compare(*panel(), **options)
    assert max(map(len, as_text(result.data, width=80).splitlines())) <= 80
    wide, wider = (as_text(result.data, width=width).splitlines() for width in (110, 200))
    assert len(wide) == len(wider)


def test_names_cannot_command_the_terminal():
    people = {"item": ["\x1b[2Jgone", "b\x07", "c\u202egnp"], "\x1b[31mred": [3, 0, 1], "blue": [0, 3, 2]}
    model = {"item": people["item"], "\x1b[31mred": [0.1, 0.9, 0.5], "blue": [0.9, 0.1, 0.5]}
    result = ba.compare(people, model, by_class=True)
    assert "\x1b[31mred" in result.data["classes"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", str(result))
