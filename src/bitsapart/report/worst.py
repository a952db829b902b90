"""The items that are farthest apart, with pictures or texts where the caller has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from .items import Shown
from .markup import Markup, bar, join, name_of, tag
from .numbers import percent, quantity
from .tables import meaning
from .words import both

__all__ = ["worst"]

Entry = Mapping[str, Any]
_MOST = 60
_MOST_CLASSES = 4


def worst(data: Entry, model: Entry, items: Mapping[str, Shown]) -> Markup:
    """One card for each of the worst items: what people said, what the model said.

    Args:
        data: the document.
        model: its entry of one model.
        items: what the items look like, by name.
    """
    rows: Sequence[Entry] = model.get("worst") or ()
    if not rows:
        return Markup()
    kinds: dict[str, list[Markup]] = {}
    for row in rows[:_MOST]:
        kind = row.get("kind") if row.get("kind") in _KINDS else _KINDS[0]
        kinds.setdefault(str(kind), []).append(_card(data, row, items))
    groups = [_group(kind, cards, several=len(kinds) > 1) for kind, cards in kinds.items()]
    return join([tag("h2", both("worst")), groups, meaning("worst")])


def _group(kind: str, cards: list[Markup], *, several: bool) -> Markup:
    head = join([tag("h3", both(kind)), tag("p", both(f"{kind}-note"), class_="note")]) if several else ""
    return join([head, tag("ul", cards, class_="worst")])


def _card(data: Entry, row: Entry, items: Mapping[str, Shown]) -> Markup:
    entry = {"low": None, "high": None, **row}
    name = "" if row.get("item") is None else name_of(row["item"], 120)
    head = tag("div", tag("span", name), tag("b", quantity(entry, digits=2)), class_="head")
    seen = items.get(str(row.get("item")))
    return tag(
        "li", head, seen.markup(str(row.get("item"))) if seen else "", _answers(data["classes"], row), class_="card"
    )


_KINDS = ("farthest", "people-sure", "people-split")


def _small(share: float) -> str:
    """A share in percent that does not read as 0 unless it is."""
    if share == 0 or share >= 0.0005:
        return percent(share)
    return percent(share, 4) if share >= 5e-7 else f"< {percent(1e-6, 4)}"


def _answers(classes: Sequence[str], row: Entry) -> Markup:
    """What people and the model said of the classes that matter for this item."""
    people, model = row.get("people"), row.get("model")
    if not people or not model or len(people) != len(classes):
        return Markup()
    order = sorted(range(len(classes)), key=lambda c: -max(people[c], model[c]))[:_MOST_CLASSES]
    lines = [
        tag(
            "tr",
            tag("th", name_of(classes[c], 40), scope="row"),
            tag("td", percent(people[c], 0), bar(people[c], "people"), class_="num"),
            tag("td", _small(model[c]), bar(model[c], "model"), class_="num"),
        )
        for c in order
        if people[c] > 0 or model[c] > 0.005
    ]
    heads = [
        tag("th", text, scope="col", class_="num" if text else None)
        for text in ("", both("people_say"), both("model_says"))
    ]
    return tag("table", tag("thead", tag("tr", heads)), tag("tbody", lines))
