import csv
from math import log
from pathlib import Path

import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.people.bayesian import bayesian_curve
from bitsapart.people.columns import column_curve
from bitsapart.people.equivalence import equivalent_people
from bitsapart.people.patterns import LossSums, PatternTable

RUNNING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "running-example"


def table_of(counts, loss=None):
    patterns, place, frequency = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    table = PatternTable.of(patterns, frequency)
    if loss is None:
        return table
    return table, LossSums.of(np.bincount(place.ravel(), loss), np.bincount(place.ravel(), loss**2))


@pytest.fixture
def ratings():
    """Six raters, forty items, three classes; no entry missing."""
    random = np.random.default_rng(1)
    p = random.dirichlet([1.0, 0.7, 0.5], 40)
    return np.array([random.choice(3, 6, p=row) for row in p])


def test_on_a_full_table_the_columns_give_the_mean_over_all_draws(ratings):
    counts = np.stack([(ratings == c).sum(axis=1) for c in range(3)], axis=1)
    expected = bayesian_curve(table_of(counts), leave_out=False).mean
    np.testing.assert_allclose(column_curve(ratings, combiner="bayesian", leave_out=False, clip=0), expected, rtol=1e-9)


def test_dealing_people_out_to_other_columns_changes_the_result_only_where_some_are_missing(ratings):
    shuffled = np.random.default_rng(2).permuted(ratings, axis=1)
    np.testing.assert_allclose(column_curve(ratings), column_curve(shuffled), rtol=1e-12)
    missing = np.random.default_rng(3).random(ratings.shape) < 0.4
    holes = np.where(missing, -1, ratings)
    dealt = np.random.default_rng(4).permuted(holes, axis=1)
    assert np.abs(column_curve(holes) - column_curve(dealt)).max() > 1e-3


def test_leaving_the_item_out_costs_something(ratings):
    own = column_curve(ratings, combiner="bayesian", leave_out=False)
    assert (column_curve(ratings, combiner="bayesian")[2:] > own[2:]).all()


def test_sets_beyond_the_limit_are_drawn_with_the_seed(ratings):
    few = column_curve(ratings, sets=5, seed=1)
    np.testing.assert_array_equal(few, column_curve(ratings, sets=5, seed=1))
    assert np.abs(few - column_curve(ratings))[2] > 0
    assert column_curve(ratings, clip=0)[1] == np.inf


def test_bad_tables_get_a_sentence(ratings):
    with pytest.raises(DomainError, match="must be a table of whole-number codes"):
        column_curve(ratings * 1.0)
    with pytest.raises(DomainError, match="k_max is 6, but must lie between 0 and 5"):
        column_curve(ratings, k_max=6)


@pytest.fixture
def running_example():
    if not RUNNING.exists():
        pytest.skip("the shared data are not on this machine")
    table = np.full((1000, 10), -1)
    with (RUNNING / "people.csv").open() as file:
        for row in csv.DictReader(file):
            table[int(row["item"]), int(row["annotator"].removeprefix("e_")) - 1] = row["label"] == "neg"
    model = np.zeros((1000, 2))
    with (RUNNING / "model-calibrated-hard.csv").open() as file:
        for row in csv.DictReader(file):
            model[int(row["item"])] = float(row["pos"]), float(row["neg"])
    return table, model


def test_the_published_running_example(running_example):
    """Figures of the data README: the frequency curve with the authors' clip, the ABC curve, one equivalence."""
    table, model = running_example
    frequency = -column_curve(table, k_max=3) / log(2)
    np.testing.assert_allclose(frequency[1:], [-1.783681, -1.209795, -1.027002], atol=1e-6)
    counts = np.stack([(table == 0).sum(axis=1), (table == 1).sum(axis=1)], axis=1)
    patterns, losses = table_of(counts, -(counts / 10 * np.log(model)).sum(axis=1))
    curve = bayesian_curve(patterns, leave_out=False)
    np.testing.assert_allclose(-curve.mean[1:4] / log(2), [-0.874777, -0.819800, -0.789191], atol=1e-6)
    worth = equivalent_people(curve, losses)
    assert worth.score / log(2) == pytest.approx(0.8220344766017487, rel=1e-12)
    assert worth.value == pytest.approx(1.9593498, abs=1e-6)
