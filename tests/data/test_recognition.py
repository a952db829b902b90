"""What columns and values are taken for, and that every guess can be overridden."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bitsapart import data
from bitsapart.errors import AmbiguityError, DataError, DomainError

Items = Callable[..., dict[str, Any]]
ITEM = ["a", "b", "c"]
COUNTS = {"item": ITEM, "cat": [3, 0, 2], "dog": [1, 4, 2]}
PROBS = {"item": ITEM, "cat": [0.75, 0.125, 0.5], "dog": [0.25, 0.875, 0.5]}


def opened(people: Any, model: Any = (), **options: Any) -> data.Pair:
    return data.open_pair(people, model, options=data.ReadOptions(**options))


@pytest.mark.parametrize("item", ["item", "id", "Task", "uid", "item_id", "Task ID", "image"])
@pytest.mark.parametrize("label", ["label", "answer", "Label", "judgement"])
def test_names_of_columns(item: str, label: str) -> None:
    people = {label: ["cat", "dog", "dog"], item: ITEM}
    with opened(people, PROBS) as pair:
        assert pair.people_kind == "labels"
        assert pair.classes == ("cat", "dog")
        assert repr(label) in pair.notes[0]
        assert repr(item) in pair.notes[0]


@pytest.mark.parametrize("annotator", ["annotator", "worker", "rater", "Worker_ID"])
def test_long_judgements_are_counted(annotator: str, items: Items, spill: Any) -> None:
    people = {
        "item": ["b", "a", "a", "b", "c", "a"],
        annotator: [1, 1, 2, 2, 1, 3],
        "label": ["dog", "cat", "cat", "dog", "cat", "dog"],
    }
    pair = opened(people, PROBS)
    assert pair.people_kind == "counts"
    assert pair.annotators
    judged = pair.long_judgements()
    assert (judged.items, judged.annotators, judged.classes) == (("a", "b", "c"), ("1", "2", "3"), ("cat", "dog"))
    told = {
        (judged.items[i], judged.annotators[j], judged.classes[y])
        for i, j, y in zip(*judged_codes(judged), strict=True)
    }
    assert told == set(zip(people["item"], map(str, people[annotator]), people["label"], strict=True))
    found = items(pair)
    assert {name: one[0] for name, one in found.items()} == {"a": (2, 1), "b": (0, 2), "c": (1, 0)}
    assert pair.announcements == []


def judged_codes(judged: data.LongJudgements) -> tuple[Any, Any, Any]:
    return judged.item, judged.annotator, judged.label


def test_one_person_may_judge_an_item_more_than_once(items: Items, spill: Any) -> None:
    people = {
        "item": ["a", "a", "b", "b", "c"],
        "annotator": [1, 1, 1, 2, 1],
        "label": ["cat", "dog", "dog", "dog", "cat"],
    }
    pair = opened(people, PROBS)
    assert items(pair)["a"][0] == (1, 1)
    assert len(pair.announcements) == 1
    assert "on 1 item a person judged more than once (1 further)" in pair.announcements[0]


def test_answers_with_a_count(items: Items, spill: Any) -> None:
    people = {"item": ["a", "a", "b", "c"], "label": ["cat", "dog", "dog", "cat"], "count": [3, 1, 4, 7]}
    assert {name: one[0] for name, one in items(opened(people, PROBS)).items()} == {
        "a": (3, 1),
        "b": (0, 4),
        "c": (7, 0),
    }


def test_a_class_called_n_is_a_class_and_no_count() -> None:
    people = {"item": ITEM, "e": [1, 2, 3], "n": [3, 2, 1], "c": [0, 0, 1]}
    with data.open_people(people) as pair:
        assert pair.classes == ("e", "n", "c")


def test_repeated_ids_are_a_panel_even_without_annotators(items: Items, spill: Any) -> None:
    people = {"item": ["a", "b", "c", "a"], "label": ["cat", "dog", "dog", "dog"]}
    pair = opened(people, PROBS)
    assert pair.people_kind == "counts"
    assert items(pair)["a"][0] == (1, 1)


def test_a_repetition_that_shows_late_is_no_label_file(items: Items, spill: Any) -> None:
    """The first rows run in the model's order, so only the join sees that an id comes again."""
    ids = [str(i) for i in range(70_000)]
    people = {"item": [*ids, "5"], "label": ["cat", "dog"] * 35_000 + ["cat"]}
    model = {"item": ids, "cat": [0.5] * 70_000, "dog": [0.5] * 70_000}
    with pytest.raises(DataError, match=r"item '5' 2 times.*--people-kind counts"):
        items(opened(people, model))


