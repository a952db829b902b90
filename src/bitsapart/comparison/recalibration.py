"""A recalibrated model as something one can apply: temperature scaling, or isotonic regression class by class."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsapart.errors import DomainError, StateError

from .calibration import Floats, IsotonicMap, fit_isotonic

__all__ = [
    "CrossFitted", "IsotonicRecalibration", "Recalibration", "RecalibrationKind", "TemperatureScaling", "cross_fit",
    "kind_for", "recalibration_from",
]  # fmt: skip

RecalibrationKind: TypeAlias = Literal["temperature", "isotonic"]

_STEEPEST = 1024.0  # inverse temperature of a model that is right wherever people agree


class Recalibration(Protocol):
    """What both kinds offer."""

    def __call__(self, model: ArrayLike) -> Floats:
        """[N, C] probabilities q to recalibrated ones."""

    def to_dict(self) -> dict[str, Any]:
        """What `recalibration_from` reads; numbers and lists only."""


@dataclass(frozen=True)
class TemperatureScaling:
    """q_c^β / Σ q^β: one number for all classes; β = 1/T is the inverse temperature.

    Attributes:
        inverse: β ≥ 0; above 1 the model was too timid, below 1 too sure, 0 makes all its classes equal.
        left_out: items that no temperature can help (people chose a class that the model excludes).

    Example:
        >>> TemperatureScaling(0.5)([[0.8, 0.2]]).round(4).tolist()
        [[0.6667, 0.3333]]
    """

    inverse: float
    left_out: int = 0

    @classmethod
    def fit(cls, people: ArrayLike, model: ArrayLike, *, weights: ArrayLike | None = None) -> "TemperatureScaling":
        """The β that makes Σ w H(p̂, q^β) smallest: people's counts, not their majority; convex, so there is one.

        Args:
            people: [N, C] shares p̂.
            model: [N, C] probabilities q.
            weights: [N] w ≥ 0, by default 1; with w = K the likelihood of all judgements is largest.

        Raises:
            DomainError: the shapes differ, or every item's loss is infinite.

        Reference:
            Guo, Pleiss, Sun, Weinberger (2017), On calibration of modern neural networks, ICML.
        """
        p, q, w = _tables(people, model, weights)
        hopeless = np.any((p > 0) & (q == 0), axis=1)
        kept = ~hopeless & (w > 0)
        if not np.any(kept):
            message = "the model gives probability 0 to something people chose in every item: no temperature helps"
            raise DomainError(message)
        slope = _slope(p[kept], q[kept], w[kept])
        left_out = int(np.count_nonzero(hopeless & (w > 0)))
        return cls(_root(slope), left_out)

    def __call__(self, model: ArrayLike) -> Floats:
        """[N, C] probabilities to recalibrated probabilities; a probability of 0 stays 0."""
        from scipy.special import softmax

        q = np.asarray(model, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            raised = np.where(q > 0, self.inverse * np.log(q), -np.inf)
        return np.asarray(softmax(raised, axis=-1), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """What `recalibration_from` reads."""
        return {"kind": "temperature", "inverse": self.inverse, "left_out": self.left_out}


@dataclass(frozen=True)
class IsotonicRecalibration:
    """Each class against the rest by isotonic regression with half-counts, then rows divided by their sum.

    Two classes need one map: the second is the first's complement.
    """

    maps: tuple[IsotonicMap, ...]

    @classmethod
    def fit(cls, people: ArrayLike, model: ArrayLike, *, weights: ArrayLike | None = None) -> "IsotonicRecalibration":
        """Fit the maps; arguments as in `TemperatureScaling.fit`.

        Raises:
            DomainError: the shapes differ, or no item has a weight above 0.
        """
        p, q, w = _tables(people, model, weights)
        events = 1 if q.shape[1] == 2 else q.shape[1]
        return cls(tuple(fit_isotonic(p[:, c], q[:, c], weights=w, half_counts=1.0) for c in range(events)))

    def events(self, model: ArrayLike) -> Floats:
        """[N, C] each class's own answer before the rows are made to sum to 1 (they do already for two classes)."""
        q = np.asarray(model, dtype=np.float64)
        maps = self.maps * q.shape[1] if len(self.maps) == 1 and q.shape[1] > 2 else self.maps  # one for all
        columns = [fitted(q[:, c]) for c, fitted in enumerate(maps)]
        if q.shape[1] == 2:
            columns.append(1 - columns[0])
        return np.stack(columns, axis=1)

    def __call__(self, model: ArrayLike) -> Floats:
        """[N, C] probabilities to recalibrated probabilities, all above 0."""
        each = self.events(model)
        return np.asarray(each / np.sum(each, axis=1, keepdims=True), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """What `recalibration_from` reads."""
        names = ("left", "right", "value", "weight")
        return {"kind": "isotonic", "maps": [{n: getattr(m, n).tolist() for n in names} for m in self.maps]}


@dataclass(frozen=True)
class CrossFitted:
    """One recalibration per fold, each fitted on the other folds.

    Attributes:
        fitted: by fold number.
    """

    fitted: tuple[Recalibration, ...]

    def __call__(self, model: ArrayLike, folds: ArrayLike) -> Floats:
        """[N, C] recalibrated probabilities of items in `folds` [N], none of them judged by a map that saw it."""
        return self._by_fold(model, folds, lambda recalibration, q: recalibration(q))

    def events(self, model: ArrayLike, folds: ArrayLike) -> Floats:
        """The same before rows are made to sum to 1; for isotonic maps."""

        def own(recalibration: Recalibration, q: Floats) -> Floats:
            return recalibration.events(q) if isinstance(recalibration, IsotonicRecalibration) else recalibration(q)

        return self._by_fold(model, folds, own)

    def _by_fold(self, model: ArrayLike, folds: ArrayLike, apply: Callable[[Recalibration, Floats], Floats]) -> Floats:
        q, fold = np.asarray(model, dtype=np.float64), np.asarray(folds)
        result = np.empty_like(q)
        for number, recalibration in enumerate(self.fitted):
            held = fold == number
            if np.any(held):
                result[held] = apply(recalibration, q[held])
        return result


def cross_fit(
    people: ArrayLike, model: ArrayLike, *, folds: ArrayLike, kind: RecalibrationKind, weights: ArrayLike | None = None
) -> CrossFitted:
    """Fit one recalibration per fold on the items of the other folds.

    Args:
        people: [N, C] shares p̂.
        model: [N, C] probabilities q.
        folds: [N] fold numbers from 0, at least two different ones (`assign_folds`).
        kind: "temperature" or "isotonic".
        weights: [N] w ≥ 0, by default 1.

    Raises:
        DomainError: there are fewer than two folds, or what `fit` raises.
    """
    p, q, w = _tables(people, model, weights)
    fold = np.asarray(folds)
    if np.unique(fold).size < 2:
        message = f"cross-fitting needs at least two folds, but there is {np.unique(fold).size}"
        raise DomainError(message)
    fit = TemperatureScaling.fit if kind == "temperature" else IsotonicRecalibration.fit
    others = (fold != number for number in range(int(fold.max()) + 1))
    return CrossFitted(tuple(fit(p[rest], q[rest], weights=w[rest]) for rest in others))


def kind_for(classes: int, *, infinite: bool) -> RecalibrationKind:
    """The kind to use unless asked: isotonic for one event, and where no temperature could make the loss finite."""
    return "isotonic" if classes == 2 or infinite else "temperature"


def recalibration_from(document: Mapping[str, Any]) -> Recalibration:
    """Read what `to_dict` wrote.

    Raises:
        StateError: the document is not a recalibration that this version knows.
    """
    try:
        if document["kind"] == "temperature":
            return TemperatureScaling(float(document["inverse"]), int(document.get("left_out", 0)))
        if document["kind"] == "isotonic":
            return IsotonicRecalibration(tuple(_map_from(entry) for entry in document["maps"]))
    except (KeyError, TypeError, ValueError) as error:
        message = f"this is not a saved recalibration: {error!r}"
        raise StateError(message) from None
    message = f"a recalibration of kind {document['kind']!r} is not known; this version knows temperature and isotonic"
    raise StateError(message)


def _map_from(entry: Mapping[str, Sequence[float]]) -> IsotonicMap:
    return IsotonicMap(*(np.asarray(entry[name], dtype=np.float64) for name in ("left", "right", "value", "weight")))


def _slope(p: Floats, q: Floats, w: Floats) -> Callable[[float], float]:
    """d/dβ of Σ w H(p̂, q^β) = Σ w (E_β[z] − Σ p̂ z), z = ln q minus its largest; it never falls."""
    with np.errstate(divide="ignore"):
        z = np.log(q)
    z -= np.max(z, axis=1, keepdims=True)
    finite = np.where(q > 0, z, 0.0)
    observed = float(w @ np.sum(p * finite, axis=1))

    def slope(beta: float) -> float:
        power: NDArray[np.float64] = np.where(q > 0, np.exp(beta * finite), 0.0)
        expected = np.sum(power * finite, axis=1) / np.sum(power, axis=1)
        return float(w @ expected) - observed

    return slope


def _root(slope: Callable[[float], float]) -> float:
    """The inverse temperature where the slope is 0, within [0, 1024]."""
    from scipy.optimize import brentq

    if slope(0.0) >= 0:
        return 0.0
    high = 1.0
    while slope(high) < 0:
        high *= 2
        if high > _STEEPEST:
            return _STEEPEST
    return float(brentq(slope, 0.0 if high == 1.0 else high / 2, high, xtol=1e-13))


def _tables(people: ArrayLike, model: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    p, q = np.asarray(people, dtype=np.float64), np.asarray(model, dtype=np.float64)
    w = np.ones(p.shape[:1]) if weights is None else np.asarray(weights, dtype=np.float64)
    if p.ndim != 2 or p.shape != q.shape or w.shape != p.shape[:1]:
        message = f"people has shape {p.shape}, model {q.shape}, weights {w.shape}; needed: [N, C], [N, C] and [N]"
        raise DomainError(message)
    return p, q, w
