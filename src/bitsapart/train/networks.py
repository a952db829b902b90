"""The networks that can be trained: built in, or the user's own; pixels in, logits out."""

import os
import sys
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bitsapart.errors import DataError

__all__ = ["build_network", "draws", "is_factory", "mixes_items", "output_count"]

_COURSE_SEED = 1
_CNN_WIDTHS = (32, 64, 128, 128)
_SMALLEST_SIDE = 8
_COURSE_SCALE = 0.01


class Flatten(nn.Module):  # type: ignore[misc]
    """Pictures [N, C, H, W] to rows in the order height, width, channel."""

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, H·W·C]."""
        return pictures.permute(0, 2, 3, 1).flatten(1)


def output_count(classes: int) -> int:
    """Two classes need one logit, more need one each."""
    return 1 if classes == 2 else classes


def is_factory(network: str) -> bool:
    """Whether the name means a function of the user's."""
    return network not in {"linear", "cnn"} and not network.startswith("mlp:")


def build_network(
    network: str,
    shape: tuple[int, int, int],
    outputs: int,
    *,
    init: str = "default",
    dtype: torch.dtype = torch.float32,
) -> nn.Module:
    """Build a network with its start.

    Args:
        network: "linear", "mlp:20,7,5", "cnn", or "package.module:factory"; a factory is called with (shape, outputs)
            and returns a module that takes pictures [N, channels, height, width].
        shape: channels, height, width.
        outputs: logits per picture.
        init: "default", "zeros" or "course".
        dtype: of the weights.

    Raises:
        DataError: the name means nothing, or the module does not do what is needed.
    """
    built = _built(network, shape, outputs).to(dtype)
    if init == "zeros":
        for parameter in built.parameters():
            nn.init.zeros_(parameter)
    elif init == "course":
        _course_start(built, network)
    if not any(parameter.requires_grad for parameter in built.parameters()):
        message = f"network {network} has no parameters to train"
        raise DataError(message)
    _try(built, network, shape, outputs, dtype)
    return built


def mixes_items(network: nn.Module) -> bool:
    """Whether layers (batch normalisation) let a picture's logits depend on the others of its batch."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())


def draws(network: nn.Module) -> bool:
    """Whether layers (dropout) draw random numbers in training."""
    return any(isinstance(module, nn.modules.dropout._DropoutNd) for module in network.modules())


def _built(network: str, shape: tuple[int, int, int], outputs: int) -> nn.Module:
    features = shape[0] * shape[1] * shape[2]
    if network == "linear":
        return nn.Sequential(Flatten(), nn.Linear(features, outputs))
    if network.startswith("mlp:"):
        return _mlp(features, _widths(network), outputs)
    if network == "cnn":
        return _cnn(shape, outputs)
    return _from_factory(network, shape, outputs)


def _widths(network: str) -> list[int]:
    try:
        widths = [int(width) for width in network.removeprefix("mlp:").split(",")]
    except ValueError:
        widths = []
    if not widths or min(widths) < 1:
        message = f"network is {network!r}, but the hidden layers' widths are whole numbers, for example mlp:20,7,5"
        raise DataError(message)
    return widths


def _mlp(features: int, widths: list[int], outputs: int) -> nn.Module:
    layers: list[nn.Module] = [Flatten()]
    for width in widths:
        layers += [nn.Linear(features, width), nn.ReLU()]
        features = width
    return nn.Sequential(*layers, nn.Linear(features, outputs))


def _cnn(shape: tuple[int, int, int], outputs: int) -> nn.Module:
    """Pairs of 3 × 3 convolutions, halved by pooling while the picture is at least 8 wide; group normalisation."""
    channels, height, width = shape
    layers: list[nn.Module] = []
    for number, wide in enumerate(_CNN_WIDTHS):
        if number and min(height, width) < _SMALLEST_SIDE // 2:
            break
        for _ in range(2):
            layers += [nn.Conv2d(channels, wide, 3, padding=1), nn.GroupNorm(8, wide), nn.ReLU()]
            channels = wide
        if min(height, width) > 1:
            layers.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * width, outputs))


def _from_factory(network: str, shape: tuple[int, int, int], outputs: int) -> nn.Module:
    module_name, _, name = network.partition(":")
    if not module_name or not name:
        message = f"network is {network!r}, but must be linear, mlp:20,7,5, cnn, or package.module:factory"
        raise DataError(message)
    if str(os.getcwd()) not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        factory: Any = import_module(module_name)
        for part in name.split("."):
            factory = getattr(factory, part)
    except (ImportError, AttributeError) as error:
        message = f"network {network} cannot be found: {error}"
        raise DataError(message) from None
    try:
        built = factory(shape, outputs)
    except Exception as error:
        message = (
            f"network {network} failed when it was called with ({shape}, {outputs}): {type(error).__name__}: {error}"
        )
        raise DataError(message) from error
    if not isinstance(built, nn.Module):
        message = f"network {network} returned {type(built).__name__}, but must return a torch.nn.Module"
        raise DataError(message)
    return built


def _try(network: nn.Module, name: str, shape: tuple[int, int, int], outputs: int, dtype: torch.dtype) -> None:
    training = network.training
    try:
        with torch.no_grad():
            logits = network.eval()(torch.zeros(2, *shape, dtype=dtype))
    except Exception as error:
        message = f"network {name} failed on two pictures of shape {list(shape)}: {type(error).__name__}: {error}"
        raise DataError(message) from error
    finally:
        network.train(training)
    if not isinstance(logits, Tensor) or logits.shape != (2, outputs):
        got = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        message = (
            f"network {name} gave {got} for two pictures, but must give logits of shape [2, {outputs}] "
            "(two classes are one logit)"
        )
        raise DataError(message)


def _course_start(network: nn.Module, name: str) -> None:
    """W = randn · 0.01 with one hidden layer, randn / √inputs with more; b = 0; NumPy's old generator seeded with 1."""
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not name.startswith("mlp:"):
        message = f"init is course, which is a recipe for mlp networks, but the network is {name}"
        raise DataError(message)
    generator = np.random.RandomState(_COURSE_SEED)
    for layer in layers:
        weights = generator.randn(layer.out_features, layer.in_features)
        weights = weights * _COURSE_SCALE if len(layers) == 2 else weights / np.sqrt(layer.in_features)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights))
            layer.bias.zero_()
