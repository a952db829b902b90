"""`bitsapart measure`: one measure of the catalogue by hand."""

from __future__ import annotations

import inspect
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from bitsapart.errors import DataError, DomainError
from bitsapart.units import UNITS

from .measure_estimates import ESTIMATES, judged
from .measure_text import as_json, as_list, as_text
from .systems import read_number, read_system, read_tosses, same_events

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitsapart.measures import Measure

# what a measure takes: in words, and an example for every measure of this kind
TAKES = {
    "events": ("the probability of an event, or of several", "1/8"),
    "distribution": ("a system", "0.5 0.5"),
    "panel": ("how many people chose each class", "9 1"),
    "pair": ("two systems, PEOPLE and MODEL", "0.5,0.5 0.9,0.1"),
    "panel and model": ("how many people chose each class, and the MODEL", "9,1 0.8,0.2"),
    "outcomes": ("OUTCOMES, and the MODEL or --theta", "HHTHT --theta 0.6"),
    "table": ("the rows of a table of two variables", "0.125,0.125 0,0.75"),
}
_LOGARITHM = {"bit": "log₂", "nat": "ln", "hartley": "log₁₀"}
_FLAGS = {"people_kind": "--people-kind", "model_kind": "--model-kind", "kind": "--people-kind"}


def _all_names() -> list[str]:
    from bitsapart.measures import CATALOGUE

    return [key.replace("_", "-") for key in (*CATALOGUE, *ESTIMATES)]


