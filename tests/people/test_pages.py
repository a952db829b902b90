"""The pages of docs/people: their examples print what they say, and their figures are there."""

import contextlib
import io
import json
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


def numbers(text):
    return [float(one.replace("−", "-")) for one in re.findall(r"[−-]?\d*\.\d+", text)]


def test_the_table_of_errors_is_that_of_the_benchmark():
    page = next(page for page in PAGES if page.stem == "why-plain-kl-misleads").read_text()
    results = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "panel_entropy_bias.json"
    rows = json.loads(results.read_text())["rows"]
    assert {row["people"] for row in rows} == {2, 3, 5, 10}
    for name in {row["data"] for row in rows}:
        cells = next(line for line in page.splitlines() if line.startswith(f"| {name} |")).split("|")[3:7]
        for cell, key in zip(cells, ("plug-in", "lower", "point", "upper"), strict=True):
            expected = [row[key] for row in rows if row["data"] == name]
            assert numbers(cell) == pytest.approx(expected, abs=0.00051), (name, key)
    assert max(abs(row["point"]) for row in rows) <= 0.05
    assert max(abs(row["point"]) for row in rows if "NLI" in row["data"]) <= 0.03


def test_the_benchmarks_say_what_the_pages_claim():
    folder = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
    brackets = json.loads((folder / "panel_kl_bracket.json").read_text())["rows"]
    assert len(brackets) == 48
    assert all(row["mean bracket holds"] and row["single brackets hold"] >= 0.93 for row in brackets)
    assert all(row["upper"] < row["plug-in"] for row in brackets)
    coverage = json.loads((folder / "panel_coverage.json").read_text())["rows"]
    for quantity in ("cross-entropy", "D²", "paired difference", "equivalence"):
        found = [row["coverage"] for row in coverage if row["quantity"] == quantity]
        assert len(found) == 6
        assert 0.93 <= min(found) <= max(found) <= 0.97


def test_the_table_of_plans_is_that_of_the_benchmark():
    page = next(page for page in PAGES if page.stem == "how-many-people-should-i-ask").read_text()
    folder = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
    rows = json.loads((folder / "panel_plan.json").read_text())["rows"]
    for row in rows:
        items = f"{row['items']:,}".replace(",", " ")
        assert f"| {items} × {row['people']} | ± {row['real ± bits']:.3f} |" in page, row
