"""The classes of all inputs together: the longer list of events counts."""

from collections.abc import Sequence
from dataclasses import replace

from bitsapart.errors import DataError

from .class_columns import refuse_unknown_class
from .model_reading import ModelReading
from .options import ReadOptions
from .people_reading import PeopleReading
from .quoting import class_list

__all__ = ["lacking", "united"]

_BINARY = 2


def united(
    options: ReadOptions, people: PeopleReading | None, models: Sequence[ModelReading]
) -> tuple[tuple[str, ...], str | None, PeopleReading | None]:
    """The classes of people and models in one order, which does not depend on the order of rows.

    People's come first; with two classes the positive one, where there is one, leads.

    Args:
        options: `classes` and `positive` decide where given.
        people: how people's input is read.
        models: how the models' inputs are read.

    Returns:
        The classes, the positive class of two (or `None`), and people's reading with its classes completed.

    Raises:
        DataError: there are fewer than two classes, or one probability column among more than two.
    """
    if people is not None and people.layout == "single":
        people = _completed(people, options, models)
    readings: list[PeopleReading | ModelReading] = [*([people] if people else []), *models]
    names = list(dict.fromkeys(name for reading in readings for name in reading.classes))
    if options.classes is not None:
        _only_these(names, options.classes, readings)
        if any(reading.layout == "wide" for reading in readings):
            refuse_unknown_class(options.classes, names, [reading.sheet for reading in readings])
        names = list(options.classes)
    positive = _positive(options, people, models)
    if (
        people is not None
        and len(people.classes) >= _BINARY
        and positive is not None
        and positive not in people.classes
    ):
        message = f"positive (--positive) is {positive!r}, which is not one of people's classes {_some(people.classes)}"
        raise DataError(message)
    if people is None and len(names) == 1 and positive is not None:
        names.append(f"not {positive}" if positive != "1" else "0")
    if len(names) < _BINARY:
        message = (
            f"{readings[0].sheet.name} has one class only, {names[0]!r}, and a distribution needs two: name the others "
            f"(--classes {class_list(names, more=True)})"
        )
        raise DataError(message)
    if len(names) == _BINARY and positive is not None:
        names.sort(key=lambda name: name != positive)
    elif positive is not None:
        _refuse_single(names, positive, models)
    return tuple(names), positive if len(names) == _BINARY else None, people


def _positive(options: ReadOptions, people: PeopleReading | None, models: Sequence[ModelReading]) -> str | None:
    if options.positive is not None:
        return options.positive
    if people is not None and people.layout == "single":
        return people.classes[0]
    return next((model.positive for model in models if model.positive is not None), None)


def _completed(people: PeopleReading, options: ReadOptions, models: Sequence[ModelReading]) -> PeopleReading:
    """A share of one class: the other one is called what a model or the caller calls it."""
    positive = people.classes[0]
    named = options.classes or next((model.classes for model in models if len(model.classes) == _BINARY), None)
    if named is None or positive not in named:
        return people
    other = next(name for name in named if name != positive)
    return replace(people, classes=(positive, other))


def _only_these(names: Sequence[str], classes: Sequence[str], readings: Sequence[PeopleReading | ModelReading]) -> None:
    for reading in readings:
        strange = [name for name in reading.classes if name not in classes]
        stated = reading.layout != "labels" or reading.answers is None or reading.answers.rows is not None
        if strange and stated and names:
            message = f"{reading.sheet.name} has class {strange[0]!r}, which is not one of the classes (--classes)"
            raise DataError(message)


def _refuse_single(names: Sequence[str], positive: str, models: Sequence[ModelReading]) -> None:
    single = next((model for model in models if model.layout == "single"), None)
    if single is not None:
        message = (
            f"{single.sheet.name} has one number column, {single.column!r}, read as the probability of {positive!r}, "
            "but "
            f"there are {len(names)} classes ({_some(names)}): a column for each is needed, or say which "
            "class it "
            "is about (--positive)"
        )
        raise DataError(message)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:6])


def lacking(
    people: PeopleReading | None, models: Sequence[ModelReading], names: Sequence[str], classes: Sequence[str]
) -> list[str]:
    """What to announce: classes that a model lacks, and classes that nobody chose."""
    said = []
    for model, name in zip(models, names, strict=True):
        missing = [one for one in classes if one not in model.classes]
        if missing and model.layout in ("wide", "list") and model.kind not in ("counts", "verdicts"):
            said.append(f"{name} lacks class {', '.join(missing)}: probability 0 there{_no_class(people, model)}")
    if people is not None:
        unchosen = [one for one in classes if one not in people.classes]
        if unchosen and people.layout != "single":
            said.append(f"nobody chose class {', '.join(unchosen)}: count 0 there")
    return said + _alike(classes)


def _alike(classes: Sequence[str]) -> list[str]:
    """Classes that may be one, written in two ways."""
    written: dict[str, list[str]] = {}
    for one in classes:
        written.setdefault(" ".join(one.split()).casefold(), []).append(repr(one))
    return [
        f"classes {' and '.join(names)} differ in capitals or spaces only: if they are one, write them alike"
        for names in written.values()
        if len(names) > 1
    ]


def _no_class(people: PeopleReading | None, model: ModelReading) -> str:
    """The way out where a column of something else may have been taken for a class."""
    if people is None or people.layout != "wide":
        return ""
    return f"; if people's column holds something else, say --classes {class_list(map(str, model.classes))}"
