"""What a finished run leaves: curve, picture, predictions, the comparison, and last of all the weights."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit, softmax

from bitsapart.comparison import Comparison, compare
from bitsapart.comparison.recalibration import TemperatureScaling

from .checkpoint import save_tensors
from .curve import CurveRow, to_csv
from .curve_picture import Line, Panel, draw
from .items import Items
from .loop import Bench, Outcome, Split
from .run_folder import Run
from .tables import people_table, prediction_table, reading_of

__all__ = ["finish", "logits_of", "probabilities_of"]

_CHUNK = 1024
_NAMES = {"train": "train items", "valid": "held-out items"}


def finish(
    run: Run,
    bench: Bench,
    outcome: Outcome,
    splits: dict[str, tuple[NDArray[np.int64], Split | None]],
    items: Items,
    floor: float | None,
) -> None:
    """Write everything that is made from the trained network; the weights come last and say that all is there."""
    logits = {name: logits_of(bench, split) for name, (_, split) in splits.items() if split is not None}
    temperature = 1.0
    if run.settings.calibrate:
        held_out = items.answers.taken(splits["valid"][0])
        fitted = TemperatureScaling.fit(
            held_out.shares(), probabilities_of(logits["valid"], 1.0), weights=held_out.weights
        )
        temperature = 1.0 / max(fitted.inverse, 1e-6)
    run.write("curve.csv", to_csv(outcome.rows))
    run.write("curve.svg", curve_picture(outcome.rows, floor, run.path.name))
    for name in logits:
        _compared(run, name, logits[name], temperature, items, splits[name][0], alone=len(logits) == 1)
    facts = {
        "step": outcome.best_step if outcome.weights else outcome.step,
        "stopped_early": outcome.stopped,
        "temperature": temperature,
        "floor_bits": floor,
    }
    save_tensors(run.weights, bench.module.state_dict(), facts)
    run.checkpoint.unlink(missing_ok=True)


def logits_of(bench: Bench, split: Split) -> NDArray[np.float64]:
    """[N, outputs] of the network as it stands."""
    bench.module.eval()
    parts = []
    with torch.no_grad(), bench.fabric.autocast():
        for start in range(0, len(split), _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, len(split)))
            pictures = split.pictures(rows, bench.dtype).to(bench.fabric.device)
            parts.append(bench.module(pictures).double().cpu().numpy())
    return np.concatenate(parts)


def probabilities_of(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """[N, classes]; one logit is the first of two classes."""
    scaled = logits / temperature
    if scaled.shape[1] == 1:
        return np.asarray(expit(np.concatenate([scaled, -scaled], axis=1)))
    return np.asarray(softmax(scaled, axis=1))


def curve_picture(rows: list[CurveRow], floor: float | None, name: str) -> bytes:
    """Both splits' cross-entropy over the steps, with people's entropy below."""
    lines = [
        Line(_NAMES[split], [(row.step, row.cross_entropy) for row in rows if row.split == split])
        for split in ("train", "valid")
        if any(row.split == split for row in rows)
    ]
    level = None if floor is None else ("people's own entropy of the held-out items", floor)
    return draw([Panel("cross-entropy, bits per item", lines, level)], f"Learning curve of {name}")


def _compared(
    run: Run,
    name: str,
    logits: NDArray[np.float64],
    temperature: float,
    items: Items,
    rows: NDArray[np.int64],
    *,
    alone: bool,
) -> Comparison:
    """Predictions and people's answers of one split, and the distance between the two files."""
    answers = items.answers.taken(rows)
    run.write(
        f"predictions-{name}.csv", prediction_table(answers.ids, answers.classes, probabilities_of(logits, temperature))
    )
    run.write(f"people-{name}.csv", people_table(answers))
    reading: dict[str, Any] = reading_of(run.classes, **run.config["answers"])
    result = compare(run.path / f"people-{name}.csv", run.path / f"predictions-{name}.csv", **reading)
    document = "comparison.json" if name == "valid" or alone else f"comparison-{name}.json"
    result.save(run.path / document)
    return result
