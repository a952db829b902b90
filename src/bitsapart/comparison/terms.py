"""One value per item and column: what people said beside what a model said.

The columns, in nats where they are information: see `COLUMNS`. An item that has no such value holds NaN.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import AmbiguityError, DomainError

__all__ = [
    "COLUMNS", "ORDINAL", "Answers", "Forecast", "Place", "model_kind_of", "people_kind_of", "read_model",
    "read_people", "terms",
]  # fmt: skip

Floats = NDArray[np.float64]
COLUMNS = (
    "cross_entropy", "entropy", "kl_divergence", "absolute_error", "squared_error", "brier", "accuracy",
    "majority_accuracy", "squared_distance", "disagreement",
)  # fmt: skip
ORDINAL = ("ranked_probability_score", "ranked_squared_distance")
PeopleKind = Literal["labels", "counts", "probs"]
_TOLERANCE = 1e-5  # per class, for rows that should sum to 1
_MOST_JUDGEMENTS = 2**31


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


class Place:
    """Where a block's items stand: their names, and how a message speaks of a value."""

    def __init__(self, side: str, ids: Any = None, first: int = 0) -> None:
        self.side, self.ids, self.first = side, ids, first

    @property
    def named(self) -> bool:
        """Whether the items have names."""
        return self.ids is not None

    def name(self, row: int) -> str:
        """The name of the item in this row."""
        return str(self.ids[self.first + row])

    def beside(self, side: str) -> "Place":
        """The same items on another side."""
        return Place(side, self.ids, self.first)

    def __call__(self, row: int, column: int | None = None) -> str:
        """How a message speaks of a value or a row."""
        where = "" if column is None else f", {column}"
        told = f" (item {self.name(row)})" if self.named else ""
        return f"{self.side}[{self.first + row}{where}]{told}"


def matrix(columns: Any, side: str, classes: int) -> Floats:
    """Columns or a table as [n, C] float64."""
    table = np.column_stack([np.asarray(c, dtype=np.float64) for c in columns]) if isinstance(columns, tuple) else (
        np.asarray(columns, dtype=np.float64)
    )  # fmt: skip
    if table.ndim != 2 or table.shape[1] != classes:
        message = f"{side} has shape {table.shape}, but must be (items, {classes}): one column for each class"
        raise DomainError(message)
    return table


def read_people(people: Any, kind: PeopleKind, classes: int, place: Place) -> Answers:
    """Check people's side of a block.

    Raises:
        DomainError: a count is negative, not whole or too large, an item has none, a code is no class, or shares are no
            distribution.
    """
    if kind == "labels":
        codes = np.asarray(people)
        if codes.ndim != 1 or codes.dtype.kind not in "iub":
            message = f"{place.side} must be whole numbers, one class code for each item"
            raise DomainError(message)
        _refuse((codes < 0) | (codes >= classes), codes, place, f"but class codes must lie between 0 and {classes - 1}")
        counts = np.zeros((len(codes), classes))
        counts[np.arange(len(codes)), codes.astype(np.int64)] = 1.0
        return Answers(counts, counts)
    table = matrix(people, place.side, classes)
    if kind == "probs":
        _refuse_no_distribution(table, place, 'If these are counts, pass people_kind="counts"')
        return Answers(None, table)
    _refuse(~(table >= 0), table, place, "but counts must be ≥ 0")
    _refuse(
        table != np.floor(table),
        table,
        place,
        'but counts must be whole. If these are shares, pass people_kind="probs"',
    )
    judgements = table.sum(axis=1)
    _refuse(table >= _MOST_JUDGEMENTS, table, place, "but a count must be below 2^31")
    _refuse(judgements == 0, judgements, place, "judgements: leave out items that nobody judged")
    return Answers(table, table / judgements[:, None])


