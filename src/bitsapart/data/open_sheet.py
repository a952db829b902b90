"""From whatever the user names to a sheet: a path, a glob, an example, a dataframe, an array, a mapping."""

import glob
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from bitsapart.errors import DataError

from .arrays import ArraySheet, as_array, load_npy, load_npz
from .columnar_files import ArrowFileSheet, ParquetSheet
from .engine import Engine
from .memory_tables import TableSheet, arrow_table
from .sheet import Sheet
from .text_files import CsvSheet, JsonSheet

__all__ = ["EXAMPLES", "example_files", "open_sheet", "short_name"]

EXAMPLES = ("digits", "dawid-skene")

_FORMATS = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".ipc": "arrow", ".feather": "arrow", ".arrows": "arrow",
    ".npy": "npy", ".npz": "npz",
}  # fmt: skip
_TEXT_FORMATS = ("csv", "tsv", "jsonl", "json")
_PACKED = (".gz", ".zst")
_MAGIC = (
    (b"PAR1", "parquet", "a Parquet file"), (b"ARROW1", "arrow", "an Arrow file"),
    (b"\x1f\x8b", "gz", "packed by gzip"),
    (b"\x28\xb5\x2f\xfd", "zst", "packed by zstd"), (b"\x93NUMPY", "npy", "a NumPy array"),
    (b"PK\x03\x04", "npz", "a zip archive (an Excel workbook is one too: save it as CSV)"),
)  # fmt: skip


def example_files(name: str) -> list[Path]:
    """The files of an example that comes with the package, people first.

    Args:
        name: "example:digits" or "example:dawid-skene".

    Returns:
        The path of the people's file, then those of the models' files.

    Raises:
        DataError: there is no such example.
    """
    example = name.removeprefix("example:")
    folder = Path(str(resources.files(__package__))) / "examples"
    found = sorted(folder.glob(f"{example}-model*.csv"))
    people = folder / f"{example}-people.csv"
    if example not in EXAMPLES or not people.exists():
        message = f"{name} is not an example; there are {', '.join('example:' + one for one in EXAMPLES)}"
        raise DataError(message)
    return [people, *found]


def short_name(source: Any, fallback: str) -> str:
    """What to call an input in a heading: the file's name without its ending, or the fallback."""
    if not isinstance(source, (str, os.PathLike)):
        return fallback
    name = Path(source).name
    for ending in (*_PACKED, *_FORMATS):
        name = name.removesuffix(ending)
    return name or fallback


def open_sheet(source: Any, engine: Engine, *, name: str, threads: int = 1) -> Sheet:
    """Open one input.

    Args:
        source: a path or glob, or a table or array in memory.
        engine: parses text formats.
        name: what to call an input that has no path of its own.
        threads: how many threads may decode.

    Returns:
        A sheet.

    Raises:
        DataError: it does not exist, or is not what its name says.
    """
    sheet = _opened(source, engine, name=name, threads=threads)
    if sheet.rows == 0:
        message = f"{sheet.name} has no rows"
        raise DataError(message)
    return sheet


def _opened(source: Any, engine: Engine, *, name: str, threads: int) -> Sheet:
    if isinstance(source, (str, os.PathLike)):
        return _open_files(str(source), engine, threads)
    if isinstance(source, (list, tuple)) and source and is_record(source[0]):
        source = _columns_of(source)
    found = arrow_table(source, name) if not isinstance(source, (list, tuple)) and not _is_array(source) else None
    if found is not None:
        return TableSheet(name, *found)
    array = as_array(source)
    if array is None:
        message = (
            f"{name} is a {type(source).__name__}, but a path, a table, an array or a mapping of columns is needed"
        )
        raise DataError(message)
    return ArraySheet(name, array, type(source).__module__.split(".", 1)[0])


def is_record(value: Any) -> bool:
    """Whether a mapping is one row, such as {"item": 1, "label": "cat"}, and not columns."""
    return isinstance(value, Mapping) and not any(
        hasattr(one, "__len__") and not isinstance(one, str) for one in value.values()
    )


def _is_array(source: Any) -> bool:
    return (
        hasattr(source, "__array__")
        and hasattr(source, "ndim")
        and not hasattr(source, "columns")
        and not hasattr(source, "index")
    )


def _columns_of(records: Any) -> dict[str, list[Any]]:
    names = list(dict.fromkeys(key for record in records for key in record))
    return {name: [record.get(name) for record in records] for name in names}


