"""A progress bar that appears only when there is somebody to see it and something to wait for."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress"]

_PATIENCE_S = 1.0


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A callback (done, total or None) that draws a bar on stderr.

    Nothing is drawn when stderr is no terminal, or in the first second.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None  # noqa: ARG005
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.completed:,.0f} " + what), BarColumn(), TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task(what, total=None)
    started = time.monotonic()

    def advance(done: int, total: int | None) -> None:
        if not bar.live.is_started and time.monotonic() - started > _PATIENCE_S:
            bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()
