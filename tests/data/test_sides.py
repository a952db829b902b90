"""Whose column is whose where only both files tell: prefixes, columns that are no class, verdicts."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bitsapart import data
from bitsapart.data.quoting import class_list, class_names
from bitsapart.errors import AmbiguityError, DataError

Items = Callable[..., dict[str, Any]]
ITEM = ["a", "b", "c"]
COUNTS = {"cat": [3, 0, 2], "dog": [1, 4, 2]}
SHARES = {"cat": [0.75, 0.0, 0.5], "dog": [0.25, 1.0, 0.5]}
PROBS = {"cat": [0.75, 0.125, 0.5], "dog": [0.25, 0.875, 0.5]}


def opened(people: Any, model: Any = (), **options: Any) -> data.Pair:
    return data.open_pair(people, model, options=data.ReadOptions(**options))


def named(columns: dict[str, Any], form: str = "{}", **more: Any) -> dict[str, Any]:
    return {"item": ITEM, **{form.format(name): values for name, values in columns.items()}, **more}


@pytest.mark.parametrize("people", ["{}", "people_{}", "n.{}", "{}_votes", "how many said {}"])
@pytest.mark.parametrize("model", ["{}", "model_{}", "{} (p)"])
def test_an_affix_on_either_side_is_taken_off(people: str, model: str, items: Items) -> None:
    pair = opened(named(COUNTS, people), named(PROBS, model))
    assert pair.classes == ("cat", "dog")
    assert items(pair)["a"] == ((3, 1), (0.75, 0.25))
    assert pair.announcements == []


def test_an_affix_that_both_share_may_stay() -> None:
    with opened(named(COUNTS, "p_{}"), named(PROBS, "p_{}")) as pair:
        assert pair.classes == ("p_cat", "p_dog")


def test_several_models_tell_together(items: Items) -> None:
    pair = opened(
        named({**COUNTS, "cow": [1, 1, 1]}, "n_{}"), [named(PROBS), named({**PROBS, "cow": [0.0] * 3}, "p_{}")]
    )
    assert pair.classes == ("cat", "dog", "cow")
    assert items(pair)["a"] == ((3, 1, 1), (0.75, 0.25, 0.0), (0.75, 0.25, 0.0))


@pytest.mark.parametrize("people", [COUNTS, SHARES])
def test_a_number_that_can_be_no_class_is_left_out_and_that_is_said(people: dict[str, Any], items: Items) -> None:
    pair = opened(named(people, age=[34.5, 28.0, 40.25], minutes=[0.5, 0.25, 0.75]), named(PROBS))
    assert "not used: age, minutes" in pair.notes[0]
    assert pair.classes == ("cat", "dog")
    assert items(pair)["b"][0] == (people["cat"][1], people["dog"][1])


def test_a_whole_number_of_most_items_may_be_either_and_both_ways_out_work() -> None:
    people = named({"cat": [3, 0, 2], "a dog": [1, 4, 2]}, visits=[7, 2, 9], rare=[0, 0, 1])
    model = named({"cat": PROBS["cat"], "a dog": PROBS["dog"]})
    with pytest.raises(AmbiguityError) as refusal:
        opened(people, model)
    words = str(refusal.value)
    assert words.startswith("people, column 'visits' is above 0 for most items, and no model has such a class")
    ways = [class_names(way.partition("'")[0]) for way in words.split("--classes '")[1:]]
    assert ways == [("cat", "a dog"), ("cat", "a dog", "visits", "rare")]
    with opened(people, model, classes=ways[0]) as pair:
        assert pair.classes == ways[0]
        assert "not used: visits, rare" in pair.notes[0]
    with opened(people, model, classes=ways[1]) as pair:
        assert pair.classes == ways[1]
        assert "model lacks class visits, rare: probability 0 there" in pair.announcements[0]


def test_a_rare_class_that_no_model_has_is_one() -> None:
    with opened(named({**COUNTS, "cow": [0, 1, 0]}), named(PROBS)) as pair:
        assert pair.classes == ("cat", "dog", "cow")
        assert "model lacks class cow: probability 0 there" in pair.announcements[0]


def test_classes_that_may_be_one_are_named() -> None:
    with opened(
        {"item": ITEM, "label": ["cat", "Dog", "very  good"]}, named({**PROBS, "very good": [0.0] * 3})
    ) as pair:
        assert pair.announcements[-2:] == [
            f"classes {both} differ in capitals or spaces only: if they are one, write them alike"
            for both in ("'Dog' and 'dog'", "'very  good' and 'very good'")
        ]


VERDICTS = {"item": ITEM, "judge_rating": [5, 1, 3]}
RATINGS = {"item": [*ITEM, *ITEM], "annotator": [1, 1, 1, 2, 2, 2], "rating": [5, 2, 3, 4, 1, 3]}


def test_a_judges_numbers_are_verdicts_where_their_name_says_so(items: Items) -> None:
    pair = opened(RATINGS, VERDICTS)
    assert pair.model_kinds == ("verdicts",)
    assert pair.classes == ("1", "2", "3", "4", "5")
    assert items(pair)["b"] == ((1, 1, 0, 0, 0), (0,))


def test_any_column_can_be_said_to_hold_the_verdicts(items: Items) -> None:
    with pytest.raises(DataError, match="say --prob score, or --verdict score"):
        opened(RATINGS, {"item": ITEM, "score": [5, 1, 3]})
    with pytest.raises(DataError, match="if it holds verdicts, say --verdict stars"):
        opened(RATINGS, {"item": ITEM, "stars": [5, 1, 3]})
    assert items(opened(RATINGS, {"item": ITEM, "score": [5, 1, 3]}, verdict="score"))["b"][1] == (0,)
    assert items(opened(RATINGS, {"item": ITEM, "rating": [5.0, 1.0, 3.0]}, verdict="rating"))["b"][1] == (0,)


def test_whole_numbers_written_with_a_point_are_the_same_classes(tmp_path: Path, items: Items) -> None:
    (tmp_path / "people.csv").write_text("item,rating\na,5\nb,1\nc,3\n")
    (tmp_path / "model.csv").write_text("item,verdict\na,5.0\nb,1.0\nc,1.0\n")
    pair = opened(str(tmp_path / "people.csv"), str(tmp_path / "model.csv"))
    assert pair.classes == ("1", "3", "5")
    assert items(pair) == {"a": ((2,), (2,)), "b": ((0,), (0,)), "c": ((1,), (0,))}


def test_people_and_a_judge_in_one_file(items: Items) -> None:
    both = {"prompt_id": [7, 8], "response": ["x", "y"], "human_label": ["good", "bad"], "gpt_label": ["good", "good"]}
    for options in ({}, {"label": "human_label", "verdict": "gpt_label"}):
        pair = opened(both, **options)
        assert "items by 'prompt_id'" in pair.notes[0]
        assert {str(name): one for name, one in items(pair).items()} == {"7": ((1,), (1,)), "8": ((0,), (1,))}
    other = {**both, "score": [0.5, 0.25], "claude": ["bad", "bad"]}
    assert items(opened(other, verdict="claude"))["7"] == ((1,), (0,))


def test_ids_that_are_called_so_are_ids(items: Items) -> None:
    people = {"tweet_id": [11, 11, 12], "worker_id": [1, 2, 1], "batch_id": [1, 1, 1], "label": ["no", "yes", "no"]}
    pair = opened(people, {"tweet_id": [12, 11], "no": [0.25, 0.5], "yes": [0.75, 0.5]})
    assert {str(name): one for name, one in items(pair).items()} == {
        "11": ((1, 1), (0.5, 0.5)), "12": ((1, 0), (0.25, 0.75))
    }  # fmt: skip


@pytest.mark.parametrize("names", [("cat", "dog"), ("a bird", "it's"), ("yes, fully", 'so "so"', "no")])
def test_a_list_of_classes_survives_being_typed(names: tuple[str, ...]) -> None:
    import shlex

    [typed] = shlex.split(class_list(names))
    assert class_names(typed) == names


def test_nothing_is_guessed_from_one_class_in_common() -> None:
    with opened(named({"cat": [1, 2, 3], "cow": [1, 1, 1]}), named(PROBS)) as pair:
        assert pair.classes == ("cat", "cow", "dog")
        assert np.all([name in "".join(pair.announcements) for name in ("cow", "dog")])


def test_whole_percentages_of_a_model_are_thought_of(items: Items) -> None:
    model = named({"cat": [50, 10, 20], "dog": [50, 90, 80]})
    with pytest.raises(AmbiguityError, match="percentages, --model-kind probs --renormalise"):
        opened(named(COUNTS), model)
    assert items(opened(named(COUNTS), model, model_kind="probs", renormalise=True))["b"][1] == (0.1, 0.9)


def test_rows_are_not_matched_by_their_order_past_dates_that_may_name_them() -> None:
    days = [datetime.date(2020, 1, day) for day in (1, 2, 3)]
    with pytest.raises(AmbiguityError, match="if 'day' does, write it as text, or match rows by their order"):
        opened({"day": days, "label": ["cat", "dog", "dog"]}, {"day": days[::-1], **PROBS})
    with opened({"day": days, "label": ["cat", "dog", "dog"]}, {"day": days, **PROBS}, in_order=True) as pair:
        assert "items by their row" in pair.notes[0]
