"""A pair: people and models brought together, described before they are read and streamed in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from bitsapart.errors import DataError

from .alignment import Increasing, Mismatch, Side, side_by_side
from .block import Block, Ids
from .decode import Decoder, model_decoder, people_decoder, texts, weights_of
from .engine import Engine
from .join import joined, prepare_join, refuse_duplicates
from .judgements import LongJudgements, long_judgements
from .model_reading import ModelReading
from .options import ReadOptions
from .people_reading import PeopleReading
from .verify import check_model, check_people, people_present, refuse_absent, renormalised

__all__ = ["Pair"]


@dataclass(frozen=True)
class _Extra:
    """A column beside the values (weight, group, slice): where it is and what it is for."""

    side: int
    name: str
    use: str


class Pair:
    """People and models, ready to be streamed.

    Args that matter to callers are attributes: `classes`, `people_kind` ("labels", "counts", "probs", or `None` without
    people), `exact`, `model_kinds`, `model_names`, `positive`, `notes`, `inputs`, `annotators`, `items_expected`,
    `threads`. What turns up while streaming (items left out, repeated judgements) is appended to `announcements`.

    A pair is a context manager; leaving it, or its end, removes everything temporary.
    """

    def __init__(
        self,
        engine: Engine,
        options: ReadOptions,
        people: PeopleReading | None,
        models: Sequence[ModelReading],
        *,
        classes: Sequence[str],
        positive: str | None,
        model_names: Sequence[str],
        announcements: Sequence[str] = (),
        shuffled: bool = False,
    ) -> None:
        self._engine, self._options = engine, options
        self._people, self._models = people, tuple(models)
        self.classes = tuple(classes)
        self.positive = positive
        self.people_kind = None if people is None else people.kind
        self.exact = options.people_kind == "exact" or self.people_kind == "probs"
        self.model_kinds = tuple(model.kind for model in models)
        self.model_names = tuple(model_names)
        self.threads = options.thread_count
        self.annotators = people is not None and people.long is not None
        readings: list[PeopleReading | ModelReading] = [*([people] if people else []), *models]
        self.notes = [_note(reading, readings) for reading in readings]
        self.announcements = list(dict.fromkeys([one for reading in readings for one in reading.announcements]))
        self.announcements += announcements
        self._sides, self._places = _sides(readings, options)
        self._extras = _extras(self._sides, options)
        self._sides = [_widened(side, number, self._extras) for number, side in enumerate(self._sides)]
        self.items_expected = self._sides[0].sheet.rows or _answers_counted(people)
        self.inputs = _inputs(readings)
        self._people_decoder: Decoder | None = None if people is None else people_decoder(people, self.classes)
        self._model_decoders = [model_decoder(model, self.classes) for model in models]
        self._largest_change = 0.0
        self._dropped = 0
        self._weight = 0.0
        self._shuffled = shuffled

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove everything temporary; the pair cannot be streamed any more."""
        self._engine.close()

    def blocks(self, *, verify: bool = True) -> Iterator[Block]:
        """The items in blocks, in the order of the files where that is the same, else in no order.

        Args:
            verify: check probabilities, log-probabilities and logits here; pass False where the consumer does, and ask
                `explain` about a block that it refused. Counts, labels and empty cells are always checked.

        Yields:
            Blocks of at most 131072 items; eight times as many where there are few columns.

        Raises:
            DataError: a cell, id or row that cannot be used, by file, item and column.
            DomainError: a value outside its domain, likewise.
        """
        done = 0
        self._largest_change, self._dropped, self._weight = 0.0, 0, 0.0
        self._tell(0)
        for parts, ids, start in self._rows():
            block = self._block(parts, ids, start)
            if verify:
                self.explain(block)
            done += len(block)
            if len(block):
                yield block
            self._tell(done)
        self._announce_end(done)

    def explain(self, block: Block) -> None:
        """Check the values of a block and say what is wrong with the first that is.

        Raises:
            DomainError: a value is outside its domain.
            DataError: a verdict is none of the classes.
        """
        if self._people is not None:
            check_people(block, self._people, self.classes)
        for number, model in enumerate(self._models):
            check_model(block, number, model, self.classes)

    def long_judgements(self) -> LongJudgements:
        """Every judgement by item, annotator and class, where annotators are named.

        Raises:
            DataError: they are not.
        """
        if self._people is None or self._people.long is None:
            message = "the annotators are not named: a column that says who answered is needed (--annotator)"
            raise DataError(message)
        sheet, roles, answers = self._people.long
        return long_judgements(self._engine, sheet, roles, answers, self.classes)

    def _tell(self, done: int) -> None:
        if self._options.progress is not None:
            self._options.progress(done, self.items_expected)

    def _rows(self) -> Iterator[tuple[list[dict[str, Any]], Any, int]]:
        """Side by side as long as the ids agree, then joined; at once where the first rows were seen to differ."""
        kinds = {side.sheet.column(side.item).type for side in self._sides if side.item is not None}
        as_text = "text" in kinds
        watch = Increasing()
        differs_from = 0 if self._shuffled else None
        try:
            for parts, ids, start in () if self._shuffled else side_by_side(self._sides, self._engine, as_text=as_text):
                if ids is not None:
                    watch.see(ids)
                yield parts, ids, start
        except Mismatch as mismatch:
            differs_from = mismatch.row
        if differs_from is not None:
            if as_text and len(kinds) > 1:
                self._announce("ids are texts in one input and numbers in another: compared as texts")
            yield from self._joined_rows(differs_from, as_text=as_text)
            return
        if self._sides[0].item is not None:
            self._look_for_duplicates(watch)

    def _look_for_duplicates(self, watch: Increasing) -> None:
        duplicate = watch.duplicate()
        side = self._sides[0]
        if duplicate is not None:
            message = (
                f"{side.sheet.name} has item {duplicate!r} more than once in column {side.item!r}: each item needs "
                "one row"
            )
            raise DataError(message)
        if not watch.known:
            self._announce(
                f"duplicate ids were not looked for: column {side.item!r} is long and not in increasing order"
            )

    def _joined_rows(self, row: int, *, as_text: bool) -> Iterator[tuple[list[dict[str, Any]], Any, int]]:
        drop = self._options.missing == "drop"
        expected, found = prepare_join(self._sides, self._engine, as_text=as_text, drop=drop)
        for one in found:
            self._announce(one)
        if row and expected is not None:
            for side in self._sides:
                refuse_duplicates(side, self._engine, as_text=as_text)
        seen = row
        for parts, ids in joined(self._sides, self._engine, as_text=as_text, from_row=row):
            seen += len(ids)
            yield parts, ids, 0
        if expected is not None and seen != expected:
            for side in self._sides:
                refuse_duplicates(side, self._engine, as_text=as_text)

    def _block(self, parts: Sequence[dict[str, Any]], ids: Any, start: int) -> Block:
        length = len(next(iter(parts[0].values())))
        names = Ids(ids, start, length)
        places = iter(self._places)
        people = None
        if self._people_decoder is not None:
            people = self._people_decoder(parts[next(places)], names)
        models = tuple(decode(parts[place], names) for decode, place in zip(self._model_decoders, places, strict=True))
        extras = {use: self._extra(parts, names, use) for use in ("weight", "group")}
        by = {extra.name: texts(parts[extra.side][extra.name]) for extra in self._extras if extra.use == "by"}
        block = Block(names, people, models, extras["weight"], extras["group"], by or None)
        return self._renormalised(self._present(block))

    def _extra(self, parts: Sequence[dict[str, Any]], ids: Ids, use: str) -> Any:
        extra = next((one for one in self._extras if one.use == use), None)
        if extra is None:
            return None
        column = parts[extra.side][extra.name]
        if use == "group":
            return texts(column)
        weights = weights_of(column, self._sides[extra.side].sheet.name, extra.name, ids)
        self._weight += float(weights.sum())
        return weights

    def _present(self, block: Block) -> Block:
        """Without the items that nobody answered: an error, or left out and counted."""
        if self._people is None:
            return block
        present = people_present(block, self._people)
        if present is None:
            return block
        if self._options.missing == "error":
            refuse_absent(block, present, self._people)
        self._dropped += int((~present).sum())
        return block.kept(present)

    def _renormalised(self, block: Block) -> Block:
        if not self._options.renormalise or not len(block):
            return block
        models = []
        for columns, kind in zip(block.models, self.model_kinds, strict=True):
            if kind == "probs" and isinstance(columns, tuple):
                columns, change = renormalised(columns)
                self._largest_change = max(self._largest_change, change)
            models.append(columns)
        people = block.people
        if self.people_kind == "probs" and isinstance(people, tuple):
            people, change = renormalised(people)
            self._largest_change = max(self._largest_change, change)
        return Block(block.ids, people, tuple(models), block.weights, block.groups, block.by)

    def _announce_end(self, done: int) -> None:
        if not done:
            message = f"{' and '.join(dict.fromkeys(side.sheet.name for side in self._sides))} have no items to compare"
            raise DataError(message)
        weight = next((one for one in self._extras if one.use == "weight"), None)
        if weight is not None and not self._weight:
            name = self._sides[weight.side].sheet.name
            message = f"{name}, column {weight.name!r} is 0 in every row, but some item needs a weight above 0"
            raise DataError(message)
        if self._dropped:
            self._announce(f"left out: {self._dropped} item{'s' * (self._dropped > 1)} that nobody answered")
        if self._options.renormalise:
            change = np.format_float_positional(self._largest_change, precision=3, fractional=False, trim="-")
            self._announce(f"rows were divided by their sum; the farthest sum was off 1 by {change}")

    def _announce(self, text: str) -> None:
        if text not in self.announcements:
            self.announcements.append(text)


