"""The learning curve: rows of a CSV file, and a picture of them."""

import csv
from dataclasses import dataclass
from io import StringIO
from math import log
from pathlib import Path

from bitsapart.errors import DataError

from .objectives import Watched

__all__ = ["COLUMNS", "CurveRow", "read_curve", "to_csv"]

COLUMNS = ("step", "split", "cross_entropy", "log_loss", "squared_error", "absolute_error")


@dataclass(frozen=True)
class CurveRow:
    """One evaluation of one split, before the step's update.

    Attributes:
        step: updates made so far.
        split: "train" or "valid".
        cross_entropy: bits per item.
        log_loss: nats per judgement.
        squared_error, absolute_error: per item.
    """

    step: int
    split: str
    cross_entropy: float
    log_loss: float
    squared_error: float
    absolute_error: float

    @classmethod
    def of(cls, step: int, split: str, seen: Watched) -> "CurveRow":
        """The row of an evaluation."""
        return cls(step, split, seen.cross_entropy / log(2), seen.log_loss, seen.squared_error, seen.absolute_error)


def to_csv(rows: list[CurveRow]) -> bytes:
    """The rows as a CSV file; numbers in the shortest form that reads back the same."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, column) for column in COLUMNS] for row in rows)
    return text.getvalue().encode()


def read_curve(path: Path) -> list[CurveRow]:
    """The rows of a file that `to_csv` wrote."""
    try:
        with path.open(newline="") as file:
            return [
                CurveRow(int(row["step"]), row["split"], *(float(row[column]) for column in COLUMNS[2:]))
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, KeyError) as error:
        message = f"{path} is not a learning curve: {error}"
        raise DataError(message) from None
