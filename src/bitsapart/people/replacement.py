"""May a model replace a person? The alternative annotator test (alt-test)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from bitsapart.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = ["PersonTest", "Replacement", "alt_test", "benjamini_yekutieli"]

_TIE = 1e-9  # agreements are ratios of small whole numbers; closer than this they are equal


@dataclass(frozen=True)
class PersonTest:
    """The model against one person, on the items of that person that enough others judged.

    Attributes:
        annotator: code of the person.
        items: how many items.
        model_as_good: share of them where the model agrees with the others at least as well, mean W^f.
        person_as_good: share where the person does, mean W^h.
        p_value: one-sided, of "the person is better by ε or more".
        p_adjusted: after Benjamini and Yekutieli.
        replaced: whether that is rejected: the model may stand in for this person.
    """

    annotator: int
    items: int
    model_as_good: float
    person_as_good: float
    p_value: float
    p_adjusted: float
    replaced: bool


@dataclass(frozen=True)
class Replacement:
    """The verdict of the alt-test.

    Attributes:
        winning_rate: ω, share of the people tested whom the model may replace.
        passed: ω ≥ 0.5.
        advantage: ρ, mean over people of the share of items where the model is at least as good.
        epsilon: ε, how much better a person must be to be worth the cost.
        people: one test for each person.
        untested: codes of the people with fewer items than needed.
        sentence: what it means.
    """

    winning_rate: float
    passed: bool
    advantage: float
    epsilon: float
    people: tuple[PersonTest, ...]
    untested: tuple[int, ...]
    sentence: str


def alt_test(
    items: ArrayLike,
    annotators: ArrayLike,
    labels: ArrayLike,
    *,
    model_choice: ArrayLike | None = None,
    model_probs: ArrayLike | None = None,
    epsilon: float = 0.2,
    level: float = 0.05,
    least_items: int = 30,
    least_others: int = 2,
) -> Replacement:
    """Whether a model agrees with the other people as well as a person does, person by person.

    For person h and the others R on an item: W^f = 1[S(f,R) ≥ S(h,R)], W^h = 1[S(h,R) ≥ S(f,R)], S the mean agreement
    with R. A one-sided t-test asks whether mean(W^h − W^f) < ε; p-values are adjusted by Benjamini and Yekutieli.

    Args:
        items: (J,) item code of each judgement, from 0; they are the rows of the model's side.
        annotators: (J,) who judged, as a code from 0.
        labels: (J,) the answer, as a class code from 0. One who answered an item several times speaks there with the
            shares of the answers.
        model_choice: (N,) the model's class for each item, −1 where it has none; or
        model_probs: (N, C) its probabilities: the most probable class counts, ties shared.
        epsilon: how much better people must be to be worth their cost: 0.2 experts, 0.15 skilled, 0.1 crowd.
        level: of the false discovery rate.
        least_items: items that a person must have to be tested.
        least_others: other people that an item must have.

    Returns:
        Winning rate, advantage and a test for each person.

    Raises:
        DomainError: nobody has enough items, or an argument does not fit.

    Reference:
        Calderon, Reichart, Dror, "The alternative annotator test for LLM-as-a-judge", ACL 2025, arXiv 2501.10970.
    """
    item, person, label = _codes(items, annotators, labels)
    choice = _choices(model_choice, model_probs, int(label.max()) + 1)
    if int(item.max()) >= len(choice):
        message = f"items holds the code {int(item.max())}, but the model has {len(choice)} items"
        raise DomainError(message)
    pair_item, pair_person, as_model, as_person, others = _agreements(item, person, label, choice)
    usable = (others >= least_others) & (choice.sum(axis=1) > 0)[pair_item]
    people, tested, untested = np.unique(person), [], []
    for code in people.tolist():
        mine = usable & (pair_person == code)
        if np.count_nonzero(mine) < least_items:
            untested.append(code)
            continue
        model_wins, person_wins = as_model[mine] >= as_person[mine] - _TIE, as_person[mine] >= as_model[mine] - _TIE
        tested.append((code, model_wins, person_wins, _less_than(person_wins * 1.0 - model_wins, epsilon)))
    if not tested:
        message = (
            f"the alt-test needs people with at least {least_items} items that {least_others} others judged too, "
            f"and none of the {len(people)} people here has them"
        )
        raise DomainError(message)
    adjusted = benjamini_yekutieli([p for *_, p in tested])
    results = tuple(
        PersonTest(code, f.size, float(f.mean()), float(h.mean()), p, q, q <= level)
        for (code, f, h, p), q in zip(tested, adjusted, strict=True)
    )
    rate = sum(test.replaced for test in results) / len(results)
    advantage = float(np.mean([test.model_as_good for test in results]))
    return Replacement(
        rate, rate >= 0.5, advantage, epsilon, results, tuple(untested), _sentence(results, rate, advantage, epsilon)
    )


def benjamini_yekutieli(p_values: ArrayLike) -> list[float]:
    """Adjusted p-values: rejecting those ≤ q keeps the false discovery rate at q under any dependence.

    Example:
        >>> [round(p, 4) for p in benjamini_yekutieli([0.01, 0.03, 0.2])]
        [0.055, 0.0825, 0.3667]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    ranks = np.arange(1, p.size + 1)
    scaled = p[order] * p.size * np.sum(1.0 / ranks) / ranks
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(value) for value in adjusted]


