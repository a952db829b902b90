"""Zeros, infinities, shapes, types and libraries: what goes in and what comes out."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from bitsapart import measures
from bitsapart.errors import DomainError
from bitsapart.measures import CATALOGUE, cross_entropy, entropy, information, kl_divergence

PAIRS = [row for row in CATALOGUE.values() if row.arguments == "pair"]
INF = float("inf")


def test_nothing_times_the_logarithm_of_nothing_is_nothing():
    assert entropy([1.0, 0.0]) == 0
    assert cross_entropy([1.0, 0.0], [1.0, 0.0]) == 0
    assert kl_divergence([0.0, 1.0], [0.5, 0.5]) == 1
    assert measures.log_likelihood([0, 0], [1.0, 0.0]) == 0


def test_what_a_model_excludes_is_infinitely_surprising():
    assert kl_divergence([0.5, 0.5], [1.0, 0.0]) == INF
    assert cross_entropy([0.5, 0.5], [0.0, -INF], model_kind="logits") == INF
    assert kl_divergence([0.0, -1e4], [0.0, -INF], people_kind="logits", model_kind="logits") == INF
    assert cross_entropy([0.0, -1e4], [0.0, -INF], people_kind="logits", model_kind="logits") == INF
    assert measures.log_likelihood([1], [1.0, 0.0]) == -INF
    assert measures.likelihood([1], [1.0, 0.0]) == 0
    assert information(0.0) == INF


def test_no_result_is_minus_zero():
    for value in (information(1.0), entropy([1.0]), cross_entropy([1.0], [1.0]), measures.log_likelihood([0], [1.0])):
        assert np.copysign(1, value) == 1


def test_whole_powers_of_two_are_whole_bits():
    assert [information(2.0**-k) for k in range(60)] == list(range(60))
    assert entropy(np.full(1024, 1 / 1024)) == 10


def test_lists_and_numbers_give_floats_and_arrays_arrays():
    for row in PAIRS:
        assert type(row.function([0.5, 0.5], [0.25, 0.75])) is float
        several = row.function([[0.5, 0.5]] * 3, np.array([[0.25, 0.75]] * 3))
        assert isinstance(several, np.ndarray)
        assert several.shape == (3,)
        assert several.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, bool])
def test_numpy_is_computed_in_float64_whatever_comes_in(dtype):
    given = np.array([[1, 0], [0, 1]], dtype=dtype)
    for row in PAIRS:
        assert row.function(given, np.array([[0.25, 0.75]] * 2, dtype=np.float16)).dtype == np.float64


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(half):
    torch = pytest.importorskip("torch")
    given = torch.tensor([0.5, 0.5], dtype=getattr(torch, half))
    for row in PAIRS:
        assert row.function(given, given).dtype == torch.float32


def test_the_same_kind_comes_out(library, conversion):
    convert = conversion(library, "float32")
    people, model = convert([[0.5, 0.5], [0.75, 0.25]]), convert([[0.25, 0.75], [0.5, 0.5]])
    for row in PAIRS:
        found = row.function(people, model)
        assert type(found) is type(people)
        # lists and NumPy arrays follow the other side's library
        assert type(row.function([[0.5, 0.5], [0.75, 0.25]], model)) is type(people)
        assert type(row.function(np.array([[0.5, 0.5], [0.75, 0.25]]), model)) is type(people)


def test_lists_beside_double_precision_keep_their_digits(library, conversion):
    convert = conversion(library, "float64")
    with convert.wide():
        assert float(cross_entropy([0.1, 0.9], convert([0.5, 0.5]))) == pytest.approx(1, abs=1e-15)
        assert float(kl_divergence([0.1, 0.9], convert([0.1, 0.9]))) == 0


def test_torch_and_jax_at_once_are_refused():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    with pytest.raises(
        DomainError, match="the arguments are arrays of jaxlib and torch, but must come from one library"
    ):
        cross_entropy(torch.tensor([0.5, 0.5]), jax.numpy.asarray([0.5, 0.5]))


def test_integer_labels_and_counts_of_every_library(library, conversion):
    xp = conversion(library, "float32").xp
    counts = xp.asarray([[2, 1], [0, 3]])
    assert float(measures.disagreement(counts)[0]) == pytest.approx(1 / 3)
    labels = xp.asarray([0, 1])
    found = measures.log_likelihood(labels, xp.asarray([[0.5, 0.5], [0.75, 0.25]]))
    assert float(found) == pytest.approx(np.log(0.125))
    assert float(cross_entropy(labels, xp.asarray([0.25, 0.75]), people_kind="labels")[0]) == pytest.approx(2)


def test_fractions_decimals_and_booleans_are_numbers():
    assert information([Fraction(1, 8), Fraction(1, 2)]).tolist() == [3, 1]
    assert entropy([Decimal("0.5"), Decimal("0.5")]) == 1
    assert cross_entropy([True, False], [0.25, 0.75]) == 2


@pytest.mark.parametrize(
    "values",
    [[0.5, None], [1j, 0.0], ["a", "b"], [Fraction(1, 2), "0.5"], np.array(["2020-01-01"], dtype="datetime64[D]")],
    ids=["None", "complex", "text", "text among objects", "dates"],
)
def test_what_is_no_real_number_is_refused(values):
    with pytest.raises(DomainError, match="must hold real numbers"):
        entropy(values)


def test_masked_values_and_tables_with_names_are_refused():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DomainError, match="masked"):
        entropy(np.ma.array([0.5, 0.5], mask=[False, True]))
    with pytest.raises(DomainError, match=r"people is a table with named columns.*to_numpy"):
        cross_entropy(pandas.DataFrame({"a": [0.5], "b": [0.5]}), [[0.5, 0.5]])


def test_views_read_only_and_empty_arrays():
    rows = np.asfortranarray(np.random.default_rng(0).dirichlet(np.ones(4), size=9))
    rows.flags.writeable = False
    wanted = [entropy(row.tolist()) for row in rows]
    assert entropy(rows).tolist() == pytest.approx(wanted, abs=1e-15)
    assert entropy(rows[::-2]).tolist() == pytest.approx(wanted[::-2], abs=1e-15)
    for row in PAIRS:
        assert row.function(np.empty((0, 4)), np.empty((0, 4))).shape == (0,)
    assert measures.log_likelihood(np.empty(0, dtype=int), [0.5, 0.5]) == 0


def test_batch_axes_lead():
    rng = np.random.default_rng(1)
    people, model = rng.dirichlet(np.ones(3), size=(2, 5)), rng.dirichlet(np.ones(3), size=(2, 5))
    for row in PAIRS:
        found = row.function(people, model)
        assert found.shape == (2, 5)
        assert found[1, 3] == pytest.approx(row.function(people[1, 3], model[1, 3]), abs=1e-15)
        # one distribution stands for every item of the other side
        single = row.function(people, model[0, 0])
        assert single[1, 3] == pytest.approx(row.function(people[1, 3], model[0, 0]), abs=1e-15)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 2)), ((2, 3), (1, 3)), ((2, 2, 3), (2, 3)), ((4,), (3,))])
def test_other_shapes_are_not_broadcast(shapes):
    people, model = (np.full(shape, 1 / shape[-1]) for shape in shapes)
    with pytest.raises(DomainError, match="people has shape"):
        cross_entropy(people, model)


def test_ties_are_shared_on_both_sides():
    assert measures.accuracy([0.5, 0.25, 0.25], [0.4, 0.4, 0.2]) == 0.375
    assert measures.majority_accuracy([2, 2, 1], [0.4, 0.2, 0.4], people_kind="counts") == 0.25
    assert measures.accuracy(1.0, 0.0, binary=True, model_kind="logits") == 0.5
    # logits that softmax rounds to the same probability are no tie
    assert measures.accuracy([1.0, 0.0], [1e-17, 0.0], model_kind="logits") == 1


def test_one_event_as_logit_and_logarithm():
    for y in (0.0, 1e-300, 0.2, 0.5, 0.999, 1.0):
        with np.errstate(divide="ignore"):
            logarithm = float(np.log(y))
            logit = float(np.log(y) - np.log1p(-y))
        for x in (0.0, 0.25, 1.0):
            wanted = cross_entropy(x, y, binary=True)
            assert cross_entropy(x, logarithm, binary=True, model_kind="log-probs") == pytest.approx(wanted, rel=1e-12)
            assert cross_entropy(x, logit, binary=True, model_kind="logits") == pytest.approx(wanted, rel=1e-12)


def test_huge_logits_and_tiny_differences():
    assert cross_entropy([1.0, 0.0], [1e4, -1e4], model_kind="logits") == 0
    assert cross_entropy([0.0, 1.0], [1e4, -1e4], model_kind="logits", unit="nat") == 2e4
    assert cross_entropy([1.0, 0.0], [40.0, 0.0], model_kind="logits", unit="nat") == pytest.approx(np.exp(-40.0))
    near = kl_divergence([0.5, 0.5], [0.5 + 2**-40, 0.5 - 2**-40], unit="nat")
    assert near == pytest.approx(2 * 2.0**-80, rel=1e-12)


@pytest.mark.parametrize("key", [row.key for row in CATALOGUE.values() if row.arguments == "panel and model"])
def test_what_is_unbiased_needs_counts_or_exact_distributions(key):
    with pytest.raises(DomainError, match='people_kind is \'logits\', but must be one of "counts", "probs"'):
        CATALOGUE[key].function([2.0, 3.0], [0.5, 0.5], people_kind="logits")
