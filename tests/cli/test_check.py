"""`bitsapart check`: what it says about a file, and its exit code."""

import importlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bitsapart.cli.check import command

PEOPLE = "item,annotator,label\na,1,cat\na,2,cat\nb,1,cat\nb,2,dog\nc,1,dog\nc,2,dog\nc,2,dog\n"
MODEL = "item,cat,dog\nc,0.25,0.75\na,1,0\nb,0.5,0.5\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "model.csv").write_text(MODEL)
    return str(tmp_path / "people.csv"), str(tmp_path / "model.csv")


def check(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_people_alone(files: tuple[str, str]) -> None:
    result = check(files[0])
    assert result.exit_code == 0
    for words in (
        "judgements in column 'label' by 'annotator', counted per item",
        "3 items · 7 judgements (2–3 per item) · 2 people",
        "dog 57.1 % · cat 42.9 %",
        "Krippendorff's α",
        "on 1 item a person judged more than once",
        "how many people a model is worth (up to 2)",
    ):
        assert words in result.output


def test_both_sides_and_whether_they_match(files: tuple[str, str]) -> None:
    result = check(*files)
    assert result.exit_code == 0
    assert "3 items · classes cat, dog" in result.output
    assert "1 item with a class of probability 0" in result.output
    assert result.output.count("judged more than once") == 1


def test_what_is_wrong_is_said_and_the_rest_is_still_checked(files: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "model.csv").write_text(MODEL.replace("c,", "d,"))
    result = check(*files)
    assert result.exit_code == 2
    assert "item of" in result.output
    assert "--missing drop" in result.output
    assert "Krippendorff's α" in result.output
    assert check(str(tmp_path / "nothing.csv")).exit_code == 2


def test_as_json(files: tuple[str, str]) -> None:
    checks = json.loads(check(*files, "--json").output)["checks"]
    people, model, together = checks
    assert people["people"]["judgements_per_item"] == {"min": 2, "max": 3, "mean": 7 / 3}
    assert people["people"]["shares"] == {"cat": 3 / 7, "dog": 4 / 7}
    assert people["people"]["annotators"] == 2
    assert people["people"]["agreement"]["percent"]["value"] == pytest.approx(2 / 3)
    assert model["models"] == [
        {"name": "model", "kind": "probs", "items": 3, "items_with_a_zero": 1, "favourites": {"cat": 2, "dog": 1}}
    ]
    assert together["together"]
    assert together["error"] is None


@pytest.mark.parametrize("example", ["example:digits", "example:dawid-skene"])
def test_the_examples_are_in_order(example: str) -> None:
    result = check(example)
    assert result.exit_code == 0
    assert "probabilities in" in result.output


def test_a_file_that_may_be_either_side_says_so(files: tuple[str, str]) -> None:
    assert "or, if it is a model's" in check(files[1]).output


def test_a_file_of_logits_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "logits.csv").write_text("item,cat,dog\na,2.5,-1\nb,0.25,0.5\n")
    result = check(str(tmp_path / "logits.csv"))
    assert "logits in 2 columns" in result.output
    assert "compare it with people" in result.output


def test_classes_that_are_numbers_lie_on_a_scale(tmp_path: Path) -> None:
    import numpy as np

    krippendorff = pytest.importorskip("krippendorff")
    random = np.random.default_rng(5)
    scores = np.array([1, 2, 3, 4, 10])
    ratings = np.full((4, 60), np.nan)
    for item in range(60):
        for rater in range(int(random.integers(1, 5))):
            ratings[rater, item] = random.choice([scores[item % 5], random.choice(scores)])
    rows = [f"{item},{rater},{score:.0f}" for (rater, item), score in np.ndenumerate(ratings) if score == score]
    (tmp_path / "scores.csv").write_text("\n".join(["item,annotator,label", *rows]) + "\n")
    counts = np.stack([(ratings == score).sum(axis=0) for score in scores], axis=1)
    wide = ["item,1,2,3,4,10", *(f"{item}," + ",".join(map(str, row)) for item, row in enumerate(counts))]
    (tmp_path / "wide.csv").write_text("\n".join(wide) + "\n")
    for name in ("scores.csv", "wide.csv"):
        found = json.loads(check(str(tmp_path / name), "--json").output)["checks"][0]["people"]["agreement"]
        for key, level in (("alpha", "nominal"), ("alpha_ordinal", "ordinal"), ("alpha_interval", "interval")):
            expected = krippendorff.alpha(ratings, level_of_measurement=level)
            assert found[key]["value"] == pytest.approx(expected, rel=1e-12)
            assert found[key]["low"] < expected < found[key]["high"]
        assert found["disagreement"]["value"] == pytest.approx(1 - found["percent"]["value"])


def test_ordered_classes(tmp_path: Path) -> None:
    krippendorff = pytest.importorskip("krippendorff")
    (tmp_path / "p.csv").write_text("item,low,mid,high\n1,2,1,0\n2,0,3,0\n3,0,1,2\n4,1,0,2\n5,3,0,0\n")
    expected = krippendorff.alpha(
        value_counts=[[2, 1, 0], [0, 3, 0], [0, 1, 2], [1, 0, 2], [3, 0, 0]], level_of_measurement="ordinal",
        value_domain=[1, 2, 3],
    )  # fmt: skip
    plain = json.loads(check(str(tmp_path / "p.csv"), "--json").output)["checks"][0]["people"]["agreement"]
    assert "alpha_ordinal" not in plain
    given = json.loads(check(str(tmp_path / "p.csv"), "--ordinal", "--json").output)["checks"][0]["people"]["agreement"]
    assert given["alpha_ordinal"]["value"] == pytest.approx(expected, rel=1e-12)


def test_agreement_that_is_not_worked_out_is_said(files: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("bitsapart.data.survey"), "_MOST_PATTERNS", 1)
    output = check(files[0]).output
    assert "agreement" in output
    assert "not worked out" in output
    assert "Krippendorff" not in output
