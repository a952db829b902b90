"""The curve of the anonymous Bayesian combiner: k people's votes are read as the votes of all the items were.

v(y) is the chance that |y| people drawn from a random item of the set give the votes y in one given order:
v(y) = mean over items of Π_c (n_c)_{y_c↓} / (K)_{|y|↓}. The answer to votes m is f_c(m) = v(m + e_c)/v(m), which
is Bayes' rule with the items themselves as the prior, so it also learns that people who differ once differ often.
Since Σ_c v(m + e_c) = v(m), the expected loss telescopes: L_k = E ln v(votes of k) − E ln v(votes of k + 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart.errors import DomainError

from .curve import Curve, Score, item_set
from .dirichlet import fit_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from .patterns import PatternTable

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = ["bayesian_curve", "bayesian_work", "vote_table"]

MEMORY_BYTES = 2**30  # for the table of votes and its temporaries
_TEMPORARIES = 4
_OVERHEAD = 3000.0  # what a pattern costs beside its votes, in votes
_NOTHING = 1e-12  # what is left of v after taking the only item out is rounding, not probability


@dataclass(frozen=True, eq=False)
class _Own:
    """One pattern's chances w(y) of the votes y among |y| of its people, on the box 0 ≤ y_c ≤ n_c."""

    chance: Floats
    size: Counts
    corner: tuple[slice, ...]
    row: int


def bayesian_curve(
    table: PatternTable, *, score: Score = "log", k_max: int | None = None, leave_out: bool = True
) -> Curve:
    """L_k of the anonymous Bayesian combiner for k = 0 … k_max.

    Left out, an item is predicted by the others alone, together with one made-up item drawn from the Dirichlet fit
    of the panel: without it votes that no other item can give would be impossible, and the loss infinite. With k
    near K few other items have such votes, and the curve may rise at its very end. Not left out, a long curve falls
    towards 0 because every item recognises itself.

    Args:
        table: the patterns.
        score: "log": −ln f(y), nats; "brier": Σ(f − 1[y])², halved for two classes.
        k_max: how many people; by default the largest k that keeps 90 % of the items.
        leave_out: whether an item is kept out of its own prediction.

    Returns:
        The curve with one row per pattern kept.

    Raises:
        DomainError: the table of votes, (k_max + 2)^C numbers, does not fit in 1 GiB.

    Reference:
        Resnick, Kong, Schoenebeck, Weninger, "Survey equivalence", arXiv 2106.01254.

    Example:
        >>> from bitsapart.people.patterns import PatternTable
        >>> table = PatternTable.of([[3, 0], [2, 1], [0, 3]], [50, 20, 30])
        >>> bayesian_curve(table, leave_out=False).mean.round(4).tolist()
        [0.6572, 0.387, 0.2053]
    """
    if score not in ("log", "brier"):
        message = f'score is {score!r}, but must be "log" or "brier"'
        raise DomainError(message)
    k_max, kept = item_set(table, k_max)
    chosen = table.where(kept)
    votes = vote_table(chosen, k_max + 1)
    extra = _dirichlet_votes(chosen, k_max + 1) if leave_out else np.zeros_like(votes)
    own_weight = chosen.weight / chosen.items if leave_out else np.zeros(chosen.items.size)
    losses = np.empty((chosen.counts.shape[0], k_max + 1))
    order, everything = _log_sequences(votes.shape), votes + extra
    for own in _boxes(chosen.counts, k_max + 1):
        others = votes[own.corner] - own_weight[own.row] * own.chance
        others[others < _NOTHING * votes[own.corner]] = 0.0
        others += extra[own.corner]
        if score == "log":
            losses[own.row] = _log_loss(own, others, order[own.corner], k_max)
        else:
            losses[own.row] = _brier_loss(own, others, everything, chosen.counts[own.row], k_max)
    note = "each item predicted by the others and one item of the Dirichlet fit" if leave_out else ""
    left_out = round(float(table.items[~kept].sum()))
    return Curve("bayesian", score, chosen, kept, losses, losses, np.full(k_max + 1, np.nan), left_out, note)


def bayesian_work(table: PatternTable, k_max: int) -> float:
    """How much there is to compute, in votes looked at; a hundred million take two to four seconds."""
    boxes = np.prod(np.minimum(table.counts, k_max + 1) + 1.0, axis=1)
    return float(np.sum(boxes + _OVERHEAD))


