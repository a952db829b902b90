"""The catalogue: one row for each measure. The command line, the documentation's table and the tests follow from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf
from types import MappingProxyType
from typing import Any, Literal

from bitsapart.errors import DomainError

from .agreement import accuracy, majority_accuracy
from .divergences import jensen_shannon_distance, jensen_shannon_divergence, kl_divergence
from .entropies import cross_entropy, entropy, information, perplexity
from .least_squares import absolute_error, brier, disagreement, squared_distance, squared_error
from .ordinal import ranked_probability_distance, ranked_probability_score
from .outcomes import geometric_mean_probability, likelihood, log_likelihood, log_loss
from .tables import conditional_entropy, conditional_information, joint_entropy, mutual_information

__all__ = ["CATALOGUE", "Measure", "find_measure"]

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
        low: the smallest value there can be.
        high: the largest; ∞ where it depends on the number of classes or on zeros.
        span: the range in words.
        better: whether "lower" or "higher" is better for a model, or "neither".
        needs: what it needs of people to be shown without a warning: K ≥ 1 or K ≥ 2 judgements an item, "exact"
            distributions, or "nothing" where no people are asked.
        unbiased: whether its mean over items is right for any panel with what it needs.
        formula: in text.
        meaning: one line for a beginner.
        reference: where it comes from.
        aliases: other names by which it is found.
    """

    key: str
    title: str
    family: Family
    function: Callable[..., Any]
    arguments: Arguments
    unit: Literal["information", "root of information", "nat", "none"]
    low: float
    high: float
    span: str
    better: Literal["lower", "higher", "neither"]
    needs: Literal["K ≥ 1", "K ≥ 2", "exact", "nothing"]
    unbiased: bool
    formula: str
    meaning: str
    reference: str
    aliases: tuple[str, ...] = ()