def test_integer_labels_are_sorted_as_numbers() -> None:
    people = {"item": list(range(12)), "label": [10, 9, 2, 11, 0, 1, 3, 4, 5, 6, 7, 8]}
    with data.open_people(people) as pair:
        assert pair.classes == tuple(str(i) for i in range(12))
        assert next(iter(pair.blocks())).people.tolist() == people["label"]


@pytest.mark.parametrize("labels", [[True, False, True], ["true", "false", "true"], ["True", "False", "True"]])
def test_truth_values_are_classes_however_they_are_spelled(labels: list[Any], items: Items) -> None:
    pair = opened({"item": ITEM, "label": labels}, {"item": ITEM, "p": [0.75, 0.5, 0.25]})
    assert pair.classes == ("true", "false")
    assert [one[0] for one in items(pair).values()] == [(0,), (1,), (0,)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"cat": [3, 0, 2], "dog": [1, 4, 2]}, "counts"),
        ({"cat": [3.0, 0.0, 2.0], "dog": [1.0, 4.0, 2.0]}, "counts"),
        ({"cat": [1, 0, 1], "dog": [0, 1, 0]}, "counts"),
        ({"cat": [1.0, 0.0, 1.0], "dog": [0.0, 1.0, 0.0]}, "counts"),
        ({"cat": [0.75, 0.0, 0.5], "dog": [0.25, 1.0, 0.5]}, "probs"),
    ],
)
def test_what_people_hold(values: dict[str, Any], kind: str, items: Items) -> None:
    pair = opened({"item": ITEM, **values}, PROBS)
    assert pair.people_kind == kind
    assert pair.exact == (kind == "probs")
    assert [one[0] for one in items(pair).values()] == list(zip(values["cat"], values["dog"], strict=True))


def test_one_answer_as_0_and_1_claims_no_more_than_one_judgement() -> None:
    people = {"item": ITEM, "cat": [1, 0, 1], "dog": [0, 1, 0]}
    with opened(people, PROBS) as pair:
        assert "--people-kind exact" in pair.notes[0]
        assert not pair.exact
    with opened(people, PROBS, people_kind="exact") as pair:
        assert pair.exact
    with opened(people, PROBS, people_kind="probs") as pair:
        assert pair.people_kind == "probs"


def model_of(kind: str) -> dict[str, Any]:
    logits = np.array([[2.0, -1.0], [0.5, 0.25], [-3.0, 1.5]])
    log_probs = logits - np.logaddexp(logits[:, :1], logits[:, 1:])
    values = {"logits": logits, "log-probs": log_probs, "probs": np.exp(log_probs)}[kind]
    return {"item": ITEM, "dog": values[:, 1], "cat": values[:, 0]}


@pytest.mark.parametrize("kind", ["logits", "log-probs", "probs"])
def test_what_a_model_holds(kind: str, items: Items) -> None:
    pair = opened(COUNTS, model_of(kind))
    assert pair.model_kinds == (kind,)
    assert items(pair)["b"][1] == (model_of(kind)["cat"][1], model_of(kind)["dog"][1])


def test_one_broken_row_does_not_change_what_a_model_holds(items: Items) -> None:
    model = {"item": list(range(50)), "cat": [0.25] * 49 + [-0.25], "dog": [0.75] * 50}
    people = {"item": list(range(50)), "label": ["cat", "dog"] * 25}
    with pytest.raises(DomainError, match=r"item '49', column 'cat' is -0\.25.*--model-kind logits"):
        items(opened(people, model))


def test_a_stated_kind_is_not_questioned(items: Items) -> None:
    model = {"item": ITEM, "cat": [7, 1, 5], "dog": [3, 9, 5]}
    assert opened(COUNTS, model, model_kind="logits").model_kinds == ("logits",)
    pair = opened(COUNTS, model, model_kind="counts")
    assert items(pair)["a"] == ((3, 1), (7, 3))


