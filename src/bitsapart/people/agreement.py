"""How far people agree among themselves: percent agreement, Fleiss' κ and Krippendorff's α, with intervals.

All of them are functions of the count patterns alone, so who said what does not matter, and missing entries are
simply smaller K. Intervals treat the items as the unit (delta method, no assumption about people).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from bitsapart.errors import DomainError

from .patterns import Estimate, PatternTable, mean_covariance

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Agreement", "Scale", "agreement", "fleiss_kappa", "krippendorff_alpha", "percent_agreement"]

Scale = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True)
class Agreement:
    """People's agreement among themselves on the items that two or more judged.

    Attributes:
        percent: chance that two people asked about the same item agree.
        disagreement: 1 − percent; for two classes twice the measure `disagreement`, which counts them once.
        kappa: Fleiss' κ; None where only one class occurs.
        alpha: Krippendorff's α; None where only one class occurs.
        scale: what α took the classes for.
        items: items with two or more judgements.
        single: items with one judgement, which say nothing here.
    """

    percent: Estimate
    disagreement: Estimate
    kappa: Estimate | None
    alpha: Estimate | None
    scale: Scale
    items: int
    single: int


def agreement(table: PatternTable, *, scale: Scale = "nominal", values: ArrayLike | None = None) -> Agreement | None:
    """All measures of agreement at once; None where no item has two judgements.

    Args:
        table: the patterns; every item counts once, whatever its weight.
        scale: nominal, ordinal (the classes in their order) or interval (at `values`).
        values: (C,) the classes' positions on an interval scale; 0, 1, 2, … where left out.

    Example:
        >>> found = agreement(PatternTable.of([[3, 0], [2, 1], [0, 3]], [50, 20, 30]))
        >>> round(found.percent.value, 3), round(found.kappa.value, 3), round(found.alpha.value, 3)
        (0.867, 0.713, 0.714)
    """
    several = table.people > 1
    if not several.any():
        return None
    chosen = _plain(table)
    percent = percent_agreement(table)
    apart = Estimate(1.0 - percent.value, percent.variance_of_mean, percent.n, percent.unit)
    varied = int(np.count_nonzero(chosen.counts.sum(axis=0))) > 1
    return Agreement(
        percent,
        apart,
        fleiss_kappa(table) if varied else None,
        krippendorff_alpha(table, scale=scale, values=values) if varied else None,
        scale,
        round(float(chosen.items.sum())),
        round(float(table.items[~several].sum())),
    )


def percent_agreement(table: PatternTable) -> Estimate:
    """Mean over items of Σ n_c(n_c − 1)/(K(K − 1)), the chance that two of an item's people agree."""
    chosen = _plain(table)
    return mean_covariance(chosen, _pair_agreement(chosen)).combined([1.0])


def fleiss_kappa(table: PatternTable) -> Estimate:
    """Fleiss' κ = (P̄ − P_e)/(1 − P_e), P_e = Σ π_c² of the pooled shares.

    Fleiss asks for the same K on every item; with different K this is the same formula with P̄ over items and
    shares over judgements.

    Raises:
        DomainError: no item has two judgements, or only one class occurs.

    Reference:
        Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971).
    """
    chosen = _plain(table)
    _refuse_one_class(chosen)
    shares = chosen.shares
    agree, chance = _pair_agreement(chosen), float(shares @ shares)
    observed = float(chosen.items @ agree / chosen.items.sum())
    kappa = (observed - chance) / (1 - chance)
    by_chance = 2 * chosen.share_influence() @ shares
    influence = ((agree - observed) - (1 - kappa) * by_chance) / (1 - chance)
    return mean_covariance(chosen, influence).combined([1.0], value=kappa)


def krippendorff_alpha(table: PatternTable, *, scale: Scale = "nominal", values: ArrayLike | None = None) -> Estimate:
    """Krippendorff's α = 1 − D_o/D_e from the coincidences of all pairs of judgements of the same item.

    Args:
        table: the patterns; items with one judgement cannot be paired and are left out.
        scale: the difference of two classes: nominal 1, ordinal by ranks, interval (v_c − v_k)².
        values: (C,) positions v on an interval scale; 0, 1, 2, … where left out.

    Raises:
        DomainError: an unknown scale, no item with two judgements, or only one class occurs.

    Reference:
        Krippendorff, "Computing Krippendorff's alpha-reliability" (2011).
    """
    if scale not in get_args(Scale):
        message = f"scale is {scale!r}, but must be one of {', '.join(get_args(Scale))}"
        raise DomainError(message)
    chosen = _plain(table)
    _refuse_one_class(chosen)
    distance = _distance(scale, chosen.counts.shape[1], values)
    n, others = chosen.counts.astype(np.float64), (chosen.people - 1.0)[:, None]

    def alpha(coincidences: Floats, marginals: Floats) -> float:
        apart = distance(marginals)
        expected = marginals @ apart @ marginals / (marginals.sum() - 1)
        return float(1 - (coincidences * apart).sum() / expected)

    marginals, paired = chosen.items @ n, chosen.items[:, None] * n / others
    coincidences = paired.T @ n - np.diag(paired.sum(axis=0))
    value = alpha(coincidences, marginals)
    apart = distance(marginals)
    expected = marginals @ apart @ marginals / (marginals.sum() - 1)
    influence = -(n @ apart * n / others).sum(axis=1) / expected  # the same class is 0 apart
    # By the marginals the formula is a smooth ratio; a central difference has all the digits an interval needs.
    step = 1e-5 * marginals.sum()
    for c in np.flatnonzero(marginals):
        shift = min(step, marginals[c] / 2) * np.eye(marginals.size)[c]
        slope = (alpha(coincidences, marginals + shift) - alpha(coincidences, marginals - shift)) / (2 * shift.sum())
        influence += slope * n[:, c]
    return mean_covariance(chosen, influence * chosen.items.sum()).combined([1.0], value=value)


def _distance(scale: Scale, classes: int, values: ArrayLike | None) -> Callable[[Floats], Floats]:
    """δ²(c, k) as a function of the marginal counts, on which only the ordinal scale depends."""
    places = np.arange(classes, dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    if places.shape != (classes,) or not np.isfinite(places).all():
        message = f"values has shape {places.shape}, but must hold one finite number for each of the {classes} classes"
        raise DomainError(message)
    if scale == "nominal":
        return lambda marginals: 1.0 - np.eye(classes)  # noqa: ARG005
    if scale == "interval":
        return lambda marginals: (places[:, None] - places) ** 2  # noqa: ARG005

    def by_ranks(marginals: Floats) -> Floats:
        middle = np.cumsum(marginals) - marginals / 2  # mean rank of each class, but for a constant
        return np.asarray((middle[:, None] - middle) ** 2)

    return by_ranks


def _plain(table: PatternTable) -> PatternTable:
    """The items with two or more judgements, each counting once."""
    several = table.people > 1
    if not several.any():
        message = "agreement needs an item with two judgements, and every item here has one"
        raise DomainError(message)
    chosen = table.where(several)
    return PatternTable(chosen.counts, chosen.items, chosen.items, chosen.items, chosen.groups)


def _pair_agreement(table: PatternTable) -> Floats:
    people = table.people
    return np.asarray((table.counts * (table.counts - 1)).sum(axis=1) / (people * (people - 1)))


def _refuse_one_class(table: PatternTable) -> None:
    if np.count_nonzero(table.counts.sum(axis=0)) < 2:
        message = "agreement beyond chance is not defined where every judgement is the same class"
        raise DomainError(message)
