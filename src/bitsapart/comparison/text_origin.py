"""«Where the distance comes from», the items that teach most, classes and slices, as a person reads them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .numerals import UNIT_NAMES, adding_up, complement, count, counted, digits_of, fixed, half_width, percent, readable

__all__ = [
    "by_class", "columns", "origin", "origins", "printable", "recalibrated", "several_judgements",
    "slices", "worst",
]  # fmt: skip

Entry = Mapping[str, Any]
_NAMES = {
    "entropy": "people's own", "disagreement": "people's own", "grouping": "grouping", "calibration": "calibration",
    "rest": "the rest",
}  # fmt: skip
_MEANING = {
    "calibration": "saved by translating its numbers",
    "grouping": "items it treats alike and people do not",
    "entropy": "people among themselves: nothing helps",
    "rest": "one judgement cannot tell grouping from own",
}
_ORDER = ("entropy", "disagreement", "rest", "grouping", "calibration")
_ITEM, _CLASS = 28, 16  # letters shown of names
_ODD = 0.001


def printable(name: Any) -> str:
    """A name without what a terminal would obey instead of showing."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(name))


def columns(*heads: str, left: Sequence[str] = (), space: int = 2) -> Table:
    """A table with a line of heads; numbers to the right, those in `left` to the left."""
    table = Table(box=None, padding=(0, space), pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, justify="left" if head in left else "right", overflow="fold")
    return table


def several_judgements(data: Entry) -> int | None:
    """How many items two or more people judged, where these are not all: D², G and what they add up to rest on them."""
    several: int = data["people"].get("items_with_two_or_more", 0)
    return several if 0 < several < data["items"] else None


def origin(data: Entry, model: Entry, table: Table) -> Iterator[RenderableType]:
    """One model: a line that adds up, and what each term means. `table` gives it the columns of the other blocks."""
    split = model.get("split")
    if not split:
        return
    yield Text.assemble("\n", ("Where the distance comes from", "bold cyan"), ("   value and 95 % interval", "dim"))
    log = split["log"]
    if "terms" not in log:
        yield Text(f"  the cross-entropy is not split: {log['absent']}", style="dim")
    else:
        for name in reversed(_ORDER):
            if name in log["terms"]:
                table.add_row(f"  {_NAMES[name]}", *readable(log["terms"][name]), _MEANING[name])
        yield table
        yield _sum("cross-entropy", log["terms"], UNIT_NAMES[log["unit"]])
    squares = split.get("square") or {}
    if "terms" in squares:
        several = several_judgements(data)
        of = "" if several is None else f" of the {counted(several, 'item')} that two or more judged"
        yield _sum(f"Brier score{of}", squares["terms"], "")
    yield from _temperature(log)


def _sum(whole: str, terms: Entry, unit: str) -> Text:
    names = [name for name in reversed(_ORDER) if name in terms]
    values = [float(terms[name]["value"]) for name in names]
    digits = max(digits_of(float(t["value"]), t["low"], t["high"], "") for t in terms.values())
    shown, parts = adding_up(values, min(digits, 4))
    told = " + ".join(f"{part} {_NAMES[name]}" for part, name in zip(parts, names, strict=True))
    return Text(f"  {whole} {shown} {unit}".rstrip() + f" = {told}".replace("+ −", "− "))


def _temperature(log: Entry) -> Iterator[Text]:
    inverse = log.get("inverse_temperature")
    if inverse is None:
        return
    low = log["terms"]["calibration"]["low"]
    if low is None or low <= 0:
        says = "nothing says that it is too sure or not sure enough"
    else:
        says = "it is too sure of itself" if inverse < 1 else "it is not sure enough"
    yield Text(f"  best inverse temperature {inverse:.3f}: {says}", style="dim")


def origins(data: Entry) -> Iterator[RenderableType]:
    """Several models: one line each."""
    rows = [(model["name"], (model.get("split") or {}).get("log") or {}) for model in data["models"]]
    known = [(name, log["terms"]) for name, log in rows if "terms" in log]
    if not known:
        return
    names = [term for term in reversed(_ORDER) if any(term in terms for _, terms in known)]
    table = columns("model", *(_NAMES[name] for name in names), left=("model",))
    for name, log in rows:
        terms = log.get("terms", {})
        table.add_row(Text(printable(name)), *(half_width(terms[term]) if term in terms else "–" for term in names))
    unit = UNIT_NAMES[data["unit"]]
    yield Text(f"\nWhere the distance comes from: the cross-entropy in parts, {unit}", style="bold")
    yield table


def recalibrated(model: Entry) -> Iterator[Text]:
    """What recalibration would save."""
    entry = model.get("recalibrated")
    if entry is None:
        return
    new, unit, _ = readable(entry["measures"]["cross_entropy"])
    old = readable(model["measures"]["cross_entropy"])[0]
    saved = entry["saved"]["cross_entropy"]
    how = "one temperature" if entry["kind"] == "temperature" else "isotonic regression"
    gain = ""
    if saved["value"] is not None and saved["low"] is not None:
        number, of, interval = readable(saved)
        gain = f": saves {number} {of} ({interval})"
    yield Text.assemble("\n", ("recalibrated ", "bold"), f"({how}): cross-entropy {new} {unit}, not {old}{gain}")
    where = f"; its probabilities are in {printable(entry['file'])}" if entry.get("file") else ""
    yield Text(f"  each item by what people said of the other items{where}", style="dim")


