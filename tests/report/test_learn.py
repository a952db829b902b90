"""The page to play with: every number it shows equals `measures`, whatever is moved."""

import math

import numpy as np
import pytest
from click.testing import CliRunner

from bitsapart import measures
from bitsapart.cli.learn import command
from bitsapart.report.learn import write_learn
from bitsapart.units import nats_in

SET = "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }"
CLOSE = {"rel": 1e-12, "abs": 1e-12}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("learn") / "learn.html"
    write_learn(path)
    return path


@pytest.fixture
def learn(file, visit):
    watched = visit(file)
    yield watched.page
    assert watched.quiet(), (watched.said, watched.asked)


def _number(page, identity):
    return float(page.locator(f"#{identity}").get_attribute("data-value").replace("Infinity", "inf"))


def _move(page, identity, value):
    page.locator(f"#{identity}").evaluate(SET, str(value))


def _slope(loss, y, step=1e-6):
    return (loss(y + step) - loss(y - step)) / (2 * step)


@pytest.mark.parametrize("unit", ["bit", "nat", "hartley"])
@pytest.mark.parametrize(("x", "y"), [(1.0, 0.3), (0.0, 0.9), (0.35, 0.6), (1.0, 0.001), (0.5, 0.25)])
def test_the_cat(learn, unit, x, y):
    learn.select_option("#unit", unit)
    _move(learn, "cat-x", x)
    _move(learn, "cat-y", y)
    people = [x, 1 - x]
    losses = {
        "absolute": lambda v: measures.absolute_error(people, [v, 1 - v]),
        "squared": lambda v: measures.squared_error(people, [v, 1 - v]),
        "logarithmic": lambda v: measures.cross_entropy(people, [v, 1 - v], unit=unit),
    }
    for name, loss in losses.items():
        assert _number(learn, f"{name}-value") == pytest.approx(float(loss(y)), **CLOSE)
        slope = float(_slope(loss, y))
        assert _number(learn, f"{name}-slope") == pytest.approx(slope, rel=1e-4, abs=1e-6)
        assert _number(learn, f"{name}-logit") == pytest.approx(slope * y * (1 - y), rel=1e-4, abs=1e-6)


def test_edges_of_the_cat(learn):
    _move(learn, "cat-x", 1)
    _move(learn, "cat-y", 0)
    assert _number(learn, "logarithmic-value") == math.inf
    assert learn.locator("#logarithmic-value").inner_text() == "∞"
    assert _number(learn, "squared-logit") == 0
    assert _number(learn, "logarithmic-logit") == pytest.approx(-1 / math.log(2))
    _move(learn, "cat-y", 1)
    assert [_number(learn, f"{name}-value") for name in ("absolute", "squared", "logarithmic")] == [0, 0, 0]
    assert _number(learn, "absolute-slope") == 0


@pytest.mark.parametrize(
    ("tosses", "theta", "times"), [("HHTHT", 0.6, 1), ("H", 0.25, 3), ("TTTT", 0.5, 2), ("hxt H", 0.9, 7)]
)
def test_the_coin(learn, tosses, theta, times):
    learn.fill("#coin-tosses", tosses)
    _move(learn, "coin-theta", theta)
    _move(learn, "coin-repeat", times)
    seen = "".join(t for t in tosses.upper() if t in "HT") * times
    heads = seen.count("H")
    counts, model = [heads, len(seen) - heads], [theta, 1 - theta]
    assert _number(learn, "likelihood") == pytest.approx(
        float(measures.likelihood(counts, model, under="multinomial")), **CLOSE
    )
    assert _number(learn, "log-likelihood") == pytest.approx(
        float(measures.log_likelihood(counts, model, under="multinomial")), **CLOSE
    )
    learn.click("#coin-maximum")
    best = _number(learn, "coin-best")
    assert best == pytest.approx(heads / len(seen))
    assert float(learn.input_value("#coin-theta")) == pytest.approx(best, abs=5e-4)
    assert _number(learn, "coin-relative") == pytest.approx(1, abs=1e-3)


def test_the_product_underflows_and_the_sum_does_not(learn):
    _move(learn, "coin-repeat", 500)
    assert _number(learn, "likelihood") == 0
    assert _number(learn, "log-likelihood") == pytest.approx(5000 * math.log(0.5))
    before = _number(learn, "coin-best")
    learn.click("#coin-heads")
    assert _number(learn, "coin-best") == pytest.approx((before * 10 + 1) / 11)


@pytest.mark.parametrize("theta", [0.2, 0.7, 0.95])
def test_likelihood_and_cross_entropy_are_one_number(learn, theta):
    _move(learn, "coin-theta", theta)
    assert _number(learn, "same-nll") == pytest.approx(_number(learn, "same-times"), **CLOSE)
    assert learn.locator("#same-nll").inner_text() == learn.locator("#same-times").inner_text()
    people, model = [0.7, 0.3], [theta, 1 - theta]
    for identity, value in (
        ("same-cross", measures.cross_entropy(people, model)),
        ("same-own", measures.entropy(people)),
        ("same-gap", measures.kl_divergence(people, model)),
    ):
        assert _number(learn, identity) == pytest.approx(float(value), **CLOSE)
    assert _number(learn, "same-own") + _number(learn, "same-gap") == pytest.approx(
        _number(learn, "same-cross"), **CLOSE
    )


