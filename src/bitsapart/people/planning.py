"""Planning a panel: how many items, how many people for each, and what it costs.

The loss of a model on one judgement varies between items and within them, so the mean over N items with K people
each has the variance σ_between²/N + σ_within²/(NK). A pilot with at least two people an item gives both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from bitsapart.errors import DomainError

from .entropy import leave_one_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from .patterns import PatternTable

    Floats = NDArray[np.float64]

__all__ = ["Components", "Plan", "Split", "like_models", "people_components", "plan", "variance_components"]

LADDER = (1, 2, 3, 5, 10, 20, 50)
_NO_SPREAD = 1e-12  # rounding, beside the square of the mean
CORRELATION = 0.7  # of the item losses of two models: 0.63 to 0.85 on CIFAR-10H and ChaosNLI


@dataclass(frozen=True)
class Components:
    """Variance of a judgement's loss, between items and within them; sums, so that blocks can be added.

    Attributes:
        n: items with two or more judgements and a finite loss.
        d: Σ of the item means.
        dd: Σ of their squares.
        spread: Σ s², the variance of the judgements of an item.
        noise: Σ s²/K, what they add to the variance of an item's mean.
        infinite: items left out because a loss was infinite.
        single: items left out because they have one judgement.
    """

    n: int = 0
    d: float = 0.0
    dd: float = 0.0
    spread: float = 0.0
    noise: float = 0.0
    infinite: int = 0
    single: int = 0

    def __add__(self, other: Components) -> Components:
        return Components(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def mean(self) -> float:
        """Mean loss of the pilot."""
        return self.d / self.n

    @property
    def within(self) -> float:
        """σ_within², unbiased: the mean variance of the judgements of one item."""
        return self.spread / self.n

    @property
    def between(self) -> float:
        """σ_between², unbiased: the variance of the items' true means; below 0 by chance where they hardly differ."""
        return (self.dd - self.d**2 / self.n) / (self.n - 1) - self.noise / self.n

    def variance(self, people: int) -> float:
        """Variance of one item's mean with K people, never below 0."""
        return max(self.between, 0.0) + self.within / people


@dataclass(frozen=True)
class Split:
    """One way to reach the width: N items × K people.

    Attributes:
        people: K.
        items: N, the smallest that is enough.
        judgements: N·K.
        price: items and judgements at their prices.
        detectable: the smallest difference of two models that would be found with this panel.
    """

    people: int
    items: int
    judgements: int
    price: float
    detectable: float


@dataclass(frozen=True)
class Plan:
    """The answer, with the loss in the unit of the components.

    Attributes:
        within: half the width of the 95 % interval that was asked for.
        cheapest: the cheapest split.
        splits: other numbers of people beside it, in their order.
        notes: what was assumed, one line each.
    """

    within: float
    cheapest: Split
    splits: tuple[Split, ...]
    notes: tuple[str, ...]