def worst(data: Entry, model: Entry) -> Iterator[RenderableType]:
    """The farthest items, and those that people are split on and the model is sure of; who says what."""
    titles = {"farthest": "farthest from people", "people-split": "people split, model sure: bits by which it is surer"}
    for kind, title in titles.items():
        rows = [
            row for row in model.get("worst", ()) if row.get("kind", "farthest") == kind and float(row["value"]) > 0
        ]
        if not rows:
            continue
        table = Table.grid(padding=(0, 2))
        table.add_column(overflow="fold", max_width=_ITEM)
        table.add_column(justify="right", no_wrap=True)
        for row in rows:
            people, model_says = _answers(data["classes"], row)
            number = f"{float(row['value']):.2f} {UNIT_NAMES[row['unit']]}"
            table.add_row(Text(f"  {printable(row['item'])}"), number, Text(people), Text(model_says, style="dim"))
        yield Text(f"\n{title.replace('bits', UNIT_NAMES[data['unit']])}", style="bold")
        yield table


def _answers(classes: Sequence[str], row: Entry) -> tuple[str, str]:
    """What most people said, and what the model said of that and of its own first choice."""
    people, model = row["people"], row["model"]
    ranked = sorted(range(len(classes)), key=lambda c: -people[c])
    told = [f"{_class(classes[c])} {_share(people[c])}" for c in ranked[:2] if people[c] >= _ODD]
    first = max(range(len(classes)), key=lambda c: model[c])
    said = [f"{_class(classes[c])} {_share(model[c])}" for c in dict.fromkeys((first, ranked[0]))]
    return f"people: {', '.join(told)}", f"model: {', '.join(said)}"


def _class(name: str) -> str:
    name = printable(name)
    if not name[:1].isalpha():
        name = f"“{name}”"
    return name if len(name) <= _CLASS else name[: _CLASS - 1] + "…"


def _share(value: float) -> str:
    """A share that is neither 0 nor 1 is not shown as one of them."""
    if value in (0.0, 1.0) or _ODD <= value <= 1 - _ODD:
        return f"{100 * value:.4g} %" if value >= 1 - 10 * _ODD and value < 1 else f"{100 * value:.3g} %"
    return f"{100 * value:.1e} %".replace("e-0", "e-") if value < _ODD else "> 99.9 %"


def by_class(data: Entry, model: Entry) -> Iterator[RenderableType]:
    """What each class contributes, where it was asked for."""
    rows = model.get("by_class")
    if not rows or not data["settings"].get("by_class"):
        return
    unit = UNIT_NAMES[data["unit"]]
    table = columns(
        "class", "people say", "model says", f"cross-entropy, {unit}", "absolute", "squared", left=("class",)
    )
    for row in rows:
        numbers = (fixed(row[key], 4) for key in ("cross_entropy", "absolute_error", "squared_error"))
        table.add_row(
            Text(printable(row["class"])), f"{percent(row['people'])} %", f"{percent(row['model'])} %", *numbers
        )
    yield Text(f"\nby class, {printable(model['name'])}: contributions that add up to the whole", style="bold")
    yield table


def slices(data: Entry, model: Entry) -> Iterator[RenderableType]:
    """Parts of the items, those that hold most of the distance first."""
    rows = model.get("slices")
    if not rows:
        return
    distance = {"squared_distance": "D²", "cross_entropy": "the cross-entropy", "brier": "the Brier score"}
    heads = (
        "slice",
        "items",
        "of all items",
        "of the distance",
        f"cross-entropy, {UNIT_NAMES[data['unit']]}",
        "error rate",
    )
    table = columns(*heads, left=("slice",))
    for row in rows:
        accuracy = row["measures"].get("majority_accuracy")
        table.add_row(
            Text(printable(f"{row['column']} = {row['value']}")), count(row["items"]),
            f"{percent(row['share_of_items'], 3)} %", _held(row), half_width(row["measures"]["cross_entropy"]),
            "" if accuracy is None else half_width(complement(accuracy)),
        )  # fmt: skip
    yield Text(f"\nslices, {printable(model['name'])}: which part of the items holds the distance", style="bold")
    yield table
    level = 100 * rows[0]["level"]
    shown = f"{level:.4f}".rstrip("0").rstrip(".")
    yield Text(
        f"the distance here is {distance[rows[0]['share_of']]}; ± at {shown} % each, so that all {len(rows)} hold "
        "together at 95 %", style="dim",
    )  # fmt: skip


def _held(row: Entry) -> str:
    if row["share"] is None:
        return ""
    return half_width({"value": row["share"], "low": row["share_low"], "high": row["share_high"], "unit": "share"})