@pytest.mark.parametrize(
    ("model", "options", "positive"),
    [
        ({"cat": [0.75, 0.125, 0.5]}, {}, "cat"),
        ({"dog": [0.75, 0.125, 0.5]}, {}, "dog"),
        ({"p_dog": [0.75, 0.125, 0.5]}, {}, "dog"),
        ({"p": [0.75, 0.125, 0.5]}, {"positive": "dog"}, "dog"),
        ({"score": [0.75, 0.125, 0.5]}, {"positive": "cat", "prob": "score"}, "cat"),
    ],
)
def test_one_probability(model: dict[str, Any], options: dict[str, Any], positive: str, items: Items) -> None:
    pair = opened(COUNTS, {"item": ITEM, **model}, **options)
    assert pair.positive == pair.classes[0] == positive
    found = items(pair)
    assert [one[1] for one in found.values()] == [(0.75,), (0.125,), (0.5,)]
    assert found["a"][0] == ((3, 1) if positive == "cat" else (1, 3))


def test_one_probability_of_0_and_1_is_of_1(items: Items) -> None:
    pair = opened({"item": ITEM, "label": [1, 0, 0]}, {"item": ITEM, "p": [0.75, 0.125, 0.5]})
    assert pair.classes == ("1", "0")
    assert items(pair) == {"a": ((0,), (0.75,)), "b": ((1,), (0.125,)), "c": ((1,), (0.5,))}


def test_one_logit_or_log_probability_becomes_two_columns(items: Items) -> None:
    logits = opened(COUNTS, {"item": ITEM, "dog": [-1.5, 0.5, 3.0]})
    assert items(logits)["a"] == ((1, 3), (-1.5, 0.0))
    logs = opened(COUNTS, {"item": ITEM, "dog": np.log([0.75, 0.5, 0.25])}, model_kind="log-probs")
    assert items(logs)["a"][1] == pytest.approx(np.log([0.75, 0.25]), rel=1e-15)


def test_models_about_the_two_classes(items: Items) -> None:
    pair = opened(COUNTS, [{"item": ITEM, "dog": [0.75, 0.125, 0.5]}, {"item": ITEM, "cat": [0.5, 0.25, 0.125]}])
    assert pair.classes == ("dog", "cat")
    assert items(pair)["c"] == ((2, 2), (0.5,), (0.875, 0.125))


def test_shares_of_one_class(items: Items) -> None:
    people = {"item": ITEM, "attack": [0.25, 0.5, 0.125]}
    pair = opened(people, {"item": ITEM, "attack": [0.75, 0.125, 0.5]})
    assert pair.people_kind == "probs"
    assert items(pair)["a"] == ((0.25, 0.75), (0.75,))
    wide = opened(people, {"item": ITEM, "fine": [0.25, 0.875, 0.5], "attack": [0.75, 0.125, 0.5]})
    assert wide.classes == ("attack", "fine")
    assert items(wide)["a"] == ((0.25, 0.75), (0.75, 0.25))


def test_long_probabilities(items: Items, spill: Any) -> None:
    model = {
        "item": ["a", "a", "b", "c", "c"],
        "label": ["dog", "cat", "dog", "cat", "dog"],
        "p": [0.25, 0.75, 1, 0.5, 0.5],
    }
    pair = opened(COUNTS, model)
    assert pair.model_kinds == ("probs",)
    assert {name: one[1] for name, one in items(pair).items()} == {"a": (0.75, 0.25), "b": (0, 1), "c": (0.5, 0.5)}


@pytest.mark.parametrize("column", ["label", "prediction", "verdict"])
def test_verdicts(column: str, items: Items) -> None:
    pair = opened(COUNTS, {"item": ITEM, column: ["dog", "cat", "dog"]})
    assert pair.model_kinds == ("verdicts",)
    assert [one[1] for one in items(pair).values()] == [(1,), (0,), (1,)]


def test_a_judge_asked_several_times(items: Items, spill: Any) -> None:
    pair = opened(COUNTS, {"item": ["a", "a", "b", "c", "a"], "verdict": ["dog", "cat", "cat", "dog", "dog"]})
    assert pair.model_kinds == ("counts",)
    assert {name: one[1] for name, one in items(pair).items()} == {"a": (1, 2), "b": (1, 0), "c": (0, 1)}


