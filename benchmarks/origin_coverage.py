"""Does the split of the distance recover a known truth? Panels drawn again and again.

An item belongs to a kind r, its people answer by p ~ Dirichlet(α r), and the model says r^β, so it is off by a known
power and blind inside a kind. For logs and squares: calibration, grouping and people's own part, each with the 95 %
interval that `compare` shows; the table says how often it held the truth, and how far the mean estimate lies from it.
The truth comes from a million items whose p is known. Terms are checked to add up before anything is counted.

    python benchmarks/origin_coverage.py [--rounds 400] [--quick]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from panel_results import write_results

from bitsapart.comparison.summary import document
from bitsapart.comparison.tally import Tally

TERMS = {"log": ("calibration", "grouping", "entropy"), "square": ("calibration", "grouping", "disagreement")}


@dataclass(frozen=True)
class Setting:
    name: str
    items: int
    people: int
    shares: tuple[float, ...]
    spread: float  # α: how much alike the items of a kind are
    power: float  # β: above 1 the model is too sure


SETTINGS = (
    Setting("2 classes, 1000 × 5, too sure", 1000, 5, (1.0, 1.0), 6.0, 1.8),
    Setting("2 classes, 400 × 2, too timid", 400, 2, (0.6, 1.4), 10.0, 0.6),
    Setting("2 classes, 2000 × 10, calibrated", 2000, 10, (0.5, 0.5), 20.0, 1.0),
    Setting("3 classes, 1000 × 5, too sure", 1000, 5, (1.0, 0.7, 0.4), 8.0, 1.8),
    Setting("3 classes, 500 × 3, too timid", 500, 3, (1.0, 1.0, 1.0), 8.0, 0.6),
)


def draw(setting, random, items):
    """People's true distributions and the model's probabilities."""
    kind = random.dirichlet(setting.shares, items)
    gamma = random.gamma(setting.spread * kind + 1e-12)
    p = gamma / gamma.sum(axis=1, keepdims=True)
    q = np.maximum(kind, 1e-12) ** setting.power
    return p, q / q.sum(axis=1, keepdims=True)


def split_of(people, q, kind, ids):
    """The entry `split` of the document."""
    classes = [f"c{c}" for c in range(q.shape[1])]
    parts = ("patterns", "calibration") if kind == "counts" else ("calibration",)
    tally = Tally(classes, people_kind=kind, model_kind="probs", parts=parts, worst=0)
    for start in range(0, len(q), 100_000):
        rows = slice(start, start + 100_000)
        tally.update(people[rows], q[rows], ids=ids[rows])
    model = document(tally)["models"][0]
    for score, whole in (("log", "cross_entropy"), ("square", "brier")):
        terms = model["split"][score]["terms"]
        added = sum(term["value"] for term in terms.values())
        assert abs(added - model["measures"][whole]["value"]) < 1e-6, (score, added)
    return model["split"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--quick", action="store_true", help="40 rounds, nothing is written")
    arguments = parser.parse_args()
    rounds = 40 if arguments.quick else arguments.rounds
    rows = []
    for setting in SETTINGS:
        ids = [f"i{n}" for n in range(1_000_000 if not arguments.quick else 200_000)]
        truth = split_of(*draw(setting, np.random.default_rng(10_000), len(ids)), "probs", ids)
        random = np.random.default_rng(1)
        found = []
        for _ in range(rounds):
            p, q = draw(setting, random, setting.items)
            counts = random.multinomial(setting.people, p)
            found.append(split_of(counts, q, "counts", ids[: setting.items]))
        for score, names in TERMS.items():
            for name in names:
                known = truth[score]["terms"][name]["value"]
                value, low, high = np.array(
                    [[one[score]["terms"][name][key] for key in ("value", "low", "high")] for one in found]
                ).T
                inside = (low <= known) & (known <= high)
                row = {
                    "setting": setting.name, "score": "bits" if score == "log" else "squares", "term": name,
                    "truth": known, "coverage": float(inside.mean()),
                    "noise": float(np.sqrt(inside.mean() * (1 - inside.mean()) / rounds)),
                    "bias": float(value.mean() - known), "sd": float(value.std()),
                    "half-width": float(np.mean(high - low) / 2),
                }  # fmt: skip
                rows.append(row)
                print({key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()}, flush=True)
    if not arguments.quick:
        text = f"{rounds} panels for each setting; the truth from a million items whose distributions are known."
        write_results("origin_coverage", rows, text, rounds=rounds)


if __name__ == "__main__":
    main()
