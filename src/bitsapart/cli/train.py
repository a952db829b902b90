"""`bitsapart train`: close the distance."""

from pathlib import Path
from typing import Any

import click

from .reading import read_options, reading_flags

_LOSSES = ("cross-entropy", "likelihood", "least-squares", "absolute", "all")


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


@click.command
@click.argument("images", metavar="[IMAGES]", required=False)
@click.argument("people", metavar="[PEOPLE]", required=False)
@click.option(
    "--loss",
    type=click.Choice(_LOSSES),
    default="cross-entropy",
    show_default=True,
    help="What is minimised; all trains the same network with each, side by side.",
)
@click.option("--network", metavar="NAME", help="linear, mlp:20,7,5, cnn, or package.module:factory.  [default: cnn]")
@click.option(
    "--optimizer",
    type=click.Choice(["adam", "adamw", "sgd"]),
    default="adam",
    show_default=True,
    help="How the weights are moved.",
)
@click.option("--lr", type=float, help="Learning rate; 0.001 for adam and adamw, 0.01 for sgd.")
@click.option("--momentum", type=float, default=0.0, show_default=True, help="Momentum of sgd.")
@click.option("--weight-decay", type=float, default=0.0, show_default=True, help="How strongly weights shrink.")
@click.option("--batch", type=_Batch(), default=64, show_default=True, help="Items in a step.")
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the training items.  [default: 60]")
@click.option("--steps", type=click.IntRange(min=1), help="Updates, instead of epochs.")
@click.option(
    "--every", type=click.IntRange(min=1), default=100, show_default=True, help="Evaluate every so many steps."
)
@click.option(
    "--init",
    type=click.Choice(["default", "zeros", "course"]),
    default="default",
    show_default=True,
    help="Where the weights start; course: the published recipe of the cat networks.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the start, the order of the items and the held-out share.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64", "bfloat16"]),
    default="float32",
    show_default=True,
    help="The type of the numbers.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option(
    "--valid",
    type=float,
    metavar="SHARE",
    help="Share of the items to hold out.  [default: 0.2, or 0 with --batch all]",
)
@click.option(
    "--patience",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Stop after so many evaluations without progress on held-out items; 0 never stops.",
)
@click.option("--calibrate", is_flag=True, help="Fit a temperature to people's answers for the held-out items.")
@click.option("--augment", default="none", show_default=True, help="none, shift, flip or shift,flip.")
@click.option("--size", type=_Size(), help="Bring every picture to this size.")
@click.option(
    "--frames",
    type=click.Choice(["error", "first"]),
    default="error",
    show_default=True,
    help="Animations: stop, or take the first picture.",
)
@click.option(
    "--unreadable",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="Pictures that cannot be used: stop, or leave them out and list them.",
)
@click.option(
    "--max-pixels", type=click.IntRange(min=1), default=50_000_000, show_default=True, help="Refuse larger pictures."
)
@click.option(
    "--checkpoint",
    "checkpoint_s",
    type=click.FloatRange(min=0),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between checkpoints.",
)
@click.option("--run", "run", type=click.Path(path_type=Path), help="The folder to make.  [default: runs/NAME-1]")
@click.option(
    "--resume",
    "resumed",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with an interrupted run; needs nothing else.",
)
@click.option("--weight", metavar="COLUMN", help="A column of weights for the items.")
@reading_flags
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
    from bitsapart import train

    from .training_progress import reporter, show_run, show_runs

    run, resumed, named = flags.pop("run"), flags.pop("resumed"), flags["network"]
    if resumed is not None:
        if train.is_all(resumed):
            show_runs(*train.resume_all(resumed, network=named, watcher=reporter))
        else:
            show_run(train.resume(resumed, network=named, watcher=reporter("")))
        return
    if images is None:
        message = "Missing argument IMAGES: a folder of pictures, an .npz or .npy file, or example:digits."
        raise click.UsageError(message)
    reading = read_options(flags, weight=flags.pop("weight"))
    if reading.threads is not None:
        _use_threads(reading.threads)
    flags["network"] = named or "cnn"
    every_loss = flags["loss"] == "all"
    settings = train.TrainSettings(**{**flags, "loss": "cross-entropy" if every_loss else flags["loss"]})
    if every_loss:
        show_runs(*train.fit_all(images, people, settings=settings, reading=reading, run=run, watcher=reporter))
    else:
        show_run(train.fit(images, people, settings=settings, reading=reading, run=run, watcher=reporter("")))


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
