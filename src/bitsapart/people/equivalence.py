"""How many people is a model worth: where its loss crosses the curve of k people."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from math import cbrt, isfinite, sqrt
from typing import TYPE_CHECKING

import numpy as np

from bitsapart.errors import DomainError

from .bayesian import bayesian_curve, bayesian_work
from .frequency import frequency_curve
from .patterns import MeanCovariance, mean_covariance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .curve import Curve, Score
    from .patterns import LossSums, PatternTable

    Floats = NDArray[np.float64]

__all__ = ["BAYESIAN_CLASSES", "Equivalence", "equivalent_people", "rater_curves"]

BAYESIAN_CLASSES = 3
_SYMMETRIC = 1e-6  # less skewness than that is lost in rounding
_WORK = 1e8  # votes to look at, two to four seconds; asked for by name there is no such limit


@dataclass(frozen=True)
class Equivalence:
    """The smallest number of people who, combined, predict one more as well as the model does.

    Attributes:
        value: the number; None where it lies past the end of the curve.
        low: lower end of the interval; None past the end (or where there is no interval, with `standard_error` None).
        high: upper end; None past the end.
        standard_error: of the value, by influence functions; None where there is no crossing to measure it at.
        k_max: the end of the curve.
        items: items in the set.
        left_out: items outside it.
        score: the model's mean loss on the set.
        note: why a number is missing, or "".
    """

    value: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    k_max: int
    items: int
    left_out: int
    score: float
    note: str = ""

    def text(self) -> str:
        """In words, for instance "4.2 people (3.6–4.9)" or "> 9 people (> 9)".

        Example:
            >>> Equivalence(4.2, 3.6, None, 0.3, 9, 100, 0, 0.5).text()
            '4.2 people (3.6 to > 9)'
        """
        narrow = self.low is not None and self.high is not None and self.high - self.low < 0.2

        def number(people: float | None) -> str:
            return f"> {self.k_max}" if people is None else f"{people:.{2 if narrow else 1}f}"

        if self.low is None and self.high is None:
            interval = "" if self.value is not None else f" (> {self.k_max})"
            return f"{number(self.value)} people{interval}"
        dash = "–" if self.high is not None else " to "
        return f"{number(self.value)} people ({number(self.low)}{dash}{number(self.high)})"


def equivalent_people(curve: Curve, losses: LossSums, *, level: float = 0.95) -> Equivalence:
    """Where the model's loss M meets the curve: s = k + (L_k − M)/(L_k − L_{k+1}).

    k + 1 is the smallest number of people who do at least as well as the model, so a curve that rises before it falls
    is read correctly. M ≥ L_0 gives 0. The ends of the interval are the first crossings of the two confidence limits
    of L(s) − M: below the lower end people are surely worse than the model, and the upper end is the first number
    that is surely as good. Student's quantiles are corrected for the skewness of L(s) − M (Hall's transformation),
    which matters where there are few items; with unequal weights the skewness is not known, and they stay as they are.

    Args:
        curve: from `frequency_curve` or `bayesian_curve`.
        losses: sums of the model's loss for each row of the table that the curve was made from, by the same score
            (nats for "log").
        level: coverage of the interval.

    Returns:
        The equivalence with its interval.

    Reference:
        Hall (1992), On the removal of skewness by transformation, JRSS B 54(1), 221–228.

    Example:
        >>> from bitsapart.people.frequency import frequency_curve
        >>> from bitsapart.people.patterns import LossSums, PatternTable
        >>> table = PatternTable.of([[3, 0], [2, 1], [0, 3]], [50, 20, 30])
        >>> model = LossSums.of([50 * 0.2, 20 * 0.9, 30 * 0.3], [50 * 0.04, 20 * 0.81, 30 * 0.09])
        >>> equivalent_people(frequency_curve(table), model).text()
        '1.3 people (0.9 to > 2)'
    """
    kept = losses.where(curve.kept)
    score = float(kept.total.sum() / curve.table.weight.sum())
    mean, k_max = curve.mean, curve.k_max
    if not isfinite(score):
        note = "the model's loss is infinite on some items"
        return Equivalence(0.0, None, None, None, k_max, curve.items, curve.left_out, score, note)
    if curve.left_out:  # what is known of all items, in proportion
        kept = replace(kept, third=kept.third * curve.items / (curve.items + curve.left_out))
    moments = mean_covariance(curve.table, curve.influence, kept)
    low, high, note = _interval(mean - score, moments, level)
    as_good = np.flatnonzero(mean <= score)
    value, error = None, None
    if as_good.size:
        after = int(as_good[0])
        value = 0.0
        if after > 0:
            ahead, step = mean[after - 1] - score, mean[after - 1] - mean[after]
            value = float(after - 1 + ahead / step)
            gradient = np.zeros(k_max + 2)
            gradient[[0, after, after + 1]] = -1.0, 1.0 - ahead / step, ahead / step
            error = moments.combined(gradient / step).standard_error
    if value is None:
        note = note or f"the model does better than {k_max} people"
    error = None if error is None or not isfinite(error) else error
    return Equivalence(value, low, high, error, k_max, curve.items, curve.left_out, score, note)


def rater_curves(table: PatternTable, *, score: Score = "log", k_max: int | None = None) -> tuple[Curve, ...]:
    """The curves computed by default: frequency, and Bayesian up to three classes where memory and seconds allow."""
    curves = [frequency_curve(table, score=score, k_max=k_max)]
    if table.counts.shape[1] <= BAYESIAN_CLASSES and bayesian_work(table, curves[0].k_max) <= _WORK:
        with suppress(DomainError):  # too large a table of votes; asked for by name it says so
            curves.append(bayesian_curve(table, score=score, k_max=curves[0].k_max))
    return tuple(curves)


def _interval(ahead: Floats, moments: MeanCovariance, level: float) -> tuple[float | None, float | None, str]:
    """First crossings of 0 by the lower and upper confidence limits of L(s) − M."""
    from scipy.special import stdtrit

    if moments.n < 2:
        return None, None, f"no interval: one {moments.unit.removesuffix('s')}, and an interval needs two"
    reach = float(stdtrit(moments.n - 1, 0.5 + level / 2))
    return _first_crossing(ahead, moments, reach), _first_crossing(ahead, moments, -reach), ""


def _first_crossing(ahead: Floats, moments: MeanCovariance, quantile: float) -> float | None:
    """The first s where L(s) − M is no longer above what its error allows at this quantile."""
    from scipy.optimize import brentq

    def limit(s: float, k: int) -> float:
        t = s - k
        gradient = np.zeros(ahead.size + 1)
        gradient[0], gradient[k + 1] = -1.0, 1.0 - t
        mean = (1 - t) * ahead[k]
        if t > 0:
            gradient[k + 2] = t
            mean += t * ahead[k + 1]
        error = sqrt(max(float(gradient @ moments.covariance @ gradient), 0.0))
        return float(mean - _skewed(quantile, moments.skewness(gradient) / sqrt(moments.n)) * error)

    if limit(0.0, 0) <= 0:
        return 0.0
    for k in range(ahead.size - 1):
        if limit(k + 1.0, k) <= 0:
            return float(brentq(limit, k, k + 1.0, args=(k,), xtol=1e-10))
    return None


def _skewed(quantile: float, skewness: float) -> float:
    """The t whose transform t + γt²/3 + γ²t³/27 + γ/6 is this quantile; γ is the skewness of the mean.

    Example:
        >>> round(_skewed(1.96, 0.1), 3), round(_skewed(-1.96, 0.1), 3)
        (1.829, -2.123)
    """
    if abs(skewness) < _SYMMETRIC:
        return quantile
    return 3 / skewness * (cbrt(1 + skewness * (quantile - skewness / 6)) - 1)
