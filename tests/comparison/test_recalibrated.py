"""The recalibrated model: what is promised is what its file gives, and saves what calibration says."""

import math

import numpy as np
import pytest

import bitsapart as ba
from bitsapart.comparison.recalibration import TemperatureScaling
from bitsapart.errors import DataError, DomainError


def world(classes=3, items=400, power=2.0, seed=0):
    """A model that is too sure by a known power."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), items)
    counts = np.array([rng.multinomial(6, row) for row in p])
    q = p**power
    return counts, q / q.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_file_gives_the_promised_distance(tmp_path, classes, ending):
    counts, q = world(classes)
    names = "abc"[:classes]
    people = {"item": [f"i{n}" for n in range(len(q))], **{c: counts[:, k] for k, c in enumerate(names)}}
    model = {"item": people["item"], **{c: q[:, k] for k, c in enumerate(names)}}
    file = tmp_path / f"better.{ending}"
    result = ba.compare(people, model, recalibrate_to=str(file))
    entry = result.data["models"][0]["recalibrated"]
    again = ba.compare(people, file)
    for key in ("cross_entropy", "brier", "squared_distance", "kl_divergence"):
        assert again[key].value == pytest.approx(entry["measures"][key]["value"], rel=1e-13), key
    saved = result["cross_entropy"].value - again["cross_entropy"].value
    assert entry["saved"]["cross_entropy"]["value"] == pytest.approx(saved, abs=1e-12)
    split = result.data["models"][0]["split"]
    whole = next(
        row for row in split["corp"] if row["score"] == "log" and row["class"] == ("a" if classes == 2 else None)
    )
    crossed, inside = whole["cross_fitted"]["miscalibration"]["value"], whole["in_sample"]["miscalibration"]
    assert crossed == pytest.approx(saved, abs=2e-6)
    calibration = split["log"]["terms"]["calibration"]["value"]
    assert crossed < calibration < inside
    if classes > 2:
        assert calibration == pytest.approx((crossed + inside) / 2, abs=1e-12)
    assert saved > 0.05


def test_the_temperature_is_found_and_can_be_applied():
    counts, q = world(power=2.0, items=3000)
    result = ba.compare(counts, q, recalibrate=True)
    applied = result.recalibration()
    assert isinstance(applied, TemperatureScaling)
    assert applied.inverse == pytest.approx(0.5, abs=0.03)
    np.testing.assert_allclose(applied(q), q**applied.inverse / (q**applied.inverse).sum(axis=1, keepdims=True))
    assert ba.Comparison.from_json(result.to_json()).recalibration() == applied


@pytest.mark.parametrize("classes", [2, 3, 40])
def test_isotonic_regression_can_be_applied_to_new_items(classes):
    counts, q = world(classes, items=800)
    result = ba.compare(counts, q, recalibrate_by="isotonic")
    better = result.recalibration()(q)
    assert better.shape == q.shape
    np.testing.assert_allclose(better.sum(axis=1), 1.0)
    fresh_counts, fresh = world(classes, items=800, seed=1)
    before, after = (
        ba.compare(fresh_counts, x, detail=False)["brier"].value for x in (fresh, result.recalibration()(fresh))
    )
    assert after < before + 0.002
    if classes < 40:
        assert after < before


def test_infinite_losses_become_finite_by_isotonic_regression():
    counts, q = world(3)
    q[:50] = np.eye(3)[q[:50].argmax(axis=1)]
    result = ba.compare(counts, q, recalibrate=True)
    assert result["cross_entropy"].value == math.inf
    entry = result.data["models"][0]["recalibrated"]
    assert entry["kind"] == "isotonic"
    assert math.isfinite(entry["measures"]["cross_entropy"]["value"])
    assert "saves" not in str(result)
    with pytest.raises(DomainError, match="no temperature helps"):
        ba.compare(counts, q, recalibrate_by="temperature")


def test_several_models_weights_and_groups():
    counts, q = world(3)
    flat = np.full_like(q, 1 / 3)
    table = {"item": np.arange(400), **{c: counts[:, k] for k, c in enumerate("abc")},
             "page": [f"p{n // 4}" for n in range(400)], "w": 1 + np.arange(400) % 3}  # fmt: skip
    models = [{"item": np.arange(400), **{c: x[:, k] for k, c in enumerate("abc")}} for x in (q, flat)]
    result = ba.compare(table, *models, recalibrate=True, weight="w", group="page", classes=("a", "b", "c"))
    for model in result.data["models"]:
        entry = model["recalibrated"]
        assert entry["measures"]["cross_entropy"]["n"] == 100
        difference = model["measures"]["cross_entropy"]["value"] - entry["measures"]["cross_entropy"]["value"]
        assert entry["saved"]["cross_entropy"]["value"] == pytest.approx(difference, abs=1e-12)
    plain = next(
        m for m in result.data["models"] if m["measures"]["cross_entropy"]["value"] == pytest.approx(math.log2(3))
    )
    assert plain["recalibrated"]["recalibration"]["inverse"] == 1.0


def test_joined_files_are_read_twice(tmp_path):
    counts, q = world(2)
    order = np.random.default_rng(0).permutation(400)
    lines = ["item,a,b\n", *(f"i{n},{counts[n, 0]},{counts[n, 1]}\n" for n in range(400))]
    (tmp_path / "people.csv").write_text("".join(lines))
    lines = ["item,a,b\n", *(f"i{n},{float(q[n, 0])!r},{float(q[n, 1])!r}\n" for n in order)]
    (tmp_path / "model.csv").write_text("".join(lines))
    joined = ba.compare(tmp_path / "people.csv", tmp_path / "model.csv", recalibrate=True)
    people = {"item": [f"i{n}" for n in range(400)], "a": counts[:, 0], "b": counts[:, 1]}
    model = {"item": people["item"], "a": q[:, 0], "b": q[:, 1]}
    expected = ba.compare(people, model, recalibrate=True)
    found = (x.data["models"][0]["recalibrated"]["measures"]["cross_entropy"]["value"] for x in (joined, expected))
    assert next(found) == pytest.approx(next(found), rel=1e-14)


def test_what_was_not_recalibrated_is_named():
    counts, q = world(3, items=30)
    with pytest.raises(DataError, match="holds no recalibration"):
        ba.compare(counts, q).recalibration()
    with pytest.raises(DomainError, match="the weights are too large"):
        ba.compare({"item": range(30), **dict(zip("abc", counts.T, strict=True)), "w": [1e12] * 30},
                   {"item": range(30), **dict(zip("abc", q.T, strict=True))},
                   weight="w", classes=("a", "b", "c"), recalibrate=True)  # fmt: skip


def test_very_many_numbers_are_spared_unless_asked_for(monkeypatch):
    from bitsapart.comparison import run

    monkeypatch.setattr(run, "_MOST_FOR_DETAIL", 300)
    counts, q = world(3, items=101)
    for people, model in ((counts, q), (counts[:100], q[:100])):
        gathered = "split" in ba.compare(people, model).data["models"][0]
        assert gathered == (len(people) <= 100)
    model = ba.compare(counts, q, detail=True).data["models"][0]
    assert {"split", "confusion", "by_class", "reliability"} <= set(model)
    model = ba.compare(counts, q, recalibrate=True, by_class=True).data["models"][0]
    assert {"split", "by_class", "recalibrated"} <= set(model)
    assert "confusion" not in model
    assert ba.compare(counts, q).data["settings"]["detail"] is False


def test_a_thousand_classes_are_no_trouble():
    rng = np.random.default_rng(0)
    q = rng.dirichlet(np.ones(1000), 60)
    model = ba.compare(rng.multinomial(5, q), q, people_kind="counts").data["models"][0]
    assert "confusion" not in model
    assert sum(term["value"] for term in model["split"]["log"]["terms"].values()) == pytest.approx(
        model["measures"]["cross_entropy"]["value"]
    )
