"""From Arrow columns to the plain columns of a block, without a copy where the type allows it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DataError, DomainError

from .block import Columns, Ids, viewed
from .model_reading import ModelReading
from .people_reading import PeopleReading

__all__ = ["Decoder", "model_decoder", "numbers", "people_decoder", "texts", "weights_of"]

Batch = Mapping[str, Any]
Decoder = Callable[[Batch, Ids], Columns]
_MOST_COUNT = 2**31 - 1
_FILL = {"probs": 0.0, "log-probs": -np.inf, "logits": -np.inf}


def numbers(column: Any, source: str, name: str, ids: Ids) -> NDArray[Any]:
    """A number column as NumPy; an empty cell is an error that says where it is.

    Raises:
        DataError: a cell is empty, or the column holds no numbers.
    """
    from pyarrow import types

    if column.null_count:
        row = int(np.flatnonzero(viewed(column.is_null()))[0])
        message = f"{source}, {ids.says(row)}, column {name!r} is empty, but a number is needed"
        raise DataError(message)
    if types.is_decimal(column.type):
        column = column.cast("float64")
    values = viewed(column)
    if values.dtype.kind not in "iufb":
        message = f"{source}, {ids.says(0)}, column {name!r} holds no numbers, but a number is needed"
        raise DataError(message)
    return values.astype(np.uint8) if values.dtype.kind == "b" else values


def texts(column: Any) -> NDArray[Any]:
    """A column as Python texts (None where empty), each different text made once."""
    encoded = column if hasattr(column, "dictionary") else column.dictionary_encode()
    words = np.array(
        [None if word is None else _text(word) for word in encoded.dictionary.to_pylist()] + [None], dtype=object
    )
    places = viewed(encoded.indices.fill_null(len(words) - 1))
    spelled: NDArray[Any] = words[places]
    return spelled


def _text(word: Any) -> str:
    if isinstance(word, bool):
        return "true" if word else "false"
    return str(int(word)) if isinstance(word, float) and word.is_integer() else str(word)


def weights_of(column: Any, source: str, name: str, ids: Ids) -> NDArray[np.float64]:
    """A column of weights; each must be finite and not negative.

    Raises:
        DomainError: one is not.
    """
    values = numbers(column, source, name, ids).astype(np.float64)
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        message = f"{source}, {ids.says(row)}, column {name!r} is {values[row]:g}, but a weight must be finite and ≥ 0"
        raise DomainError(message)
    return values


def people_decoder(reading: PeopleReading, classes: Sequence[str]) -> Decoder:
    """How to get people's columns, in the order of the classes, out of a batch."""
    source = reading.sheet.name
    if reading.layout == "labels":
        answers, column = reading.answers, str(reading.column)
        assert answers is not None
        return lambda batch, ids: answers.codes(batch[column], classes)  # noqa: ARG005
    if reading.layout == "single":
        return _share_decoder(source, str(reading.column), first=reading.classes[0] == classes[0])
    if reading.layout == "list":
        return _list_decoder(source, str(reading.column), reading.classes, classes, 0.0, whole=reading.kind == "counts")
    if reading.kind == "counts":
        return _counts_decoder(source, reading.columns, classes)
    return _wide_decoder(source, reading.columns, classes, 0.0)


def model_decoder(reading: ModelReading, classes: Sequence[str]) -> Decoder:
    """How to get a model's columns, in the order of the classes, out of a batch."""
    source, column = reading.sheet.name, str(reading.column)
    if reading.layout == "labels":
        answers = reading.answers
        assert answers is not None
        return lambda batch, ids: answers.codes(batch[column], classes)  # noqa: ARG005
    if reading.layout == "single":
        return _single_decoder(source, column, reading.kind, first=reading.positive == classes[0])
    if reading.layout == "list":
        return _list_decoder(source, column, reading.classes, classes, _FILL.get(reading.kind, 0.0), whole=False)
    if reading.kind == "counts":
        return _counts_decoder(source, reading.columns, classes)
    return _wide_decoder(source, reading.columns, classes, _FILL[reading.kind])


