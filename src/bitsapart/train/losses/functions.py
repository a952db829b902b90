"""The losses as functions `(logits, target)`, in nats, with gradients of every order.

The arguments that they share are described at `cross_entropy`.

float16 and bfloat16 are computed in float32; the loss is float32 or float64. Conventions: 0 · (−∞) = 0 in value
and gradient; p · (−ln 0) = +∞; two classes are one event, so their mirror-image squares are counted once. Logits that
hold NaN or +∞, or nothing but −∞, give NaN for their item.

On the CPU cross-entropy, KL divergence and squared error run in the native core, which needs no memory of the logits'
size besides the gradient; logits whose classes do not lie side by side are copied first. Code under `torch.compile`
calls the core just the same, and gets the same bits for the same logits. Elsewhere, and wherever the core does not
reach (derivatives of derivatives, `torch.func`, `torch.export`, gradients to the target, class weights), plain torch
operations give the same numbers. Under those that trace (`torch.func`, and `torch.compile` where it does not call the
core) and on other devices the targets' values are not looked at, so that labels outside the classes are not refused in
a sentence.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from bitsapart.errors import DomainError

from . import fused, plain
from .reduction import Options, Reduction, flat_weights, reduce_losses, weigh
from .target import Target, TargetKind, read_target, wide

__all__ = [
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "jensen_shannon",
    "kl_divergence",
    "log_likelihood",
    "squared_error",
]


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    target_kind: TargetKind | None = None,
    reduction: Reduction = "mean",
    item_weights: Tensor | None = None,
    class_weights: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
) -> Tensor:
    """Cross-entropy H(P, Q) = −Σ p ln q, q = softmax(logits): what predicting people by the network costs, in nats.

    Args:
        logits: floating-point numbers [..., classes]; the items are all dimensions but the last.
        target: what people said. Integers of shape [...] are labels, integers [..., classes] counts (p = n / K; an
            item that nobody judged is left out), floating-point numbers [..., classes] probabilities, which are taken
            as they are, whatever their sum.
        target_kind: "labels", "probs" or "counts", where type and shape do not say it; "logits" for a teacher's
            logits (distillation).
        reduction: "mean" over the items (weighted where weights are given; 0 where every item is left out), "sum", or
            "none" for one loss per item, of the items' shape.
        item_weights: one weight per item; an item of weight 0 is left out, whatever its logits are.
        class_weights: [classes]; they multiply the classes' terms, and the mean stays a mean over items.
        ignore_index: items with this label cost nothing, count for nothing and get zero gradient.
        label_smoothing: ε of (1 − ε) p + ε / C, 0 … 1.
        temperature: divides the logits, and a teacher's; multiply the loss by temperature² for gradients of the usual
            size.

    Returns:
        A scalar, or one loss per item, float32 or float64; nats, 0 … ∞.

    Raises:
        DomainError: shapes, types, labels or options that have no meaning.

    Example:
        >>> import torch
        >>> counts = torch.tensor([[3, 1], [0, 4]])
        >>> round(cross_entropy(torch.zeros(2, 2), counts).item(), 4)
        0.6931
    """
    extra = {} if class_weights is None else {"class_weights": _checked_class_weights(class_weights, logits)}
    return _loss(
        "cross_entropy", logits, target, target_kind, reduction, item_weights, ignore_index, label_smoothing,
        temperature, **extra,
    )  # fmt: skip


def kl_divergence(
    logits: Tensor,
    target: Tensor,
    *,
    target_kind: TargetKind | None = None,
    reduction: Reduction = "mean",
    item_weights: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
) -> Tensor:
    """Kullback–Leibler divergence KL(P‖Q) = Σ p ln(p/q) from people (or a teacher) to the network, in nats.

    Its gradient is that of the cross-entropy; its value is 0 where the network says what the target says.
    Arguments as for `cross_entropy`. References: Kullback and Leibler (1951), Ann. Math. Stat. 22(1); for a teacher's
    logits Hinton, Vinyals and Dean (2015), arXiv 1503.02531.

    Returns:
        A scalar, or one loss per item; nats, 0 … ∞.

    Raises:
        DomainError: shapes, types, labels or options that have no meaning.

    Example:
        >>> import torch
        >>> teacher = torch.tensor([[2.0, 1.0, -1.0]])
        >>> kl_divergence(teacher + 5, teacher, target_kind="logits", temperature=2.0).item()
        0.0
    """
    return _loss(
        "kl_divergence",
        logits,
        target,
        target_kind,
        reduction,
        item_weights,
        ignore_index,
        label_smoothing,
        temperature,
    )


def jensen_shannon(
    logits: Tensor,
    target: Tensor,
    *,
    target_kind: TargetKind | None = None,
    reduction: Reduction = "mean",
    item_weights: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
) -> Tensor:
    """Jensen–Shannon divergence ½ KL(P‖M) + ½ KL(Q‖M), M = (P + Q)/2, in nats (not its square root).

    Arguments as for `cross_entropy`. Reference: Lin (1991), IEEE Trans. Inf. Theory 37(1).

    Returns:
        A scalar, or one loss per item; nats, 0 … ln 2.

    Raises:
        DomainError: shapes, types, labels or options that have no meaning.

    Example:
        >>> import torch
        >>> round(jensen_shannon(torch.tensor([[1e4, -1e4]]), torch.tensor([1])).item(), 4)
        0.6931
    """
    return _loss(
        "jensen_shannon", logits, target, target_kind, reduction, item_weights, ignore_index, label_smoothing,
        temperature,
    )  # fmt: skip


def squared_error(
    logits: Tensor,
    target: Tensor,
    *,
    target_kind: TargetKind | None = None,
    reduction: Reduction = "mean",
    item_weights: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
) -> Tensor:
    """Least squares Σ (p − q)², q = softmax(logits); for two classes (x − y)², the event counted once.

    The gradient to the logits is 2 q ⊙ (g − Σ q g) with g = q − p: it vanishes where q saturates at the wrong
    answer. Arguments as for `cross_entropy`. Reference: Brier (1950), Mon. Weather Rev. 78(1).

    Returns:
        A scalar, or one loss per item; 0 … 2 (two classes: 0 … 1).

    Raises:
        DomainError: shapes, types, labels or options that have no meaning.

    Example:
        >>> import torch
        >>> squared_error(torch.zeros(1, 2), torch.tensor([0])).item()
        0.25
    """
    return _loss(
        "squared_error",
        logits,
        target,
        target_kind,
        reduction,
        item_weights,
        ignore_index,
        label_smoothing,
        temperature,
    )


def absolute_error(
    logits: Tensor,
    target: Tensor,
    *,
    target_kind: TargetKind | None = None,
    reduction: Reduction = "mean",
    item_weights: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
) -> Tensor:
    """Σ |p − q|, q = softmax(logits); for two classes |x − y|, the event counted once.

    The subgradient of a term at p = q is 0. Arguments as for `cross_entropy`.

    Returns:
        A scalar, or one loss per item; 0 … 2 (two classes: 0 … 1).

    Raises:
        DomainError: shapes, types, labels or options that have no meaning.

    Example:
        >>> import torch
        >>> absolute_error(torch.zeros(1, 2), torch.tensor([0])).item()
        0.5
    """
    return _loss(
        "absolute_error", logits, target, target_kind, reduction, item_weights, ignore_index, label_smoothing,
        temperature,
    )  # fmt: skip


def log_likelihood(
    logits: Tensor,
    target: Tensor,
    *,
    target_kind: TargetKind | None = None,
    reduction: Reduction = "mean",
    item_weights: Tensor | None = None,
    ignore_index: int = -100,
) -> Tensor:
    """Log-likelihood Σ n ln q of what people said: labels ln q_y, counts Σ n ln q over the whole panel, in nats.

    It is a likelihood, to be made as large as possible: minimise its negative. Divided by the number of
    judgements that negative is the cross-entropy. Arguments as for `cross_entropy`.

    Returns:
        A scalar, or one number per item; nats, −∞ … 0.

    Raises:
        DomainError: shapes, types, labels or options that have no meaning.

    Example:
        >>> import torch
        >>> counts = torch.tensor([[3, 1], [0, 4]])
        >>> round(log_likelihood(torch.zeros(2, 2), counts, reduction="sum").item(), 4)
        -5.5452
    """
    return -_loss(
        "cross_entropy", logits, target, target_kind, reduction, item_weights, ignore_index, 0.0, 1.0, whole_panel=True
    )


def binary_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    target_kind: TargetKind | None = None,
    reduction: Reduction = "mean",
    item_weights: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    temperature: float = 1.0,
) -> Tensor:
    """Cross-entropy −x ln y − (1 − x) ln(1 − y) of two classes with one logit per item, y = 1/(1 + e^−z), in nats.

    Args:
        logits: one logit per item, any shape.
        target: x, of the same shape: probabilities of the positive class, or labels 0 and 1 (integers);
            counts have one more dimension of two (negative, positive); a teacher's logits are named.
        target_kind: "labels", "probs", "counts" or "logits", where type and shape do not say it.
        reduction: "mean" over the items, "sum", or "none" for one loss per item.
        item_weights: one weight per item.
        ignore_index: the label of items to leave out: they cost nothing and get zero gradient.
        label_smoothing: ε of (1 − ε) x + ε / 2, 0 … 1.
        temperature: divides the logits, and a teacher's.

    Returns:
        A scalar, or one loss per item; nats, 0 … ∞.

    Raises:
        DomainError: shapes, types, labels or options that have no meaning.

    Example:
        >>> import torch
        >>> round(binary_cross_entropy(torch.tensor([0.0, 2.0]), torch.tensor([1, 0])).item(), 4)
        1.41
    """
    options = Options("binary_cross_entropy", reduction, label_smoothing, temperature)
    dtype = wide(logits.dtype)
    x, keep = _positive(logits, target, target_kind, ignore_index, temperature, dtype)
    weights = flat_weights(item_weights, logits.numel())
    weighed = weigh(Target("probs", x, keep=keep), weights)
    z = logits.reshape(-1).to(dtype) / temperature
    if weighed.keep is not None:
        z = z.where(weighed.keep, 0)
    x = (1.0 - label_smoothing) * x + 0.5 * label_smoothing
    losses = plain.binary_cross_entropy(z, x)
    reduced = reduce_losses(losses, weighed.keep, weights, options.reduction)
    return reduced.reshape(logits.shape) if reduction == "none" else reduced


def _positive(
    logits: Tensor, target: Tensor, kind: TargetKind | None, ignore_index: int, temperature: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor | None]:
    """The positive class's share of each item, and which items count."""
    integer = not target.is_floating_point()
    if kind is None:
        kind = "probs" if not integer else "labels" if target.shape == logits.shape else "counts"
    pairs = target.shape == (*logits.shape, 2) if kind == "counts" else target.shape == logits.shape
    if not pairs:
        message = (
            f"target is {list(target.shape)} and logits are {list(logits.shape)}, but with one logit per item the "
            "target has the same shape (counts: one more dimension of two); see logits.squeeze(-1)"
        )
        raise DomainError(message)
    if kind == "logits":
        return torch.sigmoid(target.reshape(-1).to(dtype) / temperature), None
    if kind == "probs":
        return target.reshape(-1).to(dtype), None
    two = torch.empty(*target.shape[: logits.ndim], 2, device="meta", dtype=dtype)
    read = read_target(two, target, kind, ignore_index=ignore_index, temperature=1.0)[1].judged(2)
    if kind == "labels":
        return read.values.to(dtype), read.keep
    return read.dense(2, dtype)[:, 1], read.keep


def _loss(
    name: str,
    logits: Tensor,
    target: Tensor,
    kind: TargetKind | None,
    reduction: Reduction,
    item_weights: Tensor | None,
    ignore_index: int,
    smoothing: float,
    temperature: float,
    *,
    whole_panel: bool = False,
    **extra: Any,
) -> Tensor:
    """Read the target; take the fused path where it reaches and the plain one elsewhere."""
    options = Options(name, reduction, smoothing, temperature)
    rows, read = read_target(logits, target, kind, ignore_index=ignore_index, temperature=temperature)
    if whole_panel:
        read = replace(read, whole_panel=True)
    weights = flat_weights(item_weights, rows.shape[0])
    if not extra and fused.reaches(rows, read, weights, options):
        reduced = fused.loss(rows, read, weights, options)
    else:
        reduced = plain.loss(rows, read, weights, options, **extra)
    return reduced.reshape(logits.shape[:-1]) if reduction == "none" and logits.ndim != 2 else reduced


def _checked_class_weights(weights: Tensor, logits: Tensor) -> Tensor:
    if weights.shape != logits.shape[-1:]:
        message = f"class_weights is {list(weights.shape)}, but must be one weight per class, {list(logits.shape[-1:])}"
        raise DomainError(message)
    return weights
