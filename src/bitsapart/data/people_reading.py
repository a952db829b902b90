"""What a sheet says about people: answers, counts or distributions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bitsapart.errors import AmbiguityError, DataError, DomainError

from .class_columns import classes_asked_for, is_class_like
from .engine import Engine
from .evidence import Evidence, instead_of_numbers, matrix_of, weigh
from .id_sums import items_repeat
from .judgements import count_judgements, spread_probabilities
from .labels import Answers, answers_of
from .options import ReadOptions
from .roles import Roles
from .sheet import Column, Sheet

__all__ = ["PeopleReading", "read_people"]

_MOSTLY = 0.5


@dataclass(frozen=True)
class PeopleReading:
    """How a sheet is read as people.

    `layout` says where the values are: "labels" in `column` as answers, "wide" in one column per class (`columns`),
    "single" in `column` as the share of the first class, "list" in `column` as one list per item.
    """

    kind: Literal["labels", "counts", "probs"]
    layout: Literal["labels", "wide", "single", "list"]
    sheet: Sheet
    roles: Roles
    classes: tuple[str, ...]
    note: str
    columns: dict[str, str] = field(default_factory=dict)
    column: str | None = None
    answers: Answers | None = None
    announcements: tuple[str, ...] = ()
    long: tuple[Sheet, Roles, Answers] | None = None
    """The judgements one by one, where annotators are named."""
    used: tuple[str, ...] = ()
    """The columns of the sheet that hold people's values."""
    positional: bool = False
    """The classes are called by their place because nothing names them."""


def read_people(
    sheet: Sheet,
    roles: Roles,
    options: ReadOptions,
    engine: Engine,
    *,
    aligned: bool = False,
    wide: dict[str, str] | None = None,
    both: bool = False,
) -> PeopleReading:
    """Recognise what a sheet says about people.

    Args:
        sheet: the input.
        roles: its columns by their part.
        options: what the caller knows.
        engine: counts what has to be counted.
        aligned: the ids were seen to run in the same order as a model's, so one row is one item.
        wide: people's class columns, where a sheet holds both sides and they were told apart.
        both: the sheet also holds a model.

    Returns:
        The reading; long judgements are already counted.

    Raises:
        DataError: the sheet holds nothing about people.
        AmbiguityError: it can be read in two ways.
    """
    if sheet.single and not roles.label:
        return _one_dimension(sheet, roles, options, engine)
    if roles.label is not None and wide is None:
        return _answers(sheet, roles, options, engine, aligned=aligned, both=both)
    lists = [column for column in roles.rest if column.type == "list"]
    columns = [column for column in roles.rest if is_class_like(column)]
    if roles.prob is not None and columns and not both:
        columns = [column for column in sheet.columns if column in columns or column.name == roles.prob]
    if wide is None and options.classes is not None and len(columns) > 1:
        wide = classes_asked_for(sheet, columns, options.classes)
    if wide is not None or len(columns) > 1:
        return _wide(sheet, roles, options, engine, wide or {column.name: column.name for column in columns})
    if len(lists) == 1 and not columns:
        return _list(sheet, roles, options, engine, lists[0].name)
    if roles.prob is not None or len(columns) == 1:
        return _single(sheet, roles, options, engine, roles.prob or columns[0].name)
    raise DataError(_nothing(sheet, roles.rest, engine))


def _nothing(sheet: Sheet, rest: Sequence[Column], engine: Engine) -> str:
    nested = next((column.name for column in rest if column.type == "other"), None)
    if nested is not None:
        return (
            f"{sheet.name}, column {nested!r} is nested or holds neither numbers nor texts: give each class a column "
            "of its "
            "own"
        )
    names = ", ".join(column.name for column in sheet.columns[:8])
    said = instead_of_numbers(sheet.sample(engine), [column.name for column in rest])
    return (
        f"{sheet.name} has no column of answers and no columns of classes with numbers (its columns are {names}): say "
        f"which column holds the answers (--label){'; ' if said else ''}{said}"
    )


def _answers(
    sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, *, aligned: bool, both: bool
) -> PeopleReading:
    label = str(roles.label)
    answers = answers_of(engine, sheet, label, None)
    _accepted(sheet, label, answers, options)
    if roles.prob is not None and not both and roles.item is not None and options.people_kind != "labels":
        kept, columns = spread_probabilities(engine, sheet, roles, answers)
        note = f"{sheet.title}: people's probabilities, one row per item and class ({label!r}, {roles.prob!r})"
        return PeopleReading("probs", "wide", kept, roles, answers.classes, note, columns)
    if roles.item is None and (roles.annotator or roles.count):
        message = f"{sheet.name} has judgements in column {label!r} but no column that names their items: add --item"
        raise DataError(message)
    long = roles.item is not None and (
        roles.annotator is not None
        or roles.count is not None
        or (not aligned and items_repeat(engine, sheet, roles.item))
    )
    if not long:
        note = f"{sheet.title}: one answer per item in column {label!r}"
        return PeopleReading(
            "labels", "labels", sheet, roles, answers.classes, note, column=label, answers=answers, used=(label,)
        )
    if options.people_kind == "labels":
        message = f"{sheet.name} has several judgements for an item, so people_kind labels does not fit: say counts"
        raise DataError(message)
    if both:
        message = f"{sheet.name} has several rows for an item, but one file of both sides needs one row per item"
        raise DataError(message)
    return _counted(sheet, roles, answers, options, engine)


