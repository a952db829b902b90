"""Adding a block of items to an empty tally: the additive core in one pass of the native kernels, then the parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitsapart import _core
from bitsapart.errors import DomainError
from bitsapart.rows import distinct_rows

from .block_sides import Place, length_of, native_side, refuse, rows_of
from .moments import Moments, column_sums, grouped_sums, moments_of
from .pattern_book import PatternBook
from .tails import WeightedTails
from .terms import COLUMNS, ORDINAL, Answers, Forecast, column_values, read_model, read_people

if TYPE_CHECKING:
    from .tally import Tally

__all__ = ["INFINITE_SHOWN", "BlockOfItems", "farthest", "fill", "natural"]

Floats = NDArray[np.float64]
INFINITE_SHOWN = 10
CLASS_SUMS = ("people", "model", "cross_entropy", "absolute_error", "squared_error")
_CHUNK = 1 << 20  # numbers in a chunk of work
_JUDGED, _THIRD, _FOURTH = 12, 13, 14  # the core's slots after the columns


@dataclass(frozen=True)
class BlockOfItems:
    """A block as it was given; its sides are arrays or tuples of columns."""

    people: Any
    models: tuple[Any, ...]
    ids: Any
    weights: Floats | None
    groups: list[str] | None

    def chunks(self, classes: int) -> Iterator[tuple[int, "BlockOfItems"]]:
        """The block in pieces whose tables stay small, each with its first row."""
        step = max(_CHUNK // classes, 1)
        for start in range(0, length_of(self.people), step):
            rows = slice(start, start + step)
            yield start, BlockOfItems(
                rows_of(self.people, rows), tuple(rows_of(model, rows) for model in self.models), self.ids,
                None if self.weights is None else self.weights[rows],
                None if self.groups is None else self.groups[rows],
            )  # fmt: skip


def fill(tally: "Tally", block: BlockOfItems) -> None:
    """Make an empty tally the tally of this block."""
    people, models = _sides(tally, block)
    _add_core(tally, block, people, models)
    tails = "tails" in tally.parts and (block.weights is not None or tally.per == "judgement")
    if tails or "pairs" in tally.parts or "patterns" in tally.parts or tally._groups is not None:
        for _, chunk in block.chunks(len(tally.columns) * len(models)):
            _add_values(tally, chunk)
    if set(tally.parts) & {"classes", "confusion", "verdicts", "calibration", "extremes"}:
        for start, chunk in block.chunks(len(tally.classes)):
            _add_tables(tally, chunk, start)


def _sides(tally: "Tally", block: BlockOfItems) -> tuple[_core.Side, list[_core.Side]]:
    classes = len(tally.classes)
    people = native_side(block.people, str(tally.people_kind), classes, "people", tally.positive)
    models = [
        native_side(model, str(kind), classes, name, tally.positive)
        for model, kind, name in zip(block.models, tally.model_kinds, tally.spoken_models, strict=True)
    ]
    return people, models


def _add_core(tally: "Tally", block: BlockOfItems, people: _core.Side, models: list[_core.Side]) -> None:
    fault, _, panels, found = _core.block_sums(
        people, models, block.weights, tally.per == "judgement", "ordinal" in tally.parts, "tails" in tally.parts,
        tally.worst_kept, tally.threads,
    )  # fmt: skip
    if fault is not None:
        _refuse(tally, block, fault)
    tally.items = len(people)
    if tally.people_kind != "probs":
        tally.panel_sizes = dict(panels)
        if panels and panels[0][0] == 0:  # larger panels than the core keeps apart
            answers = read_people(block.people, "counts", len(tally.classes), Place("people"), threads=tally.threads)
            sizes, counts = np.unique(np.asarray(answers.judgements, dtype=np.int64), return_counts=True)
            tally.panel_sizes = dict(zip(sizes.tolist(), counts.tolist(), strict=True))
    first: dict[str, Moments] = {}
    for place, (sums, worst, dropped) in enumerate(found):
        moments = moments_of(sums)
        columns, judged = _columns_of(tally, moments, first)
        first = first or columns
        tally._main[place], tally._judged[place] = columns, judged
        tally._infinite[place] = sums[0][1]
        tally._tails[place] = [moments[slot].x for slot in (_THIRD, _FOURTH)]
        if block.ids is not None and sums[0][1]:
            tally._infinite_ids[place] = _infinite_names(tally, block, place)
        tally._worst[place] = _worst_items(tally, block, place, worst, dropped)


def _columns_of(
    tally: "Tally", sums: list[Moments], first: dict[str, Moments]
) -> tuple[dict[str, Moments], Moments]:  # fmt: skip
    """All columns from those that the core added up: some are equal, some the same for every model."""
    columns = dict(zip((*COLUMNS, *ORDINAL), sums, strict=False))
    if tally.people_kind == "labels":
        whole = columns["brier"]
        columns |= {
            "entropy": Moments(whole.n, 0, 0, 0, whole.w, whole.ww), "kl_divergence": columns["cross_entropy"],
            "squared_error": whole, "majority_accuracy": columns["accuracy"],
            "squared_distance": Moments(), "disagreement": Moments(),
        }  # fmt: skip
    elif first:
        columns |= {key: first[key] for key in ("entropy", "disagreement")}
    if tally.people_kind == "probs":
        columns["squared_distance"] = columns["squared_error"]
    apart = tally.people_kind == "counts" and tally.per == "item"
    judged = sums[_JUDGED] if apart else columns["cross_entropy"]
    return {key: columns[key] for key in tally.columns}, judged


def _refuse(tally: "Tally", block: BlockOfItems, fault: "_core.Fault") -> None:
    side = fault[1]
    if side <= 0:
        refuse(fault, Place("people", block.ids), str(tally.people_kind), "people_kind", len(tally.classes))
    place = Place(tally.spoken_models[side - 1], block.ids)
    refuse(fault, place, str(tally.model_kinds[side - 1]), "model_kind", len(tally.classes))


def _far_items(tally: "Tally", block: BlockOfItems, place: int, least: float) -> tuple[NDArray[np.int64], Floats]:
    """The rows whose cross-entropy is at least so large, and these; piece by piece, which needs no long column."""
    rows, nats = [], []
    for start, piece in block.chunks(1):
        people, models = _sides(tally, piece)
        labels = tally.people_kind == "labels"
        wanted = column_values(people, [models[place]], ["cross_entropy"], labels=labels, threads=tally.threads)
        losses = wanted[0]["cross_entropy"]
        far = np.flatnonzero(losses >= least)
        rows.append(far + start)
        nats.append(losses[far])
    return np.concatenate(rows), np.concatenate(nats)


def _infinite_names(tally: "Tally", block: BlockOfItems, place: int) -> list[str]:
    rows, _ = _far_items(tally, block, place, np.inf)
    return nsmallest(INFINITE_SHOWN, Place("people", block.ids).names(rows.tolist()), key=natural)


def _worst_items(
    tally: "Tally", block: BlockOfItems, place: int, worst: list[tuple[float, int]], dropped: float
) -> list[dict[str, Any]]:
    if not worst:
        return []
    rows = [row for _, row in worst]
    bar = min(nats for nats, _ in worst)
    if dropped >= bar:  # more items are as far as the nearest one kept: their names decide
        far, losses = _far_items(tally, block, place, bar - 2.0**-52)
        rounded = np.rint(losses * (1 << 52)) / (1 << 52)
        above = [(nats, row) for nats, row in worst if nats > bar]
        level = _first_of(far[rounded == bar], block, tally.worst_kept - len(above))
        worst = above + [(bar, row) for row in level]
        rows = [row for _, row in worst]
    taken = np.array(rows, dtype=np.int64)
    classes = len(tally.classes)
    kind: Any = tally.people_kind
    shares = read_people(rows_of(block.people, taken), kind, classes, Place("people"), tally.positive).shares
    model = rows_of(block.models[place], taken)
    probs = read_model(model, str(tally.model_kinds[place]), classes, Place("model"), tally.positive).probs
    names = [None] * len(rows) if block.ids is None else Place("people", block.ids).names(rows)
    found = [
        {"nats": nats, "item": name, "people": p, "model": q}
        for (nats, _), name, p, q in zip(worst, names, shares.tolist(), probs.tolist(), strict=True)
    ]
    return farthest(found, tally.worst_kept)


def _first_of(rows: NDArray[np.int64], block: BlockOfItems, most: int) -> list[int]:
    """Of items that are equally far the ones to show: by name, or all where they have none."""
    if block.ids is None:
        return [int(row) for row in rows]
    named = zip(Place("people", block.ids).names(rows.tolist()), rows.tolist(), strict=True)
    return [row for _, row in nsmallest(most, named, key=lambda pair: natural(pair[0]))]


def _add_values(tally: "Tally", block: BlockOfItems) -> None:
    """The parts that are made of the items' values."""
    people, models = _sides(tally, block)
    labels = tally.people_kind == "labels"
    wanted = tally.columns if tally._groups is not None else tuple(dict.fromkeys(("cross_entropy", *tally.paired)))
    values = column_values(people, models, wanted, labels=labels, threads=tally.threads)
    judgements = None
    if tally.people_kind == "counts":
        sides = block.people if isinstance(block.people, tuple) else tuple(block.people.T)
        judgements = np.sum([np.asarray(column, dtype=np.float64) for column in sides], axis=0)
    weights = block.weights
    judged = weights if judgements is None else judgements if weights is None else judgements * weights
    main = judged if tally.per == "judgement" else weights
    if "tails" in tally.parts and main is not None:
        for place, columns in enumerate(values):
            tally._weighted_tails[place] += WeightedTails.of(columns["cross_entropy"], main)
    if "pairs" in tally.parts:
        for (a, b, key), sums in tally._pairs.items():
            sums.add(values[a][key], values[b][key], main)
    if tally._groups is not None and block.groups is not None:
        _add_groups(tally, block.groups, values, main, judged)
    if "patterns" in tally.parts and tally.people_kind == "counts":
        _add_patterns(tally, block, people, values, main)


