"""The tables of a run: predictions and people's answers, in files that `compare` reads."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.comparison.writing import write_atomically
from bitsapart.errors import DataError

from .items import Answers

__all__ = ["people_table", "prediction_table", "reading_of", "write_predictions"]


def prediction_table(ids: Sequence[str], classes: Sequence[str], probabilities: NDArray[np.float64]) -> bytes:
    """CSV: item, then one column of probabilities for each class, to the last bit."""
    return _csv([_id_column(classes), *classes], ids, probabilities.tolist())


def people_table(answers: Answers) -> bytes:
    """CSV of what people said of the same items: labels, counts or shares, and weights where there are some."""
    if answers.kind == "labels":
        columns, cells = ["label"], [[answers.classes[code]] for code in answers.values.tolist()]
    else:
        columns, cells = list(answers.classes), answers.values.tolist()
    if answers.weights is not None:
        columns.append("weight")
        cells = [[*row, weight] for row, weight in zip(cells, answers.weights.tolist(), strict=True)]
    return _csv([_id_column(columns), *columns], answers.ids, cells)


def reading_of(classes: Sequence[str], *, kind: str, exact: bool, weighted: bool) -> dict[str, Any]:
    """The options under which `compare` reads both tables as they are meant."""
    columns = ["label"] if kind == "labels" else list(classes)
    reading: dict[str, Any] = {
        "people_kind": "exact" if exact else kind,
        "model_kind": "probs",
        "classes": tuple(classes),
        "item": _id_column(columns),
    }
    if weighted:
        reading["weight"] = "weight"
    return reading


def write_predictions(
    path: Path, ids: Sequence[str], classes: Sequence[str], probabilities: NDArray[np.float64]
) -> None:
    """Write probabilities as CSV, Parquet or Arrow, as the file's ending says.

    Raises:
        DataError: another ending, or a folder that cannot be written to.
    """
    if path.suffix == ".parquet":
        import pyarrow as pa
        from pyarrow import parquet

        columns = {_id_column(classes): list(ids)} | dict(zip(classes, probabilities.T, strict=True))
        sink = pa.BufferOutputStream()
        parquet.write_table(pa.table(columns), sink)
        write_atomically(path, sink.getvalue().to_pybytes())
    elif path.suffix == ".csv" or (path.exists() and not path.is_file()):
        write_atomically(path, prediction_table(ids, classes, probabilities))
    else:
        message = f"{path} ends in {path.suffix or 'nothing'}, but predictions are written as .csv or .parquet"
        raise DataError(message)


def _id_column(others: Sequence[str]) -> str:
    return next(name for name in ("item", "id", "item_id", "picture") if name not in others)


def _csv(header: list[str], ids: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([name, *row] for name, row in zip(ids, rows, strict=True))
    return text.getvalue().encode()
