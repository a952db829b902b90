"""Long tables: one row per judgement, counted per item, or one row per class, spread into columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import DataError, DomainError

from .block import viewed
from .engine import Engine, quoted
from .labels import Answers, in_list, label_text
from .options import ReadOptions
from .roles import Roles
from .sheet import Column, ColumnType, KeptSheet, Sheet

__all__ = ["LongJudgements", "count_judgements", "item_sql", "long_judgements", "spread_probabilities"]


@dataclass(frozen=True)
class LongJudgements:
    """Every judgement by its item, annotator and class, as places in `items`, `annotators` and `classes`."""

    item: NDArray[np.int64]
    annotator: NDArray[np.int64]
    label: NDArray[np.int64]
    items: tuple[str, ...]
    annotators: tuple[str, ...]
    classes: tuple[str, ...]


def item_sql(sheet: Sheet, item: str) -> str:
    """The SQL of an id: texts and integers as they are, whole floats as integers.

    Raises:
        DataError: the column holds something that names nothing exactly.
    """
    kind = sheet.column(item).type
    if kind in ("text", "integer"):
        return quoted(item)
    if kind == "float":
        column = quoted(item)
        refusal = f"error('column ' || '{item.replace(chr(39), '')}' || ' holds ids that are no whole numbers')"
        return f"(CASE WHEN {column} = trunc({column}) THEN CAST({column} AS BIGINT) ELSE {refusal} END)"
    message = f"{sheet.name}, column {item!r} holds neither texts nor whole numbers, so it names no items"
    raise DataError(message)


def count_judgements(
    engine: Engine, sheet: Sheet, roles: Roles, answers: Answers, options: ReadOptions
) -> tuple[KeptSheet, dict[str, str], list[str]]:
    """Count the judgements of a long table per item and class.

    Args:
        engine: counts.
        sheet: one row per judgement, or per answer with how often it was given.
        roles: `item` and `label` are needed, `annotator` and `count` are used if there.
        answers: the answers and their classes.
        options: whether rows without an answer are an error.

    Returns:
        A sheet with one row per item, the class of each of its count columns, and what there is to announce.

    Raises:
        DataError: a row without an id or an answer; a weight that differs within an item.
        DomainError: a count that is negative or no whole number.
    """
    announcements = _rows_without(engine, sheet, roles, options)
    if roles.count is not None:
        _check_counts(engine, sheet, roles)
    if roles.annotator is not None:
        announcements += _repeated(engine, sheet, roles)
    text = label_text(sheet, str(roles.label))
    columns = {name: f"n{number}" for number, name in enumerate(answers.classes)}
    amount = "count(*)" if roles.count is None else f"sum({quoted(roles.count)})"
    parts = [f"{item_sql(sheet, str(roles.item))} AS {quoted(str(roles.item))}"]
    for name, column in columns.items():
        texts = [one for one, meant in answers.class_of.items() if meant == name]
        counted = f"{amount} FILTER (WHERE {text} IN ({in_list(texts)}))"
        parts.append(f"CAST(coalesce({counted}, 0) AS BIGINT) AS {column}")
    known = f"{text} IN ({in_list(list(answers.class_of))})"
    kept = _kept(engine, sheet, roles, parts, list(columns.values()), where=known)
    return kept, columns, announcements


def spread_probabilities(
    engine: Engine, sheet: Sheet, roles: Roles, answers: Answers
) -> tuple[KeptSheet, dict[str, str]]:
    """One row per item and class with a probability, spread to one row per item; a class not listed gets 0.

    Raises:
        DataError: an item has a class twice.
    """
    item, text = item_sql(sheet, str(roles.item)), label_text(sheet, str(roles.label))
    relation = sheet.relation(engine)
    twice = engine.rows(
        f"SELECT {item}, {text} FROM {relation} GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 1", sheet.name
    )
    if twice:
        message = f"{sheet.name}, item {str(twice[0][0])!r} has two probabilities for class {twice[0][1]!r}"
        raise DataError(message)
    columns = {name: f"q{number}" for number, name in enumerate(answers.classes)}
    value = f"CAST({quoted(str(roles.prob))} AS DOUBLE)"
    parts = [f"{item} AS {quoted(str(roles.item))}"]
    for name, column in columns.items():
        texts = [one for one, meant in answers.class_of.items() if meant == name]
        chosen = f"FILTER (WHERE {text} IN ({in_list(texts)}))"
        parts.append(f"CASE WHEN count(*) {chosen} = 0 THEN 0.0 ELSE max({value}) {chosen} END AS {column}")
    return _kept(engine, sheet, roles, parts, list(columns.values()), where="true"), columns


def long_judgements(
    engine: Engine, sheet: Sheet, roles: Roles, answers: Answers, classes: Sequence[str]
) -> LongJudgements:
    """Every judgement of a long table whose annotators are named.

    Args:
        engine: reads.
        sheet: one row per judgement.
        roles: `item`, `annotator` and `label`.
        answers: the answers and their classes.
        classes: the classes whose places are the codes.

    Returns:
        Codes, with ids and annotators sorted by name so that the order of the rows does not matter.
    """
    text = label_text(sheet, str(roles.label))
    names = [f"CAST({quoted(str(name))} AS VARCHAR)" for name in (roles.item, roles.annotator)]
    query = (
        f"SELECT {names[0]} AS i, {names[1]} AS a, {text} AS y FROM {sheet.relation(engine)} WHERE {text} IS NOT NULL"
    )
    table = engine.table(query, sheet.name)
    item, items = _coded(table["i"])
    annotator, annotators = _coded(table["a"])
    codes = answers.codes(table["y"].combine_chunks(), classes).astype(np.int64)
    return LongJudgements(item, annotator, codes, items, annotators, tuple(classes))


def _coded(column: Any) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    from .labels import natural_order

    encoded = column.combine_chunks().dictionary_encode()
    names: list[str] = encoded.dictionary.to_pylist()
    ordered = natural_order(set(names))
    place = {name: number for number, name in enumerate(ordered)}
    moved = np.array([place[name] for name in names], dtype=np.int64)
    return moved[viewed(encoded.indices)], tuple(ordered)


def _kept(
    engine: Engine, sheet: Sheet, roles: Roles, parts: Sequence[str], values: Sequence[str], *, where: str
) -> KeptSheet:
    extras = [quoted(name) for name in roles.extras]
    chosen = ", ".join([*parts, *(f"min({name}) AS {name}" for name in extras)])
    relation, item = sheet.relation(engine), item_sql(sheet, str(roles.item))
    for name in extras:
        query = f"SELECT {item} FROM {relation} GROUP BY 1 HAVING count(DISTINCT {name}) > 1 ORDER BY 1 LIMIT 1"
        if mixed := engine.rows(query, sheet.name):
            message = f"{sheet.name}, item {str(mixed[0][0])!r} has more than one value in column {name}: it needs one"
            raise DataError(message)
    table = engine.keep(f"SELECT {chosen} FROM {relation} WHERE {where} GROUP BY {item}", sheet.name)
    rows = engine.rows(f"SELECT count(*) FROM {table}", sheet.name)[0][0]
    item_type: ColumnType = "integer" if sheet.column(str(roles.item)).type != "text" else "text"
    kind: ColumnType = "integer" if values[0].startswith("n") else "float"
    columns = (
        Column(str(roles.item), item_type),
        *(Column(name, kind) for name in values),
        *(sheet.column(name) for name in roles.extras),
    )
    return KeptSheet(sheet, table, columns, rows)


def _rows_without(engine: Engine, sheet: Sheet, roles: Roles, options: ReadOptions) -> list[str]:
    """Rows whose id or answer is empty: an error, or announced."""
    item, text = quoted(str(roles.item)), label_text(sheet, str(roles.label))
    query = f"SELECT count(*) - count({item}), count(*) - count({text}) FROM {sheet.relation(engine)}"
    ids, labels = engine.rows(query, sheet.name)[0]
    if ids:
        message = f"{sheet.name} has {ids} rows without an id in column {roles.item!r}"
        raise DataError(message)
    if labels and options.missing == "error":
        query = f"SELECT {item} FROM {sheet.relation(engine)} WHERE {text} IS NULL LIMIT 1"
        first = engine.rows(query, sheet.name)[0][0]
        message = (
            f"{sheet.name}, item {str(first)!r} has no answer in column {roles.label!r} ({labels} such rows): "
            "remove them, or leave them out with --missing drop"
        )
        raise DataError(message)
    return [f"{sheet.title}: {labels} rows without an answer were left out"] if labels else []


def _check_counts(engine: Engine, sheet: Sheet, roles: Roles) -> None:
    count, item = quoted(str(roles.count)), quoted(str(roles.item))
    bad = f"{count} IS NULL OR {count} < 0 OR {count} <> trunc({count}) OR {count} > 2147483647"
    found = engine.rows(f"SELECT {item}, {count} FROM {sheet.relation(engine)} WHERE {bad} LIMIT 1", sheet.name)
    if found:
        first, value = found[0]
        message = (
            f"{sheet.name}, item {str(first)!r}, column {roles.count!r} is {value}, but a count must be a whole number "
            "from 0 to 2147483647"
        )
        raise DomainError(message)


def _repeated(engine: Engine, sheet: Sheet, roles: Roles) -> list[str]:
    """Judgements of one item by one annotator beyond the first are counted, and that is said."""
    item, annotator = quoted(str(roles.item)), quoted(str(roles.annotator))
    groups = f"SELECT {item} AS i, count(*) AS k FROM {sheet.relation(engine)} GROUP BY {item}, {annotator}"
    query = f"SELECT count(*), count(DISTINCT i), sum(k - 1) FROM ({groups} HAVING count(*) > 1)"
    pairs, items, more = engine.rows(query, sheet.name)[0]
    if not pairs:
        return []
    return [
        f"{sheet.title}: on {items} item{'s' * (items > 1)} a person judged more than once ({int(more)} further); "
        "every judgement counts"
    ]
