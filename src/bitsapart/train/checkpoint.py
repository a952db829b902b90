"""A run's state in one file, written whole or not at all: tensors as safetensors, the rest as JSON in its header."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bitsapart.comparison.writing import write_atomically
from bitsapart.errors import StateError

__all__ = ["Checkpoint", "load_tensors", "save_tensors"]

_FORMAT = 1


@dataclass
class Checkpoint:
    """All that the next steps depend on.

    Attributes:
        step: updates made.
        network, best: weights now, and at the best held-out evaluation (empty when there is none).
        optimizer: the optimizer's state dictionary.
        facts: JSON values: best evaluation, evaluations since, rows of the curve, threads.
    """

    step: int
    network: dict[str, Tensor]
    optimizer: dict[str, Any]
    best: dict[str, Tensor] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Replace the file by this state."""
        tensors = {f"network.{name}": tensor for name, tensor in self.network.items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        plain: dict[str, dict[str, Any]] = {}
        for index, state in self.optimizer["state"].items():
            for name, value in state.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{index}.{name}"] = value
                else:
                    plain.setdefault(str(index), {})[name] = value
        facts = {"step": self.step, "facts": self.facts, "plain": plain, "groups": self.optimizer["param_groups"]}
        save_tensors(path, tensors, facts)

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read a state back.

        Raises:
            StateError: the file is damaged or of another version.
        """
        tensors, header = load_tensors(path)
        state: dict[int, dict[str, Any]] = {int(index): dict(plain) for index, plain in header["plain"].items()}
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "best": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            if part == "optimizer":
                index, _, key = rest.partition(".")
                state.setdefault(int(index), {})[key] = tensor
            else:
                parts[part][rest] = tensor
        optimizer = {"state": state, "param_groups": header["groups"]}
        return cls(header["step"], parts["network"], optimizer, parts["best"], header["facts"])


def save_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Write tensors and JSON values to one file, atomically."""
    from safetensors.torch import save

    own = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps({"format": _FORMAT, **header}, allow_nan=True)
    write_atomically(path, save(own, metadata={"bitsapart": text}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote; nothing in the file is executed.

    Raises:
        StateError: the file is missing, damaged, or of another version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            header: dict[str, Any] = json.loads((file.metadata() or {})["bitsapart"])
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        message = f"{path} cannot be read as a saved state: {error}"
        raise StateError(message) from None
    if header.get("format") != _FORMAT:
        message = f"{path} has the format {header.get('format')}, but this version reads format {_FORMAT}"
        raise StateError(message)
    return tensors, header
