"""How many bits apart are your model and people?

The public door: `compare`, `Tally` and every measure by its name. Names are loaded when they are first used, so that
`import bitsapart` costs little more than `import numpy`. Errors are in `bitsapart.errors`, the training losses in
`bitsapart.train.losses`, the pages in `bitsapart.report`.
"""

# ruff: noqa: F403, F405  only type checkers see the names before they are used
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparison import *
    from .measures import *

__version__ = "0.1.0"

__all__ = [
    "CATALOGUE",
    "Aligned",
    "Comparison",
    "MaximumLikelihood",
    "Measure",
    "MostLikely",
    "Quantity",
    "Tally",
    "__version__",
    "absolute_error",
    "accuracy",
    "align",
    "brier",
    "compare",
    "conditional_entropy",
    "conditional_information",
    "cross_entropy",
    "disagreement",
    "entropy",
    "find_measure",
    "geometric_mean_probability",
    "information",
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
    "joint_entropy",
    "kl_divergence",
    "likelihood",
    "likelihood_curve",
    "log_likelihood",
    "log_loss",
    "majority_accuracy",
    "maximum_likelihood",
    "most_likely",
    "mutual_information",
    "perplexity",
    "ranked_probability_score",
    "ranked_squared_distance",
    "squared_distance",
    "squared_error",
]

_OF_THE_COMPARISON = ("Comparison", "Quantity", "Tally", "compare")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module 'bitsapart' has no attribute {name!r}"
        raise AttributeError(message)
    home = "comparison" if name in _OF_THE_COMPARISON else "measures"
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
