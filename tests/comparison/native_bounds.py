"""How far the core's value of an item may lie from the exact one: its roundings counted, operation by operation.

u = 2⁻⁵³ is the largest relative error of one rounding. To first order in u (what is left out is 10⁻¹⁴ of it):

* One exponential is within 1 ulp, one logarithm too, so each is off by 2u of its value at most.
* A sum of C products: a product is off by u of itself, and each of the C additions by u of what it gives, which is no
  more than the sum of the magnitudes: (C + 1)·u·Σ|terms| in any order, with a fused product or without.
* A share n/K is off by u of itself; a share that was given is exact.
* ln q of a probability: 2u·|ln q|. Of a logit z with the largest one z*: z − z* is off by u·|z − z*|, and the result by
  u·|ln q|. S = Σ exp(z − z*) is off, as a share of itself, by u·Σ q|z − z*| from the arguments, 2u from the
  exponentials and C·u from the additions; in chunks of 16 classes what was summed before is multiplied again where a
  larger logit comes, 3u for each chunk. ln S adds 2u·ln S.
* q of ln q: 2u and whatever ln q was off. Below e⁻⁷⁰⁸ it becomes 0.
* A label's long row of logits is summed from the label's own logit, with Σ exp² beside Σ exp: (Σ exp² − 1)/S² are the
  squares of the others. There Σq² is off by twice what S is, whatever is left of it.
* A square is off by 2|d|δ + δ²; where the difference d is rounding itself, δ² is what counts.
* From there each column is sums, differences and products of these: `bounds` has one line for each.

A value that was computed otherwise by the same kinds of operations (the book; another level) obeys the same bounds.
Over all cases of the tests the largest error seen is half of what is allowed.
"""

from dataclasses import dataclass

import numpy as np

U = 2.0**-53
CHUNK = 16
FLOOR = 2.0**-1018  # what exp makes 0, and roundings of numbers too small to be normal


@dataclass(frozen=True)
class Side:
    """[N, C] numbers of a side, their errors as shares of themselves, logarithms, errors of these; [N] that of S."""

    p: np.ndarray
    off: np.ndarray
    log: np.ndarray
    log_off: np.ndarray
    sum_off: np.ndarray | float = 0.0


def side(table, kind, *, made=None):
    """A side from its rows in float64: codes of labels or verdicts as rows of 0 and 1.

    Args:
        table: [N, C] probabilities, counts, logits or log-probabilities.
        kind: which of them.
        made: the column of a pair that was made of the other one, if any.
    """
    classes = table.shape[1]
    zero = np.zeros(table.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "logits":
            away = table - table.max(axis=1, keepdims=True)
            total = np.exp(away).sum(axis=1, keepdims=True)
            log = away - np.log(total)
            p, away = np.exp(log), np.where(np.isfinite(away), -away, 0.0)
            of_sum = np.sum(p * away, axis=1, keepdims=True) + 2 + classes + 3 * -(-classes // CHUNK)
            log_off = U * (away + _finite(log) + of_sum + 2 * np.log(total))
            return Side(p, 2 * U + log_off, log, log_off, U * of_sum[:, 0])
        if kind == "log-probs":
            log_off = zero.copy()
            if made is not None:  # ln(1 − e^l) by expm1 or log1p
                log_off[:, made] = U * (4 + 3 * _finite(table[:, made]))
            return Side(np.exp(table), 2 * U + log_off, table, log_off)
        p = table / table.sum(axis=1, keepdims=True) if kind == "counts" else table
        log = np.log(p)
        return Side(p, zero + (U if kind == "counts" else 0.0), log, 2 * U * _finite(log))


def bounds(people, model, *, judgements=None, labels=False):
    """Column → [N] the largest error that roundings can give, for finite values.

    Args:
        people: a `Side`.
        model: a `Side`.
        judgements: [N] K where counts were given.
        labels: people are one class each, which the core sums up in another way.
    """
    p, q, ln = people.p, model.p, _finite(model.log)
    d_p, d_q = p * people.off, q * model.off
    classes = p.shape[1]
    half, more = 0.5 if classes == 2 else 1.0, (classes + 1) * U
    apart = np.abs(p - q)
    found = {}
    found["cross_entropy"] = _sum(p * model.log_off + d_p * ln) + more * _sum(p * ln)
    own = _sum(p * _finite(people.log))
    found["entropy"] = _sum(d_p) + (2 * U + more) * own + U * own
    found["kl_divergence"] = found["cross_entropy"] + found["entropy"] + U * np.abs(_sum(p * ln) - own)
    found["absolute_error"] = half * (more * _sum(apart) + _sum(d_p + d_q))
    squares = _sum(2 * apart * (d_p + d_q) + 3 * (d_p + d_q) ** 2) + (2 * U + more) * _sum(apart**2)
    found["squared_error"] = half * squares
    crossed = _sum(q * q + 2 * p * q)
    d_crossed = _sum(2 * q * d_q + 2 * q * d_p + 2 * p * d_q) + (more + U) * crossed
    found["brier"] = half * (d_crossed + U * (1 + 2 * crossed))
    found["accuracy"] = (classes + 2) * U + d_p.max(axis=1)
    found["majority_accuracy"] = np.full(len(p), 2 * U)
    if labels:  # 1 − q + (Σq − q), and (1 − q)² beside the others' squares: what cancels is as large as 1
        found["cross_entropy"] = _sum(p * model.log_off)
        found["absolute_error"] = half * (more * _sum(q) + 2 * _sum(d_q) + 4 * U)
        from_label = np.where(model.sum_off, model.sum_off + U * _sum(p * ln), 0.0)
        found["brier"] = half * (squares + 2 * from_label * _sum(q * q))
    if judgements is None:
        found["squared_distance"] = found["squared_error"]
        found["disagreement"] = half * (more * _sum(p * p) + 2 * _sum(p * d_p) + U)
    else:
        found["squared_distance"] = half * (d_crossed + U * (3 + 2 * crossed))
        found["disagreement"] = np.full(len(p), half * 3 * U)
    found |= _ordinal(p, q, d_p, d_q, judgements)
    return {column: bound + classes * FLOOR for column, bound in found.items()}


def _ordinal(p, q, d_p, d_q, judgements):
    """Cumulated shares P, Q at the C − 1 cuts: c additions each."""
    cuts = np.arange(1, p.shape[1])
    P, Q = (np.cumsum(x, axis=1)[:, :-1] for x in (p, q))
    d_P, d_Q = (np.cumsum(d, axis=1)[:, :-1] + U * cuts * x for d, x in ((d_p, P), (d_q, Q)))
    apart, more = np.abs(P - Q), (cuts.size + 1) * U
    d = d_P + d_Q + U * apart
    score = _sum(2 * apart * d + 3 * d**2) + more * _sum(apart**2)
    found = {"ranked_probability_score": score, "ranked_squared_distance": score}
    if judgements is not None:
        K = judgements[:, np.newaxis].astype(float)
        M, pairs = K * P, np.maximum(K * (K - 1), 1)
        d_M = K * d_P + U * M
        alike = ((2 * M + 1) * d_M + 4 * U * np.abs(M * (M - 1))) / pairs
        terms = np.abs(M * (M - 1)) / pairs + 2 * P * Q + Q * Q
        rest = 2 * (d_P * Q + d_Q * P + U * P * Q) + 2 * Q * d_Q + U * Q * Q
        found["ranked_squared_distance"] = _sum(alike + rest + 3 * U * terms) + more * _sum(terms)
    return found


def _sum(terms):
    return np.sum(terms, axis=1)


def _finite(log):
    return np.where(np.isfinite(log), np.abs(log), 0.0)
