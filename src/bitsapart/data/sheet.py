"""A sheet: one input as named columns of rows, whatever it is stored in."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from bitsapart.errors import DataError

from .engine import BLOCK_ROWS, Engine, quoted

__all__ = ["SAMPLE_ROWS", "Column", "ColumnType", "KeptSheet", "Sheet", "check_names", "column_type", "sliced"]

ColumnType = Literal["integer", "float", "boolean", "text", "list", "other"]
SAMPLE_ROWS = 1 << 14


@dataclass(frozen=True)
class Column:
    """A column's name and what it holds."""

    name: str
    type: ColumnType

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.type in ("integer", "float")


class Sheet(ABC):
    """One input as named columns: what is known of it, its rows in order, and its name in SQL."""

    name: str
    format: str
    columns: tuple[Column, ...]
    rows: int | None = None
    named: bool = True
    """False where the columns have no names of their own (a plain array)."""
    single: bool = False
    """True where the input is one-dimensional: one value per item."""
    _sample: Any = None

    @property
    def title(self) -> str:
        """The name without its folder, for notes."""
        return PurePath(self.name).name

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def has(self, name: str) -> bool:
        """Whether there is a column of that name."""
        return any(column.name == name for column in self.columns)

    @abstractmethod
    def relation(self, engine: Engine) -> str:
        """What stands for this sheet after FROM."""

    @abstractmethod
    def batches(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:
        """The rows in their order, as Arrow record batches of these columns."""

    def sample(self, engine: Engine) -> Any:
        """The first rows (at most `SAMPLE_ROWS`) as an Arrow table; read once."""
        if self._sample is None:
            self._sample = self._first_rows(engine)
        return self._sample

    @abstractmethod
    def _first_rows(self, engine: Engine) -> Any:
        """The first rows, from the input."""

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """Name, format and fingerprint, for the record of what was compared."""

    def integer_range(self, column: str) -> tuple[int, int] | None:  # noqa: ARG002
        """The least and largest value of an integer column where that is known without reading it."""
        return None

    def as_text(self, names: Sequence[str]) -> "Sheet":  # noqa: ARG002
        """The same sheet with these columns read as text where the format leaves the type open."""
        return self

    def stream(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:
        """The rows in their order through the engine."""
        chosen = ", ".join(quoted(name) for name in columns)
        return engine.stream(
            f"SELECT {chosen} FROM {self.relation(engine)}",
            self.name,
            ordered=True,
        )


class KeptSheet(Sheet):
    """A table that the engine made and keeps, such as the counts of long judgements."""

    def __init__(self, origin: Sheet, table: str, columns: tuple[Column, ...], rows: int) -> None:
        self.name = origin.name
        self.format = origin.format
        self.columns = columns
        self.rows = rows
        self._origin = origin
        self._table = table

    def relation(self, engine: Engine) -> str:  # noqa: ARG002
        """The table's name."""
        return self._table

    def batches(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:
        """The kept rows."""
        return self.stream(engine, columns)

    def _first_rows(self, engine: Engine) -> Any:
        return engine.table(f"SELECT * FROM {self._table} LIMIT {SAMPLE_ROWS}", self.name)

    def description(self) -> dict[str, Any]:
        """The input that the table was made from."""
        return self._origin.description()


def check_names(names: Sequence[str], source: str) -> None:
    """Refuse an input without columns, with a column without a name, or with two of one name."""
    if not names:
        message = f"{source} has no columns"
        raise DataError(message)
    for position, name in enumerate(names, start=1):
        if name in names[: position - 1]:
            message = f"{source} has two columns named {name!r}: give each its own name"
            raise DataError(message)


def column_type(arrow_type: Any) -> ColumnType:
    """What an Arrow type holds, in the words used here."""
    from pyarrow import types

    if types.is_dictionary(arrow_type):
        return column_type(arrow_type.value_type)
    if types.is_integer(arrow_type):
        return "integer"
    if types.is_floating(arrow_type) or types.is_decimal(arrow_type):
        return "float"
    if types.is_boolean(arrow_type):
        return "boolean"
    if types.is_string(arrow_type) or types.is_large_string(arrow_type) or types.is_string_view(arrow_type):
        return "text"
    if types.is_null(arrow_type):
        return "text"
    lists = types.is_list(arrow_type) or types.is_large_list(arrow_type) or types.is_fixed_size_list(arrow_type)
    if lists and column_type(arrow_type.value_type) in ("integer", "float"):
        return "list"
    return "other"


def sliced(table: Any, columns: Sequence[str]) -> Iterator[Any]:
    """An Arrow table's rows as record batches of at most one block."""
    for batch in table.select(list(columns)).to_batches(max_chunksize=BLOCK_ROWS):
        if batch.num_rows:
            yield batch
