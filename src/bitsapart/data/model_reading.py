"""What a sheet says about a model: probabilities, their logarithms, logits, one probability, or verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bitsapart.errors import AmbiguityError, DataError

from .class_columns import Match, classes_asked_for, is_class_like, match_classes
from .engine import Engine
from .evidence import Evidence, instead_of_numbers, matrix_of, weigh
from .id_sums import items_repeat
from .judgements import count_judgements, spread_probabilities
from .labels import Answers, answers_of
from .options import ModelKind, ReadOptions
from .quoting import class_list
from .roles import Roles
from .sheet import Sheet

__all__ = ["ModelReading", "read_model"]

_MOSTLY = 0.5
_BINARY = 2
_TRUTHS = ({"0", "1"}, {"false", "true"})
_WORDS: dict[ModelKind, str] = {
    "probs": "probabilities", "log-probs": "log-probabilities", "logits": "logits", "verdicts": "verdicts",
    "counts": "counts of its answers, smoothed to (n + ½)/(K + C/2),",
}  # fmt: skip


@dataclass(frozen=True)
class ModelReading:
    """How a sheet is read as a model.

    `layout` says where the values are: "wide" in one column per class (`columns`), "single" in `column` about class
    `positive`, "list" in `column`, "labels" in `column` as verdicts.
    """

    kind: ModelKind
    layout: Literal["wide", "single", "list", "labels"]
    sheet: Sheet
    roles: Roles
    classes: tuple[str, ...]
    note: str
    columns: dict[str, str] = field(default_factory=dict)
    column: str | None = None
    positive: str | None = None
    answers: Answers | None = None
    announcements: tuple[str, ...] = ()


def read_model(
    sheet: Sheet,
    roles: Roles,
    options: ReadOptions,
    engine: Engine,
    *,
    people: Sequence[str] | None,
    positional: bool = False,
    wide: dict[str, str] | None = None,
    aligned: bool = False,
) -> ModelReading:
    """Recognise what a sheet says about a model.

    Args:
        sheet: the input.
        roles: its columns by their part; people's own columns of the same sheet are not among them.
        options: what the caller knows.
        engine: counts what has to be counted.
        people: people's classes; `None` where there are no people.
        positional: people's classes are called by their place because nothing names them.
        wide: the model's class columns, where a sheet holds both sides and they were told apart.
        aligned: the ids were seen to run in the same order as people's, so one row is one item.

    Returns:
        The reading.

    Raises:
        DataError: the sheet holds nothing about a model of these classes.
        AmbiguityError: it can be read in two ways.
    """
    if sheet.single:
        return _one_dimension(sheet, roles, options, engine, people)
    numeric = [column for column in roles.rest if is_class_like(column)]
    lists = [column for column in roles.rest if column.type == "list"]
    asked = options.model_kind
    if wide is not None:
        return _wide(sheet, roles, options, engine, wide)
    if roles.label is not None and (asked == "verdicts" or not (numeric or lists)):
        return _labelled(sheet, roles, options, engine, aligned=aligned)
    if asked == "verdicts":
        message = f"{sheet.name} has no column of verdicts: say which one it is (--verdict)"
        raise DataError(message)
    if len(lists) == 1 and not numeric:
        return _list(sheet, roles, options, engine, lists[0].name, people, positional=positional)
    if roles.prob is not None:
        numeric = [column for column in sheet.columns if column in numeric or column.name == roles.prob]
    if options.classes is not None and len(numeric) > 1:
        return _wide(sheet, roles, options, engine, classes_asked_for(sheet, numeric, options.classes))
    match = match_classes(sheet, numeric, people or [])
    if len(numeric) == 1 or (people is not None and _one_of_two(sheet, engine, match, people)):
        column = next(iter(match.columns.values()), numeric[0].name)
        positive = next(iter(match.columns), None)
        return _single(sheet, roles, options, engine, column, positive, people)
    return _matched(sheet, roles, options, engine, match, people)


def _one_of_two(sheet: Sheet, engine: Engine, match: Match, people: Sequence[str]) -> bool:
    """Whether the one column that has a class's name is a probability, and the others are no classes."""
    if len(match.columns) != 1 or len(people) != _BINARY:
        return False
    sample = sheet.sample(engine)
    names = list(match.columns.values())
    together = weigh(matrix_of(sample, [*names, *match.left]))
    alone = weigh(matrix_of(sample, names))
    return alone.unit > _MOSTLY and together.near_one <= _MOSTLY


