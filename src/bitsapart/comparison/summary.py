"""From sums to the answer: the document (schema 1) is a function of the tally and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import exp, inf, isinf, isnan
from typing import Any, Literal

from bitsapart import __version__
from bitsapart.units import Unit, nats_in

from .intervals import Interval, clustered_interval
from .panel import Panel, correct_for_panel, panel_entries, panel_of, verdict_entries
from .rivals import rank
from .slices import distance_of, share_of_distance, widened
from .tally import Tally, Weighting

__all__ = ["Context", "Settings", "document"]

SCHEMA = 1


@dataclass(frozen=True)
class Settings:
    """How a comparison is made and shown.

    Attributes:
        unit: of information.
        per: what counts the same, items or judgements.
        total: totals over the items instead of means.
        by_class: gather and show what each class contributes.
        ordinal: the classes are ordered; add the ranked probability score.
        worst: how many of the farthest items are listed.
        curve: show the whole curve of rater equivalence.
        k_max: how many people the curve goes to; None is the most that keeps 90 % of the items.
        replace: run the alt-test.
        epsilon: the alt-test's allowance for the model; None is 0.2.
        detail: gather everything that the page shows; None: unless there are very many items.
        recalibrate: compare every model with its recalibrated self as well.
        recalibrate_by: "temperature" or "isotonic"; None: the first for more than two classes where it can help.
        recalibrate_to: the file that recalibrated probabilities are written to.
        exact: people's answers are the truth itself, not a sample of it.
    """

    unit: Unit = "bit"
    per: Literal["item", "judgement"] = "item"
    total: bool = False
    by_class: bool = False
    ordinal: bool = False
    worst: int = 5
    curve: bool = False
    k_max: int | None = None
    replace: bool = False
    epsilon: float | None = None
    detail: bool | None = None
    recalibrate: bool = False
    recalibrate_by: Literal["temperature", "isotonic"] | None = None
    recalibrate_to: str | None = None
    exact: bool = False

    @classmethod
    def of(cls, tally: Tally, **shown: Any) -> "Settings":
        """The settings with which a tally was gathered, and how it is `shown`: unit, total, curve, k_max."""
        detail = "calibration" in tally.parts
        return cls(
            **shown, per=tally.per, by_class="classes" in tally.parts and not detail,
            ordinal="ordinal" in tally.parts, worst=tally.worst_kept, detail=detail, exact=tally.exact,
        )  # fmt: skip


@dataclass(frozen=True)
class Context:
    """What a run knows beside the sums: where the data came from, and the tallies of its slices."""

    inputs: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    slices: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    replacement: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recalibrated: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


# Information is measured in the unit that was asked for; the others are plain numbers or shares.
_INFORMATION = frozenset({"cross_entropy", "entropy", "kl_divergence"})
_SHARES = frozenset({"accuracy", "majority_accuracy"})
_MAY_BE_INFINITE = ("cross_entropy", "kl_divergence")
_AS_ANSWERED = frozenset({"absolute_error", "squared_error"})
_BOUNDED = {"majority_accuracy": "error rate", "brier": "Brier score", "cross_entropy": "cross-entropy"}
_COLUMNS = (
    "accuracy", "majority_accuracy", "absolute_error", "squared_error", "brier", "squared_distance", "disagreement",
    "ranked_probability_score", "ranked_squared_distance", "cross_entropy", "entropy", "kl_divergence",
)  # fmt: skip


def document(tally: Tally, settings: Settings | None = None, context: Context | None = None) -> dict[str, Any]:
    """The whole answer as plain dictionaries, lists, numbers and text.

    Args:
        tally: the sums.
        settings: how to show them; the tally's own `per` rules.
        context: what the run knows beside the sums.

    Returns:
        A document of schema 1 (docs/json.md).
    """
    context = context or Context()
    settings = replace(settings or Settings(), per=tally.per, detail="calibration" in tally.parts)
    panel = panel_of(tally)
    models = [_model(tally, panel, place, settings) for place in range(len(tally.models))]
    ranking, pairs = rank(tally, models, settings.unit)
    weighing = {key: part for key, part in context.slices.items() if part.moments("brier", 0).weight}
    slices = {key: (part, panel_of(part)) for key, part in weighing.items()}
    weightless = [
        f"slice {column} = {value} is left out: its items weigh nothing"
        for column, value in context.slices
        if (column, value) not in weighing
    ]
    for place, model in enumerate(models):
        if slices:
            model["slices"] = _slices(tally, slices, place, settings)
    by_name = {model["name"]: model for model in models}
    for name, test in context.replacement.items():
        by_name[name]["replacement"] = dict(test)
    for name, better in context.recalibrated.items():
        by_name[name]["recalibrated"] = dict(better)
    return {
        "schema": SCHEMA,
        "bitsapart": __version__,
        "unit": settings.unit,
        "per": tally.per,
        "total": settings.total,
        "items": tally.items,
        "judgements": tally.judgements,
        "classes": list(tally.classes),
        "people": _people(tally, settings),
        "models": [by_name[name] for name in ranking.get("order", by_name)],
        "pairs": pairs,
        "ranking": ranking,
        "inputs": [dict(entry) for entry in context.inputs],
        "notes": list(context.notes),
        "warnings": [*context.warnings, *weightless, *_warnings(tally, models, pairs)],
        "settings": asdict(settings),
    }


def entry(interval: Interval, unit: str, **more: Any) -> dict[str, Any]:
    """One quantity of the document."""
    return {
        "value": interval.value, "low": interval.low, "high": interval.high,
        "standard_error": interval.standard_error, "unit": unit, "n": interval.n, **more,
    }  # fmt: skip


def interval_of(tally: Tally, measure: str, model: int, weighting: Weighting = "main") -> Interval:
    """Mean and interval of one column, clustered where the tally has groups."""
    moments = tally.moments(measure, model, weighting=weighting)
    groups = tally.group_sums(measure, model, weighting=weighting)
    if groups is not None and moments.weight:
        return replace(clustered_interval(*groups), value=moments.mean)
    return moments.interval()


def _model(tally: Tally, panel: Panel | None, place: int, settings: Settings) -> dict[str, Any]:
    infinite, items = tally.infinite(place)
    measures = _measures(tally, panel, place, settings)
    model: dict[str, Any] = {
        "name": tally.models[place],
        "kind": tally.model_kinds[place],
        "measures": measures,
        "infinite": {"count": infinite, "items": list(items)},
        "worst": _worst(tally, place, settings),
        "identity": _identity(tally, place, settings.unit, infinite=bool(infinite)),
    }
    model |= panel_entries(tally, panel, place, settings)
    model |= verdict_entries(tally, place, settings)
    if "classes" in tally.parts:
        model["by_class"] = _by_class(tally, place, settings)
    if "confusion" in tally.parts:
        model["confusion"] = [[float(cell) for cell in row] for row in tally.confusion(place)]
    model |= _origin(tally, place, measures, settings)
    return model


def _measures(tally: Tally, panel: Panel | None, place: int, settings: Settings) -> dict[str, dict[str, Any]]:
    """Every measure of a model, corrected for how few people were asked."""
    infinite = tally.infinite(place)[0]
    held = [key for key in _COLUMNS if tally.moments(key, place).weight or (infinite and key in _MAY_BE_INFINITE)]
    measures = {key: _measure(tally, key, place, settings) for key in held}
    if settings.exact and tally.people_kind == "labels":
        measures["squared_distance"] = dict(measures["squared_error"])
    _make_infinite(measures, infinite)
    measures |= _likelihood(tally, place, infinite=bool(infinite))
    measures["perplexity"] = _perplexity(interval_of(tally, "cross_entropy", place), infinite=bool(infinite))
    correct_for_panel(tally, panel, place, measures, settings)
    return measures


def _measure(tally: Tally, key: str, place: int, settings: Settings) -> dict[str, Any]:
    interval = interval_of(tally, key, place)
    unit: str = "share" if key in _SHARES else "1"
    if key in _INFORMATION:
        interval, unit = interval.scaled(1 / nats_in(settings.unit)), settings.unit
    if key in _SHARES:
        interval = _of_one_kind(interval)
    more: dict[str, Any] = {}
    if key in _AS_ANSWERED and not settings.exact and tally.people_kind != "probs":
        more["note"] = "as answered by these people: too large when few were asked"
    if settings.total and key not in _SHARES:
        interval = interval.scaled(tally.moments(key, place).weight)
    return entry(interval, unit, **more)


def _of_one_kind(share: Interval) -> Interval:
    """A share of all items, or of none, has no spread to make an interval of; n of a kind still leave room for others.

    All n values are 1 with a probability of meanⁿ at most, so a mean below 0.025^(1/n) is excluded; 0 mirrors 1.
    """
    if share.n < 2 or share.standard_error or share.value not in (0.0, 1.0):
        return share
    room = 1 - _EXCLUDED ** (1 / share.n)
    return replace(share, low=1 - room if share.value else 0.0, high=1.0 if share.value else room)


def _make_infinite(measures: dict[str, dict[str, Any]], infinite: int) -> None:
    """Where an item's loss is infinite the mean is; the mean of the others stands beside it."""
    if not infinite:
        return
    for key in _MAY_BE_INFINITE:
        if key in measures:
            finite = {name: measures[key][name] for name in ("value", "low", "high", "n")}
            finite["value"] = None if isnan(finite["value"]) else finite["value"]
            measures[key] |= {
                "value": inf, "low": None, "high": None, "standard_error": None,
                "n": finite["n"] + infinite, "finite": finite,
            }  # fmt: skip


