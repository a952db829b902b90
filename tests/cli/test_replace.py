"""`compare --replace` from files: the same as the test itself, what it says, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bitsapart.cli.compare import command as compare
from bitsapart.errors import DataError, DomainError
from bitsapart.people.replacement import alt_test

PEOPLE, ITEMS = ("ann", "bob", "cy", "di"), 60


def command(folder: Path, *flags: str) -> Result:
    words = [str(folder / "people.csv"), str(folder / "model.csv"), "--replace", *flags]
    return CliRunner().invoke(compare, words, catch_exceptions=False)


def written(folder: Path, *, often: float, items: int = ITEMS) -> tuple[Any, Any]:
    """Four people who mostly see the truth, and a model that mostly does; `often` is the share of yes."""
    random = np.random.default_rng(7)
    truth = (random.random(items) < often).astype(int)
    answers = np.array([np.where(random.random(items) < 0.15, 1 - truth, truth) for _ in PEOPLE])
    choice = np.where(random.random(items) < 0.1, 1 - truth, truth)
    rows = [f"{i},{name},{('no', 'yes')[answers[h, i]]}" for i in range(items) for h, name in enumerate(PEOPLE)]
    (folder / "people.csv").write_text("\n".join(["item,annotator,label", *rows]) + "\n")
    probs = [(0.75, 0.25) if one == 0 else (0.25, 0.75) for one in choice]
    (folder / "model.csv").write_text(
        "\n".join(["item,no,yes", *(f"{i},{a},{b}" for i, (a, b) in enumerate(probs))]) + "\n"
    )
    return answers, choice


@pytest.mark.parametrize("flags", [(), ("--epsilon", "0.1")])
def test_it_is_the_alt_test_of_the_files(tmp_path: Path, flags: tuple[str, ...]) -> None:
    answers, choice = written(tmp_path, often=0.5)
    person, item = np.divmod(np.arange(answers.size), ITEMS)
    epsilon = float(flags[1]) if flags else 0.2
    expected = alt_test(item, person, answers.ravel(), model_choice=choice, epsilon=epsilon)
    found = json.loads(command(tmp_path, "--json", "-", *flags).stdout)["models"][0]["replacement"]
    assert found["winning_rate"] == expected.winning_rate
    assert found["advantage"] == pytest.approx(expected.advantage, rel=1e-12)
    assert [one["annotator"] for one in found["people"]] == list(PEOPLE)
    assert [one["p_adjusted"] for one in found["people"]] == pytest.approx(
        [one.p_adjusted for one in expected.people], rel=1e-9
    )
    assert found["sentence"] == expected.sentence
    assert not found["same_answer"]["passed"]
    shown = " ".join(command(tmp_path, *flags).output.split())
    assert expected.sentence in shown


def test_a_test_that_one_answer_passes_too_is_said(tmp_path: Path) -> None:
    written(tmp_path, often=0.97)
    found = json.loads(command(tmp_path, "--json", "-").stdout)["models"][0]["replacement"]
    assert found["passed"]
    assert found["same_answer"]["class"] == "yes"
    assert found["sentence"].endswith("But giving the answer 'yes' to every item would pass too (ω = 1.00).")


def test_a_small_panel_is_refused_with_a_sentence(tmp_path: Path) -> None:
    written(tmp_path, often=0.5, items=29)
    with pytest.raises(DomainError, match="the alt-test needs people with at least 30 items that 2 others judged too"):
        command(tmp_path)


def test_people_without_names_are_refused_with_a_sentence(tmp_path: Path) -> None:
    written(tmp_path, often=0.5)
    (tmp_path / "people.csv").write_text("item,no,yes\n" + "".join(f"{i},2,2\n" for i in range(ITEMS)))
    with pytest.raises(DataError, match="--replace needs to know who answered"):
        command(tmp_path)
