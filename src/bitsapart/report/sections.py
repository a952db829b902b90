"""The page's words and tables: the one sentence, the ranking, the three ways, how it was computed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .charts import ranking_chart
from .drawing import draw, say_token
from .markup import Child, Markup, join, name_of, shown, tag
from .numbers import count, decimals, fixed, interval, number, percent, quantity
from .sentences import in_chinese
from .tables import cell, meaning, quantity_cell, table
from .words import WAYS, both, measure_words, two

__all__ = ["facts", "hero", "how", "measure_name", "ranking", "sentence", "three_ways", "unit_token", "worth_words"]

Entry = Mapping[str, Any]
_UNITS = ("bit", "nat", "hartley")
_MOST_PAIRS = 60


def unit_token(unit: str) -> str:
    """The unit's name on a chart."""
    return say_token(f"apart_unit_{unit}") if unit in _UNITS else ""


def facts(data: Entry) -> Markup:
    """Items, judgements, classes, and what is out of the ordinary."""
    people, panel = data["people"], data["people"].get("judgements_per_item")
    counts: dict[str, Child] = {"items": count(data["items"]), "classes": str(len(data["classes"]))}
    if data.get("judgements") is not None and panel:
        low, high = panel["min"], panel["max"]
        per = str(low) if low == high else f"{low}–{high}"
        words = both("facts_judged", judgements=count(data["judgements"]), per=per, **counts)
    else:
        words = both("facts", **counts)
    more = [
        both(key)
        for key, said in (
            ("facts_exact", people.get("exact")),
            ("facts_judgement", data.get("per") == "judgement"),
            ("facts_total", data.get("total")),
        )
        if said
    ]
    return tag("p", words, [[" · ", part] for part in more], class_="facts")


def hero(data: Entry, model: Entry) -> Markup:
    """The one sentence, the equation behind it, and the figures people look for first."""
    measures = model["measures"]
    several = len(data["models"]) > 1  # then the page's first heading says which is closest
    return join([
        tag("p", name_of(model["name"]), class_="kicker"),
        tag("h2", sentence(model), class_="sentence") if several else tag("h1", sentence(model)),
        _equation(measures),
        _infinite(data, model),
        tag("div", _cards(model), class_="cards"),
        meaning("top"),
    ])  # fmt: skip


def sentence(model: Entry) -> Markup:
    """How far apart, in one sentence."""
    measures = model["measures"]
    distance = measures.get("kl_divergence") or measures["cross_entropy"]
    if number(distance["value"]) == float("inf"):
        return tag("span", both("apart_infinite"), class_="endless")
    if distance["value"] is None or distance is measures["cross_entropy"]:
        return both("apart_at_most", x=tag("span", quantity(measures["cross_entropy"]), class_="x"))
    return both("apart", x=tag("span", quantity(distance), class_="x"))


def _equation(measures: Entry) -> Markup:
    whole, own, gap = (measures.get(key) for key in ("cross_entropy", "entropy", "kl_divergence"))
    if whole is None or number(whole["value"]) == float("inf"):
        return Markup()
    digits = min(decimals(entry) for entry in (whole, own, gap) if entry is not None)
    shown_whole = tag("span", quantity(whole, digits=digits), class_="whole")
    if own is None or gap is None or own["value"] is None or gap["value"] is None:
        return tag("p", both("equation_at_most", ce=shown_whole), class_="equation")
    parts = {
        "own": tag("span", quantity(own, digits=digits), class_="own"),
        "kl": tag("span", quantity(gap, digits=digits), class_="gap"),
    }
    return tag("p", both("equation", ce=shown_whole, **parts), class_="equation")


