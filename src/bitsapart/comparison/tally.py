"""The state: exact running sums over items, which merge by addition."""

import copy
import os
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DomainError, StateError

from .block_sides import length_of, plain
from .moments import GRID, Moments
from .pattern_book import PatternBook, PatternSums
from .tails import WeightedTails, carried_by_few
from .tally_block import CLASS_SUMS, BlockOfItems, fill
from .tally_names import common_name, names_of
from .tally_parts import PARTS, PairSums
from .terms import COLUMNS, ORDINAL, model_kind_of, people_kind_of

if TYPE_CHECKING:
    from .origin import OriginSums
    from .result import Comparison

__all__ = ["PARTS", "PairSums", "PatternSums", "Tally"]

Floats = NDArray[np.float64]
Weighting = Literal["main", "judgement"]
PAIRED = ("cross_entropy", "brier", "squared_distance")


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
        threads: how many threads may work, by default as many as there are processors. The sums do not depend on it.
        exact: people's answers are the truth itself, not a sample of it; kept for the answer that is made later.

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
        threads: int | None = None,
        exact: bool = False,
    ) -> None:
        self.classes = names_of("classes", classes, least=2)
        self.models = names_of("models", models, least=1)
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
        self.threads = threads or _processors()
        self.exact = exact
        self.columns = COLUMNS + (ORDINAL if "ordinal" in self.parts else ())
        self.paired = PAIRED
        self._main: list[dict[str, Moments]] = [dict.fromkeys(self.columns, Moments()) for _ in self.models]
        self._judged: list[Moments] = [Moments() for _ in self.models]
        self._infinite: list[int] = [0 for _ in self.models]
        self._infinite_ids: list[list[str]] = [[] for _ in self.models]
        self._worst: list[list[dict[str, Any]]] = [[] for _ in self.models]
        self._tails: list[list[int]] = [[0, 0] for _ in self.models]
        self._weighted_tails = [WeightedTails() for _ in self.models]
        self._classes: list[dict[str, list[Moments]]] = [
            {key: [Moments()] * len(self.classes) for key in CLASS_SUMS} if "classes" in self.parts else {}
            for _ in self.models
        ]
        cells = len(self.classes) ** 2 if "confusion" in self.parts else 0
        self._confusion: list[list[Moments]] = [[Moments()] * cells for _ in self.models]
        self._pairs: dict[tuple[int, int, str], PairSums] = {
            (a, b, key): PairSums() for a, b in combinations(range(len(self.models)), 2) for key in self.paired
        }
        self._groups: dict[str, list[dict[str, Moments]]] | None = None
        self._patterns = PatternBook.empty(len(self.classes), len(self.models))
        self._verdicts: list[dict[tuple[int, tuple[int, ...], str], Moments]] = [{} for _ in self.models]
        self._calibration = _no_calibration(self) if "calibration" in self.parts else []
        self._extremes: list[dict[str, list[dict[str, Any]]]] = [{} for _ in self.models]

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
        people, models = plain(people), tuple(plain(model) for model in models)
        if len(models) != len(self.models):
            message = (
                f"{len(models)} models are given, but the tally is of {len(self.models)}: {', '.join(self.models)}"
            )
            raise DomainError(message)
        length = length_of(people)
        for name, side in zip(self.models, models, strict=True):
            if length_of(side) != length:
                message = f"people has {length} items and {name} has {length_of(side)}; they must be the same items"
                raise DomainError(message)
        if length == 0:
            return
        fresh = self._empty(people, models, groups)
        column = _weights(weights, length)
        names = None if groups is None else [str(group) for group in np.asarray(groups, dtype=object)]
        fill(fresh, BlockOfItems(people, models, ids, column, names))
        self._take(fresh)

    def _empty(self, people: Any, models: tuple[Any, ...], groups: Any) -> "Tally":
        """An empty tally like this one, with the kinds of a first block settled."""
        if self.items and (self._groups is None) != (groups is None):
            message = "groups must be given for every block or for none"
            raise DomainError(message)
        kinds = [kind or model_kind_of(model) for kind, model in zip(self._kinds, models, strict=True)]
        fresh = Tally(
            self.classes, models=self.models, people_kind=self.people_kind or people_kind_of(people), model_kind=kinds,
            positive=self.positive, per=self.per, worst=self.worst_kept, parts=self.parts, threads=self.threads,
        )  # fmt: skip
        fresh._groups = None if groups is None else {}
        return fresh

    def _take(self, other: "Tally") -> None:
        from .tally_sums import add

        if self.items == 0:
            self.people_kind, self._kinds = other.people_kind, list(other._kinds)
            self._groups = None if other._groups is None else {}
        add(self, other)

    def merge(self, other: "Tally") -> None:
        """Add the sums of other items, exactly.

        Raises:
            StateError: the other tally is of other classes, models, kinds or parts.
        """
        models = common_name(self.models, other.models)
        for name in ("classes", "models", "per", "parts", "positive", "exact"):
            if name == "models" and models is not None:
                continue
            if getattr(self, name) != getattr(other, name):
                way = "; name them for every part in one order (--classes)" if name == "classes" else ""
                message = (
                    f"these tallies do not belong together: {name} are {getattr(self, name)!r} in one and "
                    f"{getattr(other, name)!r} in the other{way}"
                )
                raise StateError(message)
        if other.items == 0:
            return
        if self.items and (self.people_kind, self._kinds) != (other.people_kind, other._kinds):
            message = "these tallies do not belong together: they are of different kinds of people or models"
            raise StateError(message)
        if self.items and (self._groups is None) != (other._groups is None):
            message = "these tallies do not belong together: one has groups and the other has none"
            raise StateError(message)
        self.models = models or self.models
        self._take(copy.deepcopy(other))

    # ---- reading ----------------------------------------------------------------------------------------------

    @property
    def model_kinds(self) -> tuple[str | None, ...]:
        """The kind of each model."""
        return tuple(self._kinds)

    @property
    def spoken_models(self) -> tuple[str, ...]:
        """What a message calls the models."""
        return ("model",) if len(self.models) == 1 else self.models

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

    def totals_by_group(self, measure: str, model: int = 0) -> dict[str, float] | None:
        """Σwd of each group by its name; None without groups."""
        if self._groups is None:
            return None
        return {name: self._groups[name][model].get(measure, Moments()).total for name in sorted(self._groups)}

    def infinite(self, model: int = 0) -> tuple[int, list[str]]:
        """How many items have an infinite loss, and the first ten of them in the order of their names."""
        return self._infinite[model], list(self._infinite_ids[model])

    def worst(self, model: int = 0) -> list[dict[str, Any]]:
        """The items with the largest finite loss: nats, item, people's shares, model's probabilities."""
        return copy.deepcopy(self._worst[model])

    def pair(self, a: int, b: int, measure: str = "cross_entropy") -> PairSums:
        """The sums of the paired differences of models a < b."""
        return self._pairs[a, b, measure]

    def heavy_tailed(self, model: int = 0) -> bool | None:
        """Whether a few items carry most of the variance of the cross-entropy; None where that is not known."""
        if "tails" not in self.parts:
            return None
        third, fourth = self._tails[model]
        return carried_by_few(self.moments("cross_entropy", model), third, fourth, self._weighted_tails[model])

    def class_sums(self, model: int = 0) -> dict[str, list[float]]:
        """What each class contributes to the means, by column; infinite where an item's loss in that class is.

        Nothing where it was not gathered.
        """
        weight, table = self.moments("brier", model).w, self._classes[model]

        def mean(sums: Moments, items: int) -> float:
            return float("nan") if not weight else float("inf") if sums.n < items else sums.x / weight

        items = [sums.n for sums in table.get("people", ())]
        return {key: [mean(*pair) for pair in zip(row, items, strict=True)] for key, row in table.items()}

    def confusion(self, model: int = 0) -> list[list[float]]:
        """Mean p̂ ⊗ q: row people's class, column the model's; it sums to 1. Nothing where not gathered."""
        size = len(self.classes)
        flat = [m.mean for m in self._confusion[model]]
        return [flat[at : at + size] for at in range(0, len(flat), size)]

    def verdicts(self, model: int = 0) -> dict[tuple[int, tuple[int, ...], str], Moments]:
        """(verdict, people's counts, group) → the sums of 1 over the items, for a model that gives verdicts."""
        return dict(self._verdicts[model])

    def calibration(self, model: int = 0) -> "OriginSums | None":
        """What calibration needs of a model; None where it was not gathered."""
        return self._calibration[model] if self._calibration else None

    def extremes(self, model: int = 0) -> dict[str, list[dict[str, Any]]]:
        """The items where people are sure and the model is wrong, and where people are split and the model is sure."""
        return copy.deepcopy(self._extremes[model])

    def leave_out(self, parts: Sequence[str]) -> None:
        """Gather these parts no longer, and forget them: "classes", "confusion", "calibration" or "extremes"."""
        fresh = Tally(self.classes, models=self.models)
        self.parts = tuple(part for part in self.parts if part not in parts)
        for part in parts:
            setattr(self, f"_{part}", getattr(fresh, f"_{part}"))

    def cubes(self, model: int = 0) -> float:
        """Σd³ of the cross-entropy over the items where it is finite; nan where it was not gathered."""
        return self._tails[model][0] / GRID if "tails" in self.parts else float("nan")

    def patterns(self) -> PatternSums | None:
        """The pattern table; None where it was not gathered or nothing was counted."""
        return self._patterns.sums(grouped=self._groups is not None) if self._patterns else None

    def result(self) -> "Comparison":
        """The answer that these sums give, in bits."""
        from .result import Comparison
        from .summary import Settings, document

        return Comparison(document(self, Settings.of(self)))

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


def _no_calibration(tally: Tally) -> "list[OriginSums]":
    from .origin import OriginSums

    return [OriginSums.empty(len(tally.classes)) for _ in tally.models]


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _weights(weights: Any, length: int) -> Floats | None:
    if weights is None:
        return None
    column = np.require(weights, np.float64, ["C", "A"])
    if column.shape != (length,):
        message = f"weights has shape {column.shape}, but must be ({length},), one weight for each item"
        raise DomainError(message)
    bad = np.flatnonzero(~(np.isfinite(column) & (column >= 0)))
    if len(bad):
        message = f"weights[{bad[0]}] is {column[bad[0]]:g}, but weights must be finite and ≥ 0"
        raise DomainError(message)
    return column
