"""The items of a run: people's answers and the pictures they belong to, matched by name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.data import Pair, ReadOptions, open_people
from bitsapart.errors import AmbiguityError, DataError

from .images import Form, ImageSource, counted, listed, open_images
from .naming import WHOLE, best_form, named
from .settings import TrainSettings

__all__ = ["Answers", "Items", "read_answers", "read_items"]

_NEGATIVE = {"0", "-1", "false", "no", "n", "neg", "negative", "off", "absent"}


@dataclass(frozen=True)
class Answers:
    """What people said.

    Attributes:
        ids: of the items.
        named: whether the ids are their own, or row numbers.
        classes: two classes stand in the order (positive, other).
        kind: "labels", "counts" or "probs".
        values: [N] class numbers, [N, C] counts or [N, C] shares.
        weights: [N] or None.
        exact: whether the answers are taken as the truth itself.
        inputs, notes: what was read, and what was taken for what.
    """

    ids: list[str]
    named: bool
    classes: tuple[str, ...]
    kind: str
    values: NDArray[Any]
    weights: NDArray[np.float64] | None
    exact: bool = False
    inputs: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def shares(self) -> NDArray[np.float64]:
        """[N, C] the distribution p̂ of the answers."""
        if self.kind == "labels":
            one_hot: NDArray[np.float64] = np.eye(len(self.classes))[self.values]
            return one_hot
        table = self.values.astype(np.float64)
        return table / table.sum(axis=1, keepdims=True) if self.kind == "counts" else table

    def judgements(self) -> NDArray[np.float64]:
        """[N] K; 1 for labels and for distributions taken as given."""
        if self.kind == "counts":
            return np.asarray(self.values.sum(axis=1), dtype=np.float64)
        return np.ones(len(self.ids))

    def taken(self, rows: NDArray[np.int64]) -> "Answers":
        """Some of the items."""
        return Answers(
            ids=[self.ids[row] for row in rows], named=self.named, classes=self.classes, kind=self.kind,
            values=self.values[rows], weights=None if self.weights is None else self.weights[rows],
            exact=self.exact, inputs=self.inputs, notes=self.notes,
        )  # fmt: skip


@dataclass(frozen=True)
class Items:
    """Pictures with people's answers, row by row.

    Attributes:
        answers: people's.
        pixels: [N, height, width, channels].
        form: what the pictures look like.
        notes: what was done to people's file and to pictures.
        left_out: name and reason of everything that was skipped because the user allowed it.
        named_by: the form of the pictures' names under which people's file knows them.
    """

    answers: Answers
    pixels: NDArray[Any]
    form: Form
    notes: list[str]
    left_out: list[tuple[str, str]]
    named_by: str = WHOLE

    def __len__(self) -> int:
        return len(self.answers.ids)


def read_items(images: Any, people: Any, settings: TrainSettings, options: ReadOptions) -> Items:
    """Read people's answers, match the pictures, and load those.

    Args:
        images: a folder, an array file, an array, or an example.
        people: anything that `bitsapart.data` reads; None with an example.
        settings: how pictures are read.
        options: how people's file is read; `missing="drop"` leaves out items and pictures without a partner.

    Raises:
        DataError: see the message; it says what to do.
    """
    source = open_images(images)
    if people is None and not source.name.startswith("example:"):
        message = "PEOPLE is missing: a file with what people said of the pictures (only an example knows its own)"
        raise DataError(message)
    answers = read_answers(source.name if people is None else people, options)
    named_by = WHOLE if source.names is None else best_form(answers.ids, source.names)
    rows, numbers, match_notes, unmatched = _match(
        answers, source, named_by, drop=options.missing == "drop", in_order=options.in_order
    )
    loaded = source.load(numbers, settings)
    answers = answers.taken(rows[loaded.kept])
    said = np.count_nonzero(answers.shares().sum(axis=0))
    if said < 2:
        only = answers.classes[int(answers.shares().sum(axis=0).argmax())]
        message = f"people said {only!r} of every picture, and a network needs at least two classes to tell apart"
        raise DataError(message)
    notes = [*answers.notes, *source.notes, *match_notes, *loaded.notes]
    return Items(answers, loaded.values, loaded.form, notes, [*unmatched, *loaded.skipped], named_by)


def read_answers(people: Any, options: ReadOptions) -> Answers:
    """Gather what people said, in the order of their file."""
    with open_people(people, options=options) as pair:
        blocks = list(pair.blocks())
        classes, flip = _order(pair, options)
        parts = [block.people for block in blocks]
        if isinstance(parts[0], tuple):
            values = np.concatenate([np.column_stack(part) for part in parts if isinstance(part, tuple)])
            values = values[:, ::-1] if flip else values
        else:
            values = np.concatenate([np.asarray(part) for part in parts]).astype(np.int64)
            values = 1 - values if flip else values
        weights = [block.weights for block in blocks if block.weights is not None]
        kind = "probs" if pair.exact and pair.people_kind == "counts" else str(pair.people_kind)
        if kind == "probs" and values.dtype.kind != "f":
            values = values / values.sum(axis=1, keepdims=True)
        return Answers(
            ids=[name for block in blocks for name in block.ids.take(range(len(block)))],
            named=all(block.ids.named for block in blocks), classes=classes, kind=kind, values=values,
            weights=np.concatenate(weights) if weights else None, exact=pair.exact, inputs=list(pair.inputs),
            notes=[*pair.notes, *pair.announcements],
        )  # fmt: skip


def _order(pair: Pair, options: ReadOptions) -> tuple[tuple[str, ...], bool]:
    """Two classes in the order (positive, other), and whether that turns them round."""
    classes = pair.classes
    if len(classes) != 2:
        return classes, False
    first, second = (name.lower().replace("_", "-") for name in classes)
    positive = options.positive or pair.positive
    if positive is not None:
        flip = positive == classes[1]
    else:
        denied = {f"{word}{second}" for word in ("not-", "not ", "non-", "non", "no-", "no ", "un", "in")}
        flip = first in _NEGATIVE or first in denied
    return (classes[1], classes[0]) if flip else classes, flip


def _match(
    answers: Answers, source: ImageSource, named_by: str, *, drop: bool, in_order: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str], list[tuple[str, str]]]:
    """Rows of people and numbers of pictures that belong together."""
    if source.names is not None:
        names, keys, how = source.names, named(named_by, source.names), named_by
    elif _are_row_numbers(answers, len(source)):
        names = keys = [str(number) for number in range(len(source))]
        how = "row numbers from 0 (no ids came with them)"
    else:
        rows = _in_order(answers, source)
        return rows, rows, [f"{source.name} has no ids: pictures and items matched by their order"], []
    if not answers.named:
        what = "the ids of people's file are not looked at" if in_order else "people's file has no column of ids"
        way_out = "leave out --in-order" if in_order else "--item COLUMN names it"
        message = f"{what}, so its rows cannot be matched with the pictures of {source.name}; {way_out}"
        raise DataError(message)
    lookup: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        lookup.setdefault(key, []).append(number)
    found = {row: _the_only(lookup[name], name, names) for row, name in enumerate(answers.ids) if name in lookup}
    missing = [name for name in answers.ids if name not in lookup]
    alone = [names[number] for number in sorted(set(range(len(names))) - set(found.values()))]
    if not found:
        message = (
            f"no item of people's file has a picture in {source.name}: {listed(missing)}; pictures are {listed(names)}"
        )
        raise DataError(message)
    left = _unmatched(source.name, missing, alone, drop=drop)
    return (
        np.array(list(found)),
        np.array(list(found.values())),
        [f"{counted(len(found), 'picture')} matched by {how}"],
        left,
    )


def _the_only(numbers: list[int], name: str, names: Sequence[str]) -> int:
    if len(numbers) > 1:
        first, second = (names[number] for number in numbers[:2])
        message = f"item {name!r} could be {first} and {second}; write the whole file name in people's file"
        if first == second:
            message = f"{len(numbers)} pictures have the id {name!r}, but an id stands for one picture"
        raise AmbiguityError(message)
    return numbers[0]


def _unmatched(source: str, missing: list[str], alone: list[str], *, drop: bool) -> list[tuple[str, str]]:
    parts = []
    if missing:
        verb = "has" if len(missing) == 1 else "have"
        parts.append(f"{counted(len(missing), 'item')} {verb} no picture ({listed(missing)})")
    if alone:
        verb = "has" if len(alone) == 1 else "have"
        parts.append(f"{counted(len(alone), 'picture')} {verb} no answers ({listed(alone)})")
    if parts and not drop:
        message = f"{source} and people's file do not match: {' and '.join(parts)}. --missing drop leaves them out"
        raise DataError(message)
    return [(name, "has no picture") for name in missing] + [(name, "has no answers") for name in alone]


def _are_row_numbers(answers: Answers, pictures: int) -> bool:
    """Whether the ids are whole numbers that count the pictures from 0."""
    if not answers.named or not all(name.isdecimal() for name in answers.ids):
        return False
    return max(int(name) for name in answers.ids) < pictures


def _in_order(answers: Answers, source: ImageSource) -> NDArray[np.int64]:
    """The last resort, where it cannot be wrong by counting: as many pictures as items, and no numbers out of order."""
    way_out = "save ids with the pictures: numpy.savez(file, images=..., ids=...)"
    if len(answers.ids) != len(source):
        message = (
            f"{source.name} holds {len(source)} pictures without ids and people's file {len(answers.ids)} items, so "
            f"which is which is not known; {way_out}"
        )
        raise DataError(message)
    if answers.named and all(name.isdecimal() for name in answers.ids):
        numbers = [int(name) for name in answers.ids]
        if numbers != sorted(numbers):
            message = f"{source.name} has no ids, and people's items are numbers out of order; {way_out}"
            raise AmbiguityError(message)
    return np.arange(len(source))
