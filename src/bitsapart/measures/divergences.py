"""How far apart two systems are, in units of information."""

from math import factorial

from bitsapart.units import Unit, nats_in

from ._arrays import Array, log_in
from ._distributions import Distribution, Kind, PeopleKind, open_pair

__all__ = ["jensen_shannon_distance", "jensen_shannon_divergence", "kl_divergence"]

_NEAR = 0.5


def kl_divergence(
    people: Array,
    model: Array,
    *,
    unit: Unit = "bit",
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """How many bits apart model and people are: what the model's information costs beyond the people's own entropy.

    KL(P‖Q) = Σ p log(p/q) = H(P, Q) − H(P), with 0·log(0/q) = 0 and p·log(p/0) = ∞. Nearly equal distributions lose
    nothing: each term is split into p − q, which is exact, and a remainder that is never negative.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        unit: "bit", "nat" or "hartley".
        people_kind: "probs", "log-probs", "logits", "counts" or "labels" (class indices, shape (...)).
        model_kind: "probs", "log-probs" or "logits".
        binary: both are of one event, shape (...).

    Returns:
        Divergence in `unit`, shape (...), 0 … ∞; exactly 0 for equal arguments of one kind. Rows that sum to a little
        less than 1 can make it a little less than 0. From counts it is the plug-in value, which is too large when few
        people were asked. The derivative by p at p = 0, where it is infinite, is taken as 0.

    Raises:
        DomainError: a value is no probability, a row does not sum to 1, or the shapes do not fit.

    References:
        Kullback, Leibler, On information and sufficiency, 1951.

    Example:
        >>> kl_divergence([1.0, 0.0], [0.25, 0.75])
        2.0
        >>> kl_divergence({"cat": 0.5, "dog": 0.5}, {"cat": 0.5, "bird": 0.5})
        inf
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    return p.library.deliver(divergence(p, q, unit))


def jensen_shannon_divergence(
    people: Array,
    model: Array,
    *,
    unit: Unit = "bit",
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """How far both are from their middle: symmetric, and finite even where one of them excludes what the other says.

    JSD(P, Q) = ½ KL(P‖M) + ½ KL(Q‖M), M = ½(P + Q). It is no distance; its square root is, see
    `jensen_shannon_distance`.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        unit: "bit", "nat" or "hartley".
        people_kind: as in `kl_divergence`.
        model_kind: as in `kl_divergence`.
        binary: both are of one event, shape (...).

    Returns:
        Divergence in `unit`, shape (...), 0 … 1 bit.

    Raises:
        DomainError: as in `kl_divergence`.

    References:
        Lin, Divergence measures based on the Shannon entropy, 1991.

    Example:
        >>> jensen_shannon_divergence([1.0, 0.0], [0.0, 1.0])
        1.0
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    return p.library.deliver(_middle_divergence(p, q, unit))


def jensen_shannon_distance(
    people: Array,
    model: Array,
    *,
    unit: Unit = "bit",
    people_kind: PeopleKind = "probs",
    model_kind: Kind = "probs",
    binary: bool = False,
) -> Array:
    """The square root of the Jensen–Shannon divergence, which obeys the triangle inequality.

    √JSD(P, Q): the root of an amount of information, so no number of bits. Some papers print it under the name of the
    divergence.

    Args:
        people: shape (..., C), or a mapping from event to probability.
        model: the same shape, or a single distribution of shape (C,), or a mapping; missing events count 0.
        unit: the unit of the divergence under the root.
        people_kind: as in `kl_divergence`.
        model_kind: as in `kl_divergence`.
        binary: both are of one event, shape (...).

    Returns:
        Distance, the root of `unit`, shape (...), 0 … 1 for bits. Its gradient at the kink at 0 is taken as 0.

    Raises:
        DomainError: as in `kl_divergence`.

    References:
        Endres, Schindelin, A new metric for probability distributions, 2003.

    Example:
        >>> jensen_shannon_distance([1.0, 0.0], [0.0, 1.0])
        1.0
    """
    p, q = open_pair(people, model, people_kind=people_kind, model_kind=model_kind, binary=binary)
    squared = _middle_divergence(p, q, unit)
    equal = squared == 0
    root = p.xp.sqrt(p.xp.where(equal, p.xp.ones_like(squared), squared))
    return p.library.deliver(p.xp.where(equal, p.xp.zeros_like(squared), root))


def divergence(p: Distribution, q: Distribution, unit: Unit) -> Array:
    """Σ p log(p/q).

    With d = ln(p/q) and h(d) = d + e^−d − 1 ≥ 0, a term is p·d = p·h(d) + (p − q). Where p and q are near, h comes from
    its series and p − q is exact; summed apart, neither loses digits. Between two softmaxes Σ(p − q) = 0, and only the
    terms of h are left, none of which can be negative. With logarithms on one side only, p·d is best as it is.
    """
    xp = p.xp
    nobody = p.probs == 0
    apart = _log_ratio(p, q, nobody, "nat")
    split = (p.plain and q.plain) or (p.normalised and q.normalised)
    near = (xp.abs(apart) <= _NEAR) & split
    none = xp.zeros_like(apart)
    close = xp.where(near, p.probs * _excess(xp.where(near, apart, none)), none)
    if p.normalised and q.normalised:
        far = p.probs * xp.where(near, none, apart) + (q.probs - p.probs)
        total = xp.sum(xp.where(near & ~nobody, close, far), axis=-1) / nats_in(unit)
    else:
        difference = xp.where(near & ~nobody, _difference(p, q), none)
        far = p.probs * _log_ratio(p, q, near | nobody, unit)
        total = (xp.sum(close, axis=-1) + xp.sum(difference, axis=-1)) / nats_in(unit) + xp.sum(far, axis=-1)
    # p may be too small for its type and yet possible where q is 0
    infinite = xp.any(nobody & ~p.impossible & q.impossible, axis=-1)
    return xp.where(infinite, xp.full_like(total, xp.inf), total)


def _middle_divergence(p: Distribution, q: Distribution, unit: Unit) -> Array:
    """Σ ½ [p log(p/m) + q log(q/m)], m = (p + q)/2; near p = q by the even series in w = (p − q)/(p + q)."""
    xp = p.xp
    total = p.probs + q.probs
    neither = total == 0
    total = xp.where(neither, xp.ones_like(total), total)
    apart = _difference(p, q) / total
    near = xp.abs(apart) <= _NEAR
    none = xp.zeros_like(apart)
    close = xp.where(near, total * _even_series(xp.where(near, apart, none)), none)
    far = xp.where(near, none, _to_middle(p, total, unit) + _to_middle(q, total, unit))
    return xp.sum(close, axis=-1) / (4 * nats_in(unit)) + xp.sum(far, axis=-1) / 2


def _to_middle(side: Distribution, total: Array, unit: Unit) -> Array:
    nobody = side.probs == 0
    ratio = 2 * (side.probs / total)
    return side.probs * log_in(side.xp, side.xp.where(nobody, side.xp.ones_like(ratio), ratio), unit)


def _log_ratio(p: Distribution, q: Distribution, skip: Array, unit: Unit) -> Array:
    """log(p/q) in a unit; 0 where `skip` is true, ∞ where q is 0."""
    xp = p.xp
    if not (p.plain and q.plain):
        return p.log_probs(unit, skip=skip) - q.log_probs(unit, skip=skip)
    above, below, difference = xp.broadcast_arrays(p.probs, q.probs, _difference(p, q))
    one = xp.ones_like(above)
    above, below = xp.where(skip, one, above), xp.where(skip, one, below)
    smallest = float(xp.finfo(above.dtype).smallest_normal) ** 0.5
    safe = ~skip & (above > smallest) & (below > smallest)
    close = safe & (above <= 2 * below) & (below <= 2 * above)
    by_difference = xp.log1p(xp.where(close, difference, 0 * one) / xp.where(close, below, one)) / nats_in(unit)
    by_ratio = log_in(xp, xp.where(safe, above, one) / xp.where(safe, below, one), unit)
    apart = xp.where(safe, one, above), xp.where(safe, one, below)
    by_logs = log_in(xp, apart[0], unit) - log_in(xp, apart[1], unit)
    found = xp.where(close, by_difference, xp.where(safe, by_ratio, by_logs))
    return xp.where(skip, 0 * one, found)


def _difference(p: Distribution, q: Distribution) -> Array:
    """The difference p − q; of one event and its complement exactly opposite."""
    if p.event is None or q.event is None:
        return p.probs - q.probs
    difference = p.event - q.event
    return p.xp.stack([difference, -difference], axis=-1)


def _excess(small: Array) -> Array:
    """h(d) = d + e^−d − 1 = d²/2! − d³/3! + …, for |d| ≤ ½."""
    return small * small * _polynomial(small, [(-1) ** k / factorial(k) for k in range(2, 18)])


def _even_series(small: Array) -> Array:
    """(1+w) ln(1+w) + (1−w) ln(1−w) = Σ w²ᵏ/(k(2k−1)), for |w| ≤ ½."""
    squared = small * small
    return squared * _polynomial(squared, [1 / (k * (2 * k - 1)) for k in range(1, 26)])


def _polynomial(variable: Array, coefficients: list[float]) -> Array:
    total = 0 * variable + coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * variable + coefficient
    return total
