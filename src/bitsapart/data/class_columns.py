"""Which columns are classes: matched by name, also behind a common prefix such as "p_cat", "p_dog"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations

from bitsapart.errors import AmbiguityError, DataError

from .sheet import Column, Sheet

__all__ = [
    "Match", "classes_asked_for", "is_class_like", "match_classes", "most_matched", "name_groups",
    "refuse_unknown_class", "split_sides",
]  # fmt: skip

_SEPARATORS = "_.:- /"
_NOT_CLASSES = {
    "total", "sum", "k", "n_annotators", "n_judgements", "num_annotators", "weight", "weights", "fold", "split", "seed",
    "entropy", "loss", "cross_entropy", "confidence", "score", "index", "unnamed: 0", "level_0", "row", "majority",
}  # fmt: skip
_PEOPLE_WORDS = {"people", "human", "humans", "person", "annotators", "n", "count", "counts", "votes", "x"}
_MODEL_WORDS = {"model", "p", "q", "prob", "proba", "probability", "logit", "logits", "logp", "pred", "y", "softmax"}


@dataclass(frozen=True)
class Match:
    """Columns by the class that they hold, and what was left over."""

    columns: Mapping[str, str]
    left: tuple[str, ...]
    affix: str = ""


def is_class_like(column: Column) -> bool:
    """Whether a column without a part to play may hold a class: it holds numbers and is not called "total"."""
    return column.numeric and column.name.strip().lower() not in _NOT_CLASSES


def classes_asked_for(sheet: Sheet, columns: Sequence[Column], classes: Sequence[str]) -> dict[str, str]:
    """The columns of these classes and no others; columns without names are taken in their order.

    Raises:
        DataError: none of the classes has a column, or the number of columns without names differs.
    """
    if not sheet.named:
        if len(columns) != len(classes):
            message = f"{sheet.name} has {len(columns)} columns, but classes (--classes) names {len(classes)}"
            raise DataError(message)
        return dict(zip(classes, (column.name for column in columns), strict=True))
    match = match_classes(sheet, columns, classes)
    if not match.columns:
        there = ", ".join(column.name for column in columns[:8])
        message = f"{sheet.name} has no column for any class that --classes names; its number columns are {there}"
        raise DataError(message)
    return dict(match.columns)


def refuse_unknown_class(classes: Sequence[str], known: Sequence[str], sheets: Sequence[Sheet]) -> None:
    """A class that is asked for and that no input knows is a slip of the pen; the nearest column is suggested.

    Raises:
        DataError: there is one.
    """
    missing = next((name for name in classes if name not in known), None)
    if missing is None:
        return
    there = list(dict.fromkeys(column.name for sheet in sheets for column in sheet.columns))
    near = get_close_matches(missing, there, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    message = f"no input has a column for class {missing!r} that --classes names{hint}"
    raise DataError(message)


def match_classes(sheet: Sheet, columns: Sequence[Column], classes: Sequence[str]) -> Match:
    """Match columns to classes that are known from the other side.

    A column is a class's if it has its name, or its name behind one prefix (or before one suffix) that all share.

    Raises:
        AmbiguityError: two prefixes match as many classes.
    """
    names = [column.name for column in columns]
    found = _by_affix(names, classes)
    if not found:
        return Match({}, tuple(names))
    most = max(len(columns) for columns in found.values())
    best = [affix for affix, columns in found.items() if len(columns) == most]
    if len(best) > 1 and ("", "") not in best:
        first, second = ("".join(affix) for affix in best[:2])
        message = (
            f"{sheet.name} has columns for the classes behind {first!r} and behind {second!r}: keep one of them, or "
            "name the columns as the classes"
        )
        raise AmbiguityError(message)
    affix = ("", "") if ("", "") in best else best[0]
    chosen = found[affix]
    left = tuple(name for name in names if name not in chosen.values())
    return Match({one: chosen[one] for one in classes if one in chosen}, left, "".join(affix))


def most_matched(names: Sequence[str], classes: Sequence[str]) -> list[str]:
    """The classes that have a column, behind the prefix or before the suffix that most of them share."""
    return max(map(list, _by_affix(names, classes).values()), key=len, default=[])


def name_groups(names: Sequence[str]) -> list[dict[str, str]]:
    """What columns may be classes: all under their own names first, then those behind one prefix or before a suffix."""
    prefixed = [group for prefix, group in _groups(names).items() if prefix]
    mirrored = [group for prefix, group in _groups([name[::-1] for name in names]).items() if prefix]
    suffixed = [{one[::-1]: name[::-1] for one, name in group.items()} for group in mirrored]
    return [{name: name for name in names}, *prefixed, *suffixed]


def _by_affix(names: Sequence[str], classes: Sequence[str]) -> dict[tuple[str, str], dict[str, str]]:
    """The column of each class behind each prefix and before each suffix that occurs."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        for one in classes:
            for affix in _affixes(name, one):
                found.setdefault(affix, {})[one] = name
    return found


def _affixes(name: str, one: str) -> list[tuple[str, str]]:
    if name == one:
        return [("", "")]
    if name.endswith(one) and name[: -len(one)][-1:] in _SEPARATORS:
        return [(name[: -len(one)], "")]
    if name.startswith(one) and name[len(one) :][:1] in _SEPARATORS:
        return [("", name[len(one) :])]
    return []


def split_sides(sheet: Sheet, columns: Sequence[Column]) -> tuple[dict[str, str], dict[str, str]] | None:
    """Tell people's class columns from the model's in one sheet, such as "n_cat", "n_dog" and "p_cat", "p_dog".

    Returns:
        The columns of the two sides by class, people's first; `None` where there are no two such groups.

    Raises:
        AmbiguityError: there are two groups and nothing says which is whose.
    """
    groups = _groups([column.name for column in columns])
    pairs = [pair for pair in combinations(groups, 2) if _same_classes(groups[pair[0]], groups[pair[1]])]
    if len(pairs) != 1:
        return None
    first, second = pairs[0]
    sides = {prefix: _side(prefix, groups[prefix], sheet) for prefix in (first, second)}
    if sides[first] == "model" or sides[second] == "people":
        first, second = second, first
    by_people = sides[first] == "people" and sides[second] != "people"
    by_model = sides[second] == "model" and sides[first] != "model"
    if by_people or by_model:
        return groups[first], groups[second]
    message = (
        f"{sheet.name} has two groups of class columns, {first or 'plain'!r} and {second or 'plain'!r}, and either "
        "may be people's: begin their names with people_ and model_"
    )
    raise AmbiguityError(message)


def _same_classes(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return len(one) > 1 and set(one) == set(other) and not set(one.values()) & set(other.values())


def _groups(names: Sequence[str]) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {"": {name: name for name in names}}
    for name in names:
        for place, letter in enumerate(name[:-1]):
            if letter in _SEPARATORS and place:
                groups.setdefault(name[: place + 1], {})[name[place + 1 :]] = name
    prefixed = {prefix: group for prefix, group in groups.items() if prefix and len(group) > 1}
    taken = {name for group in prefixed.values() for name in group.values()}
    plain = {name: name for name in names if name not in taken}
    return {**prefixed, **({"": plain} if len(plain) > 1 else {})}


def _side(prefix: str, group: Mapping[str, str], sheet: Sheet) -> str | None:
    words = {part for part in prefix.lower().strip(_SEPARATORS).replace("-", "_").split("_") if part}
    if words & _PEOPLE_WORDS:
        return "people"
    if words & _MODEL_WORDS:
        return "model"
    kinds = {sheet.column(name).type for name in group.values()}
    return "people" if kinds == {"integer"} else None
