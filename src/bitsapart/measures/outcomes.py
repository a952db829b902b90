"""Likelihood: how probable a model makes what people actually said.

Outcomes come in three forms, and `under` says which: "bernoulli", an event that happens (1) or not (0) with the
model's probability; "categorical", labels, that is class indices or names; "multinomial", counts of each class.
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Literal, get_args

import numpy as np

from bitsapart._checks import check_choice
from bitsapart.errors import DomainError

from ._arrays import Array, Library, quiet
from ._distributions import Distribution, Kind, open_pair
from .entropies import expected_information
from .events import is_named, named_values

__all__ = ["Under", "geometric_mean_probability", "likelihood", "log_likelihood", "log_loss"]

Under = Literal["bernoulli", "categorical", "multinomial"]


def log_likelihood(
    outcomes: Array, model: Array, *, under: Under = "categorical", model_kind: Kind = "probs", orders: bool = False
) -> Array:
    """The logarithm of the probability that the model gives to all outcomes together: ln ∏ P = Σ ln P.

    Σ n ln q over items and classes, with 0·ln 0 = 0; −∞ where something happened that the model calls impossible. The
    sum keeps the product from underflow. It is −ln 2 times the cross-entropy in bits, times the number of judgements.

    Args:
        outcomes: "bernoulli": 0 or 1, shape (...); "categorical": class indices, shape (...), or names of the model's
            events; "multinomial": counts, shape (..., C), or a mapping.
        model: "bernoulli": the event's probability θ, a number or shape (...); otherwise shape (..., C), a single
            distribution (C,) for all outcomes, or a mapping from event to probability.
        under: "bernoulli", "categorical" or "multinomial".
        model_kind: "probs", "log-probs" or "logits".
        orders: for counts, whether every order of the same outcomes is meant (the multinomial coefficient is added),
            not the one that was seen.

    Returns:
        One number in nats for all items together, −∞ … 0.

    Raises:
        DomainError: an outcome is none of the model's, or a probability is outside its domain.

    References:
        Fisher, On the mathematical foundations of theoretical statistics, 1922.

    Example:
        >>> log_likelihood([1, 1, 0, 1, 0], 0.6, under="bernoulli")
        -3.3650583350462826
        >>> log_likelihood(["cat", "dog"], {"cat": 0.5, "dog": 0.5})
        -1.3862943611198906
    """
    library, total = _total(outcomes, model, under, model_kind, orders=orders)
    return library.deliver(total)


def likelihood(
    outcomes: Array, model: Array, *, under: Under = "categorical", model_kind: Kind = "probs", orders: bool = False
) -> Array:
    """How probable the model makes all outcomes together: ∏ P(outcome).

    Of many outcomes it is too small for any floating type and becomes 0: `log_likelihood` does not.

    Args:
        outcomes: as in `log_likelihood`.
        model: as in `log_likelihood`.
        under: "bernoulli", "categorical" or "multinomial".
        model_kind: "probs", "log-probs" or "logits".
        orders: as in `log_likelihood`.

    Returns:
        One number for all items together, 0 … 1. As a function of the model it is no probability.

    Raises:
        DomainError: as in `log_likelihood`.

    References:
        Fisher 1922.

    Example:
        >>> round(likelihood([1, 1, 0, 1, 0], 0.6, under="bernoulli"), 6)
        0.03456
    """
    library, total = _total(outcomes, model, under, model_kind, orders=orders)
    return library.deliver(library.xp.exp(total))


def log_loss(outcomes: Array, model: Array, *, under: Under = "categorical", model_kind: Kind = "probs") -> Array:
    """The negative log-likelihood per judgement, as training prints it; ln 2 times the cross-entropy in bits.

    −(1/M) Σ n ln q, M the number of judgements.

    Args:
        outcomes: as in `log_likelihood`.
        model: as in `log_likelihood`.
        under: "bernoulli", "categorical" or "multinomial".
        model_kind: "probs", "log-probs" or "logits".

    Returns:
        One number in nats per judgement, 0 … ∞.

    Raises:
        DomainError: as in `log_likelihood`, or there are no outcomes.

    References:
        Good, Rational decisions, 1952.

    Example:
        >>> log_loss([0, 1], [[1.0, 0.0], [0.5, 0.5]])
        0.34657359027997264
    """
    p, q = _open(outcomes, model, under, model_kind)
    return p.library.deliver(_loss(p, q))


def geometric_mean_probability(
    outcomes: Array, model: Array, *, under: Under = "categorical", model_kind: Kind = "probs"
) -> Array:
    """The probability that the model gives to a typical judgement: the M-th root of the likelihood of M judgements.

    (∏ P)^(1/M) = exp(−log-loss) = 1/perplexity.

    Args:
        outcomes: as in `log_likelihood`.
        model: as in `log_likelihood`.
        under: "bernoulli", "categorical" or "multinomial".
        model_kind: "probs", "log-probs" or "logits".

    Returns:
        One number, 0 … 1.

    Raises:
        DomainError: as in `log_likelihood`, or there are no outcomes.

    References:
        McAlister 1879 for the geometric mean; Good 1952.

    Example:
        >>> geometric_mean_probability([0, 0], [[0.5, 0.5], [0.125, 0.875]])
        0.25
    """
    p, q = _open(outcomes, model, under, model_kind)
    return p.library.deliver(p.xp.exp(-_loss(p, q)))


def _open(outcomes: Array, model: Array, under: Under, model_kind: Kind) -> tuple[Distribution, Distribution]:
    """Outcomes as counts (or as 0 and 1 of one event) beside the model."""
    check_choice(under, "under", get_args(Under))
    p, q = _open_as(outcomes, model, under, model_kind)
    if p.values.ndim < q.values.ndim:
        message = (
            f"model holds {q.values[..., 0].shape[0]} distributions, but there is one outcome. "
            "Give as many outcomes as distributions."
        )
        raise DomainError(message)
    return p, q


def _open_as(outcomes: Array, model: Array, under: Under, model_kind: Kind) -> tuple[Distribution, Distribution]:
    if under == "bernoulli":
        if isinstance(outcomes, str):
            message = f"outcomes is the text {outcomes!r}, but must be 0 and 1. Write 1 where the event happened."
            raise DomainError(message)
        return open_pair(outcomes, model, people_kind="labels", model_kind=model_kind, binary=True, first="outcomes")
    if under == "multinomial":
        return open_pair(outcomes, model, people_kind="counts", model_kind=model_kind, first="outcomes")
    if is_named(model):
        outcomes, model = _by_name(outcomes, model, model_kind)
    elif np.ndim(model) == 0:
        message = (
            'model is one number, but labels need the probabilities of classes. For one event, pass under="bernoulli".'
        )
        raise DomainError(message)
    return open_pair(outcomes, model, people_kind="labels", model_kind=model_kind, first="outcomes")


def _by_name(outcomes: Sequence[Any], model: Mapping[Any, float], model_kind: Kind) -> tuple[list[int], list[float]]:
    """Names become indices; a name that the model lacks gets a class of probability 0."""
    numbers = named_values(model, "model")
    if isinstance(outcomes, str):
        message = (
            f"outcomes is the text {outcomes!r}, but must be a list of names. For its letters, pass list(outcomes)."
        )
        raise DomainError(message)
    names = [*numbers, *(name for name in dict.fromkeys(outcomes) if name not in numbers)]
    missing = 0.0 if model_kind == "probs" else -inf
    index = {name: place for place, name in enumerate(names)}
    return [index[name] for name in outcomes], [numbers.get(name, missing) for name in names]


def _total(outcomes: Array, model: Array, under: Under, model_kind: Kind, *, orders: bool) -> tuple[Library, Array]:
    """The log-likelihood and the library that computed it."""
    p, q = _open(outcomes, model, under, model_kind)
    total = -p.xp.sum(expected_information(p, q, "nat", counted=True))
    if not orders:
        return p.library, total
    if under != "multinomial":
        message = f'orders=True counts the orders of counts, but under is "{under}"'
        raise DomainError(message)
    return p.library, total + _log_orders(p)


def _loss(p: Distribution, q: Distribution) -> Array:
    informations = expected_information(p, q, "nat", counted=True)
    if 0 in informations.shape:
        message = "outcomes is empty, but a mean over judgements needs at least one"
        raise DomainError(message)
    return p.xp.sum(informations) / p.xp.sum(p.totals)


def _log_orders(p: Distribution) -> Array:
    """How many orders the same counts can come in: ln K!/∏ n!."""
    return p.xp.sum(_log_factorial(p.library, p.totals) - p.xp.sum(_log_factorial(p.library, p.values), axis=-1))


def _log_factorial(library: Library, counts: Array) -> Array:
    """The logarithm ln n! by Stirling's series after shifting to n + 8, in the array's own library; whole n ≥ 0."""
    xp = library.xp
    shifted = counts + 8.0
    product = xp.ones_like(counts)
    for step in range(1, 9):
        product = product * ((counts + step) / shifted)
    inverse = 1 / shifted
    square = inverse * inverse
    series = inverse * (
        1 / 12
        - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - square * 691 / 360360))))
    )
    with quiet(xp):
        stirling = (shifted - 7.5) * xp.log(shifted) - shifted + 0.9189385332046727 + series
        return xp.where(counts < 2, xp.zeros_like(counts), stirling - xp.log(product))
