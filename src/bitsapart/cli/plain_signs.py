"""Signs that the terminal's encoding lacks, written with those that it has, so that no minus sign is lost."""

import codecs
import io
import sys
import unicodedata

__all__ = ["write_any_sign"]

_HANDLER = "bitsapart-signs"
_SIGNS = {
    "−": "-", "–": "-", "—": "-", "\N{NARROW NO-BREAK SPACE}": " ", "∞": "inf", "≤": "<=", "≥": ">=", "±": "+/-",
    "×": "x", "√": "sqrt ", "Σ": "sum ", "∏": "prod ", "Π": "prod ", "‖": "||", "→": "->", "↓": "v", "●": "*", "·": "|",
    "“": '"', "”": '"', "«": '"', "»": '"', "’": "'", "∈": "in", "∝": "~", "§": "section ", "─": "-", "│": "|",
    "█": "#", "•": "*", "½": "1/2", "¼": "1/4",
}  # fmt: skip


def write_any_sign() -> None:
    """Let standard output and standard error write every text, whatever their encoding.

    A terminal or a pipe of another encoding than UTF-8 gets "-" for a minus sign, "<=" for "≤", a letter's name for a
    Greek letter, and what cannot be written otherwise as its number.
    """
    codecs.register_error(_HANDLER, _instead)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors=_HANDLER)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_written, error.object[error.start : error.end])), error.end


def _written(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    if unicodedata.combining(sign):
        return ""
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK") and " LETTER " in name:
        return name.partition(" LETTER ")[2].split()[0].lower()
    plain = unicodedata.normalize("NFKD", sign)
    if plain.isascii():
        return f"^{plain}" if name.startswith("SUPERSCRIPT") else plain
    return sign.encode("ascii", "backslashreplace").decode()
