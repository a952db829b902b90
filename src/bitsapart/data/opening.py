"""The door: people and models in, a pair out."""

import os
from collections.abc import Sequence
from typing import Any, Literal

from bitsapart.errors import AmbiguityError, BitsapartError, DataError

from .alignment import canonical_ids, first_difference
from .arrow_texts import first_repeated
from .class_columns import is_class_like, match_classes, refuse_unknown_class, split_sides
from .class_union import lacking, united
from .engine import Engine
from .model_reading import ModelReading, read_model
from .open_sheet import example_files, is_record, open_sheet, short_name
from .options import ReadOptions
from .pair import Pair
from .people_columns import people_columns
from .people_reading import PeopleReading, read_people
from .roles import Roles, check_flags, find_roles
from .sheet import Column, Sheet

__all__ = ["open_any", "open_model", "open_pair", "open_people"]


def open_pair(people: Any, models: Any = (), *, options: ReadOptions | None = None) -> Pair:
    """Open people and models, recognise what they hold, and bring their classes together.

    Args:
        people: a path, a glob, "example:digits", a dataframe, an array, or a mapping of columns.
        models: one of these or a sequence of them; none if people's input holds the model as well.
        options: what the caller knows about the inputs.

    Returns:
        The pair, ready to be streamed.

    Raises:
        DataError: an input cannot be used.
        AmbiguityError: an input can be read in two ways; the message names the option that decides.
    """
    options = options or ReadOptions()
    sources = _sources(people, models)
    names = _model_names(sources[1:])
    engine = Engine(options)
    try:
        sheets = [
            open_sheet(source, engine, name=("people", *names)[n], threads=options.thread_count)
            for n, source in enumerate(sources)
        ]
        check_flags(sheets, options)
        if len(sheets) == 1:
            reading, model = _both(sheets[0], options, engine)
            return _pair(engine, options, reading, [model], [short_name(sources[0], "model")])
        return _apart(sheets, names, options, engine)
    except BaseException:
        engine.close()
        raise


def open_people(people: Any, *, options: ReadOptions | None = None) -> Pair:
    """Open people alone: a pair without models."""
    options = options or ReadOptions()
    engine = Engine(options)
    try:
        source = _sources(people, ())[0]
        sheet = open_sheet(source, engine, name="people", threads=options.thread_count)
        check_flags([sheet], options)
        sheet, roles = _settled(sheet, options, model=False, others=())
        reading = read_people(sheet, roles, options, engine)
        return _pair(engine, options, reading, [], [])
    except BaseException:
        engine.close()
        raise


def open_model(model: Any, *, options: ReadOptions | None = None) -> Pair:
    """Open a model alone: a pair without people."""
    options = options or ReadOptions()
    engine = Engine(options)
    try:
        sheet = open_sheet(model, engine, name="model", threads=options.thread_count)
        check_flags([sheet], options)
        sheet, roles = _settled(sheet, options, model=True, others=())
        reading = read_model(sheet, roles, options, engine, people=None)
        return _pair(engine, options, None, [reading], [short_name(model, "model")])
    except BaseException:
        engine.close()
        raise


def open_any(source: Any, *, options: ReadOptions | None = None) -> Pair:
    """Open one input of which only its columns say whose it is: both sides', people's, or a model's.

    Raises:
        DataError: it can be read as none of them; what kept it from being people's is said.
    """
    try:
        return open_pair(source, options=options)
    except BitsapartError:
        pass
    try:
        return open_people(source, options=options)
    except BitsapartError as error:
        refusal = error
    try:
        return open_model(source, options=options)
    except BitsapartError:
        raise refusal from None


def _sources(people: Any, models: Any) -> list[Any]:
    if isinstance(people, str) and people.startswith("example:"):
        files = example_files(people)
        return [files[0], *(_listed(models) or files[1:])]
    return [people, *_listed(models)]


