"""What a target says: the people's answers as labels, counts, probabilities or a teacher's logits."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from bitsapart.errors import DomainError

__all__ = ["Target", "TargetKind", "is_traced", "is_transformed", "label_message", "read_target", "wide"]

TargetKind = Literal["labels", "probs", "counts", "logits"]


@dataclass(frozen=True)
class Target:
    """The people's side of a batch.

    Attributes:
        kind: what the values are.
        values: labels [items], or [items, classes]: judgements per class, weights of the classes (which need not sum
            to 1), or a teacher's logits.
        ignore_index: the label of items that are left out.
        keep: False for items that are left out (ignored, or judged by nobody); None when all count.
        temperature: divides the teacher's logits.
        whole_panel: counts stand for themselves instead of for shares n / K.
    """

    kind: TargetKind
    values: Tensor
    ignore_index: int = -100
    keep: Tensor | None = None
    temperature: float = 1.0
    whole_panel: bool = False

    def judged(self, classes: int) -> "Target":
        """The same with `keep` filled in, and the labels of left-out items replaced by 0.

        Raises:
            DomainError: a label outside 0 … classes − 1, or a negative count.
        """
        if self.kind == "labels":
            labels = self.values.long()
            keep = labels != self.ignore_index
            self._refuse(keep & ((labels < 0) | (labels >= classes)), classes)
            return replace(self, values=labels.where(keep, 0), keep=keep)
        if self.kind == "counts":
            self._refuse((self.values < 0).any(-1), classes)
            return replace(self, keep=(self.values != 0).any(-1))
        return self

    def fault(self, row: int, classes: int) -> DomainError:
        """What to say about a row whose label or counts mean nothing."""
        if self.kind == "labels":
            return DomainError(label_message(row, int(self.values[row]), classes, self.ignore_index))
        column = int((self.values[row] < 0).nonzero()[0])
        return DomainError(f"target[{row}, {column}] is {self.values[row, column].item()}, but counts must be ≥ 0")

    def _refuse(self, bad: Tensor, classes: int) -> None:
        if bad.device.type == "cpu" and not is_traced() and bad.any():
            raise self.fault(int(bad.nonzero()[0]), classes)

    def dense(self, classes: int, dtype: torch.dtype) -> Tensor:
        """The weight of each class, [items, classes]."""
        if self.kind == "labels":
            return (self.values[:, None] == torch.arange(classes, device=self.values.device)).to(dtype)
        if self.kind == "logits":
            return self.log_probs(dtype).exp()
        counts = self.values.to(dtype)
        if self.kind == "probs" or self.whole_panel:
            return counts
        total = counts.sum(-1, keepdim=True)
        return counts / total.where(total != 0, 1)

    def log_probs(self, dtype: torch.dtype) -> Tensor:
        """The teacher's ln p, [items, classes]."""
        return log_softmax(self.values.to(dtype) / self.temperature, -1)

    def smoothed(self, smoothing: float, classes: int, dtype: torch.dtype) -> "Target":
        """The target mixed with the uniform distribution: (1 − ε) p + ε / C."""
        if smoothing == 0.0:
            return self
        mixed = (1.0 - smoothing) * self.dense(classes, dtype) + smoothing / classes
        return replace(self, kind="probs", values=mixed)


def read_target(
    logits: Tensor, target: Tensor, kind: TargetKind | None, *, ignore_index: int, temperature: float
) -> tuple[Tensor, Target]:
    """Bring logits [..., classes] and their target to rows, and say what the target is.

    Args:
        logits: the network's logits; classes are the last dimension.
        target: integers of shape [...] are labels, integers of shape [..., classes] counts, floating-point
            numbers of shape [..., classes] probabilities; teacher logits have to be named.
        kind: overrides what the type and shape say.
        ignore_index: labels with this value are left out.
        temperature: divides a teacher's logits.

    Returns:
        The logits as [items, classes] and the target.

    Raises:
        DomainError: shapes or types that fit no reading.
    """
    if logits.ndim == 0 or not logits.is_floating_point():
        message = (
            f"logits are {list(logits.shape)} of {logits.dtype}, but must be floating-point numbers [..., classes], "
            "one number per class and item"
        )
        raise DomainError(message)
    kind = kind or _kind_of(logits, target)
    if kind not in get_args(TargetKind):
        message = f"target_kind is {kind!r}, but must be one of {', '.join(get_args(TargetKind))}"
        raise DomainError(message)
    _check_shape(logits, target, kind)
    if logits.ndim == 2:  # a view costs more than a small loss, and once more in backward
        rows, flat = logits, target
    else:
        rows = logits.reshape(-1, logits.shape[-1])
        flat = target.reshape(-1) if kind == "labels" else target.reshape(rows.shape)
    return rows, Target(kind, flat, ignore_index, temperature=temperature if kind == "logits" else 1.0)


def is_traced() -> bool:
    """Whether a compiler, a tracer or a function transform runs, under which values cannot be looked at."""
    return bool(torch.compiler.is_compiling() or is_transformed())


def is_transformed() -> bool:
    """Whether a tracer or a function transform runs, which looks into every operation; a compiler alone does not."""
    if torch._C._are_functorch_transforms_active():
        return True
    if torch.compiler.is_compiling():
        return False
    return bool(torch._C._get_tracing_state() is not None or torch._C._len_torch_dispatch_stack() > 0)


def wide(dtype: torch.dtype) -> torch.dtype:
    """The type that a loss is computed in: float32, or float64 for float64."""
    return torch.promote_types(dtype, torch.float32)


def label_message(row: int, label: int, classes: int, ignore_index: int) -> str:
    """The sentence about a label that names no class."""
    return (
        f"target[{row}] is {label}, but labels must lie in 0 … {classes - 1}; items to leave out carry "
        f"ignore_index={ignore_index}"
    )


def _kind_of(logits: Tensor, target: Tensor) -> TargetKind:
    integer = not target.is_floating_point() and not target.is_complex()
    if integer and target.shape == logits.shape[:-1]:
        return "labels"
    if integer and target.dtype != torch.bool:
        return "counts"
    return "probs"


def _check_shape(logits: Tensor, target: Tensor, kind: TargetKind) -> None:
    expected = logits.shape[:-1] if kind == "labels" else logits.shape
    if kind == "labels" and (target.is_floating_point() or target.is_complex()):
        message = f"target is {target.dtype}, but labels must be integers; pass target.long() if they are labels"
        raise DomainError(message)
    if target.shape != expected:
        message = (
            f"target is {list(target.shape)} and logits are {list(logits.shape)}, but the classes are the last "
            f"dimension of logits: labels have the shape {list(logits.shape[:-1])}, probabilities, counts and teacher "
            f"logits {list(logits.shape)} (movedim(1, -1) moves the classes of a [N, C, ...] tensor to the end)"
        )
        raise DomainError(message)
