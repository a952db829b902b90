"""Temperature scaling in constant memory: the loss and two derivatives at 17 inverse temperatures, summed per fold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .calibration import Floats
from .cells import FOLDS, refuse_overflow, whole_numbers

if TYPE_CHECKING:
    from scipy.interpolate import BPoly

__all__ = ["INVERSES", "TemperatureSums"]

INVERSES: Floats = 2.0 ** np.linspace(-4, 4, 17)
_GRID = 2**28
_FINE = np.linspace(np.log(INVERSES[0]), np.log(INVERSES[-1]), 16 * 256 + 1)


@dataclass(frozen=True)
class TemperatureSums:
    """Sums of Σw H(p̂, q^β) and of two derivatives by ln β, as whole numbers; they merge by addition.

    Between the 17 places the loss is the polynomial of fifth degree with these derivatives, right to 10⁻⁶ of the loss.
    Items whose loss no temperature makes finite are left out and counted.

    Attributes:
        losses: [3, 17, F] loss (nats), slope and curvature at each inverse temperature of `INVERSES`.
        weight: [2, F] Σw of the items inside, and the number of items left out.
    """

    losses: NDArray[np.int64]
    weight: NDArray[np.int64]

    @classmethod
    def empty(cls) -> "TemperatureSums":
        """No items yet."""
        return cls(np.zeros((3, INVERSES.size, FOLDS), dtype=np.int64), np.zeros((2, FOLDS), dtype=np.int64))

    def add(
        self, shares: ArrayLike, model: ArrayLike, folds: ArrayLike, *, weights: ArrayLike | None = None,
        logs: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        """Add a block of items, in place; arguments and errors as in `CellSums.add`."""
        p, q = np.asarray(shares, dtype=np.float64), np.asarray(model, dtype=np.float64)
        w = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=np.float64)
        fold = np.asarray(folds)
        with np.errstate(divide="ignore"):
            z = np.log(q) if logs is None else np.asarray(logs, dtype=np.float64)
        hopeless = np.any((p > 0) & np.isneginf(z), axis=1)
        np.add.at(self.weight[1], fold, (hopeless & (w > 0)).astype(np.int64))
        p, z, w, fold = (column[~hopeless] for column in (p, z, w, fold))
        np.add.at(self.weight[0], fold, whole_numbers(w))
        z = z - np.max(z, axis=1, keepdims=True, initial=-np.inf)
        inside, z = ~np.isneginf(z), np.where(np.isneginf(z), 0.0, z)
        said = np.sum(p * z, axis=1)
        for place, beta in enumerate(INVERSES):
            power = np.where(inside, np.exp(beta * z), 0.0)
            scale = np.sum(power, axis=1)
            expected = np.sum(power * z, axis=1) / scale
            np.add.at(self.losses[0, place], fold, whole_numbers(w * (np.log(scale) - beta * said)))
            slope = beta * (expected - said)
            spread = np.sum(power * (z - expected[:, None]) ** 2, axis=1) / scale
            np.add.at(self.losses[1, place], fold, whole_numbers(w * slope))
            np.add.at(self.losses[2, place], fold, whole_numbers(w * (slope + beta**2 * spread)))
        refuse_overflow(self.losses)

    def merge(self, other: "TemperatureSums") -> None:
        """Add the sums of other items, in place."""
        self.losses[...] += other.losses
        self.weight[...] += other.weight
        refuse_overflow(self.losses)

    @property
    def left_out(self) -> int:
        """Items whose loss is infinite at every temperature."""
        return int(self.weight[1].sum())

    def cross_fitted(self) -> tuple[Floats, Floats, Floats]:
        """The best inverse temperature of the other folds, and what it does for each fold.

        Returns:
            [F] inverse temperatures, [F] Σw·loss of the recalibrated model in nats, [F] Σw.
        """
        curves = self.losses / _GRID
        whole = curves.sum(axis=2)
        inverse, loss = np.ones(FOLDS), np.zeros(FOLDS)
        for fold in range(FOLDS):
            place = _lowest(whole - curves[:, :, fold])
            inverse[fold] = np.exp(place)
            loss[fold] = float(_curve(curves[:, :, fold])(place))
        return inverse, loss, self.weight[0] / _GRID

    def plain(self) -> Floats:
        """[F] Σw·loss of the model as it is, in nats: β = 1 is one of the 17."""
        return np.asarray(self.losses[0, INVERSES.size // 2] / _GRID, dtype=np.float64)

    def in_sample(self) -> Floats:
        """[F] Σw·loss in nats at the best inverse temperature of all items."""
        place = np.log(self.inverse())
        return np.array([float(_curve(self.losses[:, :, fold] / _GRID)(place)) for fold in range(FOLDS)])

    def inverse(self) -> float:
        """The best inverse temperature for all items."""
        return float(np.exp(_lowest(self.losses.sum(axis=2) / _GRID)))


def _curve(sums: Floats) -> "BPoly":
    from scipy.interpolate import BPoly

    return BPoly.from_derivatives(np.log(INVERSES), sums.T)


def _lowest(sums: Floats) -> float:
    """Ln β of the smallest loss on a fine grid (the curve is flat there: the grid costs nothing); 0 where all are."""
    losses = _curve(sums)(_FINE)
    lowest = losses.min()
    equal = _FINE[losses <= lowest + 1e-9 * abs(lowest)]
    return float(equal[np.argmin(np.abs(equal))])
