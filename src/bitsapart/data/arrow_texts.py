"""What has to be known of an Arrow column of texts: few are looked at by Python, many by Arrow's own functions.

Importing those takes longer than a whole comparison of a small file; the answers are the same.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .block import empty_cells, viewed

__all__ = ["ORDERS", "Order", "first_differing", "first_repeated", "ordered", "places", "rises"]

Order = Literal["text", "length"]
ORDERS: tuple[Order, ...] = get_args(Order)

_FEW = 1 << 15


def places(column: Any, words: Sequence[str]) -> NDArray[np.int32]:
    """[N] where each text stands among `words`; −1 where it is empty or none of them."""
    import pyarrow as pa

    if len(column) <= _FEW and pa.types.is_string(column.type):
        place = {word: number for number, word in enumerate(words)}
        return np.array([place.get(text, -1) for text in column.to_pylist()], dtype=np.int32)
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    found = pc.index_in(column.cast(pa.string()), value_set=_texts(words))
    return np.where(empty_cells(found), np.int32(-1), viewed(found))


def _texts(words: Sequence[str]) -> Any:
    """An Arrow column of texts; `pyarrow.array` would import pandas where that is installed."""
    import pyarrow as pa

    parts = [word.encode() for word in words]
    ends = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(parts), pa.py_buffer(ends), pa.py_buffer(b"".join(parts)))


def ordered(text: str, order: Order) -> tuple[int, str]:
    """What a text is compared by: itself, or first its length, as numbers that count up are ("9" before "10")."""
    return (len(text) if order == "length" else 0), text


def rises(column: Any, order: Order) -> bool:
    """Whether every text is above the one before; no cell is empty."""
    if len(column) <= _FEW:
        return all(ordered(one, order) < ordered(other, order) for one, other in pairwise(column.to_pylist()))
    import pyarrow.compute as pc

    above = viewed(pc.greater(column.slice(1), column.slice(0, len(column) - 1)))
    if order == "length":
        length = viewed(pc.utf8_length(column))
        above = (length[1:] > length[:-1]) | ((length[1:] == length[:-1]) & above)
    return bool(above.all())


def first_differing(one: Any, other: Any) -> int | None:
    """The first row in which two columns of one length and type, without empty cells, differ; `None` if none does."""
    if len(one) <= _FEW:
        pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
        return next((row for row, (a, b) in enumerate(pairs) if a != b), None)
    import pyarrow.compute as pc

    differs = viewed(pc.not_equal(one, other))
    return int(np.argmax(differs)) if differs.any() else None


def first_repeated(columns: Sequence[Any]) -> Any | None:
    """The value that comes first of those that stand twice, in columns without empty cells; `None` if none does."""
    if sum(map(len, columns)) <= _FEW:
        values = [value for column in columns for value in column.to_pylist()]
        if len(set(values)) == len(values):
            return None
        times: dict[Any, int] = {}
        for value in values:
            times[value] = times.get(value, 0) + 1
        return next(value for value, count in times.items() if count > 1)
    import pyarrow as pa
    import pyarrow.compute as pc

    together = pa.chunked_array(columns)
    if pc.count_distinct(together).as_py() == len(together):
        return None
    counts = pc.value_counts(together)
    return next(pair["values"].as_py() for pair in counts if pair["counts"].as_py() > 1)