def _agreements(item: Codes, person: Codes, label: Codes, choice: Floats) -> tuple[Any, ...]:
    """For each (item, person): mean agreement of the model and of the person with the others, and their number."""
    classes = choice.shape[1]
    key, place = np.unique(item * (int(person.max()) + 1) + person, return_inverse=True)
    pair_item, pair_person = np.divmod(key, int(person.max()) + 1)
    answer = np.zeros((key.size, classes))
    np.add.at(answer, (place, label), 1.0)
    answer /= answer.sum(axis=1, keepdims=True)
    everybody = np.zeros((choice.shape[0], classes))
    np.add.at(everybody, pair_item, answer)
    others = np.bincount(pair_item, minlength=choice.shape[0])[pair_item] - 1
    rest = (everybody[pair_item] - answer) / np.maximum(others, 1)[:, None]
    return pair_item, pair_person, (choice[pair_item] * rest).sum(axis=1), (answer * rest).sum(axis=1), others


def _less_than(differences: Floats, epsilon: float) -> float:
    """One-sided t-test of a mean below ε; without spread the mean itself decides."""
    from scipy.special import stdtr

    mean, spread = float(differences.mean()), float(differences.std(ddof=1)) if differences.size > 1 else 0.0
    if spread == 0:
        return 0.0 if mean < epsilon else 1.0
    return float(stdtr(differences.size - 1, (mean - epsilon) / (spread / sqrt(differences.size))))


def _codes(*columns: ArrayLike) -> tuple[Codes, Codes, Codes]:
    item, person, label = (np.asarray(column) for column in columns)
    for name, codes in (("items", item), ("annotators", person), ("labels", label)):
        if codes.ndim != 1 or codes.size != item.size or codes.size == 0 or codes.dtype.kind not in "iu":
            message = f"{name} must be a row of whole numbers, one code for each judgement"
            raise DomainError(message)
        if codes.min() < 0:
            message = f"{name} holds {codes.min()}, but codes start at 0"
            raise DomainError(message)
    return item.astype(np.int64), person.astype(np.int64), label.astype(np.int64)


def _choices(model_choice: ArrayLike | None, model_probs: ArrayLike | None, classes: int) -> Floats:
    """(N, C) the model's choice as shares; a row of zeros where it has none."""
    if (model_choice is None) == (model_probs is None):
        message = "give either model_choice or model_probs"
        raise DomainError(message)
    if model_probs is not None:
        q = np.asarray(model_probs, dtype=np.float64)
        if q.ndim != 2 or q.shape[1] < classes or np.isnan(q).any():
            message = f"model_probs has shape {q.shape}, but must be (items, classes) with at least {classes} classes"
            raise DomainError(message)
        top = q == q.max(axis=1, keepdims=True)
        return np.asarray(top / top.sum(axis=1, keepdims=True))
    codes = np.asarray(model_choice)
    if codes.ndim != 1 or codes.dtype.kind not in "iu" or (codes < -1).any():
        message = "model_choice must hold one class code for each item, −1 where the model gives none"
        raise DomainError(message)
    rows = np.eye(max(classes, int(codes.max()) + 1))[np.maximum(codes, 0)]
    return np.asarray(rows * (codes >= 0)[:, None])


def _sentence(people: tuple[PersonTest, ...], rate: float, advantage: float, epsilon: float) -> str:
    replaced = sum(test.replaced for test in people)
    verdict = "the model may replace a person" if rate >= 0.5 else "the model may not replace a person"
    return (
        f"Against {replaced} of {len(people)} people (ω = {rate:.2f}) the model agrees with the others so well that "
        f"the person is not better by {epsilon:g} or more; it does as well as the person on {advantage:.0%} of the "
        f"items: {verdict}."
    )
