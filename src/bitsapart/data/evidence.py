"""What the first values of some columns can be, and what they cannot be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .block import empty_cells, viewed

__all__ = ["Evidence", "instead_of_numbers", "matrix_of", "weigh"]

_NEAR_ONE = 0.05
_LOG_NEAR_ZERO = 1e-2
_PERCENT = 100


@dataclass(frozen=True)
class Evidence:
    """What a sample of rows shows: shares of rows or values, so that one broken row does not hide what the rest is.

    Rows with empty or NaN cells are left out; they are refused when all rows are read.
    """

    rows: int
    width: int
    least: float
    most: float
    whole: float
    """Share of the values that are whole numbers."""
    unit: float
    """Share of the values in [0, 1]."""
    near_one: float
    """Share of the rows that sum to about 1."""
    near_hundred: float
    """Share of the rows that are not negative and sum to about 100."""
    log_near_zero: float
    """Share of the rows whose exponentials sum to about 1."""
    one_hot: bool
    """Every row is one 1 among 0s."""


def matrix_of(table: Any, names: Sequence[str]) -> NDArray[np.float64]:
    """The columns as float64, rows × columns; a list column gives its elements."""
    if len(names) == 1 and _is_list(table.schema.field(names[0]).type):
        rows = [row for row in table[names[0]].to_pylist() if row is not None]
        width = max((len(row) for row in rows), default=0)
        complete = [[np.nan if one is None else one for one in row] for row in rows if len(row) == width]
        return np.asarray(complete, dtype=np.float64).reshape(len(complete), width)
    columns = [_floats(table[name].combine_chunks()) for name in names]
    return np.column_stack(columns) if columns else np.empty((0, 0))


def _floats(column: Any) -> NDArray[np.float64]:
    """Numbers as float64, NaN where a cell is empty."""
    from pyarrow import float64, types

    kind = column.type
    if not (types.is_integer(kind) or types.is_floating(kind)):
        column = column.cast(float64(), safe=False)
    return np.where(empty_cells(column), np.nan, viewed(column).astype(np.float64))


def instead_of_numbers(table: Any, names: Sequence[str]) -> str:
    """What the first column that could have held numbers holds, as the end of a sentence; "" where all are empty."""
    for name in names:
        value = next((one for one in table[name].to_pylist() if one is not None), None)
        if value is None or isinstance(value, (dict, list)):
            continue
        text = str(value)
        if re.fullmatch(r"-?\d*,\d+", text):
            return f"column {name!r} holds {text!r}: write numbers with a point, {text.replace(',', '.')}"
        if text.rstrip().endswith("%"):
            return f"column {name!r} holds {text!r}: write shares of 1 without a sign"
        return f"column {name!r} holds {text!r}, which is no number"
    return ""


def weigh(values: NDArray[np.float64]) -> Evidence:
    """Look at a sample of rows.

    Args:
        values: rows × classes.

    Returns:
        What it shows.
    """
    kept = values[~np.isnan(values).any(axis=1)] if values.size else values.reshape(0, 1)
    rows, width = kept.shape
    if not rows:
        return Evidence(0, width, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, one_hot=False)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        sums = kept.sum(axis=1)
        off = np.abs(sums - 1.0)
        top = kept.max(axis=1, keepdims=True)
        log_sums = top[:, 0] + np.log(np.exp(kept - np.where(np.isfinite(top), top, 0.0)).sum(axis=1))
    whole = np.isfinite(kept) & (kept == np.rint(kept))
    unit = (kept >= 0) & (kept <= 1)
    return Evidence(
        rows=rows,
        width=width,
        least=float(kept.min()),
        most=float(kept.max()),
        whole=float(whole.mean()),
        unit=float(unit.mean()),
        near_one=float((off <= _NEAR_ONE).mean()),
        near_hundred=float(((np.abs(sums / _PERCENT - 1) <= _NEAR_ONE) & (kept >= 0).all(axis=1)).mean()),
        log_near_zero=float((np.abs(log_sums) <= _LOG_NEAR_ZERO).mean()),
        one_hot=bool(whole.all() and unit.all() and (off == 0).all()),
    )


def _is_list(arrow_type: Any) -> bool:
    from pyarrow import types

    return bool(types.is_list(arrow_type) or types.is_large_list(arrow_type) or types.is_fixed_size_list(arrow_type))
