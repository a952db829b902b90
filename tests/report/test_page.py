"""The page as text: complete, small, closed to the outside, and every text of the data escaped."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from bitsapart.cli.report import command
from bitsapart.errors import DataError, DomainError, StateError
from bitsapart.report import write_report
from bitsapart.report.items import look_up

VOID = {"meta", "img", "br", "input"}


class Elements(HTMLParser):
    """Every element and attribute; fails where tags are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _read(pages, name):
    return (pages / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["usual", "bare", "hostile", "infinite"])
def test_pages_are_whole_and_closed_to_the_outside(pages, name):
    text = _read(pages, name)
    found = Elements(text).found
    code = re.search(r"<script>(.*)</script></body>", text, re.DOTALL)[1]
    digest = b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = next(attributes["content"] for tag, attributes in found if attributes.get("http-equiv"))
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}'")
    assert [tag for tag, _ in found].count("script") == 1
    for _, attributes in found:
        assert not [key for key in attributes if key.startswith("on")]
        assert attributes.get("href", "#").startswith("#")
        assert "src" not in attributes
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [attributes["aria-labelledby"] for _, attributes in found if "aria-labelledby" in attributes]
    assert set(labels) <= set(ids)
    assert not re.search(r"(?<!xmlns=\")https?://", text)


def test_every_svg_has_a_table_and_a_name(pages):
    text = _read(pages, "usual")
    found = Elements(text).found
    drawn = [attributes for tag, attributes in found if tag == "svg"]
    assert len(drawn) >= 12
    assert all(attributes["role"] == "img" and attributes["aria-labelledby"] for attributes in drawn)
    assert [tag for tag, _ in found].count("table") >= len(drawn)


def test_every_number_of_the_three_ways_is_the_documents(pages, make):
    data = make.document()
    text = _read(pages, "usual")
    shown = re.findall(r'data-measure="([a-z_]+)" data-value="([^"]*)"', text)
    expected = [
        (key, repr(model["measures"][key]["value"]))
        for model in data["models"] for key in model["measures"] if "accuracy" not in key
    ]  # fmt: skip
    assert sorted(shown) == sorted(expected)


def test_missing_parts_are_said(pages):
    text = _read(pages, "bare")
    assert text.count("Not here: ") >= 5
    assert "At most" in text
    assert "people’s own entropy H(P)" not in text


def test_an_infinite_loss_is_said_and_its_items(pages):
    text = _read(pages, "infinite")
    assert "Infinitely far from people" in text
    assert "On 20 of 100 items" in text
    assert '<bdi class="name">a</bdi>, <bdi class="name">b</bdi>' in text
    assert "the loss of 20 items is infinite" in text


def test_hostile_names_are_text_and_cut(pages, make):
    text = _read(pages, "hostile")
    assert "<script>document" not in text
    assert "<img" not in text
    assert "&lt;script&gt;document.title" in text
    assert "x" * 2000 not in text
    assert "\x00" not in text
    assert "\N{REPLACEMENT CHARACTER}" in text
    assert len(text) < 1_500_000
    assert make.names[9] not in Elements(text).found


def test_the_page_is_small_whatever_was_compared(tmp_path, make):
    """Hundreds of classes, many models and slices: still below 2 MB, and it says what is missing."""
    classes = [f"class number {n} with a long name {'z' * 100}" for n in range(200)]
    data = make.document(classes, [f"model {n}" for n in range(12)])
    first = data["models"][0]
    first["slices"] = first["slices"] * 300
    first["worst"] = first["worst"] * 20
    data["models"] = [first | {"name": f"model {n}"} for n in range(12)]  # alike: a chart is drawn once
    write_report(data, tmp_path / "large.html")
    text = (tmp_path / "large.html").read_text(encoding="utf-8")
    assert (tmp_path / "large.html").stat().st_size < 2_000_000
    assert "to keep the page small" in text


def test_pictures_and_texts_of_the_worst_items(tmp_path, make):
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(np.zeros((600, 400, 3), dtype=np.uint8)).save(folder / "item-0.png")
    (tmp_path / "secret.png").write_bytes((folder / "item-0.png").read_bytes())
    found = look_up(folder, ["item-0", "../secret", "item-1", "..", ""])
    assert list(found) == ["item-0"]
    assert found["item-0"].picture.startswith("data:image/jpeg;base64,")
    write_report(make.document(names=("only",)), tmp_path / "page.html", items=folder)
    assert 'src="data:image/jpeg' in (tmp_path / "page.html").read_text(encoding="utf-8")

    table = tmp_path / "texts.csv"
    table.write_text("item,comment,said\nitem-0,<b>bold</b>,other\nitem-2,second,thing\n", encoding="utf-8")
    assert look_up(table, ["item-0", "item-9"])["item-0"].text == "<b>bold</b>"
    assert look_up(f"{table}:said", ["item-2"])["item-2"].text == "thing"
    assert look_up(table, []) == {}
    write_report(make.document(names=("only",)), tmp_path / "page.html", items=table)
    assert "&lt;b&gt;bold&lt;/b&gt;" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("items", ["nowhere", "here.csv:nothing", "broken"])
def test_items_that_cannot_be_read_are_named(tmp_path, make, items):
    (tmp_path / "here.csv").write_text("item,text\na,b\n", encoding="utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "item-0.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=items.split(":")[0]):
        write_report(
            make.bare() | {"models": [make.model("m", ("yes", "no"))]}, tmp_path / "x.html", items=tmp_path / items
        )
    assert not (tmp_path / "x.html").exists()


def test_what_is_no_result_is_refused(tmp_path, make):
    with pytest.raises(StateError, match="schema"):
        write_report({"schema": 2}, tmp_path / "x.html")
    with pytest.raises(DomainError, match="en and zh"):
        write_report(make.bare(), tmp_path / "x.html", lang="fr")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_page(tmp_path, make):
    saved = tmp_path / "result.json"
    saved.write_text(json.dumps(make.bare()), encoding="utf-8")
    done = CliRunner().invoke(command, [str(saved), "--lang", "zh"], catch_exceptions=False)
    assert done.exit_code == 0
    assert '<html lang="zh" data-lang="zh"' in (tmp_path / "result.html").read_text(encoding="utf-8")
