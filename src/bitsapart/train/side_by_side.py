"""The same network from the same start with each loss, and what that does to the curves."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bitsapart.comparison import Comparison, compare
from bitsapart.comparison.writing import write_atomically
from bitsapart.data import ReadOptions
from bitsapart.errors import DataError

from .curve import COLUMNS, CurveRow
from .curve_picture import Line, Panel, draw
from .engine import processes
from .run import Watcher, allow_factory, fit, name_of, resume
from .run_folder import Run, must_be_free, next_free
from .settings import LOSSES, TrainSettings
from .tables import reading_of

__all__ = ["fit_all", "is_all", "losses_picture", "resume_all"]

_PANELS = (
    ("cross_entropy", "cross-entropy, bits per item"),
    ("squared_error", "squared error per item"),
    ("absolute_error", "absolute error per item"),
)


def fit_all(
    images: Any,
    people: Any = None,
    *,
    settings: TrainSettings | None = None,
    reading: ReadOptions | None = None,
    run: str | Path | None = None,
    watcher: Callable[[str], Watcher] | None = None,
) -> tuple[dict[str, Run], Comparison]:
    """Train the same network from the same start with every loss.

    Args:
        images: as for `fit`.
        people: as for `fit`.
        settings: as for `fit`; the loss is replaced by each in turn.
        reading: as for `fit`.
        run: the folder to make; one run for each loss goes into it, with curves.csv, curves.svg and comparison.json.
        watcher: makes a watcher for each loss.

    Returns:
        The runs by loss, and their comparison on the same items.

    Raises:
        DataError: as for `fit`, or several processes.
    """
    if processes() > 1:
        message = "--loss all trains one network after the other and does not share them out: start it without torchrun"
        raise DataError(message)
    folder = next_free(name_of(images)) if run is None else Path(run)
    must_be_free(folder)
    settings = settings or TrainSettings()
    runs: dict[str, Run] = {}
    for loss in LOSSES:
        asked = replace(settings, loss=loss)
        seen = None if watcher is None else watcher(loss)
        runs[loss] = fit(images, people, settings=asked, reading=reading, run=folder / loss, watcher=seen)
    return runs, _summary(folder, runs)


def is_all(run: str | Path) -> bool:
    """Whether a folder was made by `fit_all`."""
    return (Path(run) / LOSSES[0] / "config.json").exists()


def resume_all(
    run: str | Path, *, network: str | None = None, watcher: Callable[[str], Watcher] | None = None
) -> tuple[dict[str, Run], Comparison]:
    """Go on with an interrupted `fit_all`; arguments as for `resume`."""
    folder = Path(run)
    first = Run.load(folder / LOSSES[0])
    runs: dict[str, Run] = {}
    for loss in LOSSES:
        seen = None if watcher is None else watcher(loss)
        if (folder / loss / "config.json").exists():
            runs[loss] = resume(folder / loss, network=network, watcher=seen)
        else:
            allow_factory(first.settings.network, network, folder)
            asked = replace(first.settings, loss=loss)
            images, people, reading = first.config["images"], first.config["people"], first.reading
            runs[loss] = fit(images, people, settings=asked, reading=reading, run=folder / loss, watcher=seen)
    return runs, _summary(folder, runs)


def _summary(folder: Path, runs: dict[str, Run]) -> Comparison:
    split = "valid" if any(row.split == "valid" for row in next(iter(runs.values())).curve) else "train"
    curves = {loss: [row for row in run.curve if row.split == split] for loss, run in runs.items()}
    write_atomically(folder / "curves.csv", _csv(curves))
    write_atomically(folder / "curves.svg", losses_picture(curves, split))
    first = next(iter(runs.values()))
    models = []
    for loss, run in runs.items():
        models.append(folder / f"{loss}.csv")
        write_atomically(models[-1], (run.path / f"predictions-{split}.csv").read_bytes())
    result = compare(
        first.path / f"people-{split}.csv", *models, **reading_of(first.classes, **first.config["answers"])
    )
    result.save(folder / "comparison.json")
    return result


def losses_picture(curves: dict[str, list[CurveRow]], split: str) -> bytes:
    """Three measures side by side, one line for each loss."""
    panels = [
        Panel(title, [Line(loss, [(row.step, getattr(row, column)) for row in rows]) for loss, rows in curves.items()])
        for column, title in _PANELS
    ]
    items = "held-out items" if split == "valid" else "train items"
    return draw(panels, f"What each loss does to the same network: {items}")


def _csv(curves: dict[str, list[CurveRow]]) -> bytes:
    lines = [",".join(("loss", *COLUMNS))]
    lines += [
        ",".join([loss, *(str(getattr(row, column)) for column in COLUMNS)])
        for loss, rows in curves.items()
        for row in rows
    ]
    return ("\n".join(lines) + "\n").encode()
