"""Systems over different events are aligned by name."""

import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.measures import (
    absolute_error,
    align,
    cross_entropy,
    entropy,
    kl_divergence,
    log_likelihood,
    ranked_probability_score,
    ranked_squared_distance,
    squared_distance,
)

BETS = {"win": 0.5, "draw": 0.25, "lose": 0.25}


def test_events_that_one_side_lacks_count_nothing():
    found = align({"a": 0.5, "b": 0.5}, {"c": 0.25, "b": 0.75})
    assert found.events == ("a", "b", "c")
    assert found.people.tolist() == [0.5, 0.5, 0.0]
    assert found.model.tolist() == [0.0, 0.75, 0.25]


@pytest.mark.parametrize(("kind", "missing"), [("probs", 0.0), ("logits", -np.inf), ("log-probs", -np.inf)])
def test_what_is_missing_is_impossible_in_every_representation(kind, missing):
    assert align({"a": 1.0, "b": 0.0}, {"a": 0.0}, model_kind=kind).model.tolist() == [0.0, missing]


def test_the_order_of_names_is_irrelevant():
    backwards = dict(reversed(BETS.items()))
    model = {"lose": 0.5, "win": 0.25, "draw": 0.25}
    assert cross_entropy(BETS, model) == pytest.approx(cross_entropy(backwards, model))
    assert kl_divergence(BETS, backwards) == 0
    assert entropy(BETS) == 1.5


def test_measures_of_different_events():
    assert kl_divergence({"a": 1.0}, {"a": 0.5, "b": 0.5}) == 1
    assert kl_divergence({"a": 0.5, "b": 0.5}, {"a": 1.0}) == np.inf
    assert absolute_error({"a": 1.0}, {"b": 1.0}) == 1
    assert squared_distance({"a": 2}, {"a": 0.5, "b": 0.5}) == 0.25


def test_series_are_aligned_by_index():
    pandas = pytest.importorskip("pandas")
    people = pandas.Series([0.25, 0.75], index=["dog", "cat"])
    model = pandas.Series([0.5, 0.5], index=["cat", "dog"])
    assert cross_entropy(people, model) == 1
    assert kl_divergence(people, {"cat": 0.75, "dog": 0.25}) == 0
    with pytest.raises(DomainError, match="'a' twice"):
        entropy(pandas.Series([0.5, 0.5], index=["a", "a"]))


def test_series_without_names_are_arrays():
    polars = pytest.importorskip("polars")
    assert kl_divergence(polars.Series([1.0, 0.0]), polars.Series([0.25, 0.75])) == 2
    assert log_likelihood(polars.Series(["cat", "dog"]), {"cat": 0.5, "dog": 0.5}) == log_likelihood([0, 1], [0.5, 0.5])
    with pytest.raises(DomainError, match=r"distribution\[1\] is nan"):
        entropy(polars.Series([1.0, None]))


@pytest.mark.parametrize("value", [None, "0.5", [0.5]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DomainError, match=r"people\['a'\] is .*, but must be a number"):
        align({"a": value}, {"a": 1.0})


def test_names_on_one_side_only_are_refused():
    with pytest.raises(DomainError, match="people has no event names but model has"):
        cross_entropy([0.5, 0.5], {"a": 0.5, "b": 0.5})
    with pytest.raises(DomainError, match="mapping"):
        cross_entropy({"a": 0.5}, 0.5, binary=True)


def test_ordered_classes_keep_their_order():
    full = {"bad": 0.5, "fair": 0.25, "good": 0.25}
    assert ranked_probability_score({"bad": 0.5, "good": 0.5}, full) == 0.0625
    assert ranked_probability_score(full, {"bad": 0.5, "good": 0.5}) == 0.0625
    assert ranked_squared_distance({"bad": 1, "good": 1}, full) == ranked_squared_distance([1, 0, 1], [0.5, 0.25, 0.25])
    for people in ({"good": 0.5, "bad": 0.5}, {"bad": 0.5, "awful": 0.5}):
        with pytest.raises(DomainError, match=r"people names the events .* and model bad, fair, good, but the classes"):
            ranked_probability_score(people, full)
