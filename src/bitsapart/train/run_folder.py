"""The folder of a run: what was asked for, what was seen, what came out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitsapart.comparison import Comparison
from bitsapart.comparison.writing import write_atomically
from bitsapart.data import ReadOptions
from bitsapart.errors import DataError, StateError

from .checkpoint import load_tensors
from .curve import CurveRow, read_curve
from .images import Form
from .settings import TrainSettings

__all__ = ["Run", "claim", "must_be_free", "next_free"]

_FORMAT = 1
_CONFIG, _CURVE, _WEIGHTS, _CHECKPOINT = "config.json", "curve.csv", "weights.safetensors", "checkpoint.safetensors"

_HALF_WRITTEN = re.compile(r"\.(config|curve|weights|checkpoint|comparison|predictions|people)(-\w+)?\.\w+\.\w+")


@dataclass(frozen=True)
class Run:
    """A training run on disk.

    Attributes:
        path: its folder.
        config: `config.json`.
    """

    path: Path
    config: Mapping[str, Any]

    @classmethod
    def load(cls, path: str | Path) -> "Run":
        """Open a run's folder.

        Raises:
            StateError: it holds no run, or one of another version.
        """
        folder = Path(path)
        try:
            config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            inside = sorted(place.parent for place in folder.glob(f"*/{_CONFIG}"))
            message = f"{folder} is not the folder of a training run: {_CONFIG} cannot be read ({error})"
            if inside:
                message = (
                    f"{folder} is not the folder of a training run, but of {len(inside)}; name one, such as {inside[0]}"
                )
            raise StateError(message) from None
        if not isinstance(config, dict) or config.get("format") != _FORMAT:
            found = config.get("format") if isinstance(config, dict) else None
            message = f"{folder / _CONFIG} has the format {found}, but this version reads format {_FORMAT}"
            raise StateError(message)
        return cls(folder, config)

    @property
    def settings(self) -> TrainSettings:
        """What was asked for."""
        return TrainSettings.from_dict(self.config["settings"])

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes; of two, the first is the positive one."""
        return tuple(self.config["classes"])

    @property
    def form(self) -> Form:
        """What its pictures look like."""
        return Form(**self.config["form"])

    @property
    def reading(self) -> ReadOptions:
        """How people's file was read."""
        options = {name: value for name, value in self.config["reading"].items() if value is not None}
        if "classes" in options:
            options["classes"] = tuple(options["classes"])
        return ReadOptions(**options)

    @property
    def curve(self) -> list[CurveRow]:
        """The learning curve."""
        return read_curve(self.path / _CURVE)

    @property
    def comparison(self) -> Comparison:
        """How far the network is from people on the held-out items (on all, where none were held out)."""
        return Comparison.load(self.path / "comparison.json")

    @property
    def outcome(self) -> dict[str, Any]:
        """How the run ended: step, stopped_early, temperature, floor_bits."""
        return load_tensors(self.weights)[1]

    @property
    def weights(self) -> Path:
        """The file of the trained weights; it is there when the run is finished."""
        return self.path / _WEIGHTS

    @property
    def checkpoint(self) -> Path:
        """The file to resume from; it is there until the run is finished."""
        return self.path / _CHECKPOINT

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.weights.exists()

    def sweep(self) -> None:
        """Remove what a killed process left: a file that was half written, the checkpoint of a finished run."""
        left = [path for path in self.path.iterdir() if _is_half_written(path)]
        if self.finished and self.checkpoint.exists():
            left.append(self.checkpoint)
        for path in left:
            path.unlink(missing_ok=True)

    def write(self, name: str, content: bytes) -> None:
        """Write one of the run's files, whole or not at all."""
        write_atomically(self.path / name, content)


def claim(path: Path, config: Mapping[str, Any]) -> Run:
    """Make a run's folder and write what it is about.

    Raises:
        DataError: there is something in the folder already.
    """
    must_be_free(path)
    path.mkdir(parents=True, exist_ok=True)
    run = Run(path, {"format": _FORMAT, **config})
    run.write(_CONFIG, (json.dumps(run.config, indent=1, ensure_ascii=False) + "\n").encode())
    return run


def must_be_free(path: Path) -> None:
    """Refuse a folder that holds something already."""
    if path.exists() and (not path.is_dir() or not all(map(_is_half_written, path.iterdir()))):
        is_run = (path / _CONFIG).exists() or any(path.glob(f"*/{_CONFIG}"))
        way_out = f"--resume {path} goes on with a run, another --output starts one"
        message = f"{path} is there already; {way_out if is_run else 'name a folder that is new or empty'}"
        raise DataError(message)


def _is_half_written(path: Path) -> bool:
    """Whether it is one of the temporary files that `write_atomically` renames at the end."""
    return _HALF_WRITTEN.fullmatch(path.name) is not None


def next_free(name: str) -> Path:
    """runs/NAME-1, or the first number that is free."""
    number = 1
    while (path := Path("runs") / f"{name}-{number}").exists():
        number += 1
    return path
