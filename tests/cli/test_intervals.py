"""Every interval and test of `compare`, from files to the JSON, beside scipy's and statsmodels' own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy import stats

from bitsapart.cli.compare import command

Floats = NDArray[np.float64]
CLASSES = ("a", "b", "c")


@dataclass
class Case:
    """Files of people and models, and the loss of each item and model in bits."""

    folder: Path
    models: int
    losses: Floats  # (models, items)
    people: NDArray[np.int64]
    groups: NDArray[np.int64]
    weights: Floats

    def compare(self, *flags: str) -> dict[str, Any]:
        names = [str(self.folder / f"m{place}.csv") for place in range(self.models)]
        words = [str(self.folder / "people.csv"), *names, "--classes", "a,b,c", "--json", "-", *flags]
        result = CliRunner().invoke(command, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        data: dict[str, Any] = json.loads(result.stdout)
        return data

    def measure(self, key: str, *flags: str) -> dict[str, Any]:
        entry: dict[str, Any] = self.compare(*flags)["models"][0]["measures"][key]
        return entry


def made(folder: Path, items: int, models: int = 1, *, sharp: tuple[float, ...] = (1.0, 0.9, 0.5, 1.01)) -> Case:
    random = np.random.default_rng(items + models)
    truth = random.dirichlet([1.0, 1.0, 1.0], items)
    asked = random.integers(2, 7, items)
    people = random.multinomial(asked, truth)
    groups, weights = random.integers(0, max(items // 5, 3), items), random.uniform(0.5, 3.0, items)
    rows = [
        f"{i},{','.join(map(str, people[i]))},g{groups[i]},{float(weights[i])!r}" for i in range(items)
    ]  # fmt: skip
    (folder / "people.csv").write_text("\n".join([f"item,{','.join(CLASSES)},document,importance", *rows]) + "\n")
    losses = []
    for place in range(models):
        logits = sharp[place] * np.log(0.9 * truth + 0.1 / 3) + random.normal(0, 0.5, truth.shape)
        q = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        text = [f"{i},{','.join(repr(float(value)) for value in q[i])}" for i in range(items)]
        (folder / f"m{place}.csv").write_text("\n".join([f"item,{','.join(CLASSES)}", *text]) + "\n")
        losses.append(-(people * np.log2(q)).sum(axis=1) / asked)
    return Case(folder, models, np.array(losses), people, groups, weights)


def same(entry: dict[str, Any], value: float, error: float, freedom: float) -> None:
    low, high = stats.t.interval(0.95, freedom, value, error)
    assert entry["value"] == pytest.approx(value, rel=1e-12)
    assert entry["standard_error"] == pytest.approx(error, rel=1e-9)
    assert [entry["low"], entry["high"]] == pytest.approx([low, high], rel=1e-9)


@pytest.mark.parametrize("items", [7, 400])
def test_a_mean_has_students_interval(tmp_path: Path, items: int) -> None:
    case = made(tmp_path, items)
    entry = case.measure("cross_entropy")
    same(entry, case.losses[0].mean(), stats.sem(case.losses[0]), items - 1)


@pytest.mark.parametrize("items", [40, 400])
def test_weights_give_the_interval_of_weighted_least_squares(tmp_path: Path, items: int) -> None:
    api = pytest.importorskip("statsmodels.api")
    case = made(tmp_path, items)
    for flags, weights in (
        (["--weight", "importance"], case.weights),
        (["--per", "judgement"], case.people.sum(axis=1)),
        (["--weight", "importance", "--per", "judgement"], case.weights * case.people.sum(axis=1)),
    ):
        fit = api.WLS(case.losses[0], np.ones(items), weights=weights).fit(cov_type="HC1", use_t=True)
        same(case.measure("cross_entropy", *flags), fit.params[0], fit.bse[0], items - 1)


@pytest.mark.parametrize("items", [40, 400])
def test_groups_give_the_clustered_interval(tmp_path: Path, items: int) -> None:
    api = pytest.importorskip("statsmodels.api")
    case = made(tmp_path, items)
    clusters = {"groups": case.groups}
    fit = api.OLS(case.losses[0], np.ones(items)).fit(cov_type="cluster", cov_kwds=clusters, use_t=True)
    entry = case.measure("cross_entropy", "--group", "document")
    same(entry, fit.params[0], fit.bse[0], len(set(case.groups.tolist())) - 1)
    assert entry["n"] == len(set(case.groups.tolist()))
    weighted = api.WLS(case.losses[0], np.ones(items), weights=case.weights)
    fit = weighted.fit(cov_type="cluster", cov_kwds=clusters, use_t=True)
    entry = case.measure("cross_entropy", "--group", "document", "--weight", "importance")
    same(entry, fit.params[0], fit.bse[0], len(set(case.groups.tolist())) - 1)


def test_two_models_on_many_items_are_compared_by_the_paired_t_test(tmp_path: Path) -> None:
    case = made(tmp_path, 300, models=2)
    pair = case.compare()["pairs"][0]["cross_entropy"]
    test = stats.ttest_rel(case.losses[0], case.losses[1])
    interval = test.confidence_interval()
    assert pair["value"] == pytest.approx((case.losses[0] - case.losses[1]).mean(), rel=1e-10)
    assert [pair["low"], pair["high"]] == pytest.approx([interval.low, interval.high], rel=1e-8)
    assert pair["p_value"] == pytest.approx(test.pvalue, rel=1e-8)
    assert pair["won_a"] == pytest.approx((case.losses[0] < case.losses[1]).mean())
    assert pair["won_b"] == pytest.approx((case.losses[0] > case.losses[1]).mean())


@pytest.mark.parametrize("items", [9, 30])
def test_two_models_on_few_items_are_compared_by_permutation(tmp_path: Path, items: int) -> None:
    case = made(tmp_path, items, models=2)
    pair = case.compare()["pairs"][0]["cross_entropy"]
    delta = case.losses[0] - case.losses[1]
    test = stats.permutation_test(
        (delta,), np.mean, permutation_type="samples", n_resamples=99_999, rng=np.random.default_rng(1)
    )
    assert "sign flips" in pair["method"]
    assert pair["p_value"] == pytest.approx(test.pvalue, abs=1e-12 if items == 9 else 0.01)


def test_groups_are_the_units_of_a_paired_comparison(tmp_path: Path) -> None:
    api = pytest.importorskip("statsmodels.api")
    case = made(tmp_path, 400, models=2)
    pair = case.compare("--group", "document")["pairs"][0]["cross_entropy"]
    delta = case.losses[0] - case.losses[1]
    fit = api.OLS(delta, np.ones(400)).fit(cov_type="cluster", cov_kwds={"groups": case.groups}, use_t=True)
    same(pair, fit.params[0], fit.bse[0], len(set(case.groups.tolist())) - 1)
    assert pair["p_value"] == pytest.approx(fit.pvalues[0], rel=1e-8)


def test_several_models_are_adjusted_by_holm_and_the_best_ones_tied(tmp_path: Path) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    case = made(tmp_path, 300, models=4)
    data = case.compare()
    places = [(int(pair["a"][1:]), int(pair["b"][1:])) for pair in data["pairs"]]
    p_values = [stats.ttest_rel(case.losses[a], case.losses[b]).pvalue for a, b in places]
    adjusted = multitest.multipletests(p_values, method="holm")[1]
    assert [pair["cross_entropy"]["p_adjusted"] for pair in data["pairs"]] == pytest.approx(adjusted, rel=1e-6)
    best = int(case.losses.mean(axis=1).argmin())
    tied = {f"m{best}"}
    for (a, b), p in zip(places, adjusted, strict=True):
        if best in (a, b) and p > 0.05:
            tied.add(f"m{a + b - best}")
    assert set(data["ranking"]["tied"]) == tied
    assert 1 < len(tied) < 4
    order = [f"m{place}" for place in np.argsort(case.losses.mean(axis=1))]
    assert data["ranking"]["order"] == order


@pytest.mark.parametrize("items", [25, 400, 3000])
def test_heavy_tails_are_flagged_by_the_effective_number_of_items(tmp_path: Path, items: int) -> None:
    case = made(tmp_path, items, models=2, sharp=(1.0, 6.0, 0, 0))
    data = case.compare()
    for name, loss in zip(("m0", "m1"), case.losses, strict=True):
        effective = items / stats.kurtosis(loss, fisher=False)
        said = any(name in warning and "most of the loss" in warning for warning in data["warnings"])
        assert said == (effective < max(30, 0.01 * items))
    effective = items / stats.kurtosis(case.losses[0] - case.losses[1], fisher=False)
    assert data["pairs"][0]["cross_entropy"]["heavy_tailed"] == (effective < max(30, 0.01 * items))


def test_one_item_and_one_group_have_no_interval(tmp_path: Path) -> None:
    case = made(tmp_path, 20)
    text = (tmp_path / "people.csv").read_text()
    head, *rows = text.splitlines()
    (tmp_path / "people.csv").write_text(
        "\n".join([head, *(",".join([*row.split(",")[:4], "same", "1"]) for row in rows)]) + "\n"
    )
    entry = case.measure("cross_entropy", "--group", "document")
    assert (entry["low"], entry["high"], entry["n"]) == (None, None, 1)
    one = made(tmp_path, 1)
    data = one.compare()
    assert data["models"][0]["measures"]["cross_entropy"]["low"] is None
    assert any("there is no interval" in warning for warning in data["warnings"])


def test_models_of_grouped_items_with_one_judgement_each_can_be_compared(tmp_path: Path) -> None:
    case = made(tmp_path, 60, models=2)
    label = case.people.argmax(axis=1)
    rows = [f"{i},{CLASSES[label[i]]},g{case.groups[i]}" for i in range(60)]
    (tmp_path / "people.csv").write_text("\n".join(["item,label,document", *rows]) + "\n")
    pair = case.compare("--group", "document")["pairs"][0]
    assert pair["cross_entropy"]["low"] < pair["cross_entropy"]["value"] < pair["cross_entropy"]["high"]
    assert "squared_distance" not in pair


def test_an_infinite_loss_leaves_the_groups_to_the_brier_score(tmp_path: Path) -> None:
    api = pytest.importorskip("statsmodels.api")
    case = made(tmp_path, 200, models=2)
    lines = (tmp_path / "m0.csv").read_text().splitlines()
    for place in range(200):
        chosen = case.people[place].argmax()
        lines[place + 1] = f"{place}," + ",".join("0.0" if c == chosen else "0.5" for c in range(3)) if place < 3 else (
            lines[place + 1])  # fmt: skip
    (tmp_path / "m0.csv").write_text("\n".join(lines) + "\n")
    q = [np.loadtxt(tmp_path / f"m{m}.csv", delimiter=",", skiprows=1)[:, 1:] for m in (0, 1)]
    shares = case.people / case.people.sum(axis=1, keepdims=True)
    briers = [1 - 2 * (shares * one).sum(axis=1) + (one**2).sum(axis=1) for one in q]
    kwds = {"groups": case.groups}
    data = case.compare("--group", "document")
    pair = data["pairs"][0]
    sign = 1 if pair["a"] == "m0" else -1
    fit = api.OLS(sign * (briers[0] - briers[1]), np.ones(200)).fit(cov_type="cluster", cov_kwds=kwds, use_t=True)
    same(pair["brier"], fit.params[0], fit.bse[0], len(set(case.groups.tolist())) - 1)
    assert pair["cross_entropy"]["p_value"] is None
    assert pair["cross_entropy"]["finite"]["low"] is None
