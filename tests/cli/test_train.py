"""`bitsapart train` and `bitsapart predict` as somebody types them."""

import subprocess
import sys

import numpy as np
import pytest

from bitsapart.cli.main import main

HIDDEN = "import sys; sys.modules[{name!r}] = None; from bitsapart.cli.main import main; main(sys.argv[1:])"


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of twelve pictures, and what one to four people said of each."""
    pytest.importorskip("torch", reason="training needs torch (the extra `train`)")
    pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric (the extra `train`)")
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow (the extra `train`)")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    dice = np.random.default_rng(3)
    lines = ["item,annotator,label"]
    for number in range(12):
        picture = image.fromarray(dice.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        picture.convert(("RGB", "L", "RGBA")[number % 3]).save(tmp_path / "photos" / f"my {number}.png")
        answers = dice.choice(["very good", "not so good", "bad"], 1 + number % 4)
        lines += [f"my {number},u{person},{answer}" for person, answer in enumerate(answers)]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def said(capsys, *command):
    with pytest.raises(SystemExit) as ended:
        main([str(part) for part in command])
    heard = capsys.readouterr()
    return ended.value.code, heard.out, heard.err


QUICK = ("photos", "people.csv", "--network", "linear", "--steps", "3", "-o", "run")


def test_train_predict_and_compare_fit_together(photos, capsys):
    code, out, err = said(capsys, "train", *QUICK, "--calibrate")
    assert code == 0
    assert "judgements in column 'label' by 'annotator', counted per item" in err
    assert "12 pictures matched by name without ending" in err
    assert "4 pictures, each was grey among coloured ones" in err
    assert "10 items to train on, 2 held out; people's own entropy of those:" in err
    assert "cross-entropy H(P,Q)" in out
    assert "fitted to people's answers for the held-out items" in out
    assert "run folder: run (weights of step" in out
    code, table, _ = said(capsys, "predict", "run", "photos")
    assert code == 0
    assert table.splitlines()[0] == "item,very good,not so good,bad".replace("very good,not so good,bad", ",".join(
        sorted(["very good", "not so good", "bad"])
    ))  # fmt: skip
    assert table.splitlines()[1].startswith("my 0,")
    assert said(capsys, "predict", "run", "photos", "-o", "new.csv")[0] == 0
    assert (photos / "new.csv").read_text() == table
    code, out, _ = said(capsys, "compare", "people.csv", "new.csv")
    assert code == 0
    assert "12 items · 30 judgements (1–4 per item) · 3 classes" in out
    code, _, err = said(capsys, "train", *QUICK)
    assert (code, err) == (
        2, "DataError: run is there already; --resume run goes on with a run, another --output starts one\n"
    )  # fmt: skip
    code, _, err = said(capsys, "train", "--resume", "run", "--lr", "5")
    assert code == 2
    assert "--resume goes on with what the run was started with: leave out --lr." in err
    assert said(capsys, "train", "--resume", "run")[0] == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("--network", "no_such:net"), "network no_such:net cannot be found"),
        (("--network", "math:sqrt"), "network math:sqrt failed when it was called with"),
        (("--network", "resnet50"), "must be linear, mlp:20,7,5, cnn, or package.module:factory"),
        (("--init", "course"), "a recipe for mlp networks"),
        (("--epochs", "2"), "steps is 3, but epochs are given as well"),
        (("--batch", "0"), "'0' is neither a number of items nor all"),
        (("--size", "big"), "'big' is no size"),
        (("--valid", "1"), "valid is 1.0, but must be a share below 1"),
        (("--model-kind", "probs"), "No such option"),
        (("-o", "people.csv"), "people.csv is there already"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing(photos, capsys, change, sentence):
    before = sorted(photos.rglob("*"))
    code, out, err = said(capsys, "train", *QUICK, *change)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err
    assert sorted(photos.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("torch", "torch"),
        ("safetensors", "safetensors"),
        ("lightning_fabric", "lightning-fabric"),
    ],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(tmp_path, name, sentence):
    command = [sys.executable, "-c", HIDDEN.format(name=name), "train", "example:digits", "-o", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "bitsapart[train]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_the_help_names_every_option_once_without_torch(capsys):
    code, out, _ = said(capsys, "train", "--help")
    assert code == 0
    for option in (
        "--loss", "--network", "--init", "--seed", "--optimizer", "--lr", "--momentum", "--weight-decay", "--batch",
        "--epochs", "--steps", "--augment", "--dtype", "--device", "--valid", "--every", "--patience", "--calibrate",
        "--output", "--resume", "--checkpoint", "--size", "--frames", "--unreadable", "--max-pixels", "--weight",
    ):  # fmt: skip
        lines = [line for line in out.splitlines() if line.strip().startswith((f"{option} ", f"-o, {option} "))]
        assert len(lines) == 1, option
    assert "--renormalise" not in out
