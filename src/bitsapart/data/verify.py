"""The values of a block, checked: each complaint names the file, the item, the column and the way out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart._checks import ROW_TOLERANCE
from bitsapart.errors import DataError, DomainError

from .block import Block, Ids
from .model_reading import ModelReading
from .people_reading import PeopleReading

__all__ = ["check_model", "check_people", "people_present", "refuse_absent", "renormalised"]


def people_present(block: Block, reading: PeopleReading) -> NDArray[np.bool_] | None:
    """Which items have an answer at all; `None` where all have."""
    people = block.people
    if reading.answers is not None and reading.answers.bounded:
        return None
    if isinstance(people, tuple):
        if people[0].dtype.kind == "f":
            return None
        total = np.zeros(len(block), np.int64)
        for column in people:
            total += column
        return None if not len(total) or total.min() > 0 else total > 0
    if people is None or not len(people) or people.dtype.kind == "u" or int(people.min()) >= 0:
        return None
    return np.asarray(people >= 0)


def refuse_absent(block: Block, present: NDArray[np.bool_], reading: PeopleReading) -> None:
    """Say which item has no answer."""
    row = int(np.flatnonzero(~present)[0])
    where = f"{reading.sheet.name}, {block.ids.says(row)}"
    if reading.layout == "labels":
        message = (
            f"{where} has an empty answer, or one that is none of the classes, in column {reading.column!r}: correct "
            "it, or "
            "leave such items out with --missing drop"
        )
    else:
        message = f"{where} has no judgements (every count is 0): remove it, or leave it out with --missing drop"
    raise DataError(message)


def check_people(block: Block, reading: PeopleReading, classes: Sequence[str]) -> None:
    """Check people's probabilities and codes; counts were checked as they were read.

    Raises:
        DomainError: a share outside [0, 1], or a row that does not sum to 1.
        DataError: an answer is none of the classes.
    """
    if reading.kind == "labels" and block.people is not None and not isinstance(block.people, tuple):
        _codes(block.people, len(classes), reading, block.ids)
    if reading.kind == "probs" and isinstance(block.people, tuple):
        names = _names(reading.columns, reading.column, classes)
        _probabilities(
            block.people, reading.sheet.name, names, block.ids, "If these are counts, pass --people-kind counts."
        )


def check_model(block: Block, number: int, reading: ModelReading, classes: Sequence[str]) -> None:
    """Check a model's values.

    Raises:
        DomainError: a value outside its domain, or a row that does not sum to 1.
        DataError: a verdict that is none of the classes.
    """
    model, name = block.models[number], reading.sheet.name
    names = _names(reading.columns, reading.column, classes)
    hint = "If these are logits, pass --model-kind logits."
    if reading.kind == "verdicts":
        assert not isinstance(model, tuple)  # verdicts are codes
        _codes(model, len(classes), reading, block.ids)
    elif reading.kind == "probs":
        _probabilities(model if isinstance(model, tuple) else (model,), name, names, block.ids, hint)
    elif reading.kind in ("log-probs", "logits"):
        assert isinstance(model, tuple)
        _logarithms(model, name, names, block.ids, normalised=reading.kind == "log-probs")


def _names(columns: Any, column: str | None, classes: Sequence[str]) -> list[str]:
    return [columns.get(one, one) if columns else str(column) for one in classes]


def _codes(codes: NDArray[Any], width: int, reading: PeopleReading | ModelReading, ids: Ids) -> None:
    if len(codes) and not (int(codes.min()) >= 0 and int(codes.max()) < width):
        row = int(np.flatnonzero((codes < 0) | (codes >= width))[0])
        message = f"{reading.sheet.name}, {ids.says(row)}, column {reading.column!r} is empty or none of the classes"
        raise DataError(message)


def _probabilities(columns: Sequence[NDArray[Any]], source: str, names: Sequence[str], ids: Ids, hint: str) -> None:
    total = np.zeros(len(ids))
    for column, name in zip(columns, names, strict=False):
        if not len(column):
            return
        if not (column.min() >= 0 and column.max() <= 1):
            _refuse_value(column, source, name, ids, hint)
        total += column
    if len(columns) > 1:
        _refuse_sums(total, len(columns), source, ids)


def _refuse_value(column: NDArray[Any], source: str, name: str, ids: Ids, hint: str) -> None:
    row = int(np.flatnonzero(~((column >= 0) & (column <= 1)))[0])
    value = float(column[row])
    rule = f"probabilities must lie in 0 to 1. {hint}"
    if np.isnan(value):
        rule = "a number is needed: correct it, or leave the item out of this file and add --missing drop"
    message = f"{source}, {ids.says(row)}, column {name!r} is {value:.9g}, but {rule}"
    raise DomainError(message)


def _refuse_sums(total: NDArray[np.float64], width: int, source: str, ids: Ids) -> None:
    off = np.abs(total - 1.0)
    if not off.max() <= ROW_TOLERANCE * width:
        row = int(np.flatnonzero(~(off <= ROW_TOLERANCE * width))[0])
        message = (
            f"{source}, {ids.says(row)}: the probabilities sum to {total[row]:.9g}, but must sum to 1. If they were "
            "rounded "
            "in print, add --renormalise."
        )
        raise DomainError(message)


def _logarithms(
    columns: Sequence[NDArray[Any]], source: str, names: Sequence[str], ids: Ids, *, normalised: bool
) -> None:
    highest = np.full(len(ids), -np.inf)
    for column, name in zip(columns, names, strict=True):
        bad = np.isnan(column) | (column == np.inf)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            what = "log-probabilities" if normalised else "logits"
            message = (
                f"{source}, {ids.says(row)}, column {name!r} is {column[row]}, but {what} must be numbers below +∞"
            )
            raise DomainError(message)
        highest = np.maximum(highest, column)
    if (highest == -np.inf).any():
        row = int(np.flatnonzero(highest == -np.inf)[0])
        message = f"{source}, {ids.says(row)}: every class has −∞, but at least one must be possible"
        raise DomainError(message)
    if normalised:
        total = np.zeros(len(ids))
        for column in columns:
            total += np.exp(column.astype(np.float64))
        _refuse_sums(total, len(columns), source, ids)


def renormalised(columns: tuple[NDArray[Any], ...]) -> tuple[tuple[NDArray[Any], ...], float]:
    """Rows divided by their sum, and by how much the farthest sum was off 1."""
    total = np.zeros(len(columns[0]))
    for column in columns:
        total += column
    if not len(total):
        return columns, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return tuple(column / total for column in columns), float(np.abs(total - 1.0).max())
