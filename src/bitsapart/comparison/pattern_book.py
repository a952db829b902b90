"""Exact sums of every count pattern of a tally, kept in columns: a hundred thousand patterns are not Python objects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bitsapart.rows import ranks_of_rows

from .moments import GRID, grouped_limbs

__all__ = ["PatternBook", "PatternSums"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Limbs = NDArray[np.uint64]
_Columns: TypeAlias = tuple[Counts, NDArray[np.str_], Counts, Limbs, Counts]

_X, _XX, _XW, _W, _WW = range(5)  # the order of the sums
_BYTES = 32  # of a sum: two's complement, the least byte first
_WAITING = 1 << 16  # patterns that may wait to be sorted in


@dataclass(frozen=True)
class PatternSums:
    """How often each count vector occurs, and each model's loss over the items that have it, as floats.

    Attributes:
        counts: [P, C] the patterns, sorted.
        groups: [P] code of the group, or None.
        items: [P] items.
        weight: [P] Σw.
        weight_square: [P] Σw².
        total: [M, P] Σwd of each model's cross-entropy d, over the items where it is finite.
        cross: [M, P] Σw²d.
        square: [M, P] Σw²d².
        infinite: [M, P] items where the loss is infinite.
    """

    counts: Counts
    groups: Counts | None
    items: Counts
    weight: Floats
    weight_square: Floats
    total: Floats
    cross: Floats
    square: Floats
    infinite: Counts


class PatternBook:
    """The patterns of a tally with their sums; adding books is exact, in any order to the same state.

    Args:
        counts: [P, C] judgements of each class.
        groups: [P] the name of the items' group, "" without groups.
        n: [P, 1 + M] items, and for each model those whose loss is finite.
        sums: [P, 1 + M, 5, 4] Σx, Σx², Σxw, Σw, Σw² of 1 and of each model's loss, as 64-bit limbs.
        infinite: [P, M] items whose loss is infinite.
    """

    def __init__(self, counts: Counts, groups: NDArray[np.str_], n: Counts, sums: Limbs, infinite: Counts) -> None:
        self._columns = counts, groups, n, sums, infinite
        self._waiting: list[_Columns] = []

    @classmethod
    def empty(cls, classes: int, models: int) -> Self:
        """No patterns yet."""
        whole = np.zeros((0, 1 + models), np.int64)
        sums = np.zeros((0, 1 + models, 5, 4), "<u8")
        return cls(np.zeros((0, classes), np.int64), np.zeros(0, "U1"), whole, sums, whole[:, 1:])

    @classmethod
    def of(
        cls, counts: Counts, groups: NDArray[np.str_], codes: Counts, losses: Sequence[Floats], weights: Floats | None
    ) -> Self:
        """The book of a block: patterns, each once, with the code [N] of every item and each model's losses [N]."""
        columns = [np.ones(len(codes)), *losses]
        n, sums = zip(*(grouped_limbs(column, codes, len(counts), weights) for column in columns), strict=True)
        endless = [np.bincount(codes[np.isinf(loss)], minlength=len(counts)) for loss in losses]
        infinite = np.array(endless, dtype=np.int64).reshape(len(losses), -1).T
        return cls(counts, groups, np.stack(n, axis=1), np.stack(sums, axis=1), infinite)

    def __len__(self) -> int:
        self._settle()
        return len(self._columns[0])

    def add(self, other: "PatternBook") -> None:
        """Add the sums of other items."""
        self._waiting += [columns for columns in (other._columns, *other._waiting) if len(columns[0])]
        if sum(len(columns[0]) for columns in self._waiting) > max(len(self._columns[0]), _WAITING):
            self._settle()

    def _settle(self) -> None:
        """Sort in what waits, and add up what has the same pattern and group."""
        if not self._waiting:
            return
        books = [self._columns, *self._waiting]
        counts, groups, n, sums, infinite = (np.concatenate(column) for column in zip(*books, strict=True))
        self._waiting = []
        key = ranks_of_rows(np.column_stack([counts, np.unique(groups, return_inverse=True)[1]]))
        order = np.argsort(key)
        first = np.flatnonzero(np.diff(key[order], prepend=-1))
        kept = order[first]
        n, infinite = (np.add.reduceat(column[order], first) for column in (n, infinite))
        self._columns = counts[kept], groups[kept], n, _added(sums, order, first), infinite

    def sums(self, *, grouped: bool) -> PatternSums:
        """What means over items need, as floats."""
        self._settle()
        counts, groups, n, sums, infinite = self._columns
        return PatternSums(
            counts=counts, groups=np.unique(groups, return_inverse=True)[1] if grouped else None, items=n[:, 0],
            weight=_floats(sums[:, 0, _W]) / GRID, weight_square=_floats(sums[:, 0, _WW]) / GRID**2,
            total=_floats(sums[:, 1:, _X]).T / GRID, cross=_floats(sums[:, 1:, _XW]).T / GRID**2,
            square=_floats(sums[:, 1:, _XX]).T / GRID**2, infinite=infinite.T,
        )  # fmt: skip

    def rows(self) -> Iterator[list[Any]]:
        """Each pattern as whole numbers: counts, group, the sums of 1 and of each model's loss, infinite losses."""
        self._settle()
        counts, groups, n, sums, infinite = self._columns
        for row, (own, group) in enumerate(zip(counts.tolist(), groups.tolist(), strict=True)):
            table = [[items, *_integers(limbs)] for items, limbs in zip(n[row].tolist(), sums[row], strict=True)]
            yield [own, group, table[0], table[1:], infinite[row].tolist()]

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[Any]], classes: int, models: int) -> Self:
        """The book that `rows` described.

        Raises:
            ValueError: a row is not what it should be.
        """
        if not rows:
            return cls.empty(classes, models)
        counts, groups, ones, losses, infinite = zip(*rows, strict=True)
        tables = [[one, *others] for one, others in zip(ones, losses, strict=True)]
        try:
            raw = b"".join(int(x).to_bytes(_BYTES, "little", signed=True) for t in tables for m in t for x in m[1:])
            n = np.array([[m[0] for m in table] for table in tables], np.int64).reshape(len(rows), 1 + models)
            sums = np.frombuffer(raw, "<u8").reshape(len(rows), 1 + models, 5, 4)
            own = np.array(counts, np.int64).reshape(len(rows), classes)
            endless = np.array(infinite, np.int64).reshape(len(rows), models)
        except OverflowError as error:
            raise ValueError(str(error)) from None
        return cls(own, np.array(groups, dtype=np.str_), n, sums, endless)


