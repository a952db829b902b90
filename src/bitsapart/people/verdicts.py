"""Judges that give verdicts instead of probabilities: what a verdict is worth in probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bitsapart.errors import DomainError

from .patterns import LossSums, PatternTable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["CalibratedVerdicts", "calibrated_verdicts", "smoothed_shares"]


@dataclass(frozen=True, eq=False)
class CalibratedVerdicts:
    """The calibrated-verdict model: each verdict stands for the people's distribution on the items that got it.

    Attributes:
        shares: (V, C) the distribution that each verdict stands for, from all items with it; for showing.
        cross_entropy: (R,) −Σ p̂ ln q of each row in nats, q from the *other* items with the same verdict.
        losses: the same as sums for each row, ready for means and intervals.
    """

    shares: Floats
    cross_entropy: Floats
    losses: LossSums


def smoothed_shares(counts: ArrayLike) -> Floats:
    """Probabilities of a judge asked several times: (n + ½)/(K + C/2).

    Args:
        counts: (..., C) how often it gave each answer.

    Returns:
        The same shape; rows sum to 1 and hold no 0.

    Raises:
        DomainError: a count is negative, or there is no class.

    Example:
        >>> smoothed_shares([3, 0]).tolist()
        [0.875, 0.125]
    """
    n = np.asarray(counts, dtype=np.float64)
    if n.ndim == 0 or n.shape[-1] == 0 or not (n >= 0).all():
        message = "counts must be numbers ≥ 0 with the classes along the last axis"
        raise DomainError(message)
    return np.asarray((n + 0.5) / (n.sum(axis=-1, keepdims=True) + n.shape[-1] / 2))


def calibrated_verdicts(table: PatternTable, verdicts: ArrayLike, *, options: int | None = None) -> CalibratedVerdicts:
    """Cross-entropy of hard verdicts after cross-fitted calibration.

    An item with the verdict v is predicted by q_c = (S_c − w·p̂_c + ½)/(W − w + C/2), with S = Σw·p̂ and W = Σw over
    all the items with that verdict: the people's distribution among the *other* items, with half a count for each
    class, so that the loss stays finite.

    Args:
        table: one row for each pair of verdict and pattern that occurs (a pattern may occur in several rows).
        verdicts: (R,) the verdict of each row, as a code from 0.
        options: how many verdicts there are; at least the largest code + 1.

    Returns:
        The model with its loss on every row.

    Raises:
        DomainError: the codes do not fit the table.

    Reference:
        The half-counts are Krichevsky and Trofimov's (1981).

    Example:
        >>> table = PatternTable.of([[3, 0], [1, 2], [0, 3]], [8, 2, 6])
        >>> fitted = calibrated_verdicts(table, [0, 0, 1])
        >>> fitted.shares.round(3).tolist(), fitted.cross_entropy.round(3).tolist()
        ([[0.833, 0.167], [0.071, 0.929]], [0.203, 1.474, 0.087])
    """
    codes = np.asarray(verdicts)
    rows, classes = table.counts.shape
    if codes.shape != (rows,) or not np.issubdtype(codes.dtype, np.integer) or (rows and codes.min() < 0):
        message = f"verdicts must hold {rows} whole numbers ≥ 0, one for each row of the table"
        raise DomainError(message)
    size = int(codes.max()) + 1 if options is None else options
    if size <= int(codes.max()):
        message = f"verdicts holds the code {int(codes.max())}, but options is {size}: codes run from 0 to options − 1"
        raise DomainError(message)
    said = table.counts / table.people[:, None]
    total, weight = np.zeros((size, classes)), np.zeros(size)
    np.add.at(total, codes, table.weight[:, None] * said)
    np.add.at(weight, codes, table.weight)
    own = (table.weight / table.items)[:, None]  # the weight of one item of the row
    q = (total[codes] - own * said + 0.5) / (weight[codes][:, None] - own + classes / 2)
    loss = -(said * np.log(np.where(said > 0, q, 1.0))).sum(axis=1)
    sums = LossSums(table.weight * loss, table.weight_square * loss, table.weight_square * loss**2, 0.0)
    return CalibratedVerdicts((total + 0.5) / (weight[:, None] + classes / 2), loss, sums)
