"""What a panel of a few people can say: entropy and KL with a bracket, and how many people a model is worth."""

from math import isinf, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart.units import nats_in

from .intervals import Interval, student_interval
from .moments import GRID
from .tally import PatternSums, Tally

if TYPE_CHECKING:
    from bitsapart.people.curve import Curve
    from bitsapart.people.entropy import PanelEntropy
    from bitsapart.people.patterns import Estimate, LossSums, PatternTable

    from .summary import Settings

__all__ = ["panel_entries", "verdict_entries"]

_ONE_JUDGEMENT = "one judgement per item cannot tell people's own uncertainty from the model's error"
_BAYESIAN_CLASSES = 3  # the anonymous Bayesian combiner is shown by default up to this many


def panel_entries(
    tally: Tally, model: int, measures: dict[str, dict[str, Any]], settings: "Settings"
) -> dict[str, Any]:
    """Correct entropy and KL for the size of the panel; `measures` is changed in place.

    Returns:
        Further entries of the model: its worth in people.
    """
    if settings.exact or tally.people_kind == "probs":
        return {}
    if not any(size > 1 for size in tally.panel_sizes):
        _claim_nothing(measures)
        return {}
    sums = tally.patterns()
    if sums is None:
        for key in ("entropy", "kl_divergence"):
            measures[key]["note"] = "plug-in: " + ("too small" if key == "entropy" else "too large") + " for few people"
        return {}
    table, losses = _table(sums), _losses(sums, model)
    entropy = _panel_entropy(tally, table)
    _correct(measures, entropy, losses, settings)
    found: dict[str, Any] = {}
    share = entropy.share(losses)
    if share is not None:
        per_unit = nats_in(settings.unit)
        found["known"] = {
            "share": _entry(_interval(share.share), "share"),
            "class_shares": _entry(_interval(share.class_shares).scaled(1 / per_unit), settings.unit),
            "people": _entry(_interval(share.people).scaled(1 / per_unit), settings.unit),
        }
    if max(tally.panel_sizes) > 2:
        found["equivalence"] = _worth(tally, table, losses, settings)
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
    table = PatternTable.of([counts for (_, counts), _ in cells], [items for _, items in cells])
    fitted = calibrated_verdicts(table, [verdict for (verdict, _), _ in cells], options=len(tally.classes))
    mean = mean_covariance(table, fitted.cross_entropy).combined([1.0])
    interval = _interval(mean).scaled(1 / nats_in(settings.unit))
    return {"calibrated": {"cross_entropy": _entry(interval, settings.unit), "shares": fitted.shares.tolist()}}


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


def _table(sums: PatternSums) -> "PatternTable":
    from bitsapart.people.patterns import PatternTable

    return PatternTable.of(
        sums.counts, sums.items, weight=sums.weight, weight_square=sums.weight_square, groups=sums.groups
    )


def _losses(sums: PatternSums, model: int) -> "LossSums":
    from bitsapart.people.patterns import LossSums

    rows = sums.cross_entropy[model]
    total = np.array([np.inf if endless else m.total for m, endless in zip(rows, sums.infinite[model], strict=True)])
    cross = np.array([m.xw / GRID**2 for m in rows])
    square = np.array([m.xx / GRID**2 for m in rows])
    return LossSums.of(total, square, cross=cross)


def _panel_entropy(tally: Tally, table: "PatternTable") -> "PanelEntropy":
    """The same for every model of a tally: worked out once and kept beside it."""
    from bitsapart.people.entropy import panel_entropy

    kept: tuple[int, PanelEntropy] | None = tally.__dict__.get("_panel_entropy")
    if kept is None or kept[0] != tally.items:
        kept = (tally.items, panel_entropy(table))
        tally.__dict__["_panel_entropy"] = kept
    return kept[1]


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
    measures["entropy"] = _entry(_interval(own).scaled(scale), settings.unit) | {
        "bracket": [low.value * scale, high.value * scale], "plug_in": plug_in["entropy"],
        "note": f"between {low.value * scale:.4f} and {high.value * scale:.4f}, whatever people's distribution",
    }  # fmt: skip
    measures["kl_divergence"] = _entry(_interval(kl.point).scaled(scale), settings.unit) | {
        "bracket": [kl.lower.value * scale, kl.upper.value * scale], "plug_in": plug_in["kl_divergence"],
    }  # fmt: skip
    if isinf(kl.point.value):
        measures["kl_divergence"]["finite"] = finite
    else:
        ends = [_interval(kl.lower).scaled(scale).low, _interval(kl.upper).scaled(scale).high]
        measures["kl_divergence"]["bracket_interval"] = ends
        measures["kl_divergence"]["note"] = (
            f"between {kl.lower.value * scale:.4f} and {kl.upper.value * scale:.4f}, whatever people's distribution"
        )


def _worth(tally: Tally, table: "PatternTable", losses: "LossSums", settings: "Settings") -> dict[str, Any] | None:
    from bitsapart.people.equivalence import equivalent_people

    curve = _curve(tally, table)
    worth = equivalent_people(curve, losses)
    per_unit = nats_in(settings.unit)
    left_out = (
        f"; {worth.left_out} items with fewer than {curve.k_max + 1} people are left out" if worth.left_out else ""
    )
    return {
        "text": worth.text(), "note": f" — that many people, combined, predict one more as well{left_out}",
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


def _curve(tally: Tally, table: "PatternTable") -> "Curve":
    """The curve of k people, the same for every model: worked out once and kept beside the tally."""
    from bitsapart.people.frequency import frequency_curve

    kept: tuple[int, Curve] | None = tally.__dict__.get("_people_curve")
    if kept is None or kept[0] != tally.items:
        kept = (tally.items, frequency_curve(table))
        tally.__dict__["_people_curve"] = kept
    return kept[1]


def _interval(estimate: "Estimate") -> Interval:
    variance = estimate.variance_of_mean
    return student_interval(estimate.value, nan if variance is None else variance, estimate.n, unit=estimate.unit)


def _entry(interval: Interval, unit: str) -> dict[str, Any]:
    return {
        "value": interval.value, "low": interval.low, "high": interval.high,
        "standard_error": interval.standard_error, "unit": unit, "n": interval.n,
    }  # fmt: skip