def _infinite(data: Entry, model: Entry) -> Markup:
    infinite = model.get("infinite") or {}
    if not infinite.get("count"):
        return Markup()
    finite = dict(model["measures"]["cross_entropy"].get("finite") or {"value": None, "n": 0})
    rest = quantity({"unit": data["unit"], "low": None, "high": None, **finite})
    why = both("infinite_why", count=count(infinite["count"]), n=count(data["items"]), x=rest)
    names = [[", " if place else "", name_of(item, 60)] for place, item in enumerate(infinite.get("items", ()))]
    items = [" ", both("infinite_items", items=join(names))] if names else ""
    return tag("div", tag("p", why, items), class_="warn")


def _cards(model: Entry) -> list[Markup]:
    cards = []
    measures = model["measures"]
    worth = model.get("equivalence")
    if worth:
        people = worth_words(worth)
        cards.append(_card(both("worth", x=people), _worth_reach(worth), both("worth_note")))
    wrong = measures.get("majority_accuracy")
    if wrong:
        turned = _turned(wrong)
        cards.append(_card(both("error_rate_of", x=quantity(turned)), interval(turned), both("error_note")))
    known = (model.get("known") or {}).get("share")
    if known and abs(number(known["value"])) < float("inf"):
        cards.append(_card(both("known", x=quantity(known)), interval(known), both("known_note")))
    return cards


def worth_words(worth: Entry) -> Markup:
    """How many people."""
    if worth.get("beyond"):
        return both("worth_more", x=str(worth.get("k_max", "")))
    return both("worth_of", x=_people(number(worth["value"])))


def _worth_reach(worth: Entry) -> str:
    """The interval of a number of people; it may end past the panel."""
    if worth.get("low") is None:
        return ""
    ends = [f"> {worth['k_max']}" if end is None else fixed(end, 2) for end in (worth["low"], worth.get("high"))]
    return " – ".join(ends)


def _people(value: float) -> str:
    return "0" if value == 0 else fixed(value, 2 if value < 2 else 1)


def _card(big: Child, reach: str, what: Child) -> Markup:
    return tag(
        "div", tag("span", big, class_="big"), tag("span", ["95 %: ", reach] if reach else "", class_="note"),
        tag("span", what, class_="what"), class_="card",
    )  # fmt: skip


def _turned(accuracy: Entry) -> Entry:
    """The error rate that goes with an accuracy."""
    ends = {"low": accuracy.get("high"), "high": accuracy.get("low")}
    turned = {key: None if end is None else 1 - end for key, end in ends.items()}
    return {**accuracy, **turned, "value": 1 - accuracy["value"]}


def ranking(data: Entry) -> Markup:
    """Several models side by side, with their paired differences."""
    models: Sequence[Entry] = data["models"]
    by = _ranked_by(models)
    tied = _tied(data, by)
    keys = [key for key in ("cross_entropy", "kl_divergence", "squared_distance", "brier")
            if any(key in model["measures"] for model in models)]  # fmt: skip
    heads: list[Child] = [both("model"), *(measure_name(key) for key in keys), both("error_rate")]
    worth = any(model.get("equivalence") for model in models)
    rows, marks = [], []
    for place, model in enumerate(models):
        mark = _tied_mark() if model["name"] in tied and len(tied) > 1 else ""
        cells = [cell([name_of(model["name"]), mark], head=True)]
        cells += [quantity_cell(model["measures"].get(key), reach=True) for key in keys]
        right = model["measures"].get("majority_accuracy")
        cells.append(quantity_cell(_turned(right) if right else None, reach=True))
        if worth:
            cells.append(_worth_cell(model.get("equivalence")))
        rows.append(cells)
        marks.append({"data_row": str(place)})
    if worth:
        heads.append(both("worth", x=""))
    shown_table = table(heads, rows, numeric=range(1, len(heads)), row_attributes=marks)
    return join([
        tag("h1", _closest(models, by, tied), id="ranking-title"), _ranking_figure(models, by), shown_table,
        tag("p", both("tied_note"), class_="note") if len(tied) > 1 else "", _pairs(data, by), meaning("ranking"),
    ])  # fmt: skip


def _tied_mark() -> Markup:
    return tag("span", tag("span", " ●", aria_hidden="true"), tag("span", both("tied"), class_="unseen"))


