"""`bitsapart train`: close the distance."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bitsapart.train.settings import DTYPES, EPOCHS, HELD_OUT, INITS, LOSSES, OPTIMIZERS, TrainSettings

from .reading import people_flags, read_options

F = TypeVar("F", bound=Callable[..., Any])


class _Batch(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number of items, or all of them."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """0 stands for all."""
        if value == "all":
            return 0
        if not str(value).isdecimal() or int(value) == 0:
            self.fail(f"{value!r} is neither a number of items nor all", param, ctx)
        return int(value)


class _Size(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """64, or 48x64 (height × width)."""

    name = "N|HxW"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Height and width."""
        if isinstance(value, tuple):
            return value
        sides = str(value).lower().replace("×", "x").split("x")
        if len(sides) > 2 or not all(side.isdecimal() and int(side) > 0 for side in sides):
            self.fail(f"{value!r} is no size; write for example 64, or 48x64 for height × width", param, ctx)
        return int(sides[0]), int(sides[-1])


class _Grouped(click.Command):
    """A command whose help is in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each option under its section's heading; those of no section at the end."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = {option.name: option.get_help_record(ctx) for option in options}
        sections = [(title, [records.pop(name) for name in names]) for title, names in _SECTIONS.items()]
        for title, rows in [*sections, ("People's file and the machine", list(records.values()))]:
            with formatter.section(title):
                formatter.write_dl([row for row in rows if row is not None])


_SECTIONS = {
    "What is learned": ("loss", "network", "init", "seed"),
    "How it is learned": (
        "optimizer", "lr", "momentum", "weight_decay", "batch", "epochs", "steps", "augment", "dtype", "device",
    ),
    "What is watched": ("valid", "every", "patience", "calibrate"),
    "The run's folder": ("run", "resumed", "checkpoint_s"),
    "Pictures": ("size", "frames", "unreadable", "max_pixels"),
}  # fmt: skip
_USUAL = TrainSettings()


def _option(*names: str, text: str, kind: Any = None, **more: Any) -> Callable[[F], F]:
    """An option of `TrainSettings`, with the default that it has there."""
    setting = names[-1].lstrip("-").replace("-", "_")
    usual = getattr(_USUAL, setting)
    return click.option(*names, type=kind, default=usual, show_default=usual is not None, help=text, **more)


@click.command(cls=_Grouped, context_settings={"max_content_width": 100})
@click.argument("images", metavar="[IMAGES]", required=False)
@click.argument("people", metavar="[PEOPLE]", required=False)
@click.option(
    "--loss",
    type=click.Choice([*LOSSES, "all"]),
    default=_USUAL.loss,
    show_default=True,
    help="The distance to people that is made small; all: the same network with each of them, side by side.",
)
@click.option(
    "--network",
    metavar="NAME",
    help="linear: one weight for each pixel (W, b); mlp:20,7,5: layers of 20, 7 and 5 units between; cnn: looks at "
    "neighbouring pixels together; package.module:factory: your own.  [default: cnn]",
)
@_option(
    "--init",
    kind=click.Choice(INITS),
    text="Where the weights start: random (default), zeros, or the published recipe of the course's cat networks.",
)
@_option(
    "--seed",
    kind=click.IntRange(min=0),
    text="Of all that is random: the start, the order of the items, which are held out. The same seed, the same run.",
)
@_option("--optimizer", kind=click.Choice(OPTIMIZERS), text="The rule that moves the weights.")
@click.option(
    "--lr",
    type=float,
    metavar="RATE",
    help="How far a step goes; smaller if the loss runs away.  [default: 0.001, or 0.01 for sgd]",
)
@_option("--momentum", kind=float, text="Of sgd: how much of the last step is kept, for example 0.9.")
@_option("--weight-decay", kind=float, text="How strongly weights are pulled towards 0.")
@click.option("--batch", type=_Batch(), default=_USUAL.batch, show_default=True, help="Items looked at in one step.")
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"How often all items are looked at.  [default: {EPOCHS}]",
)
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="The number of steps, instead of --epochs.")
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=_USUAL.every,
    show_default=True,
    metavar="N",
    help="Evaluate before every so many steps: the rows of curve.csv.",
)
@_option(
    "--dtype",
    kind=click.Choice(DTYPES),
    text="The type of the numbers: float64 to reproduce published figures, bfloat16 for speed on newer devices.",
)
@_option("--device", metavar="NAME", text="auto, cpu, cuda, cuda:1 or mps.")
@click.option(
    "--valid",
    type=float,
    metavar="SHARE",
    help="Share of the items that is held out, to see what was learned and not memorised.  "
    f"[default: {HELD_OUT}, or 0 with --batch all]",
)
@_option(
    "--patience",
    kind=click.IntRange(min=0),
    metavar="N",
    text="Stop when the held-out cross-entropy has not fallen for so many evaluations, and keep the best weights; "
    "0 never stops.",
)
@click.option(
    "--calibrate",
    is_flag=True,
    help="At the end, fit a temperature to people's answers for the held-out items (their counts, not the majority).",
)
@_option(
    "--augment",
    metavar="HOW",
    text="Move (shift) or mirror (flip) pictures at random: none, shift, flip or shift,flip.",
)
@click.option("--size", type=_Size(), help="Bring every picture to this height and width.")
@_option("--frames", kind=click.Choice(["error", "first"]), text="Animations: stop, or take the first picture.")
@_option(
    "--unreadable",
    kind=click.Choice(["error", "skip"]),
    text="Pictures that cannot be used: stop, or leave them out and list them.",
)
@_option("--max-pixels", kind=click.IntRange(min=1), metavar="N", text="Refuse larger pictures.")
@click.option(
    "--checkpoint",
    "checkpoint_s",
    type=click.FloatRange(min=0),
    default=_USUAL.checkpoint_s,
    show_default=True,
    metavar="SECONDS",
    help="Time between checkpoints, from which --resume goes on.",
)
@click.option(
    "--output",
    "-o",
    "run",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder to make.  [default: runs/NAME-1]",
)
@click.option(
    "--resume",
    "resumed",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with a run that was interrupted; needs nothing else.",
)
@click.option("--weight", metavar="COLUMN", help="The column of the items' weights.")
@people_flags
def command(images: str | None, people: str | None, **flags: Any) -> None:
    """Train a network on IMAGES so that it says what PEOPLE say.

    IMAGES is a folder of pictures (matched to items by file name), an .npz or .npy file, or an example.
    PEOPLE is any file of people's answers that `compare` reads: one answer per picture, or whole panels,
    whose distribution is then learned. The run folder gets the weights, the learning curve, the
    predictions and the comparison with people.

    \b
    bitsapart train example:digits
    bitsapart train photos/ people.csv --network linear
    bitsapart train photos/ people.csv --loss all
    torchrun --nproc-per-node 2 -m bitsapart train photos/ people.csv
    """
    # Threads that wait for each other sleep instead of spinning: many times faster where others use the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from bitsapart import train

    from .training_progress import reporter, show_run, show_runs

    run, resumed, named = flags.pop("run"), flags.pop("resumed"), flags["network"]
    if resumed is not None:
        _refuse_more()
        if train.is_all(resumed):
            show_runs(*train.resume_all(resumed, network=named, watcher=reporter))
        else:
            show_run(train.resume(resumed, network=named, watcher=reporter("")))
        return
    if images is None:
        message = "Missing argument IMAGES: a folder of pictures, an .npz or .npy file, or example:digits."
        raise click.UsageError(message)
    reading = read_options(flags, weight=flags.pop("weight"))
    flags["network"] = named or "cnn"
    every_loss = flags["loss"] == "all"
    settings = TrainSettings(**{**flags, "loss": "cross-entropy" if every_loss else flags["loss"]})
    if every_loss:
        show_runs(*train.fit_all(images, people, settings=settings, reading=reading, run=run, watcher=reporter))
    else:
        show_run(train.fit(images, people, settings=settings, reading=reading, run=run, watcher=reporter("")))


def _refuse_more() -> None:
    """A run is resumed as it was started: nothing else may be asked for."""
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    more = [
        param.opts[0] if isinstance(param, click.Option) else str(param.name).upper()
        for param in context.command.params
        if param.name not in {"resumed", "network"} and context.get_parameter_source(str(param.name)) is typed
    ]
    if more:
        message = f"--resume goes on with what the run was started with: leave out {', '.join(more)}."
        raise click.UsageError(message)
