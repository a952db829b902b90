"""Units of information: everything is computed in nats and shown in the unit that was asked for."""

from math import log
from typing import Literal, get_args

from .errors import DomainError

__all__ = ["UNITS", "Unit", "nats_in"]

Unit = Literal["bit", "nat", "hartley"]
UNITS: tuple[Unit, ...] = get_args(Unit)

_NATS: dict[str, float] = {"bit": log(2.0), "nat": 1.0, "hartley": log(10.0)}


def nats_in(unit: Unit) -> float:
    """How many nats one unit holds: 1 bit = ln 2 nat, 1 hartley = ln 10 nat.

    Args:
        unit: "bit", "nat" or "hartley".

    Returns:
        The number of nats in one unit; divide a value in nats by it.

    Raises:
        DomainError: the unit is not one of the three.

    Example:
        >>> round(nats_in("bit"), 6)
        0.693147
    """
    try:
        return _NATS[unit]
    except KeyError:
        message = f"unit is {unit!r}, but must be one of {', '.join(UNITS)}"
        raise DomainError(message) from None
