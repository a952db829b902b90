"""From one loss per item to what the optimiser sees; the mean is always over items."""

from dataclasses import replace
from typing import Literal, get_args

import torch
from torch import Tensor

from bitsapart.errors import DomainError

from .target import Target, wide

__all__ = ["Reduction", "check_options", "reduce_losses", "weigh"]

Reduction = Literal["none", "mean", "sum"]


def check_options(reduction: str, label_smoothing: float, temperature: float) -> None:
    """Refuse options that mean nothing.

    Raises:
        DomainError: an option lies outside its domain.
    """
    if reduction not in get_args(Reduction):
        message = f"reduction is {reduction!r}, but must be one of {', '.join(get_args(Reduction))}"
        raise DomainError(message)
    if not 0.0 <= label_smoothing <= 1.0:
        message = f"label_smoothing is {label_smoothing}, but must lie in 0 … 1"
        raise DomainError(message)
    if not 0.0 < temperature < float("inf"):
        message = f"temperature is {temperature}, but must be positive and finite"
        raise DomainError(message)


def weigh(target: Target, weights: Tensor | None, items: int, dtype: torch.dtype) -> tuple[Target, Tensor | None]:
    """Flatten the items' weights; an item of weight 0 is left out, whatever its logits are.

    Raises:
        DomainError: the weights are not one per item.
    """
    if weights is None:
        return target, None
    if weights.numel() != items:
        message = f"item_weights has {weights.numel()} values for {items} items, but every item needs one weight"
        raise DomainError(message)
    flat = weights.reshape(-1).to(wide(dtype))
    heavy = flat != 0
    keep = heavy if target.keep is None else target.keep & heavy
    return replace(target, keep=keep), flat


def reduce_losses(losses: Tensor, keep: Tensor | None, weights: Tensor | None, reduction: str) -> Tensor:
    """Sum, average or hand on the items' losses; items that are left out cost nothing and are not counted."""
    if keep is not None:
        losses = losses.where(keep, 0)
    if weights is not None:
        losses = losses * weights
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "sum":
        return total
    return total / total_weight(keep, weights, losses)


def total_weight(keep: Tensor | None, weights: Tensor | None, losses: Tensor) -> Tensor:
    """Σ w over the items that count, or 1 where there are none: their mean is then 0."""
    if weights is not None:
        whole = weights.sum() if keep is None else weights.where(keep, 0).sum()
    elif keep is not None:
        whole = keep.sum().to(losses.dtype)
    else:
        whole = torch.tensor(losses.numel(), dtype=losses.dtype, device=losses.device)
    return whole.where(whole != 0, 1)
