"""Make the data that comes with the package: handwritten digits, and the anaesthetists of Dawid and Skene.

    python examples/make_examples.py

Needs scikit-learn (extra `test`). Writes into src/bitsapart/data/examples.
"""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "src" / "bitsapart" / "data" / "examples"

# Dawid and Skene (1979), Table 1: the fitness of 45 patients for anaesthesia, judged on a scale from 1 to 4. A row is a
# patient: three judgements of observer 1, made at different times, then one of each of observers 2 to 5.
ANAESTHETISTS = [
    "1111111",
    "3334334",
    "1122122",
    "2223121",
    "2223222",
    "2223322",
    "1222111",
    "3333433",
    "2222223",
    "2322223",
    "4444444",
    "2223343",
    "1111111",
    "2223212",
    "1211111",
    "1112111",
    "1111111",
    "1111111",
    "2222221",
    "2221322",
    "2222222",
    "2222221",
    "2223222",
    "2212222",
    "1111111",
    "1111111",
    "2322222",
    "1111111",
    "1111111",
    "1121121",
    "1111111",
    "3333233",
    "1111111",
    "2222222",
    "2223232",
    "4334343",
    "2212232",
    "2323233",
    "3333432",
    "1111111",
    "1111111",
    "1212111",
    "2322222",
    "1211111",
    "2222222",
]
OBSERVERS = (1, 1, 1, 2, 3, 4, 5)
SCALE = (1, 2, 3, 4)


def write(name: str, header: list[str], rows: list[list[object]]) -> None:
    """Write one CSV file."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def digits() -> None:
    """scikit-learn's 1797 handwritten digits, and a model's probabilities for pictures it was not trained on."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pictures, labels = load_digits(return_X_y=True)
    names = [f"digit-{number:04d}" for number in range(len(labels))]
    write("digits-people.csv", ["item", "label"], [[n, int(label)] for n, label in zip(names, labels, strict=True)])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    probs = cross_val_predict(model, pictures, labels, cv=10, method="predict_proba")
    rows = [[name, *exact(row)] for name, row in zip(names, probs, strict=True)]
    write("digits-model.csv", ["item", *map(str, range(10))], rows)


def exact(row: np.ndarray) -> list[float]:
    """The row with six significant digits, its largest entry set so that it sums to 1."""
    rounded = [float(f"{p:.6g}") for p in row]
    top = int(np.argmax(rounded))
    rounded[top] = round(1.0 - sum(p for place, p in enumerate(rounded) if place != top), 12)
    return rounded


def dawid_skene() -> None:
    """The panel, and as a model what one of its judgements says about the others, learned on the other patients."""
    votes = np.array([[int(answer) for answer in patient] for patient in ANAESTHETISTS])
    rows = [
        [patient, observer, int(answer)]
        for patient, answers in enumerate(votes, start=1)
        for observer, answer in zip(OBSERVERS, answers, strict=True)
    ]
    write("dawid-skene-people.csv", ["item", "annotator", "label"], rows)
    others = [from_one_judgement(votes, patient) for patient in range(len(votes))]
    header = ["item", *map(str, SCALE)]
    write("dawid-skene-model.csv", header, [[i + 1, *exact(p)] for i, p in enumerate(others)])


def from_one_judgement(votes: np.ndarray, patient: int) -> np.ndarray:
    """The chance of each answer for one patient, from the first judgement of observer 1 alone.

    That judgement s says: another judgement of such a patient is c with probability (n_sc + ½)/(n_s + 2), counted on
    the other patients.
    """
    rest = np.delete(votes, patient, axis=0)
    alike = rest[rest[:, 0] == votes[patient, 0]][:, 1:]
    counts = np.array([(alike == answer).sum() for answer in SCALE], dtype=float)
    return (counts + 0.5) / (counts.sum() + 2.0)


if __name__ == "__main__":
    digits()
    dawid_skene()
