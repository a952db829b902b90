"""The distance in three: what calibration would save, what stays mixed up, and what people themselves disagree on.

cross-entropy = calibration + grouping + people's own entropy
Brier         = calibration + grouping + people's own disagreement

Calibration is the score minus that of the (cross-fitted) recalibrated model; grouping is how far the recalibrated model
still is from people: items that it answers alike and people do not. Single labels cannot tell the last two apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bitsapart.errors import DomainError

from .calibration import Floats, mean_interval
from .intervals import Interval

__all__ = ["Split", "split_logs", "split_squares"]


@dataclass(frozen=True)
class Split:
    """The terms; they add up to the score.

    Attributes:
        score: the model's mean score on these items (nats for logs, without unit for squares).
        calibration: what the recalibration saves; it may fall below 0 where the model was calibrated already.
        grouping: the recalibrated model's distance from people; None where it cannot be told from `own`.
        own: people's own entropy (disagreement); None where it is not known.
        rest: grouping and own together, always known.
    """

    score: Interval
    calibration: Interval
    grouping: Interval | None
    own: Interval | None
    rest: Interval


def split_logs(
    people: ArrayLike, model: ArrayLike, recalibrated: ArrayLike, *, entropy: ArrayLike | None,
    weights: ArrayLike | None = None, groups: ArrayLike | None = None,
) -> Split:  # fmt: skip
    """Cross-entropy = calibration + grouping + people's own entropy, in nats.

    Args:
        people: [N, C] shares p̂.
        model: [N, C] probabilities q.
        recalibrated: [N, C] the same model recalibrated, cross-fitted.
        entropy: [N] each item's estimated entropy in nats (not the plug-in, which is too small), or None (K = 1).
        weights: [N] w ≥ 0, by default 1.
        groups: [N] which items belong together.

    Raises:
        DomainError: the shapes differ.
    """
    from scipy.special import xlogy

    p, q, r = _tables(people, model, recalibrated)
    score, rest = -np.sum(xlogy(p, q), axis=1), -np.sum(xlogy(p, r), axis=1)
    own = None if entropy is None else np.asarray(entropy, dtype=np.float64)
    return _split(score, rest, own, weights, groups)


def split_squares(
    counts: ArrayLike, model: ArrayLike, recalibrated: ArrayLike, *, weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Split:  # fmt: skip
    """Brier = calibration + grouping + disagreement, every term unbiased, on the items with two judgements or more.

    grouping = Σ [n(n−1)/(K(K−1)) − 2 r n/K + r²], the unbiased squared distance of the recalibrated model;
    own = 1 − Σ n(n−1)/(K(K−1)). Two classes are one event: all terms are halved.

    Args:
        counts: [N, C] how many people chose each class.
        model: [N, C] probabilities q.
        recalibrated: [N, C] the recalibrated model, cross-fitted; rows need not sum to 1 (one-vs-rest).
        weights: [N] w ≥ 0, by default 1.
        groups: [N] which items belong together.

    Raises:
        DomainError: the shapes differ, or no item has two judgements.
    """
    n, q, r = _tables(counts, model, recalibrated)
    size = np.sum(n, axis=1)
    panel = size >= 2
    if not np.any(panel):
        message = "no item has two judgements, so people's disagreement cannot be told from the model's distance"
        raise DomainError(message)
    n, q, r, size = n[panel], q[panel], r[panel], size[panel]
    half = 0.5 if n.shape[1] == 2 else 1.0
    shares = n / size[:, None]
    agreement = np.sum(n * (n - 1), axis=1) / (size * (size - 1))
    own = half * (1 - agreement)
    score, rest = (half * (1 - 2 * np.sum(shares * x, axis=1) + np.sum(x * x, axis=1)) for x in (q, r))
    kept = (None if x is None else np.asarray(x)[panel] for x in (weights, groups))
    return _split(score, rest, own, *kept)


def _split(
    score: Floats, rest: Floats, own: Floats | None, weights: ArrayLike | None, groups: ArrayLike | None
) -> Split:
    with np.errstate(invalid="ignore"):  # ∞ − ∞: the recalibration did not help that item at all
        saved = np.where(np.isinf(score) & np.isinf(rest), 0.0, score - rest)
    return Split(
        score=mean_interval(score, weights, groups),
        calibration=mean_interval(saved, weights, groups),
        grouping=None if own is None else mean_interval(rest - own, weights, groups),
        own=None if own is None else mean_interval(own, weights, groups),
        rest=mean_interval(rest, weights, groups),
    )


def _tables(people: ArrayLike, model: ArrayLike, recalibrated: ArrayLike) -> tuple[Floats, Floats, Floats]:
    p, q, r = (np.asarray(table, dtype=np.float64) for table in (people, model, recalibrated))
    if p.ndim != 2 or p.shape != q.shape or p.shape != r.shape:
        message = f"people has shape {p.shape}, model {q.shape}, recalibrated {r.shape}; all must be the same [N, C]"
        raise DomainError(message)
    return p, q, r