@pytest.mark.parametrize("kind", [pa.list_(pa.float32(), 2), pa.list_(pa.float64())])
def test_a_list_for_each_item(kind: pa.DataType, items: Items, spill: Any) -> None:
    lists = pa.array([[0.25, 0.75], [0.5, 0.5], [0.125, 0.875]], kind)
    model = pa.table({"item": ["c", "a", "b"], "probs": lists})
    with pytest.raises(AmbiguityError, match="--classes"):
        opened(COUNTS, model)
    pair = opened(COUNTS, model, classes=("dog", "cat"))
    assert items(pair)["c"] == ((2, 2), (0.25, 0.75))
    numbered = opened({"item": ITEM, "label": [1, 0, 1]}, model)
    assert items(numbered)["b"] == ((0,), (0.125, 0.875))


def test_a_class_that_one_side_lacks_counts_as_nothing(items: Items) -> None:
    people = {"item": ITEM, "cat": [3, 0, 2], "cow": [1, 4, 2]}
    pair = opened(people, PROBS)
    assert pair.classes == ("cat", "cow", "dog")
    assert pair.announcements == [
        "model lacks class cow: probability 0 there; if people's column holds something else, say --classes cat,dog",
        "nobody chose class dog: count 0 there",
    ]
    assert items(pair)["a"] == ((3, 1, 0), (0.75, 0.0, 0.25))
    logits = opened(people, model_of("logits"), classes=("cat", "cow", "dog"))
    assert items(logits)["a"][1] == (2.0, -np.inf, -1.0)


def test_classes_behind_a_prefix_and_columns_that_are_none(items: Items) -> None:
    model = {"item": ITEM, "p_cat": PROBS["cat"], "p_dog": PROBS["dog"], "p_loss": [1.0, 2.0, 3.0], "text": ["x"] * 3}
    pair = opened(COUNTS, model)
    assert items(pair)["a"][1] == (0.75, 0.25)
    assert "p_loss" in pair.notes[1]
    beside = opened(COUNTS, {**PROBS, "difficulty": [1.5, 2.0, 0.5]})
    assert "not used: difficulty" in beside.notes[1]
    assert items(beside)["a"][1] == (0.75, 0.25)


def test_a_shared_column_of_texts_names_the_items(items: Items) -> None:
    people = {"picture": ITEM, "cat": [3, 0, 2], "dog": [1, 4, 2]}
    model = {"picture": ITEM[::-1], "cat": [0.5, 0.125, 0.75], "dog": [0.5, 0.875, 0.25]}
    assert items(opened(people, model)) == items(opened(COUNTS, PROBS))


@pytest.mark.parametrize(
    "columns",
    [
        {"label": ["cat", "dog", "cat"], "cat": [0.75, 0.25, 0.5], "dog": [0.25, 0.75, 0.5]},
        {"n_cat": [1, 0, 1], "n_dog": [0, 1, 0], "p_cat": [0.75, 0.25, 0.5], "p_dog": [0.25, 0.75, 0.5]},
        {
            "model.cat": [0.75, 0.25, 0.5],
            "model.dog": [0.25, 0.75, 0.5],
            "people.cat": [1, 0, 1],
            "people.dog": [0, 1, 0],
        },
        {"cat": [1, 0, 1], "dog": [0, 1, 0], "q_cat": [0.75, 0.25, 0.5], "q_dog": [0.25, 0.75, 0.5]},
    ],
)
def test_one_file_of_both_sides(columns: dict[str, Any], items: Items) -> None:
    pair = opened({"item": ITEM, **columns})
    assert pair.classes == ("cat", "dog")
    found = items(pair)
    assert {name: one[1] for name, one in found.items()} == {"a": (0.75, 0.25), "b": (0.25, 0.75), "c": (0.5, 0.5)}
    chosen = [one[0] for one in found.values()]
    assert chosen in ([(0,), (1,), (0,)], [(1, 0), (0, 1), (1, 0)])


def test_one_file_of_both_sides_with_one_probability(items: Items) -> None:
    pair = opened({"label": [1, 0, 1], "p": [0.75, 0.25, 0.5]})
    assert pair.people_kind == "labels"
    assert items(pair) == {"row 1": ((0,), (0.75,)), "row 2": ((1,), (0.25,)), "row 3": ((0,), (0.5,))}
    counts = opened({"item": ITEM, "attack": [2, 0, 1], "fine": [1, 3, 2], "p": [0.75, 0.25, 0.5]}, positive="attack")
    assert items(counts)["a"] == ((2, 1), (0.75,))
    verdicts = opened({"item": ITEM, "label": ["cat", "dog", "dog"], "prediction": ["cat", "cat", "dog"]})
    assert verdicts.model_kinds == ("verdicts",)
    assert items(verdicts)["b"] == ((1,), (0,))


