"""Gradients pass through, are right, and are never NaN where the value is fine."""

import numpy as np
import pytest

from bitsapart import measures
from bitsapart.measures import CATALOGUE

torch = pytest.importorskip("torch", reason="gradients are checked in PyTorch (pip install torch)")
SMOOTH = [
    "absolute_error",
    "brier",
    "cross_entropy",
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
    "kl_divergence",
    "perplexity",
    "ranked_probability_score",
    "squared_error",
]
PEOPLE = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [0.25, 0.0, 0.75]])
LOGITS = np.array([[0.3, -0.2, 1.0], [2.0, 0.1, -1.0], [0.2, 0.4, 0.3]])
STEP = 1e-6


def central_differences(function, at):
    slope = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place] += STEP
        down[place] -= STEP
        slope[place] = (function(up) - function(down)) / (2 * STEP)
    return slope


def torch_gradient(function, at):
    variable = torch.tensor(at, requires_grad=True)
    function(variable).backward()
    return variable.grad.numpy()


@pytest.mark.parametrize("key", SMOOTH)
def test_by_the_models_logits(key):
    measure = CATALOGUE[key].function

    def total(people, logits):
        return measure(people, logits, model_kind="logits").sum()

    found = torch_gradient(lambda z: total(torch.tensor(PEOPLE), z), LOGITS)
    assert found == pytest.approx(central_differences(lambda z: total(PEOPLE, z), LOGITS), abs=1e-8)


@pytest.mark.parametrize("key", SMOOTH)
def test_by_probabilities_of_both_sides(key):
    measure = CATALOGUE[key].function
    model = np.array([[0.3, 0.3, 0.4], [0.2, 0.7, 0.1], [0.5, 0.25, 0.25]])
    people = np.array([[0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.25, 0.125, 0.625]])
    found = torch_gradient(lambda q: measure(torch.tensor(people), q).sum(), model)
    assert found == pytest.approx(central_differences(lambda q: measure(people, q).sum(), model), rel=1e-6, abs=1e-8)
    found = torch_gradient(lambda p: measure(p, torch.tensor(model)).sum(), people)
    assert found == pytest.approx(central_differences(lambda p: measure(p, model).sum(), people), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("key", [key for key in SMOOTH if key != "ranked_probability_score"])
def test_of_one_event(key):
    measure = CATALOGUE[key].function
    people, logits = np.array([0.2, 1.0, 0.0]), np.array([0.5, 3.0, -2.0])

    def total(x, z):
        return measure(x, z, model_kind="logits", binary=True).sum()

    found = torch_gradient(lambda z: total(torch.tensor(people), z), logits)
    assert found == pytest.approx(central_differences(lambda z: total(people, z), logits), abs=1e-8)


def test_cross_entropy_of_logits_has_the_textbook_gradient():
    found = torch_gradient(
        lambda z: measures.cross_entropy(torch.tensor(PEOPLE), z, model_kind="logits", unit="nat").sum(), LOGITS
    )
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    assert found == pytest.approx(shares - PEOPLE, abs=1e-15)


@pytest.mark.parametrize("key", SMOOTH)
def test_minus_infinite_logits_with_zero_targets(key):
    measure = CATALOGUE[key].function
    people = torch.tensor([0.3, 0.7, 0.0], dtype=torch.float64)
    logits = torch.tensor([1.0, 2.0, -torch.inf], dtype=torch.float64, requires_grad=True)
    value = measure(people, logits, model_kind="logits")
    value.backward()
    assert torch.isfinite(value)
    assert torch.all(torch.isfinite(logits.grad))
    assert logits.grad[2] == 0
    without = logits.detach()[:2].clone().requires_grad_()
    measure(people[:2], without, model_kind="logits").backward()
    if key not in ("absolute_error", "squared_error", "brier"):  # whose two-class convention halves
        assert logits.grad[:2].numpy() == pytest.approx(without.grad.numpy(), abs=1e-15)


@pytest.mark.parametrize("key", SMOOTH)
def test_by_the_people_where_an_event_is_impossible_on_both_sides(key):
    people = torch.tensor([0.3, 0.7, 0.0], dtype=torch.float64, requires_grad=True)
    CATALOGUE[key].function(people, torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)).backward()
    assert torch.all(torch.isfinite(people.grad))


def test_by_the_people_cross_entropy_keeps_its_slope_at_zero():
    people = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    measures.cross_entropy(people, torch.tensor([0.75, 0.25], dtype=torch.float64)).backward()
    assert people.grad.numpy() == pytest.approx([-np.log2(0.75), 2.0])


def test_entropy_and_tables():
    for function, at in (
        (lambda p: measures.entropy(p), np.array([0.2, 0.3, 0.5])),
        (lambda z: measures.entropy(z, kind="logits"), np.array([0.2, -3.0, 0.5])),
        (lambda t: measures.joint_entropy(t), np.array([[0.2, 0.3], [0.1, 0.4]])),
        (lambda t: measures.conditional_entropy(t), np.array([[0.2, 0.3], [0.1, 0.4]])),
        (lambda t: measures.mutual_information(t), np.array([[0.2, 0.3], [0.1, 0.4]])),
    ):
        assert torch_gradient(function, at) == pytest.approx(central_differences(function, at), abs=1e-8)
    with_zeros = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    measures.entropy(with_zeros).backward()
    assert with_zeros.grad[1] == 0


