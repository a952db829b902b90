"""The pattern table: how often each count vector occurs, and what means over items need of it.

A *pattern* is one item's vector of class counts. Items with the same pattern have the same entropy, the same
curve and the same agreement, so a table of patterns stands for all the items; with the sums of a model's loss
in each pattern it is enough for means, variances and covariances, and the items are not needed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from bitsapart.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = ["Estimate", "LossSums", "MeanCovariance", "PatternTable", "mean_covariance"]


@dataclass(frozen=True)
class Estimate:
    """A number with the variance that the sampling of items gives it.

    Attributes:
        value: the number; information measures are in nats.
        variance_of_mean: its squared standard error; nan where there are not two units.
        n: independent units: items, or groups.
        unit: "items" or "groups".
    """

    value: float
    variance_of_mean: float
    n: int
    unit: str = "items"

    @property
    def mean(self) -> float:
        """The value, by the name that intervals ask for."""
        return self.value

    @property
    def standard_error(self) -> float:
        """√V, nan where it is unknown."""
        return sqrt(self.variance_of_mean) if self.variance_of_mean >= 0 else nan


@dataclass(frozen=True, eq=False)
class PatternTable:
    """Distinct count patterns with their frequency; rows may repeat a pattern, for instance once for each group.

    Attributes:
        counts: (P, C) judgements of each class.
        items: (P,) items with the pattern.
        weight: (P,) Σw over them; the same as `items` where every item weighs 1.
        weight_square: (P,) Σw² over them.
        groups: (P,) group of each row as a code from 0, or None.
    """

    counts: Counts
    items: Floats
    weight: Floats
    weight_square: Floats
    groups: Counts | None = None

    @classmethod
    def of(
        cls,
        patterns: ArrayLike,
        frequency: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        weight_square: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> PatternTable:
        """Check and keep a pattern table.

        Args:
            patterns: whole numbers ≥ 0, shape (P, C), every row with at least one judgement.
            frequency: items with each pattern, shape (P,).
            weight: Σw for each pattern; 1 for every item where left out.
            weight_square: Σw² for each pattern; needed with `weight`.
            groups: a group code for each row.

        Raises:
            DomainError: a shape, a sign or a row without judgements.
        """
        counts = np.asarray(patterns)
        if counts.ndim != 2 or counts.shape[0] == 0 or counts.shape[1] == 0:
            message = f"patterns has shape {counts.shape}, but must be (patterns, classes) with at least one of each"
            raise DomainError(message)
        if not np.issubdtype(counts.dtype, np.integer):
            message = f"patterns has type {counts.dtype}, but counts of people must be whole numbers"
            raise DomainError(message)
        items = _column("frequency", frequency, counts.shape[0])
        _refuse_bad_rows(counts)
        weights = items if weight is None else _column("weight", weight, counts.shape[0])
        if weight is not None and weight_square is None:
            message = "weight is given without weight_square, and the variance of a weighted mean needs both"
            raise DomainError(message)
        squares = weights if weight_square is None else _column("weight_square", weight_square, counts.shape[0])
        codes = None if groups is None else np.asarray(groups, dtype=np.int64)
        return cls(counts.astype(np.int64), items, weights, squares, codes)

    @cached_property
    def people(self) -> Counts:
        """K, the judgements of an item with each pattern."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.int64)

    @cached_property
    def shares(self) -> Floats:
        """Pooled class shares Σ n_c / ΣK, every judgement with its item's weight."""
        pooled = self.weight @ self.counts
        return np.asarray(pooled / pooled.sum())

    def share_influence(self) -> Floats:
        """(P, C) how an item with each pattern moves the pooled shares: (n_c − Kπ_c)/K̄, with weighted mean 0."""
        people = self.people
        average = float(self.weight @ people) / self.weight.sum()
        return np.asarray((self.counts - people[:, None] * self.shares) / average)

    def per_judgement(self) -> PatternTable:
        """The same table with every item weighted by its number of judgements."""
        people = self.people.astype(np.float64)
        return PatternTable(self.counts, self.items, self.weight * people, self.weight_square * people**2, self.groups)

    def where(self, mask: NDArray[np.bool_]) -> PatternTable:
        """The rows where the mask is true."""
        groups = None if self.groups is None else self.groups[mask]
        return PatternTable(self.counts[mask], self.items[mask], self.weight[mask], self.weight_square[mask], groups)


