"""What a few people would have said: real panels of 50 to 100 people, resampled to 2, 3, 5 and 10.

The people of every item are drawn again with replacement, 20 times and more; the full panel is the truth. For each data
set and K: the mean error of four estimates of people's entropy, and, for every real model, how often the bracket holds
the KL divergence of the full panel: its mean over the resamples, and each single resample with its sampling interval.

    python benchmarks/panel_resampling.py [--rounds 40]        (reads ../shared/data)
"""

from __future__ import annotations

import argparse
from math import log

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
from panel_results import SHARED, write_results

from bitsapart.comparison.intervals import interval_of
from bitsapart.people.entropy import panel_entropy, plug_in_entropy
from bitsapart.people.patterns import LossSums, PatternTable

PEOPLE = (2, 3, 5, 10)
BIT = log(2.0)
MODELS = {
    "CIFAR-10H": ("resnet-110", "preresnet-110", "densenet-bc-L190-k40", "crossvalidated"),
    "ChaosNLI-SNLI": ("roberta-base-seed0", "roberta-base-seed1", "roberta-base-seed2", "bert-base-uncased-seed0",
                      "bert-base-uncased-seed1"),
    "ChaosNLI-MNLI": ("roberta-base-seed0", "roberta-base-seed1", "roberta-base-seed2"),
    "ChaosNLI-αNLI": (),
}  # fmt: skip


def table(path):
    text = pc.ConvertOptions(column_types={"item": "string"})
    return pq.read_table(path) if path.suffix == ".parquet" else pc.read_csv(path, convert_options=text)


def load(name):
    """Counts (items, classes), and each model's probabilities with the mask of the items it answered."""
    if name == "CIFAR-10H":
        folder, stem, people = SHARED / "cifar10h", "model-{}.parquet", "people.parquet"
    else:
        short = {"ChaosNLI-SNLI": "snli", "ChaosNLI-MNLI": "mnli", "ChaosNLI-αNLI": "alphanli"}[name]
        folder, stem, people = SHARED / "chaosnli", f"model-{short}-{{}}.csv", f"people-{short}.csv"
    judged = table(folder / people)
    classes = [column for column in judged.column_names if column != "item"]
    counts = np.column_stack([judged[column].to_numpy() for column in classes]).astype(np.int64)
    place = {str(item): row for row, item in enumerate(judged["item"].to_pylist())}
    models = {}
    for model in MODELS[name]:
        answers = table(folder / stem.format(model))
        rows = np.array([place.get(str(item), -1) for item in answers["item"].to_pylist()])
        known = rows >= 0
        probs = np.full(counts.shape, np.nan)
        probs[rows[known]] = np.column_stack([answers[column].to_numpy() for column in classes])[known]
        models[model] = probs
    return counts, models


def table_of(counts, losses=()):
    patterns, place, frequency = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    sums = [
        LossSums.of(np.bincount(place, loss), np.bincount(place, loss**2), items=frequency, cube=np.sum(loss**3))
        for loss in losses
    ]
    return PatternTable.of(patterns, frequency), sums


def loss_of(counts, probs):
    with np.errstate(divide="ignore"):
        return np.where(counts > 0, -counts * np.log(probs), 0.0).sum(axis=1) / counts.sum(axis=1)


def entropies(name, counts, rounds, random):
    truth = plug_in_entropy(counts).mean()
    shares = counts / counts.sum(axis=1, keepdims=True)
    for people in PEOPLE:
        found = []
        for _ in range(rounds):
            panel = panel_entropy(table_of(random.multinomial(people, shares))[0])
            found.append([panel.entropy(which).value for which in ("plug_in", "lower", "point", "upper")])
        error = (np.array(found) - truth) / BIT
        yield {
            "data": name, "people": people, "H, bits": float(truth / BIT), **dict(zip(
                ("plug-in", "lower", "point", "upper"), error.mean(axis=0).tolist(), strict=True)),
            "scatter of one": float(error[:, 2].std(ddof=1)),
        }  # fmt: skip


def divergences(name, counts, model, probs, rounds, random):
    known = ~np.isnan(probs).any(axis=1)
    counts, probs = counts[known], probs[known]
    truth = (loss_of(counts, probs) - plug_in_entropy(counts)).mean()
    shares = counts / counts.sum(axis=1, keepdims=True)
    for people in PEOPLE:
        ends, held, point_held = [], 0, 0
        for _ in range(rounds):
            drawn = random.multinomial(people, shares)
            patterns, (sums,) = table_of(drawn, [loss_of(drawn, probs)])
            panel = panel_entropy(patterns)
            kl = panel.divergence(sums)
            ends.append([kl.lower.value, kl.point.value, kl.upper.value, panel.plug_in_divergence(sums).value])
            held += interval_of(kl.lower).low <= truth <= interval_of(kl.upper).high
            point = interval_of(kl.point)
            point_held += point.low <= truth <= point.high
        lower, point, upper, plug_in = (np.array(ends).mean(axis=0) / BIT).tolist()
        yield {
            "data": name, "model": model, "people": people, "KL, bits": float(truth / BIT), "plug-in": plug_in,
            "point": point, "lower": lower, "upper": upper, "mean bracket holds": bool(lower <= truth / BIT <= upper),
            "single brackets hold": held / rounds, "point intervals hold": point_held / rounds,
        }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    random = np.random.default_rng(20261124)
    bias, brackets = [], []
    for name in MODELS:
        counts, models = load(name)
        bias += list(entropies(name, counts, rounds, random))
        for model, probs in models.items():
            brackets += list(divergences(name, counts, model, probs, rounds, random))
        print(f"{name} done", flush=True)
    note = f"Mean of {rounds} resamples with replacement; the full panel is the truth; bits."
    write_results("panel_entropy_bias", bias, f"Mean error of people's entropy. {note}", rounds=rounds)
    write_results("panel_kl_bracket", brackets, f"KL of every real model by point and bracket. {note}", rounds=rounds)
    print("worst |bias| of the point:", max(abs(row["point"]) for row in bias))
    print("NLI:", max(abs(row["point"]) for row in bias if "NLI" in row["data"]))
    print("mean bracket misses:", sum(not row["mean bracket holds"] for row in brackets), "of", len(brackets))
    print("fewest single brackets that hold:", min(row["single brackets hold"] for row in brackets))


if __name__ == "__main__":
    main()
