"""The same comparison once more with recalibrated probabilities: what it would save, and a file that holds them.

A second pass over the data. Each item is recalibrated by what people said of the other items (folds by name), so the
new distance is honest; what is kept for new items is fitted on all of them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart.data import Ids
from bitsapart.errors import DataError, DomainError

from .calibration import Floats, complements
from .cells import CellSums, cell_of, levels_of_cells, map_of_cells
from .origin import OriginSums, fold_of_names
from .recalibration import IsotonicRecalibration, Recalibration, RecalibrationKind, TemperatureScaling, kind_for
from .tally import Tally
from .terms import Place, read_model
from .writing import open_whole

if TYPE_CHECKING:
    from .summary import Settings

__all__ = ["ReadBlock", "again", "refuse_file"]


@dataclass(frozen=True)
class ReadBlock:
    """A block as a tally takes it."""

    people: Any
    models: list[Any]
    ids: Ids
    weights: Any
    groups: Any


@dataclass(frozen=True)
class _Fitted:
    """A model's recalibrations: one for each fold, fitted on the others, and one fitted on all items."""

    kind: RecalibrationKind
    inverses: Floats
    levels: Floats
    whole: Recalibration

    def __call__(self, probs: Floats, logs: Floats, folds: Any) -> Floats:
        """[N, C] each item by what the other folds say."""
        if self.kind == "temperature":
            from scipy.special import softmax

            return np.asarray(softmax(self.inverses[folds][:, None] * logs, axis=1), dtype=np.float64)
        rest, classes = complements(probs), probs.shape[1]
        events = 1 if classes == 2 else classes
        columns = [
            self.levels[min(c, len(self.levels) - 1), folds, cell_of(probs[:, c], rest[:, c])] for c in range(events)
        ]
        table = np.column_stack([columns[0], 1 - columns[0]] if classes == 2 else columns)
        return np.asarray(table / table.sum(axis=1, keepdims=True), dtype=np.float64)


def again(tally: Tally, blocks: Iterable[ReadBlock], settings: "Settings") -> dict[str, dict[str, Any]]:
    """Compare every model with its recalibrated self.

    Args:
        tally: of the first pass, with calibration.
        blocks: the same items again.
        settings: of the comparison; `recalibrate_by` chooses the kind, `recalibrate_to` names the file.

    Returns:
        Model name → entry `recalibrated` of the document (docs/json.md).

    Raises:
        DomainError: a model cannot be recalibrated as asked.
        DataError: the file cannot be written.
    """
    fitted = [_fit(tally, place, settings) for place in range(len(tally.models))]
    pairs = [_pair_of(tally, name) for name in tally.models]
    with _file(tally, settings.recalibrate_to) as write:
        for block in blocks:
            names = list(block.ids.take(range(len(block.ids)))) if block.groups is None else block.groups
            folds = fold_of_names(names)
            for fit, pair, model, kind in zip(fitted, pairs, block.models, tally.model_kinds, strict=True):
                forecast = read_model(model, str(kind), len(tally.classes), Place("model"), tally.positive)
                better = fit(forecast.probs, forecast.logs, folds)
                pair.update(block.people, model, better, ids=block.ids, weights=block.weights, groups=block.groups)
                write(block.ids, better)
    return {
        name: _entry(pair, fit, settings) for name, pair, fit in zip(tally.models, pairs, fitted, strict=True)
    }  # fmt: skip


def refuse_file(path: str, models: int) -> None:
    """Refuse a file that could not be written, before any work is done.

    Raises:
        DomainError: there are several models.
        DataError: its ending names no format that is written.
    """
    if models > 1:
        message = f"recalibrated probabilities of one model can be written to {path}, but {models} models are given"
        raise DomainError(message)
    if not path.endswith((".csv", ".parquet")):
        message = f"{path}: recalibrated probabilities are written as .csv or .parquet; end the name in one of them"
        raise DataError(message)


