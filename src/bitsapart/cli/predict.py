"""`bitsapart predict`: what a trained network says."""

import os
from pathlib import Path

import click


@click.command
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("images", metavar="IMAGES")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a .csv or .parquet file instead of CSV to the terminal.",
)
@click.option("--network", metavar="NAME", help="The network's own factory, if it has one, to allow its import.")
@click.option(
    "--unreadable",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="Pictures that cannot be used: stop, or leave them out and list them.",
)
def command(run: Path, images: str, output: Path | None, network: str | None, unreadable: str) -> None:
    """Write the probabilities that the network of RUN gives to IMAGES.

    RUN is the folder that `bitsapart train` made. IMAGES is a folder of pictures, an .npz or .npy file,
    or an example. The result is a file that `bitsapart compare` reads.

    \b
    bitsapart predict runs/photos-1 new-photos/ -o new.csv
    """
    # Threads that wait for each other sleep instead of spinning: many times faster where others use the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from bitsapart import train

    found = train.predict(run, images, network=network, skip_unreadable=unreadable == "skip")
    for note in found.notes:
        click.secho(note, dim=True, err=True)
    for name, reason in found.skipped:
        click.secho(f"left out: {name} {reason}", dim=True, err=True)
    if output is None:
        click.echo(found.to_csv(), nl=False)
    else:
        found.write(output)
