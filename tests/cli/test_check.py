"""`bitsapart check`: what it says about a file, and its exit code."""

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
        "on 1 items a person judged more than once",
        "how many people a model is worth (up to 2)",
    ):
        assert words in result.output


def test_both_sides_and_whether_they_match(files: tuple[str, str]) -> None:
    result = check(*files)
    assert result.exit_code == 0
    assert "3 items · classes cat, dog" in result.output
    assert "1 items have a class of probability 0" in result.output
    assert result.output.count("judged more than once") == 1


def test_what_is_wrong_is_said_and_the_rest_is_still_checked(files: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "model.csv").write_text(MODEL.replace("c,", "d,"))
    result = check(*files)
    assert result.exit_code == 2
    assert "items of" in result.output
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
