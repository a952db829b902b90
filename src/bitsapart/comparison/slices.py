"""Slices: the same measures on parts of the items, ranked by how much of the distance each part holds."""

from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

from .intervals import Interval, student_interval
from .tally import Tally

__all__ = ["distance_of", "share_of_distance", "widened"]

LEVEL = 0.95
_LEAST = 1e-12  # a distance of rounding errors has no shares


def widened(measures: Mapping[str, dict[str, Any]], level: float) -> dict[str, dict[str, Any]]:
    """The measures of a slice with intervals of another level.

    Symmetric intervals are stretched around their value; those of e^x (perplexity, typical probability) around its
    logarithm.

    Args:
        measures: entries with 95 % intervals.
        level: of each, so that all slices together keep 95 %.
    """
    found = {}
    for key, entry in measures.items():
        value, low, high, n = (entry.get(name) for name in ("value", "low", "high", "n"))
        if value is None or low is None or high is None or not n or n < 2 or not isfinite(float(value)):
            found[key] = entry
            continue
        factor = _reach(n, level) / _reach(n, LEVEL)
        if entry.get("standard_error") is not None:
            ends = value - factor * (value - low), value + factor * (high - value)
        else:
            ends = value * (low / value) ** factor, value * (high / value) ** factor
        found[key] = {**entry, "low": ends[0], "high": ends[1]}
    return found


def _reach(n: int, level: float) -> float:
    interval = student_interval(0.0, 1.0, n, level=level)
    return interval.high or nan


def share_of_distance(whole: Tally, part: Tally, model: int, *, distance: str, level: float) -> Interval:
    """How much of the whole distance a part of the items holds, Σ_part w d / Σ w d, with its interval.

    The two sums go together, so the interval is that of a ratio: item i moves the share by (1[in part] − share)·w d.

    Args:
        whole: the tally of all items.
        part: the tally of the slice.
        model: the model's place.
        distance: a column that adds up, "squared_distance", "cross_entropy" or "brier".
        level: of the interval.

    Returns:
        The share; nan where the whole distance is not above 0.
    """
    all_sums, some = whole.moments(distance, model), part.moments(distance, model)
    total, n = all_sums.total, all_sums.n
    if not n or total / n < _LEAST:
        return Interval(nan, None, None, None, n, "the whole distance is not above 0")
    share = some.total / total
    squares = _group_squares(whole, part, model, distance)
    if squares is None:
        outside, inside = (all_sums.xx - some.xx) / (1 << 104), some.xx / (1 << 104)
        variance = ((1 - share) ** 2 * inside + share**2 * outside) / total**2
    else:
        n = len(squares)
        variance = sum((own - share * every) ** 2 for own, every in squares) / total**2
    return student_interval(share, n / (n - 1) * variance if n > 1 else nan, n, level=level)


def _group_squares(whole: Tally, part: Tally, model: int, distance: str) -> list[tuple[float, float]] | None:
    """(Σ in the part, Σ in all) of each group; None without groups."""
    every = whole.totals_by_group(distance, model)
    if every is None:
        return None
    own = part.totals_by_group(distance, model) or {}
    return [(own.get(name, 0.0), total) for name, total in every.items()]


def distance_of(whole: Tally, model: int) -> str:
    """What is shared out.

    Returns:
        "squared_distance" where panels give it (unbiased, and 0 for a perfect model) and it is surely above 0, since
        shares of what may be nothing mean nothing. Else "cross_entropy", else "brier", which is never infinite.
    """
    squares = whole.moments("squared_distance", model).interval()
    if squares.low is not None and squares.low > _LEAST:
        return "squared_distance"
    return "brier" if whole.infinite(model)[0] else "cross_entropy"
