"""Numbers as a person reads them: as many digits as the interval deserves, the unit in both languages."""

import math
from collections.abc import Mapping
from typing import Any

from .markup import Markup, join
from .words import both, two

__all__ = ["count", "decimals", "fixed", "interval", "number", "percent", "plus_minus", "quantity"]

_SPACE = "\N{NARROW NO-BREAK SPACE}"
_PERCENT = "\N{NO-BREAK SPACE}%"
_UNITS = ("bit", "nat", "hartley")


def number(value: Any) -> float:
    """A number of the document; "inf" is infinite, None is NaN."""
    return math.nan if value is None else float(value)


def count(value: float) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,.0f}".replace(",", _SPACE)


def percent(share: Any, digits: int = 1) -> str:
    """A share in percent."""
    value = number(share)
    return f"{_signed(f'{100 * value:.{digits}f}')}{_PERCENT}" if math.isfinite(value) else fixed(value, 0)


def fixed(value: Any, digits: int) -> str:
    """A number with so many decimals; ∞ where it is infinite, a dash where it is not known."""
    plain = number(value)
    if math.isnan(plain):
        return "–"
    if math.isinf(plain):
        return "∞" if plain > 0 else "−∞"
    return _signed(f"{plain:,.{digits}f}".replace(",", _SPACE))


def decimals(entry: Mapping[str, Any]) -> int:
    """Two significant digits of the interval's half-width, at most six decimals; four where there is no interval."""
    half = (number(entry.get("high")) - number(entry.get("low"))) / 2
    if not math.isfinite(half) or half <= 0:
        if number(entry["value"]) == 0:
            return 0
        return 4 if not abs(number(entry["value"])) >= 1000 else 1
    return min(max(1 - math.floor(math.log10(half)), 0), 6)


def quantity(entry: Mapping[str, Any], *, unit: bool = True, digits: int | None = None) -> Markup:
    """A value with its unit; "≤" where only an upper bound is known.

    Args:
        entry: a quantity of the document.
        unit: name it.
        digits: decimals; left out: as many as its interval deserves.
    """
    value, kind = entry["value"], entry["unit"]
    bound = ""
    if value is None:
        if entry.get("high") is None:
            return two("unknown", "未知")
        value, bound = entry["high"], "≤\N{NO-BREAK SPACE}"
    digits = decimals(entry) if digits is None else digits
    if kind == "share":
        return join(f"{bound}{percent(value, max(digits - 2, 0))}")
    shown = f"{bound}{fixed(value, digits)}"
    if unit and kind in _UNITS:
        return join([shown, "\N{NO-BREAK SPACE}", both(f"apart_unit_{kind}")])
    return join(shown)


def interval(entry: Mapping[str, Any]) -> str:
    """Its 95 % interval, or nothing."""
    low, high = entry.get("low"), entry.get("high")
    if low is None or high is None:
        return ""
    digits = decimals(entry)
    if entry["unit"] == "share":
        digits = max(digits - 2, 0)
        first, last = percent(low, digits).removesuffix(_PERCENT), percent(high, digits)
    else:
        first, last = fixed(low, digits), fixed(high, digits)
    return f"{first} … {last}" if first.startswith("−") else f"{first} – {last}"


def plus_minus(entry: Mapping[str, Any]) -> str:
    """Half the width of its interval after ±, or nothing."""
    half = (number(entry.get("high")) - number(entry.get("low"))) / 2
    if not math.isfinite(half):
        return ""
    digits = decimals(entry)
    return f"± {percent(half, max(digits - 2, 0)) if entry['unit'] == 'share' else fixed(half, digits)}"


def _signed(text: str) -> str:
    """A minus sign for a hyphen; none before a zero."""
    return text.replace("-", "−") if text.strip("-0.") else text.replace("-", "")
