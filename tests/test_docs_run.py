"""Every example runs and says what it promises: in docstrings, in the README and on the pages of docs."""

import contextlib
import doctest
import importlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def modules_with_examples():
    for path in sorted((SOURCE / "bitsapart").rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(SOURCE).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_examples_run(name, tmp_path, monkeypatch):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs a package of an extra: {error}")
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert tried > 0
    assert failed == 0


def pages_with_examples():
    for path in PAGES:
        for place, code in enumerate(PYTHON.findall(path.read_text(encoding="utf-8")), 1):
            yield pytest.param(code, id=f"{path.relative_to(ROOT)}-{place}")


@pytest.mark.parametrize("code", list(pages_with_examples()))
def test_examples_of_the_pages_print_what_the_page_says(code, tmp_path, monkeypatch):
    """The comments at a block's end are what it prints."""
    monkeypatch.chdir(tmp_path)
    said = [line.removeprefix("# ") for line in re.search(r"(^#.*\n)*\Z", code, re.MULTILINE)[0].splitlines()]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "example", "exec"), {})
    if said:
        assert printed.getvalue().splitlines() == said