def _matched(
    sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, match: Match, people: Sequence[str] | None
) -> ModelReading:
    """Wide columns whose names were matched; what is left over is a class or something else."""
    if not match.columns and not match.left:
        raise DataError(_nothing(sheet, roles, engine))
    if people is not None and not match.columns:
        raise _no_class_in_common(sheet, match, people)
    own = {name: name for name in match.left}
    if people is None or not match.left:
        return _wide(sheet, roles, options, engine, {**match.columns, **own})
    sample = sheet.sample(engine)
    without = weigh(matrix_of(sample, list(match.columns.values())))
    if without.near_one > _MOSTLY or without.log_near_zero > _MOSTLY:
        return _wide(sheet, roles, options, engine, dict(match.columns))
    whole = weigh(matrix_of(sample, [*match.columns.values(), *match.left]))
    if match.affix == "" and (whole.near_one > _MOSTLY or whole.log_near_zero > _MOSTLY):
        return _wide(sheet, roles, options, engine, {**match.columns, **own})
    if match.affix:
        return _wide(sheet, roles, options, engine, dict(match.columns))
    message = (
        f"{sheet.name} has number columns that are no class of people's ({', '.join(match.left[:5])}): say which "
        "columns "
        f"are classes (--classes {class_list(people, more=len(people) > len(match.columns))})"
    )
    raise AmbiguityError(message)


def _nothing(sheet: Sheet, roles: Roles, engine: Engine) -> str:
    nested = next((column.name for column in roles.rest if column.type == "other"), None)
    said = f"column {nested!r} is nested: give each class a column of its own" if nested else ""
    number = next((column.name for column in roles.rest if column.numeric), None)
    if number is not None:
        said = f"its name does not say that column {number!r} does: if so, say --prob {number}, or --verdict {number}"
    said = said or instead_of_numbers(sheet.sample(engine), [column.name for column in roles.rest])
    names = ", ".join(column.name for column in sheet.columns[:8])
    said = said or f"its columns are {names}: give each class a column of its own"
    return f"{sheet.name} has no columns with a model's numbers; {said}"


def _no_class_in_common(sheet: Sheet, match: Match, people: Sequence[str]) -> DataError:
    theirs, ours = ", ".join(people[:6]), ", ".join(match.left[:6])
    if sheet.named:
        alike = {one.strip().casefold() for one in people} & {one.strip().casefold() for one in match.left}
        way = "name the columns as the classes" + (": they differ in capitals or spaces only" if alike else "")
        message = (
            f"{sheet.name} has no class in common with people: its number columns are {ours}, people's classes are "
            f"{theirs}; {way}"
        )
        return DataError(message)
    message = (
        f"{sheet.name} has {len(match.left)} columns without names, and people's classes are {theirs}: say which "
        "class each "
        "column is, in order (classes=, --classes)"
    )
    return AmbiguityError(message)


def _wide(sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, columns: dict[str, str]) -> ModelReading:
    names = list(columns.values())
    kind = _kind(sheet, options, weigh(matrix_of(sheet.sample(engine), names)), names)
    note = f"{sheet.title}: {_WORDS[kind]} in {len(names)} columns ({_ends(names)})"
    return ModelReading(kind, "wide", sheet, roles, tuple(columns), note, columns)


def _kind(sheet: Sheet, options: ReadOptions, shown: Evidence, names: Sequence[str]) -> ModelKind:
    if options.model_kind is not None:
        return options.model_kind
    if shown.near_one > _MOSTLY and shown.unit > _MOSTLY:
        return "probs"
    if shown.most <= 0 and shown.log_near_zero > _MOSTLY:
        return "log-probs"
    where = f"{sheet.name}, columns {_ends(names)}"
    if shown.near_hundred > _MOSTLY and shown.whole < 1:
        message = (
            f"{where} sum to about 100 in most rows: --model-kind probs --renormalise divides percentages by their "
            "sum, --model-kind logits takes the numbers as they are"
        )
        raise AmbiguityError(message)
    if shown.whole == 1 and shown.least >= 0 and shown.rows:
        percent = shown.near_hundred > _MOSTLY
        also = "; if they are percentages, --model-kind probs --renormalise" if percent else ""
        message = (
            f"{where} hold whole numbers: say whether they are counts of its answers or logits (--model-kind){also}"
        )
        raise AmbiguityError(message)
    if shown.unit == 1:
        message = (
            f"{where} lie in 0 to 1 but do not sum to 1: say --model-kind logits if they are logits, or --model-kind "
            "probs "
            "--renormalise if they are unnormalised probabilities"
        )
        raise AmbiguityError(message)
    return "logits"


def _list(
    sheet: Sheet,
    roles: Roles,
    options: ReadOptions,
    engine: Engine,
    column: str,
    people: Sequence[str] | None,
    *,
    positional: bool,
) -> ModelReading:
    values = matrix_of(sheet.sample(engine), [column])
    width = values.shape[1]
    places = tuple(str(i) for i in range(width))
    classes = options.classes or places
    if options.classes is None and people is not None and not positional and not set(people) <= set(places):
        message = (
            f"{sheet.name}, column {column!r} holds lists of {width} numbers without names, and people's classes are "
            f"{', '.join(people[:6])}: say which class each place is, in order (--classes)"
        )
        raise AmbiguityError(message)
    if len(classes) != width:
        message = f"{sheet.name}, column {column!r} holds lists of {width}, but there are {len(classes)} classes"
        raise DataError(message)
    kind = _kind(sheet, options, weigh(values), [column])
    note = f"{sheet.title}: {_WORDS[kind]} as a list of {width} per item in column {column!r}"
    return ModelReading(kind, "list", sheet, roles, classes, note, column=column)


