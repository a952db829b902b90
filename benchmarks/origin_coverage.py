"""Does the split of the distance recover a known truth? Panels drawn again and again.

An item belongs to a kind r, its people answer by p ~ Dirichlet(α r), and the model is blind inside a kind: it says r^β,
so that it is off by a known power, or it says one of many numbers where people know three steps only. For logs and
squares: calibration, grouping and people's own part (with one judgement an item, the last two together), each with the
95 % interval that `compare` shows; the table says how often it held the truth, and how far the mean estimate lies from
it, as a share of its own scatter too, beside that of the usual estimate half-way between in-sample and cross-fitted.
The truth is computed from p, r and q of a million items, without bitsapart. Terms are checked to add up first.

    python benchmarks/origin_coverage.py [--rounds 400] [--quick]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from math import log

import numpy as np
from panel_results import write_results
from scipy.special import xlogy

from bitsapart.comparison.summary import document
from bitsapart.comparison.tally import Tally

STEPS, AT = (0.1, 0.5, 0.85), (0.3, 0.7)
SMALLEST = 1e-12


@dataclass(frozen=True)
class Setting:
    name: str
    items: int
    people: int
    shares: tuple[float, ...]
    spread: float  # α: how much alike the items of a kind are
    power: float | None  # β: above 1 the model is too sure; None: it tells apart what people do not


SETTINGS = (
    Setting("2 classes, 1000 × 5, too sure", 1000, 5, (1.0, 1.0), 6.0, 1.8),
    Setting("2 classes, 400 × 2, too timid", 400, 2, (0.6, 1.4), 10.0, 0.6),
    Setting("2 classes, 150 × 3, too sure", 150, 3, (1.0, 1.0), 6.0, 1.3),
    Setting("2 classes, 2000 × 10, calibrated", 2000, 10, (0.5, 0.5), 20.0, 1.0),
    Setting("2 classes, 5000 × 1, calibrated", 5000, 1, (1.0, 1.0), 6.0, 1.0),
    Setting("2 classes, 1000 × 5, in steps", 1000, 5, (1.0, 1.0), 10.0, None),
    Setting("3 classes, 1000 × 5, too sure", 1000, 5, (1.0, 0.7, 0.4), 8.0, 1.8),
    Setting("3 classes, 500 × 3, too timid", 500, 3, (1.0, 1.0, 1.0), 8.0, 0.6),
)


def draw(setting, random, items):
    """People's true distributions, their mean over all items of the kind, and the model's probabilities."""
    if setting.power is None:
        said = random.uniform(0.02, 0.98, items)
        step = np.asarray(STEPS)[np.searchsorted(AT, said)]
        kind, q = np.column_stack([step, 1 - step]), np.column_stack([said, 1 - said])
    else:
        kind = random.dirichlet(setting.shares, items)
        q = np.maximum(kind, SMALLEST) ** setting.power
        q /= q.sum(axis=1, keepdims=True)
    gamma = random.gamma(setting.spread * kind + SMALLEST)
    return gamma / gamma.sum(axis=1, keepdims=True), kind, q


def best_translation(kind, q, together=1000):
    """What people answer on average where the model gives a class this probability, class by class.

    With two classes that is the kind itself; with more the mean over the items next to it in the order of q.
    """
    if kind.shape[1] == 2:
        return kind
    best = np.empty_like(kind)
    for c, order in enumerate(np.argsort(q, axis=0).T):
        means = kind[order, c].reshape(-1, together).mean(axis=1)
        best[order, c] = np.repeat(means, together)
    return best


def truth_of(setting, items=1_000_000):
    """The terms for infinitely many items; with one power for all classes a temperature finds the kind itself."""
    p, kind, q = draw(setting, np.random.default_rng(10_000), items)
    best, half = best_translation(kind, q), 0.5 if q.shape[1] == 2 else 1.0
    entropy = -np.sum(xlogy(p, p), axis=1).mean() / log(2)
    rest = -np.sum(xlogy(p, kind), axis=1).mean() / log(2)
    disagreement = half * np.sum(p * (1 - p), axis=1).mean()
    whole = disagreement + half * np.sum((p - best) ** 2, axis=1).mean()
    return {
        "log": {
            "calibration": -np.sum(xlogy(p, q), axis=1).mean() / log(2) - rest,
            "grouping": rest - entropy, "entropy": entropy, "rest": rest,
        },
        "square": {
            "calibration": disagreement + half * np.sum((p - q) ** 2, axis=1).mean() - whole,
            "grouping": whole - disagreement, "disagreement": disagreement,
        },
    }  # fmt: skip


def split_of(counts, q, ids):
    """Score → terms, from the document."""
    classes = [f"c{c}" for c in range(q.shape[1])]
    parts = ("patterns", "calibration")
    tally = Tally(classes, people_kind="counts", model_kind="probs", parts=parts, worst=0)
    tally.update(counts, q, ids=ids)
    model = document(tally)["models"][0]
    found = {}
    for score, whole in (("log", "cross_entropy"), ("square", "brier")):
        terms = dict(model["split"].get(score, {}).get("terms", {}))
        added = sum(term["value"] for term in terms.values())
        assert not terms or abs(added - model["measures"][whole]["value"]) < 1e-6, (score, added)
        found[score] = terms | {"half-way": half_way(model["split"]["corp"], "log" if score == "log" else "brier")}
    return found


def half_way(corps, score):
    """Calibration by CORP: the mean of in-sample and cross-fitted, of all classes together."""
    corp = next(corp for corp in corps if corp["score"] == score)
    return (corp["in_sample"]["miscalibration"] + corp["cross_fitted"]["miscalibration"]["value"]) / 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--quick", action="store_true", help="40 rounds, nothing is written")
    arguments = parser.parse_args()
    rounds = 40 if arguments.quick else arguments.rounds
    rows = []
    for setting in SETTINGS:
        truth = truth_of(setting)
        random = np.random.default_rng(1)
        ids = [f"i{n}" for n in range(setting.items)]
        found = []
        for _ in range(rounds):
            p, _, q = draw(setting, random, setting.items)
            found.append(split_of(random.multinomial(setting.people, p), q, ids))
        for score, terms in truth.items():
            for name, known in ((name, float(term)) for name, term in terms.items()):
                if any(name not in one[score] for one in found):
                    continue
                value, low, high = np.array(
                    [[one[score][name][key] for key in ("value", "low", "high")] for one in found]
                ).T
                inside = (low <= known) & (known <= high)
                bias, sd = float(value.mean() - known), float(value.std())
                row = {
                    "setting": setting.name, "score": "bits" if score == "log" else "squares", "term": name,
                    "truth": known, "coverage": float(inside.mean()),
                    "noise": float(np.sqrt(inside.mean() * (1 - inside.mean()) / rounds)),
                    "bias": bias, "sd": sd, "bias / sd": bias / sd, "half-width": float(np.mean(high - low) / 2),
                    "half-way: bias / sd": "–",
                }  # fmt: skip
                if name == "calibration":
                    usual = np.array([one[score]["half-way"] for one in found])
                    row["half-way: bias / sd"] = float((usual.mean() - known) / usual.std())
                rows.append(row)
                print({key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()}, flush=True)
    if not arguments.quick:
        text = f"{rounds} panels for each setting; the truth from a million items whose distributions are known."
        write_results("origin_coverage", rows, text, rounds=rounds)


if __name__ == "__main__":
    main()
