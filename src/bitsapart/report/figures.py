"""The page's figures of one model; each with its data as a table and what it means."""

from collections.abc import Mapping, Sequence
from typing import Any

from .charts import class_chart, equivalence_chart, reliability_chart, slice_chart, split_chart
from .colours import CALIBRATION, GROUPING, MODEL, PEOPLE, ROLES
from .drawing import draw, say_token
from .markup import Child, Markup, join, name_of, tag
from .numbers import count, fixed, number, percent
from .plots import split_parts
from .sections import measure_name, unit_token
from .tables import cell, details, interval_cell, meaning, quantity_cell, table
from .words import both

__all__ = ["classes", "confusion", "equivalence", "reliability", "slices", "split"]

Entry = Mapping[str, Any]
_COLOURS = {
    "own": PEOPLE, "own_squares": PEOPLE, "grouping": GROUPING, "rest": GROUPING, "calibration": CALIBRATION,
    "kl": MODEL,
}  # fmt: skip
_MOST_CLASSES = 20
_MOST_SLICES = 200
_MOST_ROWS = 60
_MOST_CURVES = 16  # on the whole page


def split(data: Entry, model: Entry, place: int) -> Markup:
    """Where the distance comes from: the parts of the cross-entropy and of the Brier score."""
    blocks: list[Markup] = []
    for score, title in (("log", "logs"), ("square", "brier")):
        parts, _ = split_parts(model, score)
        absent = ((model.get("split") or {}).get(score) or {}).get("absent")
        if parts:
            several = _several(data) if score == "square" else None
            blocks.append(
                _split_block(parts, model["measures"][_WHOLE[score]], title, f"split-{score}-{place}", several)
            )
        elif absent:
            blocks.append(tag("div", tag("h3", both(title)), _missing(absent)))
    if not blocks:
        infinite = number(model["measures"]["cross_entropy"]["value"]) == float("inf")
        return join([tag("h2", both("split")), _missing(both("why_infinite") if infinite else _why(data))])
    told = meaning("split", opened=len(blocks) == 1)
    beside = tag("div", told, _temperature(model)) if len(blocks) == 1 else ""
    below = "" if beside else join([_temperature(model), told])
    return join([tag("h2", both("split")), tag("div", blocks, beside, class_="figure even"), below, _corp(model)])


_WHOLE = {"log": "cross_entropy", "square": "brier"}


def _several(data: Entry) -> int | None:
    """How many items two people or more judged, where these are not all: on them the parts of the Brier score rest."""
    several: int = data["people"].get("items_with_two_or_more") or 0
    return several if 0 < several < data["items"] else None


def _split_block(
    parts: Sequence[tuple[str, Entry]], whole: Entry, title: str, label: str, several: int | None = None
) -> Markup:
    of = Markup()
    if several is not None:
        whole = {**whole, "value": sum(number(entry["value"]) for _, entry in parts), "low": None, "high": None}
        of = tag("p", both("several", n=count(several)), class_="note")
    finite = [(name, entry) for name, entry in parts if abs(number(entry["value"])) < float("inf")]
    chart = draw(split_chart(finite, say_token, unit=unit_token(whole["unit"]), legend=False), label=label)
    endless = tag("p", both("split_endless"), class_="note") if len(finite) < len(parts) else ""
    rows = [
        [
            cell([tag("span", class_="key", style=f"--c:var(--{ROLES[_COLOURS[name]]})"), both(name)], head=True),
            quantity_cell(entry),
            interval_cell(entry),
        ]
        for name, entry in parts
    ]
    rows.append([cell(both("whole"), head=True), quantity_cell(whole), interval_cell(whole)])
    heads = [both(key) for key in ("part", "value", "interval")]
    return tag(
        "div", tag("h3", both(title), id=label), of, tag("figure", chart, style="margin:0"), endless,
        table(heads, rows, sortable=False, numeric=(1, 2)),
    )  # fmt: skip


def _temperature(model: Entry) -> Markup:
    inverse = ((model.get("split") or {}).get("log") or {}).get("inverse_temperature")
    if inverse is None:
        return Markup()
    means = both("too_timid" if inverse > 1 else "too_sure")
    return tag("p", both("inverse", x=fixed(inverse, 3), means=means), class_="note")


def _corp(model: Entry) -> Markup:
    rows = []
    for entry in (model.get("split") or {}).get("corp", ())[:_MOST_ROWS]:
        for kind in ("in_sample", "cross_fitted"):
            terms = entry[kind]
            values = [terms[name]["value"] if isinstance(terms[name], Mapping) else terms[name] for name in _TERMS]
            rows.append([
                cell(both("all_classes") if entry["class"] is None else name_of(entry["class"]), head=True),
                cell(both("logs" if entry["score"] == "log" else "brier")), cell(both(kind)),
                *(cell(fixed(value, 5), number(value)) for value in values),
            ])  # fmt: skip
    if not rows:
        return Markup()
    heads = [both(key) for key in ("class", "score", "kind", *_TERMS)]
    return details(both("corp"), table(heads, rows, numeric=(3, 4, 5, 6)))


