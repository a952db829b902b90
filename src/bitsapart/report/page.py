"""The page: one file, everything in it, nothing fetched, nothing run but its own script."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from bitsapart.comparison.writing import write_atomically
from bitsapart.errors import StateError

from . import figures
from .items import Shown, look_up
from .markup import Child, Markup, join, shown, tag
from .sections import facts, hero, how, ranking, three_ways
from .sentences import in_chinese
from .standing import better, replacement
from .words import Language, both, check_language, two, word
from .worst import worst

__all__ = ["page", "shell", "write_report"]

_MOST_BYTES = 1_900_000
_FIGURES = ("split", "equivalence", "reliability", "classes", "confusion", "slices")
#: what is left out, step by step, of a page that would be too large
_SMALLER: tuple[dict[str, Any], ...] = (
    {"figures": 8},
    {"curves": 4, "figures": 8},
    {"curves": 1, "figures": 6},
    {"curves": 1, "figures": 3, "rows": 40, "models": 40},
    {"curves": 0, "figures": 1, "rows": 15, "models": 15, "items": False},
)


def write_report(
    data: Mapping[str, Any],
    path: str | Path,
    *,
    lang: str = "en",
    items: "str | Path | Mapping[str, str] | None" = None,
) -> None:
    """Write the page of a comparison: one HTML file that works offline, below 2 MB whatever was compared.

    Args:
        data: a document of schema 1 (`Comparison.data`, or the JSON that `compare --json` wrote).
        path: the file to write, whole or not at all.
        lang: the language the page opens in, "en" or "zh"; the reader can switch.
        items: what the worst items look like: a folder of pictures, `FILE:COLUMN` of texts, or a mapping.

    Raises:
        StateError: the document is not of a schema that this version reads.
        DataError: the file cannot be written, or `items` cannot be read.
        DomainError: the language is not known.
        MissingExtraError: altair or vl-convert-python is not installed.
    """
    language = check_language(lang)
    if data.get("schema") != 1:
        message = f"this is not a comparison: its schema is {data.get('schema')!r}, this version reads schema 1"
        raise StateError(message)
    seen: Mapping[str, Shown] = {}
    if items is not None:
        seen = look_up(items, [str(row["item"]) for model in data["models"] for row in model.get("worst", ())])
    for less in _SMALLER:
        content = page(_reduced(data, less), language, {} if less.get("items") is False else seen).encode()
        if len(content) < _MOST_BYTES:
            break
    write_atomically(path, content)


def page(data: Mapping[str, Any], language: Language = "en", items: Mapping[str, Shown] | None = None) -> str:
    """The page as text; every text of the data in it is escaped."""
    models = data["models"]
    several = len(models) > 1
    warnings = [
        tag("li", two(shown(warning, 600), shown(in_chinese(warning), 600))) for warning in data.get("warnings", ())
    ]
    said = tag("ul", warnings, class_="warn") if warnings else Markup()
    parts = [_model(data, model, place, items or {}, "" if several else said) for place, model in enumerate(models)]
    main = [
        facts(data),
        [tag("section", ranking(data), id="ranking"), said] if several else "",
        parts,
        tag("section", how(data)),
    ]
    name = models[0]["name"] if len(models) == 1 else f"{len(models)} models"
    titles: dict[str, str] = {lang: f"{shown(name, 60)} – {word('title', lang)}" for lang in ("en", "zh")}
    return shell(main, language, titles=titles, tools=_model_picker(models) if several else "", script="page.js")


def shell(
    main: Child, language: Language, *, titles: Mapping[str, str], script: str, tools: Child = "", styles: str = "",
) -> str:  # fmt: skip
    """A whole document around `main`, with the language and theme switches and a policy that allows nothing else.

    Args:
        main: what the page is about.
        language: the one it opens in.
        titles: the document's title in both languages.
        script: the file of this folder that drives it.
        tools: further controls of the top line.
        styles: a further style sheet of this folder.
    """
    code, css = _asset(script), _asset("page.css") + (_asset(styles) if styles else "")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head", tag("meta", charset="utf-8"), tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"), tag("title", titles[language]),
        tag("style", Markup(css)),
    )  # fmt: skip
    top = tag(
        "header", tag("a", both("skip"), href="#main", class_="skip"), tag("strong", "bitsapart"),
        tag("div", tools, _switches(language), class_="tools"), class_="bar-top",
    )  # fmt: skip
    body = tag("body", top, tag("main", main, id="main"), tag("script", Markup(code)))
    root = tag(
        "html", head, body, lang=language, data_lang=language, data_theme="auto", data_title_en=titles["en"],
        data_title_zh=titles["zh"],
    )  # fmt: skip
    return f"<!doctype html>\n{root}\n"


def _model(
    data: Mapping[str, Any], model: Mapping[str, Any], place: int, items: Mapping[str, Shown], said: Child
) -> Markup:
    drawn = [tag("section", getattr(figures, name)(data, model, place)) for name in _FIGURES if name not in _cut(model)]
    drawn[1:1] = [tag("section", made(data, model, place)) for made in (better, replacement)]
    return tag(
        "div", tag("section", hero(data, model), class_="hero"), said, tag("section", three_ways(model)),
        [section for section in drawn if section != "<section></section>"],
        tag("p", both("absent", why=both("why_size")), class_="note") if _cut(model) else "",
        tag("section", worst(data, model, items)) if model.get("worst") else "", data_model=str(place),
    )  # fmt: skip


def _cut(model: Mapping[str, Any]) -> tuple[str, ...]:
    return _FIGURES if model.get("_without_figures") else ()


def _reduced(data: Mapping[str, Any], less: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document with fewer curves, figures, rows and models."""
    models = []
    for place, model in enumerate(data["models"][: less.get("models")]):
        rows = less.get("rows")
        cut = {key: model[key][:rows] for key in ("worst", "slices", "by_class") if model.get(key)}
        if model.get("reliability"):
            cut["reliability"] = model["reliability"][: less.get("curves")]
        if place >= less["figures"]:
            cut["_without_figures"] = True
        models.append({**model, **cut})
    rows = less.get("rows")
    lists = {key: list(data.get(key) or ())[:rows] for key in ("pairs", "inputs", "notes", "warnings")}
    return {**data, **lists, "models": models}


def _model_picker(models: Any) -> Markup:
    options = [tag("option", shown(model["name"], 60), value=str(place)) for place, model in enumerate(models)]
    return tag("label", both("model"), tag("select", options, class_="model"))


def _switches(language: Language) -> Markup:
    languages = [
        tag("option", text, value=code, selected=code == language) for code, text in (("en", "English"), ("zh", "中文"))
    ]
    themes = [
        tag("option", text[language], value=code, data_en=text["en"], data_zh=text["zh"])
        for code, text in (
            ("auto", {"en": "colours: auto", "zh": "颜色：自动"}),
            ("light", {"en": "colours: light", "zh": "颜色：浅色"}),
            ("dark", {"en": "colours: dark", "zh": "颜色：深色"}),
        )
    ]
    return join([
        tag("label", tag("select", languages, id="language", aria_label="Language / 语言")),
        tag("label", tag("select", themes, id="theme", aria_label="Dark or light / 深色或浅色")),
    ])  # fmt: skip


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