def _added(sums: Limbs, order: Counts, first: Counts) -> Limbs:
    """The sums of runs of `order` that begin at `first`: halves of limbs added up, then carried."""
    found: Limbs = sums[order[first]]
    length = np.diff(first, append=len(order))
    several = length > 1
    if several.any():
        halves = np.ascontiguousarray(sums[order[np.repeat(several, length)]]).view("<u4").astype(np.int64)
        ends = np.cumsum(length[several])
        total = np.add.reduceat(halves, ends - length[several])
        for place in range(total.shape[-1] - 1):
            total[..., place + 1] += total[..., place] >> 32
        found[several] = (total & 0xFFFFFFFF).astype("<u4").view("<u8")
    return found


def _floats(limbs: Limbs) -> Floats:
    """[…, 4] limbs as floats."""
    negative = limbs[..., 3] >= 1 << 63
    if negative.any():
        return np.array([float(x) for x in _integers(limbs)]).reshape(limbs.shape[:-1])
    value = limbs[..., 3].astype(np.float64)
    for place in (2, 1, 0):
        value = value * 2.0**64 + limbs[..., place]
    return np.asarray(value)


def _integers(limbs: Limbs) -> list[int]:
    """[…, 4] limbs as whole numbers, one after the other."""
    raw = limbs.tobytes()
    return [int.from_bytes(raw[at : at + _BYTES], "little", signed=True) for at in range(0, len(raw), _BYTES)]
