"""Panels whose truth is known: people who disagree by a Dirichlet, and a model that is wrong by a known amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bitsapart.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

__all__ = ["SimulatedPanel", "simulate"]


@dataclass(frozen=True, eq=False)
class SimulatedPanel:
    """A panel and the truth behind it.

    Attributes:
        truth: (N, C) the distribution of everybody's answers, p.
        counts: (N, C) what the panel answered.
        model: (N, C) the model's probabilities, q, all positive.
    """

    truth: Floats
    counts: Counts
    model: Floats

    @property
    def entropy(self) -> Floats:
        """(N,) H(p), nats."""
        from scipy.special import entr

        return np.asarray(entr(self.truth).sum(axis=1))

    @property
    def cross_entropy(self) -> Floats:
        """(N,) −Σ p ln q, nats: what the panel's −Σ p̂ ln q is on average."""
        return np.asarray(-(self.truth * np.log(self.model)).sum(axis=1))

    @property
    def divergence(self) -> Floats:
        """(N,) KL(p‖q), nats."""
        return self.cross_entropy - self.entropy

    @property
    def squared_distance(self) -> Floats:
        """(N,) Σ(p − q)², halved for two classes."""
        half = 0.5 if self.truth.shape[1] == 2 else 1.0
        return np.asarray(half * ((self.truth - self.model) ** 2).sum(axis=1))

    @property
    def loss(self) -> Floats:
        """(N,) −Σ p̂ ln q, nats: the panel's estimate for each item."""
        said = self.counts / self.counts.sum(axis=1, keepdims=True)
        return np.asarray(-(said * np.log(self.model)).sum(axis=1))


def simulate(
    items: int,
    people: ArrayLike,
    *,
    shares: ArrayLike,
    alpha: float,
    sharpness: float = 1.0,
    noise: float = 0.5,
    lapse: float = 0.02,
    seed: int | np.random.Generator = 0,
) -> SimulatedPanel:
    """Draw a panel from p_i ~ Dirichlet(α·m), n_i ~ Multinomial(K_i, p_i), and a model that knows p_i with errors.

    The model answers q ∝ (1 − lapse)·softmax(sharpness·ln p̃ + noise·normal) + lapse/C, with p̃ = p mixed with one
    per cent of the shares: overconfident for sharpness > 1, and never certain.

    Args:
        items: N.
        people: K, one number or one for each item, ≥ 1.
        shares: m, the mean distribution, (C,).
        alpha: concentration; small: items clear, but different; large: all items alike.
        sharpness: exponent of the model's knowledge.
        noise: standard deviation of its errors, in nats of log-odds.
        lapse: how much of the uniform distribution it mixes in, 0 < lapse ≤ 1.
        seed: of the generator, or a generator.

    Returns:
        The panel.

    Raises:
        DomainError: an argument outside its range.

    Example:
        >>> panel = simulate(1000, 5, shares=[0.6, 0.4], alpha=1.0)
        >>> panel.counts.shape, bool((panel.counts.sum(axis=1) == 5).all())
        ((1000, 2), True)
    """
    mean = np.asarray(shares, dtype=np.float64)
    asked = np.broadcast_to(np.asarray(people, dtype=np.int64), (items,))
    _refuse(items, asked, mean, alpha, lapse)
    random = np.random.default_rng(seed)
    truth = random.dirichlet(alpha * mean, size=items)
    counts = random.multinomial(asked, truth)
    logits = sharpness * np.log(0.99 * truth + 0.01 * mean) + noise * random.standard_normal(truth.shape)
    answer = np.exp(logits - logits.max(axis=1, keepdims=True))
    model = (1 - lapse) * answer / answer.sum(axis=1, keepdims=True) + lapse / mean.size
    return SimulatedPanel(truth, counts.astype(np.int64), model)


def _refuse(items: int, asked: Counts, mean: Floats, alpha: float, lapse: float) -> None:
    rules = (
        (items >= 1, f"items is {items}, but must be at least 1"),
        (items < 1 or asked.min() >= 1, "people holds a number below 1, but every item needs a judgement"),
        (mean.ndim == 1 and (mean > 0).all() and abs(mean.sum() - 1) < 1e-9, "shares must be positive and sum to 1"),
        (alpha > 0, f"alpha is {alpha}, but must be positive"),
        (0 < lapse <= 1, f"lapse is {lapse}, but must be above 0 and at most 1"),
    )
    for holds, message in rules:
        if not holds:
            raise DomainError(message)
