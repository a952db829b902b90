"""The published figures of the cat networks, where the pictures stand beside the checkout."""
# ruff: noqa: E402

import csv

import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the extra `train`)")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric (the extra `train`)")

import bitsapart
from bitsapart.train import TrainSettings, fit, predict

pytestmark = pytest.mark.slow
FOUND = {
    "linear": {
        0: 0.69314718055994529, 100: 0.58450836369930859, 200: 0.46694904094655459, 300: 0.37600686694802077,
        400: 0.33146328932825114, 500: 0.30327306747438287,
    },
    "mlp:7": {0: 0.6930497356599888},
    "mlp:20,7,5": {0: 0.7717493284237686},
}  # fmt: skip
RIGHT = {"linear": (99.04306, 70.0)}


def accuracy(folder, part, run, tmp_path):
    predict(run.path, folder / part).write(tmp_path / f"{part}.csv")
    return 100 * bitsapart.compare(folder / f"{part}.csv", tmp_path / f"{part}.csv")["accuracy"].value


@pytest.mark.parametrize("network", FOUND)
def test_costs_and_accuracy_are_the_published_ones(cats, tmp_path, network):
    steps = 2000 if network in RIGHT else 1
    settings = TrainSettings(
        network=network, optimizer="sgd", lr=0.005 if network == "linear" else 0.0075, batch=0, steps=steps,
        init="zeros" if network == "linear" else "course", dtype="float64",
    )  # fmt: skip
    run = fit(cats / "train", cats / "train.csv", settings=settings, run=tmp_path / "run")
    with (run.path / "curve.csv").open(newline="") as file:
        costs = {int(row["step"]): float(row["log_loss"]) for row in csv.DictReader(file)}
    for step, cost in FOUND[network].items():
        assert costs[step] == pytest.approx(cost, abs=1e-9)
    for part, wanted in zip(("train", "test"), RIGHT.get(network, ()), strict=False):
        assert accuracy(cats, part, run, tmp_path) == pytest.approx(wanted, abs=5e-6)
