"""The losses in the native core, with gradients: value and gradient in one pass over the logits, on all cores.

`reaches` says what the core computes. What it does not compute is plain torch (`plain`), derivatives of derivatives
too: the backward turns to the plain path when autograd asks for a gradient that can be differentiated again.

Eager code takes `_Fused`. A compiler gets the same as two operators, `bitsapart::softmax_loss` and
`bitsapart::softmax_loss_gradient`, whose shapes it knows and whose inside it leaves alone (an operator costs eager code
60 µs more). A device with kernels of its own is one more case in `reaches` and one registration per operator.
"""

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd import forward_ad

from . import native, plain, tickets
from .reduction import Options, Reduction
from .target import Target, TargetKind, is_transformed, wide

__all__ = ["loss", "reaches"]


def reaches(rows: Tensor, target: Target, weights: Tensor | None, options: Options) -> bool:
    """Whether the native core computes this loss of these tensors.

    Args:
        rows: logits [items, classes].
        target: what people said of the items.
        weights: of the items.
        options: the loss.
    """
    return (
        native.covers(rows, target.values, options.name)
        and not is_transformed()
        and not torch.compiler.is_exporting()  # what is exported runs without this package
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
        weights = native.multipliers(weights.detach())
    differentiable = torch.is_grad_enabled() and rows.requires_grad
    if torch.compiler.is_compiling():
        at_once = differentiable and options.reduction != "none"
        return _softmax_loss(rows, target.values, weights, *_Settings.of(target, options), at_once)[0]
    if differentiable:
        return _Fused.apply(rows, target.values, weights, target, options)
    return native.run(rows, target, weights, options, with_gradient=False)[0]


class _Settings(NamedTuple):
    """Target and options without their tensors, as an operator takes them."""

    name: str
    kind: TargetKind
    reduction: Reduction
    smoothing: float
    temperature: float
    ignore_index: int
    whole_panel: bool

    @classmethod
    def of(cls, target: Target, options: Options) -> "_Settings":
        return cls(
            options.name, target.kind, options.reduction, options.smoothing, options.temperature, target.ignore_index,
            target.whole_panel,
        )  # fmt: skip

    def read(self, values: Tensor) -> tuple[Target, Options]:
        teachers = self.temperature if self.kind == "logits" else 1.0
        target = Target(self.kind, values, self.ignore_index, temperature=teachers, whole_panel=self.whole_panel)
        return target, Options(self.name, self.reduction, self.smoothing, self.temperature)


class _Fused(torch.autograd.Function):  # type: ignore[misc]
    """The loss in eager code; see the module."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, values: Tensor, weights: Tensor | None, target: Target, options: Options
    ) -> Tensor:
        """The loss; a mean or sum computes its gradient at once, because one number scales all of it."""
        value, ctx.ready = native.run(rows, target, weights, options, with_gradient=options.reduction != "none")
        ctx.save_for_backward(rows, values, weights)
        ctx.settings = _Settings.of(target, options)
        return value

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient to the logits; the one that is ready is handed out once, and computed again after that."""
        gradient, ctx.ready = _scaled(ctx.ready, above), None
        if gradient is None:
            gradient = _again(above, *ctx.saved_tensors, *ctx.settings)
        return gradient, None, None, None, None


# The same for a compiler. What is ready waits behind a ticket, because an operator must not hand on what it was given.

_TASK = (
    "Tensor logits, Tensor target, Tensor? weights, str name, str kind, str reduction, float smoothing, "
    "float temperature, int ignore_index, bool whole_panel"
)


@torch.library.custom_op(  # type: ignore[untyped-decorator]
    "bitsapart::softmax_loss", mutates_args=(), device_types="cpu",
    schema=f"({_TASK}, bool with_gradient) -> (Tensor loss, Tensor ticket)",
)  # fmt: skip
def _softmax_loss(rows: Tensor, values: Tensor, weights: Tensor | None, *rest: Any) -> tuple[Tensor, Tensor]:
    *settings, with_gradient = rest
    target, options = _Settings(*settings).read(values)
    value, gradient = native.run(rows, target, weights, options, with_gradient=with_gradient)
    return value, tickets.blank(rows) if gradient is None else tickets.leave(gradient)


@_softmax_loss.register_fake  # type: ignore[untyped-decorator]
def _(rows: Tensor, _values: Tensor, _weights: Tensor | None, *rest: Any) -> tuple[Tensor, Tensor]:
    shape = rows.shape[:1] if _Settings(*rest[:-1]).reduction == "none" else ()
    return rows.new_empty(shape, dtype=wide(rows.dtype)), tickets.blank(rows)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(output[1], *inputs[:3])
    ctx.settings = inputs[3:-1]


def _backward(ctx: Any, above: Tensor, _: Tensor | None) -> tuple[Tensor | None, ...]:
    ticket, *tensors = ctx.saved_tensors
    task = *tensors, *ctx.settings
    gradient = _again(above, *task) if _turns(above) else _softmax_loss_gradient(above, ticket, *task)
    return gradient, *[None] * len(task)


_softmax_loss.register_autograd(_backward, setup_context=_keep)


@torch.library.custom_op(  # type: ignore[untyped-decorator]
    "bitsapart::softmax_loss_gradient", mutates_args=(), device_types="cpu",
    schema=f"(Tensor above, Tensor ticket, {_TASK}) -> Tensor",
)  # fmt: skip
def _softmax_loss_gradient(above: Tensor, ticket: Tensor, *task: Any) -> Tensor:
    with torch.no_grad():  # autograd is above an operator, whoever calls it
        gradient = _scaled(tickets.take(ticket), above)
        return _again(above, *task) if gradient is None else gradient


@_softmax_loss_gradient.register_fake  # type: ignore[untyped-decorator]
def _(_above: Tensor, _ticket: Tensor, rows: Tensor, *_: Any) -> Tensor:
    return torch.empty_like(rows, memory_format=torch.contiguous_format)


# What both share: the gradient to the logits, from the gradient `above` of the loss.


def _scaled(ready: Tensor | None, above: Tensor) -> Tensor | None:
    """The gradient that is ready, used up; None where it must be computed again.

    Short types would round twice (and have lost what underflowed); 0 · ∞ would reach items that are left out.
    """
    if ready is None or _turns(above):
        return None
    factor = above.item()
    if factor == 1.0:
        return ready
    return ready.mul_(factor) if ready.dtype == wide(ready.dtype) and math.isfinite(factor) else None


def _turns(above: Tensor) -> bool:
    """Whether autograd asks for more than one gradient that stays as it is."""
    return torch.is_grad_enabled() or _is_batch(above)


def _is_batch(above: Tensor) -> bool:
    functions = torch._C._functorch
    return bool(functions.is_legacy_batchedtensor(above) or functions.is_functorch_wrapped_tensor(above))


def _again(above: Tensor, rows: Tensor, values: Tensor, weights: Tensor | None, *settings: Any) -> Tensor:
    """From the logits: differentiable on the plain path, a batch as multiples of one, or as it is."""
    target, options = _Settings(*settings).read(values)
    if torch.is_grad_enabled():
        value = plain.loss(rows, target, weights, options)
        return torch.autograd.grad(value, rows, above, create_graph=True)[0]
    single, scales = options.reduction == "none", {}
    if not _is_batch(above):
        scales = {"factors": native.multipliers(above)} if single else {"scale": above.item()}
    unit = cast("Tensor", native.run(rows, target, weights, options, with_gradient=True, **scales)[1])
    return unit if scales else (unit * (above.unsqueeze(-1) if single else above)).to(unit.dtype)


def _lies_in_memory(tensor: Tensor) -> bool:
    ordinary = type(tensor) in (Tensor, torch.nn.Parameter)
    return ordinary and tensor.device.type == "cpu" and tensor.layout == torch.strided


def _is_constant(tensor: Tensor) -> bool:
    return _lies_in_memory(tensor) and not (tensor.requires_grad and torch.is_grad_enabled())
