"""Memory for large gradients that is kept from step to step.

New memory comes page by page, and asking the operating system for its pages takes longer than computing a large
gradient. So one region is kept when its gradient is gone and handed out again for the next of about its size. While it
waits it is marked as free: the system takes it back when somebody else needs it.
"""

import mmap
import weakref
from contextlib import suppress
from threading import Lock

import torch
from torch import Tensor

__all__ = ["empty_gradient"]

_WORTH_KEEPING = 32 << 20  # bytes; smaller blocks are kept by the allocator of the C library


class _Region:
    """Anonymous memory, lent to one tensor at a time."""

    def __init__(self, size: int) -> None:
        self.memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._advise("MADV_HUGEPAGE")
        self.lent: weakref.ref[memoryview] | None = None

    def fits(self, size: int) -> bool:
        return self.lent is None and size <= len(self.memory) <= 2 * size

    def lend(self, count: int, dtype: torch.dtype) -> Tensor:
        view = memoryview(self.memory)
        self.lent = weakref.ref(view, self._returned)
        return torch.frombuffer(view, dtype=dtype, count=count)

    def _returned(self, _: object) -> None:
        self._advise("MADV_FREE")
        self.lent = None  # last, because now others may take it

    def _advise(self, name: str) -> None:
        advice = getattr(mmap, name, None)
        if advice is not None:
            with suppress(OSError):  # a system that does not know it does without
                self.memory.madvise(advice)


_lock = Lock()
_kept: list[_Region] = []  # one at most


def empty_gradient(logits: Tensor) -> Tensor:
    """A tensor for a gradient, rows side by side, whose values are not set yet.

    Args:
        logits: what the gradient belongs to: gives shape and type.

    Example:
        >>> import torch
        >>> empty_gradient(torch.zeros(3, 2).T).stride()
        (3, 1)
    """
    size = logits.nbytes
    if size < _WORTH_KEEPING:
        return torch.empty_like(logits, memory_format=torch.contiguous_format)
    with _lock:
        if not (_kept and _kept[0].fits(size)):
            _kept[:] = [_Region(size)]
        return _kept[0].lend(logits.numel(), logits.dtype).view(logits.shape)