@pytest.mark.parametrize("unit", ["bit", "nat", "hartley"])
@pytest.mark.parametrize("preset", ["weather", "eight", "same", "excluded"])
def test_the_systems_of_events(learn, preset, unit):
    learn.select_option("#unit", unit)
    learn.click(f"button[data-preset={preset}]")
    rows = learn.locator("#events tr").count()
    p, q = ([_number(learn, f"{side}-{n}") for n in range(rows)] for side in "pq")
    assert sum(p) == pytest.approx(1, abs=1e-12)
    first, second = ({str(n): v for n, v in enumerate(side) if v > 0} for side in (p, q))
    aligned = measures.align(first, second)
    expected = {
        "h-p": measures.entropy(p, unit=unit), "h-q": measures.entropy(q, unit=unit),
        "h-pq": measures.cross_entropy(aligned.people, aligned.model, unit=unit),
        "kl-pq": measures.kl_divergence(aligned.people, aligned.model, unit=unit),
        "kl-qp": measures.kl_divergence(q, p, unit=unit),
    }  # fmt: skip
    for identity, value in expected.items():
        assert _number(learn, identity) == pytest.approx(float(value), **CLOSE), identity
    assert _number(learn, "info-p-0") == pytest.approx(-math.log(p[0]) / nats_in(unit), **CLOSE)
    assert learn.locator(".count-p:visible").inner_text() == str(len(first))
    assert learn.locator(".count-q:visible").inner_text() == str(len(second))


def test_events_are_added_moved_and_removed(learn):
    learn.click("button[data-preset=same]")
    learn.click("#event-add")
    assert learn.locator("#events tr").count() == 4
    learn.locator("#events input[data-side=p]").nth(3).evaluate(SET, "0")
    q = np.array([50, 25, 25, 10]) / 110
    assert _number(learn, "kl-pq") == pytest.approx(float(measures.kl_divergence([0.5, 0.25, 0.25, 0], q)), **CLOSE)
    assert _number(learn, "kl-qp") == math.inf
    learn.locator("#events button").nth(3).click()
    assert _number(learn, "kl-pq") == pytest.approx(0, abs=1e-15)
    learn.locator("#events input[type=text]").first.fill("<img src=x onerror=alert(1)>")
    learn.click("button[data-preset=eight]")
    assert learn.locator("img").count() == 0


@pytest.mark.parametrize("preset", ["same", "weather"])
def test_no_event_at_all_is_no_number(learn, preset):
    learn.click(f"button[data-preset={preset}]")
    while learn.locator("#events tr").count():
        learn.locator("#events button").first.click()
    assert learn.locator(".count-p:visible").inner_text() == "0"


def test_both_languages_dark_and_a_telephone(file, visit):
    watched = visit(file, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.select_option("#language", "zh")
    assert page.locator("body [lang=en]:visible").count() == 0
    assert page.evaluate("document.documentElement.lang") == "zh"
    page.click("button[data-preset=weather]")
    assert page.locator("#events input[type=text]").first.input_value() == "\u6674"
    assert watched.quiet()


def test_sliders_move_by_keyboard(learn):
    learn.focus("#cat-y")
    before = _number(learn, "cat-y-out")
    learn.keyboard.press("ArrowRight")
    assert _number(learn, "cat-y-out") == pytest.approx(before + 0.001)


def test_the_command_writes_the_page(tmp_path):
    path = tmp_path / "learn.html"
    done = CliRunner().invoke(command, ["-o", str(path), "--no-open", "--lang", "zh"], catch_exceptions=False)
    assert done.output.strip() == str(path)
    text = path.read_text(encoding="utf-8")
    assert 'data-lang="zh"' in text
    assert len(text) < 100_000


@pytest.mark.parametrize(("screen", "opened"), [({}, 0), ({"DISPLAY": ":0"}, 1), ({"WAYLAND_DISPLAY": "wayland-0"}, 1)])
def test_without_a_screen_only_the_path_is_printed(tmp_path, monkeypatch, screen, opened):
    found = []
    monkeypatch.setattr("click.launch", found.append)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in screen.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "learn.html"
    done = CliRunner().invoke(command, ["-o", str(path)], catch_exceptions=False)
    assert done.output.strip() == str(path)
    assert found == [path.as_uri()] * opened


def test_names_of_events_follow_the_language_unless_they_were_changed(learn):
    learn.click("button[data-preset=weather]")
    names = learn.locator("#events input[type=text]")
    names.nth(1).fill("drizzle")
    learn.select_option("#language", "zh")
    assert [names.nth(n).input_value() for n in range(3)] == ["\u6674", "drizzle", "\u96ea"]
    learn.select_option("#language", "en")
    assert names.nth(0).input_value() == "sun"


def test_texts_have_contrast(file, visit, contrast):
    for scheme in ("light", "dark"):
        assert visit(file, color_scheme=scheme).page.evaluate(contrast) == [], scheme


def test_information_stands_with_its_unit_in_the_chosen_language(learn):
    unit = "name => getComputedStyle(document.getElementById(name), '::after').content"
    assert "bits" in learn.evaluate(unit, "h-pq")
    assert "nats" in learn.evaluate(unit, "log-likelihood")
    learn.select_option("#unit", "hartley")
    assert "hartleys" in learn.evaluate(unit, "kl-pq")
    assert "nats" in learn.evaluate(unit, "same-nll")
    learn.select_option("#language", "zh")
    assert "哈特利" in learn.evaluate(unit, "logarithmic-value")
