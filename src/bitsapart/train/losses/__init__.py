"""Losses with gradients, in PyTorch's order `(logits, target)`: the measured distance, to be trained on.

    from bitsapart.train.losses import cross_entropy
    loss = cross_entropy(network(images), counts)      # the distribution of a panel, not its majority vote
    loss.backward()

Functions (`cross_entropy`) and modules (`CrossEntropy`); the options are described in `functions.py`.
"""

from bitsapart.errors import MissingExtraError

try:
    import torch  # noqa: F401
except ImportError:
    purpose, package = "training", "torch"
    raise MissingExtraError(purpose, package, "train") from None

from .functions import (
    absolute_error,
    binary_cross_entropy,
    cross_entropy,
    jensen_shannon,
    kl_divergence,
    log_likelihood,
    squared_error,
)
from .modules import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    JensenShannon,
    KLDivergence,
    LogLikelihood,
    SquaredError,
)

__all__ = [
    "AbsoluteError",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "JensenShannon",
    "KLDivergence",
    "LogLikelihood",
    "SquaredError",
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "jensen_shannon",
    "kl_divergence",
    "log_likelihood",
    "squared_error",
]
