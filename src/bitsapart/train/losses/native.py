"""The native core, asked: addresses in, a reduced loss and a gradient out; autograd knows nothing of it."""

import torch
from torch import Tensor

from bitsapart import _core

from .gradient_memory import empty_gradient
from .reduction import Options
from .target import Target, wide

__all__ = ["covers", "multipliers", "run"]

# The numbers are those of native/include/bitsapart/softmax_loss.hpp.
_LOSSES = {"cross_entropy": 0, "kl_divergence": 1, "squared_error": 2}
_KINDS = {"labels": 0, "probs": 1, "counts": 2, "logits": 4}
_TOTALS = 3
_FLOATS = {torch.float32: 0, torch.float64: 1, torch.float16: 2, torch.bfloat16: 3}
_NUMBERS = _FLOATS | {
    torch.int8: 4, torch.int16: 5, torch.int32: 6, torch.int64: 7, torch.uint8: 8, torch.bool: 8,
}  # fmt: skip


def covers(rows: Tensor, values: Tensor, name: str) -> bool:
    """Whether the core has a kernel for a loss of logits and target values of these types.

    Args:
        rows: logits [items, classes].
        values: of the target.
        name: of the loss.
    """
    return name in _LOSSES and rows.dtype in _FLOATS and values.dtype in _NUMBERS and rows.shape[-1] > 0


def multipliers(numbers: Tensor) -> Tensor:
    """One number per item as the core wants them, float64 side by side.

    Args:
        numbers: weights of the items or factors of their gradients.
    """
    return numbers.to(torch.float64).contiguous().resolve_neg()


def run(
    rows: Tensor, target: Target, weights: Tensor | None, options: Options, *, with_gradient: bool,
    scale: float = 1.0, factors: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """The reduced loss and, if wanted, its gradient: weights × factors × scale × that of each item.

    Args:
        rows: logits [items, classes] in the memory of the CPU.
        target: what people said of the items.
        weights: of the items, as `multipliers`.
        options: the loss.
        with_gradient: whether the gradient is wanted.
        scale: multiplies the gradient.
        factors: multiply the items' gradients, as `multipliers`.

    Raises:
        DomainError: a label outside 0 … classes − 1, or a negative count.
    """
    rows, values = _side_by_side(rows), _side_by_side(target.values)
    items, classes = rows.shape
    single = options.reduction == "none"
    losses = rows.new_empty(items if single else (), dtype=wide(rows.dtype))
    gradient = empty_gradient(rows) if with_gradient else None
    fault, total, whole = _core.softmax_loss(
        loss=_LOSSES[options.name],
        rows=items,
        classes=classes,
        logits=rows.data_ptr(),
        logits_type=_FLOATS[rows.dtype],
        logits_stride=rows.stride(0),
        target_kind=_TOTALS if target.kind == "counts" and target.whole_panel else _KINDS[target.kind],
        target=values.data_ptr(),
        target_type=_NUMBERS[values.dtype],
        target_stride=values.stride(0),
        ignored_label=target.ignore_index,
        weights=_address(weights),
        factors=_address(factors),
        scale=scale,
        smoothing=options.smoothing,
        inverse_temperature=1.0 / options.temperature,
        gradient=_address(gradient),
        losses=losses.data_ptr() if single else 0,
        mean=options.reduction == "mean",
        summed=not single,
        threads=torch.get_num_threads(),
    )
    if fault >= 0:
        raise target.fault(fault, classes)
    return losses if single else losses.fill_(total / (whole or 1.0)), gradient


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _side_by_side(values: Tensor) -> Tensor:
    """Classes side by side in memory, with their signs; the rows may lie anywhere."""
    values = values.resolve_neg()
    return values if values.ndim == 1 or values.shape[-1] == 1 or values.stride(-1) == 1 else values.contiguous()
