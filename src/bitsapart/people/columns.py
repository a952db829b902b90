"""The curve as the authors' package averages it: over columns of raters. For reproducing published figures only.

The package (surveyequivalence) scores every set of k rater columns against each other column, takes the mean over the
items that both have, then over columns, then over sets. On a full table this is the mean over all draws of people that
`frequency_curve` computes exactly. Where people are missing it is not: a set of k columns then holds fewer than k
answers for some items, columns with few answers count as much as full ones, and the result depends on how people were
dealt out to columns. It also clips probabilities to [0.02, 0.98]. Nothing else in bitsapart does any of this.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Literal

import numpy as np

from bitsapart.errors import DomainError
from bitsapart.rows import distinct_rows

from .bayesian import vote_table
from .patterns import PatternTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = ["column_curve"]


def column_curve(
    ratings: ArrayLike,
    *,
    combiner: Literal["frequency", "bayesian"] = "frequency",
    k_max: int | None = None,
    clip: float = 0.02,
    leave_out: bool = True,
    sets: int = 200,
    seed: int = 0,
) -> Floats:
    """L_k averaged over rater columns, as in the authors' package.

    Args:
        ratings: (N, R) class code that rater r gave item i, −1 where there is none.
        combiner: "frequency": shares of the answers, not smoothed; or "bayesian".
        k_max: the largest set; by default R − 1.
        clip: probabilities are forced into [clip, 1 − clip] and rows divided by their sum; 0 for not at all.
        leave_out: whether the Bayesian combiner keeps an item out of its own prediction.
        sets: at most so many sets of columns for each k, drawn at random where there are more.
        seed: of that draw.

    Returns:
        (k_max + 1,) mean −ln f(y) in nats; ∞ where an answer had the probability 0.

    Raises:
        DomainError: the table is no table of codes, or k_max does not fit it.
    """
    table = np.asarray(ratings)
    if table.ndim != 2 or table.dtype.kind not in "iu" or table.size == 0 or table.max() < 0:
        message = f"ratings has shape {table.shape} and type {table.dtype}, but must be a table of whole-number codes"
        raise DomainError(message)
    raters = table.shape[1]
    k_max = raters - 1 if k_max is None else k_max
    if not 0 <= k_max < raters:
        message = f"k_max is {k_max}, but must lie between 0 and {raters - 1}, one less than the raters"
        raise DomainError(message)
    classes = int(table.max()) + 1
    said = (table[:, :, None] == np.arange(classes)).astype(np.int64)
    random = np.random.default_rng(seed)
    answer = _frequencies(said) if combiner == "frequency" else _bayesian(said, k_max, leave_out=leave_out)
    means = []
    for k in range(k_max + 1):
        scores = [_score(table, said, chosen, answer, clip) for chosen in _sets(raters, k, sets, random)]
        means.append(float(np.mean([score for score in scores if not np.isnan(score)])))
    return np.array(means)


def _sets(raters: int, k: int, most: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    if comb(raters, k) <= most:
        return list(combinations(range(raters), k))
    drawn: set[tuple[int, ...]] = set()
    while len(drawn) < most:
        drawn.add(tuple(sorted(random.choice(raters, k, replace=False).tolist())))
    return sorted(drawn)


def _score(
    table: Counts, said: Counts, chosen: tuple[int, ...], answer: Callable[[Counts], Floats], clip: float
) -> float:
    """Mean over the other columns of the mean over their items of −ln f."""
    f = answer(said[:, list(chosen)].sum(axis=1))
    if clip:
        f = np.clip(f, clip, 1 - clip)
        f /= f.sum(axis=1, keepdims=True)
    others = [column for column in range(table.shape[1]) if column not in chosen]
    losses = []
    for column in others:
        items = np.flatnonzero(table[:, column] >= 0)
        if items.size:
            with np.errstate(divide="ignore"):
                losses.append(-np.log(f[items, table[items, column]]).mean())
    return float(np.mean(losses)) if losses else float("nan")


def _frequencies(said: Counts) -> Callable[[Counts], Floats]:
    pooled = said.sum(axis=(0, 1)) / said.sum()

    def answer(votes: Counts) -> Floats:
        total = votes.sum(axis=1, keepdims=True)
        return np.asarray(np.where(total > 0, votes / np.maximum(total, 1), pooled), dtype=np.float64)

    return answer


def _bayesian(said: Counts, k_max: int, *, leave_out: bool) -> Callable[[Counts], Floats]:
    counts = said.sum(axis=1)
    judged = counts.sum(axis=1) > 0
    patterns, _, frequency = distinct_rows(counts[judged])
    votes_of = vote_table(PatternTable.of(patterns, frequency), k_max + 1)

    def answer(votes: Counts) -> Floats:
        columns = []
        for c in range(counts.shape[1]):
            more = votes + np.eye(counts.shape[1], dtype=np.int64)[c]
            value = votes_of[tuple(more.T)] - (_own_chance(counts, more) if leave_out else 0.0)
            columns.append(np.maximum(value, 0.0) * more[:, c])
        table = np.column_stack(columns)
        total = table.sum(axis=1, keepdims=True)
        return np.asarray(np.where(total > 0, table / np.where(total > 0, total, 1.0), 1.0 / counts.shape[1]))

    return answer


def _own_chance(counts: Counts, votes: Counts) -> Floats:
    """Each item's own chance of these votes among |votes| of its people."""
    from scipy.special import gammaln

    def log_ways(n: Counts, m: Counts) -> Floats:
        return np.asarray(gammaln(n + 1) - gammaln(m + 1) - gammaln(np.maximum(n - m, 0) + 1))

    possible = (votes <= counts).all(axis=1)
    log_chance = log_ways(counts, votes).sum(axis=1) - log_ways(counts.sum(axis=1), votes.sum(axis=1))
    return np.where(possible, np.exp(log_chance), 0.0)
