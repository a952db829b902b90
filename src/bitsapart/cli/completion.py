"""`bitsapart completion`: the lines that switch on shell completion."""

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Print the lines that switch on completion for SHELL.

    \b
    bash:  bitsapart completion bash >> ~/.bashrc
    zsh:   bitsapart completion zsh >> ~/.zshrc
    fish:  bitsapart completion fish > ~/.config/fish/completions/bitsapart.fish
    """
    from .main import cli  # the group imports this file when the command is called

    completion = get_completion_class(shell)
    if completion is None:
        message = f"no completion for {shell}"
        raise click.ClickException(message)
    click.echo(completion(cli, {}, "bitsapart", "_BITSAPART_COMPLETE").source())
