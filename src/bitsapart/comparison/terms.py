"""One value per item and column: what people said beside what a model said.

The columns, in nats where they are information: see `COLUMNS`. An item that has no such value holds NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bitsapart import _core
from bitsapart.errors import AmbiguityError

from .block_sides import Place, native_side, refuse

__all__ = [
    "COLUMNS", "ORDINAL", "Answers", "Forecast", "Place", "column_values", "model_kind_of", "people_kind_of",
    "read_model", "read_people",
]  # fmt: skip

Floats = NDArray[np.float64]
COLUMNS = (
    "cross_entropy", "entropy", "kl_divergence", "absolute_error", "squared_error", "brier", "accuracy",
    "majority_accuracy", "squared_distance", "disagreement",
)  # fmt: skip
ORDINAL = ("ranked_probability_score", "ranked_squared_distance")
PeopleKind = Literal["labels", "counts", "probs"]
_ZERO, _NONE = "zero", "none"
#: One label each: what a column is then.
_OF_LABELS = {
    "entropy": _ZERO, "kl_divergence": "cross_entropy", "squared_error": "brier", "majority_accuracy": "accuracy",
    "squared_distance": _NONE, "disagreement": _NONE, "ranked_squared_distance": _NONE,
}  # fmt: skip
_TOLERANCE = 1e-5  # per class, for rows that should sum to 1


@dataclass(frozen=True)
class Answers:
    """What people said of a block of items: counts where they are known, and shares p̂, both [n, C]."""

    counts: Floats | None
    shares: Floats

    @property
    def judgements(self) -> Floats | None:
        """K of each item; None for a distribution that is given."""
        return None if self.counts is None else self.counts.sum(axis=1)


@dataclass(frozen=True)
class Forecast:
    """What a model said: probabilities q and their logarithms, both [n, C]."""

    probs: Floats
    logs: Floats


def read_people(
    people: Any, kind: PeopleKind, classes: int, place: Place, positive: int = 0, threads: int = 1
) -> Answers:
    """Check people's side of a block.

    Raises:
        DomainError: a count is negative, not whole or too large, an item has none, a code is no class, or shares are no
            distribution.
    """
    side = native_side(people, kind, classes, place.side, positive)
    shares = np.empty((len(side), classes))
    fault = _core.distributions(side, 0, shares, None, threads)
    if fault is not None:
        refuse(fault, place, kind, "people_kind", classes)
    if kind == "probs":
        return Answers(None, shares)
    if kind == "labels":
        return Answers(shares, shares)
    columns = people if isinstance(people, tuple) else np.asarray(people).T
    return Answers(np.column_stack([np.asarray(column, dtype=np.float64) for column in columns]), shares)


def read_model(model: Any, kind: str, classes: int, place: Place, positive: int = 0, threads: int = 1) -> Forecast:
    """Check a model's side of a block and give probabilities with their logarithms.

    Raises:
        DomainError: probabilities are no distribution, logits are NaN or +∞, a verdict is no class.
    """
    side = native_side(model, kind, classes, place.side, positive)
    probs, logs = np.empty((len(side), classes)), np.empty((len(side), classes))
    fault = _core.distributions(side, 1, probs, logs, threads)
    if fault is not None:
        refuse(fault, place, kind, "model_kind", classes)
    return Forecast(probs, logs)


def column_values(
    people: _core.Side, models: Sequence[_core.Side], columns: Sequence[str], *, labels: bool, threads: int = 1
) -> list[dict[str, Floats]]:
    """Each item's values, of a block that has been checked before.

    Args:
        people: people's side.
        models: the models' sides.
        columns: names of columns.
        labels: whether people gave one label each; then some columns are the same and some do not exist (NaN).
        threads: how many threads may work.

    Returns:
        For each model column name → (n,) values.
    """
    names = (*COLUMNS, *ORDINAL)
    wanted = sorted({_OF_LABELS.get(column, column) if labels else column for column in columns} - {_ZERO, _NONE})
    values = np.empty((len(models), len(wanted), len(people)))
    if values.size:
        _core.column_values(people, models, [names.index(column) for column in wanted], values, threads)
    found = []
    for table in values:
        known = dict(zip(wanted, table, strict=True))
        sources = {column: _OF_LABELS.get(column, column) if labels else column for column in columns}
        for name, value in ((_ZERO, 0.0), (_NONE, np.nan)):
            if name in sources.values():
                known[name] = np.full(len(people), value)
        found.append({column: known[source] for column, source in sources.items()})
    return found


def people_kind_of(people: Any) -> PeopleKind:
    """Labels, counts or probabilities, where the type of the numbers decides it.

    Raises:
        AmbiguityError: two readings are possible.
    """
    columns = people if isinstance(people, tuple) else (np.asarray(people),)
    kinds = {column.dtype.kind for column in columns}
    wide = isinstance(people, tuple) or columns[0].ndim == 2
    if kinds <= set("iub"):
        return "counts" if wide else "labels"
    if wide and kinds <= set("iubf"):
        if any((column != np.floor(column)).any() for column in columns):
            return "probs"
        message = "people holds whole numbers of a floating type: counts or probabilities? Pass people_kind"
        raise AmbiguityError(message)
    message = f"people has type {columns[0].dtype} and shape {columns[0].shape}; pass people_kind to say what it holds"
    raise AmbiguityError(message)


def model_kind_of(model: Any) -> str:
    """Verdicts for whole numbers, probabilities for numbers that can be; nothing else is guessed.

    Raises:
        AmbiguityError: two readings are possible.
    """
    columns = model if isinstance(model, tuple) else (np.asarray(model),)
    if not isinstance(model, tuple) and columns[0].ndim == 1 and columns[0].dtype.kind in "iub":
        return "verdicts"
    if all(column.size and column.min() >= 0 and column.max() <= 1 + _TOLERANCE for column in columns):
        return "probs"
    message = 'model cannot be probabilities: pass model_kind="logits" or model_kind="log-probs"'
    raise AmbiguityError(message)
