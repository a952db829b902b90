"""Help in sections: options that belong together stand together, the ones that most people need first."""

from collections.abc import Sequence

import click

__all__ = ["InSections"]


class InSections(click.Command):
    """A command whose help lists its options in sections; every option must be in one of them."""

    sections: Sequence[tuple[str, Sequence[str]]] = ()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; what is in none of them comes last."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = {option.name: record for option in options if (record := option.get_help_record(ctx)) is not None}
        for title, names in self.sections:
            with formatter.section(title):
                formatter.write_dl([records.pop(name) for name in names])
        if records:
            with formatter.section("Other"):
                formatter.write_dl(list(records.values()))
