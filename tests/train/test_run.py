"""A whole run: what it leaves behind, how it stops, and that an interrupted one ends up the same to the bit."""
# ruff: noqa: E402

import csv
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the extra `train`)")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric (the extra `train`)")

import bitsapart
from bitsapart.data import ReadOptions
from bitsapart.errors import DataError, DomainError, StateError
from bitsapart.train import Run, TrainSettings, Watcher, fit, fit_all, predict, resume, resume_all
from bitsapart.train.batches import held_out_rows
from bitsapart.train.checkpoint import load_tensors

SMALL = TrainSettings(network="linear", steps=30, every=10, batch=8, lr=0.05, valid=0.25)


class Stop(Exception):  # noqa: N818
    pass


class Breaks(Watcher):
    """Pulls the plug before a step."""

    def __init__(self, step):
        self.step = step

    def stepped(self, step, steps, rows):
        if step == self.step:
            raise Stop


def small(**changes):
    return TrainSettings(**{**SMALL.to_dict(), **changes})


def table(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_a_run_leaves_everything_behind(folder):
    run = fit(folder / "photos", folder / "people.csv", settings=SMALL, run=folder / "run")
    names = {path.name for path in run.path.iterdir()}
    assert names == {
        "config.json", "curve.csv", "curve.svg", "weights.safetensors", "comparison.json", "comparison-train.json",
        "predictions-train.csv", "predictions-valid.csv", "people-train.csv", "people-valid.csv",
    }  # fmt: skip
    curve = table(run.path / "curve.csv")
    assert curve[0] == ["step", "split", "cross_entropy", "log_loss", "squared_error", "absolute_error"]
    assert [row[:2] for row in curve[1:]] == [
        [str(step), split] for step in (0, 10, 20, 30) for split in ("train", "valid")
    ]
    assert (run.path / "curve.svg").read_text().startswith("<svg")
    config = json.loads((run.path / "config.json").read_text())
    assert config["classes"] == ["left", "right"]
    assert config["settings"]["lr"] == 0.05
    predicted = table(run.path / "predictions-valid.csv")
    assert predicted[0] == ["item", "left", "right"]
    assert len(predicted) == 11
    held_out = bitsapart.compare(run.path / "people-valid.csv", run.path / "predictions-valid.csv")
    assert held_out["cross_entropy"].value == run.comparison["cross_entropy"].value
    last = [row for row in run.curve if row.split == "valid"][-1]
    best = min(row.cross_entropy for row in run.curve if row.split == "valid")
    assert run.comparison["cross_entropy"].value == pytest.approx(best, abs=1e-6)
    assert last.log_loss == pytest.approx(last.cross_entropy * np.log(2))
    assert not run.comparison.data["warnings"] or run.comparison.data["items"] == 10


def test_the_curve_is_what_compare_says_of_the_same_weights(panels):
    for loss in ("cross-entropy", "likelihood", "least-squares", "absolute"):
        settings = small(loss=loss, valid=0.0, dtype="float64", network="mlp:4")
        run = fit(panels / "photos.npz", panels / "panels.csv", settings=settings, run=panels / loss)
        last, measures = run.curve[-1], run.comparison
        assert last.cross_entropy == pytest.approx(measures["cross_entropy"].value, abs=1e-12)
        assert last.squared_error == pytest.approx(measures["squared_error"].value, abs=1e-12)
        assert last.absolute_error == pytest.approx(measures["absolute_error"].value, abs=1e-12)
        assert last.log_loss == pytest.approx(measures["log_loss"].value, abs=1e-12)


def test_each_loss_makes_its_own_measure_smaller_and_likelihood_is_cross_entropy(panels):
    runs, comparison = fit_all(
        panels / "photos.npz", panels / "panels.csv", settings=small(dtype="float64", patience=0), run=panels / "all"
    )
    assert list(runs) == ["cross-entropy", "likelihood", "least-squares", "absolute"]
    for one, other in zip(runs["cross-entropy"].curve, runs["likelihood"].curve, strict=True):
        assert one.cross_entropy == pytest.approx(other.cross_entropy, rel=1e-9)
    starts = {run.curve[0] for run in runs.values()}
    assert len(starts) == 1
    for loss, column in (
        ("cross-entropy", "cross_entropy"),
        ("least-squares", "squared_error"),
        ("absolute", "absolute_error"),
    ):
        curve = [getattr(row, column) for row in runs[loss].curve if row.split == "train"]
        assert curve[-1] < curve[0]
    assert set(comparison.models) == set(runs)
    assert {path.name for path in (panels / "all").iterdir()} == {
        *runs, *(f"{loss}.csv" for loss in runs), "curves.csv", "curves.svg", "comparison.json"
    }  # fmt: skip
    again, same = resume_all(panels / "all")
    assert same.data["pairs"] == comparison.data["pairs"]
    assert list(again) == list(runs)
    with pytest.raises(DataError, match="is there already; --resume"):
        fit_all(panels / "photos.npz", panels / "panels.csv", settings=SMALL, run=panels / "all")


@pytest.mark.parametrize("step", [0, 1, 10, 17, 30])
@pytest.mark.parametrize("network", ["linear", "cnn"])
def test_an_interrupted_run_ends_with_the_same_bits(panels, step, network):
    settings = small(network=network, checkpoint_s=0.0, optimizer="adam", lr=0.01, augment="shift,flip", patience=2)
    whole = fit(panels / "photos.npz", panels / "panels.csv", settings=settings, run=panels / "whole")
    with pytest.raises(Stop):
        fit(panels / "photos.npz", panels / "panels.csv", settings=settings, run=panels / "cut", watcher=Breaks(step))
    with pytest.raises(StateError, match="is not finished; bitsapart train --resume"):
        predict(panels / "cut", panels / "photos.npz")
    cut = resume(panels / "cut")
    for name in (
        "weights.safetensors",
        "curve.csv",
        "predictions-valid.csv",
        "predictions-train.csv",
        "comparison.json",
    ):
        one, other = (whole.path / name).read_bytes(), (cut.path / name).read_bytes()
        assert one.replace(b"/whole/", b"/cut/") == other, name
    assert not cut.checkpoint.exists()
    assert resume(panels / "cut").weights.read_bytes() == whole.weights.read_bytes()


def test_momentum_and_early_stopping_survive_an_interruption(panels):
    settings = small(optimizer="sgd", lr=0.5, momentum=0.9, every=1, patience=2, checkpoint_s=0.0, steps=200)
    whole = fit(panels / "photos.npz", panels / "panels.csv", settings=settings, run=panels / "whole")
    assert whole.outcome["stopped_early"]
    with pytest.raises(Stop):
        fit(panels / "photos.npz", panels / "panels.csv", settings=settings, run=panels / "cut", watcher=Breaks(3))
    assert resume(panels / "cut").weights.read_bytes() == whole.weights.read_bytes()
    valid = [row.cross_entropy for row in whole.curve if row.split == "valid"]
    assert len(valid) - 1 - int(np.argmin(valid)) == 2
    assert whole.outcome["step"] == int(np.argmin(valid))


def test_other_data_is_not_resumed_on(folder):
    with pytest.raises(Stop):
        fit(folder / "photos", folder / "people.csv", settings=SMALL, run=folder / "run", watcher=Breaks(5))
    text = (folder / "people.csv").read_text()
    (folder / "people.csv").write_text(text.replace("p00,left", "p00,right"))
    with pytest.raises(StateError, match="are not what they were"):
        resume(folder / "run")
    (folder / "run" / "checkpoint.safetensors").write_bytes(b"nonsense")
    (folder / "people.csv").write_text(text)
    with pytest.raises(StateError, match="cannot be read as a saved state"):
        resume(folder / "run")
    with pytest.raises(StateError, match="is not the folder of a training run"):
        resume(folder)
    (folder / "run" / "config.json").write_text('{"format": 2}')
    with pytest.raises(StateError, match="has the format 2"):
        resume(folder / "run")


def test_arrays_are_asked_for_again(pictures, tmp_path):
    values, sides = pictures
    people = np.eye(2, dtype=int)[sides]
    whole = fit(values, people, settings=SMALL, run=tmp_path / "whole")
    with pytest.raises(Stop):
        fit(values, people, settings=SMALL, run=tmp_path / "run", watcher=Breaks(5))
    with pytest.raises(StateError, match="was trained on arrays: pass images and people again"):
        resume(tmp_path / "run")
    assert resume(tmp_path / "run", images=values, people=people).weights.read_bytes() == whole.weights.read_bytes()


@pytest.mark.parametrize(("batch", "rate", "optimizer"), [(0, 3e38, "sgd"), (8, 3e38, "sgd"), (8, 1e300, "adam")])
def test_a_loss_that_runs_away_is_a_sentence_and_keeps_the_curve(pictures, tmp_path, batch, rate, optimizer):
    values, sides = pictures
    settings = small(optimizer=optimizer, lr=rate, batch=batch)
    with pytest.raises(
        DomainError, match=r"the loss is (not a number|infinite) at step .* train again with a smaller --lr"
    ):
        fit(values, np.eye(2, dtype=int)[sides], settings=settings, run=tmp_path / "run")
    assert len(table(tmp_path / "run" / "curve.csv")) >= 3
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_a_start_that_gives_no_numbers_is_not_blamed_on_the_rate(pictures, tmp_path):
    values, sides = pictures
    with pytest.raises(DomainError, match=r"at step 0, before anything was learned: .* pixels too large for float32"):
        fit(values * 1e300, np.eye(2, dtype=int)[sides], settings=SMALL, run=tmp_path / "run")


def test_classes_that_the_held_out_items_alone_have_are_said(pictures, tmp_path):
    values, sides = pictures

    class Listens(Watcher):
        def started(self, items, held_out, floor, notes):
            self.notes = notes

    held_out = held_out_rows(len(sides), 0.25, 0)
    rare, learned = held_out[0], np.setdiff1d(np.arange(40), held_out)[0]
    for place, times in ((rare, 1), (learned, 0)):
        heard = Listens()
        answers = np.eye(3, dtype=int)[np.where(np.arange(40) == place, 1, 2 * (sides % 2))]
        fit(values, answers, settings=small(steps=1), run=tmp_path / str(place), watcher=heard)
        assert (
            heard.notes
            == ["held-out items alone have 1, which cannot be learned from the others; another --seed may help"] * times
        )


def test_an_interruption_is_told_with_the_folder_to_resume(pictures, tmp_path):
    values, sides = pictures

    class Presses(Watcher):
        heard = ()

        def stepped(self, step, steps, rows):
            if step == 5:
                raise KeyboardInterrupt

        def stopped(self):
            self.heard += ("stopped",)

        def interrupted(self, run):
            self.heard += (run,)

    watcher = Presses()
    with pytest.raises(KeyboardInterrupt):
        fit(values, np.eye(2, dtype=int)[sides], settings=SMALL, run=tmp_path / "run", watcher=watcher)
    assert watcher.heard == (tmp_path / "run", "stopped")
    assert Run.load(tmp_path / "run").checkpoint.exists()


def test_the_temperature_is_fitted_to_peoples_counts(panels):
    plain = fit(
        panels / "photos.npz", panels / "panels.csv", settings=small(steps=300, patience=0), run=panels / "plain"
    )
    settings = small(steps=300, patience=0, calibrate=True)
    run = fit(panels / "photos.npz", panels / "panels.csv", settings=settings, run=panels / "run")
    temperature = run.outcome["temperature"]
    assert temperature > 1
    assert run.comparison["cross_entropy"].value < plain.comparison["cross_entropy"].value
    shares = np.array([[float(cell) for cell in row[1:]] for row in table(run.path / "people-valid.csv")[1:]]) / 5
    q = np.array([[float(cell) for cell in row[1:]] for row in table(plain.path / "predictions-valid.csv")[1:]])

    def cost(t):
        raised = q ** (1 / t)
        return -(shares * np.log(raised / raised.sum(1, keepdims=True))).sum()

    assert cost(temperature) <= min(cost(temperature * 1.01), cost(temperature / 1.01))
    with pytest.raises(DataError, match="nothing is held out"):
        fit(panels / "photos.npz", panels / "panels.csv", settings=small(calibrate=True, valid=0.0))


def test_the_watcher_hears_peoples_floor(panels):
    heard = []

    class Listens(Watcher):
        def started(self, items, held_out, floor, notes):
            heard.append((len(items), held_out, floor, notes))

        def stopped(self):
            heard.append("stopped")

    run = fit(panels / "photos.npz", panels / "panels.csv", settings=SMALL, run=panels / "run", watcher=Listens())
    (items, held_out, floor, notes), last = heard
    assert (items, held_out, notes, last) == (40, 10, [], "stopped")
    assert run.comparison.entry("entropy")["value"] == pytest.approx(floor, abs=1e-9)
    assert "own entropy" in (run.path / "curve.svg").read_text()


def test_predictions_are_those_of_the_run_and_pictures_must_be_alike(folder):
    run = fit(folder / "photos", folder / "people.csv", settings=SMALL, run=folder / "run")
    found = predict(run.path, folder / "photos")
    seen = {row[0]: row[1:] for row in table(run.path / "predictions-valid.csv")[1:]}
    assert found.classes == ("left", "right")
    for name, row in zip(found.ids, found.probabilities, strict=True):
        if name.removesuffix(".png") in seen:
            assert row == pytest.approx([float(cell) for cell in seen[name.removesuffix(".png")]], abs=1e-7)
    found.write(folder / "new.csv")
    found.write(folder / "new.parquet")
    one = bitsapart.compare(folder / "new.csv", folder / "new.parquet", people_kind="probs")
    assert one["kl_divergence"].value == 0
    with pytest.raises(DataError, match=r"predictions are written as \.csv or \.parquet"):
        found.write(folder / "new.txt")
    with pytest.raises(DataError, match=r"pictures of 5 × 6 × 1, but the network was trained on 6 × 6 × 1"):
        predict(run.path, np.zeros((2, 5, 6), np.uint8))
    Image = pytest.importorskip("PIL.Image")
    (folder / "wide").mkdir()
    Image.new("L", (7, 6)).save(folder / "wide" / "a.png")
    with pytest.raises(DataError, match=r"1 of 1 pictures is not 6 × 6: a.png is 6 × 7. .* train with --size 6, which"):
        predict(run.path, folder / "wide")
    with pytest.raises(StateError, match=r"is not the folder of a training run, but of 1; name one, such as .*run"):
        predict(folder, folder / "photos")
    tensors, facts = load_tensors(run.weights)
    assert set(tensors) == {"1.weight", "1.bias"}
    assert facts["format"] == 1


def test_weights_of_items_are_counted(panels):
    text = (panels / "panels.csv").read_text().splitlines()
    doubled = [text[0], *(line for line in text[1:] for _ in range(1))]
    weighted = [text[0] + ",w", *(f"{line},{2 if number < 10 else 1}" for number, line in enumerate(text[1:]))]
    (panels / "weighted.csv").write_text("\n".join(weighted) + "\n")
    arrays = np.load(panels / "photos.npz")
    images = np.concatenate([arrays["images"], arrays["images"][:10]])
    ids = np.concatenate([arrays["ids"], np.array([f"q{number}" for number in range(10)])])
    np.savez(panels / "twice.npz", images=images, ids=ids)
    doubled += [f"q{number}," + text[1 + number].split(",", 1)[1] for number in range(10)]
    (panels / "twice.csv").write_text("\n".join(doubled) + "\n")
    settings = TrainSettings(network="linear", batch=0, steps=5, every=1, dtype="float64", init="zeros")
    one = fit(
        panels / "photos.npz",
        panels / "weighted.csv",
        settings=settings,
        run=panels / "one",
        reading=ReadOptions(weight="w"),
    )
    two = fit(panels / "twice.npz", panels / "twice.csv", settings=settings, run=panels / "two")
    for a, b in zip(one.curve, two.curve, strict=True):
        assert a.cross_entropy == pytest.approx(b.cross_entropy, abs=1e-12)
        assert a.log_loss == pytest.approx(b.log_loss, abs=1e-12)
    assert one.comparison["cross_entropy"].value == pytest.approx(two.comparison["cross_entropy"].value, abs=1e-12)


def test_a_strangers_run_does_not_get_its_own_code_imported(folder):
    run = fit(folder / "photos", folder / "people.csv", settings=SMALL, run=folder / "run")
    config = json.loads((run.path / "config.json").read_text())
    config["settings"]["network"] = "os:system"
    (run.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="repeat --network os:system to have it imported"):
        predict(run.path, folder / "photos")
    with pytest.raises(DataError, match="repeat --network os:system"):
        resume(run.path)
    config["settings"] = {**SMALL.to_dict(), "magic": 1}
    (run.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="setting magic is unknown"):
        predict(run.path, folder / "photos")


def test_a_folder_that_holds_something_is_not_written_over(folder):
    for holds in (folder, folder / "people.csv"):
        with pytest.raises(DataError, match="is there already; name a folder that is new or empty"):
            fit(folder / "photos", folder / "people.csv", settings=SMALL, run=holds)
    (folder / "run").mkdir()
    fit(folder / "photos", folder / "people.csv", settings=small(steps=1), run=folder / "run")
    with pytest.raises(DataError, match=r"is there already; --resume .*run goes on with a run"):
        fit(folder / "photos", folder / "people.csv", settings=SMALL, run=folder / "run")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"loss": "hinge"}, "loss is hinge, but must be one of cross-entropy"),
        ({"lr": -1.0}, "lr is -1.0, but must be positive"),
        ({"lr": float("nan")}, "lr is nan, but must be positive"),
        ({"valid": 1.0}, "valid is 1.0, but must be a share below 1"),
        ({"momentum": 0.9}, "momentum is 0.9, but belongs to --optimizer sgd"),
        ({"augment": "blur"}, "augment is blur, but must be none, shift"),
        ({"every": 0}, "every is 0, but must be at least 1"),
    ],
)
def test_settings_without_meaning_are_refused(changes, sentence):
    with pytest.raises(DataError, match=sentence):
        TrainSettings(**changes)


def test_devices_that_are_not_there_are_said(folder):
    for device, sentence in (("tpu9", "must be auto, cpu, cuda"), ("cuda:7", "device cuda:7 cannot be used")):
        if device.startswith("cuda") and torch.cuda.is_available():
            continue
        with pytest.raises(DataError, match=sentence):
            fit(folder / "photos", folder / "people.csv", settings=small(device=device), run=folder / "run")
