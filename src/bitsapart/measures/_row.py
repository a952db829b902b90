"""What the catalogue knows of one measure."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

__all__ = ["Measure"]

Family = Literal["accuracy", "least squares", "likelihood", "information"]
Arguments = Literal["events", "distribution", "panel", "pair", "panel and model", "outcomes", "table"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the catalogue.

    Attributes:
        key: the name in JSON and in Python.
        title: the name in print.
        family: which way of saying the distance it belongs to.
        function: computes it, one value for each item (of likelihoods one for all items).
        arguments: what the function takes: probabilities of single "events"; one "distribution"; a "panel" of counts; a
            "pair" of people and model; a "panel and model"; "outcomes" and a model; a "table" of two variables.
        unit: "information" (bit, nat or hartley as asked), "root of information", "nat", or "none".
        span: the range in words.
        formula: in text.
        meaning: one line for a beginner.
        reference: where it comes from.
        low: the smallest value there can be.
        high: the largest; ∞ where it depends on the number of classes or on zeros.
        better: whether "lower" or "higher" is better for a model, or "neither".
        needs: what it needs of people to be shown without a warning: K ≥ 1 or K ≥ 2 judgements an item, "exact"
            distributions, or "nothing" where no people are asked.
        unbiased: whether its mean over items is right for any panel with what it needs.
        aliases: other names by which it is found.
    """

    key: str
    title: str
    family: Family
    function: Callable[..., Any]
    arguments: Arguments
    unit: Literal["information", "root of information", "nat", "none"]
    span: str
    formula: str
    meaning: str
    reference: str
    low: float = 0.0
    high: float = inf
    better: Literal["lower", "higher", "neither"] = "lower"
    needs: Literal["K ≥ 1", "K ≥ 2", "exact", "nothing"] = "K ≥ 1"
    unbiased: bool = False
    aliases: tuple[str, ...] = ()