@dataclass(frozen=True, eq=False)
class LossSums:
    """Sums of one model's loss over the items of each pattern, in nats for a logarithmic loss.

    Attributes:
        total: (P,) Σ w·x.
        cross: (P,) Σ w²·x.
        square: (P,) Σ w²·x².
        third: Σ(x − x̄)³ over all the items, x̄ being the mean of an item's own pattern; nan where it is not known.
    """

    total: Floats
    cross: Floats
    square: Floats
    third: float = nan

    @classmethod
    def of(
        cls, total: ArrayLike, square: ArrayLike, *, cross: ArrayLike | None = None, items: ArrayLike | None = None,
        cube: float = nan,
    ) -> LossSums:  # fmt: skip
        """Σx and Σx² for each pattern; with weights Σwx, Σw²x² and, as `cross`, Σw²x.

        Args:
            total: Σ w·x.
            square: Σ w²·x².
            cross: Σ w²·x; the same as `total` without weights.
            items: how many items have each pattern, for `cube`.
            cube: Σx³ over all of them; without weights it tells how skewed the mean is.
        """
        sums = np.asarray(total, dtype=np.float64)
        crossed = sums if cross is None else np.asarray(cross, dtype=np.float64)
        squares = np.asarray(square, dtype=np.float64)
        third = nan
        if items is not None and np.isfinite(sums).all():
            n = np.asarray(items, dtype=np.float64)
            third = cube - float(np.sum(3 * sums * squares / n - 2 * sums**3 / n**2))
        return cls(sums, crossed, squares, third)

    def per_judgement(self, table: PatternTable) -> LossSums:
        """The same sums with every item weighted by its number of judgements."""
        people = table.people.astype(np.float64)
        return LossSums(self.total * people, self.cross * people**2, self.square * people**2)

    def where(self, mask: NDArray[np.bool_]) -> LossSums:
        """The patterns where the mask is true; `third` stays that of all items."""
        return LossSums(self.total[mask], self.cross[mask], self.square[mask], self.third)


@dataclass(frozen=True, eq=False)
class MeanCovariance:
    """Weighted means over items of several per-item values, and the covariance matrix of these means.

    Attributes:
        means: (J,) the model's loss first where there is one, then the columns of values.
        covariance: (J, J) of the means; nan where there are not two units.
        n: independent units.
        unit: "items" or "groups".
        units: (R, J) how far units lie from the means: the patterns' own means, or the groups' sums. None where the
            units weigh differently.
        times: (R,) how many units each row stands for.
        inside: (R,) Σ(x − x̄)² of the model's loss around its own pattern's mean.
        third: Σ(x − x̄)³ of the same over all of them.
    """

    means: Floats
    covariance: Floats
    n: int
    unit: str
    units: Floats | None = None
    times: Floats | float = 1.0
    inside: Floats | float = 0.0
    third: float = 0.0

    def skewness(self, coefficients: ArrayLike) -> float:
        """Third standardised moment of Σ c_j·value_j over the units; 0 where it is not known or nothing varies."""
        if self.units is None:
            return 0.0
        c = np.asarray(coefficients, dtype=np.float64)
        used = np.flatnonzero(c)  # a few of many
        away = self.units[:, used] @ c[used]
        own, squares = float(c[0]) ** 2, away * away
        second = float(np.sum(self.times * squares + own * self.inside))
        third = float(np.sum((self.times * squares + 3 * own * self.inside) * away)) + float(c[0]) ** 3 * self.third
        return sqrt(self.n) * third / second**1.5 if second > 0 and isfinite(third) else 0.0

    def combined(self, coefficients: ArrayLike, *, value: float | None = None) -> Estimate:
        """The estimate Σ c_j·mean_j; `value` replaces the sum where it was only a linearisation."""
        c = np.asarray(coefficients, dtype=np.float64)
        total = float(c @ self.means) if value is None else value
        variance = float(c @ self.covariance @ c)
        return Estimate(total, variance if np.isnan(variance) else max(variance, 0.0), self.n, self.unit)


