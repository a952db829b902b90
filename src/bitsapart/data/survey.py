"""What inputs hold in all: panels, shares of classes, a model's favourites and zeros. One pass over the blocks."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.rows import distinct_rows

from .block import Columns
from .pair import Pair

__all__ = ["ModelSurvey", "PeopleSurvey", "survey"]

_MOST_PATTERNS = 200_000


@dataclass
class PeopleSurvey:
    """People in all.

    Args:
        items: how many items they judged.
        judgements: how many judgements there are; `None` where a distribution is taken as given.
        fewest: the smallest panel.
        most: the largest panel.
        shares: how much of all that was said each class has.
        with_two: items that two or more people judged.
        patterns: how often each vector of counts occurs; `None` where there are too many to keep.
    """

    classes: tuple[str, ...]
    items: int = 0
    judgements: int | None = 0
    fewest: int = 0
    most: int = 0
    with_two: int = 0
    totals: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    patterns: Counter[tuple[int, ...]] | None = field(default_factory=Counter)

    @property
    def shares(self) -> dict[str, float]:
        """Each class's share of all that was said."""
        whole = float(self.totals.sum())
        return {name: float(total) / whole for name, total in zip(self.classes, self.totals, strict=True)}

    def see(self, people: Columns) -> None:
        """Take in a block."""
        if not isinstance(people, tuple):
            seen, times = np.unique(people, return_counts=True)
            single = np.zeros((len(seen), len(self.classes)), dtype=np.int64)
            single[np.arange(len(seen)), seen] = 1
            self._see_patterns(single, times)
        elif people[0].dtype.kind == "f":
            self.judgements, self.patterns = None, None
            self.items += len(people[0])
            self.totals = self._totals() + np.array([float(column.sum(dtype=np.float64)) for column in people])
        else:
            different, _, times = distinct_rows(np.column_stack(people))
            self._see_patterns(different, times)

    def _see_patterns(self, counts: NDArray[np.int64], times: NDArray[np.int64]) -> None:
        """Take in vectors of counts and how often each occurs."""
        panels = counts.sum(axis=1)
        self.fewest = int(panels.min()) if not self.items else min(self.fewest, int(panels.min()))
        self.most = max(self.most, int(panels.max()))
        self.items += int(times.sum())
        self.judgements = (self.judgements or 0) + int(panels @ times)
        self.with_two += int(times[panels > 1].sum())
        self.totals = self._totals() + times @ counts
        if self.patterns is not None:
            for vector, often in zip(counts.tolist(), times.tolist(), strict=True):
                self.patterns[tuple(vector)] += often
            if len(self.patterns) > _MOST_PATTERNS:
                self.patterns = None

    def _totals(self) -> NDArray[np.float64]:
        return self.totals if len(self.totals) else np.zeros(len(self.classes))


@dataclass
class ModelSurvey:
    """A model in all.

    Args:
        name: what it is called.
        kind: what its columns hold.
        favourites: how often each class is its most probable one (the first, where several are).
        zeros: items with a class of probability 0: if anybody chose it, the loss is infinite.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    items: int = 0
    zeros: int = 0
    favourites: Counter[str] = field(default_factory=Counter)

    def see(self, model: Columns) -> None:
        """Take in a block."""
        if self.kind == "verdicts":
            first: Any = np.asarray(model)
        else:
            columns = np.column_stack(model if isinstance(model, tuple) else (model, 1 - model.astype(np.float64)))
            first = columns.argmax(axis=1)
            nothing = -np.inf if self.kind in ("logits", "log-probs") else 0
            if self.kind != "counts":
                self.zeros += int((columns == nothing).any(axis=1).sum())
        self.items += len(first)
        for number, times in enumerate(np.bincount(first, minlength=len(self.classes)).tolist()):
            self.favourites[self.classes[number]] += times


def survey(pair: Pair) -> tuple[PeopleSurvey | None, tuple[ModelSurvey, ...]]:
    """Stream a pair once and say what it holds in all.

    Args:
        pair: people, models, or both.

    Returns:
        People's side (`None` without people) and each model's.

    Raises:
        DataError: what streaming the pair raises.
        DomainError: likewise.
    """
    people = None if pair.people_kind is None else PeopleSurvey(pair.classes)
    models = tuple(
        ModelSurvey(name, kind, pair.classes) for name, kind in zip(pair.model_names, pair.model_kinds, strict=True)
    )
    for block in pair.blocks():
        if people is not None and block.people is not None:
            people.see(block.people)
        for model, columns in zip(models, block.models, strict=True):
            model.see(columns)
    return people, models
