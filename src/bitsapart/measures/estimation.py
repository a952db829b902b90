"""Maximum likelihood: the parameter, or the candidate, that makes what happened most probable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log, log1p
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bitsapart._checks import check_choice, check_counts, check_labels, check_unit_interval, on_host
from bitsapart.errors import DomainError

from ._arrays import Array, Library, quiet
from ._distributions import Kind
from .outcomes import Under, log_likelihood

__all__ = ["MaximumLikelihood", "MostLikely", "likelihood_curve", "maximum_likelihood", "most_likely"]


@dataclass(frozen=True)
class MaximumLikelihood:
    """The parameter that makes the outcomes most probable, and how sure one may be of it.

    Attributes:
        estimate: θ̂, or one probability for each class.
        standard_error: √(θ̂(1 − θ̂)/n) from Fisher's information; 0 at θ̂ = 0 and 1, where only the interval is of use.
        low: the interval's lower end.
        high: the interval's upper end.
        confidence: the interval's level.
        log_likelihood: at the estimate, in nats.
        judgements: how many outcomes there are.
    """

    estimate: Any
    standard_error: Any
    low: Any
    high: Any
    confidence: float
    log_likelihood: float
    judgements: int


def maximum_likelihood(
    outcomes: Array, *, under: Literal["bernoulli", "multinomial"] = "bernoulli", confidence: float = 0.95
) -> MaximumLikelihood:
    """The θ under which the outcomes are most probable, with standard error and likelihood-ratio interval.

    θ̂ = k/n. The interval holds every θ with 2 [ℓ(θ̂) − ℓ(θ)] ≤ χ², the quantile of one degree of freedom; of several
    classes, each one's profile likelihood is that of the class against all others.

    Args:
        outcomes: "bernoulli": 0 and 1, any shape; "multinomial": counts of each class, shape (C,).
        under: "bernoulli" or "multinomial".
        confidence: the interval's level, between 0 and 1.

    Returns:
        Estimate, standard error and interval; floats for one event, arrays of shape (C,) for counts.

    Raises:
        DomainError: there are no outcomes, one is outside its domain, or the confidence is not between 0 and 1.

    References:
        Fisher 1922; Wilks, The large-sample distribution of the likelihood ratio, 1938.

    Example:
        >>> found = maximum_likelihood([1, 1, 0, 1, 0])
        >>> found.estimate, round(found.low, 4), round(found.high, 4)
        (0.6, 0.1991, 0.9193)
    """
    check_choice(under, "under", ("bernoulli", "multinomial"))
    check_unit_interval(np.asarray(confidence), "confidence", "a level must lie between 0 and 1, for example 0.95.")
    if under == "bernoulli":
        seen = _host(outcomes)
        check_labels(seen, "outcomes", classes=2)
        counts = np.array([seen.sum(), seen.size - seen.sum()])
    else:
        counts = _host(outcomes)
        if counts.ndim != 1:
            message = f"outcomes has shape {counts.shape}, but must be the counts of each class, shape (C,)"
            raise DomainError(message)
    check_counts(counts, "outcomes", keyword=None)
    total = float(counts.sum())
    ends = np.array([_interval(float(count), total, confidence) for count in counts])
    share = counts / total
    error = np.sqrt(share * (1 - share) / total)
    top = float(np.sum(counts * np.log(np.where(counts > 0, share, 1.0)))) + 0.0
    parts: list[Any] = [share, error, ends[:, 0], ends[:, 1]]
    if under == "bernoulli":
        parts = [float(part[0]) for part in parts]
    return MaximumLikelihood(parts[0], parts[1], parts[2], parts[3], confidence, top, int(total))


def likelihood_curve(outcomes: Array, thetas: Array, *, log_scale: bool = False) -> Array:
    """How probable each θ of a grid makes the same outcomes of one event: θ^k (1 − θ)^(n−k).

    As a function of θ it is no probability: it need not sum to 1.

    Args:
        outcomes: 0 and 1, any shape.
        thetas: the grid, values between 0 and 1, any shape.
        log_scale: give the logarithm, in nats, which does not underflow.

    Returns:
        One likelihood (or log-likelihood) for each θ, the grid's shape.

    Raises:
        DomainError: an outcome is not 0 or 1, or a θ is not between 0 and 1.

    References:
        Fisher 1922.

    Example:
        >>> likelihood_curve([1, 0], [0.0, 0.5, 1.0])
        array([0.  , 0.25, 0.  ])
    """
    library = Library.of(outcomes, thetas)
    xp = library.xp
    seen = library.floats(library.array(outcomes, "outcomes"))
    check_labels(seen, "outcomes", classes=2)
    grid = library.floats(library.array(thetas, "thetas"))
    check_unit_interval(grid, "thetas", "a probability must lie between 0 and 1.")
    happened, missed = xp.sum(seen), xp.sum(1 - seen)
    first, second = (grid == 0) & (happened == 0), (grid == 1) & (missed == 0)
    with quiet(xp):
        total = happened * xp.log(xp.where(first, xp.ones_like(grid), grid))
        total = total + missed * xp.log1p(-xp.where(second, xp.zeros_like(grid), grid))
    return library.deliver(total if log_scale else xp.exp(total))


@dataclass(frozen=True)
class MostLikely:
    """Which of several candidates makes the outcomes most probable.

    Attributes:
        best: the candidate's name (its place where candidates have no names); the first of those that tie.
        tied: all candidates that share the largest likelihood.
        log_likelihoods: each candidate's, in nats.
        shares: each candidate's likelihood as a part of the sum: its probability, were all equally probable before.
    """

    best: Any
    tied: tuple[Any, ...]
    log_likelihoods: dict[Any, float]
    shares: dict[Any, float]


def most_likely(
    outcomes: Array,
    candidates: Mapping[Any, Array] | Sequence[Array],
    *,
    under: Under = "categorical",
    model_kind: Kind = "probs",
) -> MostLikely:
    """Choose the candidate model that makes the outcomes most probable.

    Args:
        outcomes: as in `log_likelihood`.
        candidates: models as in `log_likelihood`, by name, or a sequence of them.
        under: "bernoulli", "categorical" or "multinomial".
        model_kind: "probs", "log-probs" or "logits".

    Returns:
        The best candidate, those that tie with it, every log-likelihood and share.

    Raises:
        DomainError: there are no candidates, every one calls the outcomes impossible, or as in `log_likelihood`.

    References:
        Fisher 1922; Royall, Statistical evidence: a likelihood paradigm, 1997.

    Example:
        >>> most_likely([1, 1, 0, 1], {"fair": 0.5, "bent": 0.75}, under="bernoulli").best
        'bent'
    """
    named = dict(candidates) if isinstance(candidates, Mapping) else dict(enumerate(candidates))
    found = {
        name: float(log_likelihood(outcomes, model, under=under, model_kind=model_kind))
        for name, model in named.items()
    }
    top = max(found.values(), default=-inf)
    if top == -inf:
        message = "no candidate gives the outcomes a probability above 0, so none is the most likely"
        raise DomainError(message)
    tied = tuple(name for name, value in found.items() if value == top)
    weights = {name: exp(value - top) for name, value in found.items()}
    whole = sum(weights.values())
    return MostLikely(tied[0], tied, found, {name: weight / whole for name, weight in weights.items()})


def _host(outcomes: Array) -> NDArray[np.float64]:
    """The outcomes in NumPy: an estimate with its interval is no array computation."""
    library = Library.of(outcomes)
    values = library.floats(library.array(outcomes, "outcomes"))
    return np.asarray(on_host(values), dtype=np.float64)


def _interval(count: float, total: float, confidence: float) -> tuple[float, float]:
    """Where twice the log-likelihood has fallen by the χ² quantile, on either side of the estimate."""
    if confidence in (0.0, 1.0):
        return (count / total, count / total) if confidence == 0.0 else (0.0, 1.0)
    fall = NormalDist().inv_cdf((1 + confidence) / 2) ** 2 / 2
    estimate = count / total
    floor = _value(count, total, estimate) - fall
    low = 0.0 if count == 0 else _crossing(count, total, floor, 0.0, estimate)
    high = 1.0 if count == total else _crossing(count, total, floor, 1.0, estimate)
    return low, high


def _crossing(count: float, total: float, floor: float, outside: float, inside: float) -> float:
    """Halve until the two ends are neighbouring numbers: the log-likelihood is monotone between them."""
    while True:
        middle = (outside + inside) / 2
        if middle in (outside, inside):
            return inside
        if _value(count, total, middle) < floor:
            outside = middle
        else:
            inside = middle


def _value(count: float, total: float, theta: float) -> float:
    happened = count * log(theta) if count else 0.0
    return happened + ((total - count) * log1p(-theta) if total > count else 0.0)