def _answers_counted(people: PeopleReading | None) -> int | None:
    """How many items there are where the sheet does not know, but the answers, one an item, were counted."""
    return None if people is None or people.layout != "labels" or people.answers is None else people.answers.rows


def _note(reading: PeopleReading | ModelReading, readings: Sequence[PeopleReading | ModelReading]) -> str:
    """What was taken for what, and which columns, that could be taken for something, were not."""
    item = reading.roles.item
    note = f"{reading.note}; items by {item!r}" if item is not None else f"{reading.note}; items by their row"
    used = {name for one in readings if one.sheet is reading.sheet for name in _used(one)}
    label = reading.roles.label
    left = [c.name for c in reading.sheet.columns if c.name not in used and (c.numeric or c.name == label)]
    return f"{note}; not used: {', '.join(_kept_by_pandas(name) for name in left)}" if left else note


def _used(reading: PeopleReading | ModelReading) -> set[str | None]:
    return {*reading.columns.values(), reading.column, reading.roles.item, *reading.roles.extras}


def _kept_by_pandas(name: str) -> str:
    return f"{name} (an index of pandas)" if name.startswith("__index_level_") else name


def _inputs(readings: Sequence[PeopleReading | ModelReading]) -> list[dict[str, Any]]:
    described = []
    for reading in readings:
        one = reading.sheet.description()
        if one not in described:
            described.append(one)
    return described