def test_likelihood_of_logits_and_of_a_coin():
    labels = np.array([0, 2, 1])
    found = torch_gradient(lambda z: measures.log_likelihood(torch.tensor(labels), z, model_kind="logits"), LOGITS)
    wanted = central_differences(lambda z: measures.log_likelihood(labels, z, model_kind="logits"), LOGITS)
    assert found == pytest.approx(wanted, abs=1e-8)
    theta = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    measures.log_likelihood(torch.tensor([1, 1, 0]), theta, under="bernoulli").backward()
    assert float(theta.grad) == pytest.approx(2 / 0.3 - 1 / 0.7)
    curve = torch.tensor([0.0, 0.3], dtype=torch.float64, requires_grad=True)
    measures.likelihood_curve(torch.tensor([0, 0]), curve, log_scale=True).sum().backward()
    assert curve.grad.numpy() == pytest.approx([-2.0, -2 / 0.7])


def test_the_subgradient_of_the_absolute_error_at_equality_is_zero():
    y = torch.tensor(0.5, requires_grad=True)
    measures.absolute_error(torch.tensor(0.5), y, binary=True).backward()
    assert y.grad == 0


def test_the_subgradient_of_the_absolute_error_at_equality_is_zero_in_jax():
    jax = pytest.importorskip("jax", reason="needs JAX (pip install jax)")
    half = jax.numpy.asarray(0.5)
    assert jax.grad(lambda y: measures.absolute_error(half, y, binary=True))(half) == 0


def test_minus_infinite_logits_with_zero_targets_in_jax():
    jax = pytest.importorskip("jax", reason="needs JAX (pip install jax)")
    people = jax.numpy.asarray([0.3, 0.7, 0.0])

    def every(logits):
        return jax.numpy.stack([CATALOGUE[key].function(people, logits, model_kind="logits") for key in SMOOTH])

    logits = jax.numpy.asarray([1.0, 2.0, -np.inf])
    values, slopes = jax.jit(every)(logits), jax.jit(jax.jacrev(every))(logits)
    assert np.all(np.isfinite(values))
    assert np.all(np.isfinite(slopes))
    assert np.all(slopes[:, 2] == 0)
    wanted = [
        float(CATALOGUE[key].function([0.3, 0.7, 0.0], [1.0, 2.0, -np.inf], model_kind="logits")) for key in SMOOTH
    ]
    assert np.allclose(values, wanted, rtol=1e-5)
    for row, key in zip(np.asarray(slopes), SMOOTH, strict=True):
        exact = torch_gradient(
            lambda z, key=key: CATALOGUE[key].function(torch.tensor([0.3, 0.7, 0.0]), z, model_kind="logits"),
            np.array([1.0, 2.0, -np.inf]),
        )
        assert np.allclose(row, exact, rtol=1e-4, atol=1e-6), key


def test_equal_systems_have_a_jensen_shannon_distance_without_nan():
    q = torch.tensor([0.25, 0.75], dtype=torch.float64, requires_grad=True)
    measures.jensen_shannon_distance(torch.tensor([0.25, 0.75], dtype=torch.float64), q).backward()
    assert torch.equal(q.grad, torch.zeros(2, dtype=torch.float64))


def test_jax_traces_every_measure_of_pairs():
    jax = pytest.importorskip("jax", reason="needs JAX (pip install jax)")
    people, logits = jax.numpy.asarray(PEOPLE), jax.numpy.asarray(LOGITS)

    def everything(p, z):
        return jax.numpy.stack([CATALOGUE[key].function(p, z, model_kind="logits") for key in SMOOTH])

    assert np.allclose(jax.jit(everything)(people, logits), everything(people, logits), rtol=1e-5)
    slope = jax.jit(jax.grad(lambda z: everything(people, z).sum()))(logits)
    total = torch_gradient(
        lambda z: sum(CATALOGUE[key].function(torch.tensor(PEOPLE), z, model_kind="logits").sum() for key in SMOOTH),
        LOGITS,
    )
    assert np.allclose(slope, total, rtol=1e-3, atol=1e-4)
    # one item after another, as vmap sees them
    assert np.allclose(jax.vmap(everything, out_axes=1)(people, logits), everything(people, logits), rtol=1e-5)


def test_torch_traces_without_looking_at_values():
    people, logits = torch.tensor(PEOPLE), torch.tensor(LOGITS)

    def loss(p, z):
        return measures.kl_divergence(p, z, model_kind="logits")

    assert torch.allclose(torch.func.vmap(loss)(people, logits), loss(people, logits))
    assert loss(people.to("meta"), logits.to("meta")).shape == (3,)
    slope = torch.func.grad(lambda z: loss(people, z).sum())(logits)
    assert slope.numpy() == pytest.approx(torch_gradient(lambda z: loss(people, z).sum(), LOGITS))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Dynamo detected a call")
def test_torch_compiles():
    def loss(p, z):
        return measures.cross_entropy(p, z, model_kind="logits").sum()

    compiled = torch.compile(loss, backend="eager")
    people, logits = torch.tensor(PEOPLE), torch.tensor(LOGITS)
    assert torch.allclose(compiled(people, logits), loss(people, logits))
