"""Laws that follow from a row of the catalogue alone: a new measure is held to them as soon as it has a row."""

from math import isinf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsapart.measures import CATALOGUE

ROWS = list(CATALOGUE.values())
ORDERED = {"ranked_probability_score", "ranked_squared_distance"}
"""Here the order of the classes means something."""
law = settings(max_examples=20, deadline=None)


def named(rows):
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.key)


def distributions(classes, smallest=0.0):
    weight = st.sampled_from([smallest, 1e-9, 1.0]) | st.floats(max(smallest, 1e-3), 1.0)
    weights = st.lists(weight, min_size=classes, max_size=classes).filter(lambda row: sum(row) > 1e-3)
    return weights.map(lambda row: np.array(row) / sum(row))


def panels(classes):
    counts = st.lists(st.integers(0, 20), min_size=classes, max_size=classes)
    return counts.filter(lambda row: sum(row) >= 2).map(lambda row: np.array(row, dtype=float))


@st.composite
def arguments(draw, row, smallest=0.0):
    """What a measure of this kind takes: one item, as arrays whose last axis (for tables: two) holds the classes."""
    classes = draw(st.integers(2, 5))
    if row.arguments == "table":
        columns = draw(st.integers(2, 4))
        return (draw(distributions(classes * columns, smallest)).reshape(classes, columns),)
    kinds = {
        "events": (st.floats(max(smallest, 1e-300), 1).map(np.array),),
        "distribution": (distributions(classes, smallest),),
        "panel": (panels(classes),),
        "pair": (distributions(classes, smallest), distributions(classes, smallest)),
        "panel and model": (panels(classes), distributions(classes, smallest)),
        "outcomes": (panels(classes), distributions(classes, smallest)),
    }
    return tuple(draw(kind) for kind in kinds[row.arguments])


def options(row):
    return {"under": "multinomial"} if row.arguments == "outcomes" else {}


def value(row, given_to, **more):
    return row.function(*given_to, **options(row), **more)


def same(found, wanted):
    assert np.ravel(found).tolist() == pytest.approx(np.ravel(wanted).tolist(), rel=1e-9, abs=1e-12)


@named(ROWS)
@law
@given(data=st.data())
def test_the_range_of_the_row_holds(row, data):
    found = value(row, data.draw(arguments(row)))
    assert np.all(found >= row.low - 1e-12)
    assert np.all(found <= row.high + 1e-12)


@named([row for row in ROWS if row.unit in ("information", "root of information")])
@law
@given(data=st.data())
def test_another_unit_is_a_factor(row, data):
    given_to = data.draw(arguments(row, smallest=1e-12))
    bits, nats, hartleys = (value(row, given_to, unit=unit) for unit in ("bit", "nat", "hartley"))
    power = 0.5 if row.unit == "root of information" else 1.0
    same(nats, np.asarray(bits) * log(2) ** power)
    same(nats, np.asarray(hartleys) * log(10) ** power)


@named([row for row in ROWS if row.arguments != "events" and row.key not in ORDERED])
@law
@given(data=st.data())
def test_the_order_of_the_classes_is_irrelevant(row, data):
    given_to = data.draw(arguments(row))
    order = list(data.draw(st.permutations(range(given_to[0].shape[-1]))))
    found = value(row, tuple(side[..., order] for side in given_to))
    wanted = np.asarray(value(row, given_to))
    same(found, wanted[..., order] if wanted.ndim == 2 else wanted)  # the information of every cell moves along


@named([row for row in ROWS if row.arguments != "outcomes"])
@law
@given(data=st.data())
def test_each_item_has_its_own_value(row, data):
    one = data.draw(arguments(row))
    other = tuple(np.roll(side, 1, axis=-1) if side.ndim else side for side in one)
    both = value(row, tuple(np.stack(sides) for sides in zip(one, other, strict=True)))
    same(both[0], value(row, one))
    same(both[1], value(row, other))


@named([row for row in ROWS if row.arguments == "outcomes"])
@law
@given(data=st.data())
def test_an_item_twice_is_its_counts_twice(row, data):
    counts, model = data.draw(arguments(row, smallest=1e-6))
    once, twice = value(row, (counts, model)), value(row, (2 * counts, model))
    same(value(row, (np.stack([counts, counts]), model)), twice)
    if row.key in ("log_loss", "geometric_mean_probability"):  # a mean over judgements
        same(twice, once)
    elif row.key == "likelihood":
        same(twice, once**2)
    else:
        same(twice, 2 * once)


@named([row for row in ROWS if row.arguments in ("pair", "panel and model", "distribution", "panel", "outcomes")])
@law
@given(data=st.data())
def test_a_class_that_nobody_knows_of_changes_nothing(row, data):
    given_to = data.draw(arguments(row).filter(lambda sides: len(sides[0]) > 2))  # two classes are a case of their own
    more = tuple(np.append(side, 0.0) for side in given_to)
    same(value(row, more), value(row, given_to))


@named([row for row in ROWS if row.arguments == "panel and model"])
@law
@given(data=st.data())
def test_of_exact_people_a_distance_to_themselves_is_nothing(row, data):
    p = data.draw(distributions(data.draw(st.integers(2, 5))))
    assert row.function(p, p, people_kind="probs") == 0


@named([CATALOGUE[key] for key in ("entropy", "cross_entropy", "kl_divergence", "perplexity")])
@law
@given(data=st.data())
def test_of_independent_systems_it_adds_up(row, data):
    first, second = (data.draw(arguments(row, smallest=1e-6)) for _ in range(2))
    joint = tuple(np.outer(one, other).ravel() for one, other in zip(first, second, strict=True))
    joint = tuple(side / side.sum() for side in joint)
    parts = value(row, first), value(row, second)
    same(value(row, joint), parts[0] * parts[1] if row.key == "perplexity" else parts[0] + parts[1])


@named([row for row in ROWS if row.better == "lower" and row.arguments == "pair"])
@law
@given(data=st.data())
def test_nothing_is_nearer_to_people_than_people(row, data):
    """A loss is smallest for the model that says what people say."""
    p, q = data.draw(arguments(row))
    nearest = value(row, (p, p))
    assert nearest <= value(row, (p, q)) + 1e-12 or isinf(nearest)
