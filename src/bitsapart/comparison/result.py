"""The answer: one document (schema 1) that prints itself, saves itself and is all that a report needs."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitsapart.errors import DataError, DomainError, StateError

from .writing import write_atomically

if TYPE_CHECKING:
    from .recalibration import Recalibration

__all__ = ["SCHEMA", "Comparison", "Quantity"]

SCHEMA = 1


@dataclass(frozen=True)
class Quantity:
    """One number of the answer with its interval.

    Attributes:
        value: the estimate; `inf` where it is infinite, None where it cannot be known (KL from one judgement per item).
        low: lower end of the 95 % interval, None where there is none.
        high: upper end of the 95 % interval, None where there is none.
        unit: "bit", "nat", "hartley", "1" for a plain number, "share" for a share between 0 and 1.
        n: how many items it rests on.
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str
    n: int

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> "Quantity":
        """The quantity that a JSON entry holds; further keys of the entry stay in the document."""
        value, low, high = (_number(entry[key]) for key in ("value", "low", "high"))
        return cls(value, low, high, unit=entry["unit"], n=entry["n"])

    def __float__(self) -> float:
        return math.nan if self.value is None else self.value


_NEEDED = ("unit", "per", "items", "judgements", "classes", "people", "models", "pairs", "ranking", "settings")


class Comparison:
    """How far models are from people: values with unit, interval and n.

    A thin reading of the document `data`, whose layout is the JSON schema 1 (docs/json.md). `print(result)` shows it.

    Example:
        >>> import bitsapart as ba
        >>> result = ba.compare([0, 1, 1, 0], [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.5, 0.5]])
        >>> round(result["cross_entropy"].value, 4)
        0.5527
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        schema = data.get("schema") if isinstance(data, Mapping) else None
        if schema != SCHEMA:
            message = f"this is not a saved comparison: its schema is {schema!r}, this version reads schema {SCHEMA}"
            raise StateError(message)
        lacking = next((key for key in _NEEDED if key not in data), None)
        if lacking is not None:
            message = f"this is not a whole comparison: it lacks {lacking!r}"
            raise StateError(message)
        self.data: dict[str, Any] = dict(data)

    @property
    def models(self) -> tuple[str, ...]:
        """The models' names, best first where they could be ranked."""
        return tuple(model["name"] for model in self.data["models"])

    def entry(self, measure: str, model: str | None = None) -> dict[str, Any]:
        """The whole JSON entry of one measure.

        Args:
            measure: a key of the catalogue, for example "cross_entropy".
            model: the model's name; may be left out where there is only one.

        Raises:
            DomainError: there is no such measure or model here; the message lists what there is.
        """
        measures: dict[str, dict[str, Any]] = self._model(model)["measures"]
        if measure not in measures:
            message = f"no measure {measure!r} in this comparison; it has {', '.join(measures)}"
            raise DomainError(message)
        return measures[measure]

    def __getitem__(self, key: str | tuple[str, str]) -> Quantity:
        """`result["brier"]`, or with several models `result["brier", "my-model"]`."""
        measure, model = (key, None) if isinstance(key, str) else key
        return Quantity.from_entry(self.entry(measure, model))

    def _model(self, name: str | None) -> dict[str, Any]:
        models: list[dict[str, Any]] = self.data["models"]
        if name is None and len(models) == 1:
            return models[0]
        for model in models:
            if model["name"] == name:
                return model
        asked = "no model was named" if name is None else f"there is no model {name!r}"
        message = f"{asked}; this comparison has {', '.join(self.models)}"
        raise DomainError(message)

    def recalibration(self, model: str | None = None) -> "Recalibration":
        """The recalibration that `compare(recalibrate=True)` fitted, as a function of [N, C] probabilities.

        Args:
            model: the model's name; may be left out where there is only one.

        Raises:
            DataError: this comparison was made without.
        """
        from .recalibration import recalibration_from

        entry = self._model(model).get("recalibrated")
        if entry is None:
            message = "this comparison holds no recalibration: make it with recalibrate=True, or compare --recalibrate"
            raise DataError(message)
        return recalibration_from(entry["recalibration"])

    @property
    def plot(self) -> Any:
        """Charts of this comparison: `plot.split()`, `.equivalence()`, `.reliability()`, `.classes()`."""
        return _report().Plots(self.data)

    def to_json(self) -> str:
        """The document as JSON text; infinity is written as the string "inf"."""
        return json.dumps(_writable(self.data), ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Comparison":
        """Read what `to_json` wrote.

        Raises:
            StateError: the text is no JSON or not of a schema that this version reads.
        """
        try:
            data = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            message = f"this is not a saved comparison: it is not JSON ({error})"
            raise StateError(message) from None
        return cls(data)

    def save(self, path: str | Path) -> None:
        """Write the JSON document to `path`, whole or not at all."""
        write_atomically(path, self.to_json().encode())

    @classmethod
    def load(cls, path: str | Path) -> "Comparison":
        """Read a document that `save` or `compare --json` wrote."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            message = f"{path} is not a saved comparison: it is not UTF-8 text"
            raise StateError(message) from None
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror}"
            raise DataError(message) from None
        try:
            return cls.from_json(text)
        except StateError as error:
            message = f"{path}: {error}"
            raise StateError(message) from None

    def __str__(self) -> str:
        from .text import as_text

        return as_text(self.data)

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(self.models)} with people on {self.data['items']} items>"

    def _repr_html_(self) -> str:
        """The compact picture that a notebook shows; plain text where the extra `report` is not installed."""
        from html import escape

        from bitsapart.errors import MissingExtraError

        try:
            return str(_report().compact(self.data))
        except MissingExtraError:
            return f"<pre>{escape(str(self))}</pre>"


def _report() -> Any:
    """The floor above draws; it is reached when it is called, so that nothing here imports it."""
    from importlib import import_module

    return import_module("bitsapart.report")


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _writable(value: Any) -> Any:
    """Infinity as a string, everything else as it is; NaN is never written (json refuses it)."""
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {key: _writable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(inner) for inner in value]
    return value
