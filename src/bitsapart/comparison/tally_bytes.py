"""A tally as bytes: a line that names the format, then canonical JSON. Nothing in it is ever executed."""

import hashlib
import json
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from bitsapart.errors import BitsapartError, StateError

from .moments import Moments
from .pattern_book import PatternBook
from .tails import WeightedTails
from .terms import COLUMNS, ORDINAL

if TYPE_CHECKING:
    from .tally import Tally

__all__ = ["pack", "unpack"]

_MAGIC = b"bitsapart tally "
_VERSION = 1


def pack(tally: "Tally") -> bytes:
    """The state, with a checksum; whole numbers are written in full."""
    columns = COLUMNS + (ORDINAL if "ordinal" in tally.parts else ())
    state: dict[str, Any] = {
        "classes": tally.classes, "models": tally.models, "people_kind": tally.people_kind, "kinds": tally._kinds,
        "positive": tally.positive, "per": tally.per, "worst_kept": tally.worst_kept, "parts": tally.parts,
        "exact": tally.exact,
        "items": tally.items, "panel_sizes": sorted(tally.panel_sizes.items()),
        "main": [[astuple(row[key]) for key in columns] for row in tally._main],
        "judged": [astuple(m) for m in tally._judged],
        "infinite": tally._infinite, "infinite_ids": tally._infinite_ids, "worst": tally._worst, "tails": tally._tails,
    }  # fmt: skip
    if any(sums.n for sums in tally._weighted_tails):
        state["weighted_tails"] = [astuple(sums) for sums in tally._weighted_tails]
    if "classes" in tally.parts:
        state["by_class"] = [{key: [astuple(m) for m in row] for key, row in rows.items()} for rows in tally._classes]
    if "confusion" in tally.parts:
        state["confusion"] = [[astuple(m) for m in row] for row in tally._confusion]
    if "pairs" in tally.parts:
        state["pairs"] = [
            [a, b, key, astuple(p.moments), p.won_a, p.won_b, p.even, p.third, p.fourth, p.few]
            + ([astuple(p.weighted)] if p.weighted.n else [])
            for (a, b, key), p in sorted(tally._pairs.items())
        ]
    if "patterns" in tally.parts:
        state["patterns"] = list(tally._patterns.rows())
    if "verdicts" in tally.parts:
        state["verdicts"] = [
            [[*cell, astuple(ones)] for cell, ones in sorted(table.items())] for table in tally._verdicts
        ]
    if "calibration" in tally.parts:
        state["calibration"] = [sums.to_state() for sums in tally._calibration]
    if "extremes" in tally.parts:
        state["extremes"] = tally._extremes
    if tally._groups is not None:
        state["groups"] = [
            [name, [sorted([key, astuple(m)] for key, m in row.items()) for row in tally._groups[name]]]
            for name in sorted(tally._groups)
        ]
    body = json.dumps(state, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    return b"%s%d %s\n%s" % (_MAGIC, _VERSION, hashlib.sha256(body).hexdigest().encode(), body)


def unpack(data: bytes) -> "Tally":
    """Read what `pack` wrote, or say why not."""
    head, newline, body = bytes(data).partition(b"\n")
    if not head.startswith(_MAGIC) or not newline:
        message = "this is no tally: it does not begin as one"
        raise StateError(message)
    version, _, checksum = head[len(_MAGIC) :].partition(b" ")
    if version != b"%d" % _VERSION:
        message = f"this tally is of version {version[:20].decode('ascii', 'replace')}, this program reads {_VERSION}"
        raise StateError(message)
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        message = "this tally is damaged or cut short: its checksum does not fit"
        raise StateError(message)
    try:
        return _restored(json.loads(body))
    except BitsapartError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        message = f"this tally is damaged: {type(error).__name__} where its sums should be"
        raise StateError(message) from None


def _restored(state: dict[str, Any]) -> "Tally":
    from .tally import PairSums, Tally

    tally = Tally(
        state["classes"], models=state["models"], people_kind=state["people_kind"], model_kind=state["kinds"],
        positive=state["positive"], per=state["per"], worst=state["worst_kept"], parts=state["parts"],
        exact=state.get("exact", False),
    )  # fmt: skip
    columns = COLUMNS + (ORDINAL if "ordinal" in tally.parts else ())
    tally.items = state["items"]
    tally.panel_sizes = dict(state["panel_sizes"])
    tally._main = [{key: Moments(*sums) for key, sums in zip(columns, row, strict=True)} for row in state["main"]]
    tally._judged = [Moments(*sums) for sums in state["judged"]]
    tally._infinite, tally._infinite_ids = state["infinite"], state["infinite_ids"]
    tally._worst, tally._tails = state["worst"], state["tails"]
    if "by_class" in state:
        tally._classes = [{key: [Moments(*m) for m in row] for key, row in rows.items()} for rows in state["by_class"]]
    if "confusion" in state:
        tally._confusion = [[Moments(*m) for m in row] for row in state["confusion"]]
    for place, (n, products) in enumerate(state.get("weighted_tails", ())):
        tally._weighted_tails[place] = WeightedTails(n, tuple(products))
    for a, b, key, moments, *rest in state.get("pairs", ()):
        sums = tally._pairs[a, b, key] = PairSums(Moments(*moments), *rest[:6])
        for n, products in rest[6:]:
            sums.weighted = WeightedTails(n, tuple(products))
    tally._patterns = PatternBook.from_rows(state.get("patterns", ()), len(tally.classes), len(tally.models))
    for place, table in enumerate(state.get("verdicts", ())):
        tally._verdicts[place] = {
            (verdict, tuple(counts), group): Moments(*ones) for verdict, counts, group, ones in table
        }
    if "calibration" in state:
        from .origin import OriginSums

        tally._calibration = [OriginSums.from_state(sums, len(tally.classes)) for sums in state["calibration"]]
    if "extremes" in state:
        tally._extremes = state["extremes"]
    if "groups" in state:
        tally._groups = {name: [{key: Moments(*m) for key, m in row} for row in rows] for name, rows in state["groups"]}
    return tally
