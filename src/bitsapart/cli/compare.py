"""`bitsapart compare`: the main job."""

import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from bitsapart.errors import DataError
from bitsapart.units import UNITS

from .reading import read_options, reading_flags
from .sections import InSections
from .terminal import terminal


class _Compare(InSections):
    sections = (
        ("What is shown", ("unit", "worst", "by_class", "by", "curve", "k_max", "detail", "ordinal", "total")),
        ("Where it goes", ("json_file", "html_file", "tally_file", "fail_above")),
        ("What counts how much", ("per", "weight", "group")),
        ("What people and models gave", ("people_kind", "model_kind", "classes", "positive", "renormalise", "missing")),
        ("Which column is what", ("item", "label", "annotator", "count", "verdict", "prob", "in_order")),
        ("A better or cheaper judge", ("recalibrate", "recalibrate_by", "recalibrate_to", "replace", "epsilon")),
        ("The machine", ("threads", "memory", "temp_dir")),
    )


F = TypeVar("F", bound=Callable[..., Any])
_OF_RESULTS = (
    click.option("--unit", type=click.Choice(UNITS), default="bit", show_default=True, help="The unit of information."),
    click.option("--total", is_flag=True, help="Totals over the items instead of means."),
    click.option("--curve", is_flag=True, help="How well k people, combined, predict one more, for every k."),
    click.option(
        "--k-max",
        type=click.IntRange(1),
        metavar="K",
        help="End the curve at K people; by default the most that keeps 90 % of the items, each with K + 1 people or "
        "more.",
    ),
    click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; - is the terminal."),
    click.option("--html", "html_file", metavar="FILE", help="Write a page to look at."),
    click.option(
        "--fail-above",
        metavar="MEASURE=VALUE",
        multiple=True,
        help="Exit with code 1 if a measure of any model is above VALUE, for CI. May be given more than once.",
    ),
)


def result_flags(function: F) -> F:
    """Add the flags that say how a result is shown and where it goes, shared with `merge`."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OF_RESULTS), function)


@click.command(cls=_Compare)
@click.argument("people", metavar="PEOPLE")
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--per",
    type=click.Choice(["item", "judgement"]),
    default="item",
    show_default=True,
    help="Every item counts the same, or every judgement.",
)
@click.option("--weight", metavar="COLUMN", help="How much each item counts.")
@click.option(
    "--group",
    metavar="COLUMN",
    help="Items with the same value belong together (one document, one user): honest intervals.",
)
@click.option(
    "--by", metavar="COLUMN", multiple=True, help="The distance in parts of the items, by this column (again for more)."
)
@click.option("--by-class", is_flag=True, help="What each class contributes.")
@click.option("--ordinal", is_flag=True, help="The classes are ordered: also the ranked probability score.")
@click.option(
    "--worst",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    metavar="N",
    help="How many of the farthest items are listed.",
)
@click.option("--replace", is_flag=True, help="May the model replace a person? (the alt-test; needs annotators)")
@click.option(
    "--epsilon",
    type=click.FloatRange(0, 1),
    default=None,
    help="With --replace: how much cheaper the model is (0.2 experts, 0.15 skilled, 0.1 crowd).",
)
@click.option(
    "--detail/--no-detail",
    default=None,
    help="Where the distance comes from, and all that a page shows. Default: yes, unless a tally is written or there "
    "are more than a million numbers (items × classes × models).",
)
@click.option(
    "--recalibrate",
    is_flag=True,
    help="How far a recalibrated model would be: its numbers translated into what people say (a second pass).",
)
@click.option(
    "--recalibrate-by",
    type=click.Choice(["temperature", "isotonic"]),
    help="How. Default: isotonic regression for two classes, one temperature for more.",
)
@click.option(
    "--recalibrate-to",
    metavar="FILE",
    help="Write the recalibrated probabilities to a .csv or .parquet file, which compare reads.",
)
@click.option("--tally", "tally_file", metavar="FILE", help="Write the tally, for `bitsapart merge`.")
@result_flags
@reading_flags
def command(people: str, models: tuple[str, ...], **flags: Any) -> None:
    """How far MODEL is from PEOPLE: least squares, likelihood and cross-entropy, with 95 % intervals.

    PEOPLE holds what people answered: one row per answer (item, label), or one row per item with a
    column of counts for each class, or one label per item. MODEL holds probabilities, logits or
    verdicts for the same items. Both may be CSV, TSV, JSON Lines, Parquet, Arrow or NumPy files.
    One file may hold both sides. Several models are ranked.

    \b
    bitsapart compare example:digits
    bitsapart compare people.csv model.csv
    bitsapart compare people.parquet a.parquet b.parquet --json result.json
    bitsapart compare judged.parquet --fail-above kl_divergence=0.1
    """
    from bitsapart.comparison.run import compare_files
    from bitsapart.comparison.summary import Settings

    limits, outputs = take_outputs(flags)
    if flags["detail"] is None and (outputs["html_file"] or outputs["tally_file"]):
        flags["detail"] = outputs["html_file"] is not None
    flags["recalibrate"] |= bool(flags["recalibrate_by"] or flags["recalibrate_to"])
    reading = {name: flags.pop(name) for name in ("weight", "group", "by")}
    options = read_options(flags, **reading)
    settings = Settings(**flags)
    with _progress() as advance:
        result, tally = compare_files(people, models, options=options, settings=settings, progress=advance)
    deliver(result, tally, outputs, limits)


def take_outputs(flags: dict[str, Any]) -> tuple[list[tuple[str, float]], dict[str, str | None]]:
    """Take the limits of `--fail-above` and the files to write out of a command's keyword arguments."""
    limits = [_limit(text) for text in flags.pop("fail_above")]
    return limits, {name: flags.pop(name) for name in ("json_file", "html_file", "tally_file")}


