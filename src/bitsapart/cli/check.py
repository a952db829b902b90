"""`bitsapart check`: what files hold, what is wrong with them, and what can be computed from them."""

import json
import sys
from collections.abc import Iterator
from math import isfinite
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from bitsapart.errors import BitsapartError

from .main import EXIT_BAD_INPUT
from .reading import read_options, reading_flags
from .terminal import terminal

if TYPE_CHECKING:
    from bitsapart.data import ModelSurvey, Pair, PeopleSurvey, ReadOptions

_MOST_SHARES = 6
_MOST_CLASSES = 12
_SMALL_PANEL = 2
_TWO_CLASSES = 2
_AGREEMENT = (
    ("percent", "agreement", "two people asked about the same item agree"),
    ("disagreement", "disagreement", "they do not"),
    ("kappa", "Fleiss' κ", "agreement beyond chance, every item alike"),
    ("alpha", "Krippendorff's α", "agreement beyond chance, every judgement alike"),
    ("alpha_ordinal", "α, ordinal", "the same for classes in an order"),
    ("alpha_interval", "α, interval", "the same for classes that are numbers"),
)


@click.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--ordinal", is_flag=True, help="The classes are ordered, as in --classes: add the ordinal α.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@reading_flags
def command(files: tuple[str, ...], *, ordinal: bool, as_json: bool, **flags: Any) -> None:
    """What each FILE holds, what is wrong with it, and what can be computed from it.

    One file may hold people, a model, or both. Of several, the first is people's and the others are models, and
    whether their items and classes match is checked as well. The exit code is 2 if anything is wrong.

    \b
    bitsapart check people.csv
    bitsapart check people.parquet model-a.csv model-b.csv
    """
    options = read_options(flags)
    findings = list(_findings(files, options, ordinal=ordinal))
    if as_json:
        click.echo(json.dumps({"schema": 1, "checks": findings}, ensure_ascii=False, indent=1).encode())
    else:
        _show(findings)
    sys.exit(EXIT_BAD_INPUT if any(finding["error"] for finding in findings) else 0)


def _findings(files: tuple[str, ...], options: "ReadOptions", *, ordinal: bool) -> Iterator[dict[str, Any]]:
    """Each file alone; then, if there are several or an example, whether they belong together."""
    from bitsapart.data import open_any, open_model, open_pair, open_people

    example = len(files) == 1 and files[0].startswith("example:")
    if example:
        yield _finding(files[0], lambda: open_pair(files[0], options=options), ordinal=ordinal)
        return
    if len(files) == 1:
        yield _finding(files[0], lambda: open_any(files[0], options=options), ordinal=ordinal)
        return
    said: list[str] = []
    for number, file in enumerate(files):
        door = open_model if number else open_people
        alone = _finding(file, lambda door=door, file=file: door(file, options=options), ordinal=ordinal)
        said += alone.get("warnings", [])
        yield alone | {"can": []}
    name = " + ".join(PurePath(file).name for file in files)
    together = _finding(name, lambda: open_pair(files[0], files[1:], options=options), ordinal=ordinal)
    news = [warning for warning in together.get("warnings", []) if warning not in said]
    yield together | {"together": True, "warnings": news}


def _finding(name: str, door: Any, *, ordinal: bool) -> dict[str, Any]:
    """What one input holds, or the one sentence that says what is wrong with it."""
    from bitsapart.data import survey

    found: dict[str, Any] = {"name": name, "together": False, "error": None}
    try:
        with door() as pair:
            people, models = survey(pair)
            found |= {
                "classes": list(pair.classes),
                "positive": pair.positive,
                "notes": list(pair.notes),
                "warnings": list(pair.announcements),
                "inputs": pair.inputs,
                "people": None if people is None else _people(people, pair, ordinal=ordinal),
                "models": [_model(model) for model in models],
                "can": _possible(people, models, pair),
            }
    except BitsapartError as error:
        found["error"] = f"{type(error).__name__}: {error}"
    return found


def _people(people: "PeopleSurvey", pair: "Pair", *, ordinal: bool) -> dict[str, Any]:
    panel = None
    if people.judgements is not None:
        panel = {"min": people.fewest, "max": people.most, "mean": people.judgements / people.items}
    return {
        "kind": pair.people_kind,
        "exact": pair.exact,
        "items": people.items,
        "judgements": people.judgements,
        "judgements_per_item": panel,
        "items_with_two_or_more": people.with_two,
        "annotators": len(pair.long_judgements().annotators) if pair.annotators else None,
        "shares": people.shares,
        "agreement": _agreement(people, ordinal=ordinal),
    }


