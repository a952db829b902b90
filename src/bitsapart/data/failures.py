"""What the engines say when they fail, turned into one sentence of ours."""

import errno
import re
from typing import Any

from bitsapart.errors import DataError

__all__ = ["readable"]

_CSV_PLACE = re.compile(r"CSV Error on Line: (\d+)\n(?:Original Line: (.*?)\n)?(.*)", re.DOTALL)
_CONVERSION = re.compile(r'Error when converting column "(.*?)"\. Could not convert string "(.*?)" to')
_COLUMNS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_JSON_PLACE = re.compile(r"in (?:line|record/value) (\d+): (.*?)(?:\n|$)")
_LONGEST = 160


def readable(error: BaseException, name: str) -> DataError:
    """One sentence for what an engine said about an input.

    Args:
        error: what DuckDB, pyarrow, Polars or the operating system raised.
        name: the input, as the user named it.

    Returns:
        A `DataError` that says what, where, and the way out.
    """
    return DataError(_sentence(error, str(error), name))


def _sentence(error: BaseException, text: str, name: str) -> str:
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError):
        return f"{name} does not exist"
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return f"{name} may not be read: permission denied"
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    if full or re.search(r"No space left|File too large|could not write|failed to offload", text, re.IGNORECASE):
        return _no_space(text, name)
    if kind == "OutOfMemoryException" or isinstance(error, MemoryError):
        return f"{name} needs more memory than is allowed for joins and counts: raise memory (--memory)"
    return _csv_sentence(text, name) or _json_sentence(text, name) or _other(text, name)


def _no_space(text: str, name: str) -> str:
    folder = re.search(r'"(/[^"]*?)/bitsapart-', text)
    where = f" {folder.group(1)}" if folder else ""
    return f"while reading {name} the temporary folder{where} could not be written, its disk is full: name another one (--temp-dir) or raise memory (--memory)"  # noqa: E501


def _csv_sentence(text: str, name: str) -> str | None:
    place = _CSV_PLACE.search(text)
    if place is None:
        if "CSV" in text and "invalid state" in text:
            return f"{name} mixes kinds of line ends or is broken in its quotes: save it as plain CSV again"
        return None
    line, rest = place.group(1), place.group(3)
    if conversion := _CONVERSION.search(rest):
        column, value = conversion.groups()
        return f"{name}, line {line}, column {column!r} holds {value!r}, but the column holds numbers"
    if columns := _COLUMNS.search(rest):
        return f"{name}, line {line} has {columns.group(2)} fields, but the header names {columns.group(1)}"
    if "quote" in rest:
        return f"{name}, line {line} has a quotation mark that is never closed"
    if "unicode" in rest.lower() or "utf-8" in rest:
        return f"{name}, line {line} is not UTF-8: save the file as UTF-8 (iconv -f latin1 -t utf-8)"
    return f"{name}, line {line}: {_first_line(rest)}"


def _json_sentence(text: str, name: str) -> str | None:
    place = _JSON_PLACE.search(text)
    if "JSON" not in text or place is None:
        return None
    line, reason = place.groups()
    return f"{name}, line {line} cannot be read as JSON: {_first_line(reason)}"


def _other(text: str, name: str) -> str:
    return f"{name} cannot be read: {_first_line(text)}"


def _first_line(text: Any) -> str:
    stripped = str(text).strip()
    first = stripped.splitlines()[0].strip() if stripped else "no reason given"
    first = re.sub(r"^(\w+ )*(Error|Exception): ", "", first)
    return first if len(first) <= _LONGEST else first[:_LONGEST] + " …"
