"""What is minimised and what is watched: one value per item from logits and answers."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from . import losses

__all__ = ["OBJECTIVES", "Watched", "class_logits", "watch", "watched"]


def class_logits(logits: Tensor) -> Tensor:
    """One logit z of two classes as the pair (z, 0), whose softmax is the logistic function; others as they are."""
    if logits.shape[1] == 1:
        return torch.cat([logits, torch.zeros_like(logits)], dim=1)
    return logits


def _likelihood(logits: Tensor, target: Tensor) -> Tensor:
    """−(1/K) Σ n ln q; shares and labels have K = 1."""
    value = -losses.log_likelihood(logits, target, reduction="none")
    counted = target.ndim == logits.ndim and not target.is_floating_point()
    return value / target.sum(-1) if counted else value


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return losses.cross_entropy(logits, target, reduction="none")


def _least_squares(logits: Tensor, target: Tensor) -> Tensor:
    return losses.squared_error(logits, target, reduction="none")


def _absolute(logits: Tensor, target: Tensor) -> Tensor:
    return losses.absolute_error(logits, target, reduction="none")


OBJECTIVES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": _cross_entropy,
    "likelihood": _likelihood,
    "least-squares": _least_squares,
    "absolute": _absolute,
}


@dataclass(frozen=True)
class Watched:
    """Means over the items of one split.

    Attributes:
        cross_entropy: nats per item.
        log_loss: nats per judgement.
        squared_error, absolute_error: per item.
    """

    cross_entropy: float
    log_loss: float
    squared_error: float
    absolute_error: float


def watch(logits: Tensor, target: Tensor, judgements: Tensor, weights: Tensor) -> Tensor:
    """The sums that `Watched` is made of: Σw, Σw·K, and for each measure its weighted sum.

    Computed in the type of the weights: float64 wherever the device has it.

    Args:
        logits: [N, outputs].
        target: labels [N], counts [N, C] or shares [N, C].
        judgements: [N] K.
        weights: [N].
    """
    pairs = class_logits(logits.to(weights.dtype))
    cost = losses.cross_entropy(pairs, target, reduction="none")
    heavy = weights * judgements
    return torch.stack([
        weights.sum(), heavy.sum(), (weights * cost).sum(), (heavy * cost).sum(),
        (weights * losses.squared_error(pairs, target, reduction="none")).sum(),
        (weights * losses.absolute_error(pairs, target, reduction="none")).sum(),
    ])  # fmt: skip


def watched(sums: Tensor) -> Watched:
    """The means."""
    items, judged, cost, heavy_cost, squared, absolute = sums.tolist()
    return Watched(cost / items, heavy_cost / judged, squared / items, absolute / items)
