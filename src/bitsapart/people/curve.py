"""The curve of a panel: how well 0, 1, 2, … k people, combined, predict one further person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bitsapart.errors import DomainError

from .patterns import Estimate, PatternTable, mean_covariance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Curve", "Score", "item_set"]

Score = Literal["log", "brier"]
KEPT = 0.9  # the default item set holds at least this share of the items
LONGEST = 200  # people; longer curves are computed only where asked for,
SHORTEST = 20  # and shorter ones where there are very many patterns:
WORK = 1e9  # terms, about cells × k², a few seconds


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean loss of k people predicting one more, on one set of items for every k.

    Attributes:
        combiner: "frequency" or "bayesian".
        score: "log" (nats) or "brier" (two classes counted once).
        table: the patterns of the item set.
        kept: (P,) which rows of the table given are in the item set.
        losses: (P kept, k_max + 1) expected loss of each pattern.
        influence: the same means, with the spread that the pooled shares add.
        smoothing: (k_max + 1,) the fitted a_k; nan where there is none.
        left_out: items outside the set, because too few people judged them.
        note: what the reader must know of how it was made, or "".
    """

    combiner: str
    score: Score
    table: PatternTable
    kept: NDArray[np.bool_]
    losses: Floats
    influence: Floats
    smoothing: Floats
    left_out: int
    note: str = ""

    @property
    def k_max(self) -> int:
        """The largest number of people on the curve."""
        return int(self.losses.shape[1]) - 1

    @property
    def items(self) -> int:
        """Items in the set."""
        return round(float(self.table.items.sum()))

    @property
    def mean(self) -> Floats:
        """(k_max + 1,) L_k, the mean loss over items."""
        return np.asarray(self.table.weight @ self.losses / self.table.weight.sum())

    def estimates(self) -> list[Estimate]:
        """L_k with its sampling variance for each k; where K = k_max + 1 the last is the leave-one-out ceiling."""
        moments = mean_covariance(self.table, self.influence)
        unit_vectors = np.eye(self.k_max + 1)
        return [moments.combined(row, value=float(loss)) for row, loss in zip(unit_vectors, self.mean, strict=True)]


def item_set(table: PatternTable, k_max: int | None) -> tuple[int, NDArray[np.bool_]]:
    """The largest k that keeps 90 % of the items, but at least 1 where it can be, and the patterns with K ≥ k + 1.

    Unless a k is asked for, the curve ends at 200 people at the latest, and earlier, but never before 20, where the
    patterns hold more than 25 000 counts.

    Args:
        table: the patterns.
        k_max: the k asked for, or None for the rule.

    Returns:
        k_max and the mask of patterns kept.

    Raises:
        DomainError: no item has k_max + 1 judgements, or k_max is negative.
    """
    people = table.people
    most = int(people.max())
    if k_max is None:
        items = np.bincount(np.minimum(people, LONGEST + 2), weights=table.items)  # more is as good as endless
        at_least = np.cumsum(items[::-1])[::-1]
        enough = np.flatnonzero(at_least >= KEPT * items.sum() - 1e-9)
        longest = int(np.clip(np.sqrt(WORK / table.counts.size), SHORTEST, LONGEST))
        k_max = min(max(int(enough[-1]) - 1, min(1, most - 1)), longest)
    if k_max < 0 or k_max > most - 1:
        message = f"k_max is {k_max}, but must lie between 0 and {most - 1}: no item has more than {most} judgements"
        raise DomainError(message)
    return k_max, people >= k_max + 1
