"""The items that teach most, both ways: people are sure and the model is wrong; people are split and the model is sure.

Beside the farthest items (`Tally.worst`), which mix the two. Like every sum of a tally, the lists merge in any order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "extremes_of"]

Floats = NDArray[np.float64]
KINDS = ("people-sure", "people-split")
SURE = 0.9  # nine in ten people give one answer
_STEPS = 2.0**40  # values are rounded to multiples of 2⁻⁴⁰, so that ties are ties on every machine


def extremes_of(
    shares: Floats, probs: Floats, losses: Floats, judgements: Floats | None, *, most: int,
    names: Callable[[Sequence[int]], Sequence[str | None]],
) -> dict[str, list[dict[str, Any]]]:  # fmt: skip
    """The first items of a block, by kind.

    people-sure: nine in ten people give one answer and the model's first choice is another; by the cross-entropy.
    people-split: by H(p̂) − H(q), how much surer the model is than people, as far as it is above 0.

    Args:
        shares: [N, C] p̂.
        probs: [N, C] q.
        losses: [N] cross-entropy in nats; infinite ones are named elsewhere and left out here.
        judgements: [N] K, None for distributions that are given; one judgement is neither sure nor split.
        most: how many of each kind to keep, and all that are as far as the last of them.
        names: rows to names.

    Returns:
        Kind → rows with "nats", "item", "people", "model".
    """
    from scipy.special import entr

    panel = np.full(len(shares), fill_value=True) if judgements is None else judgements >= 2
    rows = np.arange(len(shares))
    first = shares.argmax(axis=1)
    wrong = probs[rows, first] < probs.max(axis=1)
    sure = panel & (shares[rows, first] >= SURE) & wrong & np.isfinite(losses)
    surer = entr(shares).sum(axis=1) - entr(probs).sum(axis=1)
    values = {"people-sure": np.where(sure, losses, 0.0), "people-split": np.where(panel, surer, 0.0)}
    return {kind: _first(value, shares, probs, most, names) for kind, value in values.items()}


def _first(
    values: Floats, shares: Floats, probs: Floats, most: int, names: Callable[[Sequence[int]], Sequence[str | None]]
) -> list[dict[str, Any]]:
    rounded = np.rint(values * _STEPS) / _STEPS
    known = np.flatnonzero(rounded > 0)
    if not most or not known.size:
        return []
    bar = 0.0 if known.size <= most else np.partition(rounded[known], known.size - most)[known.size - most]
    rows = known[rounded[known] >= bar].tolist()
    return [
        {"nats": float(rounded[row]), "item": name, "people": shares[row].tolist(), "model": probs[row].tolist()}
        for row, name in zip(rows, names(rows), strict=True)
    ]