def _counted(sheet: Sheet, roles: Roles, answers: Answers, options: ReadOptions, engine: Engine) -> PeopleReading:
    kept, columns, announcements = count_judgements(engine, sheet, roles, answers, options)
    by = f" by {roles.annotator!r}" if roles.annotator else ""
    times = f", given {roles.count!r} times" if roles.count else ""
    note = f"{sheet.title}: judgements in column {roles.label!r}{by}{times}, counted per item"
    long = (sheet, roles, answers) if roles.annotator and not roles.count else None
    return PeopleReading(
        "counts", "wide", kept, roles, answers.classes, note, columns, announcements=tuple(announcements), long=long
    )


def _accepted(sheet: Sheet, label: str, answers: Answers, options: ReadOptions) -> None:
    strange = [name for name in answers.classes if options.classes is not None and name not in options.classes]
    if strange and answers.rows is not None:
        message = f"{sheet.name}, column {label!r} holds {strange[0]!r}, which is not one of the classes (--classes)"
        raise DataError(message)


def _wide(sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, columns: dict[str, str]) -> PeopleReading:
    names = list(columns.values())
    shown = weigh(matrix_of(sheet.sample(engine), names))
    kind = _kind(sheet, options, shown, names)
    what = {"counts": "counts", "probs": "probabilities (a distribution taken as given)"}[kind]
    if shown.one_hot and kind == "counts":
        what = "one answer per item as 0 and 1 (--people-kind exact if they are the truth itself)"
    note = f"{sheet.title}: people's {what} in {len(names)} columns ({_ends(names)})"
    return PeopleReading(
        kind, "wide", sheet, roles, tuple(columns), note, columns, used=tuple(names), positional=not sheet.named
    )


def _kind(sheet: Sheet, options: ReadOptions, shown: Evidence, names: Sequence[str]) -> Literal["counts", "probs"]:
    wanted = options.people_kind
    if wanted in ("counts", "labels"):
        return "counts"
    if wanted == "probs":
        return "probs"
    if shown.near_one > _MOSTLY and shown.whole < 1:
        return "probs"
    if shown.whole > _MOSTLY:
        return "counts"
    if wanted == "exact":
        return "probs"
    if shown.near_hundred > _MOSTLY:
        message = (
            f"{sheet.name}, columns {_ends(names)} sum to about 100 in most rows: if they are percentages, "
            "--people-kind probs --renormalise divides them by their sum"
        )
        raise AmbiguityError(message)
    if shown.least < 0 or shown.most > 1:
        problem = f"values from {shown.least:.6g} to {shown.most:.6g}"
        message = (
            f"{sheet.name}, columns {_ends(names)} hold {problem}, but people's counts must be whole numbers and "
            "people's "
            "probabilities lie in 0 to 1"
        )
        raise DomainError(message)
    message = (
        f"{sheet.name}, columns {_ends(names)} hold fractions whose rows do not sum to 1: shares must sum to 1 in "
        "every "
        "row (--people-kind probs --renormalise divides by the sum), counts must be whole"
    )
    raise AmbiguityError(message)


def _list(sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, column: str) -> PeopleReading:
    values = matrix_of(sheet.sample(engine), [column])
    kind = _kind(sheet, options, weigh(values), [column])
    width = values.shape[1]
    classes = options.classes or tuple(str(i) for i in range(width))
    if len(classes) != width:
        message = f"{sheet.name}, column {column!r} holds lists of {width}, but --classes names {len(classes)}"
        raise DataError(message)
    note = f"{sheet.title}: people's {kind} as a list of {width} per item in column {column!r}"
    return PeopleReading(
        kind, "list", sheet, roles, classes, note, column=column, used=(column,), positional=options.classes is None
    )


def _single(sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, column: str) -> PeopleReading:
    shown = weigh(matrix_of(sheet.sample(engine), [column]))
    if sheet.column(column).type == "integer" or shown.whole == 1:
        if options.people_kind in ("probs", "exact"):
            return _share(sheet, roles, options, column)
        message = (
            f"{sheet.name} has one column of whole numbers, {column!r}, which may be answers (--label {column}) or "
            "the share "
            "of people who chose it (--people-kind probs)"
        )
        raise AmbiguityError(message)
    return _share(sheet, roles, options, column)


def _share(sheet: Sheet, roles: Roles, options: ReadOptions, column: str) -> PeopleReading:
    positive = options.positive
    if positive is None and (column == roles.prob or not sheet.named):
        if sheet.named:
            message = f"{sheet.name}, column {column!r} is a share, but of which class? Say --positive CLASS"
            raise AmbiguityError(message)
        positive = "1"
    positive = positive or column
    other = "0" if not sheet.named else f"not {positive}"
    if options.classes is not None:
        others = [name for name in options.classes if name != positive]
        other = others[0] if len(others) == 1 else other
    note = f"{sheet.title}: the share of people who chose {positive!r}, in column {column!r}"
    return PeopleReading("probs", "single", sheet, roles, (positive, other), note, column=column, used=(column,))


def _one_dimension(sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine) -> PeopleReading:
    column = sheet.columns[0]
    if column.type == "float" and options.people_kind != "labels":
        shown = weigh(matrix_of(sheet.sample(engine), [column.name]))
        if shown.whole < 1 or options.people_kind == "probs":
            return _share(sheet, roles, options, column.name)
    labelled = replace(roles, label=column.name, rest=())
    return _answers(sheet, labelled, options, engine, aligned=True, both=False)


def _ends(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 5 else f"{names[0]}, {names[1]}, … {names[-1]}"