def read_model(model: Any, kind: str, classes: int, place: Place, positive: int = 0) -> Forecast:
    """Check a model's side of a block and give probabilities with their logarithms.

    Raises:
        DomainError: probabilities are no distribution, logits are NaN or +∞, a verdict is no class.
    """
    with np.errstate(divide="ignore"):
        if kind == "verdicts":
            answers = read_people(model, "labels", classes, place)
            return Forecast(answers.shares, np.log(answers.shares))
        if not isinstance(model, tuple) and np.ndim(model) == 1:
            return _binary(np.asarray(model, dtype=np.float64), kind, classes, place, positive)
        table = matrix(model, place.side, classes)
        if kind == "probs":
            _refuse_no_distribution(table, place, 'If these are logits, pass model_kind="logits"')
            return Forecast(table, np.log(table))
    _refuse(np.isnan(table) | (table == np.inf), table, place, f"but {kind} must be numbers below ∞")
    if kind == "log-probs":
        _refuse(
            table > _TOLERANCE,
            table,
            place,
            'but log-probabilities must be ≤ 0. If these are logits, pass model_kind="logits"',
        )
        probs = np.exp(table)
        _refuse_sum(probs, place, 'If these are logits, pass model_kind="logits"')
        return Forecast(probs, table)
    top = table.max(axis=1, keepdims=True)
    _refuse(top[:, 0] == -np.inf, top[:, 0], place, "in every class, but one logit of a row must be above −∞")
    shifted = table - top
    scale = np.exp(shifted)
    total = scale.sum(axis=1, keepdims=True)
    return Forecast(scale / total, shifted - np.log(total))


def _binary(column: Floats, kind: str, classes: int, place: Place, positive: int) -> Forecast:
    if classes != 2:
        message = f"{place.side} is one column, but there are {classes} classes; give one column for each class"
        raise DomainError(message)
    if kind == "probs":
        rule = 'but probabilities must lie between 0 and 1. If these are logits, pass model_kind="logits"'
        _refuse(~((column >= 0) & (column <= 1)), column, place, rule)
        pair = (column, 1.0 - column)
        logs = (np.log(column), np.log1p(-column))
    elif kind == "logits":
        _refuse(np.isnan(column), column, place, "but logits must be numbers")
        logs = (-np.logaddexp(0.0, -column), -np.logaddexp(0.0, column))
        pair = (np.exp(logs[0]), np.exp(logs[1]))
    else:
        _refuse(~(column <= 0), column, place, "but log-probabilities must be ≤ 0")
        logs = (column, np.log(-np.expm1(column)))
        pair = (np.exp(column), -np.expm1(column))
    order = (0, 1) if positive == 0 else (1, 0)
    return Forecast(np.column_stack([pair[i] for i in order]), np.column_stack([logs[i] for i in order]))


def _refuse(bad: NDArray[np.bool_], values: NDArray[Any], place: Place, rule: str) -> None:
    if not bad.any():
        return
    at = np.argwhere(bad)[0]
    shown = values[tuple(at)]
    message = f"{place(*(int(i) for i in at))} is {shown:.6g}, {rule}"
    raise DomainError(message)


def _refuse_no_distribution(table: Floats, place: Place, way_out: str) -> None:
    _refuse(~(table >= 0), table, place, f"but probabilities must be ≥ 0. {way_out}.")
    _refuse(table > 1 + _TOLERANCE, table, place, f"but probabilities must be ≤ 1. {way_out}.")
    _refuse_sum(table, place, f"If they were rounded in print, pass renormalise. {way_out}")


def _refuse_sum(table: Floats, place: Place, way_out: str) -> None:
    total = table.sum(axis=1)
    off = ~(np.abs(total - 1) <= _TOLERANCE * table.shape[1])
    if off.any():
        row = int(np.argmax(off))
        message = f"{place(row)} sums to {total[row]:.6g}, but the probabilities of an item must sum to 1. {way_out}."
        raise DomainError(message)