def _ranked_by(models: Sequence[Entry]) -> str:
    """The measure that tells the models apart: where cross-entropies are infinite, one that is not."""
    for key in ("cross_entropy", "squared_distance", "brier"):
        if sum(number((model["measures"].get(key) or {}).get("value", "inf")) < float("inf") for model in models) > 1:
            return key
    return "cross_entropy"


def _tied(data: Entry, by: str) -> Collection[str]:
    """The models that cannot be told from the best."""
    models = data["models"]
    if by == "cross_entropy":
        return set((data.get("ranking") or {}).get("tied", ()))
    best = min(models, key=lambda model: number(model["measures"][by]["value"]))["name"]
    pairs = [pair for pair in data.get("pairs") or () if best in (pair["a"], pair["b"])]
    level = 0.05
    alike = [pair for pair in pairs if not number((pair.get(by) or {}).get("p_adjusted")) < level]
    return {best, *(name for pair in alike for name in (pair["a"], pair["b"]))}


def _closest(models: Sequence[Entry], by: str, tied: Collection[str]) -> Markup:
    """Which model is closest, in one sentence."""
    if len(tied) > 1:
        count_of = {"n": tag("span", str(len(tied)), class_="x"), "of": str(len(models))}
        if by == "cross_entropy":
            return both("closest_tied", **count_of)
        return both("closest_tied_by", measure=measure_name(by), **count_of)
    if by != "cross_entropy":
        best = min(models, key=lambda model: number(model["measures"][by]["value"]))
        distance = tag("span", quantity(best["measures"][by]), class_="x")
        return both("closest_squares", model=name_of(best["name"]), measure=measure_name(by), x=distance)
    entry = models[0]["measures"].get("kl_divergence") or {}
    known = entry.get("value") is not None
    distance = quantity(entry if known else models[0]["measures"]["cross_entropy"])
    return both(
        "closest" if known else "closest_at_most", model=name_of(models[0]["name"]), x=tag("span", distance, class_="x")
    )


def _ranking_figure(models: Sequence[Entry], by: str) -> Markup:
    known = [(model["name"], model["measures"][by]) for model in models if by in model["measures"]]
    finite = [(name, entry) for name, entry in known if number(entry["value"]) < float("inf")]
    if len(finite) < 2:
        return Markup()
    title = say_token("axis_ce" if by == "cross_entropy" else "axis_squares")
    chart = draw(ranking_chart(finite, title, unit=unit_token(finite[0][1]["unit"])), label="ranking-title")
    return tag("figure", chart, style="margin:0 0 1rem")


def _worth_cell(entry: Entry | None) -> Markup:
    if not entry:
        return cell("", float("nan"))
    if entry.get("beyond"):
        return cell(f"> {entry.get('k_max', '')}", float("inf"))
    return cell(fixed(entry["value"], 2), number(entry["value"]))


def _pairs(data: Entry, by: str) -> Markup:
    pairs = data.get("pairs") or []
    if not pairs:
        return Markup()
    rows = []
    for pair in pairs[:_MOST_PAIRS]:
        entry = pair.get(by) or pair["cross_entropy"]
        p = entry.get("p_adjusted")
        won = [percent(entry[key]) for key in ("won_a", "won_b") if entry.get(key) is not None]
        rows.append([
            cell([name_of(pair["a"]), " − ", name_of(pair["b"])], head=True), quantity_cell(entry),
            cell(interval(entry), class_="num"), cell(" : ".join(won), class_="num"),
            cell("" if p is None else "< 0.0001" if p < 1e-4 else fixed(p, 4), number(p)),
        ])  # fmt: skip
    heads = [both("models"), *(both(key) for key in ("difference", "interval", "won", "p_value"))]
    caption = both("pairs", measure=measure_name(by))
    return tag("div", table(heads, rows, caption=caption, numeric=(1, 2, 3, 4)), style="margin-top:1.2rem")


