"""A whole run: read, train, keep, predict, compare."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitsapart import __version__
from bitsapart.data import ReadOptions
from bitsapart.errors import DataError, DomainError, StateError

from .batches import held_out_rows
from .checkpoint import Checkpoint
from .curve import CurveRow, to_csv
from .engine import open_bench, said_of, start_engine
from .finish import finish
from .floor import people_floor
from .images import listed
from .items import Answers, Items, read_items
from .loop import Bench, Split, train
from .networks import is_factory, output_count
from .run_folder import Run, claim, next_free
from .settings import TrainSettings

__all__ = ["Watcher", "allow_factory", "fit", "name_of", "resume"]

_SHARED_OUT = 1 << 14  # pixels in a step
_READING = ("people_kind", "item", "label", "annotator", "count", "classes", "positive", "weight", "missing")


class Watcher:
    """What a caller may want to know meanwhile; the methods do nothing unless they are overridden."""

    def started(self, items: Items, held_out: int, floor: float | None, notes: list[str]) -> None:
        """Everything is read; the floor is people's own entropy of the held-out items in bits, where it is known."""

    def stepped(self, step: int, steps: int, rows: list[CurveRow]) -> None:
        """A step is made."""

    def stopped(self) -> None:
        """Training is over, well or not."""

    def interrupted(self, run: Path) -> None:
        """Somebody pressed Ctrl-C; `resume` goes on from the last checkpoint in the run's folder."""


def fit(
    images: Any,
    people: Any = None,
    *,
    settings: TrainSettings | None = None,
    reading: ReadOptions | None = None,
    run: str | Path | None = None,
    watcher: Watcher | None = None,
) -> Run:
    """Train a network on pictures and what people said of them.

    Args:
        images: a folder, a `.npy` or `.npz` file, an array [N, H, W, C], or "example:digits".
        people: anything that `bitsapart.compare` takes as people; None with an example.
        settings: what to train and how.
        reading: how people's file is read.
        run: the folder to make; by default the next free `runs/NAME-1`.
        watcher: is told what happens.

    Returns:
        The finished run.

    Raises:
        DataError: an input cannot be used; the message says what to do.
        DomainError: the loss is no longer a number.
    """
    settings, reading = settings or TrainSettings(), reading or ReadOptions()
    if settings.calibrate and not settings.held_out:
        message = "calibrate fits a temperature to held-out items, and nothing is held out; --valid 0.2 holds some out"
        raise DataError(message)
    items = read_items(images, people, settings, reading)
    with torch.random.fork_rng(devices=[]), _threads(reading.threads or _useful_threads(items, settings)):
        fabric = start_engine(settings)
        bench = _bench(fabric, settings, items)
        folder = None
        if fabric.is_global_zero:
            path = next_free(name_of(images)) if run is None else Path(run)
            folder = claim(path, _config(images, people, settings, reading, items))
        return _train(bench, folder, items, settings, None, watcher or Watcher())


def resume(
    run: str | Path,
    *,
    images: Any = None,
    people: Any = None,
    network: str | None = None,
    watcher: Watcher | None = None,
) -> Run:
    """Go on with a run that was interrupted; on the CPU its weights end up the same to the bit.

    Args:
        run: its folder.
        images: needed again where they were an array.
        people: needed again where they were a table.
        network: the name of the run's own factory, which is imported only when it is given here as well.
        watcher: is told what happens.

    Returns:
        The finished run; a run that was finished already is returned as it is.

    Raises:
        StateError: no run, a damaged one, or one that was trained on other data.
    """
    folder = Run.load(run)
    settings = folder.settings
    allow_factory(settings.network, network, folder.path)
    folder.sweep()
    if folder.finished:
        return folder
    saved = folder.config
    images = saved["images"] if images is None else images
    people = saved["people"] if people is None else people
    if images is None:
        message = f"{folder.path} was trained on arrays: pass images and people again"
        raise StateError(message)
    items = read_items(images, people, settings, folder.reading)
    if _fingerprint(items) != saved["fingerprint"]:
        message = f"the pictures or people's answers of {folder.path} are not what they were when the run was started"
        raise StateError(message)
    checkpoint = Checkpoint.load(folder.checkpoint) if folder.checkpoint.exists() else None
    with torch.random.fork_rng(devices=[]), _threads(saved["threads"]):
        bench = _bench(start_engine(settings), settings, items)
        return _train(bench, folder, items, settings, checkpoint, watcher or Watcher())