def _sides(readings: Sequence[PeopleReading | ModelReading], options: ReadOptions) -> tuple[list[Side], list[int]]:
    """Each sheet once, with the columns that are needed of it, and the side that each reading is on."""
    sides: list[Side] = []
    places = []
    for reading in readings:
        values = [*reading.columns.values(), *([reading.column] if reading.column is not None else [])]
        item = None if options.in_order else reading.roles.item
        same = next((n for n, side in enumerate(sides) if side.sheet is reading.sheet), None)
        earlier = sides[same].columns if same is not None else ((item,) if item is not None else ())
        side = Side(reading.sheet, tuple(dict.fromkeys([*earlier, *values])), item)
        if same is None:
            places.append(len(sides))
            sides.append(side)
        else:
            places.append(same)
            sides[same] = side
    _all_or_none(sides)
    return sides, places


def _all_or_none(sides: Sequence[Side]) -> None:
    """Either every input names its items or none does."""
    named = [side for side in sides if side.item is not None]
    if named and len(named) < len(sides):
        without = next(side for side in sides if side.item is None)
        message = (
            f"{named[0].sheet.name} names its items in column {named[0].item!r}, but no column of "
            f"{without.sheet.name} names "
            "them: say which one does (--item), or match rows by their order (--in-order)"
        )
        raise DataError(message)


def _extras(sides: Sequence[Side], options: ReadOptions) -> list[_Extra]:
    wanted = [(options.weight, "weight"), (options.group, "group"), *((name, "by") for name in options.by)]
    return [
        _Extra(next(n for n, side in enumerate(sides) if side.sheet.has(name)), name, use)
        for name, use in wanted
        if name is not None
    ]


def _widened(side: Side, number: int, extras: Sequence[_Extra]) -> Side:
    more = [extra.name for extra in extras if extra.side == number]
    return Side(side.sheet, tuple(dict.fromkeys([*side.columns, *more])), side.item)
