"""Learn everybody's answers or the majority's? Train on both, and ask which is nearer to people who were held out.

    python examples/train_soft_counts.py                          # 45 patients and their doctors, shipped
    python examples/train_soft_counts.py PEOPLE.csv MODEL.csv ... # counts of your own, features from models

Without arguments: the first of five anaesthetists looked at every patient three times, and what she said is the
network's input; what the four others said is to be predicted (Dawid and Skene 1979, shipped with bitsapart).
With files: the input is log q of the models' probabilities (every model's, side by side), and PEOPLE is a table of
counts. Five folds: every item is predicted by networks that never saw it; both networks are the same, from the same
start. The difference of their cross-entropies comes from `bitsapart.compare`, item by item, with its interval.
"""

import csv
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import numpy as np

import bitsapart
from bitsapart.train import TrainSettings, fit, predict

FOLDS = 5
SETTINGS = TrainSettings(
    network="linear", optimizer="adam", lr=0.02, batch=0, steps=400, every=400, init="zeros", dtype="float64"
)


def doctors():
    """What the first doctor said of each patient (shares), and how often the others said each class."""
    with files("bitsapart").joinpath("data/examples/dawid-skene-people.csv").open() as file:
        rows = [(int(row["item"]) - 1, row["annotator"], int(row["label"]) - 1) for row in csv.DictReader(file)]
    said, others = np.zeros((45, 4)), np.zeros((45, 4), dtype=int)
    for patient, doctor, label in rows:
        if doctor == "1":
            said[patient, label] += 1 / 3
        else:
            others[patient, label] += 1
    return said, others


def read_counts(people, models):
    """Features and counts from files; items are joined by their first column, classes by their names."""
    tables = []
    for path in (people, *models):
        with Path(path).open(newline="") as file:
            rows = list(csv.DictReader(file))
        item, *classes = rows[0]
        tables.append({row[item]: {name: float(row[name]) for name in classes} for row in rows})
    items = [item for item in tables[0] if all(item in table for table in tables)]
    names = list(tables[0][items[0]])
    counts = np.array([[tables[0][item][name] for name in names] for item in items], dtype=int)
    log_q = [[np.log(table[item][name]) for table in tables[1:] for name in names] for item in items]
    return np.array(log_q), counts


def majority(counts):
    """One vote for what most said; the first class in a tie."""
    return np.eye(counts.shape[1], dtype=int)[counts.argmax(axis=1)]


def predicted(features, target, folder):
    """Probabilities of every item, by networks that did not see it."""
    place = np.random.default_rng(0).permutation(len(features)) % FOLDS
    found = np.empty(target.shape)
    for fold in range(FOLDS):
        seen, unseen = place != fold, place == fold
        run = fit(features[seen], target[seen], settings=SETTINGS, run=folder / str(fold))
        found[unseen] = predict(run.path, features[unseen]).probabilities
    return found


def compared(features, counts):
    """The comparison of both networks with people: how far each is, and their difference with an interval."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = {
            "people": counts,
            "trained on counts": predicted(features, counts, folder / "counts"),
            "trained on majority": predicted(features, majority(counts), folder / "majority"),
        }
        for title, table in tables.items():
            columns = ",".join(f"class {number}" for number in range(counts.shape[1]))
            numbered = np.column_stack([np.arange(len(table)), table])
            np.savetxt(folder / f"{title}.csv", numbered, "%.17g", ",", header=f"item,{columns}", comments="")
        return bitsapart.compare(*(folder / f"{title}.csv" for title in tables))


if __name__ == "__main__":
    print(compared(*(read_counts(sys.argv[1], sys.argv[2:]) if len(sys.argv) > 2 else doctors())))
