"""Numbers as a person reads them: as many digits as their interval deserves, with their unit."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

__all__ = [
    "UNIT_NAMES", "adding_up", "between", "complement", "count", "counted", "digits_of", "fixed", "half_width",
    "percent", "quantity", "readable",
]  # fmt: skip

UNIT_NAMES = {"bit": "bits", "nat": "nats", "hartley": "hartleys", "1": "", "share": "%", "people": "people"}
_MORE_DIGITS = 12
_MINUS, _THIN = "−", "\N{NARROW NO-BREAK SPACE}"


def readable(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    """A quantity of the document as number, unit and interval; empty texts where there is none.

    Example:
        >>> readable({"value": 0.51234, "low": 0.47, "high": 0.55, "unit": "bit"})
        ('0.512', 'bits', '0.470 – 0.550')
    """
    value, low, high, unit = entry["value"], entry.get("low"), entry.get("high"), entry["unit"]
    name = UNIT_NAMES.get(unit, unit)
    if value is None:
        return (
            ("unknown", "", "") if high is None else (f"≤ {fixed(high, digits_of(high, None, None, unit))}", name, "")
        )
    if math.isinf(float(value)):
        return fixed(value, 0), name, ""
    digits = digits_of(float(value), low, high, unit)
    show = percent if unit == "share" else fixed
    interval = "" if low is None or high is None else between(show(low, digits), show(high, digits))
    return show(value, digits), name, interval


def quantity(entry: Mapping[str, Any]) -> tuple[str, str]:
    """The same in two parts: value with unit, and interval with unit where it is a share."""
    number, unit, interval = readable(entry)
    return f"{number} {unit}".rstrip(), f"{interval} %" if interval and unit == "%" else interval


def between(low: str, high: str) -> str:
    """An interval; with a minus sign in it a dash would be read as one."""
    return f"{low} to {high}" if _MINUS in low else f"{low} – {high}"


def half_width(entry: Mapping[str, Any]) -> str:
    """Value ± half of the interval, without the unit of information, which stands above the column."""
    value, low, high, unit = entry["value"], entry.get("low"), entry.get("high"), entry["unit"]
    number = readable(entry)[0]
    sign = " %" if unit == "share" else ""
    if value is None or low is None or high is None or math.isinf(float(value)):
        return number + sign
    digits = digits_of(float(value), low, high, unit)
    half = (float(high) - float(low)) / 2
    return f"{number} ± {(percent if unit == 'share' else fixed)(half, digits)}{sign}"


def digits_of(value: float, low: float | None, high: float | None, unit: str) -> int:
    """Decimals: two significant digits of the interval's half-width; four where there is no interval."""
    half = None if low is None or high is None else (float(high) - float(low)) / 2
    if half is None or not math.isfinite(half) or half <= 0:
        return 4 if abs(value) < 1000 else 1
    return min(max(1 - math.floor(math.log10(half)), 0), 8) if unit != "people" else 1


def fixed(value: Any, digits: int) -> str:
    """A number with this many decimals, a thin space between thousands and a real minus sign."""
    number = float(value)
    if math.isinf(number):
        return "∞" if number > 0 else f"{_MINUS}∞"
    text = f"{number:,.{digits}f}".replace(",", _THIN)
    return (text.lstrip("-") if float(f"{number:.{digits}f}") == 0 else text).replace("-", _MINUS)


def percent(value: Any, digits: int = 4) -> str:
    """A share in percent, without the sign; `digits` are those of the share."""
    return fixed(100 * float(value), max(digits - 2, 1))


def count(number: float) -> str:
    """A whole number."""
    return fixed(number, 0)


def counted(number: float, name: str) -> str:
    """How many of what, "1 item" or "45 items"."""
    return f"{count(number)} {name if number == 1 else f'{name}s'}"


def complement(entry: Mapping[str, Any]) -> dict[str, Any]:
    """1 − x: an error rate from an accuracy."""
    turned = {key: None if entry.get(key) is None else 1 - entry[key] for key in ("value", "low", "high")}
    return {**entry, "value": turned["value"], "low": turned["high"], "high": turned["low"]}


def adding_up(parts: Sequence[float], digits: int) -> tuple[str, list[str]]:
    """The sum and its parts, each rounded by itself, with as many more digits as it takes for them to add up in print.

    Example:
        >>> adding_up([0.2444, 0.2874, 0.3611], 3)
        ('0.8929', ['0.2444', '0.2874', '0.3611'])
    """
    numbers = [sum(parts), *parts]
    if all(math.isfinite(number) for number in numbers):
        for more in range(digits, digits + _MORE_DIGITS):
            whole, *rounded = (Decimal(number).quantize(Decimal(1).scaleb(-more)) for number in numbers)
            if whole == sum(rounded):
                digits = more
                break
    return fixed(numbers[0], digits), [fixed(part, digits) for part in parts]
