"""Parquet and Arrow files as sheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bitsapart.errors import DataError

from .decoders import parquet_batches
from .engine import Engine, text_literal
from .failures import readable
from .fingerprint import fingerprint
from .sheet import SAMPLE_ROWS, Column, Sheet, check_names, column_type, sliced

__all__ = ["ArrowFileSheet", "ParquetSheet"]


class ParquetSheet(Sheet):
    """One or several Parquet files of one schema."""

    format = "parquet"

    def __init__(self, name: str, paths: Sequence[Path], *, threads: int) -> None:
        self.name = name
        self._paths = list(paths)
        self._threads = threads
        self._metadata = [_metadata(path) for path in paths]
        schema = _one_schema([schema for _, schema in self._metadata], paths, name)
        self.columns = tuple(Column(field.name, column_type(field.type)) for field in schema)
        self.rows = sum(metadata.num_rows for metadata, _ in self._metadata)

    def relation(self, engine: Engine) -> str:  # noqa: ARG002
        """The files through DuckDB's Parquet reader."""
        files = ", ".join(text_literal(str(path)) for path in self._paths)
        return f"read_parquet([{files}])"

    def batches(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:  # noqa: ARG002
        """The rows by the fastest decoder."""
        with_errors = parquet_batches([str(path) for path in self._paths], columns, threads=self._threads)
        return _readable_errors(with_errors, self.name)

    def _first_rows(self, engine: Engine) -> Any:  # noqa: ARG002
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self._paths[0], memory_map=True, pre_buffer=False) as file:
                batches = file.iter_batches(batch_size=SAMPLE_ROWS, use_threads=False)
                first = next(batches, None)
                schema = file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise readable(error, self.name) from None
        return schema.empty_table() if first is None else pa.Table.from_batches([first])

    def integer_range(self, column: str) -> tuple[int, int] | None:
        """From the statistics that Parquet writers leave, where they are complete."""
        ranges = [_range(metadata, column) for metadata, _ in self._metadata]
        known = [found for found in ranges if found is not None]
        if len(known) < len(ranges) or not known:
            return None
        return min(low for low, _ in known), max(high for _, high in known)

    def description(self) -> dict[str, Any]:
        """Name, format and fingerprint."""
        return {"name": self.name, "format": self.format, **fingerprint(self._paths)}


class ArrowFileSheet(Sheet):
    """One or several Arrow IPC files (or streams), mapped into memory."""

    format = "arrow"

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        import pyarrow as pa

        self.name = name
        self._paths = list(paths)
        tables = [_ipc_table(path) for path in paths]
        schema = _one_schema([table.schema for table in tables], paths, name)
        self._table = pa.concat_tables(tables)
        self._view: str | None = None
        self.columns = tuple(Column(field.name, column_type(field.type)) for field in schema)
        self.rows = self._table.num_rows

    def relation(self, engine: Engine) -> str:
        """A view of the mapped table."""
        self._view = self._view or engine.register(self._table)
        return self._view

    def batches(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:  # noqa: ARG002
        """The rows."""
        return sliced(self._table, columns)

    def _first_rows(self, engine: Engine) -> Any:  # noqa: ARG002
        return self._table.slice(0, SAMPLE_ROWS)

    def description(self) -> dict[str, Any]:
        """Name, format and fingerprint."""
        return {"name": self.name, "format": self.format, **fingerprint(self._paths)}


def _metadata(path: Path) -> tuple[Any, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return file.metadata, file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise readable(error, str(path)) from None


def _ipc_table(path: Path) -> Any:
    import pyarrow as pa

    try:
        source = pa.memory_map(str(path))
        try:
            return pa.ipc.open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            return pa.ipc.open_stream(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise readable(error, str(path)) from None


def _one_schema(schemas: Sequence[Any], paths: Sequence[Path], name: str) -> Any:
    first = schemas[0].remove_metadata()
    check_names(first.names, name)
    for schema, path in zip(schemas[1:], paths[1:], strict=True):
        if not schema.remove_metadata().equals(first):
            message = f"{path} has other columns or types than {paths[0]}: files that are read together need the same"
            raise DataError(message)
    return first


def _range(metadata: Any, column: str) -> tuple[int, int] | None:
    index = next(i for i in range(metadata.num_columns) if metadata.schema.column(i).path == column)
    low: int | None = None
    high: int | None = None
    for number in range(metadata.num_row_groups):
        chunk = metadata.row_group(number).column(index)
        statistics = chunk.statistics if chunk.is_stats_set else None
        if statistics is None or not statistics.has_min_max or not isinstance(statistics.min, int):
            return None
        low = statistics.min if low is None else min(low, statistics.min)
        high = statistics.max if high is None else max(high, statistics.max)
    return None if low is None or high is None else (low, high)


def _readable_errors(batches: Iterator[Any], name: str) -> Iterator[Any]:
    import pyarrow as pa

    try:
        yield from batches
    except (pa.ArrowException, OSError) as error:
        raise readable(error, name) from None
    except Exception as error:
        if type(error).__module__.startswith("polars"):
            raise readable(error, name) from None
        raise
