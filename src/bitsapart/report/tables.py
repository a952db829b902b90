"""Tables of the page: sortable by a button in every head, numbers kept beside what is shown of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .markup import Child, Markup, tag
from .numbers import interval, number, plus_minus, quantity
from .words import both

__all__ = ["cell", "details", "interval_cell", "meaning", "quantity_cell", "table"]


def table(
    heads: Sequence[Child], rows: Sequence[Sequence[Markup]], *, caption: Child = None, sortable: bool = True,
    numeric: Sequence[int] = (), row_attributes: Sequence[Mapping[str, str]] | None = None,
) -> Markup:  # fmt: skip
    """A table whose first column names the rows.

    Args:
        heads: one for each column.
        rows: cells made by `cell` and its like.
        caption: above the table.
        sortable: a button in every head.
        numeric: places of the columns that are set right.
        row_attributes: for each row, attributes of its `<tr>`.
    """
    marks = row_attributes or [{}] * len(rows)
    head = [
        tag(
            "th", tag("button", text, type="button") if sortable else text, scope="col",
            class_="num" if place in numeric else None, aria_sort="none" if sortable else None,
        )
        for place, text in enumerate(heads)
    ]  # fmt: skip
    body = [tag("tr", row, **mark) for row, mark in zip(rows, marks, strict=True)]
    inside = [None if caption is None else tag("caption", caption), tag("thead", tag("tr", head)), tag("tbody", body)]
    return tag("div", tag("table", inside), class_="scroll", tabindex="0", role="group")


def cell(content: Child, value: float | None = None, *, head: bool = False, class_: str | None = None) -> Markup:
    """One cell; `value` is what it is sorted by."""
    kept = None if value is None or math.isnan(value) else f"{value!r}".replace("inf", "Infinity")
    if head:
        return tag("th", content, scope="row", data_v=kept, class_=class_)
    return tag("td", content, data_v=kept, class_=class_ or ("num" if value is not None else None))


def quantity_cell(entry: Mapping[str, Any] | None, *, reach: bool = False) -> Markup:
    """A quantity, with ± half its interval where asked for."""
    if entry is None:
        return cell("", math.nan)
    after = plus_minus(entry) if reach else ""
    shown = [quantity(entry), tag("span", f" {after}", class_="note")] if after else quantity(entry)
    return cell(shown, number(entry["value"] if entry["value"] is not None else entry.get("high")))


def interval_cell(entry: Mapping[str, Any]) -> Markup:
    """The interval of a quantity."""
    return cell(interval(entry), number(entry.get("low")), class_="num")


def details(summary: Child, *inside: Child, opened: bool = False) -> Markup:
    """Something that unfolds."""
    return tag("details", tag("summary", summary), inside, open=opened)


def meaning(key: str, *, opened: bool = False) -> Markup:
    """«What does this mean?» of a figure."""
    return details(both("meaning"), tag("p", both(f"mean_{key}")), opened=opened)
