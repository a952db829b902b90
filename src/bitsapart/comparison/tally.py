"""The state: exact running sums over items, which merge by addition."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, takewhile
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DomainError, StateError

from .intervals import effective_items, heavy_tailed
from .moments import GRID, Moments, column_sums, grouped_sums
from .terms import (
    COLUMNS,
    ORDINAL,
    Answers,
    Forecast,
    Place,
    model_kind_of,
    people_kind_of,
    read_model,
    read_people,
    terms,
)

if TYPE_CHECKING:
    from .result import Comparison

__all__ = ["PARTS", "PairSums", "PatternSums", "Tally"]

Floats = NDArray[np.float64]
Weighting = Literal["main", "judgement"]

#: What can be switched on beside the additive core.
PARTS = ("pairs", "tails", "classes", "confusion", "patterns", "ordinal", "verdicts")
PAIRED = ("cross_entropy", "brier", "squared_distance")
_CLASS_SUMS = ("people", "model", "cross_entropy", "absolute_error", "squared_error")
_INFINITE_SHOWN = 10
_FEW = 50  # below this many items the paired differences themselves are kept, for a permutation test
_CHUNK = 1 << 20  # numbers in a chunk of work


@dataclass
class PairSums:
    """The differences δ = d(A) − d(B) of two models on the same items.

    Attributes:
        moments: of w·δ over the items where both are finite.
        won_a: items where A's loss is smaller; an infinite loss is larger than every finite one.
        won_b: items where B's loss is smaller.
        even: the other items.
        third: Σδ³ as a multiple of the grid.
        fourth: Σδ⁴ as a multiple of the grid.
        few: the w·δ themselves, sorted, while there are fewer than 50; None beyond.
    """

    moments: Moments = field(default_factory=Moments)
    won_a: int = 0
    won_b: int = 0
    even: int = 0
    third: int = 0
    fourth: int = 0
    few: list[float] | None = field(default_factory=list)

    def add(self, a: Floats, b: Floats, weights: Floats | None) -> None:
        """Add a block of items."""
        self.won_a += int((a < b).sum())
        self.won_b += int((b < a).sum())
        self.even += int((a == b).sum())
        with np.errstate(invalid="ignore"):
            delta = a - b
        delta = np.where(np.isfinite(a) & np.isfinite(b), delta, np.nan)
        self.moments += column_sums(delta, weights)
        self.third += column_sums(delta**3).x
        self.fourth += column_sums(delta**4).x
        if self.few is not None:
            known = np.isfinite(delta)
            weighted = (delta if weights is None else delta * weights)[known]
            self._keep(weighted.tolist() if len(weighted) + len(self.few) < _FEW else None)

    def merge(self, other: "PairSums") -> None:
        """Add the sums of other items."""
        for name in ("moments", "won_a", "won_b", "even", "third", "fourth"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._keep(other.few)

    def _keep(self, more: list[float] | None) -> None:
        if self.few is None or more is None or len(self.few) + len(more) >= _FEW:
            self.few = None
        else:
            self.few = sorted(self.few + more)


@dataclass(frozen=True)
class PatternSums:
    """How often each count vector occurs, and each model's loss over the items that have it.

    Attributes:
        counts: [P, C] the patterns, sorted.
        groups: [P] code of the group, or None.
        items: [P] items.
        cross_entropy: for each model P moments of the cross-entropy, over the items where it is finite.
        infinite: for each model [P] items where the loss is infinite.
        weight: [P] Σw.
        weight_square: [P] Σw².
    """

    counts: NDArray[np.int64]
    groups: NDArray[np.int64] | None
    items: NDArray[np.int64]
    cross_entropy: tuple[tuple[Moments, ...], ...]
    infinite: tuple[NDArray[np.int64], ...]
    weight: Floats
    weight_square: Floats


class Tally:
    """Exact running sums of how far models are from people.

    Whatever is a sum over items is kept here as a whole number on a fixed grid, so any split of the data, any order and
    any number of threads give the same state to the bit. `result()` makes the answer from it.

    Args:
        classes: the names of the classes, in the order of the columns.
        models: the models' names.
        people_kind: "labels" (one class code per item), "counts" or "probs"; decided by the first block where left out.
        model_kind: "probs", "logits", "log-probs" or "verdicts", one for all or one for each model.
        positive: the place of the class that a single probability column speaks of.
        per: "item" (every item counts the same) or "judgement" (every judgement does).
        worst: how many of the farthest items are kept for each model.
        parts: what is gathered beside the additive core; see `PARTS`.

    Raises:
        DomainError: fewer than two classes, a name twice, or an unknown part.

    Example:
        >>> tally = Tally(["cat", "dog"])
        >>> tally.update([[3, 1], [0, 4]], [[0.75, 0.25], [0.5, 0.5]])
        >>> round(tally.moments("cross_entropy").mean, 4)  # nats
        0.6277
    """

    def __init__(
        self,
        classes: Sequence[str],
        *,
        models: Sequence[str] = ("model",),
        people_kind: Literal["labels", "counts", "probs"] | None = None,
        model_kind: str | Sequence[str] | None = None,
        positive: int = 0,
        per: Literal["item", "judgement"] = "item",
        worst: int = 10,
        parts: Sequence[str] = (),
    ) -> None:
        self.classes = _names("classes", classes, least=2)
        self.models = _names("models", models, least=1)
        unknown = sorted(set(parts) - set(PARTS))
        if unknown:
            message = f"parts names {unknown[0]!r}, but the parts are {', '.join(PARTS)}"
            raise DomainError(message)
        kinds = (
            [model_kind] * len(self.models) if model_kind is None or isinstance(model_kind, str) else list(model_kind)
        )
        if len(kinds) != len(self.models):
            message = f"model_kind has {len(kinds)} entries for {len(self.models)} models"
            raise DomainError(message)
        self.people_kind = people_kind
        self._kinds: list[str | None] = list(kinds)
        self.positive, self.per, self.worst_kept = positive, per, worst
        self.parts = tuple(part for part in PARTS if part in parts)
        self.items = 0
        self.panel_sizes: dict[int, int] = {}
        columns = COLUMNS + (ORDINAL if "ordinal" in self.parts else ())
        self._main: list[dict[str, Moments]] = [dict.fromkeys(columns, Moments()) for _ in self.models]
        self._judged: list[Moments] = [Moments() for _ in self.models]
        self._infinite: list[int] = [0 for _ in self.models]
        self._infinite_ids: list[list[str]] = [[] for _ in self.models]
        self._worst: list[list[dict[str, Any]]] = [[] for _ in self.models]
        self._tails: list[list[int]] = [[0, 0] for _ in self.models]
        self._classes: list[dict[str, list[Moments]]] = [
            {key: [Moments()] * len(self.classes) for key in _CLASS_SUMS} for _ in self.models
        ]
        self._confusion: list[list[Moments]] = [[Moments()] * len(self.classes) ** 2 for _ in self.models]
        self._pairs: dict[tuple[int, int, str], PairSums] = {
            (a, b, key): PairSums() for a, b in combinations(range(len(self.models)), 2) for key in PAIRED
        }
        self._groups: dict[str, list[dict[str, Moments]]] | None = None
        self._patterns: dict[tuple[tuple[int, ...], str], list[Any]] = {}
        self._verdicts: list[dict[tuple[int, tuple[int, ...]], int]] = [{} for _ in self.models]

    # ---- adding -----------------------------------------------------------------------------------------------

    def update(self, people: Any, *models: Any, ids: Any = None, weights: Any = None, groups: Any = None) -> None:
        """Add a block of items. A block that is refused leaves the tally as it was.

        Args:
            people: class codes (n,), or counts or probabilities (n, C), or C columns.
            models: for each model probabilities, logits or log-probabilities (n, C) or as C columns, or one column (n,)
                of the positive class, or class codes (verdicts).
            ids: (n,) the items' names, for the lists of the worst; left out, items stay nameless.
            weights: (n,) finite and ≥ 0.
            groups: (n,) names; items of one group belong together.

        Raises:
            DomainError: a value is outside its domain, or the lengths differ.
            AmbiguityError: the kind of a side cannot be told from its numbers.
        """
        people, models = _plain(people), tuple(_plain(model) for model in models)
        if len(models) != len(self.models):
            message = (
                f"{len(models)} models are given, but the tally is of {len(self.models)}: {', '.join(self.models)}"
            )
            raise DomainError(message)
        length = _length(people)
        for name, side in zip(self.models, models, strict=True):
            if _length(side) != length:
                message = f"people has {length} items and {name} has {_length(side)}; they must be the same items"
                raise DomainError(message)
        if length == 0:
            return
        grown = copy.deepcopy(self)
        grown._settle(people, models, groups)
        weights = _weights(weights, length)
        step = max(_CHUNK // len(self.classes), 1)
        for start in range(0, length, step):
            rows = slice(start, start + step)
            grown._add(
                _rows(people, rows), tuple(_rows(model, rows) for model in models), Place("people", ids, start),
                None if weights is None else weights[rows],
                None if groups is None else [str(group) for group in np.asarray(groups, dtype=object)[rows]],
            )  # fmt: skip
        self.__dict__.update(grown.__dict__)

    def _settle(self, people: Any, models: tuple[Any, ...], groups: Any) -> None:
        self.people_kind = self.people_kind or people_kind_of(people)
        self._kinds = [kind or model_kind_of(model) for kind, model in zip(self._kinds, models, strict=True)]
        if self.items and (self._groups is None) != (groups is None):
            message = "groups must be given for every block or for none"
            raise DomainError(message)
        if groups is not None and self._groups is None:
            self._groups = {}

    def _add(
        self, people: Any, models: tuple[Any, ...], place_of: Place, weights: Floats | None, groups: list[str] | None
    ) -> None:  # fmt: skip
        assert self.people_kind is not None
        classes = len(self.classes)
        answers = read_people(people, self.people_kind, classes, place_of)
        judgements = answers.judgements
        forecasts = [
            read_model(model, str(kind), classes, place_of.beside(name if len(models) > 1 else "model"), self.positive)
            for name, kind, model in zip(self.models, self._kinds, models, strict=True)
        ]
        judged = weights if judgements is None else judgements if weights is None else judgements * weights
        main = judged if self.per == "judgement" else weights
        values = [terms(answers, forecast, ordinal="ordinal" in self.parts) for forecast in forecasts]
        if judgements is not None:
            for size, count in zip(*np.unique(judgements.astype(np.int64), return_counts=True), strict=True):
                self.panel_sizes[int(size)] = self.panel_sizes.get(int(size), 0) + int(count)
        self.items += len(answers.shares)
        for place, (columns, forecast) in enumerate(zip(values, forecasts, strict=True)):
            self._add_model(place, columns, place_of, main, judged, answers, forecast)
            self._add_parts(place, columns, answers, forecast, main)
        if "pairs" in self.parts:
            for (a, b, key), sums in self._pairs.items():
                sums.add(values[a][key], values[b][key], main)
        if groups is not None:
            self._add_groups(groups, values, main, judged)
        if "patterns" in self.parts and answers.counts is not None:
            self._add_patterns(answers.counts, values, main, groups)

    def _add_model(
        self, place: int, columns: dict[str, Floats], place_of: Place, main: Floats | None,
        judged: Floats | None, answers: Answers, forecast: Forecast,
    ) -> None:  # fmt: skip
        for key, column in columns.items():
            self._main[place][key] += column_sums(column, main)
        loss = columns["cross_entropy"]
        self._judged[place] += column_sums(loss, judged)
        endless = np.flatnonzero(np.isinf(loss))
        self._infinite[place] += len(endless)
        if place_of.named:
            named = [place_of.name(row) for row in endless.tolist()]
            self._infinite_ids[place] = sorted(self._infinite_ids[place] + named, key=_natural)[:_INFINITE_SHOWN]
        finite = np.flatnonzero(np.isfinite(loss))
        keep = min(self.worst_kept, len(finite))
        if keep:
            rounded = np.rint(loss[finite] * GRID) / GRID
            bar = np.partition(rounded, len(finite) - keep)[len(finite) - keep]
            for row in finite[rounded >= bar].tolist():
                self._worst[place].append({
                    "nats": float(np.rint(loss[row] * GRID) / GRID),
                    "item": place_of.name(row) if place_of.named else None,
                    "people": answers.shares[row].tolist(), "model": forecast.probs[row].tolist(),
                })  # fmt: skip
            self._worst[place] = _farthest(self._worst[place], self.worst_kept)

    def _add_parts(
        self, place: int, columns: dict[str, Floats], answers: Answers, forecast: Forecast, main: Floats | None
    ) -> None:
        p, q = answers.shares, forecast.probs
        if "tails" in self.parts:
            loss = columns["cross_entropy"]
            loss = np.where(np.isfinite(loss), loss, np.nan)
            for power in (3, 4):
                self._tails[place][power - 3] += column_sums(loss**power).x
        if "classes" in self.parts:
            half = 0.5 if len(self.classes) == 2 else 1.0
            said = p > 0
            parts = {
                "people": p, "model": q,
                "cross_entropy": -np.where(said, p * np.where(said, forecast.logs, 0.0), 0.0) + 0.0,
                "absolute_error": half * np.abs(p - q), "squared_error": half * (p - q) ** 2,
            }  # fmt: skip
            for key, table in parts.items():
                sums = self._classes[place][key]
                self._classes[place][key] = [s + column_sums(table[:, c], main) for c, s in enumerate(sums)]
        if "confusion" in self.parts:
            size = len(self.classes)
            for a in range(size):
                for b in range(size):
                    self._confusion[place][a * size + b] += column_sums(p[:, a] * q[:, b], main)
        if "verdicts" in self.parts and self._kinds[place] == "verdicts" and answers.counts is not None:
            codes = q.argmax(axis=1)
            joined = np.column_stack([codes, answers.counts.astype(np.int64)])
            rows, counts = np.unique(joined, axis=0, return_counts=True)
            table_of = self._verdicts[place]
            for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
                cell = (row[0], tuple(row[1:]))
                table_of[cell] = table_of.get(cell, 0) + count

    def _add_groups(
        self, groups: list[str], values: list[dict[str, Floats]], main: Floats | None, judged: Floats | None
    ) -> None:
        assert self._groups is not None
        names, codes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
        for place, columns in enumerate(values):
            weighted = [(key, column, main) for key, column in columns.items()]
            weighted.append(("judged", columns["cross_entropy"], judged))
            for key, column, weights in weighted:
                for name, sums in zip(names.tolist(), grouped_sums(column, codes, len(names), weights), strict=True):
                    own = self._groups.setdefault(name, [{} for _ in self.models])[place]
                    own[key] = own.get(key, Moments()) + sums

    def _add_patterns(
        self, counts: Floats, values: list[dict[str, Floats]], main: Floats | None, groups: list[str] | None
    ) -> None:
        keys: list[tuple[tuple[int, ...], str]]
        rows, codes = np.unique(counts.astype(np.int64), axis=0, return_inverse=True)
        codes = codes.reshape(-1)
        if groups is None:
            keys = [(tuple(row), "") for row in rows.tolist()]
        else:
            names, group_codes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
            both, codes = np.unique(codes * len(names) + group_codes, return_inverse=True)
            keys = [(tuple(rows[c // len(names)].tolist()), str(names[c % len(names)])) for c in both.tolist()]
        weights = grouped_sums(np.ones(len(codes)), codes, len(keys), main)
        losses = [columns["cross_entropy"] for columns in values]
        sums = [grouped_sums(loss, codes, len(keys), main) for loss in losses]
        endless = [np.bincount(codes[np.isinf(loss)], minlength=len(keys)).tolist() for loss in losses]
        for number, key in enumerate(keys):
            fresh = [weights[number], [s[number] for s in sums], [e[number] for e in endless]]
            self._patterns[key] = _added(self._patterns.get(key), fresh)

    def merge(self, other: "Tally") -> None:
        """Add the sums of other items, exactly.

        Raises:
            StateError: the other tally is of other classes, models, kinds or parts.
        """
        models = _common_name(self.models, other.models)
        for name in ("classes", "models", "per", "parts", "positive"):
            if name == "models" and models is not None:
                continue
            if getattr(self, name) != getattr(other, name):
                message = (
                    f"these tallies do not belong together: {name} are {getattr(self, name)!r} in one and "
                    f"{getattr(other, name)!r} in the other"
                )
                raise StateError(message)
        if other.items == 0:
            return
        if self.items == 0:
            self.people_kind, self._kinds = other.people_kind, list(other._kinds)
            self._groups = None if other._groups is None else {}
        if (self.people_kind, self._kinds) != (other.people_kind, other._kinds):
            message = "these tallies do not belong together: they are of different kinds of people or models"
            raise StateError(message)
        if (self._groups is None) != (other._groups is None):
            message = "these tallies do not belong together: one has groups and the other has none"
            raise StateError(message)
        from .tally_sums import add

        self.models = models or self.models
        add(self, copy.deepcopy(other))

    # ---- reading ----------------------------------------------------------------------------------------------

    @property
    def model_kinds(self) -> tuple[str | None, ...]:
        """The kind of each model."""
        return tuple(self._kinds)

    @property
    def judgements(self) -> int | None:
        """Judgements in all; None where distributions were given."""
        return None if self.people_kind == "probs" else sum(size * count for size, count in self.panel_sizes.items())

    def moments(self, measure: str, model: int = 0, *, weighting: Weighting = "main") -> Moments:
        """The exact sums of one column over the items where it is finite.

        Args:
            measure: a column, see `terms.COLUMNS`.
            model: the model's place.
            weighting: "main", or "judgement" for the cross-entropy with every judgement counted the same.
        """
        return self._judged[model] if weighting == "judgement" else self._main[model].get(measure, Moments())

    def group_sums(
        self, measure: str, model: int = 0, *, weighting: Weighting = "main"
    ) -> tuple[Floats, Floats] | None:
        """(Σwd, Σw) of each group, in the order of their names; None without groups."""
        if self._groups is None:
            return None
        key = "judged" if weighting == "judgement" else measure
        sums = [self._groups[name][model].get(key, Moments()) for name in sorted(self._groups)]
        return np.array([s.total for s in sums]), np.array([s.weight for s in sums])

    def infinite(self, model: int = 0) -> tuple[int, list[str]]:
        """How many items have an infinite loss, and the first ten of them in the order of their names."""
        return self._infinite[model], list(self._infinite_ids[model])

    def worst(self, model: int = 0) -> list[dict[str, Any]]:
        """The items with the largest finite loss: nats, item, people's shares, model's probabilities."""
        return copy.deepcopy(self._worst[model])

    def pair(self, a: int, b: int, measure: str = "cross_entropy") -> PairSums:
        """The sums of the paired differences of models a < b."""
        return self._pairs[a, b, measure]

    def heavy_tailed(self, model: int = 0) -> bool:
        """Whether a few items carry most of the variance of the cross-entropy (False where it was not gathered)."""
        if "tails" not in self.parts or self.moments("cross_entropy", model).n < 2:
            return False
        m = self.moments("cross_entropy", model)
        if m.w != m.n * GRID:
            return False
        third, fourth = (power / GRID for power in self._tails[model])
        return heavy_tailed(m.n, effective_items(m.n, m.total, m.xx / GRID**2, third, fourth))

    def class_sums(self, model: int = 0) -> dict[str, list[float]]:
        """What each class contributes to the means, by column."""
        weight = self.moments("brier", model).w
        return {
            key: [m.x / weight if weight else float("nan") for m in row] for key, row in self._classes[model].items()
        }

    def confusion(self, model: int = 0) -> list[list[float]]:
        """Mean p̂ ⊗ q: row people's class, column the model's; it sums to 1."""
        size = len(self.classes)
        flat = [m.mean for m in self._confusion[model]]
        return [flat[row * size : (row + 1) * size] for row in range(size)]

    def verdicts(self, model: int = 0) -> dict[tuple[int, tuple[int, ...]], int]:
        """(verdict, people's counts) → items, for a model that gives verdicts."""
        return dict(self._verdicts[model])

    def patterns(self) -> PatternSums | None:
        """The pattern table; None where it was not gathered or nothing was counted."""
        if not self._patterns:
            return None
        keys = sorted(self._patterns)
        rows = [self._patterns[key] for key in keys]
        codes = {name: code for code, name in enumerate(sorted({group for _, group in keys}))}
        return PatternSums(
            counts=np.array([counts for counts, _ in keys], dtype=np.int64),
            groups=None if self._groups is None else np.array([codes[group] for _, group in keys], dtype=np.int64),
            items=np.array([row[0].n for row in rows], dtype=np.int64),
            cross_entropy=tuple(tuple(row[1][m] for row in rows) for m in range(len(self.models))),
            infinite=tuple(np.array([row[2][m] for row in rows], dtype=np.int64) for m in range(len(self.models))),
            weight=np.array([row[0].weight for row in rows]),
            weight_square=np.array([row[0].ww / GRID**2 for row in rows]),
        )

    def result(self) -> "Comparison":
        """The answer that these sums give, in bits."""
        from .result import Comparison
        from .summary import document

        return Comparison(document(self))

    # ---- saving -----------------------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """The state as bytes: the same state gives the same bytes."""
        from .tally_bytes import pack

        return pack(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Tally":
        """Read what `to_bytes` wrote.

        Raises:
            StateError: the bytes are no tally, of another version, cut short or damaged.
        """
        from .tally_bytes import unpack

        return unpack(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Tally of {self.items} items, {len(self.classes)} classes, models {', '.join(self.models)}>"


def _common_name(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    """Names under which two tallies may be added: parts of one model are often files like model-1 and model-2.

    Several models must have the same names, so that none is added to another.
    """
    if one == other:
        return one
    if len(one) != 1 or len(other) != 1:
        return None
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one[0], other[0], strict=False))
    return ("".join(letter for letter, _ in alike).rstrip("-_. 0123456789") or "model",)


def _added(old: list[Any] | None, new: list[Any]) -> list[Any]:
    if old is None:
        return new
    return [
        old[0] + new[0], [a + b for a, b in zip(old[1], new[1], strict=True)],
        [a + b for a, b in zip(old[2], new[2], strict=True)],
    ]  # fmt: skip


def _natural(name: str) -> tuple[bool, int, str]:
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)


def _farthest(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    ranked = sorted(rows, key=lambda row: (-row["nats"], _natural(row["item"] or ""), row["people"], row["model"]))
    return ranked[:most]


def _names(what: str, names: Sequence[str], *, least: int) -> tuple[str, ...]:
    found = tuple(str(name) for name in names)
    twice = [name for place, name in enumerate(found) if name in found[:place]]
    if twice:
        message = f"{what} names {twice[0]!r} twice"
        raise DomainError(message)
    if len(found) < least:
        message = f"{what} holds {len(found)} names, but must hold at least {least}"
        raise DomainError(message)
    return found


def _plain(side: Any) -> Any:
    """Lists become arrays; a tuple of columns stays one."""
    if isinstance(side, tuple):
        return tuple(np.asarray(column) for column in side)
    return np.asarray(side)


def _length(side: Any) -> int:
    if isinstance(side, tuple):
        lengths = {len(column) for column in side}
        if len(lengths) != 1:
            message = f"the columns have different lengths: {sorted(lengths)}"
            raise DomainError(message)
        return lengths.pop()
    if side.ndim == 0:
        message = "one number is given, but people and models are arrays with one entry or row for each item"
        raise DomainError(message)
    return len(side)


def _rows(side: Any, rows: slice) -> Any:
    return tuple(column[rows] for column in side) if isinstance(side, tuple) else side[rows]


def _weights(weights: Any, length: int) -> Floats | None:
    if weights is None:
        return None
    column = np.asarray(weights, dtype=np.float64)
    if column.shape != (length,):
        message = f"weights has shape {column.shape}, but must be ({length},), one weight for each item"
        raise DomainError(message)
    bad = np.flatnonzero(~(np.isfinite(column) & (column >= 0)))
    if len(bad):
        message = f"weights[{bad[0]}] is {column[bad[0]]:g}, but weights must be finite and ≥ 0"
        raise DomainError(message)
    return column
