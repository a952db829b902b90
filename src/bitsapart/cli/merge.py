"""`bitsapart merge`: add up tallies that were computed apart."""

from pathlib import Path

import click

from bitsapart.errors import DataError, StateError
from bitsapart.units import UNITS, Unit


@click.command
@click.argument("tallies", metavar="TALLY...", nargs=-1, required=True)
@click.option("--unit", type=click.Choice(UNITS), default="bit", show_default=True, help="The unit of information.")
@click.option("--total", is_flag=True, help="Totals over the items instead of means.")
@click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; - writes it to the terminal.")
@click.option("--tally", "tally_file", metavar="FILE", help="Write the sum as a tally.")
def command(
    tallies: tuple[str, ...], *, unit: Unit, total: bool, json_file: str | None, tally_file: str | None
) -> None:
    """Add up TALLY files and show the result, the same to the last bit as if all had been compared at once.

    Tallies of very many items hold no detail for the page unless `compare` was told --detail for
    every one of them.

    \b
    bitsapart compare people-1.csv model-1.csv --tally 1.tally
    bitsapart compare people-2.csv model-2.csv --tally 2.tally
    bitsapart merge 1.tally 2.tally
    """
    from bitsapart.comparison.result import Comparison
    from bitsapart.comparison.summary import Settings, document
    from bitsapart.comparison.tally import Tally
    from bitsapart.comparison.writing import write_atomically

    from .compare import show

    merged: Tally | None = None
    for name in tallies:
        try:
            tally = Tally.from_bytes(Path(name).read_bytes())
            if merged is None:
                merged = tally
            else:
                merged.merge(tally)
        except OSError as error:
            message = f"{name} cannot be read: {error.strerror}"
            raise DataError(message) from None
        except StateError as error:
            message = f"{name}: {error}"
            raise StateError(message) from None
    if merged is None:
        return
    result = Comparison(document(merged, Settings.of(merged, unit=unit, total=total)))
    if tally_file:
        write_atomically(tally_file, merged.to_bytes())
    if json_file == "-":
        click.echo(result.to_json().encode(), nl=False)  # JSON is UTF-8 wherever it goes
        return
    if json_file:
        result.save(json_file)
    show(result)
