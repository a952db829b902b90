"""`bitsapart learn`: a page to play with the three losses."""

import click

from .browser import open_page


@click.command
@click.option("-o", "--output", metavar="FILE", help="The page to write; default: a file in the temporary folder.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="The first language.")
@click.option("--open/--no-open", "opened", default=True, show_default=True, help="Open the page in the browser.")
def command(output: str | None, lang: str, opened: bool) -> None:  # noqa: FBT001
    """Play with the three losses: a cat, a coin, two systems of events.

    The page is one file that computes everything itself: no server, no network.

    \b
    bitsapart learn
    bitsapart learn --lang zh -o learn.html --no-open
    """
    import tempfile
    from pathlib import Path

    from bitsapart.report.learn import write_learn

    path = Path(output) if output else Path(tempfile.mkdtemp(prefix="bitsapart-")) / "learn.html"
    write_learn(path, lang=lang)
    click.echo(str(path))
    if opened:
        open_page(path)
