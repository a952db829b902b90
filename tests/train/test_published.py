"""The published figures of the cat networks, where the pictures stand beside the checkout."""
# ruff: noqa: E402

import csv

import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the extra `train`)")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric (the extra `train`)")

import bitsapart
from bitsapart.data import ReadOptions
from bitsapart.train import TrainSettings, fit, predict

pytestmark = pytest.mark.slow
LINEAR = {
    0: 0.69314718055994529, 100: 0.58450836369930859, 200: 0.46694904094655459, 300: 0.37600686694802077,
    400: 0.33146328932825114, 500: 0.30327306747438287,
}  # fmt: skip
LINEAR_SHORT = [
    0.693147, 0.584508, 0.466949, 0.376007, 0.331463, 0.303273, 0.279880, 0.260042, 0.242941, 0.228004, 0.214820,
    0.203078, 0.192544, 0.183033, 0.174399, 0.166521, 0.159305, 0.152667, 0.146542, 0.140872,
]  # fmt: skip
TWO_LAYERS = [
    0.693049735659989, 0.6464320953428849, 0.6325140647912678, 0.6015024920354665, 0.5601966311605748,
    0.5158304772764729, 0.4754901313943325, 0.43391631512257495, 0.4007977536203886, 0.3580705011323798,
    0.3394281538366413, 0.30527536361962654, 0.2749137728213015, 0.24681768210614854, 0.19850735037466108,
    0.17448318112556666, 0.1708076297809689, 0.11306524562164715, 0.09629426845937152, 0.08342617959726863,
    0.07439078704319081, 0.06630748132267933, 0.05919329501038171, 0.05336140348560557, 0.04855478562877019,
]  # fmt: skip
FOUR_LAYERS = [
    0.771749, 0.672053, 0.648263, 0.611507, 0.567047, 0.540138, 0.527930, 0.465477, 0.369126, 0.391747, 0.315187,
    0.272700, 0.237419, 0.199601, 0.189263, 0.161189, 0.148214, 0.137775, 0.129740, 0.121225, 0.113821, 0.107839,
    0.102855, 0.100897, 0.092878,
]  # fmt: skip
EVERY_HUNDRED = range(0, 2500, 100)
CASES = [  # network, start, rate, steps, costs as published, to how much, % right of train and test
    ("linear", "zeros", 0.005, 2000, LINEAR, 1e-9, (99.04306, 70.0)),
    ("linear", "zeros", 0.005, 2000, dict(zip(range(0, 2000, 100), LINEAR_SHORT, strict=True)), 6e-7, ()),
    ("mlp:7", "course", 0.0075, 2500, dict(zip(EVERY_HUNDRED, TWO_LAYERS, strict=True)), 1e-9, (100.0, 72.0)),
    ("mlp:20,7,5", "course", 0.0075, 2500, {0: 0.7717493284237686}, 1e-9, (98.56459, 80.0)),
    ("mlp:20,7,5", "course", 0.0075, 2500, dict(zip(EVERY_HUNDRED, FOUR_LAYERS, strict=True)), 6e-7, ()),
]


def accuracy(folder, part, run, tmp_path):
    predict(run.path, folder / part).write(tmp_path / f"{part}.csv")
    return 100 * bitsapart.compare(folder / f"{part}.csv", tmp_path / f"{part}.csv")["accuracy"].value


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Trains each network once."""
    made = {}

    def train(cats, **settings):
        name = settings["network"]
        if name not in made:
            folder = tmp_path_factory.mktemp("cats") / "run"
            settings = TrainSettings(optimizer="sgd", batch=0, dtype="float64", **settings)
            one = ReadOptions(threads=1)  # two wait for each other longer than they work where the machine is shared
            made[name] = fit(cats / "train", cats / "train.csv", settings=settings, reading=one, run=folder)
        return made[name]

    return train


@pytest.mark.parametrize(("network", "init", "lr", "steps", "published", "close", "right"), CASES)
def test_costs_and_accuracy_are_the_published_ones(
    cats, runs, tmp_path, network, init, lr, steps, published, close, right
):
    run = runs(cats, network=network, init=init, lr=lr, steps=steps)
    with (run.path / "curve.csv").open(newline="") as file:
        costs = {int(row["step"]): float(row["log_loss"]) for row in csv.DictReader(file)}
    for step, cost in published.items():
        assert costs[step] == pytest.approx(cost, abs=close)
    for part, wanted in zip(("train", "test"), right, strict=False):
        assert accuracy(cats, part, run, tmp_path) == pytest.approx(wanted, abs=5e-6)