def _likelihood(tally: Tally, place: int, *, infinite: bool) -> dict[str, dict[str, Any]]:
    """Log-likelihood (total, nats), log loss (nats per judgement) and the typical probability of a judgement."""
    interval = interval_of(tally, "cross_entropy", place, "judgement")
    judgements = tally.moments("cross_entropy", place, weighting="judgement").weight
    n = tally.items
    if infinite:
        interval = Interval(inf, None, None, None, n, "no interval: the mean is not finite")
    measures = {}
    if tally.people_kind != "probs":
        total = interval.scaled(judgements) if judgements else interval
        measures["log_likelihood"] = entry(_turned(total), "nat")
    measures["log_loss"] = entry(interval, "nat")
    measures["geometric_mean_probability"] = entry(_mapped(interval, lambda nats: exp(-nats)), "share")
    return measures


def _turned(interval: Interval) -> Interval:
    """−x, with the ends changed over."""
    return _mapped(interval, lambda x: 0.0 - x, error=interval.standard_error)


def _mapped(interval: Interval, function: Any, error: float | None = None) -> Interval:
    """A monotone function of the value and of the ends; ends are put in order."""
    ends = [function(end) for end in (interval.low, interval.high) if end is not None]
    low, high = (min(ends), max(ends)) if ends else (None, None)
    return replace(interval, value=function(interval.value), low=low, high=high, standard_error=error)


