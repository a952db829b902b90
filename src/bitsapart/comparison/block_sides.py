"""A block's sides as the native core takes them, and what it says of the first bad value, in a sentence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart._core import Side
from bitsapart.errors import DomainError

if TYPE_CHECKING:
    from bitsapart._core import Fault

__all__ = ["Place", "length_of", "native_side", "plain", "refuse", "rows_of"]

_KINDS = {"labels": 0, "verdicts": 0, "counts": 1, "probs": 2, "log-probs": 3, "logits": 4}


class Place:
    """Where a block's items stand: their names, and how a message speaks of a value."""

    def __init__(self, side: str, ids: Any = None, first: int = 0) -> None:
        self.side, self.ids, self.first = side, ids, first

    @property
    def named(self) -> bool:
        """Whether the items have names."""
        return self.ids is not None

    def name(self, row: int) -> str:
        """The name of the item in this row."""
        return str(self.ids[self.first + row])

    def names(self, rows: Sequence[int]) -> list[str]:
        """The names of the items in these rows."""
        if hasattr(self.ids, "take") and not isinstance(self.ids, np.ndarray):
            if isinstance(rows, range):
                return list(map(str, self.ids.take(range(self.first + rows.start, self.first + rows.stop, rows.step))))
            return list(map(str, self.ids.take([self.first + row for row in rows])))
        return [str(self.ids[self.first + row]) for row in rows]

    def beside(self, side: str) -> "Place":
        """The same items on another side."""
        return Place(side, self.ids, self.first)

    def __call__(self, row: int, column: int | None = None) -> str:
        """How a message speaks of a value or a row."""
        where = "" if column is None else f", {column}"
        told = f" (item {self.name(row)})" if self.named else ""
        return f"{self.side}[{self.first + row}{where}]{told}"


def plain(side: Any) -> Any:
    """Lists become arrays; a tuple of columns stays one."""
    if isinstance(side, tuple):
        return tuple(np.asarray(column) for column in side)
    return np.asarray(side)


def length_of(side: Any) -> int:
    """How many items a side has.

    Raises:
        DomainError: its columns differ, or it is a single number.
    """
    if isinstance(side, tuple):
        lengths = {len(column) for column in side}
        if len(lengths) != 1:
            message = f"the columns have different lengths: {sorted(lengths)}"
            raise DomainError(message)
        return lengths.pop()
    if side.ndim == 0:
        message = "one number is given, but people and models are arrays with one entry or row for each item"
        raise DomainError(message)
    return len(side)


def rows_of(side: Any, rows: Any) -> Any:
    """Some rows of a side: a slice without a copy, or an array of row numbers."""
    return tuple(column[rows] for column in side) if isinstance(side, tuple) else side[rows]


def native_side(values: Any, kind: str, classes: int, name: str, positive: int = 0) -> Side:
    """A side as the core reads it, without a copy where its numbers are of a type that the core knows.

    Args:
        values: class codes (n,), one column (n,) of two classes, a table (n, C), or a tuple of C columns.
        kind: "labels", "verdicts", "counts", "probs", "log-probs" or "logits".
        classes: C.
        name: what a message calls this side.
        positive: the place of the class that a single column speaks of.

    Raises:
        DomainError: the shape or the type does not fit.
    """
    if kind in ("labels", "verdicts"):
        codes = np.asarray(values)
        if codes.ndim != 1 or codes.dtype.kind not in "iub":
            message = f"{name} must be whole numbers, one class code for each item"
            raise DomainError(message)
        return Side(_KINDS[kind], [_known(codes, name)], classes, False, 0)  # noqa: FBT003
    if isinstance(values, tuple):
        columns = [_known(column, name) for column in values]
        if len(columns) != classes or any(column.ndim != 1 for column in columns):
            _refuse_shape(name, (len(columns[0]) if columns else 0, len(columns)), classes)
        return Side(_KINDS[kind], columns, classes, False, 0)  # noqa: FBT003
    table = _known(values, name)
    if table.ndim == 1 and kind != "counts":
        if classes != 2:
            message = f"{name} is one column, but there are {classes} classes; give one column for each class"
            raise DomainError(message)
        return Side(_KINDS[kind], [table], classes, True, positive)  # noqa: FBT003
    if table.ndim != 2 or table.shape[1] != classes:
        _refuse_shape(name, table.shape, classes)
    return Side(_KINDS[kind], [table], classes, False, 0)  # noqa: FBT003


def _known(values: Any, name: str) -> Any:
    """The same array if the core reads its type, else a copy as float64."""
    array = np.asarray(values)
    if array.dtype.kind in "iub" or (array.dtype.kind == "f" and array.dtype.itemsize <= 8):
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    try:
        if array.dtype.kind in "fO":  # long doubles; numbers of Python and of libraries
            return array.astype(np.float64)
    except (TypeError, ValueError):
        pass
    message = f"{name} holds {array.dtype} values, but must hold numbers"
    raise DomainError(message)


def _refuse_shape(name: str, shape: tuple[int, ...], classes: int) -> None:
    message = f"{name} has shape {shape}, but must be (items, {classes}): one column for each class"
    raise DomainError(message)


_RENORMALISE = "If they were rounded in print, pass renormalise."


def refuse(fault: "Fault", place: Place, kind: str, keyword: str, classes: int) -> None:
    """Raise what the core found wrong with a row of a side.

    Args:
        fault: what it said.
        place: the side and its items.
        kind: how the side was read.
        keyword: the argument that says how it is read.
        classes: C.

    Raises:
        DomainError: always.
    """
    row, _, column, reason, value = fault
    where = place(row, None if column < 0 or kind in ("labels", "verdicts") else column)
    logits = f'If these are logits, pass {keyword}="logits".'
    other = f'If these are counts, pass {keyword}="counts".' if keyword == "people_kind" else logits
    is_probs = kind == "probs"
    shown = f"{value:.6g}"
    rules = {
        1: f"is nan, but {_domain(kind, classes)}",
        2: f"is {shown}, but probabilities must be ≥ 0. {other}" if is_probs else f"is {shown}, but counts must be ≥ 0",
        3: f"is {shown}, but probabilities must be ≤ 1. {other}",
        4: f"sums to {shown}, but the probabilities of an item must sum to 1. {_RENORMALISE} {other}",
        5: f"is {shown}, but {_domain('labels', classes)}",
        6: f'is {shown}, but counts must be whole. If these are shares, pass {keyword}="probs"',
        7: f"is {shown}, but a count must be below 2^31",
        8: "holds no judgement: leave out items that nobody judged",
        9: f"is {shown}, but log-probabilities must be ≤ 0. {logits}",
        10: f"stands for probabilities that sum to {shown}, but those of an item must sum to 1. {logits}",
        11: f"is {shown}, but {_domain(kind, classes)}",
        12: "is −∞ in every class, but one logit of a row must be above −∞",
        14: "gives a loss or a weight of more than 2^50, which cannot be added up exactly; "
        "if a large negative score stands for −∞, write −inf",
    }
    message = f"{where} {rules[reason]}"
    raise DomainError(message)


def _domain(kind: str, classes: int) -> str:
    return {
        "labels": f"class codes must lie between 0 and {classes - 1}",
        "verdicts": f"class codes must lie between 0 and {classes - 1}",
        "counts": "counts must be ≥ 0",
        "probs": "probabilities must be ≥ 0 and ≤ 1",
        "log-probs": "log-probabilities must be numbers below ∞",
        "logits": "logits must be numbers below ∞",
    }[kind]
