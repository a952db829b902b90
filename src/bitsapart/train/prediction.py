"""Probabilities of a trained network for pictures it may never have seen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitsapart.errors import DataError, StateError

from .checkpoint import load_tensors
from .engine import open_bench, start_engine
from .finish import logits_of, probabilities_of
from .images import Form, ImageSource, open_images
from .loop import Split
from .naming import named
from .networks import output_count
from .run import allow_factory
from .run_folder import Run
from .tables import prediction_table, write_predictions

__all__ = ["Predictions", "predict"]


@dataclass(frozen=True)
class Predictions:
    """What a network says of pictures.

    Attributes:
        ids: of the pictures.
        classes: column by column.
        probabilities: [N, C].
        notes: what was done to pictures.
        skipped: picture and reason for each that was left out.
    """

    ids: list[str]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    notes: list[str]
    skipped: list[tuple[str, str]]

    def to_csv(self) -> bytes:
        """CSV: item, then one column for each class."""
        return prediction_table(self.ids, self.classes, self.probabilities)

    def write(self, path: str | Path) -> None:
        """Write them as .csv or .parquet.

        Raises:
            DataError: another ending, or a file that cannot be written.
        """
        write_predictions(Path(path), self.ids, self.classes, self.probabilities)


def predict(run: str | Path, images: Any, *, network: str | None = None, skip_unreadable: bool = False) -> Predictions:
    """Probabilities of the classes for every picture.

    Args:
        run: the folder of a finished run.
        images: as for `fit`.
        network: the name of the run's own factory, which is imported only when it is given here as well.
        skip_unreadable: leave out pictures that cannot be used, and list them.

    Raises:
        StateError: the run is not finished, damaged, or no run.
        DataError: the pictures are not like those that the network was trained on.
    """
    folder = Run.load(run)
    if not folder.finished:
        message = f"{folder.path} is not finished; bitsapart train --resume {folder.path} goes on with it"
        raise StateError(message)
    settings = folder.settings
    allow_factory(settings.network, network, folder.path)
    source = open_images(images)
    settings = replace_unreadable(settings, skip=skip_unreadable)
    loaded = source.load(np.arange(len(source)), settings, folder.form)
    _must_be_alike(loaded.form, folder.form, source.name)
    with torch.random.fork_rng(devices=[]):
        shape = (folder.form.channels, folder.form.height, folder.form.width)
        bench = open_bench(start_engine(settings), settings, shape, output_count(len(folder.classes)))
        tensors, facts = load_tensors(folder.weights)
        bench.module.load_state_dict(tensors)
        nothing = torch.zeros(0)
        logits = logits_of(bench, Split(loaded.values, loaded.form.scale, nothing, nothing, nothing))
    names = _ids(source, folder)
    return Predictions(
        ids=[names[number] for number in loaded.kept], classes=folder.classes,
        probabilities=probabilities_of(logits, facts["temperature"]),
        notes=[*source.notes, *loaded.notes], skipped=loaded.skipped,
    )  # fmt: skip


def _ids(source: ImageSource, run: Run) -> list[str]:
    """The pictures' names as people's file had them in training, so that `compare` finds them in such a file again."""
    if source.names is None:
        return [str(number) for number in range(len(source))]
    short = named(run.config["named_by"], source.names)
    return short if len(set(short)) == len(short) else list(source.names)


def replace_unreadable(settings: Any, *, skip: bool) -> Any:
    """The run's settings, with its own answer to unreadable pictures replaced by this call's."""
    from dataclasses import replace

    return replace(settings, unreadable="skip" if skip else "error", init="default")


def _must_be_alike(got: Form, want: Form, name: str) -> None:
    if (got.height, got.width, got.channels) != (want.height, want.width, want.channels):
        message = (
            f"{name} holds pictures of {got.height} × {got.width} × {got.channels}, but the network was trained on "
            f"{want.height} × {want.width} × {want.channels} (height, width, channels)"
        )
        raise DataError(message)