def deliver(result: Any, tally: Any, outputs: dict[str, str | None], limits: list[tuple[str, float]]) -> NoReturn:
    """Write a result where it is wanted, print it for a person, and end with the exit code that the limits ask for."""
    _write(result, tally, outputs)
    if outputs["json_file"] != "-":
        _show(result)
    sys.exit(_judge(result, limits))


def _limit(text: str) -> tuple[str, float]:
    """`kl_divergence=0.1` as a pair; said before any work is done."""
    measure, equals, value = text.partition("=")
    try:
        return measure.strip().replace("-", "_"), float(value)
    except ValueError:
        pass
    rule = "write a measure, an equals sign and a number, for example kl_divergence=0.1"
    message = f"--fail-above {text!r} is not understood: {rule}" if equals else f"--fail-above {text!r}: {rule}"
    raise click.UsageError(message)


def _write(result: Any, tally: Any, outputs: dict[str, str | None]) -> None:
    from bitsapart.comparison.writing import write_atomically

    if outputs["tally_file"]:
        write_atomically(outputs["tally_file"], tally.to_bytes())
    if outputs["json_file"] == "-":
        click.echo(result.to_json().encode(), nl=False)  # JSON is UTF-8 wherever it goes
    elif outputs["json_file"]:
        result.save(outputs["json_file"])
    if outputs["html_file"]:
        from bitsapart.report import write_report

        write_report(result.data, Path(outputs["html_file"]))


def _show(result: Any) -> None:
    """Print a comparison for a person."""
    from bitsapart.comparison.text import rendered

    console = terminal()
    for note in result.data["notes"]:
        console.print(note, style="dim", markup=False, soft_wrap=True)
    console.print(rendered(result.data))


def _judge(result: Any, limits: list[tuple[str, float]]) -> int:
    """1 if a limit is exceeded by any model, else 0; an unknown value exceeds every limit."""
    failed = 0
    for measure, limit in limits:
        for name in result.models:
            entry = result.entry(measure, name)
            value = entry["value"] if entry["value"] is not None else entry.get("high")
            if value is None:
                message = f"--fail-above {measure}: {name} has no value of it"
                raise DataError(message)
            if not float(value) <= limit:
                click.echo(f"{name}: {measure} is {float(value):.6g} {entry['unit']}, above {limit:g}", err=True)
                failed = 1
    return failed


def _progress() -> Any:
    from .progress import progress

    return progress("items")
