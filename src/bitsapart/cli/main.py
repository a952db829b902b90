"""The command group: names and one-line helps here, each command's code in its own file."""

import sys
from importlib import import_module
from typing import Any

import click

from .. import __version__
from ..errors import BitsapartError

_COMMANDS = {
    "compare": "The distance between people and models, all three ways, with intervals.",
    "check": "What a file holds, what is wrong with it, and what can be computed from it.",
    "measure": "One measure by hand, from values typed on the command line.",
    "merge": "Add up tallies that were computed apart.",
}

EXIT_BAD_INPUT = 2


class _LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f".{cmd_name}", __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="bitsapart")
def cli() -> None:
    """How many bits apart are your model and people?"""


def main(args: list[str] | None = None) -> Any:
    """Run the command; an error that bitsapart raises on purpose is one sentence and exit code 2."""
    try:
        return cli.main(args=args, prog_name="bitsapart")
    except BitsapartError as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(EXIT_BAD_INPUT)
