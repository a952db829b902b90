"""Judges that give verdicts or were asked several times, and ordered classes, through the command."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bitsapart.cli.compare import command
from bitsapart.people.simulation import simulate

CLASSES = ("low", "mid", "high")


def compare(folder: Path, *flags: str) -> Any:
    words = [str(folder / "people.csv"), str(folder / "model.csv"), "--classes", ",".join(CLASSES), *flags]
    return CliRunner().invoke(command, words, catch_exceptions=False)


def as_json(folder: Path, *flags: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(compare(folder, "--json", "-", *flags).stdout)
    return data


@pytest.fixture
def panel(tmp_path: Path) -> Any:
    random = np.random.default_rng(3)
    made = simulate(150, random.integers(3, 8, 150), shares=[0.5, 0.3, 0.2], alpha=1.0, seed=4)
    weights, groups = random.uniform(0.2, 4.0, 150), random.integers(0, 12, 150)
    rows = [
        f"{i},{','.join(map(str, n))},d{groups[i]},{float(weights[i])!r}" for i, n in enumerate(made.counts.tolist())
    ]
    (tmp_path / "people.csv").write_text("\n".join(["item,low,mid,high,document,importance", *rows]) + "\n")
    return made, weights, groups


def write_verdicts(folder: Path, verdicts: Any) -> None:
    (folder / "model.csv").write_text(
        "\n".join(["item,label", *(f"{i},{CLASSES[v]}" for i, v in enumerate(verdicts))]) + "\n"
    )


def by_hand(counts: Any, verdicts: Any, weights: Any) -> Any:
    """−Σ p̂ log₂ q of each item, q from the other items with its verdict and half a count for each class."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    losses = []
    for item, verdict in enumerate(verdicts):
        others = (verdicts == verdict) & (np.arange(len(verdicts)) != item)
        q = (weights[others] @ shares[others] + 0.5) / (weights[others].sum() + 1.5)
        losses.append(-shares[item] @ np.log2(q))
    return np.array(losses)


def test_calibrated_verdicts_are_predicted_by_the_other_items(tmp_path: Path, panel: Any) -> None:
    made, *_ = panel
    verdicts = made.model.argmax(axis=1)
    write_verdicts(tmp_path, verdicts)
    model = as_json(tmp_path)["models"][0]
    loss = by_hand(made.counts, verdicts, np.ones(150))
    found = model["calibrated"]["cross_entropy"]
    assert found["value"] == pytest.approx(loss.mean(), rel=1e-12)
    assert found["standard_error"] == pytest.approx(loss.std(ddof=1) / 150**0.5, rel=1e-9)
    entropy = model["measures"]["entropy"]["value"]
    assert model["calibrated"]["kl_divergence"]["value"] == pytest.approx(loss.mean() - entropy, rel=1e-9)
    assert model["calibrated"]["equivalence"]["model"]["value"] == pytest.approx(loss.mean(), rel=1e-12)
    # Least squares are those of the verdict itself.
    shares = made.counts / made.counts.sum(axis=1, keepdims=True)
    brier = (1 - 2 * shares[np.arange(150), verdicts] + 1).mean()
    assert model["measures"]["brier"]["value"] == pytest.approx(brier, rel=1e-12)
    assert "verdicts, calibrated: cross-entropy" in compare(tmp_path).output


def test_calibrated_verdicts_know_groups_and_weights(tmp_path: Path, panel: Any) -> None:
    made, _, groups = panel
    verdicts = made.model.argmax(axis=1)
    write_verdicts(tmp_path, verdicts)
    loss = by_hand(made.counts, verdicts, np.ones(150))
    grouped = as_json(tmp_path, "--group", "document")["models"][0]["calibrated"]["cross_entropy"]
    sums = np.bincount(groups, loss - loss.mean())
    expected = (len(sums) / (len(sums) - 1) * (sums**2).sum()) ** 0.5 / 150
    assert (grouped["n"], grouped["standard_error"]) == (12, pytest.approx(expected, rel=1e-9))
    people = made.counts.sum(axis=1)
    weights = people * 150 / people.sum()
    loss = by_hand(made.counts, verdicts, weights)
    judged = as_json(tmp_path, "--per", "judgement")["models"][0]["calibrated"]["cross_entropy"]
    assert judged["value"] == pytest.approx(weights @ loss / 150, rel=1e-9)


def test_tallies_of_verdicts_merge_to_the_same_bytes(tmp_path: Path, panel: Any) -> None:
    from bitsapart.comparison.tally import Tally

    made, _, groups = panel
    verdicts = made.model.argmax(axis=1)
    parts = []
    for rows in (slice(None), slice(0, 70), slice(70, None)):
        tally = Tally(CLASSES, people_kind="counts", model_kind="verdicts", parts=("verdicts", "patterns"))
        tally.update(made.counts[rows], verdicts[rows], groups=groups[rows].astype(str))
        parts.append(tally)
    whole, first, second = parts
    second.merge(Tally.from_bytes(first.to_bytes()))
    assert second.to_bytes() == whole.to_bytes()
    assert len(whole.verdicts()) > 30


def test_a_judge_asked_several_times_is_smoothed_and_it_is_said(tmp_path: Path, panel: Any) -> None:
    made, *_ = panel
    asked = np.random.default_rng(8).multinomial(4, made.model)
    (tmp_path / "model.csv").write_text(
        "\n".join(["item,low,mid,high", *(f"{i},{','.join(map(str, n))}" for i, n in enumerate(asked.tolist()))]) + "\n"
    )
    q = (asked + 0.5) / (4 + 1.5)
    shares = made.counts / made.counts.sum(axis=1, keepdims=True)
    found = as_json(tmp_path, "--model-kind", "counts")["models"][0]["measures"]["cross_entropy"]
    assert found["value"] == pytest.approx(-(shares * np.log2(q)).sum(axis=1).mean(), rel=1e-12)
    assert "½" in compare(tmp_path, "--model-kind", "counts").output


def test_ordered_classes_add_the_ranked_probability_score(tmp_path: Path, panel: Any) -> None:
    made, *_ = panel
    rows = [f"{i},{','.join(repr(float(v)) for v in q)}" for i, q in enumerate(made.model)]
    (tmp_path / "model.csv").write_text("\n".join(["item,low,mid,high", *rows]) + "\n")
    measures = as_json(tmp_path, "--ordinal")["models"][0]["measures"]
    shares = made.counts / made.counts.sum(axis=1, keepdims=True)
    below, model = np.cumsum(shares, axis=1)[:, :2], np.cumsum(made.model, axis=1)[:, :2]
    expected = ((below - model) ** 2).sum(axis=1).mean()
    assert measures["ranked_probability_score"]["value"] == pytest.approx(expected, rel=1e-12)
    people = made.counts.sum(axis=1)[:, None]
    m = below * people
    pairs = m * (m - 1) / (people * (people - 1))
    distance = (pairs - 2 * below * model + model**2).sum(axis=1).mean()
    assert measures["ranked_squared_distance"]["value"] == pytest.approx(distance, rel=1e-9)
    assert "ranked" in compare(tmp_path, "--ordinal").output
