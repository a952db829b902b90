"""The floor under a held-out curve: people's own entropy of those items."""

from math import log

import numpy as np

from .items import Answers

__all__ = ["people_floor"]


def people_floor(answers: Answers) -> float | None:
    """People's own entropy H(P) of these items in bits; no network's held-out cross-entropy goes below it.

    From panels it is the empirical-Bayes estimate that `compare` shows; of shares taken as given it is exact; from
    one answer per item nobody can know it, and it is None.
    """
    if answers.kind == "probs":
        shares = answers.shares()
        terms = np.where(shares > 0, -shares * np.log2(np.where(shares > 0, shares, 1.0)), 0.0)
        return float(np.average(terms.sum(axis=1), weights=answers.weights))
    if answers.kind == "labels" or answers.judgements().max() < 2:
        return None
    from bitsapart.people.entropy import panel_entropy
    from bitsapart.people.patterns import PatternTable

    patterns, places = np.unique(answers.values.astype(np.int64), axis=0, return_inverse=True)
    places = places.ravel()
    weights = np.ones(len(answers.ids)) if answers.weights is None else answers.weights
    table = PatternTable.of(
        patterns, np.bincount(places), weight=np.bincount(places, weights),
        weight_square=np.bincount(places, weights**2),
    )  # fmt: skip
    estimate = panel_entropy(table).entropy("point")
    return None if estimate is None else estimate.value / log(2)
