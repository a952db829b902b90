"""A chart as SVG inside the page: drawn without a browser, cleaned, in the page's colours and both languages."""

import json
import re
from functools import cache, lru_cache
from typing import Any
from xml.etree import ElementTree

from bitsapart.errors import MissingExtraError

from .colours import ROLES
from .markup import Markup, join, tag
from .words import LANGUAGES, Language, word

__all__ = ["draw", "say_token"]

_OPEN, _CLOSE = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}", "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
_TOKEN = re.compile(f"{_OPEN}([a-z_0-9]+){_CLOSE}")
_ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "circle", "text", "clipPath", "defs"})
_ATTRIBUTES = frozenset({
    "viewBox", "transform", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "rx", "fill",
    "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity", "text-anchor",
    "font-size", "font-weight", "clip-path", "id",
})  # fmt: skip
_NUMBER = re.compile(r"-?\d*\.\d{2,}(?:e-?\d+)?")
_EMPTY = frozenset({"", "M0,0h0v0h0Z"})


def say_token(key: str) -> str:
    """What a chart writes instead of a text, so that `draw` can put both languages there."""
    return f"{_OPEN}{key}{_CLOSE}"


def draw(chart: Any, *, label: str) -> Markup:
    """The chart as an `<svg>`.

    Args:
        chart: an Altair chart whose own texts come from `say_token`.
        label: id of the element that says what it shows.

    Returns:
        Elements and attributes of a short list only: no script, link, style or reference to anything outside.

    Raises:
        MissingExtraError: vl-convert-python is not installed.
    """
    root = ElementTree.fromstring(_svg(json.dumps(chart.to_dict(validate=False))))
    inside = _inside(root, _unique(label))
    box = root.get("viewBox", "0 0 1 1")
    wide = float(box.split()[2])
    return tag(
        "svg", inside, viewBox=box, role="img", aria_labelledby=label, class_="chart", style=f"--wide:{wide:.0f}px"
    )


@lru_cache(maxsize=256)
def _svg(specification: str) -> str:
    """Drawing is most of the work; a page that turns out too large is made again from the same drawings."""
    drawn: str = _converter().vegalite_to_svg(specification)
    return drawn


@cache
def _converter() -> Any:
    try:
        import vl_convert
    except ImportError:
        purpose = "a chart"
        raise MissingExtraError(purpose, "vl-convert-python", "report") from None
    return vl_convert


def _unique(label: str) -> str:
    return re.sub(r"[^a-z0-9]", "", label.lower())


def _inside(parent: ElementTree.Element, prefix: str) -> Markup:
    return join([_element(child, prefix) for child in parent])


def _element(element: ElementTree.Element, prefix: str) -> Markup:
    name = element.tag.rpartition("}")[2]
    if name not in _ELEMENTS or element.get("d", "x") in _EMPTY or element.get("display") == "none":
        return Markup()
    if name == "rect" and element.get("fill") == "white":
        return Markup()  # the paper is the page's
    if name == "text":
        return _text(element, prefix)
    inside = _inside(element, prefix)
    if name in ("g", "defs") and not inside:
        return Markup()
    attributes = _attributes(element, prefix)
    if name == "g" and not attributes:
        return inside
    return tag(name, inside, **attributes)


def _text(element: ElementTree.Element, prefix: str) -> Markup:
    """A text; tokens in it are replaced, and the text is there once in each language."""
    text = "".join(element.itertext())
    if not text or element.get("opacity") == "0":
        return Markup()
    attributes = _attributes(element, prefix)
    if not _TOKEN.search(text):
        return tag("text", text, **attributes)
    return join(tag("text", _said(text, lang), lang=lang, **attributes) for lang in LANGUAGES)


def _said(text: str, lang: Language) -> str:
    def one(found: re.Match[str]) -> str:
        try:
            return word(found[1], lang)
        except KeyError:  # a class of that name
            return found[0]

    return _TOKEN.sub(one, text)


def _attributes(element: ElementTree.Element, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES or (name == "fill" and value == "transparent" and element.get("stroke") is None):
            continue
        if name in ("opacity", "fill-opacity") and value == "1":
            continue
        if name in ("fill", "stroke") and value in ROLES:
            found["class_"] = f"{found.get('class_', '')} {name[0]}-{ROLES[value]}".strip()
            continue
        if name == "id":
            value = f"{prefix}{value}"
        if name == "clip-path":
            value = value.replace("url(#", f"url(#{prefix}")
        found[name] = _NUMBER.sub(lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), value)
    return found
