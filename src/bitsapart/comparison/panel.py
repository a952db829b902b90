"""What a panel of a few people can say: entropy and KL with a bracket, and how many people a model is worth."""

from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isinf, log, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart.units import nats_in

from .intervals import Interval, student_interval
from .moments import GRID
from .pattern_book import PatternSums
from .tally import Tally

if TYPE_CHECKING:
    from bitsapart.people.curve import Curve
    from bitsapart.people.entropy import PanelEntropy
    from bitsapart.people.equivalence import Equivalence
    from bitsapart.people.patterns import Estimate, LossSums, PatternTable

    from .summary import Settings

__all__ = ["Panel", "correct_for_panel", "panel_entries", "panel_of", "verdict_entries"]

_ONE_JUDGEMENT = "one judgement per item cannot tell people's own uncertainty from the model's error"
_CROSSED = "its ends have crossed: too few items, or people who differ more often than independent answers would"
_OUTSIDE = "the point lies outside the bracket, so people do not differ as the fitted pattern says: trust the bracket"
_VISIBLE = 5e-4  # nats: the fourth decimal of a bracket is no disagreement
_FEW = 30  # items


@dataclass(eq=False)
class Panel:
    """What every model of a tally is compared with, worked out once, when it is first asked for."""

    table: "PatternTable"
    items: int
    sums: PatternSums | None = None
    cubes: tuple[float, ...] = ()
    curves: "dict[int | None, tuple[Curve, ...]]" = field(default_factory=dict)

    @cached_property
    def entropy(self) -> "PanelEntropy":
        """People's own entropy."""
        from bitsapart.people.entropy import panel_entropy

        return panel_entropy(self.table)

    def rater_curves(self, k_max: int | None) -> "tuple[Curve, ...]":
        """How well k people predict one more."""
        from bitsapart.people.equivalence import rater_curves

        if k_max not in self.curves:
            self.curves[k_max] = rater_curves(self.table, k_max=k_max)
        return self.curves[k_max]


def panel_of(tally: Tally) -> Panel | None:
    """The panel of a tally; None where no counts were gathered, or none of two people or more that weigh anything."""
    from bitsapart.people.patterns import PatternTable

    sums = None if tally.people_kind == "probs" else tally.patterns()
    if sums is None:
        return None
    table = PatternTable.of(
        sums.counts, sums.items, weight=sums.weight, weight_square=sums.weight_square, groups=sums.groups
    )
    if not table.weight[table.people > 1].any():
        return None
    return Panel(table, tally.items, sums, tuple(tally.cubes(place) for place in range(len(tally.models))))


def correct_for_panel(
    tally: Tally, panel: Panel | None, model: int, measures: dict[str, dict[str, Any]], settings: "Settings"
) -> None:
    """Correct entropy and KL, in place, for how few people were asked."""
    if settings.exact or tally.people_kind == "probs":
        return
    if "squared_distance" not in measures:  # no item that weighs anything has two judgements
        _claim_nothing(measures)
    elif panel is None:
        for key in ("entropy", "kl_divergence"):
            measures[key]["note"] = "plug-in: " + ("too small" if key == "entropy" else "too large") + " for few people"
    else:
        _correct(measures, panel.entropy, _losses(panel, model), settings)


def panel_entries(tally: Tally, panel: Panel | None, model: int, settings: "Settings") -> dict[str, Any]:
    """What only a panel can say of a model.

    Returns:
        The entries `known`, the share of what there is to know, with two judgements an item; and `equivalence`, how
        many people the model is worth, with three.
    """
    if settings.exact or panel is None or not any(size > 1 for size in tally.panel_sizes):
        return {}
    losses = _losses(panel, model)
    found: dict[str, Any] = {}
    share = panel.entropy.share(losses)
    if share is not None:
        per_unit = nats_in(settings.unit)
        found["known"] = {"share": _entry(_interval(share.share), "share")} | {
            name: _entry(_interval(getattr(share, name)).scaled(1 / per_unit), settings.unit)
            for name in ("class_shares", "model", "people")
        }
    if max(tally.panel_sizes) > 2:
        found["equivalence"] = _worths(panel, losses, settings)
    return found


