"""Plain arrays: NumPy and its files, PyTorch, JAX. They have no column names; columns are called 0, 1, 2 …."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DataError

from .engine import Engine, block_rows
from .failures import readable
from .fingerprint import fingerprint
from .sheet import SAMPLE_ROWS, Column, ColumnType, Sheet

__all__ = ["ArraySheet", "as_array", "load_npy", "load_npz"]

_TYPES: dict[str, ColumnType] = {"i": "integer", "u": "integer", "f": "float", "b": "boolean", "U": "text", "O": "text"}


class ArraySheet(Sheet):
    """A one- or two-dimensional array: rows are items, columns are classes by their number."""

    named = False

    def __init__(self, name: str, array: NDArray[Any], format_: str, path: Path | None = None) -> None:
        if array.ndim not in (1, 2):
            message = f"{name} has {array.ndim} dimensions, but an array must be (items,) or (items, classes)"
            raise DataError(message)
        if array.dtype.kind not in _TYPES:
            message = f"{name} holds {array.dtype}, but numbers or texts are needed"
            raise DataError(message)
        if array.dtype.kind == "f" and array.dtype.itemsize > np.dtype(np.float64).itemsize:
            message = f"{name} holds {array.dtype}, but at most float64 is computed with: convert it first"
            raise DataError(message)
        if 0 in array.shape:
            message = f"{name} is empty: its shape is {array.shape}"
            raise DataError(message)
        self.name = name
        self.format = format_
        self.single = array.ndim == 1
        self._array = array.reshape(len(array), -1)
        self._path = path
        self._view: str | None = None
        self.columns = tuple(Column(str(i), _TYPES[array.dtype.kind]) for i in range(self._array.shape[1]))
        self.rows = len(array)

    def relation(self, engine: Engine) -> str:
        """A view of the array as a table."""
        import pyarrow as pa

        if self._view is None:
            whole = {c.name: _arrow(self._array[:, i]) for i, c in enumerate(self.columns)}
            self._view = engine.register(pa.table(whole))
        return self._view

    def batches(self, engine: Engine, columns: Sequence[str]) -> Iterator[Any]:  # noqa: ARG002
        """The rows."""
        rows = block_rows(len(columns))
        for start in range(0, len(self._array), rows):
            yield self._batch(start, start + rows, columns)

    def _first_rows(self, engine: Engine) -> Any:  # noqa: ARG002
        import pyarrow as pa

        return pa.Table.from_batches([self._batch(0, SAMPLE_ROWS, [column.name for column in self.columns])])

    def integer_range(self, column: str) -> tuple[int, int] | None:
        """The least and largest value."""
        values = self._array[:, int(column)]
        return (int(values.min()), int(values.max())) if values.dtype.kind in "iu" else None

    def description(self) -> dict[str, Any]:
        """Name, format and, for a file, its fingerprint."""
        return {"name": self.name, "format": self.format, **fingerprint([self._path] if self._path else [])}

    def _batch(self, start: int, stop: int, columns: Sequence[str]) -> Any:
        import pyarrow as pa

        part = np.ascontiguousarray(self._array[start:stop].T)
        return pa.RecordBatch.from_arrays([_arrow(part[int(name)]) for name in columns], names=list(columns))


def as_array(value: Any) -> NDArray[Any] | None:
    """The NumPy array of anything that is one: PyTorch (detached, on the CPU), JAX, nested lists of numbers."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (list, tuple)):
        return np.asarray(value)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
        return np.asarray(value.numpy())
    if hasattr(value, "__array__") and hasattr(value, "shape"):
        array = np.asarray(value)
        return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
    return None


def load_npy(path: Path) -> NDArray[Any]:
    """A `.npy` file mapped into memory; files that hold Python objects are refused."""
    try:
        mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise readable(error, str(path)) from None
    return mapped


def load_npz(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a `.npz` file by name; files that hold Python objects are refused."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        raise readable(error, str(path)) from None


def _arrow(values: NDArray[Any]) -> Any:
    import pyarrow as pa

    if values.dtype == np.float16:
        values = values.astype(np.float32)
    if values.dtype.kind == "O":
        return pa.array([str(value) for value in values])
    plain = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False))
    if plain.dtype.kind not in "iuf":
        return pa.array(plain)
    memory = [None, pa.py_buffer(plain)]  # pyarrow.array would import pandas where that is installed
    return pa.Array.from_buffers(pa.from_numpy_dtype(plain.dtype), len(plain), memory)
