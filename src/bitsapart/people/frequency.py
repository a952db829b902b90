"""The curve of the smoothed-frequency combiner, exact: no sampling of people, no order among them.

k people are combined to f_c = (m_c + aπ_c)/(k + a), with m their votes, π the pooled class shares and one a_k for
each k, the best there is on these items. Given that the further person said c, the votes for c among k others are
hypergeometric, so the expected loss is a sum over *cells* (class, n_c, K), and a pattern is the sum of its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import exp, nan
from typing import TYPE_CHECKING

import numpy as np

from bitsapart.errors import DomainError

from .curve import Curve, Score, item_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from .patterns import PatternTable

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = ["frequency_curve"]

_LOG_BOUND = 18.0
CACHE_NUMBERS = 2**15  # numbers of one array that is gone through again and again


@dataclass(frozen=True, eq=False)
class _Cells:
    """Distinct (class, n, K): `place` (P, C) says which cell each count of each pattern is."""

    category: Counts
    n: Counts
    people: Counts
    place: Counts
    share: Floats  # (cells,) n/K
    said: Floats  # (C, cells) mean over items of n/K, by class
    items: Floats  # (C, cells) share of the items, by class


def frequency_curve(table: PatternTable, *, score: Score = "log", k_max: int | None = None) -> Curve:
    """L_k of the smoothed-frequency combiner for k = 0 … k_max.

    Args:
        table: the patterns.
        score: "log": −ln f(y), nats; "brier": Σ(f − 1[y])², halved for two classes.
        k_max: how many people; by default the largest k that keeps 90 % of the items.

    Returns:
        The curve with one row per pattern kept.

    Raises:
        DomainError: an unknown score, or no item with k_max + 1 judgements.

    Reference:
        Resnick, Kong, Schoenebeck, Weninger, "Survey equivalence", arXiv 2106.01254.

    Example:
        >>> from bitsapart.people.patterns import PatternTable
        >>> curve = frequency_curve(PatternTable.of([[3, 0], [2, 1], [0, 3]], [50, 20, 30]))
        >>> curve.mean.round(4).tolist()
        [0.6572, 0.387, 0.3378]
    """
    if score not in ("log", "brier"):
        message = f'score is {score!r}, but must be "log" or "brier"'
        raise DomainError(message)
    k_max, kept = item_set(table, k_max)
    chosen = table.where(kept)
    cells = _cells(chosen)
    loss_of_k = _log_losses if score == "log" else _brier_losses
    columns, slopes, smoothing = zip(*loss_of_k(cells, chosen.shares, k_max), strict=True)
    losses = np.zeros((chosen.counts.shape[0], k_max + 1))
    of_cells = np.column_stack(columns)
    for place in cells.place.T:
        losses += of_cells[place]
    influence = losses + chosen.share_influence() @ np.column_stack(slopes)
    left_out = round(float(table.items[~kept].sum()))
    return Curve("frequency", score, chosen, kept, losses, influence, np.array(smoothing), left_out)


def _cells(table: PatternTable) -> _Cells:
    patterns, classes = table.counts.shape
    sizes, size = np.unique(table.people, return_inverse=True)  # their places: products of the numbers may overflow
    numbers, number = np.unique(table.counts, return_inverse=True)
    key = np.arange(classes) * numbers.size + number.reshape(patterns, classes)
    distinct, place = np.unique(key * sizes.size + size[:, None], return_inverse=True)
    place = place.reshape(patterns, classes)
    rest, k = np.divmod(distinct, sizes.size)
    c, n = np.divmod(rest, numbers.size)
    n, k = numbers[n], sizes[k]
    weight = np.zeros((classes, distinct.size))
    for index in range(classes):
        weight[index] = np.bincount(place[:, index], weights=table.weight, minlength=distinct.size)
    weight /= table.weight.sum()
    share = n / k
    return _Cells(c, n, k, place, share, weight * share, weight)


def _log_losses(cells: _Cells, shares: Floats, k_max: int) -> Iterator[tuple[Floats, Floats, float]]:
    """For each k: the loss of each cell, the slope of L_k by each share, and a_k.

    The votes are gone through twice, in pieces that fit the cache: first for their means over items, which decide a_k,
    then for the loss of each cell.
    """
    used = np.flatnonzero(shares > 0)
    mean_votes = [np.zeros((shares.size, k + 1)) for k in range(k_max + 1)]
    for c, piece in _pieces(cells, k_max):
        for k, votes in enumerate(_hypergeometric(cells, piece, k_max)):
            mean_votes[k][c] += votes @ cells.said[c, piece]
    loss_of, rest = [], []
    for k, mean in enumerate(mean_votes):
        j = np.arange(k + 1)

        def mean_loss(a: float, k: int = k, j: Counts = j, mean: Floats = mean) -> float:
            return float(np.sum(mean[used] * (np.log(k + a) - np.log(j + a * shares[used, None]))))

        a = nan if k == 0 else _best(mean_loss)
        pull = 1.0 if k == 0 else a  # with nobody asked a cancels: the answer is π
        loss, slope = np.zeros((shares.size, k + 1)), np.zeros(shares.size)
        loss[used] = np.log(k + pull) - np.log(j + pull * shares[used, None])
        slope[used] = -np.sum(mean[used] * pull / (j + pull * shares[used, None]), axis=1)
        loss_of.append(loss)
        rest.append((slope, a))
    columns = np.zeros((k_max + 1, cells.n.size))
    for c, piece in _pieces(cells, k_max):
        for k, votes in enumerate(_hypergeometric(cells, piece, k_max)):
            columns[k, piece] = loss_of[k][c] @ votes
    for column, (slope, a) in zip(columns, rest, strict=True):
        yield cells.share * column, slope, a


def _pieces(cells: _Cells, k_max: int) -> Iterator[tuple[int, slice]]:
    """Runs of cells of one class whose votes fit the cache; the cells are sorted by class, and n = 0 is never said."""
    size = max(1, CACHE_NUMBERS // (k_max + 1))
    starts = np.searchsorted(cells.category, np.arange(int(cells.category[-1]) + 2))
    for c, (start, end) in enumerate(pairwise(starts.tolist())):
        for first in range(start, end, size):
            yield c, slice(first, min(first + size, end))


def _hypergeometric(cells: _Cells, piece: slice, k_max: int) -> Iterator[Floats]:
    """(k+1, cells) chance of j votes for c among k of the others, given that the further person said c.

    The people are drawn one after the other: every term is a product and sum of chances, so nothing cancels. With more
    votes than there are, or where all that are left agree, a chance is exactly 0 or 1.
    """
    left = np.maximum(cells.n[piece] - 1, 0) - np.arange(k_max + 1.0)[:, None]
    others = cells.people[piece] - 1.0
    votes = np.zeros((k_max + 2, left.shape[1]))
    votes[0] = 1.0
    yield votes[:1]
    for k in range(k_max):
        more = votes[: k + 1] * left[: k + 1]
        more /= others - k
        votes[: k + 1] -= more
        votes[1 : k + 2] += more
        yield votes[: k + 2]


def _brier_losses(cells: _Cells, shares: Floats, k_max: int) -> Iterator[tuple[Floats, Floats, float]]:
    """The same for the Brier score, which needs only two moments of the votes m among k people.

    Σ_c (f_c − 1[y = c])² has the expectation Σ_c { E f_c² − 2 (n_c/K) E[f_c | y = c] + n_c/K }.
    """
    half = 0.5 if shares.size == 2 else 1.0
    n, people, share = cells.n.astype(np.float64), cells.people.astype(np.float64), cells.share
    pi = shares[cells.category]
    # Falling moments of the hypergeometric: E m = k n/K, E m(m−1) = k(k−1) n(n−1)/(K(K−1)).
    both = n * (n - 1) / (people * np.maximum(people - 1, 1))
    agree = np.maximum(n - 1, 0) / np.maximum(people - 1, 1)
    items, said = cells.items.sum(axis=0), cells.said.sum(axis=0)
    for k in range(k_max + 1):
        first = k * share
        second = k * (k - 1) * both + first
        terms = (items @ second, items @ (first * pi), items @ pi**2, said @ (k * agree), said @ pi)

        def mean_loss(a: float, k: int = k, terms: tuple[float, ...] = terms) -> float:
            m2, m1, m0, t1, t0 = terms
            return float((m2 + 2 * a * m1 + a * a * m0) / (k + a) ** 2 - 2 * (t1 + a * t0) / (k + a))

        a = nan if k == 0 else _best(mean_loss)
        pull = 1.0 if k == 0 else a
        square = (second + 2 * pull * pi * first + (pull * pi) ** 2) / (k + pull) ** 2
        right = share * (k * agree + pull * pi) / (k + pull)
        by_share = 2 * (pull * first + pull**2 * pi) / (k + pull) ** 2 - 2 * share * pull / (k + pull)
        yield half * (square - 2 * right + share), half * (cells.items @ by_share), a


def _best(mean_loss: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_a: mean_loss(exp(log_a)), bounds=(-_LOG_BOUND, _LOG_BOUND), method="bounded", options={"xatol": 1e-7}
    )
    return exp(float(found.x))