_TERMS = ("score", "miscalibration", "discrimination", "uncertainty")


def equivalence(data: Entry, model: Entry, place: int) -> Markup:
    """The curve of k combined people with the model on it."""
    title = tag("h2", both("equivalence"), id=f"equivalence-{place}")
    entry = model.get("equivalence")
    if not entry or not entry.get("curve"):
        return join([title, _missing(both("why_panel"))])
    chart = draw(equivalence_chart(entry, say_token, unit=unit_token(data["unit"])), label=f"equivalence-{place}")
    unit = data["unit"]
    rows = [
        [cell(str(row["k"]), row["k"], head=True), *_with_interval({"unit": unit, **row})] for row in entry["curve"]
    ]
    level = {"low": None, "high": None, **entry["model"]}
    rows.append([cell(both("mark_model"), -1, head=True), *_with_interval(level)])
    shown = details(both("table"), table([both("k_people"), both("value"), both("interval")], rows, numeric=(1, 2)))
    return join([title, _figure(chart, [meaning("equivalence", opened=True), shown])])


def _with_interval(entry: Entry) -> tuple[Markup, Markup]:
    return quantity_cell(entry), interval_cell(entry)


def reliability(data: Entry, model: Entry, place: int) -> Markup:
    """Reliability curves, one shown at a time."""
    curves = _heaviest(model, max(1, _MOST_CURVES // len(data["models"])))
    title = tag("h2", both("reliability"), id=f"reliability-{place}")
    if not curves:
        return join([title, _missing(_why(data))])
    group = f"reliability-{place}"
    picker = Markup()
    if len(curves) > 1:
        options = [tag("option", name_text(curve), value=str(n)) for n, curve in enumerate(curves)]
        picker = tag("p", tag("label", both("class"), " ", tag("select", options, data_picks=group)), class_="note")
    parts, told = [], meaning("reliability", opened=True)
    for number_of, curve in enumerate(curves):
        chart = draw(reliability_chart(curve, say_token), label=f"{group}-c{number_of}")
        name = both("all_classes") if curve["class"] is None else name_of(curve["class"])
        head = tag("h3", name, id=f"{group}-c{number_of}")
        shown = details(both("table"), _curve_tables(curve))
        parts.append(tag("div", head, _figure(chart, [told, shown]), data_of=group, data_part=str(number_of)))
    return join([title, picker, parts])


def _heaviest(model: Entry, most: int) -> Sequence[Entry]:
    """The curves of the classes that contribute most, in the order of the result."""
    curves: Sequence[Entry] = model.get("reliability") or ()
    share = {row["class"]: number(row["cross_entropy"]) for row in model.get("by_class") or ()}
    ranked = sorted(
        range(len(curves)), key=lambda n: (curves[n]["class"] is not None, -share.get(curves[n]["class"], 0.0))
    )
    return [curves[n] for n in sorted(ranked[:most])]


def name_text(curve: Entry) -> Child:
    """What a curve is called in a list of choices, which can hold text only."""
    return "∑" if curve["class"] is None else str(curve["class"])[:60]


def _curve_tables(curve: Entry) -> list[Markup]:
    """The curve, its band and how often the model says what."""
    band, histogram = curve["band"], curve["histogram"]
    steps = [[row["from"], row["to"], row["people"], row["weight"]] for row in curve["curve"]]
    ends = list(zip(band["q"], band["low"], band["high"], strict=True))
    edges = histogram["edges"]
    often = list(zip(edges[:-1], edges[1:], histogram["share"], strict=True))
    return [
        _shares_table(("from", "to", "people_say", "share_of"), steps, caption=None),
        _shares_table(("axis_says", "from", "to"), ends, caption=both("band")),
        _shares_table(("from", "to", "axis_often"), often, caption=both("axis_says")),
    ]


def _shares_table(heads: Sequence[str], rows: Sequence[Sequence[float]], *, caption: Child) -> Markup:
    cells = [
        [cell(percent(value, 2), value, head=place == 0) for place, value in enumerate(row)] for row in _thinned(rows)
    ]
    return table([both(key) for key in heads], cells, caption=caption, numeric=range(1, len(heads)))


def _thinned(rows: Sequence[Sequence[float]]) -> Sequence[Sequence[float]]:
    return rows[:: -(-len(rows) // _MOST_ROWS) or 1]


def classes(data: Entry, model: Entry, place: int) -> Markup:
    """What each class contributes."""
    title = tag("h2", both("by_class"), id=f"classes-{place}")
    rows_of: Sequence[Entry] = model.get("by_class") or ()
    if not rows_of:
        return join([title, _missing(_why(data))])
    chart: Markup = Markup()
    if any(number(row["cross_entropy"]) < float("inf") for row in rows_of):
        chart = draw(class_chart(rows_of, say_token, unit=unit_token(data["unit"])), label=f"classes-{place}")
    heads = [
        both("class"),
        both("people_say"),
        both("model_says"),
        both("axis_ce"),
        measure_name("squared_error"),
    ]
    ordered = sorted(rows_of, key=lambda row: -number(row["cross_entropy"]))
    rows = [
        [
            cell(name_of(row["class"]), head=True), cell(percent(row["people"], 2), row["people"]),
            cell(percent(row["model"], 2), row["model"]), _plain(row["cross_entropy"]), _plain(row["squared_error"]),
        ]
        for row in ordered[:_MOST_SLICES]
    ]  # fmt: skip
    shown = table(heads, rows, numeric=(1, 2, 3, 4))
    told = meaning("by_class", opened=True)
    if not chart:
        return join([title, shown, told])
    return join([title, tag("div", tag("figure", chart, told, style="margin:0"), shown, class_="figure")])


def _plain(value: Any) -> Markup:
    return cell(fixed(value, 4), number(value))


def confusion(data: Entry, model: Entry, place: int) -> Markup:
    """People's classes against the model's, by mass."""
    title = tag("h2", both("confusion"), id=f"confusion-{place}")
    matrix: Sequence[Sequence[float]] | None = model.get("confusion")
    if not matrix:
        return join([title, _missing(_why(data))])
    mass = [sum(row) + sum(other[place] for other in matrix) for place, row in enumerate(matrix)]
    kept = sorted(sorted(range(len(matrix)), key=lambda c: -mass[c])[:_MOST_CLASSES])
    most = max(max(matrix[a][b] for b in kept) for a in kept) or 1.0
    heads: list[Child] = [both("people_say"), *(name_of(data["classes"][c], 24) for c in kept)]
    rows = [
        [
            cell(name_of(data["classes"][a], 60), head=True),
            *(
                tag("td", percent(matrix[a][b], 2), data_v=f"{matrix[a][b]!r}", class_="off" if a != b else None,
                    style=f"--h:{(matrix[a][b] / most) ** 0.5:.3f}")
                for b in kept
            ),
        ]
        for a in kept
    ]  # fmt: skip
    shown = tag("div", table(heads, rows, sortable=False, numeric=range(1, len(heads))), class_="heat")
    return join([title, tag("p", both("model_says"), " →", class_="note"), shown, meaning("confusion")])


def slices(_data: Entry, model: Entry, place: int) -> Markup:
    """Parts of the items, ranked by how much of the distance they hold."""
    rows_of: Sequence[Entry] = model.get("slices") or ()
    if not rows_of:
        return Markup()
    ranked = sorted(rows_of, key=lambda row: -(row.get("share") or 0.0))
    drawable = [row for row in ranked if row.get("share") is not None and row.get("share_of_items") is not None]
    chart = draw(slice_chart(drawable, say_token), label=f"slices-{place}") if drawable else Markup()
    rows = [
        [
            cell([name_of(row["column"]), " = ", name_of(row["value"])], head=True),
            cell(count(row["items"]), row["items"]), _share_cell(row.get("share_of_items")),
            _share_cell(row.get("share")), _held_interval(row),
            quantity_cell(row["measures"]["cross_entropy"], reach=True),
        ]
        for row in ranked[:_MOST_SLICES]
    ]  # fmt: skip
    heads = [both(key) for key in ("slice", "items", "of_items", "held", "interval_slices", "axis_ce")]
    first = ranked[0]
    sure = ""
    if first.get("level") is not None:
        distance = measure_name(first["share_of"]) if first.get("share_of") else both("axis_ce")
        level = {"level": percent(first["level"], 2), "n": str(len(ranked)), "measure": distance}
        sure = tag("p", both("slices_level", **level), class_="note")
    title = tag("h2", both("slices"), id=f"slices-{place}")
    shown = table(heads, rows, numeric=range(1, len(heads)))
    return join([title, _figure(chart, [meaning("slices", opened=True), sure]), shown])


def _share_cell(share: float | None) -> Markup:
    return cell(percent(share), number(share), class_="num")


def _held_interval(row: Entry) -> Markup:
    """The interval of a slice's share of the distance."""
    entry = {"value": row.get("share"), "low": row.get("share_low"), "high": row.get("share_high"), "unit": "share"}
    return interval_cell(entry)


def _figure(chart: Child, beside: Child) -> Markup:
    return tag("div", tag("figure", chart, style="margin:0"), tag("div", beside), class_="figure")


def _missing(why: Child) -> Markup:
    return tag("p", both("absent", why=why), class_="note")


def _why(data: Entry) -> Markup:
    detailed = (data.get("settings") or {}).get("detail")
    return both("why_lacks" if detailed else "why_detail")
