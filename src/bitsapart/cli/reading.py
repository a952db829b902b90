"""The flags that say how files are to be read, shared by every command that reads people or models."""

import re
from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import click

__all__ = ["ByteSize", "people_flags", "read_options", "reading_flags"]

F = TypeVar("F", bound=Callable[..., Any])

PEOPLE_KINDS = ("counts", "labels", "probs", "exact")
MODEL_KINDS = ("probs", "logits", "log-probs", "counts", "verdicts")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


class ByteSize(click.ParamType[int]):
    """A size such as 512MiB, 2GB or 1000000."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes, from a number with or without a unit."""
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is no size; write for example 512MiB or 2GB", param, ctx)
        number, prefix, binary = match.groups()
        step = 1024 if binary else 1000
        return int(float(number) * step ** " kmgt".index(prefix.lower() or " "))


_FLAGS = (
    click.option("--people-kind", type=click.Choice(PEOPLE_KINDS),
                 help="What people's columns hold; exact: the truth itself."),
    click.option("--model-kind", type=click.Choice(MODEL_KINDS), help="What the model's columns hold."),
    click.option("--item", metavar="COLUMN", help="The column of the items' ids."),
    click.option("--label", metavar="COLUMN", help="The column of people's answers."),
    click.option("--annotator", metavar="COLUMN", help="The column that says who answered."),
    click.option("--count", metavar="COLUMN", help="The column that says how often the answer was given."),
    click.option("--verdict", metavar="COLUMN", help="The column of the model's verdicts."),
    click.option("--prob", metavar="COLUMN", help="The column of the probability."),
    click.option("--classes", metavar="A,B,…", help="The classes, in this order (also: which columns are classes)."),
    click.option("--positive", metavar="CLASS", help="The class that a single probability column speaks of."),
    click.option("--missing", type=click.Choice(["error", "drop"]), default="error", show_default=True,
                 help="Items that only one side has: stop, or leave them out and say so."),
    click.option("--renormalise", is_flag=True, help="Divide the model's rows by their sum (rounded in print)."),
    click.option("--in-order", is_flag=True, help="Match rows by their order; ids are not looked at."),
    click.option("--memory", type=ByteSize(), help="Memory to use at most, for example 2GiB; default: half of it."),
    click.option("--threads", type=click.IntRange(min=1), help="Threads to use; default: all cores."),
    click.option("--temp-dir", metavar="FOLDER", help="Where to put what does not fit into memory, meanwhile."),
)  # fmt: skip

_OF_MODELS = ("--model-kind", "--verdict", "--renormalise")

_NAMES = (
    "people_kind", "model_kind", "item", "label", "annotator", "count", "verdict", "prob", "classes", "positive",
    "missing", "renormalise", "in_order", "memory", "threads", "temp_dir",
)  # fmt: skip


def reading_flags(function: F) -> F:
    """Add the reading flags to a command."""
    return reduce(lambda decorated, option: option(decorated), reversed(_FLAGS), function)


def people_flags(function: F) -> F:
    """Add the reading flags to a command that reads people's answers alone."""
    command = reading_flags(function)
    described: list[click.Option] = command.__click_params__  # type: ignore[attr-defined]
    described[:] = [option for option in described if not set(_OF_MODELS).intersection(option.opts)]
    return command


def read_options(flags: dict[str, Any], **more: Any) -> Any:
    """Take the reading flags out of a command's keyword arguments.

    Args:
        flags: the command's keyword arguments; the reading flags are removed from it.
        more: further fields of `ReadOptions`.

    Returns:
        The `bitsapart.data.ReadOptions` that they mean.
    """
    from bitsapart.data import ReadOptions
    from bitsapart.data.quoting import class_names

    chosen = {name: flags.pop(name) for name in _NAMES if name in flags}
    if chosen["classes"] is not None:
        chosen["classes"] = class_names(chosen["classes"])
    return ReadOptions(**chosen, **more)
