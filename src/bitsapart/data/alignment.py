"""Inputs whose ids stand in the same order are read side by side, without a join."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart.errors import DataError

from .arrow_texts import ORDERS, Order, first_differing, first_repeated, ordered, rises
from .block import viewed
from .engine import Engine
from .sheet import Sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Increasing", "Mismatch", "Side", "canonical_ids", "first_difference", "side_by_side"]


@dataclass(frozen=True)
class Side:
    """A sheet, the columns that are needed of it, and the one that names its items."""

    sheet: Sheet
    columns: tuple[str, ...]
    item: str | None


class Mismatch(Exception):  # noqa: N818 (it is no error: the join takes over)
    """The ids differ from here on."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def canonical_ids(column: Any, side: str, *, as_text: bool) -> Any:
    """Ids in a form that can be compared: integers, or texts of one Arrow type.

    Raises:
        DataError: an id is a number with a fraction; `side` says whose.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        try:
            column = column.cast(pa.int64(), safe=True)
        except pa.ArrowInvalid:
            message = (
                f"{side} names items by numbers with fractions, NaN or infinity: texts or whole numbers are needed"
            )
            raise DataError(message) from None
    if as_text or not pa.types.is_integer(column.type):
        return column if column.type == pa.string() else column.cast(pa.string())
    return column


def first_difference(one: Any, other: Any) -> int | None:
    """The first row in which two id columns of one length differ."""
    import pyarrow as pa

    if one.equals(other):
        return None
    if not pa.types.is_integer(one.type):
        return first_differing(one, other)
    differs = viewed(one) != viewed(other)
    return int(np.argmax(differs)) if differs.any() else None


class _Rows:
    """One side's batches, cut to measure."""

    def __init__(self, side: Side, engine: Engine) -> None:
        self._batches = side.sheet.batches(engine, side.columns)
        self._batch: Any = None

    def left(self) -> int:
        """The rows at hand; 0 at the end."""
        while self._batch is None or self._batch.num_rows == 0:
            self._batch = next(self._batches, None)
            if self._batch is None:
                return 0
        return int(self._batch.num_rows)

    def take(self, rows: int) -> Any:
        """The next rows."""
        taken, self._batch = self._batch.slice(0, rows), self._batch.slice(rows)
        return taken

    def close(self) -> None:
        """Stop reading."""
        close = getattr(self._batches, "close", None)
        if close is not None:
            close()


def side_by_side(
    sides: Sequence[Side], engine: Engine, *, as_text: bool
) -> Iterator[tuple[list[dict[str, Any]], Any, int]]:
    """The rows of all sides as long as their ids agree.

    Args:
        sides: the inputs.
        engine: parses text formats.
        as_text: the ids are compared as texts.

    Yields:
        For each side its columns by name; the ids (`None` where the rows are matched by their order); the first row's
        number.

    Raises:
        Mismatch: ids differ, or one side has more rows.
        DataError: without ids, one side has more rows; an id is empty.
    """
    rows = [_Rows(side, engine) for side in sides]
    start = 0
    try:
        while True:
            at_hand = [one.left() for one in rows]
            if not any(at_hand):
                return
            if not all(at_hand):
                raise _shorter(sides, at_hand, start)
            batches = [one.take(min(at_hand)) for one in rows]
            length, ids, differs = _agreeing(sides, batches, as_text=as_text, start=start)
            if differs and start == 0:
                raise Mismatch(0)
            if length:
                yield [_columns(batch.slice(0, length)) for batch in batches], ids, start
            start += length
            if differs:
                raise Mismatch(start)
    finally:
        for one in rows:
            one.close()


def _columns(batch: Any) -> dict[str, Any]:
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _agreeing(sides: Sequence[Side], batches: Sequence[Any], *, as_text: bool, start: int) -> tuple[int, Any, bool]:
    """How many rows agree from the beginning, their ids, and whether a difference follows."""
    length = int(batches[0].num_rows)
    if any(side.item is None for side in sides):
        return length, None, False
    ids = []
    for side, batch in zip(sides, batches, strict=True):
        column = batch.column(batch.schema.names.index(str(side.item)))
        if column.null_count:
            row = start + int(np.flatnonzero(viewed(column.is_null()))[0])
            message = f"{side.sheet.name}, row {row + 1} has no id in column {side.item!r}"
            raise DataError(message)
        ids.append(canonical_ids(column, side.sheet.name, as_text=as_text))
    ends = [end for other in ids[1:] if (end := first_difference(ids[0], other)) is not None]
    agree = min(ends, default=length)
    return agree, ids[0].slice(0, agree), bool(ends)


def _shorter(sides: Sequence[Side], at_hand: Sequence[int], start: int) -> Exception:
    if all(side.item is not None for side in sides):
        return Mismatch(start)
    short = next(side for side, left in zip(sides, at_hand, strict=True) if not left)
    long = next(side for side, left in zip(sides, at_hand, strict=True) if left)
    return DataError(
        f"{short.sheet.name} has {start} rows and {long.sheet.name} has more; without ids rows are matched by their "
        "order, "
        "so both need the same number (or name the id column with --item)"
    )


class Increasing:
    """Watches whether ids increase strictly in some order; if not, keeps a bounded number to look for duplicates."""

    KEPT = 4_000_000

    def __init__(self) -> None:
        self._orders: tuple[Order, ...] = ORDERS
        self._kept: list[Any] = []
        self._rows = 0
        self._last: Any = None

    @property
    def increasing(self) -> bool:
        """Whether they have increased so far: numbers by size, texts as texts or by their length first."""
        return bool(self._orders)

    def see(self, ids: Any) -> None:
        """Take notice of a block's ids."""
        self._rows += len(ids)
        if self._rows <= self.KEPT:
            self._kept.append(ids)
        else:
            self._kept.clear()
        if self._orders and len(ids):
            self._orders = tuple(order for order in self._orders if self._rises(ids, order))
            self._last = ids[len(ids) - 1].as_py()

    def _rises(self, ids: Any, order: Order) -> bool:
        first = ids[0].as_py()
        if not isinstance(first, str):
            values: NDArray[Any] = viewed(ids)
            return order == ORDERS[0] and (self._last is None or first > self._last) and _strictly(values)
        return (self._last is None or ordered(first, order) > ordered(self._last, order)) and rises(ids, order)

    def duplicate(self) -> str | None:
        """An id that stands twice, where that can be known.

        Returns:
            The first id in order of appearance that comes again; `None` if there is none or it is not `known`.
        """
        if self.increasing or not self.known:
            return None
        found = first_repeated(self._kept)
        return None if found is None else str(found)

    @property
    def known(self) -> bool:
        """Whether duplicates can be excluded or found."""
        return self.increasing or 0 < self._rows <= self.KEPT


def _strictly(values: "NDArray[Any]") -> bool:
    return bool((values[1:] > values[:-1]).all())
