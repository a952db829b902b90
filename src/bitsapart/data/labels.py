"""Answers that name a class: which classes there are, and each answer as the number of its class."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DataError

from .arrow_texts import places
from .block import viewed
from .engine import Engine, quoted, text_literal
from .sheet import Sheet

__all__ = ["Answers", "answers_of", "label_text", "natural_order"]

_MOST_CLASSES = 100_000
_MOST_LISTED = 1000
_SMALL_RANGE = 4096


class Answers:
    """The answers of one column: the texts that stand in it and the classes that they mean."""

    def __init__(self, texts: Sequence[str], rows: Sequence[int | None]) -> None:
        self.class_of = dict(zip(texts, _meant(texts), strict=True))
        self.classes = tuple(natural_order(set(self.class_of.values())))
        self.rows = sum(count or 0 for count in rows) or None
        self.bounded = self.rows is None and set(texts) == {"0", "1"}
        """All answers are 0 or 1, by the input's own statistics."""

    def codes(self, column: Any, classes: Sequence[str]) -> NDArray[Any]:
        """Each answer of an Arrow column as the place of its class; −1 where it is empty or none of the classes.

        Integers whose codes are themselves are passed on without a copy.
        """
        import pyarrow as pa

        place = {name: number for number, name in enumerate(classes)}
        if pa.types.is_integer(column.type) and not column.null_count:
            values = viewed(column)
            if self.bounded:
                return values if place.get("1") == 1 else values ^ 1
            known = {int(text): place.get(name, -1) for text, name in self.class_of.items()}
            return _look_up(values, known)
        numbers = np.array([place.get(name, -1) for name in self.class_of.values()] + [-1], dtype=np.int32)
        if pa.types.is_floating(column.type):
            column = column.cast(pa.int64(), safe=False)
        looked: NDArray[Any] = numbers[places(column, list(self.class_of))]
        return looked


def _meant(texts: Sequence[str]) -> Sequence[str]:
    """The classes that texts mean: True is true where all are truths, and 5.0 is 5 where all are whole numbers."""
    folded = [text.casefold() for text in texts]
    if set(folded) <= {"true", "false"}:
        return folded
    whole = [re.fullmatch(r"([+-]?\d+)(\.0*)?", text.strip()) for text in texts]
    if all(whole) and any(match and match[2] for match in whole):
        return [match[1] if match else "" for match in whole]
    return texts


def _look_up(values: NDArray[Any], known: dict[int, int]) -> NDArray[Any]:
    if not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    if low >= 0 and all(known.get(number) == number for number in range(low, high + 1)) and high < len(known):
        return values
    if high - low < _SMALL_RANGE:
        table = np.array([known.get(number, -1) for number in range(low, high + 1)], dtype=np.int32)
        shifted = values if low == 0 else values.astype(np.int64) - low
        return np.asarray(table[shifted])
    return np.array([known.get(int(value), -1) for value in values], dtype=np.int32)


def label_text(sheet: Sheet, label: str) -> str:
    """The SQL of an answer as text: 1 and 1.0 are "1", true is "true"."""
    column = quoted(label)
    kind = sheet.column(label).type
    if kind == "text":
        return f"nullif({column}, '')"
    if kind == "float":
        whole = f"CASE WHEN {column} = trunc({column}) THEN CAST(CAST({column} AS BIGINT) AS VARCHAR)"
        return f"({whole} ELSE CAST({column} AS VARCHAR) END)"
    return f"CAST({column} AS VARCHAR)"


def answers_of(engine: Engine, sheet: Sheet, label: str, classes: Sequence[str] | None) -> Answers:
    """The answers that stand in a column.

    Args:
        engine: counts them.
        sheet: the input.
        label: its column of answers.
        classes: the only classes that are accepted; `None` takes what is there.

    Returns:
        The answers, their classes in natural order ("2" before "10").

    Raises:
        DataError: there are none, or so many different ones that they name no classes.
    """
    kind = sheet.column(label).type
    if kind in ("list", "other"):
        message = f"{sheet.name}, column {label!r} holds neither texts nor numbers, so it names no classes"
        raise DataError(message)
    ends = sheet.integer_range(label) if classes is None and kind == "integer" else None
    if ends is not None and ends[1] - ends[0] == 1:
        return Answers([str(ends[0]), str(ends[1])], [None, None])
    text = label_text(sheet, label)
    query = f"SELECT {text}, count(*) FROM {sheet.relation(engine)} GROUP BY 1 LIMIT {_MOST_CLASSES + 1}"
    found = [(name, rows) for name, rows in engine.rows(query, sheet.name) if name is not None]
    _check_answers(sheet, label, found)
    return Answers([name for name, _ in found], [rows for _, rows in found])


def _check_answers(sheet: Sheet, label: str, found: Sequence[tuple[str, int]]) -> None:
    if not found:
        message = f"{sheet.name} has no rows with an answer in column {label!r}"
        raise DataError(message)
    rows = sum(count for _, count in found)
    if len(found) > _MOST_LISTED and 2 * len(found) > rows:
        message = (
            f"{sheet.name}, column {label!r} holds {len(found)} different texts in {rows} rows, so they name no "
            "classes: say which column holds the answers (--label)"
        )
        raise DataError(message)
    if sheet.column(label).type == "float":
        fraction = next((name for name, _ in found if not re.fullmatch(r"-?\d+", name)), None)
        if fraction is not None:
            message = f"{sheet.name}, column {label!r} holds {fraction}, but an answer must be a text or a whole number"
            raise DataError(message)


def natural_order(names: set[str]) -> list[str]:
    """Names sorted as people do: "2" before "10", "class 9" before "class 10"."""

    def key(name: str) -> tuple[list[tuple[int, int, str]], str]:
        parts = re.split(r"(\d+)", name)
        return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part], name

    return sorted(names, key=key)


def in_list(texts: Sequence[str]) -> str:
    """Texts as SQL writes a list of them."""
    return ", ".join(text_literal(text) for text in texts)
