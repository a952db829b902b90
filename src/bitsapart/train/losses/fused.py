"""The losses in the native core: value and gradient in one pass over the logits, on all cores.

`reaches` says what the core computes; a device with kernels of its own is one more case there and in `_run`. What it
does not compute is plain torch (`plain`), derivatives of derivatives too: `backward` turns to the plain path when
autograd asks for a gradient that can be differentiated again.
"""

import math
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import forward_ad

from bitsapart import _core

from . import plain
from .gradient_memory import empty_gradient
from .reduction import Options
from .target import Target, is_traced, wide

__all__ = ["loss", "reaches"]

# The numbers are those of native/include/bitsapart/softmax_loss.hpp.
_LOSSES = {"cross_entropy": 0, "kl_divergence": 1, "squared_error": 2}
_KINDS = {"labels": 0, "probs": 1, "counts": 2, "logits": 4}
_TOTALS = 3
_FLOATS = {torch.float32: 0, torch.float64: 1, torch.float16: 2, torch.bfloat16: 3}
_NUMBERS = _FLOATS | {
    torch.int8: 4, torch.int16: 5, torch.int32: 6, torch.int64: 7, torch.uint8: 8, torch.bool: 8,
}  # fmt: skip


def reaches(rows: Tensor, target: Target, weights: Tensor | None, options: Options) -> bool:
    """Whether the native core computes this loss of these tensors.

    Args:
        rows: logits [items, classes].
        target: what people said of the items.
        weights: of the items.
        options: the loss.
    """
    return (
        not is_traced()
        and options.name in _LOSSES
        and rows.dtype in _FLOATS
        and target.values.dtype in _NUMBERS
        and rows.shape[-1] > 0
        and _lies_in_memory(rows)
        and _is_constant(target.values)
        and (weights is None or _is_constant(weights))
        and forward_ad._current_level < 0
    )


def loss(rows: Tensor, target: Target, weights: Tensor | None, options: Options) -> Tensor:
    """The reduced loss, with a gradient to the logits.

    Raises:
        DomainError: a label outside 0 … classes − 1, or a negative count.
    """
    if weights is not None:
        weights = weights.detach().to(torch.float64).contiguous()
    if torch.is_grad_enabled() and rows.requires_grad:
        return _Fused.apply(rows, target.values, weights, target, options)
    return _run(rows, target, weights, options, with_gradient=False)[0]


class _Fused(torch.autograd.Function):  # type: ignore[misc]
    """The loss for autograd; see the module."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, values: Tensor, weights: Tensor | None, target: Target, options: Options
    ) -> Tensor:
        """The loss; a mean or sum computes its gradient at once, because one number scales all of it."""
        value, ctx.gradient = _run(rows, target, weights, options, with_gradient=options.reduction != "none")
        ctx.save_for_backward(rows, values, weights)
        ctx.target, ctx.options = replace(target, values=values[:0]), options
        return value

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient to the logits; the one that is there is handed out once, and computed again after that."""
        gradient, ctx.gradient = ctx.gradient, None
        if torch.is_grad_enabled():
            return _differentiable(ctx, grad_output), None, None, None, None
        if _is_wrapped(grad_output):  # a batch of gradients: all are multiples of one
            unit = _again(ctx, 1.0, None)
            whole = ctx.options.reduction != "none"
            scaled = unit * (grad_output if whole else grad_output.unsqueeze(-1))
            return scaled.to(unit.dtype), None, None, None, None
        if ctx.options.reduction == "none":
            return _again(ctx, 1.0, grad_output.double().contiguous()), None, None, None, None
        factor = grad_output.item()
        if gradient is None or not _can_be_scaled(gradient, factor):
            gradient = _again(ctx, factor, None)
        elif factor != 1.0:
            gradient.mul_(factor)
        return gradient, None, None, None, None


def _is_wrapped(tensor: Tensor) -> bool:
    functions = torch._C._functorch
    return bool(functions.is_legacy_batchedtensor(tensor) or functions.is_functorch_wrapped_tensor(tensor))


def _can_be_scaled(gradient: Tensor, factor: float) -> bool:
    """Short types would round twice (and have lost what underflowed); 0 · ∞ would reach items that are left out."""
    return factor == 1.0 or (gradient.dtype == wide(gradient.dtype) and math.isfinite(factor))


def _again(ctx: Any, scale: float, factors: Tensor | None) -> Tensor:
    rows, values, weights = ctx.saved_tensors
    target = replace(ctx.target, values=values)
    return cast("Tensor", _run(rows, target, weights, ctx.options, with_gradient=True, scale=scale, factors=factors)[1])


def _differentiable(ctx: Any, grad_output: Tensor) -> Tensor:
    rows, values, weights = ctx.saved_tensors
    value = plain.loss(rows, replace(ctx.target, values=values), weights, ctx.options)
    (gradient,) = torch.autograd.grad(value, rows, grad_output, create_graph=True)
    return gradient


def _run(
    rows: Tensor, target: Target, weights: Tensor | None, options: Options, *, with_gradient: bool,
    scale: float = 1.0, factors: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """The reduced loss and, if wanted, its gradient: weights × factors × scale × that of each item."""
    rows, values = _side_by_side(rows), _side_by_side(target.values)
    items, classes = rows.shape
    single = options.reduction == "none"
    losses = torch.empty(items if single else 0, dtype=wide(rows.dtype), device="cpu")
    gradient = empty_gradient(rows.shape, rows.dtype) if with_gradient else None
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
    if single:
        return losses, gradient
    return torch.tensor(total / (whole or 1.0), dtype=losses.dtype, device="cpu"), gradient


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _side_by_side(values: Tensor) -> Tensor:
    """Classes side by side in memory; the rows may lie anywhere."""
    return values if values.ndim == 1 or values.shape[-1] == 1 or values.stride(-1) == 1 else values.contiguous()


def _lies_in_memory(tensor: Tensor) -> bool:
    ordinary = type(tensor) in (Tensor, torch.nn.Parameter)
    return ordinary and tensor.device.type == "cpu" and tensor.layout == torch.strided and not tensor.is_neg()


def _is_constant(tensor: Tensor) -> bool:
    return _lies_in_memory(tensor) and not (tensor.requires_grad and torch.is_grad_enabled())
