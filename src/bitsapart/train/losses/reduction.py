"""From one loss per item to what the optimiser sees; the mean is always over items."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from bitsapart.errors import DomainError

from .target import Target

__all__ = ["Options", "Reduction", "flat_weights", "reduce_losses", "weigh"]

Reduction = Literal["none", "mean", "sum"]


@dataclass(frozen=True)
class Options:
    """What a loss is and how it is reduced.

    Attributes:
        name: the loss.
        reduction: "mean", "sum" or "none".
        smoothing: ε of (1 − ε) p + ε / C.
        temperature: divides the logits.

    Raises:
        DomainError: an option lies outside its domain.
    """

    name: str
    reduction: Reduction
    smoothing: float = 0.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.reduction not in get_args(Reduction):
            message = f"reduction is {self.reduction!r}, but must be one of {', '.join(get_args(Reduction))}"
            raise DomainError(message)
        if not 0.0 <= self.smoothing <= 1.0:
            message = f"label_smoothing is {self.smoothing}, but must lie in 0 … 1"
            raise DomainError(message)
        if not 0.0 < self.temperature < float("inf"):
            message = f"temperature is {self.temperature}, but must be positive and finite"
            raise DomainError(message)


def flat_weights(weights: Tensor | None, items: int) -> Tensor | None:
    """The items' weights in a row.

    Raises:
        DomainError: the weights are not one per item.
    """
    if weights is None:
        return None
    if weights.numel() != items:
        message = f"item_weights has {weights.numel()} values for {items} items, but every item needs one weight"
        raise DomainError(message)
    return weights.reshape(-1)


def weigh(target: Target, weights: Tensor | None) -> Target:
    """Leave out the items of weight 0, whatever their logits are."""
    if weights is None:
        return target
    heavy = weights != 0
    return replace(target, keep=heavy if target.keep is None else target.keep & heavy)


def reduce_losses(losses: Tensor, keep: Tensor | None, weights: Tensor | None, reduction: str) -> Tensor:
    """Sum, average or hand on the items' losses; items that are left out cost nothing and are not counted."""
    if keep is not None:
        losses = losses.where(keep, 0)
    if weights is not None:
        weights = weights.to(losses.dtype)
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