def _open_files(pattern: str, engine: Engine, threads: int) -> Sheet:
    paths = _matching(pattern)
    kinds = {_format(path) for path in paths}
    if len(kinds) > 1:
        message = f"{pattern} matches files of several formats ({', '.join(sorted(kinds))}): name one format"
        raise DataError(message)
    kind = kinds.pop()
    if kind == "parquet":
        return ParquetSheet(pattern, paths, threads=threads)
    if kind == "arrow":
        return ArrowFileSheet(pattern, paths)
    if kind in ("csv", "tsv"):
        return CsvSheet(pattern, paths, engine, delimiter="\t" if kind == "tsv" else None)
    if kind in ("jsonl", "json"):
        return JsonSheet(pattern, paths, engine, lines=kind == "jsonl")
    if len(paths) > 1:
        message = f"{pattern} matches {len(paths)} NumPy files, but they are read one at a time"
        raise DataError(message)
    return _open_numpy(pattern, paths[0], kind)


def _open_numpy(name: str, path: Path, kind: str) -> Sheet:
    if kind == "npy":
        return ArraySheet(name, load_npy(path), "npy", path)
    arrays = load_npz(path)
    if len(arrays) == 1:
        return ArraySheet(name, next(iter(arrays.values())), "npz", path)
    wide = [key for key, array in arrays.items() if array.ndim > 1]
    if len(wide) > 1 or any(arrays[key].ndim > 2 for key in wide):
        message = f"{name} holds several tables ({', '.join(wide)}): keep one table or columns of equal length"
        raise DataError(message)
    columns: dict[str, Any] = {key: array for key, array in arrays.items() if key not in (*wide, "classes")}
    if wide:
        table = arrays[wide[0]]
        classes = arrays.get("classes", np_range(table.shape[1]))
        columns |= {str(one): table[:, i] for i, one in enumerate(classes)}
    found = arrow_table(columns, name)
    assert found is not None
    return TableSheet(name, found[0], "npz")


def np_range(count: int) -> list[str]:
    """The names of unnamed columns."""
    return [str(i) for i in range(count)]


def _matching(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.is_dir():
        message = f"{pattern} is a folder: name its files, such as {pattern.rstrip('/')}/*.parquet"
        raise DataError(message)
    if path.is_file():
        return [path]
    if path.exists() or pattern == "-":
        message = f"{pattern} is a pipe or a device, but an input is read more than once: save it to a file first"
        raise DataError(message)
    if not glob.has_magic(pattern):
        message = f"{pattern} does not exist"
        raise DataError(message)
    found = glob.iglob(pattern, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute patterns)
    paths = sorted(path for path in map(Path, found) if path.is_file())
    if not paths:
        message = f"{pattern} matches no file"
        raise DataError(message)
    return paths


def _format(path: Path) -> str:
    """The format by the file's ending, which its first bytes must not contradict."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes.pop() if suffixes and suffixes[-1] in _PACKED else None
    kind = _FORMATS.get(suffixes[-1]) if suffixes else None
    content = _content(path)
    if kind is None:
        known = ", ".join(sorted(_FORMATS))
        if content is not None and content[0] == "npz":
            message = f"{path} is a zip archive, such as an Excel workbook: save the table that is in it as CSV"
            raise DataError(message)
        it = f"{path} is {content[1]} by its first bytes, and" if content is not None else f"{path}"
        message = f"{it} ends in none of {known} (text files also with .gz or .zst): rename it to say what it is"
        raise DataError(message)
    if packed and kind not in _TEXT_FORMATS:
        message = f"{path} is packed, but only text files are read packed: unpack it first"
        raise DataError(message)
    expected = packed[1:] if packed else kind
    if content is not None and content[0] != expected:
        message = f"{path} is {content[1]} by its first bytes, not what its ending says: rename it"
        raise DataError(message)
    if packed and content is None:
        message = (
            f"{path} is not packed by {'gzip' if packed == '.gz' else 'zstd'}, though its ending says so: rename it"
        )
        raise DataError(message)
    return kind


def _content(path: Path) -> tuple[str, str] | None:
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except PermissionError:
        message = f"{path} may not be read: permission denied"
        raise DataError(message) from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise DataError(message) from None
    if not start:
        message = f"{path} is empty"
        raise DataError(message)
    return next(((kind, words) for magic, kind, words in _MAGIC if start.startswith(magic)), None)
