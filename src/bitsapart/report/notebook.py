"""The compact picture that a notebook shows of a comparison: no script, no chart library, styles of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from .markup import Child, Markup, join, name_of, tag
from .numbers import interval, number, quantity
from .plots import split_parts
from .sections import sentence
from .words import WAYS, Language, check_language, measure_words, word

__all__ = ["compact"]

_MOST_MODELS = 8
_COLOURS = {"own": "#1f6fb2", "grouping": "#d9640f", "rest": "#d9640f", "calibration": "#a21caf", "kl": "#c2410c"}
_STYLE = """
.bitsapart{font-family:system-ui,sans-serif;max-width:46rem;line-height:1.45}
.bitsapart b.x{font-size:1.35em}.bitsapart table{border-collapse:collapse;margin:.5em 0}
.bitsapart td,.bitsapart th{padding:.15em .8em .15em 0;text-align:left;border:0;background:none}
.bitsapart td.n{text-align:right;font-variant-numeric:tabular-nums}.bitsapart .pale{opacity:.7}
.bitsapart .split{display:flex;height:1.1em;border-radius:4px;overflow:hidden;margin:.4em 0}
.bitsapart .split span{background:var(--c);flex:var(--w) 0 0;min-width:2px}
.bitsapart .key{display:inline-block;width:.7em;height:.7em;border-radius:2px;background:var(--c);margin-right:.35em}
.bitsapart-zh [lang=en],.bitsapart-en [lang=zh]{display:none}
"""


def compact(data: Mapping[str, Any], lang: str = "en") -> str:
    """The sentence, the split as a bar and the three ways, as HTML that needs nothing else.

    Args:
        data: a document of schema 1.
        lang: "en" or "zh".

    Raises:
        DomainError: the language is not known.
    """
    language = check_language(lang)
    models: Sequence[Mapping[str, Any]] = data["models"]
    shown = [_model(model, language) for model in models[:_MOST_MODELS]]
    more = "" if len(models) <= _MOST_MODELS else tag("p", f"+ {len(models) - _MOST_MODELS}", class_="pale")
    return tag("div", tag("style", Markup(_STYLE)), shown, more, class_=f"bitsapart bitsapart-{language}")


def _model(model: Mapping[str, Any], language: Language) -> Markup:
    measures = model["measures"]
    rows = [
        _row(key, measures[key], language, str(place))
        for place, (_, keys) in enumerate(WAYS, start=1)
        for key in keys
        if key in measures
    ]
    return join([
        tag("div", tag("b", sentence(model), class_="x"), " ", name_of(model["name"]), class_="head"),
        _bar(model, language), tag("table", rows),
    ])  # fmt: skip


def _row(key: str, entry: Mapping[str, Any], language: Language, way: str) -> Markup:
    words = measure_words(key)
    name: Child = words[language] if words else key
    return tag(
        "tr", tag("td", way, class_="pale"), tag("td", name), tag("td", quantity(entry), class_="n"),
        tag("td", interval(entry), class_="n pale"),
    )  # fmt: skip


def _bar(model: Mapping[str, Any], language: Language) -> Markup:
    parts, _ = split_parts(model, "log")
    if not parts:
        return Markup()
    bars, keys = [], []
    for name, entry in parts:
        value = number(entry["value"])
        style = f"--c:{_COLOURS[name]};--w:{min(max(value, 0.0), 1e9):.6f}"
        bars.append(tag("span", style=style, title=word(name, language)))
        keys.append(
            tag(
                "span",
                tag("span", class_="key", style=style),
                word(name, language),
                " ",
                quantity(entry),
                "\N{EN SPACE}",
            )
        )
    return join([tag("div", bars, class_="split"), tag("div", keys)])
