"""Puts into the pages what the package knows of itself: the catalogue's table and the commands' help."""

from importlib import import_module

import click

import bitsapart
from bitsapart.cli.main import cli
from bitsapart.measures import CATALOGUE

_UNITS = {"information": "bit, nat, hartley", "root of information": "√ of information", "nat": "nat", "none": "–"}


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fill `{{ catalogue }}`, `{{ measures }}`, `{{ door }}` and `{{ commands }}`."""
    parts = {"catalogue": _catalogue, "measures": _measures, "door": _door, "commands": _commands}
    for name, made in parts.items():
        mark = "{{ " + name + " }}"
        if mark in markdown:
            markdown = markdown.replace(mark, made())
    return markdown


def _catalogue() -> str:
    rows = ["| measure | way | formula | unit | range | needs | unbiased |", "|---|---|---|---|---|---|---|"]
    for measure in CATALOGUE.values():
        formula, span = (text.replace("|", "\\|") for text in (measure.formula, measure.span))
        unbiased = "yes" if measure.unbiased else "no"
        rows.append(
            f"| [{measure.title}](#{_anchor(measure)}) | {measure.family} | {formula} | {_UNITS[measure.unit]} "
            f"| {span} | {measure.needs} | {unbiased} |"
        )
    return "\n".join(rows)


def _anchor(measure: object) -> str:
    function = measure.function  # type: ignore[attr-defined]
    return f"{function.__module__}.{function.__name__}"


def _measures() -> str:
    seen = dict.fromkeys(_anchor(measure) for measure in CATALOGUE.values())
    return "\n\n".join(f"::: {name}" for name in seen)


def _door() -> str:
    rows = ["| name | what it is |", "|---|---|"]
    for name in bitsapart.__all__:
        if name.startswith("_"):
            continue
        value = getattr(bitsapart, name)
        says = "Every measure by its key." if name == "CATALOGUE" else (value.__doc__ or "").partition("\n")[0]
        says = says.replace("|", "\\|")
        page = "measures.md" if name in CATALOGUE else ""
        home = "bitsapart.measures.catalogue" if name == "CATALOGUE" else value.__module__
        rows.append(f"| [`{name}`]({page}#{home}.{name}) | {says} |")
    return "\n".join(rows)


def _commands() -> str:
    parts = []
    for name in cli.list_commands(click.Context(cli)):
        command = import_module(f"bitsapart.cli.{name}").command
        text = command.get_help(click.Context(command, info_name=f"bitsapart {name}", max_content_width=100))
        parts.append(f"## {name}\n\n```text\n{text}\n```")
    return "\n\n".join(parts)