def _useful_threads(items: Items, settings: TrainSettings) -> int:
    """One where a step is small: threads then wait for each other longer than they work."""
    numbers = items.pixels[: settings.batch or None].size
    return torch.get_num_threads() if numbers >= _SHARED_OUT else 1


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """As many threads as the run was started with: another number adds in another order, and ends in other bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def allow_factory(wanted: str, named: str | None, folder: Path) -> None:
    """A stranger's run may name any function; it is imported only where the caller names it too.

    Raises:
        DataError: the run's network is a factory and was not named.
    """
    if is_factory(wanted) and named != wanted:
        message = (
            f"the network of {folder} is made by your own code, {wanted}: repeat --network {wanted} to have it imported"
        )
        raise DataError(message)


def _train(
    bench: Bench, run: Run | None, items: Items, settings: TrainSettings, saved: Checkpoint | None, watcher: Watcher
) -> Run:
    """Train on this process's share; the first process writes the folder."""
    fabric = bench.fabric
    held_out = held_out_rows(len(items), settings.held_out, settings.seed)
    learned = np.setdiff1d(np.arange(len(items)), held_out)
    inside, outside = _split(items, learned), _split(items, held_out) if len(held_out) else None
    floor = people_floor(items.answers.taken(held_out)) if len(held_out) else None
    watcher.started(items, len(held_out), floor, [*_unlearnt(items.answers, learned), *said_of(bench)])

    def save(checkpoint: Checkpoint) -> None:
        if run is not None and fabric.is_global_zero:
            checkpoint.save(run.checkpoint)

    rows: list[CurveRow] = []

    def stepped(step: int, steps: int, so_far: list[CurveRow]) -> None:
        rows[:] = so_far
        watcher.stepped(step, steps, so_far)

    try:
        outcome = train(bench, inside, outside, settings, resume=saved, save=save, progress=stepped)
    except DomainError:
        if run is not None and fabric.is_global_zero:
            run.write("curve.csv", to_csv(rows))
        raise
    except KeyboardInterrupt:
        if run is not None and fabric.is_global_zero:
            watcher.interrupted(run.path)
        raise
    finally:
        watcher.stopped()
    if run is not None and fabric.is_global_zero:
        finish(run, bench, outcome, {"train": (learned, inside), "valid": (held_out, outside)}, items, floor)
    fabric.barrier()
    return run if run is not None else Run(Path(), {})


def _unlearnt(answers: Answers, learned: NDArray[np.int64]) -> list[str]:
    """Classes that the held-out items alone have, which happens to rare ones."""
    seen, everywhere = answers.taken(learned).shares().sum(axis=0), answers.shares().sum(axis=0)
    only = [name for name, here, all_of in zip(answers.classes, seen, everywhere, strict=True) if all_of and not here]
    if not only:
        return []
    return [
        f"held-out items alone have {listed(only)}, which cannot be learned from the others; another --seed may help"
    ]


def _bench(fabric: Any, settings: TrainSettings, items: Items) -> Bench:
    shape = (items.form.channels, items.form.height, items.form.width)
    return open_bench(fabric, settings, shape, output_count(len(items.answers.classes)))


def _split(items: Items, rows: NDArray[np.int64]) -> Split:
    answers = items.answers.taken(rows)
    values = answers.values
    target = torch.from_numpy(np.ascontiguousarray(values if values.dtype.kind == "f" else values.astype(np.int64)))
    weights = np.ones(len(rows)) if answers.weights is None else answers.weights
    return Split(
        items.pixels[rows], items.form.scale, target, torch.from_numpy(answers.judgements()), torch.from_numpy(weights)
    )


def _config(images: Any, people: Any, settings: TrainSettings, reading: ReadOptions, items: Items) -> dict[str, Any]:
    return {
        "bitsapart": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "images": _place(images),
        "people": _place(people),
        "reading": {name: getattr(reading, name) for name in _READING},
        "settings": settings.to_dict(),
        "classes": list(items.answers.classes),
        "answers": {
            "kind": items.answers.kind,
            "exact": items.answers.exact,
            "weighted": items.answers.weights is not None,
        },
        "form": asdict(items.form),
        "named_by": items.named_by,
        "items": len(items),
        "fingerprint": _fingerprint(items),
        "inputs": items.answers.inputs,
        "notes": items.notes,
        "left_out": [list(one) for one in items.left_out],
    }


def _place(source: Any) -> str | None:
    """Where a file or folder is, so that a run can be resumed from any directory; None for arrays and tables."""
    if not isinstance(source, str | os.PathLike):
        return None
    text = os.fspath(source)
    return text if text.startswith("example:") or not Path(text).exists() else str(Path(text).resolve())


def name_of(images: Any) -> str:
    """What a run of these pictures is called."""
    place = _place(images)
    return "arrays" if place is None else Path(place.removeprefix("example:")).stem or "run"


def _fingerprint(items: Items) -> str:
    digest = hashlib.sha256()
    for text in (*items.answers.ids, *items.answers.classes):
        digest.update(text.encode() + b"\0")
    for values in (items.answers.values, items.pixels, items.answers.weights):
        if values is not None:
            digest.update(f"{values.dtype}{values.shape}".encode())
            digest.update(np.ascontiguousarray(values).data)
    return f"sha256:{digest.hexdigest()}"
