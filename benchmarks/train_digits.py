"""Five-fold accuracy of the default network on the embedded digits, and how long one run takes.

Every digit is predicted by a network that never saw it: the items are dealt into five folds, `bitsapart.train.fit`
with its default settings gets four of them (and holds a fifth of those out to know when to stop), and the fifth is
predicted. One more run is `bitsapart train example:digits` itself, from the command line, timed from start to end.

    python benchmarks/train_digits.py            # writes benchmarks/results/train_digits.{json,md}
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bitsapart.data import ReadOptions
from bitsapart.train import TrainSettings, fit, predict
from bitsapart.train.items import read_items

FOLDS, GOAL_PERCENT, GOAL_S = 5, 97.5, 120
RESULTS = Path(__file__).with_name("results")


def five_folds(folder: Path) -> list[float]:
    """Accuracy (percent) of each fold."""
    items = read_items("example:digits", None, TrainSettings(), ReadOptions())
    images, labels = items.pixels / np.float32(items.form.scale), items.answers.values
    place = np.random.default_rng(0).permutation(len(labels)) % FOLDS
    accuracies = []
    for fold in range(FOLDS):
        run = fit(images[place != fold], labels[place != fold], run=folder / str(fold))
        said = predict(run.path, images[place == fold]).probabilities.argmax(axis=1)
        accuracies.append(100 * float(np.mean(said == labels[place == fold])))
    return accuracies


def command_s(folder: Path) -> float:
    """Seconds of the README's recipe, start of Python and comparison included."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "bitsapart", "train", "example:digits"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure, write, and fail if a goal is missed."""
    with tempfile.TemporaryDirectory() as folder:
        accuracies, seconds = five_folds(Path(folder)), command_s(Path(folder))
    mean = float(np.mean(accuracies))
    found = {
        "accuracy_percent": accuracies, "mean_accuracy_percent": mean, "command_s": seconds,
        "goals": {"mean_accuracy_percent": GOAL_PERCENT, "command_s": GOAL_S},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "python": platform.python_version(),
        "torch": version("torch"), "bitsapart": version("bitsapart"), "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }  # fmt: skip
    folds = ", ".join(f"{accuracy:.2f}" for accuracy in accuracies)
    page = (
        "# The default network on the embedded digits\n\n"
        f"{found['machine']}; Python {found['python']}, torch {found['torch']}, "
        f"bitsapart {found['bitsapart']}; {found['date']}\n\n"
        "| what | measured | goal |\n|---|---|---|\n"
        f"| five-fold accuracy, mean | {mean:.2f} % ({folds}) | ≥ {GOAL_PERCENT} % |\n"
        f"| `bitsapart train example:digits`, start to end | {seconds:.0f} s | < {GOAL_S} s |\n"
    )
    (RESULTS / "train_digits.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "train_digits.md").write_text(page)
    print(page)
    if mean < GOAL_PERCENT or seconds > GOAL_S:
        sys.exit("a goal is missed")


if __name__ == "__main__":
    main()
