"""A spill folder that nobody holds any more is removed; one that is held, or that is none, is left alone."""

from pathlib import Path

import pytest

from bitsapart.data.spill import SpillFolder
from bitsapart.errors import DataError


def test_only_what_was_abandoned_is_removed(tmp_path: Path) -> None:
    held = SpillFolder(str(tmp_path))
    for name, files in {
        "bitsapart-left": ["in-use", "a.tmp"],
        "bitsapart-other": ["a.tmp"],
        "mine": ["in-use"],
    }.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).touch()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "in-use").touch()
    (tmp_path / "bitsapart-link").symlink_to(outside)

    SpillFolder(str(tmp_path)).remove()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {Path(held.path).name, "bitsapart-other", "mine", "outside", "bitsapart-link"}
    assert (outside / "in-use").exists()
    held.remove()
    assert not Path(held.path).exists()


def test_a_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none does not exist"):
        SpillFolder(str(tmp_path / "none"))
