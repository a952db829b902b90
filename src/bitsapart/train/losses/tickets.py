"""Gradients that wait for `backward`, each behind a ticket: a tensor of one byte that a compiler may carry around.

A compiler must know every tensor that an operator takes and gives, and must be able to tell them apart. A gradient that
is handed from the forward operator to the backward one would have to be copied there. A ticket is not: the
gradient waits here under the address of its ticket's memory, and goes when that memory goes. A ticket that was copied,
or used before, finds nothing; then the gradient is computed again, to the same bits.
"""

import weakref

import torch
from torch import Tensor

__all__ = ["blank", "leave", "take"]

_waiting: dict[int, tuple[Tensor, weakref.ref[memoryview]]] = {}


def blank(like: Tensor) -> Tensor:
    """A ticket for nothing.

    Args:
        like: says the device.
    """
    return like.new_zeros(1, dtype=torch.uint8)


def leave(gradient: Tensor) -> Tensor:
    """The ticket for a gradient that waits from now on.

    Args:
        gradient: nobody else may keep it.

    Example:
        >>> import torch
        >>> ticket = leave(torch.ones(2))
        >>> take(ticket), take(ticket)
        (tensor([1., 1.]), None)
    """
    memory = memoryview(bytearray(1))
    ticket = torch.frombuffer(memory, dtype=torch.uint8)
    place = ticket.data_ptr()
    _waiting[place] = gradient, weakref.ref(memory, lambda _: _waiting.pop(place, None))
    return ticket


def take(ticket: Tensor) -> Tensor | None:
    """The gradient behind a ticket, once.

    Args:
        ticket: from `leave` or `blank`.
    """
    gradient, _ = _waiting.pop(ticket.data_ptr(), (None, None))
    return gradient
