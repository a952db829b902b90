"""Information, and its expectation under one system or another: entropy, cross-entropy, perplexity."""

from typing import get_args

from bitsapart._checks import check_choice, check_log_probs, check_probs
from bitsapart.units import Unit, nats_in

from ._arrays import Array, Library, log_in, quiet
from ._distributions import Distribution, Kind, PeopleKind, SystemKind, open_one, open_pair

__all__ = ["cross_entropy", "entropy", "information", "perplexity"]


def information(probability: Array, *, unit: Unit = "bit", kind: Kind = "probs") -> Array:
    """How much one learns when an event of this probability happens; it adds for independent events.

    −log P. An impossible event has infinite information, a certain one none.

    Args:
        probability: probabilities of single events, any shape; they need not sum to 1.
        unit: "bit" (log₂), "nat" (ln) or "hartley" (log₁₀).
        kind: "probs", "log-probs", or "logits", whose softmax is taken over the last axis.

    Returns:
        Information of each event in `unit`, the same shape, 0 … ∞.

    Raises:
        DomainError: a value is no probability.

    References:
        Shannon, A mathematical theory of communication, 1948; Hartley, Transmission of information, 1928.

    Example:
        >>> information(1 / 8)
        3.0
    """
    check_choice(kind, "kind", get_args(Kind))
    if kind == "logits":
        p = open_one(probability, "probability", kind)
        return p.library.deliver(-p.log_probs(unit, skip=p.impossible & ~p.impossible))
    library = Library.of(probability)
    values = library.floats(library.array(probability, "probability"))
    if kind == "log-probs":
        check_log_probs(values, "probability", rows=False)
        return library.deliver(-values / nats_in(unit))
    check_probs(values, "probability", rows=False)
    return library.deliver(-log_in(library.xp, values, unit))


def entropy(distribution: Array, *, unit: Unit = "bit", kind: SystemKind = "probs", binary: bool = False) -> Array:
    """The uncertainty of a system: the information that one expects from it.

    H(P) = −Σ p log p, with 0·log 0 = 0. Of counts it is the plug-in value, which is too small when few people were
    asked.

    Args:
        distribution: shape (..., C), or a mapping from event to probability.
        unit: "bit", "nat" or "hartley".
        kind: "probs", "log-probs", "logits" or "counts".
        binary: the values are probabilities (or logits) of one event, shape (...).

    Returns:
        Entropy in `unit`, shape (...), 0 … log C. Its derivative at p = 0, where it is infinite, is taken as 0.

    Raises:
        DomainError: a value is no probability, or a row does not sum to 1.

    References:
        Shannon 1948.

    Example:
        >>> entropy([0.5, 0.25, 0.25])
        1.5
        >>> entropy({"heads": 0.5, "tails": 0.5})
        1.0
    """
    p = open_one(distribution, "distribution", kind, binary=binary, choices=SystemKind)
    return p.library.deliver(expected_information(p, p, unit))


def cross_entropy(
    people: Array,
    model: Array,
    *,
    unit: Unit = "bit",
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """How much the model's information costs when events happen as people say: H(P) and the distance KL(P‖Q) together.

    H(P, Q) = −Σ p log q, with 0·log q = 0 even for q = 0, and p·log 0 = −∞.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        unit: "bit", "nat" or "hartley".
        people_kind: "probs", "log-probs", "logits", "counts" or "labels" (class indices, shape (...)).
        model_kind: "probs", "log-probs" or "logits".
        binary: both are of one event, shape (...).

    Returns:
        Cross-entropy in `unit`, shape (...), 0 … ∞. Unbiased from any panel of people.

    Raises:
        DomainError: a value is no probability, a row does not sum to 1, or the shapes do not fit.

    References:
        Kerridge, Inaccuracy and inference, 1961; Good, Rational decisions, 1952.

    Example:
        >>> cross_entropy([0.5, 0.5], [0.25, 0.75])
        1.207518749639422
        >>> cross_entropy([1.0, 0.0], [0.0, 1.0])
        inf
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    return p.library.deliver(expected_information(p, q, unit))


def perplexity(
    people: Array,
    model: Array | None = None,
    *,
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """Among how many equally likely outcomes the model seems to choose when people answer.

    2^H(P, Q) with H in bits; without a model 2^H(P). Over several items take it of the mean cross-entropy: it is
    no mean of perplexities.

    Args:
        people: as in `cross_entropy`.
        model: as in `cross_entropy`; None for the people's own perplexity.
        people_kind: as in `cross_entropy`.
        model_kind: as in `cross_entropy`.
        binary: both are of one event, shape (...).

    Returns:
        Perplexity, shape (...), 1 … ∞, without a unit.

    Raises:
        DomainError: as in `cross_entropy`.

    References:
        Jelinek, Mercer, Bahl, Baker, Perplexity: a measure of the difficulty of speech recognition tasks, 1977.

    Example:
        >>> perplexity([0.25, 0.25, 0.25, 0.25])
        4.0
    """
    if model is None:
        p = open_one(people, "people", people_kind, binary=binary, choices=SystemKind)
        q = p
    else:
        p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    two = p.xp.full_like(p.probs[..., 0], 2.0)
    with quiet(p.xp):
        return p.library.deliver(two ** expected_information(p, q, "bit"))


def expected_information(p: Distribution, q: Distribution, unit: Unit, *, counted: bool = False) -> Array:
    """−Σ p log q over the classes, −Σ n log q where counted; terms with p = q = 0 are left out, also of gradients."""
    xp = p.xp
    weights = p.values if counted and p.kind == "counts" else p.probs
    left_out = (weights == 0) & q.impossible
    terms = weights * -q.log_probs(unit, skip=left_out)
    # p may be too small for its type and yet possible where q is 0: the information is infinite all the same
    infinite = left_out & ~p.impossible
    return xp.sum(xp.where(infinite, xp.full_like(terms, xp.inf), terms), axis=-1)
