"""Devices, precision and processes, by Lightning Fabric."""

import logging
import os
from typing import Any

import torch
from torch import nn

from bitsapart.errors import DataError, MissingExtraError

from .loop import Bench
from .networks import build_network, draws, is_factory, mixes_items
from .settings import TrainSettings

__all__ = ["open_bench", "processes", "start_engine"]

_TYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}


def processes() -> int:
    """How many processes train together (torchrun says it)."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def start_engine(settings: TrainSettings) -> Any:
    """The Fabric of this process.

    Raises:
        MissingExtraError: lightning-fabric is not installed.
        DataError: the device is not there.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError:
        purpose, package = "training", "lightning-fabric"
        raise MissingExtraError(purpose, package, "train") from None
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    accelerator, devices = _device(settings.device)
    precision = "bf16-mixed" if settings.dtype == "bfloat16" else "32-true"
    together = {}
    if processes() > 1:
        local = int(os.environ.get("LOCAL_WORLD_SIZE", processes()))
        devices = local
        # Somebody's own network may have weights that a step does not use; alone that is no fault, so neither together.
        unused = "_find_unused_parameters_true" if is_factory(settings.network) else ""
        together = {"strategy": f"ddp{unused}", "num_nodes": processes() // local}
    try:
        fabric = Fabric(accelerator=accelerator, devices=devices, precision=precision, **together)
        fabric.launch()
    except (ValueError, RuntimeError, ImportError) as error:
        message = f"device {settings.device} cannot be used: {error}"
        raise DataError(message) from None
    if fabric.device.type == "mps" and settings.dtype == "float64":
        message = "dtype is float64, which this device (mps) does not have; --device cpu does"
        raise DataError(message)
    return fabric


def _device(name: str) -> tuple[str, Any]:
    kind, _, number = name.partition(":")
    if kind not in {"auto", "cpu", "cuda", "mps"} or (number and not number.isdecimal()):
        message = f"device is {name!r}, but must be auto, cpu, cuda, cuda:1 or mps"
        raise DataError(message)
    return kind, [int(number)] if number and kind != "cpu" else 1


def open_bench(fabric: Any, settings: TrainSettings, shape: tuple[int, int, int], outputs: int) -> Bench:
    """Build the network and its optimizer and hand both to the engine."""
    torch.manual_seed(settings.seed)
    dtype = _TYPES[settings.dtype]
    module = build_network(settings.network, shape, outputs, init=settings.init, dtype=dtype)
    optimizer = _optimizer(module, settings)
    network, stepper = fabric.setup(module, optimizer)
    return Bench(fabric, module, network, optimizer, stepper, dtype)


def said_of(bench: Bench) -> list[str]:
    """What somebody who trains on several processes should know."""
    if bench.fabric.world_size == 1:
        return []
    said = []
    if mixes_items(bench.module):
        said.append("batch normalisation sees each process's share of the batch alone")
    if draws(bench.module):
        said.append("dropout draws other numbers in each process")
    return [f"{reason}, so the losses differ from one process's" for reason in said]


def _optimizer(module: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr=settings.rate, momentum=settings.momentum, weight_decay=settings.weight_decay
        )
    kind = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.AdamW
    return kind(parameters, lr=settings.rate, weight_decay=settings.weight_decay)
