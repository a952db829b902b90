"""Beyond the distance: the model translated, bare verdicts read as people's answers, the alt-test."""

from collections.abc import Mapping, Sequence
from typing import Any

from .markup import Child, Markup, join, name_of, tag
from .numbers import count, fixed, number, percent
from .sections import measure_name, worth_words
from .tables import cell, meaning, quantity_cell, table
from .words import both

__all__ = ["better", "replacement"]

Entry = Mapping[str, Any]
_KEYS = ("cross_entropy", "kl_divergence", "squared_distance", "brier")


def better(_data: Entry, model: Entry, place: int) -> Markup:
    """The model beside itself after recalibration, and beside its verdicts read as what people say."""
    others = [
        (key, model[key].get("measures", model[key]), model[key].get("equivalence"))
        for key in ("recalibrated", "calibrated") if model.get(key)
    ]  # fmt: skip
    if not others:
        return Markup()
    versions = [("as_it_is", model["measures"], model.get("equivalence")), *others]
    keys = [key for key in _KEYS if any(key in measures for _, measures, _ in others)]
    worth = any(entry for _, _, entry in others)
    rows = [
        [
            cell(both(name), head=True), *(quantity_cell(measures.get(key), reach=True) for key in keys),
            *([cell(worth_words(entry) if entry else "", class_="num")] if worth else []),
        ]
        for name, measures, entry in versions
    ]  # fmt: skip
    saved = (model.get("recalibrated") or {}).get("saved")
    if saved:
        ends = [quantity_cell(saved.get(key), reach=True) for key in keys]
        rows.append([cell(both("saved"), head=True), *ends, *([cell("")] if worth else [])])
    heads: list[Child] = [both("kind"), *(measure_name(key) for key in keys), *([both("worth", x="")] if worth else [])]
    title = tag("h2", both("better"), id=f"better-{place}")
    return join(
        [title, table(heads, rows, sortable=False, numeric=range(1, len(heads))), meaning("better", opened=True)]
    )


def replacement(_data: Entry, model: Entry, place: int) -> Markup:
    """The alt-test: its answer, and each person against the model."""
    entry = model.get("replacement")
    if not entry:
        return Markup()
    people: Sequence[Entry] = entry.get("people") or ()
    parts = {
        "omega": fixed(entry["winning_rate"], 2), "rho": percent(entry["advantage"]),
        "epsilon": fixed(entry["epsilon"], 2),
    }  # fmt: skip
    answer = both("replace_yes" if entry["passed"] else "replace_no", **parts)
    rows = [
        [
            cell(name_of(row["annotator"]), head=True), cell(count(row["items"]), row["items"]),
            cell(percent(row["model_as_good"]), row["model_as_good"]),
            cell(percent(row["person_as_good"]), row["person_as_good"]),
            cell(_p_value(row.get("p_adjusted")), number(row.get("p_adjusted")), class_="num"),
            cell(both("yes" if row["replaced"] else "no"), float(row["replaced"]), class_="num"),
        ]
        for row in people[:60]
    ]  # fmt: skip
    heads = [both(key) for key in ("person", "items", "model_as_good", "person_as_good", "p_by", "replaced")]
    title = tag("h2", both("replacement"), id=f"replacement-{place}")
    shown = table(heads, rows, numeric=range(1, len(heads))) if rows else ""
    return join([title, tag("p", answer), shown, meaning("replacement")])


def _p_value(p: float | None) -> str:
    return "" if p is None else "< 0.0001" if p < 1e-4 else fixed(p, 4)
