"""What the JSON holds stands in docs/json.md, and survives being written and read."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

import bitsapart as ba

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
NAMES = {"a", "b", "c", "fair", "poor", "cat", "dog"}  # of classes, models and columns


def rich(*, infinite=False):
    """A comparison with everything in it."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 120)
    people = {"item": range(120), **dict(zip("abc", rng.multinomial(5, p).T, strict=True)),
              "page": [f"p{n % 3}" for n in range(120)]}  # fmt: skip
    models = []
    for power in (1.5, 0.2):
        q = p**power
        q /= q.sum(axis=1, keepdims=True)
        if infinite:
            q[:9] = np.eye(3)[q[:9].argmin(axis=1)]
        models.append({"item": range(120), **dict(zip("abc", q.T, strict=True))})
    return ba.compare(people, *models, by=("page",), ordinal=True, recalibrate=True, classes=("a", "b", "c"))


def keys_of(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


@pytest.mark.parametrize("infinite", [False, True])
def test_every_key_is_documented(infinite):
    data = dict(rich(infinite=infinite).data)
    data.pop("settings")
    undocumented = {key for key in keys_of(data) if f"`{key}`" not in PAGE} - NAMES - UNSAID
    assert not undocumented


#: parts of entries whose own key is documented
UNSAID = {"text", "note", "left", "right", "log_loss_nats", "nats_per_unit", "k", "version"}


@pytest.mark.parametrize("infinite", [False, True])
def test_it_survives_being_written_and_read(infinite, tmp_path):
    result = rich(infinite=infinite)
    result.save(tmp_path / "r.json")
    again = ba.Comparison.load(tmp_path / "r.json")
    assert again.to_json() == result.to_json()
    assert str(again) == str(result)
    assert again._repr_html_() == result._repr_html_()
    best = result.models[0]
    assert again["cross_entropy", best].value == result["cross_entropy", best].value
    assert math.isinf(again["cross_entropy", best].value) == infinite
    assert "Infinity" not in result.to_json()
    assert "NaN" not in result.to_json()
    json.loads(result.to_json(), parse_constant=lambda name: pytest.fail(name))


def test_the_pictures_of_a_real_result_are_saved_without_a_browser(tmp_path):
    pytest.importorskip("vl_convert")
    result = rich()
    for kind in ("split", "equivalence", "reliability", "classes"):
        chart = getattr(result.plot, kind)(result.models[0])
        for ending in ("png", "svg"):
            chart.save(str(tmp_path / f"{kind}.{ending}"))
        assert (tmp_path / f"{kind}.png").read_bytes()[:4] == b"\x89PNG"
        assert (tmp_path / f"{kind}.svg").read_text(encoding="utf-8").count("<path") > 3
    terms = result.data["models"][0]["split"]["log"]["terms"]
    drawn = json.dumps(result.plot.split(result.models[0]).to_dict())
    spans = [float(b) - float(a) for a, b in re.findall(r'"from": ([-0-9.e]+), "to": ([-0-9.e]+)', drawn)]
    assert sorted(spans) == pytest.approx(sorted(term["value"] for term in terms.values()))


def test_a_notebook_shows_the_picture_and_prints_are_short():
    result = rich()
    html = result._repr_html_()
    assert html.count('class="split"') == 2
    assert "<script" not in html
    assert repr(result) == f"<Comparison of {', '.join(result.models)} with people on 120 items>"