def _perplexity(interval: Interval, *, infinite: bool) -> dict[str, Any]:
    if infinite:
        return entry(Interval(inf, None, None, None, interval.n, ""), "1")
    return entry(_mapped(interval, lambda nats: exp(nats) if nats < _EXP_LIMIT else inf), "1")


_EXCLUDED = 0.025  # of one end of a 95 % interval
_EXP_LIMIT = 709.0  # e^710 is beyond float64


def _identity(tally: Tally, place: int, unit: Unit, *, infinite: bool) -> dict[str, Any]:
    """Cross-entropy with judgement weights × nats per unit = negative log-likelihood per judgement."""
    nats = inf if infinite else tally.moments("cross_entropy", place, weighting="judgement").mean
    per_unit = nats_in(unit)
    return {"cross_entropy": nats / per_unit, "unit": unit, "nats_per_unit": per_unit, "log_loss_nats": nats}


def _by_class(tally: Tally, place: int, settings: Settings) -> list[dict[str, Any]]:
    """What each class contributes to the means (or totals); the contributions add up to the whole."""
    sums = tally.class_sums(place)
    factor = tally.moments("brier", place).weight if settings.total else 1.0
    rows = []
    for number, name in enumerate(tally.classes):
        row: dict[str, Any] = {"class": name}
        row |= {key: float(sums[key][number]) for key in ("people", "model")}
        row |= {key: factor * float(sums[key][number]) for key in ("absolute_error", "squared_error")}
        loss = factor * float(sums["cross_entropy"][number])
        row["cross_entropy"] = loss if isinf(loss) else loss / nats_in(settings.unit)
        rows.append(row)
    return rows


