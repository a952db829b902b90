"""Do the 95 % intervals cover? Panels drawn again and again from a known truth.

For each setting: cross-entropy, D², the paired difference of two models, the KL point, the share R and the rater
equivalence (by both ways to combine people up to three classes), each with its interval from one panel; the table says
how often the interval held the truth of everybody's answers on all items, and how the mean estimate differs from it.

    python benchmarks/panel_coverage.py [--rounds 2000] [--quick]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from panel_results import write_results

from bitsapart.comparison.intervals import interval_of, weighted_interval
from bitsapart.people.bayesian import bayesian_curve
from bitsapart.people.entropy import panel_entropy
from bitsapart.people.equivalence import BAYESIAN_CLASSES, equivalent_people
from bitsapart.people.frequency import frequency_curve
from bitsapart.people.patterns import LossSums, PatternTable
from bitsapart.people.simulation import simulate

QUANTITIES = ("cross-entropy", "D²", "paired difference", "KL point", "share R", "equivalence", "equivalence, Bayes")


@dataclass(frozen=True)
class Setting:
    name: str
    items: int
    people: tuple[int, ...]  # drawn from these for each item
    shares: tuple[float, ...]
    alpha: float
    first: dict[str, float]
    second: dict[str, float]


SETTINGS = (
    Setting("3 classes, 400 × 5", 400, (5,), (0.5, 0.3, 0.2), 1.0, {"noise": 1.2}, {"noise": 0.9, "sharpness": 1.3}),
    Setting("2 classes, 1000 × 10", 1000, (10,), (0.6, 0.4), 0.8, {"noise": 0.9}, {"noise": 0.7}),
    Setting("10 classes, 1000 × 4", 1000, (4,), (0.1,) * 10, 0.4, {"noise": 2.0}, {"noise": 1.5, "sharpness": 1.5}),
    Setting("3 classes, 600 × 4–9", 600, (4, 5, 6, 7, 8, 9), (0.5, 0.3, 0.2), 2.0, {"noise": 1.0}, {"noise": 1.2}),
    Setting("2 classes, 100 × 6", 100, (6,), (0.5, 0.5), 1.0, {"noise": 1.0}, {"noise": 1.3, "sharpness": 0.8}),
    Setting("3 classes, 500 × 3", 500, (3,), (0.6, 0.3, 0.1), 1.0, {"noise": 1.4}, {"noise": 1.0, "sharpness": 0.7}),
)


def draw(setting, seed, items=None):
    """One panel with two models that saw the same items."""
    items = items or setting.items
    random = np.random.default_rng(seed)
    people = random.choice(setting.people, items)
    common = {"shares": setting.shares, "alpha": setting.alpha}
    state = random.integers(2**31)
    a = simulate(items, people, **common, **setting.first, seed=state)
    b = simulate(items, people, **common, **setting.second, seed=state)
    assert (a.counts == b.counts).all()
    return a, b


def table_of(panel):
    patterns, place, frequency = np.unique(panel.counts, axis=0, return_inverse=True, return_counts=True)
    place, loss = place.ravel(), panel.loss
    sums = LossSums.of(np.bincount(place, loss), np.bincount(place, loss**2), items=frequency, cube=np.sum(loss**3))
    return PatternTable.of(patterns, frequency), sums


def truth_of(setting, items=1_000_000):
    """The quantities for infinitely many items, from a million of them with the true distributions."""
    found = {name: [] for name in QUANTITIES}
    counts, chunks = [], 4
    for chunk in range(chunks):
        a, b = draw(setting, 10_000 + chunk, items // chunks)
        counts.append(a.counts)
        found["cross-entropy"].append(a.cross_entropy.mean())
        found["D²"].append(a.squared_distance.mean())
        found["paired difference"].append((a.cross_entropy - b.cross_entropy).mean())
        found["KL point"].append(a.divergence.mean())
    truth = {name: float(np.mean(values)) for name, values in found.items() if values}
    patterns, frequency = np.unique(np.concatenate(counts), axis=0, return_counts=True)
    table = PatternTable.of(patterns, frequency)
    shares = np.asarray(setting.shares)
    entropy = truth["cross-entropy"] - truth["KL point"]
    zero = -float(shares @ np.log(shares))
    truth["share R"] = (zero - truth["cross-entropy"]) / (zero - entropy)
    model = LossSums.of(frequency * truth["cross-entropy"], frequency * truth["cross-entropy"] ** 2)
    for name, curve in curves_of(table, setting).items():
        truth[name] = equivalent_people(curve, model).value
    return truth


def curves_of(table, setting):
    """The curve of each way to combine people, to the most people that every item has."""
    found = {"equivalence": frequency_curve(table, k_max=min(setting.people) - 1)}
    if len(setting.shares) <= BAYESIAN_CLASSES:
        found["equivalence, Bayes"] = bayesian_curve(table, k_max=min(setting.people) - 1)
    return found


def estimates_of(setting, seed):
    """Name → (estimate, low, high) of one panel."""
    a, b = draw(setting, seed)
    n = len(a.loss)
    table, losses = table_of(a)
    people = a.counts.sum(axis=1)
    half = 0.5 if a.counts.shape[1] == 2 else 1.0
    pairs = (a.counts * (a.counts - 1)).sum(axis=1) / (people * (people - 1))
    distance = half * (pairs - 2 * (a.model * a.counts).sum(axis=1) / people + (a.model**2).sum(axis=1))
    found = {}
    for name, d in (("cross-entropy", a.loss), ("D²", distance), ("paired difference", a.loss - b.loss)):
        found[name] = weighted_interval(n=n, weight=n, weight_square=n, sum_wx=d.sum(), sum_wwx=d.sum(),
                                        sum_wwxx=(d**2).sum())  # fmt: skip
    panel = panel_entropy(table)
    found["KL point"] = interval_of(panel.divergence(losses).point)
    found["share R"] = interval_of(panel.share(losses).share)
    result = {name: (one.value, one.low, one.high) for name, one in found.items()}
    for name, curve in curves_of(table, setting).items():
        worth = equivalent_people(curve, losses)
        result[name] = tuple(np.inf if end is None else end for end in (worth.value, worth.low, worth.high))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="200 rounds, nothing is written")
    arguments = parser.parse_args()
    rounds = 200 if arguments.quick else arguments.rounds
    rows = []
    for setting in SETTINGS:
        truth = truth_of(setting)
        drawn = [estimates_of(setting, seed) for seed in range(rounds)]
        for name in truth:
            value, low, high = np.array([one[name] for one in drawn], dtype=float).T
            inside = (low <= truth[name]) & (truth[name] <= high)
            finite = np.isfinite(value)
            row = {
                "setting": setting.name, "quantity": name, "truth": truth[name],
                "coverage": float(inside.mean()), "noise": float(np.sqrt(inside.mean() * (1 - inside.mean()) / rounds)),
                "truth below": float((truth[name] < low).mean()), "truth above": float((truth[name] > high).mean()),
                "bias": float(value[finite].mean() - truth[name]), "sd": float(value[finite].std()),
                "past the end": float(1 - finite.mean()),
            }  # fmt: skip
            rows.append(row)
            print({key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()}, flush=True)
    if not arguments.quick:
        text = f"{rounds} panels for each setting; information in nats."
        write_results("panel_coverage", rows, text, rounds=rounds)


if __name__ == "__main__":
    main()
