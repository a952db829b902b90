"""Tables that are already in memory: Arrow, pandas, Polars, any dataframe, and mappings of columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bitsapart.errors import DataError

from .engine import Engine
from .sheet import SAMPLE_ROWS, Column, Sheet, check_names, column_type, sliced

__all__ = ["TableSheet", "arrow_table"]


class TableSheet(Sheet):
    """An Arrow table in memory."""

    def __init__(self, name: str, table: Any, format_: str) -> None:
        self.name = name
        self.format = format_
        self._table = _without_half_floats(table)
        self._view: str | None = None
        check_names(table.schema.names, name)
        self.columns = tuple(Column(field.name, column_type(field.type)) for field in table.schema)
        self.rows = table.num_rows

    def relation(self, engine: Engine) -> str:
        """A view of the table."""
        self._view = self._view or engine.register(self._table)
        return self._view

    def batches(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:  # noqa: ARG002
        """The rows."""
        return sliced(self._table, columns)

    def _first_rows(self, engine: Engine) -> Any:  # noqa: ARG002
        return self._table.slice(0, SAMPLE_ROWS)

    def integer_range(self, column: str) -> tuple[int, int] | None:
        """The least and largest value."""
        import pyarrow.compute as pc

        if self.column(column).type != "integer" or not self.rows:
            return None
        ends = pc.min_max(self._table[column])
        return None if ends["min"].as_py() is None else (ends["min"].as_py(), ends["max"].as_py())

    def description(self) -> dict[str, Any]:
        """Name and format; what is in memory has no fingerprint."""
        return {"name": self.name, "format": self.format, "bytes": None, "fingerprint": None}


def arrow_table(value: Any, name: str) -> tuple[Any, str] | None:
    """An Arrow table of a dataframe or mapping, and what it was; `None` for anything else.

    Args:
        value: a table of pyarrow, pandas, Polars or another dataframe library, or a mapping of columns.
        name: what to call it in messages.

    Returns:
        The table and a word for where it came from.

    Raises:
        DataError: a mapping whose columns differ in length or cannot be held in a table.
    """
    import pyarrow as pa

    if isinstance(value, pa.RecordBatch):
        return pa.Table.from_batches([value]), "pyarrow"
    if isinstance(value, pa.Table):
        return value, "pyarrow"
    if isinstance(value, Mapping):
        return _from_mapping(value, name), "mapping"
    home = type(value).__module__.split(".", 1)[0]
    if home == "pandas":
        return _from_pandas(value, name), home
    return _from_dataframe(value, name, home)


def _from_mapping(value: Mapping[Any, Any], name: str) -> Any:
    import pyarrow as pa

    try:
        if value and all(isinstance(row, Mapping) for row in value.values()):
            classes = list(dict.fromkeys(str(key) for row in value.values() for key in row))
            rows = [{str(key): amount for key, amount in row.items()} for row in value.values()]
            columns = {one: [row.get(one, 0) for row in rows] for one in classes}
            return pa.table({"item": [str(key) for key in value], **columns})
        columns = {str(key): _column(column) for key, column in value.items()}
        return pa.table(columns)
    except (pa.ArrowException, TypeError, ValueError) as error:
        message = f"{name} cannot be read as a mapping of columns: {error}"
        raise DataError(message) from None


def _column(values: Any) -> Any:
    import numpy as np

    return values if isinstance(values, list) else np.asarray(values)


def _from_pandas(value: Any, name: str) -> Any:
    """Pandas keeps ids in the index: an index that is not just 0, 1, 2 … becomes a column."""
    import pyarrow as pa

    frame = value
    if not hasattr(value, "columns"):
        frame = value.to_frame(value.name or ("prob" if value.dtype.kind == "f" else "label"))
    frame = frame.rename(columns=str)
    counted = type(frame.index).__name__ == "RangeIndex" and frame.index.name is None
    if not counted:
        label = frame.index.name or "item"
        if label not in frame.columns:
            frame = frame.rename_axis(label).reset_index()
    try:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowException, TypeError, ValueError) as error:
        message = f"{name} holds a column that Arrow cannot represent: {error}"
        raise DataError(message) from None


def _from_dataframe(value: Any, name: str, home: str) -> tuple[Any, str] | None:
    import narwhals as nw
    import pyarrow as pa

    frame = nw.from_native(value, pass_through=True, allow_series=True)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, nw.DataFrame):
        return frame.to_arrow(), home
    if isinstance(frame, nw.Series):
        return pa.table({frame.name or "value": frame.to_arrow()}), home
    if hasattr(value, "__arrow_c_stream__") and not hasattr(value, "shape"):
        try:
            return pa.table(value), home
        except (pa.ArrowException, TypeError) as error:
            message = f"{name} cannot be read as a table: {error}"
            raise DataError(message) from None
    return None


def _without_half_floats(table: Any) -> Any:
    """DuckDB knows no 16-bit floats: they become 32-bit ones, exactly."""
    import pyarrow as pa

    fields = [pa.field(f.name, pa.float32()) if pa.types.is_float16(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields)) if pa.schema(fields) != table.schema else table
