"""May a model replace a person? The alt-test, for panels whose annotators are named."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart.data import Block, Pair
from bitsapart.errors import DataError

from .terms import Place, read_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bitsapart.people.replacement import Replacement

__all__ = ["Choices"]

_ALLOWANCE = 0.2  # experts; 0.15 skilled people, 0.1 a crowd


class Choices:
    """What the models chose for each item, gathered block by block beside the tally.

    Args:
        pair: the opened inputs.

    Raises:
        DataError: the people's file does not name who answered.
    """

    def __init__(self, pair: Pair) -> None:
        if not pair.annotators:
            message = (
                "--replace needs to know who answered: people's file must have a row per judgement and a column of "
            )
            message += "annotators (add --annotator COLUMN if it is not recognised)"
            raise DataError(message)
        self._pair = pair
        self._probs: list[dict[str, NDArray[np.float64]]] = [{} for _ in pair.model_names]

    def add(self, block: Block, models: list[Any], kinds: list[str]) -> None:
        """Keep the models' probabilities of a block's items."""
        names = block.ids.take(range(len(block)))
        for kept, model, kind in zip(self._probs, models, kinds, strict=True):
            forecast = read_model(model, kind, len(self._pair.classes), Place("model", block.ids))
            kept.update(zip(names, forecast.probs, strict=True))

    def entries(self, epsilon: float | None) -> dict[str, dict[str, Any]]:
        """The alt-test of each model.

        Args:
            epsilon: how much better a person must be to be worth the cost; None is 0.2.

        Returns:
            Model name → entry `replacement` of the document.

        Raises:
            DomainError: nobody judged enough items together with two others.
        """
        from bitsapart.people.replacement import alt_test

        panel = self._pair.long_judgements()
        labels = np.array([self._pair.classes.index(name) for name in panel.classes], dtype=np.int64)[panel.label]
        allowance = _ALLOWANCE if epsilon is None else epsilon
        found = {}
        for name, probs in zip(self._pair.model_names, self._probs, strict=True):
            known = np.array([item in probs for item in panel.items])
            rows = np.array([probs[item] for item in panel.items if item in probs])
            code = np.cumsum(known) - 1
            keep = known[panel.item]
            judged = (code[panel.item[keep]], panel.annotator[keep], labels[keep])
            test = alt_test(*judged, model_probs=rows, epsilon=allowance)
            favourite = int(np.bincount(labels[keep]).argmax())
            bare = alt_test(*judged, model_choice=np.full(len(rows), favourite), epsilon=allowance)
            answer = self._pair.classes[favourite]
            found[name] = {
                "winning_rate": test.winning_rate, "passed": test.passed, "advantage": test.advantage,
                "epsilon": test.epsilon, "sentence": test.sentence + _bare(test, bare, answer),
                "same_answer": {
                    "class": answer, "winning_rate": bare.winning_rate, "passed": bare.passed,
                    "advantage": bare.advantage,
                },
                "untested": [panel.annotators[person] for person in test.untested],
                "people": [
                    {**asdict(one), "annotator": panel.annotators[one.annotator]} for one in test.people
                ],
            }  # fmt: skip
        return found


def _bare(test: "Replacement", bare: "Replacement", answer: str) -> str:
    """What a test is worth that one answer to every item would pass as well."""
    if not (test.passed and bare.passed):
        return ""
    return f" But giving the answer {answer!r} to every item would pass too (ω = {bare.winning_rate:.2f})."
