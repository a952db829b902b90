"""`bitsapart plan`: how many items and people a result within ± x needs, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import numpy as np

from bitsapart.errors import DataError
from bitsapart.units import UNITS, nats_in

from .reading import read_options, reading_flags
from .terminal import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bitsapart.data import Block, Pair
    from bitsapart.people.planning import Components, Plan

    Floats = NDArray[np.float64]

# measure → its loss, and the fewest people an item that it needs
_MEASURES = {
    "cross-entropy": ("log", 1),
    "kl-divergence": ("log", 2),
    "brier": ("brier", 1),
    "squared-distance": ("brier", 2),
}
_SLACK = (
    "the error of {measure} itself was up to 1.5 times that of {loss} with 2 people an item on the data we tried, and "
    "with 3 or more at most 1.1 times: ask 3 where you can"
)


@click.command
@click.argument("pilot", metavar="PILOT")
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--within",
    type=click.FloatRange(min=0, min_open=True),
    required=True,
    metavar="X",
    help="Half the width of the 95 % interval that is wanted, for example 0.02 bits.",
)
@click.option(
    "--measure",
    type=click.Choice(tuple(_MEASURES)),
    default="cross-entropy",
    show_default=True,
    help="What is to be known within ± X.",
)
@click.option("--item-price", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Price of an item.")
@click.option(
    "--judgement-price", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Price of a judgement."
)
@click.option(
    "--most-people",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="The most people who can judge one item.",
)
@click.option("--unit", type=click.Choice(UNITS), default="bit", show_default=True, help="The unit of information.")
@reading_flags
def command(pilot: str, models: tuple[str, ...], **flags: Any) -> None:  # fmt: skip
    """How many items × people are needed for a result within ± X.

    PILOT holds people's judgements, at least two for some items. MODEL is the model to be judged later; without one
    a model is assumed that predicts a person as well as the other people do, and the losses of real models vary
    two to five times as much. With two models the smallest difference that the panel could show rests on theirs.

    \b
    bitsapart plan pilot.csv --within 0.02
    bitsapart plan pilot.csv model.csv --within 0.02 --item-price 0.5 --judgement-price 0.1
    """
    from bitsapart.data import open_pair, open_people
    from bitsapart.people.planning import plan

    asked = {
        name: flags.pop(name) for name in ("within", "measure", "item_price", "judgement_price", "most_people", "unit")
    }
    options = read_options(flags)
    score, least = _MEASURES[asked["measure"]]
    unit = nats_in(asked["unit"]) if score == "log" else 1.0
    with open_pair(pilot, models, options=options) if models else open_people(pilot, options=options) as pair:
        components, difference, notes = _components(pair, score)
    made = plan(
        components, within=asked["within"] * unit, item_price=asked["item_price"], difference=difference,
        judgement_price=asked["judgement_price"], least_people=least, most_people=max(least, asked["most_people"]),
    )  # fmt: skip
    if least > 1:
        loss = "cross-entropy" if score == "log" else "the Brier score"
        notes.append(_SLACK.format(measure={"log": "KL", "brier": "D²"}[score], loss=loss))
    _show(made, asked, unit, [*made.notes, *notes])


def _components(pair: Pair, score: str) -> tuple[Components, Components | None, list[str]]:
    if pair.people_kind == "probs":
        message = "the pilot holds probabilities, but planning needs people's judgements: counts, or one row per answer"
        raise DataError(message)
    if not pair.model_names:
        return _of_people(pair, score)
    from bitsapart.people.planning import Components, variance_components

    components, difference = Components(), Components()
    for counts, losses in _losses(pair, score):
        components += variance_components(counts, losses[0])
        if len(losses) > 1:
            with np.errstate(invalid="ignore"):
                difference += variance_components(counts, losses[0] - losses[1])
    if len(pair.model_names) < 2:
        return components, None, []
    first, second = pair.model_names[:2]
    note = f"the width is that of {first}; the difference is that of {first} and {second}"
    return components, difference, [note]


def _of_people(pair: Pair, score: str) -> tuple[Components, None, list[str]]:
    from bitsapart.people.patterns import PatternTable
    from bitsapart.people.planning import people_components
    from bitsapart.rows import distinct_rows

    seen = [distinct_rows(_counts(block, pair).astype(np.int64)) for block in pair.blocks()]
    patterns, place, _ = distinct_rows(np.concatenate([one for one, _, _ in seen]))
    frequency = np.bincount(place, weights=np.concatenate([times for _, _, times in seen]))
    note = (
        "no model was given: this is for one that predicts a person as well as the other people do; the losses of real "
        "models vary two to five times as much (four to twenty-five times as many items), so give yours"
    )
    table = PatternTable.of(patterns, frequency)
    return people_components(table, score="log" if score == "log" else "brier"), None, [note]


def _counts(block: Block, pair: Pair) -> Floats:
    from bitsapart.comparison.terms import Place, read_people

    answers = read_people(block.people, pair.people_kind, len(pair.classes), Place("people", block.ids))  # type: ignore[arg-type]
    return answers.shares if answers.counts is None else answers.counts


def _losses(pair: Pair, score: str) -> Iterator[tuple[Floats, list[Floats]]]:
    """Blocks of counts, and the loss of each model if a person says each class."""
    from bitsapart.comparison.terms import Place, read_model
    from bitsapart.people.verdicts import smoothed_shares

    classes = len(pair.classes)
    if "verdicts" in pair.model_kinds:
        message = "a model gives verdicts, but planning needs its probabilities; plan without the model"
        raise DataError(message)
    for block in pair.blocks():
        losses = []
        for name, model, kind in zip(pair.model_names, block.models, pair.model_kinds, strict=True):
            if kind == "counts":
                probs = smoothed_shares(np.column_stack(tuple(model)))
                logs = np.log(probs)
            else:
                forecast = read_model(model, kind, classes, Place(name, block.ids))
                probs, logs = forecast.probs, forecast.logs
            half = 0.5 if classes == 2 else 1.0
            squares = half * (1 - 2 * probs + (probs**2).sum(axis=1, keepdims=True))
            losses.append(-logs if score == "log" else squares)
        yield _counts(block, pair), losses


def _show(made: Plan, asked: dict[str, Any], unit: float, notes: list[str]) -> None:
    from rich.table import Table

    from bitsapart.comparison.numerals import count, counted, fixed

    console = terminal()
    name = f" {asked['unit']}" if unit != 1.0 or asked["measure"] in ("cross-entropy", "kl-divergence") else ""
    best = made.cheapest
    people = "1 person" if best.people == 1 else f"{best.people} people"
    console.print(
        f"Cheapest for {asked['measure']} ± {asked['within']:g}{name}: {people} for each of "
        f"{counted(best.items, 'item')}, {counted(best.judgements, 'judgement')}, price {fixed(best.price, 2)}."
    )
    table = Table(box=None, pad_edge=False)
    for title in (
        "people per item",
        "items",
        "judgements",
        "price",
        f"smallest difference to be found{name and f' ({name.strip()})'}",
    ):
        table.add_column(title, justify="right")
    for split in made.splits:
        table.add_row(
            str(split.people), count(split.items), count(split.judgements), fixed(split.price, 2),
            f"{split.detectable / unit:.3g}", style="bold" if split is best else None,
        )  # fmt: skip
    console.print(table)
    for note in notes:
        console.print(f"· {note}", style="dim", markup=False)
