"""`bitsapart check`: what files hold, what is wrong with them, and what can be computed from them."""

import json
import sys
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from bitsapart.errors import BitsapartError

from .main import EXIT_BAD_INPUT
from .reading import read_options, reading_flags

if TYPE_CHECKING:
    from bitsapart.data import ModelSurvey, Pair, PeopleSurvey, ReadOptions

_MOST_SHARES = 6
_MOST_CLASSES = 12
_SMALL_PANEL = 2
_AGREEMENT = (("percent", "agreement"), ("kappa", "Fleiss' κ"), ("alpha", "Krippendorff's α"))


@click.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@reading_flags
def command(files: tuple[str, ...], *, as_json: bool, **flags: Any) -> None:
    """What each FILE holds, what is wrong with it, and what can be computed from it.

    One file may hold people, a model, or both. Of several, the first is people's and the others are models, and
    whether their items and classes match is checked as well. The exit code is 2 if anything is wrong.

    \b
    bitsapart check people.csv
    bitsapart check people.parquet model-a.csv model-b.csv
    """
    options = read_options(flags)
    findings = list(_findings(files, options))
    if as_json:
        click.echo(json.dumps({"schema": 1, "checks": findings}, ensure_ascii=False, indent=1))
    else:
        _show(findings)
    sys.exit(EXIT_BAD_INPUT if any(finding["error"] for finding in findings) else 0)


def _findings(files: tuple[str, ...], options: "ReadOptions") -> Iterator[dict[str, Any]]:
    """Each file alone; then, if there are several or an example, whether they belong together."""
    from bitsapart.data import open_any, open_model, open_pair, open_people

    example = len(files) == 1 and files[0].startswith("example:")
    if example:
        yield _finding(files[0], lambda: open_pair(files[0], options=options))
        return
    if len(files) == 1:
        yield _finding(files[0], lambda: open_any(files[0], options=options))
        return
    said: list[str] = []
    for number, file in enumerate(files):
        door = open_model if number else open_people
        alone = _finding(file, lambda door=door, file=file: door(file, options=options))
        said += alone.get("warnings", [])
        yield alone | {"can": []}
    name = " + ".join(PurePath(file).name for file in files)
    together = _finding(name, lambda: open_pair(files[0], files[1:], options=options))
    news = [warning for warning in together.get("warnings", []) if warning not in said]
    yield together | {"together": True, "warnings": news}


def _finding(name: str, door: Any) -> dict[str, Any]:
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
                "people": None if people is None else _people(people, pair),
                "models": [_model(model) for model in models],
                "can": _possible(people, models, pair),
            }
    except BitsapartError as error:
        found["error"] = f"{type(error).__name__}: {error}"
    return found


def _people(people: "PeopleSurvey", pair: "Pair") -> dict[str, Any]:
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
        "agreement": _agreement(people),
    }


def _agreement(people: "PeopleSurvey") -> dict[str, Any] | None:
    """Percent agreement, κ and α with 95 % intervals, where an item has two judgements."""
    if not people.patterns or not people.with_two:
        return None
    from bitsapart.comparison.intervals import interval_of
    from bitsapart.people.agreement import agreement
    from bitsapart.people.patterns import PatternTable

    found = agreement(PatternTable.of(list(people.patterns), list(people.patterns.values())))
    if found is None:
        return None
    measures = {}
    for key, _ in _AGREEMENT:
        estimate = getattr(found, key)
        if estimate is not None:
            interval = interval_of(estimate)
            measures[key] = {"value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}
    return measures


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
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=110)
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
        yield "match", f"{_count(people['items'])} items · classes {', '.join(finding['classes'][:_MOST_CLASSES])}"
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
    for key, name in _AGREEMENT:
        if people["agreement"] and key in people["agreement"]:
            yield name, _interval(people["agreement"][key])


def _model_lines(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    whole = sum(model["favourites"].values())
    shares = {name: times / whole for name, times in model["favourites"].items()}
    yield "model", f"{_count(model['items'])} items, its favourite is {_shares(shares)}"
    if model["items_with_a_zero"]:
        yield "mind", f"{_count(model['items_with_a_zero'])} items have a class of probability 0: infinite if chosen"


def _panel(people: dict[str, Any]) -> str:
    words = [f"{_count(people['items'])} items"]
    panel = people["judgements_per_item"]
    if panel is not None:
        per = f"{panel['min']}" if panel["min"] == panel["max"] else f"{panel['min']}–{panel['max']}"
        words.append(f"{_count(people['judgements'])} judgements ({per} per item)")
    if people["annotators"]:
        words.append(f"{_count(people['annotators'])} people")
    return " · ".join(words)


def _shares(shares: dict[str, float]) -> str:
    largest = sorted(shares.items(), key=lambda pair: -pair[1])[:_MOST_SHARES]
    rest = len(shares) - len(largest)
    words = [f"{name} {100 * share:.1f} %" for name, share in largest]
    return " · ".join(words) + (f" · {rest} more" if rest else "")


def _interval(entry: dict[str, Any]) -> str:
    value = f"{entry['value']:.3f}"
    return value if entry["low"] is None else f"{value}  ({entry['low']:.3f} – {entry['high']:.3f})"


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