def verdict_entries(tally: Tally, model: int, settings: "Settings") -> dict[str, Any]:
    """What bare verdicts are worth in bits, once each stands for what people say of the other items with that verdict.

    Returns:
        The entry `calibrated` of a model that gives verdicts; nothing for others.
    """
    from bitsapart.people.patterns import PatternTable, mean_covariance
    from bitsapart.people.verdicts import calibrated_verdicts

    cells = sorted(tally.verdicts(model).items())
    if not cells:
        return {}
    codes = {name: code for code, name in enumerate(sorted({group for (_, _, group), _ in cells}))}
    ones = [row for _, row in cells]
    # Half-counts are halves of an average item: the weights are scaled to the mean 1.
    scale = sum(row.n for row in ones) / sum(row.weight for row in ones)
    table = PatternTable.of(
        [counts for (_, counts, _), _ in cells], [row.n for row in ones],
        weight=[row.weight * scale for row in ones], weight_square=[row.ww / GRID**2 * scale**2 for row in ones],
        groups=None if tally.group_sums("cross_entropy", model) is None else [codes[g] for (_, _, g), _ in cells],
    )  # fmt: skip
    fitted = calibrated_verdicts(table, [verdict for (verdict, _, _), _ in cells], options=len(tally.classes))
    per_unit = nats_in(settings.unit)
    mean = mean_covariance(table, fitted.cross_entropy).combined([1.0])
    found: dict[str, Any] = {"cross_entropy": _entry(_interval(mean).scaled(1 / per_unit), settings.unit)}
    panel = Panel(table, tally.items)
    kl = panel.entropy.divergence(fitted.losses)
    if kl.point is not None:
        entry = _entry(_interval(kl.point).scaled(1 / per_unit), settings.unit)
        found["kl_divergence"] = entry | _bracket((kl.lower, kl.upper), 1 / per_unit)
    if max(tally.panel_sizes) > 2:
        found["equivalence"] = _worths(panel, fitted.losses, settings)
    return {"calibrated": found | {"shares": fitted.shares.tolist()}}


def _claim_nothing(measures: dict[str, dict[str, Any]]) -> None:
    """One judgement an item: the cross-entropy is an upper bound of KL, and nothing is known of the entropy."""
    bound = measures["cross_entropy"]
    nothing = {"value": None, "low": None, "standard_error": None}
    measures["kl_divergence"] = {**bound, **nothing, "high": bound["value"], "note": f"{_ONE_JUDGEMENT}; if the labels "
                                 "are the truth itself, add --people-kind exact"}  # fmt: skip
    measures["kl_divergence"].pop("finite", None)
    del measures["entropy"]
    for key in ("squared_distance", "disagreement"):
        measures.pop(key, None)


def _losses(panel: Panel, model: int) -> "LossSums":
    from bitsapart.people.patterns import LossSums

    sums = panel.sums
    assert sums is not None  # only the panel of calibrated verdicts brings its own losses
    total = np.where(sums.infinite[model] > 0, np.inf, sums.total[model])
    return LossSums.of(total, sums.square[model], cross=sums.cross[model], items=sums.items, cube=panel.cubes[model])


def _correct(
    measures: dict[str, dict[str, Any]], entropy: "PanelEntropy", losses: "LossSums", settings: "Settings"
) -> None:
    scale = 1 / nats_in(settings.unit)
    scale *= float(entropy.table.weight.sum()) if settings.total else 1.0
    own, low, high = (entropy.entropy(which) for which in ("point", "lower", "upper"))
    kl = entropy.divergence(losses)
    if own is None or kl.point is None or low is None or high is None:
        return
    plug_in = {key: measures[key]["value"] for key in ("entropy", "kl_divergence")}
    finite = measures["kl_divergence"].get("finite")
    measures["entropy"] = _entry(_interval(own).scaled(scale), settings.unit) | _bracket((low, high), scale)
    measures["kl_divergence"] = _entry(_interval(kl.point).scaled(scale), settings.unit) | (
        {"bracket": [inf, inf]} if isinf(kl.point.value) else _bracket((kl.lower, kl.upper), scale)
    )
    most = log(max(int(np.count_nonzero(entropy.table.shares)), 1)) * scale
    doubts = [*_doubts(entropy, own, low, high), *_cut(measures["entropy"], most)]
    measures["entropy"]["note"] = "; ".join([measures["entropy"]["note"], *doubts])
    for key, value in plug_in.items():
        measures[key]["plug_in"] = value
    if isinf(kl.point.value):
        measures["kl_divergence"]["finite"] = finite


