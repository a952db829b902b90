"""Which items make which step: a pure function of seed and step, so that a resumed run goes on unchanged."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Batches", "augmented", "held_out_rows", "seed_of"]

_SHIFT_FROM = 8


def seed_of(*parts: int) -> int:
    """One 63-bit seed from several numbers."""
    state = np.random.SeedSequence(parts).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


@dataclass(frozen=True)
class Batches:
    """The training items in the order of the steps.

    Attributes:
        items: how many there are.
        size: items in a step; 0 takes all of them, in order.
        seed: of the order.
    """

    items: int
    size: int
    seed: int

    @property
    def steps_in_epoch(self) -> int:
        """Steps until every item was seen once."""
        return -(-self.items // self._size)

    @property
    def _size(self) -> int:
        return min(self.size or self.items, self.items)

    def rows(self, step: int) -> NDArray[np.int64]:
        """The items of a step; the last step of an epoch may be smaller."""
        epoch, place = divmod(step, self.steps_in_epoch)
        if self._size == self.items:
            return np.arange(self.items)
        return _order(self.items, self.seed, epoch)[place * self._size : (place + 1) * self._size]


@lru_cache(maxsize=2)
def _order(items: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed_of(seed, 1, epoch)).permutation(items)


def held_out_rows(items: int, share: float, seed: int) -> NDArray[np.int64]:
    """A random share of the rows, at least one where the share is not 0, in ascending order."""
    if share == 0:
        return np.zeros(0, dtype=np.int64)
    count = min(max(round(items * share), 1), items - 1)
    return np.sort(np.random.default_rng(seed_of(seed, 0)).permutation(items)[:count])


def augmented(pictures: Tensor, rows: NDArray[np.int64], kinds: tuple[str, ...], seed: int, step: int) -> Tensor:
    """Pictures [N, C, H, W] mirrored and moved; what happens to an item depends on seed, step and item alone."""
    if not kinds:
        return pictures
    height, width = pictures.shape[2:]
    reach_y, reach_x = max(1, height // _SHIFT_FROM), max(1, width // _SHIFT_FROM)
    changed = []
    for picture, row in zip(pictures, rows, strict=True):
        dice = np.random.default_rng(seed_of(seed, 2, step, int(row)))
        if "flip" in kinds and dice.random() < 0.5:
            picture = picture.flip(-1)
        if "shift" in kinds:
            down, right = int(dice.integers(-reach_y, reach_y + 1)), int(dice.integers(-reach_x, reach_x + 1))
            picture = _moved(picture, down, right)
        changed.append(picture)
    return torch.stack(changed)


def _moved(picture: Tensor, down: int, right: int) -> Tensor:
    """Moved, with the edge repeated where nothing comes after."""
    rows = (torch.arange(picture.shape[1]) - down).clamp(0, picture.shape[1] - 1)
    columns = (torch.arange(picture.shape[2]) - right).clamp(0, picture.shape[2] - 1)
    return picture[:, rows][:, :, columns]
