"""What is no row of the catalogue but found from outcomes: the best θ, the curve, the best of several models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bitsapart.errors import DataError

from .systems import in_order, read_system, read_tosses, same_events

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ESTIMATES", "Estimate", "judged"]


class Estimate(NamedTuple):
    """One estimate: its key, the flags it knows, an example, one line on what it means, and how it is computed."""

    key: str
    flags: set[str]
    example: str
    meaning: str
    compute: Callable[[list[str], dict[str, Any]], dict[str, Any]]


def judged(text: str, models: list[tuple[str, str]]) -> tuple[Any, list[Any], str, list[str]]:
    """Outcomes and models over the same events.

    Args:
        text: the outcomes: names in order, or counts.
        models: each model's words, with what it is called in messages.

    Returns:
        The outcomes, the models, what the outcomes are `under`, and notes on events that one side lacks.
    """
    systems = [(name, read_system(word, name)) for name, word in models]
    for name, system in systems:
        if system.alone:
            message = f"{name} is one number, but needs a value for every class. For a coin write HHTHT --theta 0.6."
            raise DataError(message)
    order = in_order(text, systems[0][1].names)
    if order is None:
        counted = ("outcomes", read_system(text, "outcomes"))
        _, notes = same_events([counted, *systems])
        return counted[1].values, [system.values for _, system in systems], "multinomial", notes
    _, notes = same_events(systems)
    known = systems[0][1].names or ()
    notes += [f"not in the model, so 0 there: {event}" for event in dict.fromkeys(order) if event not in known]
    return order, [system.values for _, system in systems], "categorical", notes


def _maximum_likelihood(words: list[str], flags: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    from bitsapart.measures import maximum_likelihood

    text = _alone(words, "maximum-likelihood")
    tosses = read_tosses(text)
    if tosses is not None:
        found, labels = maximum_likelihood(tosses, **flags), ["θ"]
    else:
        labels, counts = _counts(text)
        found = maximum_likelihood(counts, under="multinomial", **flags)
    parts = [np.atleast_1d(part) for part in (found.estimate, found.standard_error, found.low, found.high)]
    values = [
        {"of": label, "value": float(value), "standard_error": float(error), "low": float(low), "high": float(high)}
        for label, value, error, low, high in zip(labels, *parts, strict=True)
    ]
    more = {"confidence": found.confidence, "log_likelihood": found.log_likelihood, "judgements": found.judgements}
    return _answer("maximum_likelihood", "θ̂ = k/n, s.e. = √(θ̂(1 − θ̂)/n)", "1", values) | more


def _counts(text: str) -> tuple[list[str], list[float]]:
    """How often each class occurred, from counts or from names in a row."""
    parts = [part.strip() for part in text.split(",")]
    if "=" in text or all(part.isdigit() for part in parts):
        system = read_system(text, "outcomes")
        return list(system.names or (f"class {place}" for place in range(1, len(parts) + 1))), list(system.numbers)
    names = list(dict.fromkeys(parts))
    return names, [float(parts.count(name)) for name in names]


def _likelihood_curve(words: list[str], flags: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    from bitsapart.measures import likelihood_curve

    text = _alone(words, "likelihood-curve")
    tosses = read_tosses(text)
    if tosses is None:
        message = f"outcomes is {text!r}, but must be a word of H and T (or 1 and 0), or two counts such as 3,2"
        raise DataError(message)
    grid = [step / 20 for step in range(21)]
    curve = likelihood_curve(tosses, grid), likelihood_curve(tosses, grid, log_scale=True)
    values = [
        {"of": f"θ = {theta:g}", "theta": theta, "value": float(value), "log_likelihood": float(logarithm)}
        for theta, value, logarithm in zip(grid, *curve, strict=True)
    ]
    return _answer("likelihood_curve", "θ^k (1 − θ)^(n−k)", "1", values)


def _most_likely(words: list[str], flags: dict[str, Any]) -> dict[str, Any]:
    from bitsapart.measures import most_likely

    if len(words) < 3:
        message = "most-likely takes outcomes and at least two models. For example: HHTHT 0.5 0.6 0.75"
        raise DataError(message)
    text, models = words[0], [(f"model {place}", word) for place, word in enumerate(words[1:], 1)]
    systems = [read_system(word, name) for name, word in models]
    tosses = read_tosses(text)
    if tosses is not None and all(system.alone for system in systems):
        happened, candidates, under, notes = tosses, [system.values for system in systems], "bernoulli", list[str]()
    else:
        happened, candidates, under, notes = judged(text, models)
    found = most_likely(happened, candidates, under=under, **flags)  # type: ignore[arg-type]
    values = [
        {"of": word, "value": found.log_likelihoods[place], "share": found.shares[place], "best": place in found.tied}
        for place, (_, word) in enumerate(models)
    ]
    return _answer("most_likely", "the largest Σ n ln q", "nat", values) | {"notes": notes}


def _alone(words: list[str], name: str) -> str:
    if len(words) > 1:
        message = f"{name} takes outcomes alone, but {len(words)} words were given. Write one: HHTHT, or cat=2,dog=1."
        raise DataError(message)
    return words[0]


def _answer(key: str, formula: str, unit: str, values: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": 1, "measure": key, "title": key.replace("_", " "), "value": None, "unit": unit, "formula": formula,
        "meaning": ESTIMATES[key].meaning, "values": values, "adds_up": [], "notes": [],
    }  # fmt: skip


_ROWS = (
    Estimate(
        "maximum_likelihood", {"confidence"}, "HHTHT",
        "The parameter that makes the outcomes most probable, with its standard error and interval.",
        _maximum_likelihood,
    ),
    Estimate(
        "likelihood_curve", set(), "HHTHT",
        "How probable each θ makes the same outcomes; as a function of θ it is no probability.",
        _likelihood_curve,
    ),
    Estimate(
        "most_likely", {"model_kind"}, "HHTHT 0.5 0.6 0.75",
        "Which of several models makes the outcomes most probable.",
        _most_likely,
    ),
)  # fmt: skip
ESTIMATES = {row.key: row for row in _ROWS}