def terms(answers: Answers, forecast: Forecast, *, ordinal: bool = False) -> dict[str, Floats]:
    """Every additive measure, one value per item.

    Args:
        answers: people's side, n items.
        forecast: the model's side, the same items.
        ordinal: also the measures of ordered classes.

    Returns:
        Column name → (n,) values; information in nats.
    """
    p, q, logs = answers.shares, forecast.probs, forecast.logs
    half = 0.5 if p.shape[1] == 2 else 1.0  # two classes are one event and its complement
    said = p > 0
    cross = -np.where(said, p * np.where(said, logs, 0.0), 0.0).sum(axis=1) + 0.0
    own = -np.where(said, p * np.log(np.where(said, p, 1.0)), 0.0).sum(axis=1) + 0.0
    square_q = (q * q).sum(axis=1)
    both = (p * q).sum(axis=1)
    first_p, first_q = _largest(p), _largest(q)
    columns = {
        "cross_entropy": cross,
        "entropy": own,
        "kl_divergence": cross - own,
        "absolute_error": half * np.abs(p - q).sum(axis=1),
        "squared_error": half * ((p - q) ** 2).sum(axis=1),
        "brier": half * (1.0 - 2.0 * both + square_q),
        "accuracy": (p * first_q).sum(axis=1),
        "majority_accuracy": (first_p * first_q).sum(axis=1),
    }
    same = _chance_alike(answers)
    columns["squared_distance"] = half * (same - 2.0 * both + square_q)
    columns["disagreement"] = half * (1.0 - same)
    if ordinal:
        columns |= _ranked(answers, q)
    return columns


def _largest(table: Floats) -> Floats:
    top = table == table.max(axis=1, keepdims=True)
    shares: Floats = top / top.sum(axis=1, keepdims=True)
    return shares


def _chance_alike(answers: Answers) -> Floats:
    """Σp², unbiased: the chance that two different people of the panel agree; NaN for one judgement."""
    if answers.counts is None:
        exact: Floats = (answers.shares**2).sum(axis=1)
        return exact
    n, k = answers.counts, answers.counts.sum(axis=1)
    pairs = (n * (n - 1)).sum(axis=1)
    return np.where(k > 1, pairs / np.where(k > 1, k * (k - 1), 1.0), np.nan)


def _ranked(answers: Answers, q: Floats) -> dict[str, Floats]:
    """Σ over the cuts of (F_p − F_q)², as answered, and its unbiased form."""
    below_p = np.cumsum(answers.shares, axis=1)[:, :-1]
    below_q = np.cumsum(q, axis=1)[:, :-1]
    plug_in = ((below_p - below_q) ** 2).sum(axis=1)
    if answers.counts is None:
        return {"ranked_probability_score": plug_in, "ranked_squared_distance": plug_in}
    k = answers.counts.sum(axis=1)
    excess = (below_p * (1.0 - below_p)).sum(axis=1)  # what sampling adds is excess/(K − 1)
    unbiased = np.where(k > 1, plug_in - excess / np.where(k > 1, k - 1, 1.0), np.nan)
    return {"ranked_probability_score": plug_in, "ranked_squared_distance": unbiased}


def people_kind_of(people: Any) -> PeopleKind:
    """Labels, counts or probabilities, where the type of the numbers decides it.

    Raises:
        AmbiguityError: two readings are possible.
    """
    if isinstance(people, tuple):
        people = np.column_stack([np.asarray(c) for c in people])
    array = np.asarray(people)
    if array.dtype.kind in "iub":
        return "labels" if array.ndim == 1 else "counts"
    if array.dtype.kind == "f" and array.ndim == 2:
        if (array != np.floor(array)).any():
            return "probs"
        message = "people holds whole numbers of a floating type: counts or probabilities? Pass people_kind"
        raise AmbiguityError(message)
    message = f"people has type {array.dtype} and shape {array.shape}; pass people_kind to say what it holds"
    raise AmbiguityError(message)


def model_kind_of(model: Any) -> str:
    """Verdicts for whole numbers, probabilities for numbers that can be; nothing else is guessed.

    Raises:
        AmbiguityError: two readings are possible.
    """
    if not isinstance(model, tuple) and np.asarray(model).ndim == 1 and np.asarray(model).dtype.kind in "iub":
        return "verdicts"
    table = np.column_stack([np.asarray(c) for c in model]) if isinstance(model, tuple) else np.asarray(model)
    if table.size and (table >= 0).all() and (table <= 1 + _TOLERANCE).all():
        return "probs"
    message = 'model cannot be probabilities: pass model_kind="logits" or model_kind="log-probs"'
    raise AmbiguityError(message)
