"""The page's words in English and Chinese: `words.toml` and `measures.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from bitsapart.errors import DomainError

from .markup import Child, Markup, join, tag

__all__ = ["LANGUAGES", "WAYS", "Language", "both", "both_of", "check_language", "measure_words", "two", "word"]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

#: the three ways and their measures, in the order shown
WAYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "squares",
        (
            "absolute_error", "squared_error", "brier", "squared_distance", "disagreement", "ranked_probability_score",
            "ranked_squared_distance",
        ),
    ),
    ("likelihood", ("log_likelihood", "log_loss", "geometric_mean_probability")),
    ("entropy", ("cross_entropy", "entropy", "kl_divergence", "perplexity")),
)  # fmt: skip


@cache
def _table(name: str) -> dict[str, dict[str, str]]:
    table: dict[str, Any] = tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    return table


def measure_words(key: str) -> dict[str, str] | None:
    """A measure's "en", "zh", "formula", "meaning_en" and "meaning_zh"; None if the page has no name for it."""
    return _table("measures").get(key)


def check_language(language: str) -> Language:
    """The language, if the page speaks it.

    Raises:
        DomainError: it is neither "en" nor "zh".
    """
    for known in LANGUAGES:
        if known == language:
            return known
    message = f"lang is {language!r}, but the page speaks {' and '.join(LANGUAGES)}"
    raise DomainError(message)


def word(key: str, language: Language, *, table: str = "words", **parts: str) -> str:
    """One entry in one language, plain text."""
    text = _table(table)[key][language]
    return text.format(**parts) if parts else text


def both(key: str, /, **parts: Child) -> Markup:
    """One entry in both languages; the page shows one of them. Parts are inserted as children."""
    return both_of("words", key, **parts)


def both_of(table: str, key: str, /, **parts: Child) -> Markup:
    """The same from another table of words."""
    entry = _table(table)[key]
    return two(_filled(entry["en"], parts), _filled(entry["zh"], parts))


def two(english: Child, chinese: Child) -> Markup:
    """The same thing said in both languages."""
    return join([tag("span", english, lang="en"), tag("span", chinese, lang="zh")])


def _filled(text: str, parts: dict[str, Child]) -> Markup:
    pieces: list[Child] = []
    while "{" in text:
        before, _, text = text.partition("{")
        name, _, text = text.partition("}")
        pieces += [before, parts[name]]
    return join([*pieces, text])
