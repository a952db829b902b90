"""The fastest way from Parquet files to batches in order: Polars where it is installed and pays, else pyarrow.

Measured (see benchmarks/files_scan.py): Polars decodes plain numeric columns about twice as fast as pyarrow, but costs
a fifth of a second to import and decodes a row group whole, so it is taken for large files of small row groups only.
"""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from .engine import BLOCK_ROWS, block_rows

__all__ = ["parquet_batches"]

_POLARS_PAYS_FROM_VALUES = 30_000_000
_IMPORTED_PAYS_FROM_VALUES = 1_000_000
_LARGEST_ROW_GROUP_BYTES = 192 << 20


def parquet_batches(paths: Sequence[str], columns: Sequence[str], *, threads: int) -> Iterator[Any]:
    """The rows of Parquet files, in order, as Arrow record batches of a block, or of eight where there are few columns.

    Args:
        paths: files of one schema.
        columns: the columns wanted.
        threads: 1 keeps the decoding on one thread.

    Yields:
        Arrow record batches.
    """
    if threads > 1 and _polars_pays(paths, columns):
        yield from _by_polars(paths, columns)
    else:
        yield from _by_pyarrow(paths, columns, threads=threads)


def _polars_pays(paths: Sequence[str], columns: Sequence[str]) -> bool:
    if importlib.util.find_spec("polars") is None:
        return False
    import pyarrow.parquet as pq

    values = 0
    for path in paths:
        with pq.ParquetFile(path) as file:
            metadata, schema = file.metadata, file.schema_arrow
            if not all(_plain(schema.field(name).type) for name in columns):
                return False
            wanted = [i for i in range(metadata.num_columns) if metadata.schema.column(i).path in columns]
            for group in (metadata.row_group(i) for i in range(metadata.num_row_groups)):
                if sum(group.column(i).total_uncompressed_size for i in wanted) > _LARGEST_ROW_GROUP_BYTES:
                    return False
            values += metadata.num_rows * len(columns)
    return values >= (_IMPORTED_PAYS_FROM_VALUES if "polars" in sys.modules else _POLARS_PAYS_FROM_VALUES)


def _plain(arrow_type: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(arrow_type) or types.is_float32(arrow_type) or types.is_float64(arrow_type))


def _by_polars(paths: Sequence[str], columns: Sequence[str]) -> Iterator[Any]:
    import polars as pl

    frame = pl.scan_parquet(list(paths), glob=False).select(list(columns))
    if not hasattr(frame, "collect_batches"):
        yield from _by_pyarrow(paths, columns, threads=2)
        return
    for part in frame.collect_batches(maintain_order=True):
        yield from part.to_arrow().to_batches(max_chunksize=block_rows(len(columns)))


def _by_pyarrow(paths: Sequence[str], columns: Sequence[str], *, threads: int) -> Iterator[Any]:
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path, memory_map=True, pre_buffer=False) as file:
            for batch in file.iter_batches(BLOCK_ROWS, columns=list(columns), use_threads=threads > 1):
                if batch.num_rows:
                    yield batch if batch.schema.names == list(columns) else batch.select(list(columns))