def mean_covariance(table: PatternTable, values: Floats, losses: LossSums | None = None) -> MeanCovariance:
    """Means and their covariance from per-pattern values and per-pattern sums of a model's loss.

    Without groups V = n/(n−1)·Σw²(d−d̄)(e−ē)/(Σw)²; with groups the products are those of the group sums.

    Args:
        table: the patterns.
        values: (P,) or (P, J), a value that every item with the pattern has.
        losses: sums of the model's loss, finite; it becomes the first of the means.

    Returns:
        Means and covariance.
    """
    matrix = values[:, None] if values.ndim == 1 else values
    weight = table.weight.sum()
    means = table.weight @ matrix / weight
    centred = matrix - means
    if losses is not None:
        means = np.concatenate([[losses.total.sum() / weight], means])
    if table.groups is None:
        return _over_items(table, means, centred, losses)
    residual = centred * table.weight[:, None]
    if losses is not None:
        residual = np.column_stack([losses.total - means[0] * table.weight, residual])
    by_group = np.zeros((int(table.groups.max()) + 1, residual.shape[1]))
    np.add.at(by_group, table.groups, residual)
    seen = np.unique(table.groups)
    factor = _factor(seen.size, weight)
    return MeanCovariance(means, by_group.T @ by_group * factor, int(seen.size), "groups", units=by_group[seen])


def _over_items(table: PatternTable, means: Floats, centred: Floats, losses: LossSums | None) -> MeanCovariance:
    units = round(float(table.items.sum()))
    factor = _factor(units, float(table.weight.sum()))
    alike = np.array_equal(table.weight, table.items) and np.array_equal(table.weight_square, table.items)
    products = (centred * table.weight_square[:, None]).T @ centred
    if losses is None:
        return MeanCovariance(means, products * factor, units, "items", centred if alike else None, table.items)
    mean = means[0]
    deviation = losses.cross - mean * table.weight_square
    spread = float(np.sum(losses.square - 2 * mean * losses.cross + mean**2 * table.weight_square))
    aside = deviation @ centred
    products = np.block([[np.array([[max(spread, 0.0)]]), aside[None, :]], [aside[:, None], products]])
    if not alike:
        return MeanCovariance(means, products * factor, units, "items")
    own = losses.total / table.items
    inside = np.maximum(losses.square - losses.total * own, 0.0)
    away = np.column_stack([own - mean, centred])
    return MeanCovariance(means, products * factor, units, "items", away, table.items, inside, losses.third)


def _factor(units: int, weight: float) -> float:
    return units / (units - 1) / weight**2 if units > 1 else nan


def _column(name: str, values: ArrayLike, rows: int) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (rows,):
        message = f"{name} has shape {column.shape}, but must be ({rows},), one entry for each pattern"
        raise DomainError(message)
    if not np.isfinite(column).all() or (column < 0).any() or column.sum() == 0:
        message = f"{name} must hold finite numbers ≥ 0 that do not all vanish"
        raise DomainError(message)
    return column


def _refuse_bad_rows(counts: NDArray[np.integer]) -> None:
    if (counts < 0).any():
        row, column = np.argwhere(counts < 0)[0]
        message = f"patterns[{row}, {column}] is {counts[row, column]}, but a count of people must be ≥ 0"
        raise DomainError(message)
    empty = np.flatnonzero(counts.sum(axis=1) == 0)
    if empty.size:
        message = f"patterns[{empty[0]}] has no judgement; leave out items that nobody judged"
        raise DomainError(message)
