"""From sums to the answer: the document (schema 1) is a function of the tally and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import exp, inf, isinf
from typing import Any, Literal

from bitsapart import __version__
from bitsapart.units import Unit, nats_in

from .intervals import Interval, clustered_interval
from .panel import panel_entries, verdict_entries
from .rivals import rank
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
        replace: run the alt-test.
        epsilon: the alt-test's allowance for the model; None is 0.2.
        detail: gather everything that the page shows.
        exact: people's answers are the truth itself, not a sample of it.
    """

    unit: Unit = "bit"
    per: Literal["item", "judgement"] = "item"
    total: bool = False
    by_class: bool = False
    ordinal: bool = False
    worst: int = 5
    curve: bool = False
    replace: bool = False
    epsilon: float | None = None
    detail: bool = False
    exact: bool = False


@dataclass(frozen=True)
class Context:
    """What a run knows beside the sums: where the data came from, and the tallies of its slices."""

    inputs: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    slices: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    replacement: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


# Information is measured in the unit that was asked for; the others are plain numbers or shares.
_INFORMATION = frozenset({"cross_entropy", "entropy", "kl_divergence"})
_SHARES = frozenset({"accuracy", "majority_accuracy"})
_AS_ANSWERED = frozenset({"absolute_error", "squared_error"})
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
    settings = replace(settings or Settings(), per=tally.per)
    models = [_model(tally, place, settings) for place in range(len(tally.models))]
    ranking, pairs = rank(tally, models, settings.unit)
    for (column, value), part in context.slices.items():
        _add_slice(models, tally, part, column, value, settings)
    by_name = {model["name"]: model for model in models}
    for name, test in context.replacement.items():
        by_name[name]["replacement"] = dict(test)
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
        "warnings": [*context.warnings, *_warnings(tally, models)],
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
    if groups is not None:
        return replace(clustered_interval(*groups), value=moments.mean)
    return moments.interval()


def _model(tally: Tally, place: int, settings: Settings) -> dict[str, Any]:
    per_unit = nats_in(settings.unit)
    infinite, items = tally.infinite(place)
    measures = {key: _measure(tally, key, place, settings) for key in _COLUMNS if tally.moments(key, place).n}
    if settings.exact and tally.people_kind == "labels":
        measures["squared_distance"] = dict(measures["squared_error"])
    _make_infinite(measures, infinite)
    measures |= _likelihood(tally, place, infinite=bool(infinite))
    measures["perplexity"] = _perplexity(interval_of(tally, "cross_entropy", place), infinite=bool(infinite))
    model: dict[str, Any] = {
        "name": tally.models[place],
        "kind": tally.model_kinds[place],
        "measures": measures,
        "infinite": {"count": infinite, "items": list(items)},
        "worst": [
            {
                "item": row["item"],
                "value": row["nats"] / per_unit,
                "unit": settings.unit,
                "kind": "farthest",
                "people": row["people"],
                "model": row["model"],
            }
            for row in tally.worst(place)[: settings.worst]
        ],
        "identity": _identity(tally, place, settings.unit, infinite=bool(infinite)),
    }
    model |= panel_entries(tally, place, measures, settings)
    model |= verdict_entries(tally, place, settings)
    if "classes" in tally.parts:
        model["by_class"] = _by_class(tally, place, per_unit)
    if "confusion" in tally.parts:
        model["confusion"] = [[float(cell) for cell in row] for row in tally.confusion(place)]
    return model


def _measure(tally: Tally, key: str, place: int, settings: Settings) -> dict[str, Any]:
    interval = interval_of(tally, key, place)
    unit: str = "share" if key in _SHARES else "1"
    if key in _INFORMATION:
        interval, unit = interval.scaled(1 / nats_in(settings.unit)), settings.unit
    more: dict[str, Any] = {}
    if key in _AS_ANSWERED and not settings.exact and tally.people_kind != "probs":
        more["note"] = "as answered by these people: too large when few were asked"
    if settings.total and key not in _SHARES:
        interval = interval.scaled(tally.moments(key, place).weight)
    return entry(interval, unit, **more)


def _make_infinite(measures: dict[str, dict[str, Any]], infinite: int) -> None:
    """Where an item's loss is infinite the mean is; the mean of the others stands beside it."""
    if not infinite:
        return
    for key in ("cross_entropy", "kl_divergence"):
        if key in measures:
            finite = {name: measures[key][name] for name in ("value", "low", "high", "n")}
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


_EXP_LIMIT = 709.0  # e^710 is beyond float64


def _identity(tally: Tally, place: int, unit: Unit, *, infinite: bool) -> dict[str, Any]:
    """Cross-entropy with judgement weights × nats per unit = negative log-likelihood per judgement."""
    nats = inf if infinite else tally.moments("cross_entropy", place, weighting="judgement").mean
    per_unit = nats_in(unit)
    return {"cross_entropy": nats / per_unit, "unit": unit, "nats_per_unit": per_unit, "log_loss_nats": nats}


def _by_class(tally: Tally, place: int, per_unit: float) -> list[dict[str, Any]]:
    """What each class contributes to the means; the contributions add up to the whole."""
    sums = tally.class_sums(place)
    rows = []
    for number, name in enumerate(tally.classes):
        row: dict[str, Any] = {"class": name}
        row |= {key: float(sums[key][number]) for key in ("people", "model", "absolute_error", "squared_error")}
        loss = float(sums["cross_entropy"][number])
        row["cross_entropy"] = loss if isinf(loss) else loss / per_unit
        rows.append(row)
    return rows


def _people(tally: Tally, settings: Settings) -> dict[str, Any]:
    sizes = tally.panel_sizes
    people: dict[str, Any] = {"kind": tally.people_kind, "exact": settings.exact or tally.people_kind == "probs"}
    if sizes:
        people["judgements_per_item"] = {
            "min": min(sizes), "max": max(sizes), "mean": (tally.judgements or 0) / tally.items,
        }  # fmt: skip
        people["items_with_two_or_more"] = sum(count for size, count in sizes.items() if size >= 2)
    return people


def _add_slice(
    models: list[dict[str, Any]], whole: Tally, part: Tally, column: str, value: str, settings: Settings
) -> None:
    """The same measures on a part of the items, and the share of the whole distance that it holds."""
    for place, model in enumerate(models):
        sliced = _model(part, place, replace(settings, total=False))
        of_all = whole.moments("cross_entropy", place).total
        held = part.moments("cross_entropy", place).total
        model.setdefault("slices", []).append({
            "column": column, "value": value, "items": part.items,
            "share": held / of_all if of_all and not sliced["infinite"]["count"] else None,
            "measures": sliced["measures"],
        })  # fmt: skip
        model["slices"].sort(key=lambda row: (row["column"], -(row["share"] or 0.0), row["value"]))


def _warnings(tally: Tally, models: Sequence[Mapping[str, Any]]) -> list[str]:
    if tally.items == 1:
        return ["one item: there is no interval"]
    heavy = [model["name"] for place, model in enumerate(models) if tally.heavy_tailed(place)]
    if not heavy:
        return []
    return [
        f"{', '.join(heavy)}: a few items carry most of the loss; the intervals of the cross-entropy may be too short"
    ]
