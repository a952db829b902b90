"""Where commands print for people."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["terminal"]

_WIDTH_OF_FILES = 110
_NARROWEST = 64
"""What a name, a number, its unit and its interval need; in a narrower terminal lines wrap, and no number is cut."""


def terminal() -> "Console":
    """The terminal, or what stands in its place: a file or a pipe gets lines of 110 letters.

    A pipe whose reader has gone away raises BrokenPipeError, which `main` knows to be no failure.
    """
    from rich.console import Console

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    console = Terminal(highlight=False)
    if not console.is_terminal:
        return Terminal(highlight=False, width=_WIDTH_OF_FILES)
    return console if console.width >= _NARROWEST else Terminal(highlight=False, width=_NARROWEST)