def _listed(models: Any) -> list[Any]:
    """One model or several: a tuple is several, and so is a list of anything but numbers, rows or records."""
    if models is None:
        return []
    if isinstance(models, tuple):
        return list(models)
    if not isinstance(models, list) or any(_is_row(one) for one in models[:1]):
        return [models]
    return models


def _is_row(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(one, (int, float)) for one in value)
    return isinstance(value, (int, float)) or is_record(value)


def _model_names(sources: Sequence[Any]) -> list[str]:
    """Short names, made different by their folders or numbers where they would be the same."""
    names = [short_name(source, f"model {n + 1}" if len(sources) > 1 else "model") for n, source in enumerate(sources)]
    if len(set(names)) == len(names):
        return names
    full = [os.fspath(s) if isinstance(s, (str, os.PathLike)) else name for s, name in zip(sources, names, strict=True)]
    return full if len(set(full)) == len(full) else [f"{name} ({n + 1})" for n, name in enumerate(full)]


def _settled(sheet: Sheet, options: ReadOptions, *, model: bool, others: Sequence[Sheet]) -> tuple[Sheet, Roles]:
    """A sheet whose naming columns are read as text, with its roles."""
    roles = find_roles(sheet, options, model=model, others=others)
    return sheet.as_text(roles.texts), roles


def _apart(sheets: Sequence[Sheet], names: Sequence[str], options: ReadOptions, engine: Engine) -> Pair:
    settled = [
        _settled(sheet, options, model=n > 0, others=[*sheets[:n], *sheets[n + 1 :]]) for n, sheet in enumerate(sheets)
    ]
    _refuse_unnamed([sheet for sheet, _ in settled], [roles for _, roles in settled], options)
    _refuse_slips(settled, options)
    start = _start(settled, engine, options)
    aligned = start == "same"
    wide = people_columns(*settled[0], settled[1:], engine) if options.classes is None else None
    reading = read_people(*settled[0], options, engine, aligned=aligned, wide=wide)
    models = [
        read_model(sheet, roles, options, engine, people=_told(reading), positional=reading.positional, aligned=aligned)
        for sheet, roles in settled[1:]
    ]
    counted = reading.sheet is not settled[0][0] or any(
        model.sheet is not sheet for model, (sheet, _) in zip(models, settled[1:], strict=True)
    )
    return _pair(engine, options, reading, models, names, shuffled=start == "different" and not counted)


def _refuse_slips(settled: Sequence[tuple[Sheet, Roles]], options: ReadOptions) -> None:
    """Where all classes are columns, each that is asked for must be one, before anything is made of the others."""
    if options.classes is None or any(roles.label is not None or not sheet.named for sheet, roles in settled):
        return
    found = [match_classes(sheet, [c for c in roles.rest if c.numeric], options.classes) for sheet, roles in settled]
    if any(len(match.columns) > 1 for match in found) or any(match.left for match in found):
        known = {name for match in found for name in match.columns}
        lists = any(column.type == "list" for _, roles in settled for column in roles.rest)
        if known and not lists and not any(roles.prob is not None for _, roles in settled):
            refuse_unknown_class(options.classes, sorted(known), [sheet for sheet, _ in settled])


def _told(people: PeopleReading) -> tuple[str, ...]:
    """The classes that people's input names itself; the complement of a share is no name."""
    return people.classes[:1] if people.layout == "single" else people.classes


def _refuse_unnamed(sheets: Sequence[Sheet], roles: Sequence[Roles], options: ReadOptions) -> None:
    """Rows are matched by their order only where no column could name the items."""
    if options.in_order or any(role.item is not None for role in roles):
        return
    for sheet, role in zip(sheets, roles, strict=True):
        candidates = [column for column in role.rest if _may_name(column, sheets)] if sheet.named else []
        if candidates and len(sheets) > 1:
            first = next((column for column in candidates if column.type == "text"), candidates[0])
            way = f"say which one does (--item {first.name}?)"
            if first.type != "text":
                way = f"if {first.name!r} does, write it as text"
            message = (
                f"{sheet.name} has no column that is known to name its items: {way}, or match rows by their order "
                "(--in-order)"
            )
            raise AmbiguityError(message)


