"""The losses as `torch.nn` modules: the options once, then `loss(logits, target)`."""

from collections.abc import Callable
from inspect import signature
from typing import Any, ClassVar

from torch import Tensor, nn

from . import functions

__all__ = [
    "AbsoluteError",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "JensenShannon",
    "KLDivergence",
    "LogLikelihood",
    "SquaredError",
]


class _Loss(nn.Module):  # type: ignore[misc]
    """Keeps the options of one of the functions; `item_weights` belong to a batch and are given with it."""

    function: ClassVar[Callable[..., Tensor]]
    known: ClassVar[frozenset[str]]

    def __init_subclass__(cls) -> None:
        cls.known = frozenset(signature(cls.function).parameters) - {"logits", "target", "item_weights"}

    def __init__(self, **options: Any) -> None:
        super().__init__()
        for name in options:
            if name not in self.known:
                message = f"{type(self).__name__} has no option {name!r}, but {', '.join(sorted(self.known))}"
                raise TypeError(message)
        self.register_buffer("class_weights", options.pop("class_weights", None))
        self.options = options

    def forward(self, logits: Tensor, target: Tensor, item_weights: Tensor | None = None) -> Tensor:
        """The loss of a batch; the arguments are those of the function."""
        options = dict(self.options)
        if self.class_weights is not None:
            options["class_weights"] = self.class_weights
        return self.function(logits, target, item_weights=item_weights, **options)

    def extra_repr(self) -> str:
        """The options that were given."""
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())


class CrossEntropy(_Loss):
    """`cross_entropy` as a module.

    Example:
        >>> import torch
        >>> loss = CrossEntropy(label_smoothing=0.1)
        >>> round(loss(torch.zeros(2, 4), torch.tensor([0, 3])).item(), 4)
        1.3863
    """

    function = staticmethod(functions.cross_entropy)


class KLDivergence(_Loss):
    """`kl_divergence` as a module.

    Example:
        >>> import torch
        >>> loss = KLDivergence(target_kind="logits", temperature=4.0)
        >>> teacher = torch.tensor([[3.0, 1.0, 0.0]])
        >>> loss(teacher, teacher).item()
        0.0
    """

    function = staticmethod(functions.kl_divergence)


class JensenShannon(_Loss):
    """`jensen_shannon` as a module.

    Example:
        >>> import torch
        >>> loss = JensenShannon(reduction="none")
        >>> [round(x, 4) for x in loss(torch.tensor([[0.0, 0.0], [9.0, 0.0]]), torch.tensor([1, 0])).tolist()]
        [0.2158, 0.0]
    """

    function = staticmethod(functions.jensen_shannon)


class SquaredError(_Loss):
    """`squared_error` as a module.

    Example:
        >>> import torch
        >>> loss = SquaredError()
        >>> loss(torch.zeros(1, 2), torch.tensor([0]), item_weights=torch.tensor([2.0])).item()
        0.25
    """

    function = staticmethod(functions.squared_error)


class AbsoluteError(_Loss):
    """`absolute_error` as a module.

    Example:
        >>> import torch
        >>> loss = AbsoluteError(reduction="sum")
        >>> loss(torch.zeros(2, 2), torch.tensor([0, 1])).item()
        1.0
    """

    function = staticmethod(functions.absolute_error)


class BinaryCrossEntropy(_Loss):
    """`binary_cross_entropy` as a module.

    Example:
        >>> import torch
        >>> loss = BinaryCrossEntropy()
        >>> round(loss(torch.zeros(3), torch.tensor([0.5, 0.0, 1.0])).item(), 4)
        0.6931
    """

    function = staticmethod(functions.binary_cross_entropy)


class LogLikelihood(_Loss):
    """`log_likelihood` as a module: to be made large, not small.

    Example:
        >>> import torch
        >>> loss = LogLikelihood(reduction="sum")
        >>> round(loss(torch.zeros(1, 2), torch.tensor([[3, 1]])).item(), 4)
        -2.7726
    """

    function = staticmethod(functions.log_likelihood)