def variance_components(counts: ArrayLike, losses: ArrayLike, *, frequency: ArrayLike | None = None) -> Components:
    """Variance components of a judgement's loss from a pilot.

    Args:
        counts: (N, C) judgements of each class, for each item.
        losses: (N, C) the loss if a person says c: −ln q_c for cross-entropy (nats), 1 − 2q_c + Σq² for Brier; the
            difference of two models for their comparison. Only the classes that were said are read.
        frequency: (N,) how many items each row stands for.

    Returns:
        The components; add those of further blocks with +.

    Raises:
        DomainError: the shapes differ.

    Example:
        >>> parts = variance_components([[2, 0], [1, 1], [0, 2]], [[0.1, 2.0]] * 3)
        >>> round(parts.within, 4), round(parts.between, 4)
        (0.6017, 0.6017)
    """
    n, loss = np.asarray(counts, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if n.shape != loss.shape or n.ndim != 2:
        message = f"counts has shape {n.shape} and losses {loss.shape}, but both must be (items, classes)"
        raise DomainError(message)
    times = np.ones(len(n)) if frequency is None else np.asarray(frequency, dtype=np.float64)
    people = n.sum(axis=1)
    several, finite = people > 1, np.isfinite(np.where(n > 0, loss, 0.0)).all(axis=1)
    used = several & finite
    k, f = people[used], times[used]
    said = np.where(n[used] > 0, loss[used], 0.0)
    mean = (n[used] * said).sum(axis=1) / k
    variance = (n[used] * (said - mean[:, None]) ** 2).sum(axis=1) / (k - 1)
    return Components(
        n=round(float(f.sum())),
        d=float(f @ mean),
        dd=float(f @ mean**2),
        spread=float(f @ variance),
        noise=float(f @ (variance / k)),
        infinite=round(float(times[several & ~finite].sum())),
        single=round(float(times[~several].sum())),
    )


def people_components(table: PatternTable, *, score: Literal["log", "brier"] = "log") -> Components:
    """Components without a model: those of predicting each person by the smoothed answers of the others.

    That is about as good as a model can be; the losses of real models vary more.

    Args:
        table: the pilot's patterns.
        score: "log" (nats) or "brier" (two classes counted once).
    """
    several = table.people > 1
    smoothing, _ = leave_one_out(table)
    n = table.counts[several].astype(np.float64)
    losses = np.zeros_like(n)
    for c in range(n.shape[1]):
        others = n.copy()
        others[:, c] = np.maximum(others[:, c] - 1, 0)
        if np.isinf(smoothing):
            r = np.broadcast_to(table.shares, n.shape)
        else:
            r = (others + smoothing * table.shares) / (others.sum(axis=1, keepdims=True) + smoothing)
        if score == "log":
            losses[:, c] = -np.log(np.where(n[:, c] > 0, r[:, c], 1.0))
        else:
            losses[:, c] = (1 - 2 * r[:, c] + (r**2).sum(axis=1)) * (0.5 if n.shape[1] == 2 else 1.0)
    found = variance_components(n, losses, frequency=table.items[several])
    return replace(found, single=round(float(table.items[~several].sum())))


def like_models(components: Components, *, correlation: float = CORRELATION) -> Components:
    """Components of the difference of two models that vary as much as this one, with correlated losses.

    Var(δ) = 2(1 − ρ)·Var(d), between items and within them alike.
    """
    factor = sqrt(2 * (1 - correlation))
    return replace(
        components, d=0.0, dd=factor**2 * (components.dd - components.d**2 / components.n),
        spread=factor**2 * components.spread, noise=factor**2 * components.noise,
    )  # fmt: skip


def plan(
    components: Components,
    *,
    within: float,
    item_price: float = 0.0,
    judgement_price: float = 1.0,
    least_people: int = 1,
    most_people: int = 100,
    difference: Components | None = None,
    level: float = 0.95,
    power: float = 0.8,
) -> Plan:
    """How many items × people give an interval of ± `within`, and the cheapest way to it.

    Args:
        components: of the pilot, from `variance_components` or `people_components`.
        within: half the width wanted, in the unit of the components.
        item_price: cost of an item.
        judgement_price: cost of a judgement.
        least_people: 2 where KL or D² is to be estimated, because they need it.
        most_people: the most people who can be asked about one item.
        difference: components of the difference of two models; without it two models are assumed that vary like this
            one and whose losses have the correlation 0.7.
        level: of the interval, and 1 minus the error of the first kind of the comparison.
        power: chance to find the detectable difference.

    Returns:
        The plan.

    Raises:
        DomainError: the pilot is too small, or a number outside its range.
    """
    _refuse(components, within, (item_price, judgement_price), least_people, most_people)
    notes = _notes(components)
    if difference is None:
        difference = like_models(components)
        notes.append(
            f"two models are assumed to vary like this one, with a correlation of {CORRELATION:g} between their losses"
        )

    def split(people: int) -> Split:
        items = _items_needed(components.variance(people), within, level)
        reach = _quantile(items, 0.5 + level / 2) + _quantile(items, power)
        return Split(
            people, items, items * people, items * (item_price + people * judgement_price),
            reach * sqrt(difference.variance(people) / items),
        )  # fmt: skip

    everything = {people: split(people) for people in range(least_people, most_people + 1)}
    cheapest = min(everything.values(), key=lambda one: (one.price, one.judgements))
    shown = sorted({cheapest.people, *(people for people in LADDER if people in everything)})
    return Plan(within, cheapest, tuple(everything[people] for people in shown), tuple(notes))


def _refuse(components: Components, within: float, prices: Sequence[float], least: int, most: int) -> None:
    rules = (
        (
            components.n >= 2,
            "the pilot has fewer than two items with two judgements and a finite loss, and planning needs them to tell "
            "people's differences from the items'; ask two people about some items",
        ),
        (
            components.n < 2 or components.variance(1) > _NO_SPREAD * (1 + components.mean**2),
            "every judgement of the pilot has the same loss (people agree on every item, or split evenly on all), and "
            "without differences there is nothing to plan from; take more items, or give the model",
        ),
        (within > 0, f"within is {within}, but must be positive"),
        (min(prices) >= 0 and max(prices) > 0, "prices must be ≥ 0, and one of them positive"),
        (1 <= least <= most, f"least_people is {least} and most_people {most}, but 1 ≤ least ≤ most must hold"),
    )
    for holds, message in rules:
        if not holds:
            raise DomainError(message)


def _notes(components: Components) -> list[str]:
    notes = []
    if components.between < 0:
        notes.append("the pilot's items differ less than chance gives; their variance is taken as 0")
    if components.infinite:
        notes.append(f"{_left_out(components.infinite)} with an infinite loss")
    if components.single:
        notes.append(f"{_left_out(components.single)} with one judgement")
    if components.n < 30:
        notes.append(f"the pilot has only {components.n} usable items: take the plan as a rough one")
    return notes


def _left_out(items: int) -> str:
    return "left out: 1 item" if items == 1 else f"left out: {items} items"


def _items_needed(variance: float, within: float, level: float) -> int:
    """The smallest N with t(N − 1)·√(variance/N) ≤ within."""
    items = max(2, ceil(_quantile(None, 0.5 + level / 2) ** 2 * variance / within**2))
    while _quantile(items, 0.5 + level / 2) ** 2 * variance / items > within**2:
        items += 1
    return items


def _quantile(items: int | None, chance: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(ndtri(chance) if items is None else stdtrit(items - 1, chance))