def _worst(tally: Tally, place: int, settings: Settings) -> list[dict[str, Any]]:
    """The farthest items, and where it was gathered those that people are sure of, and those they are split on."""
    per_unit = nats_in(settings.unit)
    kinds = {"farthest": tally.worst(place), **tally.extremes(place)}
    return [
        {"item": row["item"], "value": row["nats"] / per_unit, "unit": settings.unit, "kind": kind,
         "people": row["people"], "model": row["model"]}
        for kind, rows in kinds.items() for row in rows[: settings.worst]
    ]  # fmt: skip


def _origin(tally: Tally, place: int, measures: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Where the distance comes from, if it was gathered."""
    sums = tally.calibration(place)
    if sums is None or not tally.items:
        return {}
    from .origin import Own, origin_entries

    exact = settings.exact or tally.people_kind == "probs"
    total = tally.moments("brier", place).weight if settings.total else 1.0
    own = None
    if exact or "bracket" in measures.get("entropy", {}):
        nats = nats_in(settings.unit) / total
        entropy, divergence = (_interval_of_entry(measures[key]).scaled(nats) for key in ("entropy", "kl_divergence"))
        own = Own(entropy, divergence, exact)
    return origin_entries(sums, tally.classes, items=tally.items, unit=settings.unit, own=own, total=total)


def _interval_of_entry(entry: Mapping[str, Any]) -> Interval:
    return Interval(entry["value"], entry["low"], entry["high"], entry["standard_error"], entry["n"], "")


def _people(tally: Tally, settings: Settings) -> dict[str, Any]:
    sizes = tally.panel_sizes
    people: dict[str, Any] = {"kind": tally.people_kind, "exact": settings.exact or tally.people_kind == "probs"}
    if sizes:
        people["judgements_per_item"] = {
            "min": min(sizes), "max": max(sizes), "mean": (tally.judgements or 0) / tally.items,
        }  # fmt: skip
        people["items_with_two_or_more"] = sum(count for size, count in sizes.items() if size >= 2)
    return people


def _slices(
    whole: Tally, parts: Mapping[tuple[str, str], tuple[Tally, Panel | None]], place: int, settings: Settings
) -> list[dict[str, Any]]:
    """The same measures on parts of the items, and the share of the whole distance that each holds, largest first.

    The intervals are made for all slices together (Bonferroni).
    """
    distance, level = distance_of(whole, place), 1 - 0.05 / len(parts)
    rows = []
    for (column, value), (part, panel) in parts.items():
        measures = _measures(part, panel, place, replace(settings, total=False))
        share = share_of_distance(whole, part, place, distance=distance, level=level)
        known = not isnan(share.value)
        rows.append({
            "column": column, "value": value, "items": part.items, "share": share.value if known else None,
            "share_low": share.low, "share_high": share.high, "share_of": distance,
            "share_of_items": part.items / whole.items, "level": level, "measures": widened(measures, level),
        })  # fmt: skip
    return sorted(rows, key=lambda row: (row["column"], -(row["share"] or 0.0), row["value"]))


def _warnings(tally: Tally, models: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    if tally.items == 1:
        return ["one item: there is no interval"]
    found = []
    heavy = [model["name"] for place, model in enumerate(models) if tally.heavy_tailed(place)]
    if heavy:
        names = ", ".join(heavy)
        found.append(
            f"{names}: a few items carry most of the loss; the intervals of the cross-entropy may be too short"
        )
    apart = [f"{pair['a']} − {pair['b']}" for pair in pairs if pair["cross_entropy"]["heavy_tailed"]]
    if apart:
        names = ", ".join(apart[:3]) + (f" and {len(apart) - 3} more" if len(apart) > 3 else "")
        found.append(f"{names}: a few items carry most of the difference; its interval may be too short")
    few = {model["name"]: ", ".join(_beyond(model["measures"])) for model in models}
    found += [
        f"{name}: {tally.items} items are few: the interval reaches beyond what is possible, and is not cut off there, "
        f"for {beyond}"
        for name, beyond in few.items()
        if beyond
    ]
    return found


def _beyond(measures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The measures of which an end of the interval is a number that they cannot be."""
    found = []
    for key, name in _BOUNDED.items():
        entry = measures.get(key, {})
        low, high = entry.get("low"), entry.get("high")
        if low is not None and high is not None and (low < 0 or (entry["unit"] == "share" and high > 1)):
            found.append(name)
    return found
