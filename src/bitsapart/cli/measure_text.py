"""The answer of `bitsapart measure` as text and as JSON, and the list of all measures."""

from __future__ import annotations

import json
import math
from typing import Any

from .measure_estimates import ESTIMATES

__all__ = ["as_json", "as_list", "as_text"]

_FAMILIES = ("information", "likelihood", "least squares", "accuracy")
_UNITS = {"bit": "bits", "nat": "nats", "hartley": "hartleys"}


def as_json(answer: dict[str, Any]) -> str:
    """The answer as one JSON object; infinity is the string "inf".

    Args:
        answer: what `answer_to` found.

    Returns:
        JSON with a line break at its end.
    """
    return json.dumps(_spelled(answer), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def as_text(answer: dict[str, Any]) -> str:
    """The answer for people to read: every number with its unit, the formula, and what it means.

    Args:
        answer: what `answer_to` found.

    Returns:
        Some lines.
    """
    unit = answer["unit"]
    title = answer["title"]
    if answer["value"] is not None:
        lines = [f"{title} = {_with_unit(answer['value'], unit)}"]
    elif len(answer["values"]) == 1 and "low" not in answer["values"][0]:
        lines = [f"{title} of {answer['values'][0]['of']} = {_with_unit(answer['values'][0]['value'], unit)}"]
    else:
        lines = [title, *_rows(answer)]
    if answer["adds_up"]:
        parts = [f"{_with_unit(part['value'], unit)} ({part['title']})" for part in answer["adds_up"]]
        lines.append(f"  = {' + '.join(parts)}")
    lines += [answer["formula"], answer["meaning"]]
    return "\n".join([*lines, *(f"note: {note}" for note in answer["notes"])])


def as_list() -> str:
    """All measures, one line each, by family.

    Returns:
        Some lines.
    """
    from bitsapart.measures import CATALOGUE

    width = max(map(len, CATALOGUE))
    lines: list[str] = []
    for family in _FAMILIES:
        lines += ["", family] if lines else [family]
        rows = [(row.key, row.meaning) for row in CATALOGUE.values() if row.family == family]
        if family == "likelihood":
            rows += [(row.key, row.meaning) for row in ESTIMATES.values()]
        lines += [f"  {key.replace('_', '-'):{width}}  {meaning}" for key, meaning in rows]
    return "\n".join(lines)


def _rows(answer: dict[str, Any]) -> list[str]:
    """One line for each value; what stands beside it depends on the measure."""
    width = max(len(row["of"]) for row in answer["values"])
    lines = [f"  {row['of']:{width}}  {_row(row, answer)}".rstrip() for row in answer["values"]]
    if "log_likelihood" in answer:
        there = _with_unit(answer["log_likelihood"], "nat")
        lines.append(f"  log-likelihood there {there}, from {answer['judgements']} outcomes")
    return lines


def _row(row: dict[str, Any], answer: dict[str, Any]) -> str:
    value = _with_unit(row["value"], answer["unit"])
    if "low" in row:
        ends = f"{_plain(row['low'])} – {_plain(row['high'])}"
        return f"{value}   s.e. {_plain(row['standard_error'])}   {100 * answer['confidence']:g} % interval {ends}"
    if "theta" in row:
        top = max(other["value"] for other in answer["values"])
        bar = "█" * round(24 * row["value"] / top) if top > 0 else ""
        return f"{_plain(row['value']):12}  {_with_unit(row['log_likelihood'], 'nat'):14}  {bar}"
    if "share" in row:
        best = "   ← most likely" if row["best"] else ""
        return f"{value}   {100 * row['share']:.3g} % of all models' likelihood{best}"
    if "together" in row:
        return f"{value}   together with what is known {_with_unit(row['together'], answer['unit'])}"
    return value


def _with_unit(value: float, unit: str) -> str:
    name = "(no unit)" if unit == "1" else unit if value == 1 else _UNITS.get(unit, unit)
    return f"{_plain(value)} {name}"


def _plain(value: float) -> str:
    return "∞" if value == math.inf else f"{value:.6g}".replace("-inf", "−∞").replace("-", "−")


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spelled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_spelled(one) for one in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