def _bracket(ends: "tuple[Estimate, Estimate]", scale: float) -> dict[str, Any]:
    """The ends that assume nothing about people, and how far the sampling of items may move them."""
    low, high = (end.value * scale for end in ends)
    if low > high + _VISIBLE * scale:
        return {"bracket": None, "note": f"no bracket: {_CROSSED}"}
    reach = [_interval(ends[0]).scaled(scale).low, _interval(ends[1]).scaled(scale).high]
    note = f"between {low:.4f} and {high:.4f}, whatever people's distribution"
    return {"bracket": [low, high], "bracket_interval": reach, "note": note}


def _doubts(entropy: "PanelEntropy", own: "Estimate", low: "Estimate", high: "Estimate") -> list[str]:
    """What a reader must know of the point."""
    doubts = [entropy.prior.note] if entropy.prior.note else []
    several = round(float(entropy.table.items[entropy.table.people > 1].sum()))
    if several < _FEW:
        doubts.append(f"the point rests on {several} items that two or more judged" if several > 1 else
                      "the point rests on one item that two or more judged")  # fmt: skip
    if low.value <= high.value and not low.value - _VISIBLE <= own.value <= high.value + _VISIBLE:
        doubts.append(_OUTSIDE)
    return doubts


def _cut(entry: dict[str, Any], most: float) -> list[str]:
    """An interval of an entropy holds nothing that no entropy can be: below 0, or above that of even shares."""
    if entry["low"] is None or (entry["low"] >= 0 and entry["high"] <= most * (1 + 1e-9)):
        return []
    entry["low"], entry["high"] = max(entry["low"], 0.0), min(entry["high"], most)
    return [f"the interval is cut to what an entropy can be, 0 to {most:.4f}"]


def _worths(panel: Panel, losses: "LossSums", settings: "Settings") -> dict[str, Any]:
    """How many people the model is worth; under `bayesian` the same where Bayes' rule combines their answers."""
    from bitsapart.people.equivalence import BAYESIAN_CLASSES, equivalent_people

    entries = [
        _worth(curve, equivalent_people(curve, losses), settings) for curve in panel.rater_curves(settings.k_max)
    ]
    if len(entries) == 1 and panel.table.counts.shape[1] <= BAYESIAN_CLASSES:
        entries[0]["note"] += "; combined by shares alone: Bayes' rule would take long on so many and such large panels"
    return entries[0] | {entry["combiner"]: entry for entry in entries[1:]}


def _worth(curve: "Curve", worth: "Equivalence", settings: "Settings") -> dict[str, Any]:
    per_unit = nats_in(settings.unit)
    return {
        "text": worth.text(), "note": _meaning(curve, worth),
        "value": worth.value, "low": worth.low, "high": worth.high, "standard_error": worth.standard_error,
        "unit": "people", "beyond": worth.value is None, "k_max": curve.k_max, "items": worth.items,
        "left_out": worth.left_out, "combiner": curve.combiner,
        "model": {"value": worth.score / per_unit, "unit": settings.unit},
        "curve": [
            {"k": k, **{name: end for name, end in _entry(_interval(point).scaled(1 / per_unit), settings.unit).items()
                        if name in ("value", "low", "high")}}
            for k, point in enumerate(curve.estimates())
        ],
    }  # fmt: skip


def _meaning(curve: "Curve", worth: "Equivalence") -> str:
    if isinf(worth.score):
        note = " — its loss is infinite on some items"
    elif worth.value == 0:
        note = " — no better than answering with the class shares"
    elif worth.value is None:
        note = " — better than that many people together"
    else:
        note = " — that many people, combined, predict one more as well"
    if worth.left_out:
        note += (
            f"; left out: {worth.left_out} item{'s' * (worth.left_out > 1)} with fewer than {curve.k_max + 1} people"
        )
    return note


def _interval(estimate: "Estimate") -> Interval:
    variance = estimate.variance_of_mean
    return student_interval(estimate.value, nan if variance is None else variance, estimate.n, unit=estimate.unit)


def _entry(interval: Interval, unit: str) -> dict[str, Any]:
    return {
        "value": interval.value, "low": interval.low, "high": interval.high,
        "standard_error": interval.standard_error, "unit": unit, "n": interval.n,
    }  # fmt: skip
