"""`bitsapart merge`: add up tallies that were computed apart."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bitsapart.errors import DataError, StateError

from .compare import deliver, result_flags, take_outputs

if TYPE_CHECKING:
    from bitsapart.comparison.tally import Tally


@click.command
@click.argument("tallies", metavar="TALLY...", nargs=-1, required=True)
@click.option("--tally", "tally_file", metavar="FILE", help="Write the sum as a tally.")
@result_flags
def command(tallies: tuple[str, ...], **flags: Any) -> None:
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

    limits, outputs = take_outputs(flags)
    merged = _read(tallies[0])
    for name in tallies[1:]:
        other = _read(name)
        try:
            merged.merge(other)
        except StateError as error:
            raise _about(name, error) from None
    deliver(Comparison(document(merged, Settings.of(merged, **flags))), merged, outputs, limits)


def _read(name: str) -> "Tally":
    from bitsapart.comparison.tally import Tally

    try:
        return Tally.from_bytes(Path(name).read_bytes())
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror}"
        raise DataError(message) from None
    except StateError as error:
        raise _about(name, error) from None


def _about(name: str, error: StateError) -> StateError:
    return StateError(f"{name}: {error}")
