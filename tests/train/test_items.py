"""People's answers meet their pictures, or a sentence says what is missing."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from bitsapart.data import ReadOptions
from bitsapart.errors import AmbiguityError, DataError
from bitsapart.train.floor import people_floor
from bitsapart.train.items import Answers, read_answers, read_items
from bitsapart.train.settings import TrainSettings


def items(folder, people="people.csv", images="photos", **reading):
    return read_items(folder / images, folder / people, TrainSettings(), ReadOptions(**reading))


def test_pictures_are_matched_by_name_with_or_without_their_ending(folder, pictures):
    values, sides = pictures
    read = items(folder)
    assert (read.pixels[..., 0] == values).all()
    assert read.answers.classes == ("left", "right")
    assert read.answers.values.tolist() == sides.tolist()
    text = (folder / "people.csv").read_text()
    lines = text.replace(",left", ".png,left").replace(",right", ".png,right").splitlines()
    (folder / "named.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    again = items(folder, "named.csv")
    assert (again.pixels[..., 0] == values[::-1]).all()
    assert "40 pictures matched by name" in again.notes
    assert "40 pictures matched by name without ending" in read.notes


def test_missing_pictures_and_pictures_without_answers_stop_or_are_listed(folder):
    (folder / "photos" / "p07.png").rename(folder / "photos" / "unknown.png")
    with pytest.raises(DataError, match=r"1 item has no picture \(p07\) and 1 picture has no answers \(unknown\.png\)"):
        items(folder)
    left = items(folder, missing="drop")
    assert left.left_out == [("p07", "has no picture"), ("unknown.png", "has no answers")]
    assert len(left) == 39


def test_two_files_of_the_same_name_are_not_guessed_about(folder):
    (folder / "photos" / "p03.jpg").write_bytes((folder / "photos" / "p03.png").read_bytes())
    with pytest.raises(AmbiguityError, match=r"item 'p03' could be p03\.jpg and p03\.png; write the whole file name"):
        items(folder)
    np.savez(folder / "twice.npz", images=np.zeros((3, 4, 4)), ids=["p03", "p04", "p03"])
    with pytest.raises(AmbiguityError, match="2 pictures have the id 'p03', but an id stands for one picture"):
        items(folder, images="twice.npz")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_file_names_that_no_table_can_hold_are_refused(folder):
    Path(os.fsdecode(os.fsencode(folder / "photos") + b"/caf\xe9.png")).write_bytes(b"")
    with pytest.raises(DataError, match=r"1 file name cannot be written in a table, .* \('caf\\xe9\.png'\); rename"):
        items(folder)


def test_no_picture_at_all_says_what_the_names_are(folder):
    (folder / "people.csv").write_text("item,label\nx,left\ny,right\n")
    with pytest.raises(DataError, match=r"no item of people's file has a picture .*: x, y; pictures are p00\.png"):
        items(folder)


def test_answers_without_ids_are_not_matched_with_files(folder):
    (folder / "people.csv").write_text("label\n" + "left\nright\n" * 20)
    with pytest.raises(DataError, match=r"has no column of ids, .*; --item COLUMN names it"):
        items(folder)
    with pytest.raises(DataError, match=r"ids of people's file are not looked at, .*; leave out --in-order"):
        items(folder, in_order=True)


def test_one_class_only_is_nothing_to_learn(folder):
    text = (folder / "people.csv").read_text().replace("right", "left")
    (folder / "people.csv").write_text(text)
    with pytest.raises(DataError, match="one class only, 'left'"):
        items(folder)
    with pytest.raises(DataError, match="people said 'left' of every picture"):
        items(folder, classes=("left", "right"))


def test_arrays_without_ids_are_matched_by_number_or_order_or_not_at_all(tmp_path, pictures):
    values, sides = pictures
    np.save(tmp_path / "photos.npy", values)
    names = [("left", "right")[side] for side in sides]

    def write(ids, labels):
        rows = [f"{name},{label}" for name, label in zip(ids, labels, strict=True)]
        (tmp_path / "people.csv").write_text("\n".join(["item,label", *rows]) + "\n")

    order = np.random.default_rng(1).permutation(40)
    write(order, [names[row] for row in order])
    read = items(tmp_path, images="photos.npy")
    assert (read.pixels[..., 0] == values[order]).all()
    write(order[:30], [names[row] for row in order[:30]])
    with pytest.raises(DataError, match="10 pictures have no answers"):
        items(tmp_path, images="photos.npy")
    assert len(items(tmp_path, images="photos.npy", missing="drop")) == 30
    write([f"x{row}" for row in range(40)], names)
    assert (items(tmp_path, images="photos.npy").pixels[..., 0] == values).all()
    write([f"x{row}" for row in range(39)], names[:39])
    with pytest.raises(DataError, match="40 pictures without ids and people's file 39 items"):
        items(tmp_path, images="photos.npy")
    write(order + 1, [names[row] for row in order])
    with pytest.raises(AmbiguityError, match="numbers out of order"):
        items(tmp_path, images="photos.npy")


def test_an_example_brings_its_people_and_a_folder_does_not(folder):
    digits = read_items("example:digits", None, TrainSettings(), ReadOptions())
    assert len(digits) == 1797
    assert digits.answers.values[:10].tolist() == list(range(10))
    with pytest.raises(DataError, match="PEOPLE is missing"):
        read_items(folder / "photos", None, TrainSettings(), ReadOptions())


@pytest.mark.parametrize(
    ("labels", "positive", "first"),
    [
        ("cat,not-cat", None, "cat"), ("not_cat,cat", None, "cat"), ("0,1", None, "1"), ("no,yes", None, "yes"),
        ("neg,pos", None, "pos"), ("false,true", None, "true"), ("apple,pear", None, "apple"),
        ("cat,not-cat", "not-cat", "not-cat"),
    ],
)  # fmt: skip
def test_of_two_classes_the_positive_one_comes_first(tmp_path, labels, positive, first):
    one, two = labels.split(",")
    (tmp_path / "people.csv").write_text(f"item,label\na,{one}\nb,{two}\nc,{two}\n")
    answers = read_answers(tmp_path / "people.csv", ReadOptions(positive=positive))
    assert answers.classes[0] == first
    assert [answers.classes[code] for code in answers.values] == [one, two, two]


def test_panels_keep_their_counts_and_weights(panels):
    text = (panels / "panels.csv").read_text().splitlines()
    text = [text[0] + ",w", *(line + f",{number % 3 + 1}" for number, line in enumerate(text[1:]))]
    (panels / "panels.csv").write_text("\n".join(text) + "\n")
    read = items(panels, "panels.csv", "photos.npz", weight="w")
    assert read.answers.kind == "counts"
    assert read.answers.values[0].tolist() == [3, 1, 1]
    assert read.answers.weights[:4].tolist() == [1, 2, 3, 1]
    assert read.answers.judgements().tolist() == [5] * 40


def test_the_floor_is_what_compare_says_of_peoples_entropy(panels):
    answers = read_answers(panels / "panels.csv", ReadOptions())
    import bitsapart

    uniform = np.full((40, 3), 1 / 3)
    said = bitsapart.compare(panels / "panels.csv", uniform, classes=answers.classes, in_order=True).entry("entropy")[
        "value"
    ]
    assert people_floor(answers) == pytest.approx(said, abs=1e-12)


def test_the_floor_of_shares_is_exact_and_of_single_answers_unknown():
    shares = np.array([[0.5, 0.5], [1.0, 0.0]])
    assert people_floor(Answers(["a", "b"], True, ("x", "y"), "probs", shares, None)) == 0.5
    weights = np.array([3.0, 1.0])
    assert people_floor(Answers(["a", "b"], True, ("x", "y"), "probs", shares, weights)) == 0.75
    assert people_floor(Answers(["a", "b"], True, ("x", "y"), "labels", np.array([0, 1]), None)) is None
    ones = np.array([[1, 0], [0, 1]])
    assert people_floor(Answers(["a", "b"], True, ("x", "y"), "counts", ones, None)) is None
