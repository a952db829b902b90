"""What one pass over a column of ids tells: how many, a sum that only the same ids have, and whether some repeat."""

from dataclasses import dataclass

from .engine import Engine
from .judgements import item_sql
from .sheet import Sheet

__all__ = ["IdSums", "id_sql", "id_sums", "items_repeat"]

_EXACT_BELOW_ROWS = 1_000_000
_IDS_THAT_DECIDE = 1000


@dataclass(frozen=True)
class IdSums:
    """Rows, rows with an id, and Σ of the ids' 64-bit hashes.

    `repeat` says whether one of the first thousand stands in more rows; `None` where nobody asked.
    """

    rows: int
    named: int
    total: int
    repeat: bool | None = None


def id_sql(sheet: Sheet, item: str, engine: Engine, *, as_text: bool) -> str:
    """The query of a sheet's ids, as `id`."""
    target = "VARCHAR" if as_text else "BIGINT"
    return f"SELECT CAST({item_sql(sheet, item)} AS {target}) AS id FROM {sheet.relation(engine)}"


def id_sums(engine: Engine, sheet: Sheet, item: str, *, as_text: bool, repeats: bool = False) -> IdSums:
    """Look at the ids of a sheet; a second look at the same ids costs nothing.

    Args:
        engine: counts, and remembers.
        sheet: the input.
        item: its column of ids.
        as_text: the ids are compared as texts.
        repeats: also find out whether one of the first thousand stands in more rows.

    Returns:
        The sums.
    """
    ids = id_sql(sheet, item, engine, as_text=as_text)
    found: IdSums | None = engine.remembered.get(ids)
    if found is None or (repeats and found.repeat is None):
        found = engine.remembered[ids] = _looked_at(engine, sheet, ids, repeats=repeats)
    return found


def _looked_at(engine: Engine, sheet: Sheet, ids: str, *, repeats: bool) -> IdSums:
    sums = "SELECT count(*), count(id), sum(hash(id))"
    if not repeats:
        return IdSums(*engine.rows(f"{sums} FROM ({ids})", sheet.name)[0])
    first = f"(SELECT id FROM ({ids}) LIMIT {_IDS_THAT_DECIDE})"
    early = f"SELECT id, id IN {first} AS early FROM ({ids})"  # DISTINCT over all rows would take eight times as long
    repeat = f"count(*) FILTER (WHERE early) > (SELECT count(DISTINCT id) FROM {first})"
    return IdSums(*engine.rows(f"{sums}, {repeat} FROM ({early})", sheet.name)[0])


def items_repeat(engine: Engine, sheet: Sheet, item: str) -> bool:
    """Whether an id stands in more than one row.

    In long inputs the first thousand ids decide; if others repeat all the same, the join finds them and says so.
    """
    as_text = sheet.column(item).type == "text"
    if sheet.rows is None or sheet.rows > _EXACT_BELOW_ROWS:
        return bool(id_sums(engine, sheet, item, as_text=as_text, repeats=True).repeat)
    ids = id_sql(sheet, item, engine, as_text=as_text)
    return bool(engine.rows(f"SELECT 1 FROM ({ids}) GROUP BY id HAVING count(*) > 1 LIMIT 1", sheet.name))
