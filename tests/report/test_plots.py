"""Charts that can be saved without a browser, the notebook's picture, numbers and words."""

import json
import re
import sys

import pytest

from bitsapart.comparison.result import Comparison
from bitsapart.errors import DataError, DomainError, MissingExtraError
from bitsapart.report import Plots, compact
from bitsapart.report.drawing import draw, say_token
from bitsapart.report.markup import join, name_of, tag
from bitsapart.report.numbers import fixed, interval, percent, plus_minus, quantity
from bitsapart.report.words import LANGUAGES, _table, both, word


@pytest.mark.parametrize("kind", ["split", "equivalence", "reliability", "classes"])
def test_charts_are_saved_as_png_and_svg(result, tmp_path, kind):
    chart = getattr(Comparison(result).plot, kind)("first")
    chart.save(str(tmp_path / "chart.png"))
    chart.save(str(tmp_path / "chart.svg"))
    assert (tmp_path / "chart.png").read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in (tmp_path / "chart.svg").read_text(encoding="utf-8")


def test_charts_hold_the_documents_numbers(result):
    plots = Plots(result)
    split = json.dumps(plots.split("first").to_dict())
    assert re.findall(r'"part": "([^"]+)"', split) == ["people\\u2019s own entropy", "grouping", "calibration"]
    spans = re.findall(r'"from": ([-0-9.e]+), "to": ([-0-9.e]+)', split)
    assert [round(float(b) - float(a), 6) for a, b in spans] == [0.5, 0.2, 0.1]
    square = re.findall(r'"from": ([-0-9.e]+), "to": ([-0-9.e]+)', json.dumps(plots.split(score="square").to_dict()))
    assert [float(end) for end in square[2]] == [0.0, -0.01]
    assert '"k": 2.4' in json.dumps(plots.equivalence().to_dict())
    assert plots.reliability(of="dog").to_dict()["vconcat"][0]["layer"][2]["data"]["values"][0] == {
        "q": 0.01,
        "p": 0.05,
    }
    assert len(plots.classes("second").to_dict()["data"]["values"]) == 3


def test_without_a_split_the_bar_is_entropy_and_divergence(result):
    del result["models"][0]["split"]
    text = json.dumps(Plots(result, "zh").split().to_dict(), ensure_ascii=False)
    assert word("kl", "zh") in text
    with pytest.raises(DataError, match="--detail"):
        Plots(result).split(score="square")


def test_an_infinite_part_is_named_and_fills_the_notebooks_bar(result):
    terms = result["models"][0]["split"]["log"]["terms"]
    terms["calibration"] = terms["calibration"] | {"value": "inf", "low": None, "high": None}
    with pytest.raises(DataError, match="calibration is infinite"):
        Plots(result).split()
    text = compact(result)
    assert "calibration ∞" in re.sub("<[^>]*>", "", text)
    assert "--w:1000000000.0" in text


@pytest.mark.parametrize("part", ["equivalence", "reliability", "by_class"])
def test_parts_that_are_not_there_are_named(result, part):
    del result["models"][0][part]
    with pytest.raises(DataError, match=part):
        getattr(Plots(result), "classes" if part == "by_class" else part)()


def test_unknown_models_classes_and_languages_are_named(result):
    with pytest.raises(DomainError, match="no model 'third'"):
        Plots(result).split("third")
    with pytest.raises(DomainError, match="class 'fish'"):
        Plots(result).reliability(of="fish")
    with pytest.raises(DomainError, match="fr"):
        Plots(result, "fr")


@pytest.mark.parametrize("module", ["altair", "vl_convert"])
def test_a_missing_extra_says_what_to_install(result, monkeypatch, module):
    from bitsapart.report import drawing

    drawing._converter.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"bitsapart\[report\]"):
        draw(Plots(result).split(), label="x")
    drawing._converter.cache_clear()


def test_a_notebook_shows_the_compact_picture(result):
    text = Comparison(result)._repr_html_()
    assert text.count('class="split"') == 2
    assert "<script" not in text
    assert "0.800" in text
    assert "bitsapart-zh" in compact(result, "zh")


def test_hostile_names_stay_text_in_charts_and_notebooks(make):
    data = make.hostile()
    text = compact(data) + draw(Plots(data).classes(), label="c")
    assert "<script" not in text
    assert "<img" not in text
    assert "onload=document" not in re.sub(r"<[^>]*>", "", text).replace("&lt;svg onload=document", "")


def test_drawings_use_variables_and_both_languages(result):
    from bitsapart.report.charts import equivalence_chart

    text = draw(equivalence_chart(result["models"][0]["equivalence"], say_token, unit="x"), label="e")
    assert 'class="s-people"' in text
    assert 'lang="en"' in text
    assert word("axis_k", "zh") in text
    assert "⟦" not in text
    assert "#1f6fb2" not in text


@pytest.mark.parametrize(
    ("entry", "shown", "ends"),
    [
        ((0.51234, 0.004, "1"), "0.5123", "0.5083 – 0.5163"),
        ((0.51234, 0.04, "share"), "51.2\u00a0%", "47.2 – 55.2\u00a0%"),
        ((-12345.6, 20.0, "1"), "−12\u202f346", "−12\u202f366 … −12\u202f326"),
        (("inf", None, "1"), "∞", ""),
        ((0.25, None, "1"), "0.2500", ""),
        ((0.25, 0.0, "1"), "0.2500", "0.2500 – 0.2500"),
    ],
)
def test_numbers_have_the_digits_their_interval_deserves(make, entry, shown, ends):
    value, half, unit = entry
    made = make.quantity(value, half, unit) if half is not None else make.quantity(value, unit=unit)
    assert quantity(made) == shown
    assert interval(made) == ends


def test_other_numbers():
    assert [fixed(None, 2), fixed("-inf", 2), percent(0.12345), percent("inf")] == ["–", "−∞", "12.3\u00a0%", "∞"]
    assert plus_minus({"value": 1, "low": 0.9, "high": 1.1, "unit": "1"}) == "± 0.10"
    assert "≤" in quantity({"value": None, "low": None, "high": 0.5, "unit": "bit"})


def test_every_word_is_there_in_both_languages_with_the_same_parts():
    for key, entry in [*_table("words").items(), *_table("learn").items()]:
        assert set(entry) == set(LANGUAGES), key
        parts = [set(re.findall(r"{(\w+)}", entry[lang])) for lang in LANGUAGES]
        assert parts[0] == parts[1], key
        assert not re.search("[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]", entry["zh"]), key


def test_markup_escapes_what_is_not_markup():
    assert tag("p", "<&>", title='"<') == '<p title="&quot;&lt;">&lt;&amp;&gt;</p>'
    assert join(["a", None, tag("br")]) == "a<br>"
    assert name_of("x" * 500).count("x") == 160
    assert both("worth", x="<i>").count("&lt;i&gt;") == 2
