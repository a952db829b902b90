"""Train a network to close the distance that `compare` measures; the losses are in `bitsapart.train.losses`.

The only home of torch (the extra `train`), which is imported when one of these names is first used.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bitsapart.errors import MissingExtraError

_HOMES = {
    "Predictions": "prediction",
    "Run": "run_folder",
    "TrainSettings": "settings",
    "Watcher": "run",
    "fit": "run",
    "fit_all": "side_by_side",
    "is_all": "side_by_side",
    "predict": "prediction",
    "resume": "run",
    "resume_all": "side_by_side",
}

__all__ = [
    "Predictions", "Run", "TrainSettings", "Watcher", "fit", "fit_all", "is_all", "predict", "resume", "resume_all",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    for package, module in (("torch", "torch"), ("safetensors", "safetensors")):
        if find_spec(module) is None:
            purpose = "training"
            raise MissingExtraError(purpose, package, "train")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
