"""In CI no test may skip for want of a package: what the extras name must be there, and what CI installs besides."""

import os
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def packages_of(extra):
    """The distributions that an extra of pyproject.toml names, with those of the extras that it takes in."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = set()
    for line in extras[extra]:
        name, taken_in = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", line).groups()
        named |= {name} if name != "bitsapart" else set().union(*map(packages_of, taken_in.split(",")))
    return named


def pytest_configure(config):
    """Stop at once where BITSAPART_CI is set and a package is missing; BITSAPART_CI_ALSO names further packages."""
    if not os.environ.get("BITSAPART_CI"):
        return
    missing = []
    for name in sorted(packages_of("test") | set(os.environ.get("BITSAPART_CI_ALSO", "").split())):
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        message = f"BITSAPART_CI is set, so no test may skip, but {', '.join(missing)} is not installed"
        raise pytest.UsageError(message)
