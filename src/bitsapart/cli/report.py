"""`bitsapart report`: a page to look at, made from a saved result."""

from pathlib import Path
from typing import Literal

import click


@click.command
@click.argument("result", metavar="RESULT.json")
@click.option("-o", "--output", metavar="FILE", help="The page to write; default: RESULT.html.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="The page's language.")
@click.option(
    "--items", metavar="FOLDER", help="Pictures of the items, named like their ids, for the lists of the worst."
)
def command(result: str, output: str | None, lang: Literal["en", "zh"], items: str | None) -> None:
    """Draw RESULT.json, which `bitsapart compare --detail --json RESULT.json` wrote, as one page.

    The page is a single file that works without a network. It is made from the saved result alone.

    \b
    bitsapart compare people.csv model.csv --detail --json result.json
    bitsapart report result.json -o report.html
    """
    from bitsapart.comparison.result import Comparison
    from bitsapart.report import write_report

    path = Path(output) if output else Path(result).with_suffix(".html")
    write_report(Comparison.load(result).data, path, lang=lang, items=items)
    click.echo(f"wrote {path}")
