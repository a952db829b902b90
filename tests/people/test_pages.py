"""The pages of docs/people: their examples print what they say, and their figures are there."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "people").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_print_what_the_page_says(page):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    for code in blocks:
        said = [line.removeprefix("# ") for line in code[code.rindex("print(") :].splitlines() if line.startswith("# ")]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, page.name, "exec"), {})
        assert printed.getvalue().splitlines() == said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_figures_and_pages_that_are_linked_exist(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert any(link.endswith(".svg") for link in links)
    for link in links:
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


def test_there_are_three_pages():
    assert len(PAGES) == 3
