import numpy as np
import pytest
from click.testing import CliRunner

from bitsapart.cli.plan import command
from bitsapart.errors import DataError, DomainError
from bitsapart.people.planning import plan, variance_components
from bitsapart.people.simulation import simulate


@pytest.fixture
def files(tmp_path):
    panel = simulate(300, np.tile([2, 3, 5], 100), shares=[0.5, 0.3, 0.2], alpha=1.0, seed=1)
    other = simulate(300, np.tile([2, 3, 5], 100), shares=[0.5, 0.3, 0.2], alpha=1.0, seed=1, sharpness=1.5)

    def write(name, columns, rows):
        lines = ["item," + columns, *(f"i{i}," + ",".join(map(str, row)) for i, row in enumerate(rows))]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return str(tmp_path / name)

    return {
        "people": write("people.csv", "a,b,c", panel.counts.tolist()),
        "model": write("model.csv", "a,b,c", panel.model.tolist()),
        "other": write("other.csv", "a,b,c", other.model.tolist()),
        "labels": write("labels.csv", "label", [["a"], ["b"]] * 20),
        "exact": write("exact.csv", "a,b,c", panel.truth.tolist()),
        "panel": panel,
        "second": other,
    }


def run(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


def test_the_plan_for_a_model_is_that_of_its_losses(files):
    done = run(files["people"], files["model"], "--within", 0.05, "--item-price", 3, "--judgement-price", 0.5)
    panel = files["panel"]
    parts = variance_components(panel.counts, -np.log(panel.model))
    best = plan(parts, within=0.05 * np.log(2), item_price=3, judgement_price=0.5).cheapest
    assert done.exit_code == 0
    assert done.output.replace("\u202f", "").startswith(
        f"Cheapest for cross-entropy ± 0.05 bit: {best.people} people for each of {best.items} items, "
        f"{best.judgements} judgements, price {best.price:.2f}."
    )
    assert "," not in done.output.partition("price")[2].splitlines()[0]
    assert f"{best.detectable / np.log(2):.3g}" in done.output
    assert "two models are assumed to vary like this one" in done.output


def test_two_models_give_the_difference_they_could_show(files):
    done = run(files["people"], files["model"], files["other"], "--within", 0.05, "--unit", "nat")
    panel, second = files["panel"], files["second"]
    parts = variance_components(panel.counts, -np.log(panel.model))
    difference = variance_components(panel.counts, np.log(second.model) - np.log(panel.model))
    best = plan(parts, within=0.05, difference=difference).cheapest
    assert f"{best.detectable:.3g}" in done.output
    assert "the width is that of model; the difference is that of model and other" in done.output
    assert "are assumed to vary" not in done.output


def test_without_a_model_it_says_what_is_assumed(files):
    done = run(files["people"], "--within", 0.05)
    assert "1 person for each of" in done.output
    assert "no model was given" in done.output


@pytest.mark.parametrize("measure", ["kl-divergence", "squared-distance"])
def test_what_needs_two_people_an_item_gets_them(files, measure):
    done = run(files["people"], files["model"], "--within", 0.05, "--measure", measure)
    assert ": 2 people for each of" in done.output
    assert "ask 3 where you can" in done.output
    assert ("bit" in done.output.splitlines()[0]) == (measure == "kl-divergence")


def test_pilots_that_say_nothing_get_a_sentence(files):
    with pytest.raises(DomainError, match="fewer than two items with two judgements"):
        run(files["labels"], "--within", 0.05)
    with pytest.raises(DataError, match="the pilot holds probabilities"):
        run(files["exact"], "--within", 0.05, "--people-kind", "probs")
    assert run(files["people"]).exit_code == 2
    assert run(files["people"], "--within", 0).exit_code == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,2,1", "fewer than two items with two judgements"),
        ("a,1,0\nb,0,1\nc,1,0", "fewer than two items with two judgements"),
        ("a,2,0\nb,0,3\nc,2,0", "every judgement of the pilot has the same loss"),
        ("a,1,1\nb,1,1\nc,1,1", "every judgement of the pilot has the same loss"),
    ],
    ids=["one item", "one judgement each", "unanimous", "always split"],
)
def test_awkward_pilots_get_a_sentence(tmp_path, rows, words):
    (tmp_path / "pilot.csv").write_text(f"item,x,y\n{rows}\n")
    with pytest.raises(DomainError, match=words):
        run(tmp_path / "pilot.csv", "--within", 0.02, "--people-kind", "counts")


def test_a_ragged_pilot_says_what_it_left_out_and_how_rough_it_is(tmp_path):
    (tmp_path / "pilot.csv").write_text("item,x,y\na,2,1\nb,1,0\nc,4,3\nd,0,2\n")
    done = run(tmp_path / "pilot.csv", "--within", 0.02)
    assert done.exit_code == 0
    assert "left out: 1 item with one judgement" in done.output
    assert "the pilot has only 3 usable items: take the plan as a rough one" in done.output