def _agreement(people: "PeopleSurvey", *, ordinal: bool) -> dict[str, Any] | None:
    """How far people agree, each with its 95 % interval, where an item has two judgements.

    Classes whose names are numbers lie on a scale; with `ordinal` others are taken in their order.
    """
    if not people.patterns or not people.with_two:
        return None
    from bitsapart.comparison.intervals import interval_of
    from bitsapart.people.agreement import agreement, krippendorff_alpha
    from bitsapart.people.patterns import PatternTable

    table = PatternTable.of(list(people.patterns), list(people.patterns.values()))
    found = agreement(table)
    if found is None:
        return None
    estimates = {key: getattr(found, key) for key in ("percent", "disagreement", "kappa", "alpha")}
    values = _numbers(people.classes)
    if estimates["alpha"] is not None and len(people.classes) > _TWO_CLASSES:
        if values is not None:
            order = sorted(range(len(values)), key=values.__getitem__)
            table = PatternTable(table.counts[:, order], table.items, table.weight, table.weight_square)
            places = sorted(values)
            estimates["alpha_interval"] = krippendorff_alpha(table, scale="interval", values=places)
        if values is not None or ordinal:
            estimates["alpha_ordinal"] = krippendorff_alpha(table, scale="ordinal")
    measures = {}
    for key, estimate in estimates.items():
        if estimate is not None:
            interval = interval_of(estimate)
            measures[key] = {"value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}
    return measures


def _numbers(classes: tuple[str, ...]) -> list[float] | None:
    """The classes as numbers, where all of their names are."""
    try:
        values = [float(name) for name in classes]
    except ValueError:
        return None
    return values if all(isfinite(value) for value in values) else None


def _model(model: "ModelSurvey") -> dict[str, Any]:
    return {
        "name": model.name,
        "kind": model.kind,
        "items": model.items,
        "items_with_a_zero": model.zeros,
        "favourites": dict(model.favourites),
    }


def _possible(people: "PeopleSurvey | None", models: "tuple[ModelSurvey, ...]", pair: "Pair") -> list[str]:
    """What can be computed, in words."""
    can = []
    if people is not None and people.judgements is None:
        can.append("all measures, KL divergence exactly: the distribution is taken as given")
    elif people is not None and people.most >= _SMALL_PANEL:
        can.append("least squares without bias, likelihood, cross-entropy, KL divergence with a bracket")
        if people.most > _SMALL_PANEL:
            can.append(f"how many people a model is worth (up to {people.most - 1})")
        if pair.annotators:
            can.append("whether a model may replace a person (compare --replace)")
    elif people is not None:
        can.append("least squares, likelihood, cross-entropy; KL divergence only as an upper bound")
        can.append("KL divergence exactly if the labels are the truth itself (--people-kind exact)")
    if any(model.kind == "verdicts" for model in models):
        can.append("from verdicts: accuracy, and the other measures after calibration")
    if people is None or (not models and pair.people_kind in ("labels", "probs")):
        what = "compare it with people" if people is None else "or, if it is a model's"
        can.append(f"{what}: bitsapart compare PEOPLE {pair.inputs[0]['name']}")
    return can


def _show(findings: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    console = terminal()
    for number, finding in enumerate(findings):
        if number:
            console.print()
        console.print(Text(finding["name"], style="bold cyan"))
        if finding["error"]:
            console.print(Text(f"  {finding['error']}", style="red"), soft_wrap=True)
            continue
        table = Table.grid(padding=(0, 2))
        for name, value in _lines(finding):
            table.add_row(Text(f"  {name}", style="dim"), Text(value, style="yellow" if name == "mind" else ""))
        console.print(table)


def _lines(finding: dict[str, Any]) -> Iterator[tuple[str, str]]:
    people, notes = finding["people"], finding["notes"]
    if finding["together"]:
        yield "match", f"{_counted(people['items'], 'item')} · classes {', '.join(finding['classes'][:_MOST_CLASSES])}"
    else:
        for note in notes:
            yield "holds", note.split(": ", 1)[-1] if len(notes) == 1 else note
        if people is not None:
            yield from _people_lines(people)
        for model in finding["models"]:
            yield from _model_lines(model)
    for warning in finding["warnings"]:
        yield "mind", warning
    for possible in finding["can"]:
        yield "gives", possible


def _people_lines(people: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "people", _panel(people)
    yield "they say", _shares(people["shares"])
    if people["items_with_two_or_more"] and not people["agreement"]:
        yield "agreement", "not worked out: these panels differ too much from item to item to be kept in memory"
    for key, name, meaning in _AGREEMENT:
        if people["agreement"] and key in people["agreement"]:
            yield name, f"{_interval(people['agreement'][key])}  {meaning}"


def _model_lines(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    whole = sum(model["favourites"].values())
    shares = {name: times / whole for name, times in model["favourites"].items()}
    yield "model", f"{_counted(model['items'], 'item')}, its favourite is {_shares(shares)}"
    if model["items_with_a_zero"]:
        yield (
            "mind",
            f"{_counted(model['items_with_a_zero'], 'item')} with a class of probability 0: infinite if chosen",
        )


def _panel(people: dict[str, Any]) -> str:
    words = [_counted(people["items"], "item")]
    panel = people["judgements_per_item"]
    if panel is not None:
        per = f"{panel['min']}" if panel["min"] == panel["max"] else f"{panel['min']}–{panel['max']}"
        words.append(f"{_counted(people['judgements'], 'judgement')} ({per} per item)")
    if people["annotators"]:
        words.append(f"{people['annotators']} people")
    return " · ".join(words)


def _shares(shares: dict[str, float]) -> str:
    largest = sorted(shares.items(), key=lambda pair: -pair[1])[:_MOST_SHARES]
    rest = len(shares) - len(largest)
    words = [f"{name} {100 * share:.1f} %" for name, share in largest]
    return " · ".join(words) + (f" · {rest} more" if rest else "")


def _interval(entry: dict[str, Any]) -> str:
    from bitsapart.comparison.numerals import between, fixed

    value, low, high = (None if end is None else fixed(end, 3) for end in (entry["value"], entry["low"], entry["high"]))
    return f"{value}" if low is None or high is None else f"{value}  ({between(low, high)})"


def _counted(number: int, name: str) -> str:
    from bitsapart.comparison.numerals import counted

    return counted(number, name)
