"""Where commands print for people."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["terminal"]

_WIDTH_OF_FILES = 110


def terminal() -> "Console":
    """The terminal, or what stands in its place: a file or a pipe gets lines of 110 letters.

    A pipe whose reader has gone away raises BrokenPipeError, which `main` knows to be no failure.
    """
    from rich.console import Console

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    console = Terminal(highlight=False)
    return console if console.is_terminal else Terminal(highlight=False, width=_WIDTH_OF_FILES)
