"""HTML in which text is always text: strings are escaped, only `Markup` passes as it is."""

import re
from collections.abc import Iterable
from html import escape
from typing import TypeAlias

__all__ = ["Child", "Markup", "bar", "join", "name_of", "shown", "tag"]

_VOID = frozenset({"meta", "img", "br", "input"})
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LONGEST = 160


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = str | Markup | Iterable["Child"] | None


def tag(element: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """One element; attribute names have `_` for `-`, a trailing `_` is dropped, None and False leave them out.

    Example:
        >>> tag("p", "a < b", class_="note")
        '<p class="note">a &lt; b</p>'
    """
    words = "".join(_attribute(name, value) for name, value in attributes.items())
    if element in _VOID:
        return Markup(f"<{element}{words}>")
    return Markup(f"<{element}{words}>{join(children)}</{element}>")


def join(children: Child) -> Markup:
    """Children one after the other, plain strings escaped."""
    if children is None:
        return Markup()
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return Markup(escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", children), quote=False))
    return Markup("".join(join(child) for child in children))


def shown(text: object, longest: int = _LONGEST) -> str:
    """Text from the data, cut where it is longer than a page can show."""
    whole = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))
    return whole if len(whole) <= longest else f"{whole[:longest]}…"


def name_of(text: object, longest: int = _LONGEST) -> Markup:
    """A name from the data: isolated, so that its direction of writing does not reach its neighbours."""
    return tag("bdi", shown(text, longest), class_="name")


def bar(share: float, kind: str) -> Markup:
    """A bar of a table cell; purely decorative, the number stands beside it."""
    width = 100 * min(max(share, 0.0), 1.0)
    return tag("span", class_=f"bar {kind}", style=f"--w:{width:.2f}%", aria_hidden="true")


def _attribute(name: str, value: "str | float | bool | None") -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{escape(_CONTROL.sub(" ", str(value)))}"'
