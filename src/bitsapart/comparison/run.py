"""The main job: open people and models, stream their blocks into a tally, make the answer."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from bitsapart.data import Block, Pair, ReadOptions, open_pair
from bitsapart.errors import DomainError
from bitsapart.units import Unit, nats_in

from .recalibrated import ReadBlock, again, refuse_file
from .replacing import Choices
from .result import Comparison
from .summary import Context, Settings, document
from .tally import Tally

__all__ = ["compare", "compare_files"]

_MOST_SLICES = 1000
_DETAIL = ("classes", "confusion", "calibration", "extremes")
_MOST_FOR_DETAIL = 1_000_000  # items × classes × models: about a second's work
_MOST_CONFUSED = 100  # classes


def compare(
    people: Any,
    *models: Any,
    unit: Unit = "bit",
    per: Literal["item", "judgement"] = "item",
    total: bool = False,
    by_class: bool = False,
    ordinal: bool = False,
    worst: int = 5,
    k_max: int | None = None,
    detail: bool | None = None,
    recalibrate: bool = False,
    recalibrate_by: Literal["temperature", "isotonic"] | None = None,
    recalibrate_to: str | None = None,
    **reading: Any,
) -> Comparison:
    """How far models are from people, all three ways, with intervals.

    Args:
        people: what people answered: a file, a glob, a dataframe, a mapping of columns, or an array of class codes
            (n,), counts (n, C) or probabilities (n, C).
        models: for each model its probabilities for the same items, in any of these forms. None where people's file
            holds both sides.
        unit: "bit", "nat" or "hartley".
        per: "item": every item counts the same; "judgement": every judgement does.
        total: totals over the items instead of means.
        by_class: also what each class contributes.
        ordinal: the classes are ordered: also the ranked probability score.
        worst: how many of the farthest items to list.
        k_max: how many people the curve of rater equivalence goes to; by default the most that keeps 90 % of the items.
        detail: gather everything that a page shows: where the distance comes from, class by class. By default it is
            gathered unless items × classes × models are more than a million.
        recalibrate: compare every model with its recalibrated self as well; a second pass over the data.
        recalibrate_by: "temperature" or "isotonic" regression; left out, what suits the classes.
        recalibrate_to: a .csv or .parquet file for one model's recalibrated probabilities.
        reading: fields of `bitsapart.data.ReadOptions`, for example `people_kind="exact"` or `positive="cat"`.

    Returns:
        The comparison.

    Raises:
        DataError: an input cannot be used as it is.
        DomainError: a value is outside its domain.

    Example:
        >>> result = compare([[9, 1], [2, 8]], [[0.8, 0.2], [0.3, 0.7]])
        >>> round(result["cross_entropy"].value, 3), result["cross_entropy"].unit
        (0.64, 'bit')
    """
    settings = Settings(
        unit=unit, per=per, total=total, by_class=by_class, ordinal=ordinal, worst=worst, k_max=k_max,
        detail=detail, recalibrate=recalibrate or bool(recalibrate_by or recalibrate_to), recalibrate_by=recalibrate_by,
        recalibrate_to=recalibrate_to,
    )  # fmt: skip
    return compare_files(people, models, options=ReadOptions(**reading), settings=settings)[0]


def compare_files(
    people: Any,
    models: Sequence[Any],
    *,
    options: ReadOptions,
    settings: Settings,
    progress: Callable[[int, int | None], None] | None = None,
) -> tuple[Comparison, Tally]:
    """The same with the options of the command line; the tally comes along.

    Args:
        people: as for `compare`.
        models: the models; empty where people's file holds both sides.
        options: how the inputs are read.
        settings: what is computed and shown.
        progress: called with the items done and the items expected, if known.

    Returns:
        The answer, and the tally it was made from.
    """
    nats_in(settings.unit)
    options = replace(options, progress=progress) if progress else options
    with open_pair(people, models, options=options) as pair:
        settings = replace(settings, exact=pair.exact)
        if settings.recalibrate_to is not None:
            refuse_file(settings.recalibrate_to, len(pair.model_names))
        tally = _tally(pair, settings)
        _spare(tally, settings, pair.items_expected or 0)
        slices: dict[tuple[str, str], Tally] = {}
        choices = Choices(pair) if settings.replace else None
        for block in pair.blocks(verify=False):
            _add_checked(tally, block, pair)
            _spare(tally, settings)
            _add_slices(slices, block, pair, settings)
            if choices is not None:
                smoothed = [_smoothed(model, kind) for model, kind in zip(block.models, pair.model_kinds, strict=True)]
                choices.add(block, smoothed, [str(kind) for kind in tally.model_kinds])
        better = {}
        if settings.recalibrate:
            better = again(tally, (_read(block, pair, tally) for block in pair.blocks(verify=False)), settings)
        context = Context(
            inputs=pair.inputs,
            notes=pair.notes,
            warnings=list(pair.announcements),
            slices=slices,
            replacement={} if choices is None else choices.entries(settings.epsilon),
            recalibrated=better,
        )
        return Comparison(document(tally, settings, context)), tally


def _tally(pair: Pair, settings: Settings) -> Tally:
    parts = {"tails"}
    if len(pair.model_names) > 1:
        parts.add("pairs")
    if pair.people_kind == "counts" and not pair.exact:
        parts.add("patterns")
    if settings.by_class:
        parts.add("classes")
    if settings.detail is not False:
        parts.update(_DETAIL)
        if settings.detail is None and len(pair.classes) > _MOST_CONFUSED:
            parts.remove("confusion")  # its cells are the square of the classes
    if settings.recalibrate:
        parts.add("calibration")
    if settings.ordinal:
        parts.add("ordinal")
    if "verdicts" in pair.model_kinds and pair.people_kind != "probs" and not pair.exact:
        parts.add("verdicts")
    kind: Any = "probs" if pair.exact and pair.people_kind == "counts" else pair.people_kind
    return Tally(
        pair.classes, models=pair.model_names, people_kind=kind, per=settings.per,
        model_kind=["probs" if kind == "counts" else kind for kind in pair.model_kinds], worst=settings.worst,
        parts=sorted(parts), threads=pair.threads, exact=pair.exact,
    )  # fmt: skip


def _spare(tally: Tally, settings: Settings, expected: int = 0) -> None:
    """Unless it was asked for, gather no detail of very many items."""
    numbers = max(tally.items, expected) * len(tally.classes) * len(tally.models)
    if settings.detail is None and numbers > _MOST_FOR_DETAIL and "extremes" in tally.parts:
        asked = {"classes": settings.by_class, "calibration": settings.recalibrate}
        tally.leave_out([part for part in _DETAIL if not asked.get(part)])


def _add_checked(tally: Tally, block: Block, pair: Pair) -> None:
    """Add a block whose values the core checks; what it refuses is said by file, item and column."""
    try:
        _add(tally, block, pair)
    except DomainError:
        pair.explain(block)
        raise


def _add(tally: Tally, block: Block, pair: Pair) -> None:
    read = _read(block, pair, tally)
    tally.update(read.people, *read.models, ids=read.ids, weights=read.weights, groups=read.groups)


def _read(block: Block, pair: Pair, tally: Tally) -> ReadBlock:
    """A block as the tally takes it: counts that are the truth become shares, a judge's answers probabilities."""
    people = block.people
    if isinstance(people, tuple) and tally.people_kind == "probs" and pair.people_kind == "counts":
        judgements = np.sum([np.asarray(column, dtype=np.float64) for column in people], axis=0)
        people = tuple(np.asarray(column, dtype=np.float64) / judgements for column in people)
    models = [_smoothed(model, kind) for model, kind in zip(block.models, pair.model_kinds, strict=True)]
    return ReadBlock(people, models, block.ids, block.weights, block.groups)


def _smoothed(model: Any, kind: str) -> Any:
    """A judge asked several times becomes smoothed shares; the others stay as they are."""
    if kind != "counts":
        return model
    from bitsapart.people.verdicts import smoothed_shares

    return smoothed_shares(np.column_stack(model))


def _add_slices(slices: dict[tuple[str, str], Tally], block: Block, pair: Pair, settings: Settings) -> None:
    for column, values in (block.by or {}).items():
        names = np.asarray(values, dtype=object).astype(str)
        for name in np.unique(names).tolist():
            key = (column, name)
            if key not in slices:
                if len(slices) == _MOST_SLICES:
                    message = (
                        f"--by {column}: there are more than {_MOST_SLICES} slices; slice by a column of fewer values"
                    )
                    raise DomainError(message)
                slices[key] = _tally(pair, replace(settings, worst=0, detail=False, by_class=False, recalibrate=False))
            _add(slices[key], block.kept(names == name), pair)
