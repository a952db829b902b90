"""The command group: names and one-line helps here, each command's code in its own file."""

import os
import sys
from importlib import import_module
from typing import Any

import click

from bitsapart import __version__
from bitsapart.errors import BitsapartError

from .plain_signs import write_any_sign

_COMMANDS = {
    "compare": "The distance between people and models, all three ways, with intervals.",
    "check": "What a file holds, what is wrong with it, and what can be computed from it.",
    "measure": "One measure by hand: information 1/8; entropy 0.5 0.5; likelihood HHTHT --theta 0.6.",
    "plan": "How many items and people are needed for a result within ± x bits.",
    "report": "A page to look at, made from a saved result.",
    "train": "Train a network to close the distance.",
    "predict": "The probabilities that a trained network gives.",
    "merge": "Add up tallies that were computed apart.",
    "learn": "Play with the three losses on a page of its own.",
    "completion": "Print the lines that switch on shell completion.",
}

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class _LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f".{cmd_name}", __package__).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. The reader of a pipe (head, less) may go away; click would call that a failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # keep Python from complaining at exit
            sys.exit(0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="bitsapart", message="%(prog)s %(version)s")
def cli() -> None:
    """How many bits apart are your model and people?

    Try it without any file:  bitsapart compare example:digits

    Each command explains itself:  bitsapart compare --help
    """


def main(args: list[str] | None = None) -> None:
    """Run the command; an error that bitsapart raises on purpose is one sentence and exit code 2."""
    write_any_sign()
    try:
        sys.exit(cli.main(args=args, prog_name="bitsapart", standalone_mode=False) or 0)
    except BitsapartError as error:
        _say(f"{type(error).__name__}: {error}")
        sys.exit(EXIT_BAD_INPUT)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _say("Stopped.")
        sys.exit(EXIT_INTERRUPTED)
    except MemoryError:
        _say("There is not enough memory for this: fewer classes or smaller counts need less.")
        sys.exit(EXIT_BAD_INPUT)
    except OSError as error:
        _say(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        sys.exit(EXIT_BAD_INPUT)


def _say(message: str) -> None:
    click.echo(message, err=True)
