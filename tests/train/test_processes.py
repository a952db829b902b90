"""Several processes train as one; a killed process loses nothing. Real processes, so these tests are slow."""
# ruff: noqa: E402

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the extra `train`)")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric (the extra `train`)")

from bitsapart.train import Run, TrainSettings, fit

pytestmark = pytest.mark.slow
ALONE = [sys.executable, "-m", "bitsapart", "train"]
TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "bitsapart", "train"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


# A network with weights that are tied, weights that are fixed, and weights that no step uses.
OWN = """
from torch import nn

class Net(nn.Module):
    def __init__(self, size, outputs):
        super().__init__()
        self.first, self.again = nn.Linear(size, size), nn.Linear(size, size)
        self.again.weight = self.first.weight
        self.last, self.fixed, self.idle = nn.Linear(size, outputs), nn.Linear(size, size), nn.Linear(2, 2)
        self.fixed.requires_grad_(False)

    def forward(self, pictures):
        flat = pictures.flatten(1)
        return self.last(self.again(self.first(flat).relu() + self.fixed(flat)).relu())

def net(shape, outputs):
    return Net(shape[0] * shape[1] * shape[2], outputs)
"""


def run_in(folder, *command, good=True):
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
    assert (done.returncode == 0) == good, done.stderr
    return done


@pytest.mark.parametrize(
    "options",
    [
        ("--network", "mlp:4", "--batch", "7", "--optimizer", "adam", "--lr", "0.01"),
        ("--network", "cnn", "--batch", "all", "--optimizer", "sgd", "--momentum", "0.9", "--augment", "shift,flip"),
        ("--network", "linear", "--weight", "w", "--batch", "1", "--loss", "likelihood"),
        ("--network", "own:net", "--batch", "7"),
    ],
)
def test_two_processes_give_the_losses_of_one(panels, options):
    (panels / "own.py").write_text(OWN)
    text = (panels / "panels.csv").read_text().splitlines()
    weighted = [text[0] + ",w", *(f"{line},{1 + number % 3}" for number, line in enumerate(text[1:]))]
    people = panels / ("weighted.csv" if "--weight" in options else "panels.csv")
    if "--weight" in options:
        people.write_text("\n".join(weighted) + "\n")
    command = ("photos.npz", people.name, *options, "--dtype", "float64", "--steps", "12", "--every", "1")
    command += ("--valid", "0.25", "--patience", "0")
    run_in(panels, *ALONE, *command, "-o", "one")
    run_in(panels, *TOGETHER, *command, "-o", "two")
    one, two = Run.load(panels / "one"), Run.load(panels / "two")
    assert len(one.curve) == len(two.curve) == 26
    for a, b in zip(one.curve, two.curve, strict=True):
        assert (a.step, a.split) == (b.step, b.split)
        for name in ("cross_entropy", "log_loss", "squared_error", "absolute_error"):
            assert getattr(a, name) == pytest.approx(getattr(b, name), abs=1e-9)
    assert {path.name for path in one.path.iterdir()} == {path.name for path in two.path.iterdir()}


def test_networks_that_mix_items_are_said_to_differ(panels):
    (panels / "mixed.py").write_text(
        "from torch import nn\ndef net(shape, outputs):\n    size = shape[0] * shape[1] * shape[2]\n"
        "    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(size), nn.Linear(size, outputs))\n"
    )
    command = ("photos.npz", "panels.csv", "--network", "mixed:net", "--steps", "2")
    together = run_in(panels, *TOGETHER, *command, "-o", "two")
    assert "batch normalisation sees each process's share of the batch alone" in together.stderr
    assert "batch normalisation" not in run_in(panels, *ALONE, *command, "-o", "one").stderr


def test_two_processes_stop_together_when_the_loss_runs_away(panels):
    command = ("photos.npz", "panels.csv", "--network", "linear", "--optimizer", "sgd", "--lr", "3e38", "-o", "run")
    done = run_in(panels, *TOGETHER, *command, good=False)
    assert "the loss is" in done.stderr
    assert "train again with a smaller --lr" in done.stderr
    assert (panels / "run" / "curve.csv").exists()
    assert not (panels / "run" / "weights.safetensors").exists()


def killed_at_random(folder, command, dice):
    """Start, wait until the run's folder is there, and kill −9 a random time later; whether it was still running."""
    process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    before = state_of(folder / "cut")
    while process.poll() is None and state_of(folder / "cut") == before:
        time.sleep(0.02)
    try:
        process.wait(dice.uniform(0.0, 0.7))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    _, error = process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}, error.decode()
    return process.returncode != 0


def state_of(run):
    """When the run's files last changed."""
    return run.stat().st_mtime_ns if run.exists() else None


def test_killed_whenever_and_resumed_ends_with_the_same_bits(panels):
    """Checkpoints are written after every step, so that most kills hit a write; each resumption is killed again."""
    settings = TrainSettings(
        network="mlp:16", steps=300, every=20, batch=8, valid=0.25, patience=0, checkpoint_s=0.0, augment="shift"
    )
    whole = fit(panels / "photos.npz", panels / "panels.csv", settings=settings, run=panels / "whole")
    dice = np.random.default_rng()
    start = [*ALONE, "photos.npz", "panels.csv", "--network", "mlp:16", "--steps", "300", "--every", "20"]
    start += ["--batch", "8", "--valid", "0.25", "--patience", "0", "--checkpoint", "0", "--augment", "shift"]
    kills = 0
    while not (panels / "cut" / "config.json").exists():
        kills += killed_at_random(panels, [*start, "-o", "cut"], dice)
    while kills < 5 and not Run.load(panels / "cut").finished:
        kills += killed_at_random(panels, [*ALONE, "--resume", "cut"], dice)
    run_in(panels, *ALONE, "--resume", "cut")
    assert kills
    cut = Run.load(panels / "cut")
    for name in ("weights.safetensors", "curve.csv", "predictions-valid.csv", "predictions-train.csv"):
        assert (cut.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    assert {path.name for path in cut.path.iterdir()} == {path.name for path in whole.path.iterdir()}