def three_ways(model: Entry) -> Markup:
    """Least squares, likelihood, cross-entropy: one card each."""
    cards = []
    for place, (way, keys) in enumerate(WAYS, start=1):
        entries = [(key, model["measures"][key]) for key in keys if key in model["measures"]]
        if entries:
            head = tag("h3", f"{place}\N{EN SPACE}", both(way))
            lead = tag("p", both(f"{way}_lead"), class_="note")
            rows = [_measure(key, entry) for key, entry in entries]
            cards.append(tag("div", head, lead, tag("dl", rows, class_="measures"), class_="card"))
    return join([
        tag("h2", both("three")), tag("div", cards, class_="cards three"), _agreement(model), meaning("three"),
    ])  # fmt: skip


def measure_name(key: str) -> Markup:
    """What a measure is called."""
    words = measure_words(key)
    return two(words["en"], words["zh"]) if words else join(key)


def _measure(key: str, entry: Entry) -> Markup:
    words = measure_words(key)
    why: list[Child] = []
    if words:
        formula = tag("code", words["formula"]) if words["formula"] else ""
        why = [formula, "\N{EN SPACE}" if formula else "", two(words["meaning_en"], words["meaning_zh"])]
    bracket = entry.get("bracket")
    if bracket and number(bracket[1]) < float("inf"):
        digits = decimals(entry)
        low, high = (fixed(end, digits) for end in bracket)
        why += ["\N{EN SPACE}", both("bracket", low=low, high=high)]
    return tag(
        "div", tag("dt", measure_name(key)), tag("dd", quantity(entry), data_measure=key, data_value=_plain(entry)),
        tag("dd", interval(entry), class_="ci", style="grid-column:1/-1") if interval(entry) else "",
        tag("dd", why, class_="why") if why else "",
    )  # fmt: skip


def _plain(entry: Entry) -> str:
    value = entry["value"]
    return "" if value is None else f"{value!r}" if not isinstance(value, str) else value


def _agreement(model: Entry) -> Markup:
    entry = model.get("identity")
    if not entry or number(entry["log_loss_nats"]) == float("inf"):
        return Markup()
    one = quantity({"value": entry["cross_entropy"], "unit": entry["unit"], "low": None, "high": None})
    line = both("agree_line", ce=one, factor=fixed(entry["nats_per_unit"], 4), nats=fixed(entry["log_loss_nats"], 4))
    return tag("p", tag("b", both("agree")), two(": ", "："), line, class_="note")


def how(data: Entry) -> Markup:
    """Versions, inputs with their fingerprints, settings, notes and warnings."""
    version = both("version", x=str(data.get("bitsapart", "?")), schema=str(data["schema"]))
    inputs = [
        [
            cell(name_of(shown(entry.get("name", "")).rpartition("/")[2] or entry.get("name", "")), head=True),
            cell(str(entry.get("format", ""))),
            cell(count(entry["bytes"]) if entry.get("bytes") is not None else "", number(entry.get("bytes"))),
            cell(tag("code", shown(entry.get("fingerprint", "")))),
        ]
        for entry in data.get("inputs", ())
    ]  # fmt: skip
    settings = [
        [cell(tag("code", key), head=True), cell(shown(value))]
        for key, value in (data.get("settings") or {}).items() if value not in (None, False, [], "")
    ]  # fmt: skip
    notes = tag(
        "ul",
        [tag("li", two(name_of(note, 400), name_of(in_chinese(note), 400))) for note in data.get("notes", ())],
        class_="plain",
    )
    heads = [both(key) for key in ("input", "format", "bytes", "fingerprint")]
    return join([
        tag("h2", both("how")), tag("p", version, class_="note"), notes if data.get("notes") else "",
        table(heads, inputs, sortable=False, numeric=(2,)) if inputs else "",
        table([both("setting"), both("value")], settings, sortable=False) if settings else "",
    ])  # fmt: skip
