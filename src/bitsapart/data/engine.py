"""The one engine for joins, counts and text formats: DuckDB with a memory limit and a folder that is removed."""

import contextlib
import weakref
from collections.abc import Iterator
from itertools import count
from typing import Any

from .failures import readable
from .options import ReadOptions
from .spill import SpillFolder

__all__ = ["BLOCK_ROWS", "Engine", "block_rows", "quoted", "text_literal"]

BLOCK_ROWS = 1 << 17
"""How many rows make a block: what stays in the cache and still hides the cost of a Python step."""

_NARROW = 4
_NARROW_BLOCKS = 8


def block_rows(columns: int) -> int:
    """How many rows make a block of so many columns: a Python step costs as much for a narrow one as for a wide one."""
    return _NARROW_BLOCKS * BLOCK_ROWS if columns <= _NARROW else BLOCK_ROWS


def quoted(column: str) -> str:
    """A column name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


class Engine:
    """An in-memory DuckDB that spills to a temporary folder of its own; both are gone after `close`."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._connection: Any = None
        self._views: dict[str, Any] = {}
        self._numbers = count()
        self.remembered: dict[str, Any] = {}
        """What was found out by a query that may be asked again."""
        self._finalizer: Any = None

    def _connect(self) -> Any:
        if self._connection is None:
            import duckdb

            folder = SpillFolder(None if self._options.temp_dir is None else str(self._options.temp_dir))
            config = {
                "memory_limit": f"{self._options.memory_bytes >> 10}KiB",
                "threads": self._options.thread_count,
                "temp_directory": folder.path,
                "autoinstall_known_extensions": "false",
            }
            self._connection = duckdb.connect(config=config)
            self._finalizer = weakref.finalize(self, _dismantle, self._connection, folder)
        return self._connection

    def _cursor(self, *, ordered: bool) -> Any:
        cursor = self._connect().cursor()
        cursor.execute(f"SET preserve_insertion_order = {'true' if ordered else 'false'}")
        for name, view in self._views.items():
            cursor.register(name, view)
        return cursor

    def register(self, table: Any) -> str:
        """Make an Arrow table or dataset known; the name stands for it in SQL."""
        name = f"arrow_{next(self._numbers)}"
        self._views[name] = table
        return name

    def rows(self, query: str, about: str) -> list[tuple[Any, ...]]:
        """All rows of a small result; what goes wrong is said about the input `about`."""
        cursor = self._cursor(ordered=True)
        with _one_sentence(about), contextlib.closing(cursor):
            result: list[tuple[Any, ...]] = cursor.execute(query).fetchall()
            return result

    def table(self, query: str, about: str) -> Any:
        """A result as an Arrow table."""
        cursor = self._cursor(ordered=True)
        with _one_sentence(about), contextlib.closing(cursor):
            relation = cursor.sql(query)
            return relation.to_arrow_table() if hasattr(relation, "to_arrow_table") else relation.arrow()

    def keep(self, query: str, about: str) -> str:
        """Store a result as a table of the engine (it may spill); the name stands for it in SQL."""
        name = f"kept_{next(self._numbers)}"
        cursor = self._cursor(ordered=False)
        with _one_sentence(about), contextlib.closing(cursor):
            cursor.execute(f"CREATE TABLE {name} AS {query}")
        return name

    def stream(self, query: str, about: str, *, ordered: bool, rows: int = BLOCK_ROWS) -> Iterator[Any]:
        """A result as Arrow record batches of so many rows, in the order of the input where `ordered`."""
        cursor = self._cursor(ordered=ordered)
        with _one_sentence(about), contextlib.closing(cursor):
            relation = cursor.sql(query)
            reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
            yield from reader(rows)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._finalizer is not None:
            self._finalizer()
        self._connection = None
        self._views.clear()


def _dismantle(connection: Any, folder: SpillFolder) -> None:
    with contextlib.suppress(Exception):
        connection.close()
    folder.remove()


@contextlib.contextmanager
def _one_sentence(about: str) -> Iterator[None]:
    import duckdb
    import pyarrow as pa

    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError, RuntimeError) as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        if type(error) is RuntimeError:
            raise
        raise readable(error, about) from None
