"""Every flag that a message, a docstring or a page names is a flag of the command line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitsapart.cli.main import _COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]
FLAG = re.compile(r"(?<![\w(-])--[a-z][a-z0-9-]*(?![\w.:])")  # what CSS calls --name: or var(--name) is none
OTHERS = {"--nproc-per-node": "torchrun's"}


def flags() -> set[str]:
    context = cli.make_context("bitsapart", ["--help"], resilient_parsing=True)
    commands = [cli, *(cli.get_command(context, name) for name in _COMMANDS)]
    options = (option for command in commands if command is not None for option in command.get_params(context))
    return {name for option in options for name in (*option.opts, *option.secondary_opts)} | {"--help"}


def texts() -> Iterator[Path]:
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").rglob("*.md"))
    yield from sorted((ROOT / "src" / "bitsapart").rglob("*.py"))


@pytest.mark.parametrize("path", list(texts()), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_flag_that_is_named_exists(path: Path) -> None:
    named = set(FLAG.findall(path.read_text(encoding="utf-8")))
    assert named - flags() - set(OTHERS) == set()


def test_the_flags_of_others_are_still_named() -> None:
    everything = " ".join(path.read_text(encoding="utf-8") for path in texts())
    assert [flag for flag in OTHERS if flag not in everything] == []
