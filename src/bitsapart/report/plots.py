"""The charts of a comparison, to look at in a notebook or to save as PNG or SVG without a browser."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bitsapart.errors import DataError, DomainError

from .charts import class_chart, equivalence_chart, reliability_chart, split_chart
from .words import Language, check_language, word

if TYPE_CHECKING:
    import altair as alt

__all__ = ["Plots", "split_parts"]


class Plots:
    """Charts of one comparison, as Altair objects: `result.plot.split().save("split.png")`.

    Args:
        data: a document of schema 1.
        lang: "en" or "zh".

    Raises:
        DomainError: the language is not known.
    """

    def __init__(self, data: Mapping[str, Any], lang: str = "en") -> None:
        self._data = data
        self._lang: Language = check_language(lang)

    def split(self, model: str | None = None, *, score: str = "log") -> "alt.LayerChart":
        """Where the distance comes from: the parts of the cross-entropy ("log") or of the Brier score ("square").

        Raises:
            DataError: the result does not hold it.
            DomainError: there is no such model.
        """
        parts, unit = split_parts(self._model(model), score)
        if not parts:
            self._lacks("split")
        endless = [name for name, entry in parts if abs(float(entry["value"])) == float("inf")]
        if endless:
            message = f'{endless[0]} is infinite, and a bar is not; score="square" can be drawn'
            raise DataError(message)
        return split_chart(parts, self._say, unit=self._unit(unit))

    def equivalence(self, model: str | None = None) -> "alt.LayerChart":
        """How well k people, combined, predict one more, and where the model lies on that curve."""
        entry = self._model(model).get("equivalence") or {}
        if not entry.get("curve"):
            self._lacks("equivalence")
        return equivalence_chart(entry, self._say, unit=self._unit(self._data["unit"]))

    def reliability(self, model: str | None = None, *, of: str | None = None) -> "alt.VConcatChart":
        """What people say when the model says q, for the class `of` (the first one where it is left out)."""
        curves = self._model(model).get("reliability") or self._lacks("reliability")
        for curve in curves:
            if of is None or curve["class"] == of:
                return reliability_chart(curve, self._say)
        message = f"there is no reliability curve of class {of!r}; there are {[curve['class'] for curve in curves]}"
        raise DomainError(message)

    def classes(self, model: str | None = None) -> "alt.LayerChart":
        """What each class contributes to the cross-entropy."""
        rows = self._model(model).get("by_class") or self._lacks("by_class")
        return class_chart(rows, self._say, unit=self._unit(self._data["unit"]))

    def _say(self, key: str) -> str:
        return word(key, self._lang)

    def _unit(self, unit: str) -> str:
        return "" if unit == "1" else word(f"apart_unit_{unit}", self._lang)

    def _lacks(self, part: str) -> Any:
        message = f"this result holds no {part}: {word('why_detail', 'en')}"
        raise DataError(message)

    def _model(self, name: str | None) -> Mapping[str, Any]:
        models = self._data["models"]
        for model in models:
            if name is None or model["name"] == name:
                return dict(model)
        message = f"there is no model {name!r}; this comparison has {', '.join(model['name'] for model in models)}"
        raise DomainError(message)


def split_parts(model: Mapping[str, Any], score: str) -> tuple[list[tuple[str, Mapping[str, Any]]], str]:
    """The parts of a score, people's own first, and their unit; empty where there are none or one is not known.

    Without a split the cross-entropy is still people's own entropy and the divergence.
    """
    split = (model.get("split") or {}).get(score) or {}
    terms = split.get("terms")
    if "absent" in split:
        return [], ""
    if terms:
        own = {"entropy": "own", "disagreement": "own_squares"}
        order = ("entropy", "disagreement", "rest", "grouping", "calibration")
        parts = [(own.get(name, name), terms[name]) for name in order if name in terms]
        return (parts if _known(parts) else []), split["unit"]
    measures = model["measures"]
    parts = [(name, measures[key]) for name, key in (("own", "entropy"), ("kl", "kl_divergence")) if key in measures]
    return (parts if score == "log" and len(parts) > 1 and _known(parts) else []), measures["cross_entropy"]["unit"]


def _known(parts: list[tuple[str, Mapping[str, Any]]]) -> bool:
    return all(entry["value"] is not None for _, entry in parts)
