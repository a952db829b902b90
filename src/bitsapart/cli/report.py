"""`bitsapart report`: a page to look at, from a saved result."""

import click

from .browser import open_page


@click.command
@click.argument("result", metavar="RESULT.json")
@click.option("-o", "--output", metavar="FILE", help="The page to write; default: RESULT.html beside the result.")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="The page's first language."
)
@click.option(
    "--items",
    metavar="FOLDER|FILE:COLUMN",
    help="Show the worst items: a folder of pictures named after them, or a column of texts.",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser.")
def command(result: str, output: str | None, lang: str, items: str | None, opened: bool) -> None:  # noqa: FBT001
    """A page to look at: one file of constant size that works offline, made from the saved result alone.

    RESULT.json is what `bitsapart compare --detail --json RESULT.json` wrote; without --detail the page
    says which figures it lacks. The reader can switch language, model and dark or light.

    \b
    bitsapart compare people.csv model.csv --detail --json result.json
    bitsapart report result.json -o report.html
    bitsapart report result.json --items pictures/ --lang zh
    """
    from pathlib import Path

    from bitsapart.comparison.result import Comparison
    from bitsapart.report import write_report

    path = Path(output) if output else Path(result).with_suffix(".html")
    write_report(Comparison.load(result).data, path, lang=lang, items=items)
    click.echo(str(path))
    if opened:
        open_page(path)
