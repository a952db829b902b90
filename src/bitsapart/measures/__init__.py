"""The book: every measure as a pure function on arrays of any library, and the catalogue that lists them.

Arguments have their classes on the last axis; batch axes lead, and every item gets its own value. The order is always
(people, model). Lists and numbers give floats; NumPy is computed in float64; PyTorch, JAX and CuPy keep their floating
type and their gradients. Nothing is clipped, renormalised or smoothed. While JAX or PyTorch trace a function, values
cannot be looked at, so they are not checked there.
"""

from .agreement import accuracy, majority_accuracy
from .catalogue import CATALOGUE, Measure, find_measure
from .divergences import jensen_shannon_distance, jensen_shannon_divergence, kl_divergence
from .entropies import cross_entropy, entropy, information, perplexity
from .estimation import MaximumLikelihood, MostLikely, likelihood_curve, maximum_likelihood, most_likely
from .events import Aligned, align
from .least_squares import absolute_error, brier, disagreement, squared_distance, squared_error
from .ordinal import ranked_probability_score, ranked_squared_distance
from .outcomes import geometric_mean_probability, likelihood, log_likelihood, log_loss
from .tables import conditional_entropy, conditional_information, joint_entropy, mutual_information

__all__ = [
    "CATALOGUE",
    "Aligned",
    "MaximumLikelihood",
    "Measure",
    "MostLikely",
    "absolute_error",
    "accuracy",
    "align",
    "brier",
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
