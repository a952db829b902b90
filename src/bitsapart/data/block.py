"""A block: some items with what people and models say of them, as plain columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Columns", "Ids", "empty_cells", "viewed"]

Columns = NDArray[Any] | tuple[NDArray[Any], ...]


class Ids:
    """The ids of a block's items, turned into Python texts only where they are asked for.

    An item without an id is called by its row, counted from 1.
    """

    def __init__(self, column: Any | None, start: int, length: int) -> None:
        self._column = column
        self._start = start
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, row: int) -> str:
        return self.take([row])[0]

    def take(self, rows: Sequence[int] | NDArray[Any]) -> list[str]:
        """The ids of these rows, as texts."""
        if self._column is None:
            return [f"row {self._start + int(row) + 1}" for row in rows]
        if isinstance(rows, range) and rows.step == 1:
            return [str(value) for value in self._column.slice(rows.start, len(rows)).to_pylist()]
        return [str(self._column[int(row)].as_py()) for row in rows]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001
        names = np.empty(self._length, dtype=object)
        names[:] = self.take(range(self._length))
        return names

    @property
    def named(self) -> bool:
        """Whether the items have ids of their own."""
        return self._column is not None

    def kept(self, rows: NDArray[np.int64]) -> "Ids":
        """The ids of some of the rows."""
        import pyarrow as pa

        if self._column is not None:
            return Ids(self._column.take(pa.array(rows)), 0, len(rows))
        numbers = pa.array([f"row {self._start + int(row) + 1}" for row in rows])
        return Ids(numbers, 0, len(rows))

    def says(self, row: int) -> str:
        """Where a row is, for a message: "item '17'" or "row 17"."""
        return f"item {self[row]!r}" if self._column is not None else self[row]


@dataclass(frozen=True)
class Block:
    """Some items. Every array has one entry per item.

    Args:
        ids: the items' ids.
        people: codes of classes (labels), or one column per class of counts (integers) or probabilities; `None` for a
            model alone.
        models: for each model one column per class, one column with the probability of the first of two classes, or
            codes of classes (verdicts).
        weights: the items' weights.
        groups: texts; items of one group belong together.
        by: for each slicing column its texts.
    """

    ids: Ids
    people: Columns | None
    models: tuple[Columns, ...]
    weights: NDArray[np.float64] | None = None
    groups: NDArray[Any] | None = None
    by: dict[str, NDArray[Any]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def kept(self, mask: NDArray[np.bool_]) -> "Block":
        """The items where the mask is true."""
        return Block(
            ids=self.ids.kept(np.flatnonzero(mask)),
            people=None if self.people is None else _masked(self.people, mask),
            models=tuple(_masked(model, mask) for model in self.models),
            weights=None if self.weights is None else self.weights[mask],
            groups=None if self.groups is None else self.groups[mask],
            by=None if self.by is None else {name: values[mask] for name, values in self.by.items()},
        )


def _masked(columns: Columns, mask: NDArray[np.bool_]) -> Columns:
    if isinstance(columns, tuple):
        return tuple(column[mask] for column in columns)
    masked: NDArray[Any] = columns[mask]
    return masked


def viewed(column: Any) -> NDArray[Any]:
    """The memory of a column of numbers without empty cells, or its booleans; other columns are converted.

    The direct way: `to_numpy` takes 40 µs and imports pandas where that is installed.
    """
    from pyarrow import types

    if types.is_boolean(column.type) and len(column):
        bits = np.frombuffer(column.buffers()[1], dtype=np.uint8)
        first = column.offset
        return np.unpackbits(bits, bitorder="little", count=first + len(column))[first:].astype(np.bool_)
    if not (types.is_integer(column.type) or types.is_floating(column.type)):
        converted: NDArray[Any] = column.to_numpy(zero_copy_only=False)
        return converted
    width = column.type.bit_width // 8
    kind = "f" if types.is_floating(column.type) else ("i" if types.is_signed_integer(column.type) else "u")
    end = column.offset + len(column)
    memory = column.buffers()[1]
    return (
        np.frombuffer(memory, dtype=f"{kind}{width}", count=end)[column.offset :]
        if end
        else np.empty(0, f"{kind}{width}")
    )


def empty_cells(column: Any) -> NDArray[np.bool_]:
    """[N] where an Arrow column has no value, read from its memory."""
    if not column.null_count or column.buffers()[0] is None:
        return np.full(len(column), bool(column.null_count))
    bits = np.frombuffer(column.buffers()[0], dtype=np.uint8)
    first = column.offset
    return np.asarray(np.unpackbits(bits, bitorder="little", count=first + len(column))[first:] == 0)
