"""Pages of real results: what they show is what the JSON holds, and they stay silent, offline and small.

The results are made by the command from files that lie beside the project; where they are absent, the tests say so.
"""

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitsapart.cli.compare import command as compare
from bitsapart.cli.report import command as report

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
RESULTS = {
    "pictures": ["cifar10h/people.parquet", "cifar10h/model-resnet-110.parquet", "cifar10h/model-preresnet-110.parquet",
                 "cifar10h/model-densenet-bc-L190-k40.parquet"],
    "comments": ["wiki-attacks/people.parquet", "wiki-attacks/model-jigsaw.parquet"],
    "sentences": ["chaosnli/people-snli.csv", "chaosnli/model-snli-roberta-base-seed0.csv",
                  "chaosnli/model-snli-roberta-base-seed1.csv", "chaosnli/model-snli-bert-base-uncased-seed0.csv"],
    "judges": ["varierr/people.csv", "varierr/model-gpt-4-1106-preview.csv", "varierr/model-gpt-3.5-turbo.csv",
               "--positive", "sound"],
}  # fmt: skip


def _run(command, *arguments):
    done = CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module", params=list(RESULTS))
def made(request, tmp_path_factory):
    """A document and the two pages made of it: by `report`, and by `compare --html`."""
    arguments = [DATA / part if "/" in part else part for part in RESULTS[request.param]]
    absent = [part.name for part in arguments if isinstance(part, Path) and not part.is_file()]
    if absent:
        pytest.skip(f"the shared data is not here: {', '.join(absent)}")
    folder = tmp_path_factory.mktemp(request.param)
    _run(compare, *arguments, "--detail", "--json", folder / "result.json", "--html", folder / "direct.html")
    _run(report, folder / "result.json", "-o", folder / "page.html", "--lang", "en")
    return request.param, folder, json.loads((folder / "result.json").read_text(encoding="utf-8"))


def _float(value):
    return math.nan if value is None else float(value)


def test_real_pages_are_silent_offline_small_and_fit_a_telephone(made, visit):
    _, folder, _ = made
    for name in ("page.html", "direct.html"):
        assert (folder / name).stat().st_size < 2_000_000
        watched = visit(folder / name)
        assert watched.quiet(), (watched.said, watched.asked)
        assert watched.page.locator("h1:visible").count() == 1
    phone = visit(folder / "page.html", **PHONE)
    phone.page.select_option("#language", "zh")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert phone.page.locator("body [lang=en]:visible").count() == 0
    assert phone.quiet()


def test_every_model_shows_the_numbers_of_the_json(made, visit):
    _, folder, data = made
    page = visit(folder / "page.html").page
    for place, model in enumerate(data["models"]):
        if len(data["models"]) > 1:
            page.select_option("select.model", str(place))
        shown = page.locator("dd[data-measure]:visible").evaluate_all(
            "cells => cells.map(cell => [cell.dataset.measure, cell.dataset.value])"
        )
        assert len(shown) >= 12
        for key, value in shown:
            assert float(value) == _float(model["measures"][key]["value"]), key
        curve = page.locator(f"[data-model='{place}'] section:has(#equivalence-{place}) tbody tr")
        levels = curve.evaluate_all("rows => rows.map(row => Number(row.cells[1].dataset.v))")
        assert levels[:-1] == [_float(row["value"]) for row in model["equivalence"]["curve"]]
        assert levels[-1] == _float(model["equivalence"]["model"]["value"])


def test_parts_classes_confusion_and_items_are_those_of_the_json(made, visit):
    name, folder, data = made
    page = visit(folder / "page.html").page
    first = data["models"][0]
    values = "rows => rows.map(row => Number(row.cells[1].dataset.v))"
    terms = first["split"]["log"]["terms"]
    shown = page.locator("div:has(> #split-log-0) > div tbody tr").evaluate_all(values)
    order = [part for part in ("entropy", "rest", "grouping", "calibration") if part in terms]
    assert shown == [float(terms[part]["value"]) for part in order] + [
        float(first["measures"]["cross_entropy"]["value"])
    ]
    squares = page.locator("div:has(> #split-square-0) > div tbody tr").evaluate_all(values)
    assert sum(squares[:-1]) == pytest.approx(squares[-1], abs=1e-3)
    contributions = page.locator("section:has(> #classes-0) tbody tr").evaluate_all(
        "rows => rows.map(row => Number(row.cells[3].dataset.v))"
    )
    assert sorted(contributions) == sorted(float(row["cross_entropy"]) for row in first["by_class"])
    cells = page.locator("section:has(> #confusion-0) td").evaluate_all("cells => cells.map(c => Number(c.dataset.v))")
    assert cells == [value for row in first["confusion"] for value in row]
    items = page.locator("[data-model='0'] ul.worst .head bdi").all_inner_texts()
    assert sorted(items) == sorted(str(row["item"]) for row in first["worst"])
    if name == "judges":
        assert "Infinitely far from people" in page.locator(".sentence:visible").inner_text()
        assert f"{first['infinite']['count']} of 878 items" in page.locator(".hero .warn:visible").inner_text()


def test_real_tables_sort(made, visit):
    _, folder, data = made
    page = visit(folder / "page.html").page
    table = page.locator("section:has(> #classes-0) table")
    head = table.locator("thead th").nth(1)
    for expected in ("ascending", "descending"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == expected
        shares = table.locator("tbody tr").evaluate_all("rows => rows.map(row => Number(row.cells[1].dataset.v))")
        assert shares == sorted((row["people"] for row in data["models"][0]["by_class"]), reverse=expected[0] == "d")


def test_real_pages_have_contrast(made, visit, contrast):
    _, folder, _ = made
    for scheme in ("light", "dark"):
        assert visit(folder / "page.html", color_scheme=scheme).page.evaluate(contrast) == [], scheme