_ROWS = (
    Measure(
        key="accuracy",
        title="accuracy",
        family="accuracy",
        function=accuracy,
        arguments="pair",
        unit="none",
        low=0.0,
        high=1.0,
        span="0 … 1",
        better="higher",
        needs="K ≥ 1",
        unbiased=True,
        formula="Σ p over the model's largest class, ties shared",
        meaning="The chance that one more person chooses the model's most probable class.",
        reference="Uma et al. 2021",
    ),
    Measure(
        key="majority_accuracy",
        title="majority accuracy",
        family="accuracy",
        function=majority_accuracy,
        arguments="pair",
        unit="none",
        low=0.0,
        high=1.0,
        span="0 … 1",
        better="higher",
        needs="K ≥ 1",
        unbiased=True,
        formula="1 where the model's largest class is the people's largest, ties shared",
        meaning="Whether the model's most probable class is the one that most people chose.",
        reference="Dawid, Skene 1979",
    ),
    Measure(
        key="absolute_error",
        title="absolute error",
        family="least squares",
        function=absolute_error,
        arguments="pair",
        unit="none",
        low=0.0,
        high=2.0,
        span="0 … 1 for two classes, 0 … 2 for more",
        better="lower",
        needs="K ≥ 1",
        unbiased=False,
        formula="Σ |p − q|; two classes: |x − y|",
        meaning="How far the model's probabilities are from people's, added up over the classes.",
        reference="Boscovich 1757; Laplace 1774",
        aliases=("l1", "mae"),
    ),
    Measure(
        key="squared_error",
        title="squared error",
        family="least squares",
        function=squared_error,
        arguments="pair",
        unit="none",
        low=0.0,
        high=2.0,
        span="0 … 1 for two classes, 0 … 2 for more",
        better="lower",
        needs="K ≥ 1",
        unbiased=False,
        formula="Σ (p − q)²; two classes: (x − y)²",
        meaning="The squared difference between the model's probabilities and people's: large misses count most.",
        reference="Legendre 1805; Gauss 1809",
        aliases=("least_squares", "mse", "l2"),
    ),
    Measure(
        key="squared_distance",
        title="squared distance D²",
        family="least squares",
        function=squared_distance,
        arguments="panel and model",
        unit="none",
        low=-1.0,
        high=2.0,
        span="0 … 2 on average, one item can be below 0",
        better="lower",
        needs="K ≥ 2",
        unbiased=True,
        formula="Σ [n(n−1)/(K(K−1)) − 2qn/K + q²]; two classes: half",
        meaning="The squared error against everybody's answers, free of the chance of having asked only a few people.",
        reference="Halmos 1946",
    ),
    Measure(
        key="disagreement",
        title="people's disagreement G",
        family="least squares",
        function=disagreement,
        arguments="panel",
        unit="none",
        low=0.0,
        high=1.0,
        span="0 … 1; two classes: 0 … 1 from counts, 0 … ½ on average",
        better="neither",
        needs="K ≥ 2",
        unbiased=True,
        formula="1 − Σ n(n−1)/(K(K−1)); two classes: half",
        meaning="How often two people give different answers: no model can have a smaller Brier score.",
        reference="Gini 1912; Simpson 1949",
        aliases=("gini",),
    ),
    Measure(
        key="brier",
        title="Brier score",
        family="least squares",
        function=brier,
        arguments="pair",
        unit="none",
        low=0.0,
        high=2.0,
        span="0 … 1 for two classes, 0 … 2 for more",
        better="lower",
        needs="K ≥ 1",
        unbiased=True,
        formula="1 − 2Σ pq + Σ q²; two classes: half",
        meaning="The squared error that one more person's answer would have: disagreement and squared distance together.",
        reference="Brier 1950",
        aliases=("brier_score",),
    ),
    Measure(
        key="ranked_probability_score",
        title="ranked probability score",
        family="least squares",
        function=ranked_probability_score,
        arguments="pair",
        unit="none",
        low=0.0,
        high=inf,
        span="0 … C − 1",
        better="lower",
        needs="K ≥ 1",
        unbiased=False,
        formula="Σ over cuts of (P(≤ c) − Q(≤ c))²",
        meaning="The squared error for ordered classes: being one class off costs less than being three off.",
        reference="Epstein 1969",
        aliases=("rps",),
    ),
    Measure(
        key="ranked_probability_distance",
        title="ranked probability distance",
        family="least squares",
        function=ranked_probability_distance,
        arguments="panel and model",
        unit="none",
        low=-inf,
        high=inf,
        span="0 … C − 1 on average, one item can be below 0",
        better="lower",
        needs="K ≥ 2",
        unbiased=True,
        formula="Σ over cuts of m(m−1)/(K(K−1)) − 2Q(≤ c)m/K + Q(≤ c)²",
        meaning="The ranked probability score against everybody's answers, free of the chance of a small panel.",
        reference="Epstein 1969",
    ),
    Measure(
        key="likelihood",
        title="likelihood",
        family="likelihood",
        function=likelihood,
        arguments="outcomes",
        unit="none",
        low=0.0,
        high=1.0,
        span="0 … 1",
        better="higher",
        needs="K ≥ 1",
        unbiased=False,
        formula="∏ P(outcome)",
        meaning="How probable the model makes everything that happened, in the order in which it happened.",
        reference="Fisher 1922",
    ),
    Measure(
        key="log_likelihood",
        title="log-likelihood",
        family="likelihood",
        function=log_likelihood,
        arguments="outcomes",
        unit="nat",
        low=-inf,
        high=0.0,
        span="−∞ … 0",
        better="higher",
        needs="K ≥ 1",
        unbiased=True,
        formula="Σ n ln q",
        meaning="The logarithm of the likelihood: a sum instead of a product, so it does not underflow.",
        reference="Fisher 1922",
    ),
    Measure(
        key="log_loss",
        title="log-loss",
        family="likelihood",
        function=log_loss,
        arguments="outcomes",
        unit="nat",
        low=0.0,
        high=inf,
        span="0 … ∞",
        better="lower",
        needs="K ≥ 1",
        unbiased=True,
        formula="−(1/M) Σ n ln q",
        meaning="The negative log-likelihood per judgement, the number that training prints.",
        reference="Good 1952",
        aliases=("nll", "negative_log_likelihood", "logloss"),
    ),
    Measure(
        key="geometric_mean_probability",
        title="geometric mean probability",
        family="likelihood",
        function=geometric_mean_probability,
        arguments="outcomes",
        unit="none",
        low=0.0,
        high=1.0,
        span="0 … 1",
        better="higher",
        needs="K ≥ 1",
        unbiased=False,
        formula="(∏ P(outcome))^(1/M)",
        meaning="The probability that the model gives to a typical judgement.",
        reference="McAlister 1879; Good 1952",
    ),
    Measure(
        key="information",
        title="information",
        family="information",
        function=information,
        arguments="events",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … ∞",
        better="neither",
        needs="nothing",
        unbiased=False,
        formula="−log P",
        meaning="How much one learns when an event of this probability happens; it adds up for independent events.",
        reference="Hartley 1928; Shannon 1948",
        aliases=("surprisal", "self_information"),
    ),
    Measure(
        key="entropy",
        title="entropy",
        family="information",
        function=entropy,
        arguments="distribution",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … log C",
        better="neither",
        needs="exact",
        unbiased=False,
        formula="−Σ p log p",
        meaning="How uncertain a system is: the information that one expects from it.",
        reference="Shannon 1948",
    ),
    Measure(
        key="cross_entropy",
        title="cross-entropy",
        family="information",
        function=cross_entropy,
        arguments="pair",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … ∞",
        better="lower",
        needs="K ≥ 1",
        unbiased=True,
        formula="−Σ p log q",
        meaning="The model's surprise at people's answers: the people's own entropy and the distance to the model together.",
        reference="Kerridge 1961; Good 1952",
        aliases=("ce",),
    ),
    Measure(
        key="kl_divergence",
        title="KL divergence",
        family="information",
        function=kl_divergence,
        arguments="pair",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … ∞",
        better="lower",
        needs="exact",
        unbiased=False,
        formula="Σ p log(p/q)",
        meaning="How far apart model and people are: the cross-entropy less what is the people's own uncertainty.",
        reference="Kullback, Leibler 1951",
        aliases=("kl", "relative_entropy"),
    ),
    Measure(
        key="jensen_shannon_divergence",
        title="Jensen–Shannon divergence",
        family="information",
        function=jensen_shannon_divergence,
        arguments="pair",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … 1 bit",
        better="lower",
        needs="exact",
        unbiased=False,
        formula="½ Σ p log(p/m) + ½ Σ q log(q/m), m = ½(p + q)",
        meaning="How far both are from their middle: symmetric, and never infinite.",
        reference="Lin 1991",
        aliases=("jsd", "js_divergence"),
    ),
    Measure(
        key="jensen_shannon_distance",
        title="Jensen–Shannon distance",
        family="information",
        function=jensen_shannon_distance,
        arguments="pair",
        unit="root of information",
        low=0.0,
        high=inf,
        span="0 … 1 for bits",
        better="lower",
        needs="exact",
        unbiased=False,
        formula="√(Jensen–Shannon divergence)",
        meaning="The square root of the Jensen–Shannon divergence: a true distance, but no number of bits.",
        reference="Endres, Schindelin 2003",
        aliases=("js_distance",),
    ),
    Measure(
        key="perplexity",
        title="perplexity",
        family="information",
        function=perplexity,
        arguments="pair",
        unit="none",
        low=1.0,
        high=inf,
        span="1 … ∞",
        better="lower",
        needs="K ≥ 1",
        unbiased=False,
        formula="2^(cross-entropy in bits)",
        meaning="Among how many equally likely answers the model seems to choose.",
        reference="Jelinek et al. 1977",
    ),
    Measure(
        key="joint_entropy",
        title="joint entropy",
        family="information",
        function=joint_entropy,
        arguments="table",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … log of the cells",
        better="neither",
        needs="exact",
        unbiased=False,
        formula="−Σ p(x,y) log p(x,y) = H(X) + H(Y|X)",
        meaning="How uncertain two variables are together.",
        reference="Shannon 1948",
    ),
    Measure(
        key="conditional_entropy",
        title="conditional entropy",
        family="information",
        function=conditional_entropy,
        arguments="table",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … H(Y)",
        better="neither",
        needs="exact",
        unbiased=False,
        formula="−Σ p(x,y) log p(y|x)",
        meaning="How uncertain the column still is once the row is known.",
        reference="Shannon 1948",
    ),
    Measure(
        key="conditional_information",
        title="conditional information",
        family="information",
        function=conditional_information,
        arguments="table",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … ∞",
        better="neither",
        needs="exact",
        unbiased=False,
        formula="−log p(y|x)",
        meaning="How much one learns from the column once the row is known; with the row's own information it adds up.",
        reference="Fano 1961",
    ),
    Measure(
        key="mutual_information",
        title="mutual information",
        family="information",
        function=mutual_information,
        arguments="table",
        unit="information",
        low=0.0,
        high=inf,
        span="0 … the smaller of H(X), H(Y)",
        better="neither",
        needs="exact",
        unbiased=False,
        formula="Σ p(x,y) log [p(x,y)/(p(x)p(y))]",
        meaning="How much knowing one variable tells about the other.",
        reference="Shannon 1948",
    ),
)

CATALOGUE: Mapping[str, Measure] = MappingProxyType({row.key: row for row in _ROWS})
"""Every measure by its key."""


def find_measure(name: str) -> Measure:
    """Find a measure by its key, its title or another of its names.

    Args:
        name: for example "kl_divergence", "kl-divergence", "KL divergence" or "kl".

    Returns:
        The row of the catalogue.

    Raises:
        DomainError: there is none; the message names the nearest.

    Example:
        >>> find_measure("kl-divergence").key
        'kl_divergence'
    """
    known = {other: row for row in _ROWS for other in (row.key, _plain(row.title), *row.aliases)}
    asked = _plain(name)
    if asked in known:
        return known[asked]
    near = get_close_matches(asked, known, n=1, cutoff=0.5)
    guess = f' Did you mean "{known[near[0]].key.replace("_", "-")}"?' if near else ""
    message = f'there is no measure named "{name}".{guess} "bitsapart measure --list" shows all of them.'
    raise DomainError(message)


def _plain(name: str) -> str:
    return "_".join(name.lower().replace("-", " ").replace("–", " ").replace("_", " ").split())
