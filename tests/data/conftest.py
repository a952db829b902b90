"""What the tests of reading share: a folder for temporary files that must end empty, and blocks as mappings."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bitsapart import data


@pytest.fixture
def spill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files; nothing may be left in it."""
    folder = tmp_path / "spill"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def _values(columns: Any, row: int) -> tuple[float, ...]:
    return tuple(np.asarray(column[row]).item() for column in (columns if isinstance(columns, tuple) else (columns,)))


@pytest.fixture
def items() -> Callable[..., dict[str, Any]]:
    """Stream a pair into {id: (people's values, each model's values)}; close it."""

    def stream(pair: data.Pair, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with pair:
            for block in pair.blocks(**options):
                for row, name in enumerate(np.asarray(block.ids)):
                    assert name not in found
                    people = None if block.people is None else _values(block.people, row)
                    found[name] = (people, *(_values(model, row) for model in block.models))
        return found

    return stream