def _names(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:  # noqa: ARG001
    """What the shell may complete NAME to."""
    return [name for name in _all_names() if name.startswith(begun)]


@click.command(context_settings={"ignore_unknown_options": True})  # numbers may be negative
@click.argument("name", metavar="NAME", required=False, shell_complete=_names)
@click.argument("words", metavar="[VALUES]...", nargs=-1)
@click.option("--unit", type=click.Choice(UNITS), help="The unit of information; default: bit.")
@click.option("--theta", metavar="θ", help="The probability of heads (H, 1), for outcomes of a coin.")
@click.option(
    "--people-kind",
    type=click.Choice(["probs", "log-probs", "logits", "counts"]),
    help="What the numbers of the first (or only) system are.",
)
@click.option("--model-kind", type=click.Choice(["probs", "log-probs", "logits"]), help="What the model's numbers are.")
@click.option("--given", type=click.Choice(["rows", "columns"]), help="Of a table: what is known; default: rows.")
@click.option("--orders", is_flag=True, help="Of counts: every order of the outcomes is meant, not one.")
@click.option("--confidence", metavar="LEVEL", help="Of maximum-likelihood: the interval's level; default: 95%.")
@click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; - writes it to the terminal.")
@click.option("--list", "listed", is_flag=True, help="Show all measures.")
def command(name: str | None, words: tuple[str, ...], json_file: str | None, listed: bool, **flags: Any) -> None:  # noqa: FBT001
    """One measure of the catalogue by hand. `bitsapart measure --list` shows all.

    Commas join what belongs to one system, spaces separate systems. A measure of one system takes spaces too.
    One number alone is the probability of one event. Events may have names: rain=0.3,sun=0.7. Numbers may be
    written 0.25, 1/4, 25% or 1e-3. Outcomes are letters in a row (HHTHT), names (cat,dog,cat) or counts (cat=2,dog=1).

    \b
    bitsapart measure information 1/8
    bitsapart measure entropy 0.5 0.5
    bitsapart measure kl-divergence 0.5,0.5 0.9,0.1
    bitsapart measure cross-entropy rain=0.3,sun=0.7 rain=0.5,snow=0.5
    bitsapart measure squared-error 0.7 0.9
    bitsapart measure likelihood HHTHT --theta 0.6
    bitsapart measure likelihood cat,dog,cat cat=0.6,dog=0.4
    bitsapart measure maximum-likelihood HHTHT
    bitsapart measure joint-entropy won=1/8,lost=1/8 won=0,lost=3/4
    """
    if listed:
        click.echo(as_list())
        return
    if name is None:
        message = 'no measure was named. "bitsapart measure --list" shows all of them.'
        raise DataError(message)
    for word in (name, *words):
        if word.startswith("--"):
            raise click.NoSuchOption(word)
    answer = answer_to(name, list(words), {key: value for key, value in flags.items() if value not in (None, False)})
    if json_file not in (None, "-"):
        from bitsapart.comparison.writing import write_atomically

        write_atomically(json_file, as_json(answer).encode())
    click.echo(as_json(answer).encode() if json_file == "-" else as_text(answer), nl=json_file != "-")


def answer_to(name: str, words: list[str], flags: dict[str, Any]) -> dict[str, Any]:
    """Compute one measure from words, as the object that `--json` writes.

    Args:
        name: the measure's name.
        words: its values.
        flags: the flags that were given.

    Returns:
        The value (or one for each part in `values`), its unit, the formula and what it means.
    """
    from bitsapart.measures import find_measure

    for word in ("theta", "confidence"):
        if word in flags:
            flags[word] = _level(flags[word], f"--{word}")
    estimate = ESTIMATES.get("_".join(name.lower().replace("-", " ").replace("_", " ").split()))
    if estimate is not None:
        _allow(estimate.key, estimate.flags, flags, words, estimate.example)
        return _in_flags(estimate.compute, words, flags)
    try:
        row = find_measure(name)
    except DomainError:
        near = get_close_matches(name.lower(), _all_names(), n=1)
        if not near:
            raise
        message = f'there is no measure named "{name}". Did you mean "{near[0]}"? "bitsapart measure --list" shows all.'
        raise DomainError(message) from None
    known = set(inspect.signature(row.function).parameters) | ({"theta"} if row.arguments == "outcomes" else set())
    _allow(row.key, known, flags, words, TAKES[row.arguments][1], TAKES[row.arguments][0])
    return _in_flags(_measured, row, words, flags)


def _level(text: str, where: str) -> float:
    number = read_number(text, where)
    if not 0 <= number <= 1:
        message = f"{where} is {text}, but must lie between 0 and 1"
        raise DomainError(message)
    return number


def _allow(
    key: str, known: set[str], flags: dict[str, Any], words: list[str], example: str, takes: str = "OUTCOMES"
) -> None:
    """Refuse flags that mean nothing for this measure, and show what it takes where there are no values."""
    name = key.replace("_", "-")
    if not words:
        message = f"{name} takes {takes}. For example: bitsapart measure {name} {example}"
        raise DataError(message)
    for flag in flags:
        if flag not in known and not (flag == "people_kind" and "kind" in known):
            message = f"--{flag.replace('_', '-')} means nothing for {name}. Leave it out."
            raise DataError(message)


def _in_flags(compute: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Compute; an error that names an argument of Python names the flag instead."""
    try:
        return compute(*arguments)
    except DomainError as error:
        text = re.sub(r'\b(people_kind|model_kind|kind)="?([a-z-]+)"?', lambda m: f"{_FLAGS[m[1]]} {m[2]}", str(error))
        raise DomainError(re.sub(r"\b(people_kind|model_kind|kind)(?= is )", lambda m: _FLAGS[m[1]], text)) from None


def _measured(row: Measure, words: list[str], flags: dict[str, Any]) -> dict[str, Any]:
    reading = {"events": _events, "table": _table, "outcomes": _outcomes, "distribution": _single, "panel": _single}
    return _answer(row, *reading.get(row.arguments, _pair)(row, words, flags))


def _answer(
    row: Measure, arguments: list[Any], options: dict[str, Any], notes: list[str], of: list[str]
) -> dict[str, Any]:
    import numpy as np

    unit = options.get("unit", "bit") if row.unit in ("information", "root of information") else row.unit
    found = np.asarray(row.function(*arguments, **options), dtype=float)
    answer: dict[str, Any] = {"schema": 1, "measure": row.key, "title": row.title, "value": None}
    if found.ndim == 0:
        answer["value"] = float(found)
    else:
        answer["values"] = [{"of": one, "value": float(value)} for one, value in zip(of, found.ravel(), strict=True)]
        _put_together(row, arguments, options, answer["values"])
    return answer | {
        "unit": {"root of information": f"√{unit}", "none": "1"}.get(row.unit, unit),
        "formula": re.sub(r"\blog\b", _LOGARITHM.get(unit, "log"), row.formula),
        "meaning": row.meaning,
        "adds_up": _adds_up(row, arguments, options, found),
        "notes": [*notes, *_remarks(row, arguments, options, found)],
    }


def _put_together(row: Measure, arguments: list[Any], options: dict[str, Any], values: list[dict[str, Any]]) -> None:
    """Beside the information of a cell once its row is known: that of both."""
    import numpy as np

    from bitsapart.measures import information

    if row.key == "conditional_information" and options.get("kind", "probs") in ("probs", "counts"):
        cells = np.ravel(arguments[0]) / (np.sum(arguments[0]) if "kind" in options else 1.0)
        for entry, both in zip(values, information(cells, unit=options.get("unit", "bit")), strict=True):
            entry["together"] = float(both)


def _adds_up(row: Measure, arguments: list[Any], options: dict[str, Any], found: Any) -> list[dict[str, Any]]:
    """The parts that a measure is the sum of."""
    import numpy as np

    from bitsapart import measures

    unit = {"unit": options.get("unit", "bit")}
    if row.key == "information" and found.size > 1:
        return [{"title": "all of them, if independent", "value": float(found.sum())}]
    if row.key == "cross_entropy":
        kind, binary = options.get("people_kind", "probs"), options.get("binary", False)
        own = measures.entropy(arguments[0], kind=kind, binary=binary, **unit)
        apart = measures.kl_divergence(*arguments, **options)
        return [{"title": "people's own entropy", "value": own}, {"title": "KL divergence", "value": apart}]
    if row.key == "joint_entropy" and options.get("kind", "probs") in ("probs", "counts"):
        sums = np.sum(arguments[0], axis=1)
        own = measures.entropy(sums / sums.sum(), **unit)
        rest = measures.conditional_entropy(*arguments, **options)
        return [{"title": "the row, H(X)", "value": own}, {"title": "the column given the row, H(Y|X)", "value": rest}]
    return []


def _remarks(row: Measure, arguments: list[Any], options: dict[str, Any], found: Any) -> list[str]:
    """What a reader might take a number for that it is not."""
    from math import log

    from bitsapart import measures

    remarks = ["every order of these outcomes is counted"] if "orders" in options else []
    if row.key == "likelihood" and found == 0:
        total = measures.log_likelihood(*arguments, **options)
        remarks += [] if total == float("-inf") else [f"too small for a float: 10^{total / log(10):.6g}"]
    return remarks


def _kinds(row: Measure, flags: dict[str, Any]) -> dict[str, Any]:
    """The flags as the measure's own keywords."""
    options = {key: value for key, value in flags.items() if key != "theta"}
    if "people_kind" in options and "kind" in inspect.signature(row.function).parameters:
        options["kind"] = options.pop("people_kind")
    return options


def _events(row: Measure, words: list[str], flags: dict[str, Any]) -> tuple[Any, ...]:
    system = read_system(",".join(words), "the events")
    labels = list(system.names or (part.strip() for part in ",".join(words).split(",")))
    options = _kinds(row, flags)
    if len(labels) > 1:
        return [list(system.numbers)], options, [], labels
    if options.get("kind") == "logits":
        message = "the logit of one event says nothing without the others. Give the logits of all classes."
        raise DataError(message)
    return [system.numbers[0]], options, [], labels


def _single(row: Measure, words: list[str], flags: dict[str, Any]) -> tuple[Any, ...]:
    if len(words) > 1 and any("," in word for word in words):
        message = f"{_name(row)} takes one system, but {len(words)} were given. Decimals are written with a point."
        raise DataError(message)
    system = read_system(",".join(words), "the system")
    return [system.values], _one_event(row, _kinds(row, flags), alone=system.alone), [], []


def _pair(row: Measure, words: list[str], flags: dict[str, Any]) -> tuple[Any, ...]:
    alone = inspect.signature(row.function).parameters["model"].default is None
    if len(words) != 2 and not (alone and len(words) == 1):
        message = (
            f"{_name(row)} takes {TAKES[row.arguments][0]}, but got {' '.join(words)!r}. Join the values of one system "
            f"with commas: bitsapart measure {_name(row)} {TAKES[row.arguments][1]}"
        )
        raise DataError(message)
    named = [(name, read_system(word, name)) for name, word in zip(("people", "model"), words, strict=False)]
    _, notes = same_events(named)
    systems = [system for _, system in named]
    options = _one_event(row, _kinds(row, flags), alone=all(system.alone for system in systems))
    return [system.values for system in systems], options, notes, []


def _one_event(row: Measure, options: dict[str, Any], *, alone: bool) -> dict[str, Any]:
    """Where one number was given: it is the probability of one event, if the measure can take one."""
    if not alone:
        return options
    known = inspect.signature(row.function).parameters
    if "binary" not in known or "counts" in (options.get("kind"), options.get("people_kind")):
        message = f"{_name(row)} needs a value for every class here, but got one number. Join the values with commas."
        raise DataError(message)
    return options | {"binary": True}


def _table(row: Measure, words: list[str], flags: dict[str, Any]) -> tuple[Any, ...]:
    named = [(f"row {place}", read_system(word, f"row {place}")) for place, word in enumerate(words, 1)]
    events, notes = same_events(named)
    options = _kinds(row, flags)
    missing = float("-inf") if options.get("kind") in ("logits", "log-probs") else 0.0
    rows, labels = [], []
    for name, system in named:
        columns = events or [f"column {place}" for place in range(1, len(system.numbers) + 1)]
        own = dict(zip(system.names or columns, system.numbers, strict=True))
        rows.append([own.get(column, missing) for column in columns])
        labels += [f"{name}, {column}" for column in columns]
    return [rows], options, notes, labels


def _outcomes(row: Measure, words: list[str], flags: dict[str, Any]) -> tuple[Any, ...]:
    options = _kinds(row, flags)
    if "theta" in flags:
        tosses = read_tosses(words[0])
        if tosses is None or len(words) > 1:
            message = (
                f"outcomes is {' '.join(words)!r}, but --theta needs one word of H and T (or 1 and 0), or two counts"
            )
            raise DataError(message)
        return [tosses, flags["theta"]], options | {"under": "bernoulli"}, [], []
    if len(words) != 2:
        message = f"{_name(row)} takes {TAKES['outcomes'][0]}. For example: cat,dog,cat cat=0.6,dog=0.4"
        raise DataError(message)
    happened, models, under, notes = judged(words[0], [("the model", words[1])])
    return [happened, *models], options | {"under": under}, notes, []


def _name(row: Measure) -> str:
    return row.key.replace("_", "-")