def vote_table(table: PatternTable, most: int) -> Floats:
    """Σ over items of the chance of the votes y among |y| of an item's people, for |y| ≤ most.

    Args:
        table: the patterns.
        most: the largest number of people.

    Returns:
        Shape (most + 1,)·C; v(y) is an entry over the number of items and over the orders of the votes.

    Raises:
        DomainError: the table does not fit in 1 GiB.
    """
    classes = table.counts.shape[1]
    size = float(most + 1) ** classes * 8 * _TEMPORARIES
    if size > MEMORY_BYTES:
        message = (
            f"the anonymous Bayesian combiner with {classes} classes and {most} people needs {size / 2**30:.3g} GiB, "
            "and 1 GiB is the limit: ask for fewer people (k_max), or use the frequency combiner"
        )
        raise DomainError(message)
    votes = np.zeros((most + 1,) * classes)
    for own in _boxes(table.counts, most):
        votes[own.corner] += table.weight[own.row] * own.chance
    return votes


def _boxes(counts: Counts, most: int) -> Iterator[_Own]:
    """Each pattern's own chances; votes of more than `most` people have the chance 0 there."""
    from scipy.special import gammaln

    log_factorial = gammaln(np.arange(int(counts.sum(axis=1).max()) + 1) + 1.0)
    for row, pattern in enumerate(counts):
        corner = [np.arange(min(int(n), most) + 1) for n in pattern]
        size = _outer_sum(corner)
        ways = [
            log_factorial[n] - log_factorial[y] - log_factorial[n - y] for n, y in zip(pattern, corner, strict=True)
        ]
        people = int(pattern.sum())
        total = np.arange(int(size.max()) + 1)
        all_ways = log_factorial[people] - log_factorial[total] - log_factorial[people - total]
        chance = np.exp(_outer_sum(ways) - all_ways[size])
        chance[size > most] = 0.0
        yield _Own(chance, size, tuple(slice(0, y.size) for y in corner), row)


def _outer_sum(axes: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return reduce(lambda left, right: left[..., None] + right, axes)


def _log_sequences(shape: tuple[int, ...]) -> Floats:
    """Logarithm of the number of orders in which votes y can come: |y|!/Π y_c!."""
    from scipy.special import gammaln

    y = np.arange(shape[0])
    single = gammaln(y + 1.0)
    return np.asarray(gammaln(_outer_sum([y] * len(shape)) + 1.0) - _outer_sum([single] * len(shape)))


def _dirichlet_votes(table: PatternTable, most: int) -> Floats:
    """The chances of votes from one item of the Dirichlet fit: Dirichlet-multinomial probabilities."""
    from scipy.special import gammaln

    fit = fit_table(table)
    alpha = 1.0 if isnan(fit.alpha) else float(np.clip(fit.alpha, 1e-6, 1e6))
    y = np.arange(most + 1)
    shares = np.where(fit.shares > 0, fit.shares, 1.0)
    rises = [
        np.where((y > 0) & (share == 0), -np.inf, gammaln(alpha * m + y) - gammaln(alpha * m))
        for share, m in zip(fit.shares, shares, strict=True)
    ]
    total = np.arange(most * len(rises) + 1)
    all_rises = gammaln(alpha + total) - gammaln(alpha)
    shape = (most + 1,) * len(rises)
    return np.asarray(np.exp(_outer_sum(rises) + _log_sequences(shape) - all_rises[_outer_sum([y] * len(rises))]))


def _log_loss(own: _Own, others: Floats, order: Floats, k_max: int) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(own.chance > 0, own.chance * (np.log(others) - order), 0.0)
    expected = np.bincount(own.size.ravel(), weights=terms.ravel(), minlength=k_max + 2)[: k_max + 2]
    return np.asarray(expected[:-1] - expected[1:])


def _brier_loss(own: _Own, others: Floats, everything: Floats, pattern: Counts, k_max: int) -> Floats:
    """E Σ_c f_c(m)² − 2 E f_y(m) + 1, with f_c(m) = V(m + e_c)(m_c + 1)/((|m| + 1) V(m))."""
    inside = (own.chance > 0) & (own.size <= k_max)
    sizes, chance = own.size[inside], own.chance[inside]
    place = np.nonzero(inside)
    base = others[inside] * (sizes + 1)
    total = np.ones(chance.size)
    for axis, n in enumerate(pattern):
        shifted = list(place)
        shifted[axis] = place[axis] + 1
        next_votes = everything[tuple(shifted)]
        reachable = place[axis] < others.shape[axis] - 1
        within = tuple(index[reachable] for index in shifted)
        next_votes[reachable] = others[within]
        answer = next_votes * (place[axis] + 1) / base
        further = (n - place[axis]) / (pattern.sum() - sizes)
        total += answer**2 - 2 * further * answer
    half = 0.5 if pattern.size == 2 else 1.0
    return np.asarray(half * np.bincount(sizes, weights=chance * total, minlength=k_max + 1)[: k_max + 1])