def _may_name(column: Column, sheets: Sequence[Sheet]) -> bool:
    """Whether a column may be meant to name items: a text, or what all inputs have and is no number, such as a date."""
    shared = column.type == "other" and all(sheet.has(column.name) for sheet in sheets)
    return column.type == "text" or shared


def _start(
    settled: Sequence[tuple[Sheet, Roles]], engine: Engine, options: ReadOptions
) -> Literal["same", "different", "unclear"]:
    """Whether all inputs begin with the same ids in the same order, each once; or whether those differ."""
    if options.in_order or all(roles.item is None for _, roles in settled):
        return "same"
    if any(roles.item is None for _, roles in settled):
        return "unclear"
    columns = [sheet.sample(engine)[str(roles.item)].combine_chunks() for sheet, roles in settled]
    if any(column.null_count for column in columns) or len({len(column) for column in columns}) > 1:
        return "unclear"
    as_text = any(sheet.column(str(roles.item)).type == "text" for sheet, roles in settled)
    names = [sheet.name for sheet, _ in settled]
    ids = [canonical_ids(column, name, as_text=as_text) for column, name in zip(columns, names, strict=True)]
    if any(first_difference(ids[0], other) is not None for other in ids[1:]):
        return "different"
    return "same" if first_repeated(ids[:1]) is None else "unclear"


def _both(sheet: Sheet, options: ReadOptions, engine: Engine) -> tuple[PeopleReading, ModelReading]:
    """One sheet that holds both sides."""
    if not sheet.named:
        message = f"{sheet.name} is a plain array, which holds one side only: name the model as well"
        raise DataError(message)
    sheet, roles = _settled(sheet, options, model=False, others=())
    numeric = [column for column in roles.rest if is_class_like(column)]
    split = split_sides(sheet, numeric) if roles.label is None else None
    people = read_people(sheet, _people_part(roles, options), options, engine, both=True, wide=split and split[0])
    rest = tuple(column for column in roles.rest if column.name not in people.used)
    model_roles = Roles(item=roles.item, prob=roles.prob, extras=roles.extras, rest=rest)
    numbers = roles.prob is not None or any(is_class_like(column) or column.type == "list" for column in rest)
    if options.verdict is not None or (split is None and not numbers):
        model_roles = _model_label(sheet, model_roles, people, options)
    model = read_model(sheet, model_roles, options, engine, people=_told(people), wide=split and split[1], aligned=True)
    return people, model


def _people_part(roles: Roles, options: ReadOptions) -> Roles:
    """People's share of the roles: a label is theirs and a probability the model's."""
    if roles.label is not None:
        return roles
    if options.prob is not None or roles.prob is not None:
        return Roles(item=roles.item, annotator=roles.annotator, extras=roles.extras, rest=roles.rest)
    return roles


def _model_label(sheet: Sheet, roles: Roles, people: PeopleReading, options: ReadOptions) -> Roles:
    asked = ReadOptions(item=options.item, verdict=options.verdict)
    found = find_roles(sheet, asked, model=True, without=people.used)
    if found.label is None:
        message = (
            f"{sheet.name} holds people's side alone (columns {', '.join(people.used[:4])}): name the model's file "
            "as well, or the column of its verdicts (--verdict)"
        )
        raise DataError(message)
    rest = tuple(column for column in roles.rest if options.verdict is None and column.name != found.label)
    return Roles(item=roles.item, label=found.label, extras=roles.extras, rest=rest)


def _pair(
    engine: Engine,
    options: ReadOptions,
    people: PeopleReading | None,
    models: Sequence[ModelReading],
    names: Sequence[str],
    *,
    shuffled: bool = False,
) -> Pair:
    classes, positive, people = united(options, people, models)
    announcements = lacking(people, models, names, classes)
    return Pair(
        engine,
        options,
        people,
        models,
        classes=classes,
        positive=positive,
        model_names=names,
        announcements=announcements,
        shuffled=shuffled,
    )
