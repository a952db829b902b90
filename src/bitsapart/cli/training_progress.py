"""What somebody who trains sees: what was read, a bar in bits with people's floor, and the comparison at the end."""

import os
import shlex
import sys
from collections.abc import Mapping
from typing import Any

import click

from bitsapart.train import Watcher

__all__ = ["reporter", "show_run", "show_runs"]

_LISTED = 10


class _Reporter(Watcher):  # type: ignore[misc]
    """Draws the bar; says nothing in all processes but the first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bar: Any = None
        self.task: Any = None
        self.floor = ""

    def started(self, items: Any, held_out: int, floor: float | None, notes: list[str]) -> None:
        """Say what was taken for what, and what was left out."""
        if not _speaks():
            return
        if self.name in {"", "cross-entropy"}:
            for note in [*items.notes, *notes]:
                _say(note)
            for name, reason in items.left_out[:_LISTED]:
                _say(f"left out: {name} {reason}")
            if len(items.left_out) > _LISTED:
                _say(f"left out: {len(items.left_out) - _LISTED} more; config.json lists them all")
            trained = len(items) - held_out
            known = f"; people's own entropy of those: {floor:.3f} bits" if floor is not None else ""
            _say(f"{trained} {'item' if trained == 1 else 'items'} to train on, {held_out} held out{known}")
        if floor is not None:
            self.floor = f" · floor {floor:.3f}"
        if sys.stderr.isatty():
            self._open()

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            *([TextColumn(self.name)] if self.name else []), BarColumn(bar_width=10), MofNCompleteColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[loss]}"), console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self.task = self.bar.add_task("", total=None, loss="")
        self.bar.start()

    def stepped(self, step: int, steps: int, rows: list[Any]) -> None:
        """Move the bar; the last evaluation stands beside it."""
        if self.bar is None:
            return
        last = {row.split: row.cross_entropy for row in rows[-2:]}
        loss = " · ".join(_SPLITS[split].format(value) for split, value in last.items())
        self.bar.update(self.task, completed=step, total=steps, loss=loss + self.floor)

    def stopped(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def interrupted(self, run: Any) -> None:
        """Say how to go on."""
        self.stopped()
        whole = run.parent if self.name else run
        _say(f"bitsapart train --resume {shlex.quote(str(whole))} goes on from the last checkpoint")


_SPLITS = {"train": "{:.3f} bits", "valid": "held out {:.3f}"}


def reporter(name: str) -> Any:
    """Who tells the terminal about a run; the name is that of the loss, where there are several."""
    return _Reporter(name)


def show_run(run: Any) -> None:
    """The comparison that a run ends with, and where everything is."""
    if not _speaks():
        return
    _show(run.comparison)
    if run.config["settings"]["calibrate"]:
        click.echo(f"temperature {run.outcome['temperature']:.4g}, fitted to people's answers for the held-out items")
    click.echo(f"run folder: {run.path} (weights of step {run.outcome['step']}{_why(run)})")


def _why(run: Any) -> str:
    """Why the weights are not those of the last step."""
    last = run.curve[-1].step
    if run.outcome["step"] == last and not run.outcome["stopped_early"]:
        return ""
    early = f"stopped early at step {last}, " if run.outcome["stopped_early"] else f"of {last}, "
    return f"; {early}these are the best on held-out items"


def show_runs(runs: Mapping[str, Any], comparison: Any) -> None:
    """The same network trained with each loss."""
    _show(comparison)
    folder = next(iter(runs.values())).path.parent
    click.echo(f"run folder: {folder} (curves.svg puts the learning curves side by side)")


def _show(result: Any) -> None:
    from rich.console import Console

    from bitsapart.comparison.text import rendered

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=110)
    console.print(rendered(result.data))


def _speaks() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _say(text: str) -> None:
    click.secho(text, dim=True, err=True)