def test_two_groups_that_may_be_either_side() -> None:
    shares = {"a_cat": [0.5, 0.25], "a_dog": [0.5, 0.75], "b_cat": [0.75, 0.25], "b_dog": [0.25, 0.75]}
    with pytest.raises(AmbiguityError, match="people_ and model_"):
        opened({"item": ["x", "y"], **shares})


def test_people_without_a_model_in_one_file() -> None:
    with pytest.raises(DataError, match="holds people's side alone"):
        opened({"item": ITEM, "label": ["cat", "dog", "cat"]})


def test_weights_groups_and_slices() -> None:
    people = {**COUNTS, "w": [1, 2, 0.5], "doc": ["x", "x", "y"]}
    model = {**PROBS, "hard": [True, False, True], "length": [3.0, 4.5, 3.0]}
    with opened(people, model, weight="w", group="doc", by=("hard", "length")) as pair:
        block = next(iter(pair.blocks()))
        assert pair.classes == ("cat", "dog")
    assert block.weights is not None
    assert block.weights.tolist() == [1.0, 2.0, 0.5]
    assert block.groups is not None
    assert block.groups.tolist() == ["x", "x", "y"]
    assert block.by is not None
    assert {name: values.tolist() for name, values in block.by.items()} == {
        "hard": ["true", "false", "true"],
        "length": ["3", "4.5", "3"],
    }


def test_the_weight_of_a_counted_item(items: Items, spill: Any) -> None:
    people = {"item": ["a", "a", "b", "c"], "label": ["cat", "dog", "dog", "cat"], "doc": ["x", "x", "y", "y"]}
    with opened(people, PROBS, group="doc") as pair:
        block = next(iter(pair.blocks()))
    groups = dict(zip(np.asarray(block.ids), block.groups, strict=True))
    assert groups == {"a": "x", "b": "y", "c": "y"}


def test_renormalising_says_how_far_rows_were_off(items: Items) -> None:
    model = {"item": ITEM, "cat": [0.75, 0.12, 0.5], "dog": [0.25, 0.87, 0.5]}
    pair = opened(COUNTS, model, renormalise=True)
    assert items(pair)["b"][1] == pytest.approx((0.12 / 0.99, 0.87 / 0.99), rel=1e-15)
    assert pair.announcements == ["rows were divided by their sum; the farthest sum was off 1 by 0.01"]


def test_columns_are_named_by_flags(items: Items) -> None:
    people = {"subject": ITEM, "view": ["cat", "dog", "cat"], "remark": ["x", "y", "z"]}
    pair = opened(people, {"subject": ITEM, "cat": PROBS["cat"], "dog": PROBS["dog"]}, item="subject", label="view")
    assert items(pair)["b"] == ((1,), (0.125, 0.875))


def test_the_order_of_classes_can_be_set(items: Items) -> None:
    pair = opened(COUNTS, PROBS, classes=("dog", "cat"))
    assert pair.classes == ("dog", "cat")
    assert items(pair)["a"] == ((1, 3), (0.25, 0.75))


def test_models_are_told_apart_by_name(tmp_path: Any) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "model.csv").write_text("item,cat,dog\na,0.5,0.5\nb,0.5,0.5\nc,0.5,0.5\n")
    with opened(COUNTS, [folder / "model.csv" for folder in folders]) as pair:
        assert pair.model_names == tuple(str(folder / "model.csv") for folder in folders)
    with opened(COUNTS, [folders[0] / "model.csv"]) as pair:
        assert pair.model_names == ("model",)
    with opened(COUNTS, [PROBS, PROBS]) as pair:
        assert pair.model_names == ("model 1", "model 2")


def test_a_lone_model() -> None:
    with data.open_model(PROBS) as pair:
        block = next(iter(pair.blocks()))
        assert (pair.people_kind, pair.model_kinds, pair.classes) == (None, ("probs",), ("cat", "dog"))
        assert block.people is None
        assert [column.tolist() for column in block.models[0]] == [PROBS["cat"], PROBS["dog"]]
