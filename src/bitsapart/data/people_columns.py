"""Which number columns of people's sheet are classes, where the models' sheets help to tell."""

from collections.abc import Mapping, Sequence

import numpy as np

from bitsapart.errors import AmbiguityError

from .class_columns import is_class_like, most_matched, name_groups
from .engine import Engine
from .evidence import matrix_of, weigh
from .quoting import class_list
from .roles import Roles
from .sheet import Sheet

__all__ = ["people_columns"]

_MOSTLY = 0.5
_SEVERAL = 2


def people_columns(
    sheet: Sheet, roles: Roles, models: Sequence[tuple[Sheet, Roles]], engine: Engine
) -> dict[str, str] | None:
    """The class columns of people's sheet, by class.

    A prefix or suffix that all of them share is taken off where the models have the classes without it; a column that
    no model has is a class only if it can be one.

    Args:
        sheet: people's input.
        roles: its columns by their part.
        models: the models' inputs.
        engine: reads a sample.

    Returns:
        Columns by class; `None` where the models tell nothing, and every number column is a class under its own name.

    Raises:
        AmbiguityError: a column that no model has may be a class or something else.
    """
    own = [column.name for column in roles.rest if is_class_like(column)]
    theirs = [_numbers(*model) for model in models]
    if roles.label is not None or not sheet.named or len(own) < _SEVERAL or not any(theirs):
        return None
    best: dict[str, str] = {}
    known: set[str] = set()
    for group in name_groups(own):
        matched = {one for names in theirs for one in most_matched(names, list(group))}
        if len(matched) > len(known):
            best, known = group, matched
    if len(known) < _SEVERAL:
        return None
    strange = {one: column for one, column in best.items() if one not in known}
    kept = _told_apart(sheet, {one: best[one] for one in best if one in known}, strange, engine)
    return {one: column for one, column in best.items() if one in kept}


def _numbers(sheet: Sheet, roles: Roles) -> list[str]:
    """The number columns of a model with a column for each class."""
    names = [column.name for column in roles.rest if is_class_like(column)]
    return names if sheet.named and roles.label is None and len(names) >= _SEVERAL else []


def _told_apart(
    sheet: Sheet, known: Mapping[str, str], strange: Mapping[str, str], engine: Engine
) -> Mapping[str, str]:
    """The known classes, and those of the others that are classes as well.

    Shares that sum to 1 without a column, and numbers that are not whole beside counts, are no class. Whole numbers may
    be counts; but a class that people chose for most items is one that a model would know.
    """
    if not strange:
        return known
    sample = sheet.sample(engine)
    shown = weigh(matrix_of(sample, list(known.values())))
    if shown.near_one > _MOSTLY and shown.whole < 1:
        together = weigh(matrix_of(sample, [*known.values(), *strange.values()]))
        return {**known, **strange} if together.near_one > _MOSTLY else known
    if shown.whole <= _MOSTLY:
        return {**known, **strange}
    counts = {one: column for one, column in strange.items() if weigh(matrix_of(sample, [column])).whole > _MOSTLY}
    usual = [one for one, column in counts.items() if np.mean(matrix_of(sample, [column]) > 0) > _MOSTLY]
    if usual:
        without, all_of_them = class_list(known), class_list([*known, *counts])
        message = (
            f"{sheet.name}, column {counts[usual[0]]!r} is above 0 for most items, and no model has such a class: "
            f"leave it out with --classes {without}, or say with --classes {all_of_them} that it is one"
        )
        raise AmbiguityError(message)
    return {**known, **counts}
