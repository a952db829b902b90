"""Pages opened in a browser: silent, offline, and they do what their controls say."""

import pytest

PHONE = {"viewport": {"width": 360, "height": 740}}


@pytest.mark.parametrize("name", ["usual", "bare", "hostile", "infinite"])
def test_pages_open_without_a_word_and_without_the_network(pages, visit, name):
    watched = visit(pages / f"{name}.html")
    assert watched.quiet(), (watched.said, watched.asked)
    assert "hacked" not in watched.page.title()
    assert watched.page.locator("h1:visible").count() == 1


@pytest.mark.parametrize("name", ["usual", "hostile", "infinite"])
def test_a_telephone_needs_no_sideways_scrolling(pages, visit, name):
    page = visit(pages / f"{name}.html", **PHONE).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_another_model_shows_its_own_numbers(pages, visit, make):
    page = visit(pages / "usual.html").page
    for place, model in enumerate(make.document()["models"]):
        page.select_option("select.model", str(place))
        assert page.locator(".kicker:visible").inner_text() == model["name"]
        shown = page.locator("dd[data-measure=cross_entropy]:visible")
        assert shown.get_attribute("data-value") == repr(model["measures"]["cross_entropy"]["value"])
        assert shown.inner_text() == f"{model['measures']['cross_entropy']['value']:.3f}\u00a0bits"
        assert page.locator("tr.chosen bdi").inner_text() == model["name"]


def test_tables_sort_by_mouse_and_keyboard(pages, visit):
    page = visit(pages / "usual.html").page
    table = page.locator("#ranking table").first
    values = lambda: [float(v) for v in table.locator("tbody tr td:nth-child(2)").evaluate_all(  # noqa: E731
        "cells => cells.map(cell => cell.dataset.v)")]  # fmt: skip
    button = table.locator("th:nth-child(2) button")
    button.click()
    assert values() == [0.8, 0.9]
    assert table.locator("th:nth-child(2)").get_attribute("aria-sort") == "ascending"
    button.focus()
    page.keyboard.press("Enter")
    assert values() == [0.9, 0.8]
    assert table.locator("th:nth-child(2)").get_attribute("aria-sort") == "descending"


def test_the_language_changes_everywhere_and_back(pages, visit):
    page = visit(pages / "usual.html").page
    page.select_option("#language", "zh")
    assert page.evaluate("document.documentElement.lang") == "zh"
    assert "\u4e0e\u4eba\u76f8\u8ddd" in page.locator(".sentence:visible").inner_text()
    assert "\u6a21\u578b" in page.title()
    assert page.locator("body [lang=en]:visible").count() == 0
    assert page.locator("svg text[lang=zh]:visible").count() > 5
    page.select_option("#language", "en")
    assert "apart from people" in page.locator(".sentence:visible").inner_text()
    assert page.locator("svg text[lang=zh]:visible").count() == 0


def test_dark_and_light_follow_the_system_and_the_switch(pages, visit):
    paper = "getComputedStyle(document.body).backgroundColor"
    line = "getComputedStyle(document.querySelector('svg .s-people')).stroke"
    dark = visit(pages / "usual.html", color_scheme="dark").page
    light = visit(pages / "usual.html", color_scheme="light").page
    assert dark.evaluate(paper) != light.evaluate(paper)
    assert dark.evaluate(line) != light.evaluate(line)
    light.select_option("#theme", "dark")
    assert light.evaluate(paper) == dark.evaluate(paper)
    dark.select_option("#theme", "light")
    light.select_option("#theme", "light")
    assert light.evaluate(paper) == dark.evaluate(paper)
    assert light.evaluate("matchMedia('print').matches") is False


def test_reliability_shows_the_class_that_was_chosen(pages, visit):
    page = visit(pages / "usual.html").page
    picker = page.locator("select[data-picks=reliability-0]")
    picker.select_option("1")
    assert page.locator("[data-of=reliability-0]:visible h3").inner_text() == "dog"


def test_slices_are_ranked_by_what_they_hold_and_show_the_documents_numbers(pages, visit, make):
    page = visit(pages / "usual.html").page
    table = page.locator("section:has(> #slices-0) table")
    shown = table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].slice(1).map(cell => Number(cell.dataset.v)))"
    )
    rows = make.document()["models"][0]["slices"][::-1]
    assert shown == [
        [row["items"], row["share_of_items"], row["share"], row["share_low"], row["measures"]["cross_entropy"]["value"]]
        for row in rows
    ]
    assert "all 3 do so together" in page.locator("section:has(> #slices-0)").inner_text()


def test_the_data_of_a_reliability_curve_is_there_as_tables(pages, visit, make):
    page = visit(pages / "usual.html").page
    part = page.locator("section:has(> #reliability-0) [data-part='0'] details:has(table)")
    part.locator("summary").click()
    numbers = "table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => Number(cell.dataset.v)))"
    curve, band, often = (table.evaluate(numbers) for table in part.locator("table").all())
    entry = make.document()["models"][0]["reliability"][0]
    assert curve == [[row[key] for key in ("from", "to", "people", "weight")] for row in entry["curve"]]
    assert band == [list(row) for row in zip(*(entry["band"][key] for key in ("q", "low", "high")), strict=True)]
    edges = entry["histogram"]["edges"]
    assert often == [list(row) for row in zip(edges[:-1], edges[1:], entry["histogram"]["share"], strict=True)]
    assert part.locator("table").first.is_visible()


def test_text_has_contrast(pages, visit, contrast):
    """Every visible text against the background it stands on, in both themes: 4.5 to 1 (3 to 1 where it is large)."""
    for scheme in ("light", "dark"):
        page = visit(pages / "usual.html", color_scheme=scheme).page
        poor = page.evaluate(contrast)
        assert poor == [], scheme


def test_everything_can_be_reached_by_keyboard(pages, visit):
    page = visit(pages / "usual.html").page
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )
    assert {"skip", "model", "language", "theme", "BUTTON"} <= reached


def test_print_shows_the_page_on_white(pages, visit, tmp_path):
    watched = visit(pages / "usual.html", color_scheme="dark")
    watched.page.emulate_media(media="print", color_scheme="dark")
    assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not watched.page.locator(".tools").is_visible()
    watched.page.set_viewport_size({"width": 720, "height": 1000})
    cut = "[...document.querySelectorAll('main .scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert watched.page.evaluate(cut) == 0
    watched.page.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").stat().st_size > 20_000