def _single(
    sheet: Sheet,
    roles: Roles,
    options: ReadOptions,
    engine: Engine,
    column: str,
    positive: str | None,
    people: Sequence[str] | None,
) -> ModelReading:
    if positive is None or options.positive is not None:
        positive = _positive(sheet, roles, options, column, people, positive)
    shown = weigh(matrix_of(sheet.sample(engine), [column]))
    kind: ModelKind = options.model_kind or ("probs" if shown.unit > _MOSTLY else "logits")
    if options.model_kind is None and shown.most <= 0 and shown.least < 0:
        message = (
            f"{sheet.name}, column {column!r} is nowhere above 0: say whether it holds log-probabilities or logits "
            "(--model-kind)"
        )
        raise AmbiguityError(message)
    word = {"probs": "probability", "logits": "logit", "log-probs": "log-probability"}.get(kind)
    if word is None:
        message = f"{sheet.name} has one number column, {column!r}, which cannot be {_WORDS[kind]}"
        raise DataError(message)
    note = f"{sheet.title}: {word} of {positive!r} in column {column!r}"
    return ModelReading(kind, "single", sheet, roles, (positive,), note, column=column, positive=positive)


def _positive(
    sheet: Sheet,
    roles: Roles,
    options: ReadOptions,
    column: str,
    people: Sequence[str] | None,
    matched: str | None,
) -> str:
    """The class that one column is about: its own name, what the caller says, or 1 of 0 and 1."""
    if people is not None and len(people) > _BINARY:
        message = (
            f"{sheet.name} has one number column, {column!r}, but people chose among {len(people)} classes "
            f"({', '.join(people[:6])}): a column for each is needed, or if it holds verdicts, say --verdict {column}"
        )
        raise DataError(message)
    if matched is not None:
        return matched
    if options.positive is not None:
        return options.positive
    if people is not None and len(people) == 1 and (column == roles.prob or not sheet.named):
        return people[0]
    if people is None:
        return "1" if column == roles.prob or not sheet.named else column
    truths = next((truth for truth in _TRUTHS if set(people) <= truth), None)
    if truths is not None:
        return "1" if "1" in truths else "true"
    message = (
        f"{sheet.name}, column {column!r} is one probability, but of which class ({', '.join(people)})? Say "
        "--positive CLASS"
    )
    raise AmbiguityError(message)


def _labelled(sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, *, aligned: bool) -> ModelReading:
    label = str(roles.label)
    answers = answers_of(engine, sheet, label, None)
    repeated = roles.item is not None and not aligned and items_repeat(engine, sheet, roles.item)
    if roles.prob is not None and options.model_kind != "verdicts":
        if not repeated or roles.item is None:
            message = (
                f"{sheet.name} gives one label and one probability per item: add a row for every class, or read the "
                "labels "
                "alone (--model-kind verdicts)"
            )
            raise AmbiguityError(message)
        kept, columns = spread_probabilities(engine, sheet, roles, answers)
        reading = _wide(kept, roles, options, engine, columns)
        note = f"{sheet.title}: {_WORDS[reading.kind]}, one row per item and class ({label!r}, {roles.prob!r})"
        return replace(reading, note=note)
    if repeated or roles.count is not None or options.model_kind == "counts":
        if options.model_kind == "verdicts" or roles.item is None:
            message = f"{sheet.name} has several verdicts for an item: say --model-kind counts"
            raise DataError(message)
        kept, columns, announcements = count_judgements(engine, sheet, roles, answers, options)
        note = f"{sheet.title}: the model's answers in column {label!r}, counted per item"
        return ModelReading(
            "counts", "wide", kept, roles, answers.classes, note, columns, announcements=tuple(announcements)
        )
    note = f"{sheet.title}: verdicts in column {label!r}"
    return ModelReading("verdicts", "labels", sheet, roles, answers.classes, note, column=label, answers=answers)


def _one_dimension(
    sheet: Sheet, roles: Roles, options: ReadOptions, engine: Engine, people: Sequence[str] | None
) -> ModelReading:
    column = sheet.columns[0]
    if column.type == "float" and options.model_kind != "verdicts":
        return _single(sheet, roles, options, engine, column.name, None, people)
    return _labelled(sheet, replace(roles, label=column.name, rest=()), options, engine, aligned=True)


def _ends(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 5 else f"{names[0]}, {names[1]}, … {names[-1]}"
