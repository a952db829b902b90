"""Isotonic regression: the closest values that never fall."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["isotonic_levels"]

Floats = NDArray[np.float64]
_WORTH_A_ROUND = 0.9


def isotonic_levels(values: ArrayLike, weights: ArrayLike) -> Floats:
    """The non-decreasing levels r with the least Σ w (values − r)², by pooling adjacent violators.

    Runs of blocks whose means do not rise are pooled all at once, for all rows together; where few are left in a round,
    the rest is pooled one by one.

    Args:
        values: [N], or [R, N] for R regressions at once.
        weights: [N] w > 0.

    Returns:
        Levels of the same shape.

    Reference:
        Best and Chakravarti (1990), Mathematical Programming 47, 425-439.

    Example:
        >>> isotonic_levels([1.0, 3.0, 1.0, 4.0], [1.0, 1.0, 1.0, 1.0]).tolist()
        [1.0, 2.0, 2.0, 4.0]
    """
    rows = np.asarray(values, dtype=np.float64)
    weight = np.broadcast_to(np.asarray(weights, dtype=np.float64), rows.shape).ravel()
    row = np.arange(rows.size) // max(rows.shape[-1], 1)
    mass, length = rows.ravel() * weight, np.ones(rows.size, dtype=np.int64)
    while True:
        level = mass / weight
        rises = np.flatnonzero((level[1:] > level[:-1]) | (row[1:] > row[:-1])) + 1
        first = np.concatenate([np.zeros(min(rows.size, 1), dtype=np.int64), rises])
        if first.size == level.size:
            break
        few = first.size > _WORTH_A_ROUND * level.size
        weight, mass, length = (np.add.reduceat(column, first) for column in (weight, mass, length))
        row = row[first]
        if few:
            weight, mass, length = _one_by_one(weight, mass, length, row)
            level = mass / weight
            break
    return np.repeat(level, length).reshape(rows.shape)


def _one_by_one(weight: Floats, mass: Floats, length: NDArray[np.int64], row: NDArray[np.int64]) -> list[NDArray[Any]]:
    """The same from left to right: each block takes in those before it that are not below it."""
    blocks: list[tuple[float, float, int, int]] = []
    for w, m, n, r in zip(weight.tolist(), mass.tolist(), length.tolist(), row.tolist(), strict=True):
        while blocks and blocks[-1][3] == r and blocks[-1][1] * w >= m * blocks[-1][0]:
            before = blocks.pop()
            w, m, n = w + before[0], m + before[1], n + before[2]
        blocks.append((w, m, n, r))
    return [np.array(column) for column in list(zip(*blocks, strict=True))[:3]]
