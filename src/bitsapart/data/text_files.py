"""CSV, TSV and JSON files as sheets: DuckDB parses, names and types are settled here so that nothing is guessed twice.

Ids, labels and other names stay the text that stands in the file; every number is read as float64, exactly.
"""

import codecs
import copy
import csv
import io
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bitsapart.errors import DataError

from .engine import Engine, quoted, text_literal
from .failures import readable
from .fingerprint import fingerprint
from .sheet import SAMPLE_ROWS, Column, ColumnType, Sheet, check_names

__all__ = ["CsvSheet", "JsonSheet"]

_DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 1 << 20
_TYPING_ROWS = 20_000
_SQL_TYPES: dict[ColumnType, str] = {"integer": "DOUBLE", "float": "DOUBLE", "list": "DOUBLE[]"}


class _TextSheet(Sheet):
    """What text files share: columns typed from the first rows, everything else decided by the roles."""

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        self.name = name
        self._paths = list(paths)
        self.columns = ()

    @abstractmethod
    def _reader(self, types: Sequence[tuple[str, str]]) -> str:
        """The SQL that reads the files with these columns and SQL types."""

    def _settle_types(self, engine: Engine, columns: Sequence[tuple[str, ColumnType]]) -> None:
        """Give the scalar columns the type that their first values have; mostly numbers counts as numbers."""
        scalars = [name for name, kind in columns if kind == "text"]
        found: dict[str, ColumnType] = {}
        if scalars:
            texts = self._reader([(name, _SQL_TYPES.get(kind, "VARCHAR")) for name, kind in columns])
            parts = ", ".join(_typing(name) for name in scalars)
            head = f"(SELECT * FROM {texts} LIMIT {_TYPING_ROWS})"
            rows, *counts = engine.rows(f"SELECT count(*), {parts} FROM {head}", self.name)[0]
            if not rows:
                message = f"{self.name} has no rows below its header line"
                raise DataError(message)
            found = {name: _judged(*counts[3 * i : 3 * i + 3]) for i, name in enumerate(scalars)}
        self.columns = tuple(Column(name, found.get(name, kind)) for name, kind in columns)

    def as_text(self, names: Sequence[str]) -> "_TextSheet":
        """The same sheet with these columns read as the text that stands in the file."""
        twin = copy.copy(self)
        twin._sample = None
        twin.columns = tuple(Column(c.name, "text") if c.name in names else c for c in self.columns)
        return twin

    def relation(self, engine: Engine) -> str:  # noqa: ARG002
        """The files through DuckDB's reader of the format."""
        return self._reader([(column.name, _SQL_TYPES.get(column.type, "VARCHAR")) for column in self.columns])

    def batches(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:
        """The rows in their order."""
        return self.stream(engine, columns)

    def _first_rows(self, engine: Engine) -> Any:
        texts = self._reader([(c.name, "DOUBLE[]" if c.type == "list" else "VARCHAR") for c in self.columns])
        parts = ", ".join(_lenient(column) for column in self.columns)
        return engine.table(f"SELECT {parts} FROM {texts} LIMIT {SAMPLE_ROWS}", self.name)

    def description(self) -> dict[str, Any]:
        """Name, format and fingerprint."""
        return {"name": self.name, "format": self.format, **fingerprint(self._paths)}

    def _files(self) -> str:
        return "[" + ", ".join(text_literal(str(path)) for path in self._paths) + "]"


class CsvSheet(_TextSheet):
    """One or several CSV or TSV files with the same header line."""

    format = "csv"

    def __init__(self, name: str, paths: Sequence[Path], engine: Engine, *, delimiter: str | None = None) -> None:
        super().__init__(name, paths)
        head = _head(paths[0])
        self._delimiter = delimiter or max(_DELIMITERS, key=lambda mark: len(_header(head, mark)))
        names = _checked_header(_header(head, self._delimiter), str(paths[0]))
        for path in paths[1:]:
            if _header(_head(path), self._delimiter) != names:
                message = f"{path} has another header line than {paths[0]}: files that are read together need the same"
                raise DataError(message)
        self._settle_types(engine, [(name, "text") for name in names])

    def _reader(self, types: Sequence[tuple[str, str]]) -> str:
        return (
            f"read_csv({self._files()}, auto_detect=false, header=true, delim={text_literal(self._delimiter)}, "
            f"quote='\"', escape='\"', columns={{{_columns(types)}}})"
        )


class JsonSheet(_TextSheet):
    """One or several files of JSON Lines, or JSON arrays of records."""

    format = "jsonl"

    def __init__(self, name: str, paths: Sequence[Path], engine: Engine, *, lines: bool) -> None:
        super().__init__(name, paths)
        first = _head(paths[0]).lstrip()[:1]
        if not first:
            message = f"{paths[0]} is empty"
            raise DataError(message)
        if lines and first == "[":
            message = f"{paths[0]} is a JSON array, but .jsonl means one record a line: name it .json"
            raise DataError(message)
        self._layout = "newline_delimited" if lines else "auto"
        options = f"format='{self._layout}', maximum_depth=2, convert_strings_to_integers=false"
        described = engine.rows(f"DESCRIBE FROM read_json({self._files()}, {options})", name)
        check_names([row[0] for row in described], name)
        if [row[0] for row in described] == ["json"]:
            message = f"{name} holds no records: every line must be an object such as " + '{"item": 1, "label": "cat"}'
            raise DataError(message)
        self._settle_types(engine, [(row[0], _json_type(row[1])) for row in described])

    def _reader(self, types: Sequence[tuple[str, str]]) -> str:
        return f"read_json({self._files()}, format='{self._layout}', columns={{{_columns(types)}}})"


def _columns(types: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{text_literal(name)}: '{kind}'" for name, kind in types)


def _typing(name: str) -> str:
    column = quoted(name)
    return (
        f"count({column}), count(TRY_CAST({column} AS DOUBLE)), "
        f"count({column}) FILTER (regexp_full_match({column}, '\\s*[+-]?[0-9]+\\s*'))"
    )


def _judged(values: int, numbers: int, whole: int) -> ColumnType:
    if values == 0 or 2 * numbers <= values:
        return "text"
    return "integer" if whole == values else "float"


def _lenient(column: Column) -> str:
    name = quoted(column.name)
    return f"TRY_CAST({name} AS DOUBLE) AS {name}" if column.numeric else name


def _json_type(sql_type: str) -> ColumnType:
    if sql_type.endswith("[]") and sql_type[:-2] in ("DOUBLE", "BIGINT", "UBIGINT", "HUGEINT"):
        return "list"
    return "other" if sql_type.startswith(("STRUCT", "MAP")) or sql_type.endswith("[]") else "text"


def _head(path: Path) -> str:
    """The beginning of a text file, unpacked; what is no UTF-8 text is refused."""
    import pyarrow as pa

    packed = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower())
    try:
        with pa.input_stream(str(path), compression=packed) as stream:
            head: bytes = stream.read(_HEAD_BYTES)
    except (pa.ArrowException, OSError) as error:
        raise readable(error, str(path)) from None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        message = f"{path} is UTF-16: save it as UTF-8"
        raise DataError(message)
    if b"\0" in head:
        message = f"{path} holds zero bytes, so it is no text file"
        raise DataError(message)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < _HEAD_BYTES)
    except UnicodeDecodeError as error:
        line = head[: error.start].count(b"\n") + 1
        message = f"{path}, line {line} is not UTF-8: save the file as UTF-8 (iconv -f latin1 -t utf-8)"
        raise DataError(message) from None
    return text.removeprefix("\ufeff")


def _header(head: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])


def _checked_header(names: list[str], path: str) -> list[str]:
    if not any(name.strip() for name in names):
        message = f"{path} is empty: a line with the names of the columns is needed"
        raise DataError(message)
    if all(_fraction(name) for name in names):
        message = f"{path} starts with numbers ({', '.join(names[:3])}), but its first line must name the columns"
        raise DataError(message)
    for position, name in enumerate(names, start=1):
        if not name.strip():
            index = " (pandas writes its row numbers there unless told to_csv(index=False))" if position == 1 else ""
            message = f"{path} has no name for column {position} in its first line{index}: name it, or leave it out"
            raise DataError(message)
    check_names(names, path)
    return names


def _fraction(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.strip().isdigit()
