"""Several models: paired differences, their order, and which are tied with the best."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import inf, isinf, isnan, nan
from typing import Any

import numpy as np

from bitsapart.units import Unit, nats_in

from .intervals import Interval, clustered_interval, student_interval
from .pairs import Paired, adjusted, paired, tied_with_best
from .tails import carried_by_few
from .tally import Tally

__all__ = ["rank"]

_SHOWN = (("cross_entropy", True), ("brier", False), ("squared_distance", False))


def rank(tally: Tally, models: Sequence[Mapping[str, Any]], unit: Unit) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Order the models by an unbiased measure and compare every two of them.

    The measure is the cross-entropy; where it is infinite for all of them, the Brier score. A model with an infinite
    cross-entropy comes after those without.

    Returns:
        The entries `ranking` and `pairs` of the document; empty for one model.
    """
    if len(models) < 2 or "pairs" not in tally.parts or not tally.items:
        return {}, []
    tests = {key: _tests(tally, key, nats_in(unit) if nats else 1.0) for key, nats in _SHOWN}
    endless = [isinf(float(model["measures"]["cross_entropy"]["value"])) for model in models]
    measure = "brier" if all(endless) else "cross_entropy"
    losses = [float(model["measures"][measure]["value"]) for model in models]
    brier = [float(model["measures"]["brier"]["value"]) for model in models]
    order = sorted(range(len(models)), key=lambda place: (losses[place], brier[place], place))
    known = {pair: _unsettled(test, losses, pair) for pair, test in tests[measure].items()}
    tied = tied_with_best(losses, known)
    ranking = {
        "measure": measure,
        "order": [tally.models[place] for place in order],
        "tied": [tally.models[place] for place in tied],
    }
    pairs = []
    for a, b in combinations(range(len(models)), 2):
        entry: dict[str, Any] = {"a": tally.models[a], "b": tally.models[b]}
        for key, nats in _SHOWN:
            if tests[key][a, b].difference.n or key != "squared_distance":
                entry[key] = _entry(tally, (a, b), key, tests[key][a, b], endless, unit if nats else "1")
        pairs.append(entry)
    return ranking, pairs


def _tests(tally: Tally, measure: str, scale: float) -> dict[tuple[int, int], Paired]:
    found = {}
    for a, b in combinations(range(len(tally.models)), 2):
        sums = tally.pair(a, b, measure)
        groups_a, groups_b = tally.group_sums(measure, a), tally.group_sums(measure, b)
        values: Any = sums.few or None
        interval = sums.moments.interval()
        if groups_a is not None and groups_b is not None and interval.n:
            if measure == "cross_entropy" and (tally.infinite(a)[0] or tally.infinite(b)[0]):
                # The group sums of the two are over different items: those where each is finite.
                interval, values = student_interval(interval.value, nan, interval.n), None
            else:
                delta = groups_a[0] - groups_b[0]
                interval = replace(clustered_interval(delta, groups_a[1]), value=interval.value)
                values = delta
        interval = _finite(interval).scaled(1 / scale)
        n = sums.won_a + sums.won_b + sums.even
        won = (sums.won_a / n, sums.won_b / n) if n else (0.0, 0.0)
        found[a, b] = paired(
            interval, won_a=won[0], won_b=won[1], values=None if values is None else np.asarray(values)
        )
    return dict(adjusted(found))


def _finite(interval: Interval) -> Interval:
    """No item on which both are finite: nothing to test."""
    return replace(interval, value=0.0) if isnan(interval.value) else interval


def _unsettled(test: Paired, losses: Sequence[float], pair: tuple[int, int]) -> Paired:
    """An infinite loss on one side leaves no test: the difference on the other items is not the difference."""
    if isinf(losses[pair[0]]) or isinf(losses[pair[1]]):
        return replace(test, p_value=float("nan"), p_adjusted=float("nan"))
    return test


def _entry(
    tally: Tally, pair: tuple[int, int], key: str, test: Paired, endless: Sequence[bool], unit: str
) -> dict[str, Any]:
    difference, sums = test.difference, tally.pair(*pair, key)
    entry: dict[str, Any] = {
        "value": difference.value, "low": difference.low, "high": difference.high,
        "standard_error": difference.standard_error, "unit": unit, "n": difference.n,
        "won_a": test.won_a, "won_b": test.won_b,
        "p_value": None if isnan(test.p_value) else test.p_value,
        "p_adjusted": None if isnan(test.p_adjusted) else test.p_adjusted, "method": test.method,
        "heavy_tailed": carried_by_few(sums.moments, sums.third, sums.fourth, sums.weighted),
    }  # fmt: skip
    if key == "cross_entropy" and any(endless[place] for place in pair):
        a, b = (endless[place] for place in pair)
        finite = {name: entry[name] for name in ("value", "low", "high", "n")}
        value = None if a and b else inf if a else -inf
        entry |= {"value": value, "low": None, "high": None, "standard_error": None, "n": tally.items,
                  "p_value": None, "p_adjusted": None, "finite": finite}  # fmt: skip
    return entry
