"""Notes and warnings in both languages: the saved result holds them in English, `sentences.toml` has their Chinese."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["in_chinese"]

_PART = re.compile(r"\{(\w+)\}")


@cache
def _known() -> tuple[tuple[tuple[re.Pattern[str], str], ...], dict[str, str]]:
    """Every sentence as a pattern with its Chinese, and the phrases that may fill a gap."""
    table: dict[str, Any] = tomllib.loads(files(__package__).joinpath("sentences.toml").read_text(encoding="utf-8"))
    phrases: dict[str, str] = table.pop("phrases")
    return tuple((_pattern(entry["en"]), entry["zh"]) for entry in table.values()), phrases


def _pattern(english: str) -> re.Pattern[str]:
    texts = _PART.split(english)  # text and names of gaps in turn
    parts = (f"(?P<{text}>.+?)" if place % 2 else re.escape(text) for place, text in enumerate(texts))
    return re.compile("".join(parts), re.DOTALL)


def in_chinese(sentence: str) -> str:
    """A note or a warning in Chinese; one that is not known, of another version, stays as it is.

    Example:
        >>> in_chinese("a.csv: verdicts in column 'x'; items by their row")
        "a.csv：列 'x' 是判定；项目按行对应"
    """
    parts = [_translated(part) for part in sentence.split("; ")]
    return (_translated(sentence) or sentence) if None in parts else "；".join(filter(None, parts))


def _translated(sentence: str) -> str | None:
    sentences, phrases = _known()
    for pattern, chinese in sentences:
        if found := pattern.fullmatch(sentence):
            gaps = {name: phrases.get(text, text) for name, text in found.groupdict().items()}
            return _PART.sub(lambda gap, gaps=gaps: gaps[gap[1]], chinese)  # type: ignore[misc]
    return None