def _add_groups(
    tally: "Tally", groups: list[str], values: list[dict[str, Floats]], main: Floats | None, judged: Floats | None
) -> None:
    assert tally._groups is not None
    names, codes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    for place, columns in enumerate(values):
        weighted = [(key, column, main) for key, column in columns.items()]
        weighted.append(("judged", columns["cross_entropy"], judged))
        for key, column, weights in weighted:
            for name, sums in zip(names.tolist(), grouped_sums(column, codes, len(names), weights), strict=True):
                own = tally._groups.setdefault(name, [{} for _ in tally.models])[place]
                own[key] = own.get(key, Moments()) + sums


def _add_patterns(
    tally: "Tally", block: BlockOfItems, people: _core.Side, values: list[dict[str, Floats]], main: Floats | None
) -> None:
    codes = np.empty(len(people), dtype=np.int64)
    firsts = np.array(_core.row_patterns(people, codes), dtype=np.int64)
    taken = rows_of(block.people, firsts)
    columns = taken if isinstance(taken, tuple) else tuple(taken.T)
    rows = np.column_stack([np.asarray(column).astype(np.int64) for column in columns])
    groups = np.full(len(rows), "")
    if block.groups is not None:
        names, group_codes = np.unique(np.asarray(block.groups, dtype=object).astype(str), return_inverse=True)
        both, codes = np.unique(codes * len(names) + group_codes, return_inverse=True)
        rows, groups = rows[both // len(names)], names[both % len(names)]
    losses = [columns["cross_entropy"] for columns in values]
    tally._patterns.add(PatternBook.of(rows, groups, codes, losses, main))


def _add_tables(tally: "Tally", block: BlockOfItems, start: int) -> None:
    """The parts that need every class of every item."""
    classes, kind = len(tally.classes), tally.people_kind
    assert kind is not None
    answers = read_people(block.people, kind, classes, Place("people", block.ids, start), tally.positive, tally.threads)
    judgements = None if kind != "counts" else answers.judgements
    main = block.weights
    if tally.per == "judgement" and judgements is not None:
        main = judgements if main is None else judgements * main
    folds = _folds(block, start, len(answers.shares)) if "calibration" in tally.parts else None
    for place, (model, model_kind) in enumerate(zip(block.models, tally.model_kinds, strict=True)):
        forecast = read_model(model, str(model_kind), classes, Place("model"), tally.positive, tally.threads)
        p, q = answers.shares, forecast.probs
        if "classes" in tally.parts:
            _add_classes(tally, place, p, q, forecast.logs, main)
        if "confusion" in tally.parts:
            tally._confusion[place] = [
                s + column_sums(p[:, at // classes] * q[:, at % classes], main)
                for at, s in enumerate(tally._confusion[place])
            ]
        if folds is not None:
            tally._calibration[place].add(p, q, folds, judgements=answers.judgements, weights=main, logs=forecast.logs)
        if "extremes" in tally.parts:
            _add_extremes(tally, place, answers, forecast, Place("people", block.ids, start))
        if "verdicts" in tally.parts and model_kind == "verdicts" and answers.counts is not None:
            _add_verdicts(tally, place, q.argmax(axis=1), answers.counts.astype(np.int64), block.groups, main)


def _add_verdicts(
    tally: "Tally", place: int, verdicts: NDArray[np.int64], counts: NDArray[np.int64], groups: list[str] | None,
    main: Floats | None,
) -> None:  # fmt: skip
    given = np.array(groups or [""] * len(counts), dtype=object).astype(str)
    names, group_codes = np.unique(given, return_inverse=True)
    joined = np.column_stack([verdicts, group_codes, counts])
    rows, codes = distinct_rows(joined)[:2]
    table = tally._verdicts[place]
    for row, ones in zip(rows.tolist(), grouped_sums(np.ones(len(codes)), codes.ravel(), len(rows), main), strict=True):
        cell = (row[0], tuple(row[2:]), str(names[row[1]]))
        table[cell] = table.get(cell, Moments()) + ones


def _folds(block: BlockOfItems, start: int, length: int) -> NDArray[np.int64]:
    """Each item's fold: of its group's name where there are groups, else of its own."""
    from .origin import fold_of_names

    if block.groups is not None:
        return fold_of_names(block.groups)
    if block.ids is None:
        message = "calibration is cross-fitted by the items' names: pass ids"
        raise DomainError(message)
    return fold_of_names(Place("people", block.ids, start).names(range(length)))


def _add_extremes(tally: "Tally", place: int, answers: Answers, forecast: Forecast, at: Place) -> None:
    from .extremes import extremes_of

    p, said = answers.shares, answers.shares > 0
    losses = -np.sum(np.where(said, p * np.where(said, forecast.logs, 0.0), 0.0), axis=1)

    def names(rows: Sequence[int]) -> Sequence[str | None]:
        return at.names(rows) if at.named else [None] * len(rows)

    found = extremes_of(p, forecast.probs, losses, answers.judgements, most=tally.worst_kept, names=names)
    for kind, rows in found.items():
        tally._extremes[place][kind] = farthest(tally._extremes[place].get(kind, []) + rows, tally.worst_kept)


def _add_classes(tally: "Tally", place: int, p: Floats, q: Floats, logs: Floats, main: Floats | None) -> None:
    half = 0.5 if len(tally.classes) == 2 else 1.0
    said = p > 0
    parts = {
        "people": p, "model": q, "cross_entropy": -np.where(said, p * np.where(said, logs, 0.0), 0.0) + 0.0,
        "absolute_error": half * np.abs(p - q), "squared_error": half * (p - q) ** 2,
    }  # fmt: skip
    for key, table in parts.items():
        sums = tally._classes[place][key]
        tally._classes[place][key] = [s + column_sums(table[:, c], main) for c, s in enumerate(sums)]


def natural(name: str) -> tuple[bool, int, str]:
    """The order of names: numbers by size, then texts."""
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)


def farthest(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The farthest items; equal ones in the order of their names, then of what was said."""
    ranked = sorted(rows, key=lambda row: (-row["nats"], natural(row["item"] or ""), row["people"], row["model"]))
    return ranked[:most]
