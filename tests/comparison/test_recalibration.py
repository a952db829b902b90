"""Temperature and isotonic recalibration: the optimum, what it leaves alone, cross-fitting, saving."""

import json
import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax, xlogy

from bitsapart.comparison.calibration import assign_folds, fit_isotonic
from bitsapart.comparison.recalibration import (
    IsotonicRecalibration,
    TemperatureScaling,
    cross_fit,
    kind_for,
    recalibration_from,
)
from bitsapart.errors import DomainError, StateError


def _soft(seed=0, size=400, classes=4, beta=2.0):
    """People answer with probabilities p; the model says p^(1/β), too timid by β."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), size)
    people = np.stack([rng.multinomial(20, row) for row in p]) / 20
    return people, softmax(np.log(p) / beta, axis=1)


def _loss(people, q):
    return -np.mean(np.sum(xlogy(people, q), axis=1))


def test_temperature_is_the_minimum_and_recovers_the_truth():
    people, q = _soft(size=4000)
    fitted = TemperatureScaling.fit(people, q)
    assert fitted.inverse == pytest.approx(2.0, abs=0.05)
    best = minimize_scalar(lambda b: _loss(people, TemperatureScaling(b)(q)), bounds=(0.1, 10), method="bounded")
    assert _loss(people, fitted(q)) <= best.fun + 1e-13
    assert fitted.inverse == pytest.approx(best.x, abs=1e-4)


def test_weights_count_as_repetitions():
    people, q = _soft(size=60)
    times = np.random.default_rng(2).integers(1, 4, 60)
    weighted = TemperatureScaling.fit(people, q, weights=times)
    repeated = TemperatureScaling.fit(people.repeat(times, axis=0), q.repeat(times, axis=0))
    assert weighted.inverse == pytest.approx(repeated.inverse, rel=1e-10)


def test_edges_of_temperature():
    assert TemperatureScaling.fit([[0.0, 1.0]], [[0.9, 0.1]]).inverse == 0.0
    right = TemperatureScaling.fit([[0.0, 1.0]], [[0.1, 0.9]])
    assert right.inverse >= 256
    hard = TemperatureScaling.fit([[0.5, 0.5, 0.0], [0.3, 0.3, 0.4]], [[0.2, 0.8, 0.0], [0.5, 0.5, 0.0]])
    assert hard.left_out == 1
    assert hard([[0.2, 0.8, 0.0]])[0, 2] == 0.0
    assert TemperatureScaling(0.0)([[0.2, 0.8, 0.0]]).tolist() == [[0.5, 0.5, 0.0]]
    with pytest.raises(DomainError, match="no temperature helps"):
        TemperatureScaling.fit([[1.0, 0.0]], [[0.0, 1.0]])


def test_isotonic_of_two_classes_is_one_map_and_mirrored():
    rng = np.random.default_rng(3)
    q = rng.random(300)
    x = rng.binomial(3, q**2) / 3
    people, model = np.stack([x, 1 - x], 1), np.stack([q, 1 - q], 1)
    fitted = IsotonicRecalibration.fit(people, model)
    assert len(fitted.maps) == 1
    turned = IsotonicRecalibration.fit(people[:, ::-1], model[:, ::-1])
    np.testing.assert_allclose(fitted(model), turned(model[:, ::-1])[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(fitted(model)[:, 0], fit_isotonic(x, q, half_counts=1.0)(q), atol=1e-15)


def test_isotonic_of_many_classes_makes_every_loss_finite():
    people, q = _soft(seed=4)
    q = np.where(q < 0.05, 0.0, q)
    q /= q.sum(axis=1, keepdims=True)
    assert math.isinf(_loss(people, q))
    recalibrated = IsotonicRecalibration.fit(people, q)(q)
    np.testing.assert_allclose(recalibrated.sum(axis=1), 1.0, atol=1e-12)
    assert math.isfinite(_loss(people, recalibrated))


@pytest.mark.parametrize("kind", ["temperature", "isotonic"])
def test_no_item_is_judged_by_a_map_that_saw_it(kind):
    people, q = _soft(seed=5, size=80)
    folds = assign_folds(80, folds=4)
    fitted = cross_fit(people, q, folds=folds, kind=kind)
    before = fitted(q, folds)
    changed = people.copy()
    changed[folds == 2] = [1.0, 0.0, 0.0, 0.0]
    after = cross_fit(changed, q, folds=folds, kind=kind)(q, folds)
    np.testing.assert_array_equal(before[folds == 2], after[folds == 2])
    assert np.abs(before[folds == 1] - after[folds == 1]).max() > 1e-3
    if kind == "isotonic":
        each = fitted.events(q, folds)
        np.testing.assert_allclose(each / each.sum(axis=1, keepdims=True), before, atol=1e-15)


@pytest.mark.parametrize("fit", [TemperatureScaling.fit, IsotonicRecalibration.fit])
def test_saved_and_read_back(fit):
    people, q = _soft(seed=6, size=50)
    fitted = fit(people, q)
    again = recalibration_from(json.loads(json.dumps(fitted.to_dict())))
    np.testing.assert_array_equal(again(q), fitted(q))


@pytest.mark.parametrize(
    "document", [{}, {"kind": "magic"}, {"kind": "temperature"}, {"kind": "isotonic", "maps": [1]}]
)
def test_unknown_documents_are_refused(document):
    with pytest.raises(StateError):
        recalibration_from(document)


def test_kinds_and_bad_shapes():
    assert [kind_for(2, infinite=False), kind_for(5, infinite=True), kind_for(5, infinite=False)] == [
        "isotonic", "isotonic", "temperature",
    ]  # fmt: skip
    with pytest.raises(DomainError, match="needed"):
        TemperatureScaling.fit([0.5], [0.5])
    with pytest.raises(DomainError, match="two folds"):
        cross_fit([[0.5, 0.5]], [[0.5, 0.5]], folds=[0], kind="isotonic")
