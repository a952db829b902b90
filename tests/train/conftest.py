"""Small picture sets on disk, made fresh for each test."""

from pathlib import Path

import numpy as np
import pytest

from bitsapart import _core

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def cats():
    """The cat pictures beside the checkout."""
    folder = SHARED / "cats"
    if not folder.exists():
        pytest.skip("the cat pictures are not beside the checkout (../shared/data/cats)")
    return folder


@pytest.fixture
def pictures():
    """Forty grey pictures of 6 × 6: bright on the left, or on the right."""
    rng = np.random.default_rng(5)
    sides = np.arange(40) % 2
    values = rng.integers(0, 120, (40, 6, 6))
    values[sides == 0, :, :3] += 100
    values[sides == 1, :, 3:] += 100
    return values.astype(np.uint8), sides


@pytest.fixture
def folder(tmp_path, pictures):
    """The same as PNG files, with a file of labels."""
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow (the extra `train`)")
    values, sides = pictures
    (tmp_path / "photos").mkdir()
    lines = ["item,label"]
    for number, (picture, side) in enumerate(zip(values, sides, strict=True)):
        image.fromarray(picture).save(tmp_path / "photos" / f"p{number:02d}.png")
        lines.append(f"p{number:02d},{('left', 'right')[side]}")
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def panels(tmp_path, pictures):
    """The same as an array with ids, judged by five people each."""
    values, sides = pictures
    ids = np.array([f"p{number:02d}" for number in range(len(sides))])
    np.savez(tmp_path / "photos.npz", images=values, ids=ids)
    rng = np.random.default_rng(6)
    votes = rng.binomial(5, np.where(sides == 0, 0.9, 0.2))
    lines = ["item,left,right,both"]
    lines += [f"{name},{vote},{5 - vote},0" for name, vote in zip(ids, votes, strict=True)]
    lines[1] = "p00,3,1,1"
    (tmp_path / "panels.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def calls(monkeypatch):
    """What the native core was asked."""
    asked = []
    native = _core.softmax_loss
    monkeypatch.setattr(_core, "softmax_loss", lambda **task: asked.append(task) or native(**task))
    return asked