def _wide_decoder(source: str, columns: Mapping[str, str], classes: Sequence[str], fill: float) -> Decoder:
    def decode(batch: Batch, ids: Ids) -> Columns:
        found = {one: numbers(batch[name], source, name, ids) for one, name in columns.items()}
        floats = {one: value if value.dtype.kind == "f" else value.astype(np.float64) for one, value in found.items()}
        kind = next(iter(floats.values())).dtype
        return tuple(floats[one] if one in floats else np.full(len(ids), fill, kind) for one in classes)

    return decode


def _counts_decoder(source: str, columns: Mapping[str, str], classes: Sequence[str]) -> Decoder:
    def decode(batch: Batch, ids: Ids) -> Columns:
        found = {
            one: _whole(numbers(batch[name], source, name, ids), source, name, ids) for one, name in columns.items()
        }
        return tuple(found[one] if one in found else np.zeros(len(ids), np.int64) for one in classes)

    return decode


def _whole(values: NDArray[Any], source: str, name: str, ids: Ids) -> NDArray[Any]:
    """Counts, checked: whole, not negative, and small enough to be people."""
    if not len(values):
        return values
    if values.dtype.kind == "f":
        bad = ~((values >= 0) & (values <= _MOST_COUNT) & (values == np.rint(values)))
        if not bad.any():
            return values.astype(np.int64)
    else:
        if int(values.min()) >= 0 and int(values.max()) <= _MOST_COUNT:
            return values
        bad = (values < 0) | (values > _MOST_COUNT)
    row = int(np.flatnonzero(bad)[0])
    hint = " (shares of people are --people-kind probs)" if values.dtype.kind == "f" and 0 < values[row] < 1 else ""
    message = (
        f"{source}, {ids.says(row)}, column {name!r} is {values[row]:.12g}, but a count must be a whole number from "
        "0 to "
        f"{_MOST_COUNT}{hint}"
    )
    raise DomainError(message)


def _share_decoder(source: str, column: str, *, first: bool) -> Decoder:
    def decode(batch: Batch, ids: Ids) -> Columns:
        share = numbers(batch[column], source, column, ids).astype(np.float64)
        return (share, 1.0 - share) if first else (1.0 - share, share)

    return decode


def _single_decoder(source: str, column: str, kind: str, *, first: bool) -> Decoder:
    def decode(batch: Batch, ids: Ids) -> Columns:
        values = numbers(batch[column], source, column, ids)
        if values.dtype.kind != "f":
            values = values.astype(np.float64)
        if kind == "probs" and first:
            return values
        other = _other_class(values.astype(np.float64), kind)
        return (values, other) if first else (other, values)

    return decode


def _other_class(values: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    if kind == "probs":
        return np.asarray(1.0 - values)
    if kind == "logits":
        return np.zeros_like(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(-np.expm1(values)))


def _list_decoder(
    source: str, column: str, own: Sequence[str], classes: Sequence[str], fill: float, *, whole: bool
) -> Decoder:
    width = len(own)

    def decode(batch: Batch, ids: Ids) -> Columns:
        lists = batch[column]
        lengths = viewed(lists.value_lengths().fill_null(-1))
        if (lengths != width).any():
            row = int(np.flatnonzero(lengths != width)[0])
            given = "is empty" if lengths[row] < 0 else f"holds {lengths[row]} numbers"
            message = f"{source}, {ids.says(row)}, column {column!r} {given}, but {width} are needed"
            raise DataError(message)
        flat = lists.flatten()
        if flat.null_count:
            row = int(np.flatnonzero(viewed(flat.is_null()))[0]) // width
            message = f"{source}, {ids.says(row)}, column {column!r} has an empty place, but a number is needed"
            raise DataError(message)
        rows = np.ascontiguousarray(viewed(flat).reshape(-1, width).T)
        parts = dict(zip(own, rows, strict=True))
        if whole:
            parts = {one: _whole(value, source, column, ids) for one, value in parts.items()}
            return tuple(parts[one] if one in parts else np.zeros(len(ids), np.int64) for one in classes)
        floats = {one: value if value.dtype.kind == "f" else value.astype(np.float64) for one, value in parts.items()}
        return tuple(floats[one] if one in floats else np.full(len(ids), fill) for one in classes)

    return decode