def _fit(tally: Tally, place: int, settings: "Settings") -> _Fitted:
    sums, classes = tally.calibration(place), len(tally.classes)
    if sums is None or sums.absent:
        reason = sums.absent if sums is not None else "it was not gathered"
        message = f"{tally.models[place]} cannot be recalibrated: {reason}"
        raise DomainError(message)
    hopeless = _hopeless(sums)
    kind = settings.recalibrate_by or kind_for(classes, infinite=hopeless > 0)
    if kind == "temperature" and not sums.joint:
        message = "two classes are recalibrated by isotonic regression, not by a temperature"
        raise DomainError(message)
    if kind == "temperature" and hopeless:
        message = (
            f"no temperature helps {tally.models[place]}: it gives probability 0 to what people answered in "
            f"{hopeless} items; isotonic regression does"
        )
        raise DomainError(message)
    inverses = sums.temperatures.cross_fitted()[0]
    levels = np.stack([levels_of_cells(sums.cells, event) for event in range(sums.cells.events)])
    whole: Recalibration = TemperatureScaling(sums.temperatures.inverse())
    if kind == "isotonic":
        whole = _isotonic(sums.cells)
    return _Fitted(kind, inverses, levels, whole)


def _hopeless(sums: OriginSums) -> int:
    return sums.temperatures.left_out if sums.joint else 0


def _isotonic(cells: CellSums) -> IsotonicRecalibration:
    return IsotonicRecalibration(tuple(map_of_cells(cells, event) for event in range(cells.events)))


def _pair_of(tally: Tally, name: str) -> Tally:
    """An empty tally of a model and its recalibrated self."""
    kinds = [str(tally.model_kinds[tally.models.index(name)]), "probs"]
    kept = [part for part in tally.parts if part in ("patterns", "ordinal")]
    return Tally(
        tally.classes, models=(name, f"{name} recalibrated"), people_kind=tally.people_kind, model_kind=kinds,
        positive=tally.positive, per=tally.per, worst=0, parts=("pairs", *kept), threads=tally.threads,
        exact=tally.exact,
    )  # fmt: skip


def _entry(pair: Tally, fit: _Fitted, settings: "Settings") -> dict[str, Any]:
    from .summary import document

    shown = document(pair, replace(settings, recalibrate=False))
    models = {model["name"]: model for model in shown["models"]}
    differences = {key: value for key, value in shown["pairs"][0].items() if key not in ("a", "b")}
    return {
        "kind": fit.kind, "file": settings.recalibrate_to, "measures": models[pair.models[1]]["measures"],
        "saved": differences, "recalibration": fit.whole.to_dict(),
    }  # fmt: skip


@contextmanager
def _file(tally: Tally, path: str | None) -> Iterator[Any]:
    """A function that appends a block's items to the file; the file appears when all of it is written."""
    if path is None:
        yield lambda *_: None
        return
    with open_whole(path) as file:
        writer: list[Any] = []

        def write(ids: Ids, probs: Floats) -> None:
            table = _table(tally, ids, probs)
            if not writer:
                writer.append(_writer(path, file, table.schema))
            writer[0].write_table(table)

        yield write
        for one in writer:
            one.close()


def _table(tally: Tally, ids: Ids, probs: Floats) -> Any:
    import pyarrow as pa

    columns: dict[str, Any] = {}
    if ids.named:
        name = next(name for name in ("item", "id", "item_id", "uid") if name not in tally.classes)
        columns[name] = pa.array(ids.take(range(len(ids))), pa.string())
    columns |= {name: pa.array(column) for name, column in zip(tally.classes, probs.T, strict=True)}
    return pa.table(columns)


def _writer(path: str, file: Any, schema: Any) -> Any:
    if path.endswith(".parquet"):
        from pyarrow import parquet

        return parquet.ParquetWriter(file, schema)
    from pyarrow import csv

    return csv.CSVWriter(file, schema)
