"""The losses as plain torch operations: every device, every transform; one loss per item, in nats.

Each function takes rows of logits [items, classes] and a `Target`, computes in float32 or better, and keeps
0 · (−∞) = 0 in value and in gradient. `loss` reduces what they give.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, logsigmoid, softmax

from .reduction import Options, reduce_losses, weigh
from .target import Target, wide

__all__ = [
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "jensen_shannon",
    "kl_divergence",
    "log_probs",
    "loss",
    "squared_error",
]


def loss(rows: Tensor, target: Target, weights: Tensor | None, options: Options, **extra: Any) -> Tensor:
    """The reduced loss that the options name."""
    target = weigh(target.judged(rows.shape[-1]), weights)
    one_per_item = _BY_NAME[options.name]
    losses = one_per_item(rows, target, temperature=options.temperature, smoothing=options.smoothing, **extra)
    return reduce_losses(losses, target.keep, weights, options.reduction)


def log_probs(rows: Tensor, target: Target, temperature: float) -> Tensor:
    """The logarithms ln q in float32 or better; the logits of items that are left out do not matter."""
    return log_softmax(_settled(rows, target, temperature), -1)


def cross_entropy(
    rows: Tensor, target: Target, *, temperature: float, smoothing: float, class_weights: Tensor | None = None
) -> Tensor:
    """−Σ w p ln q."""
    log_q = log_probs(rows, target, temperature)
    if target.kind == "labels" and smoothing == 0.0:
        loss = -log_q.gather(-1, target.values[:, None]).squeeze(-1)
        return loss if class_weights is None else loss * class_weights.to(loss.dtype)[target.values]
    p = target.smoothed(smoothing, rows.shape[-1], log_q.dtype).dense(rows.shape[-1], log_q.dtype)
    if class_weights is not None:
        p = p * class_weights.to(p.dtype)
    return -_product(p, log_q).sum(-1)


def kl_divergence(rows: Tensor, target: Target, *, temperature: float, smoothing: float) -> Tensor:
    """Σ p (ln p − ln q)."""
    log_q = log_probs(rows, target, temperature)
    if target.kind == "labels" and smoothing == 0.0:
        return -log_q.gather(-1, target.values[:, None]).squeeze(-1)
    target = target.smoothed(smoothing, rows.shape[-1], log_q.dtype)
    if target.kind == "logits":
        log_p = target.log_probs(log_q.dtype)
        p = log_p.exp()
    else:
        p = target.dense(rows.shape[-1], log_q.dtype)
        log_p = p.where(p != 0, 1).log()
    zero = p == 0
    return (p * (log_p.masked_fill(zero, 0) - log_q.masked_fill(zero, 0))).sum(-1)


def jensen_shannon(rows: Tensor, target: Target, *, temperature: float, smoothing: float) -> Tensor:
    """½ KL(P‖M) + ½ KL(Q‖M) with M = (P + Q)/2."""
    p, q = _both(rows, target, temperature, smoothing)
    total = p + q
    total = total.where(total != 0, 1)
    return 0.5 * (p * _log_share(p, q, total) + q * _log_share(q, p, total)).sum(-1)


def squared_error(rows: Tensor, target: Target, *, temperature: float, smoothing: float) -> Tensor:
    """Σ (p − q)², halved for two classes."""
    p, q = _both(rows, target, temperature, smoothing)
    return _once(p) * (p - q).square().sum(-1)


def absolute_error(rows: Tensor, target: Target, *, temperature: float, smoothing: float) -> Tensor:
    """Σ |p − q|, halved for two classes; the subgradient at p = q is 0."""
    p, q = _both(rows, target, temperature, smoothing)
    return _once(p) * (p - q).abs().sum(-1)


def binary_cross_entropy(logit: Tensor, p: Tensor) -> Tensor:
    """−p ln σ(z) − (1 − p) ln σ(−z)."""
    return -_product(p, logsigmoid(logit)) - _product(1 - p, logsigmoid(-logit))


def _settled(rows: Tensor, target: Target, temperature: float) -> Tensor:
    rows = rows.to(wide(rows.dtype))
    if target.keep is not None:
        rows = rows.where(target.keep[:, None], 0)
    return rows if temperature == 1.0 else rows / temperature


def _both(rows: Tensor, target: Target, temperature: float, smoothing: float) -> tuple[Tensor, Tensor]:
    q = softmax(_settled(rows, target, temperature), -1)
    classes = rows.shape[-1]
    return target.smoothed(smoothing, classes, q.dtype).dense(classes, q.dtype), q


def _product(p: Tensor, log_q: Tensor) -> Tensor:
    """P · ln q with 0 · (−∞) = 0; finite logarithms keep their gradient to p."""
    return p * log_q.masked_fill((p == 0) & (log_q == -torch.inf), 0)


def _log_share(x: Tensor, y: Tensor, total: Tensor) -> Tensor:
    """The logarithm ln 2x/(x + y), precise near 0 (as ln(1 + d), d = (x − y)/(x + y)) and for tiny x; 0 at x = 0."""
    d = (x - y) / total
    near = d > -0.5
    far = (2 * x / total).where(~near & (x != 0), 1)
    return d.where(near, 0).log1p() + far.log()


def _once(p: Tensor) -> float:
    """Two classes are one event and its complement: mirror-image terms are counted once."""
    return 0.5 if p.shape[-1] == 2 else 1.0


_BY_NAME = {
    "cross_entropy": cross_entropy,
    "kl_divergence": kl_divergence,
    "jensen_shannon": jensen_shannon,
    "squared_error": squared_error,
    "absolute_error": absolute_error,
}
