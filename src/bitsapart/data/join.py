"""Inputs whose ids stand in different orders are joined by DuckDB, which spills to its folder when memory ends.

Whether everything matches is settled before the first row: two multisets of ids are equal exactly when their sizes and
the sums of their 64-bit hashes are (up to a chance of 2⁻⁶⁴). If they are, duplicates show as too many joined rows; if
not, the engine says exactly which ids stand alone or twice.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bitsapart.errors import DataError

from .alignment import Side
from .engine import Engine, block_rows, quoted
from .id_sums import id_sql, id_sums
from .judgements import item_sql

__all__ = ["joined", "prepare_join", "refuse_duplicates"]

_LISTED = 3


def _ids(side: Side, engine: Engine, *, as_text: bool) -> str:
    return id_sql(side.sheet, str(side.item), engine, as_text=as_text)


def prepare_join(sides: Sequence[Side], engine: Engine, *, as_text: bool, drop: bool) -> tuple[int | None, list[str]]:
    """Find out whether every id stands on every side, once.

    Args:
        sides: people's side and the models'.
        engine: counts.
        as_text: the ids are compared as texts.
        drop: leave out ids that stand on one side only.

    Returns:
        The number of rows that the join must give (`None` if duplicates were excluded already), and announcements.

    Raises:
        DataError: an id is empty or stands twice; ids stand on one side only and may not be dropped.
    """
    sums = []
    for side in sides:
        found = id_sums(engine, side.sheet, str(side.item), as_text=as_text)
        if found.rows != found.named:
            rows = found.rows - found.named
            message = f"{side.sheet.name} has {rows} rows without an id in column {side.item!r}"
            raise DataError(message)
        sums.append((found.rows, found.total))
    if all(one == sums[0] for one in sums):
        return int(sums[0][0]), []
    for side in sides:
        refuse_duplicates(side, engine, as_text=as_text)
    return None, _unmatched(sides, engine, as_text=as_text, drop=drop)


def refuse_duplicates(side: Side, engine: Engine, *, as_text: bool) -> None:
    """Refuse a side in which an id stands twice, and name the first."""
    ids = _ids(side, engine, as_text=as_text)
    found = engine.rows(f"SELECT id, count(*) FROM ({ids}) GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1", "")
    if found:
        name, times = found[0]
        message = (
            f"{side.sheet.name} has item {str(name)!r} {times} times in column {side.item!r}, but each item needs "
            "one row: "
            "remove the others, or say --people-kind counts if they are several people's answers"
        )
        raise DataError(message)


def _unmatched(sides: Sequence[Side], engine: Engine, *, as_text: bool, drop: bool) -> list[str]:
    findings = []
    people = sides[0]
    for side in sides[1:]:
        for here, there in ((people, side), (side, people)):
            alone, first = _alone(here, there, engine, as_text=as_text)
            if alone:
                names = ", ".join(repr(name) for name in first) + (", …" if alone > len(first) else "")
                items = "1 item of {} is" if alone == 1 else f"{alone} items of {{}} are"
                said = f"{items.format(here.sheet.name)} not in {there.sheet.name} ({names})"
                findings.append((here, there, alone, said))
    whole = [here for here, _, alone, _ in findings if alone == _count(here, engine)]
    if whole:
        message = (
            f"{findings[0][0].sheet.name} and {findings[0][1].sheet.name} have no item in common: {findings[0][3]}; "
            "do their "
            f"ids ({people.item!r}, {sides[1].item!r}) mean the same?"
        )
        raise DataError(message)
    if findings and not drop:
        message = "; ".join(finding[3] for finding in findings) + ": leave them out with --missing drop"
        raise DataError(message)
    return [f"left out: {finding[3]}" for finding in findings]


def _count(side: Side, engine: Engine) -> int:
    return int(engine.rows(f"SELECT count(*) FROM {side.sheet.relation(engine)}", side.sheet.name)[0][0])


def _alone(here: Side, there: Side, engine: Engine, *, as_text: bool) -> tuple[int, list[str]]:
    ours, theirs = _ids(here, engine, as_text=as_text), _ids(there, engine, as_text=as_text)
    query = f"FROM ({ours}) ANTI JOIN ({theirs}) USING (id)"
    count = engine.rows(f"SELECT count(*) {query}", here.sheet.name)[0][0]
    first = engine.rows(f"SELECT id {query} ORDER BY id LIMIT {_LISTED}", here.sheet.name) if count else []
    return int(count), [str(one) for (one,) in first]


def joined(
    sides: Sequence[Side], engine: Engine, *, as_text: bool, from_row: int
) -> Iterator[tuple[list[dict[str, Any]], Any]]:
    """The joined rows, in no order.

    Args:
        sides: people's side and the models'.
        engine: joins.
        as_text: the ids are compared as texts.
        from_row: people's rows before this one are left out.

    Yields:
        For each side its columns by name, and the ids.
    """
    target = "VARCHAR" if as_text else "BIGINT"
    parts, chosen = [], ["s0.id AS id"]
    for number, side in enumerate(sides):
        values = [name for name in side.columns if name != side.item]
        inner = [f"CAST({item_sql(side.sheet, str(side.item))} AS {target}) AS id"]
        inner += [f"{quoted(name)} AS c{place}" for place, name in enumerate(values)]
        if number == 0 and from_row:
            inner.append("row_number() OVER () AS place")
        parts.append(f"(SELECT {', '.join(inner)} FROM {side.sheet.relation(engine)}) AS s{number}")
        chosen += [f"s{number}.c{place} AS s{number}_c{place}" for place in range(len(values))]
    conditions = [f" JOIN {part} ON s0.id = s{number}.id" for number, part in enumerate(parts[1:], start=1)]
    where = f" WHERE s0.place > {from_row}" if from_row else ""
    query = f"SELECT {', '.join(chosen)} FROM {parts[0]}{''.join(conditions)}{where}"
    about = " and ".join(dict.fromkeys(side.sheet.name for side in sides))
    for batch in engine.stream(query, about, ordered=bool(from_row), rows=block_rows(len(chosen))):
        columns = iter(batch.columns)
        ids = next(columns)
        yield (
            [{name: (ids if name == side.item else next(columns)) for name in _values_last(side)} for side in sides],
            ids,
        )


def _values_last(side: Side) -> list[str]:
    """The id column takes no column of the join, so its place does not matter."""
    return [name for name in side.columns if name != side.item] + [str(side.item)]
