"""Training on everybody's answers against training on the majority's, in held-out cross-entropy, on real people.

Runs examples/train_soft_counts.py on the shipped Dawid-Skene patients and, where they stand beside the checkout, on
ChaosNLI's items (a hundred people each; the inputs are the probabilities of language models).

    python benchmarks/train_soft_counts.py       # writes benchmarks/results/train_soft_counts.{json,md}
"""

import sys
from pathlib import Path

from panel_results import SHARED, write_results

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

from train_soft_counts import compared, doctors, read_counts

CHAOS = SHARED / "chaosnli"


def sources():
    """Name, features and counts of each set of people."""
    yield "four anaesthetists, 45 patients (Dawid and Skene)", *doctors()
    for name, models in (("snli", "model-snli-*[0-9].csv"), ("mnli", "model-mnli-*[0-9].csv")):
        files = sorted(CHAOS.glob(models))
        if files:
            people = f"a hundred people each, ChaosNLI {name.upper()}, {len(files)} models' probabilities"
            yield people, *read_counts(CHAOS / f"people-{name}.csv", files)


def main() -> None:
    """Measure, check and write."""
    rows = []
    for name, features, counts in sources():
        result = compared(features, counts)
        (pair,) = (pair["cross_entropy"] for pair in result.data["pairs"])
        bits = {model: result.entry("cross_entropy", model)["value"] for model in result.models}
        wrong = {model: 100 - 100 * result.entry("accuracy", model)["value"] for model in result.models}
        rows.append({
            "people": name, "items": len(counts), "on counts, bits": bits["trained on counts"],
            "on majority, bits": bits["trained on majority"], "difference, bits": pair["value"],
            "95 % from": pair["low"], "95 % to": pair["high"], "on counts, wrong %": wrong["trained on counts"],
            "on majority, wrong %": wrong["trained on majority"],
        })  # fmt: skip
        if pair["high"] >= 0:
            sys.exit(f"{name}: training on counts does not win")
    text = (
        "The same linear network, trained on counts and on majority votes; cross-entropy of items that neither saw, "
        "and how often one more person is guessed wrong."
    )
    write_results("train_soft_counts", rows, text, folds=5)


if __name__ == "__main__":
    main()
