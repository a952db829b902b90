"""The names of classes and models: each once, and the same in tallies that are to be added."""

from collections.abc import Sequence
from itertools import takewhile

from bitsapart.errors import DomainError

__all__ = ["common_name", "names_of"]

_BETWEEN = "-_. "


def common_name(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    """Names under which two tallies may be added: parts of one model are often files like model-1 and model-2.

    Several models must have the same names, so that none is added to another.
    """
    if one == other:
        return one
    if len(one) != 1 or len(other) != 1:
        return None
    alike = "".join(
        letter for letter, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one[0], other[0], strict=False))
    )
    whole = all(name == alike or name[len(alike)] in _BETWEEN for name in (one[0], other[0]))
    if not whole and not alike.endswith(tuple(_BETWEEN)):
        alike = alike.rstrip("0123456789")  # model-1 and model-12 begin alike with a digit of their number
    return (alike.rstrip(_BETWEEN) or "model",)


def names_of(what: str, names: Sequence[str], *, least: int) -> tuple[str, ...]:
    """The names as text.

    Raises:
        DomainError: a name twice, or fewer than `least`.
    """
    found = tuple(str(name) for name in names)
    if len(set(found)) < len(found):
        twice = next(name for place, name in enumerate(found) if name in found[:place])
        message = f"{what} names {twice!r} twice"
        raise DomainError(message)
    if len(found) < least:
        message = f"{what} holds {len(found)} names, but must hold at least {least}"
        raise DomainError(message)
    return found
