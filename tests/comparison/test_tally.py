"""The tally: right sums, the same state however the data is cut, a saved form that refuses what it does not know."""

import math
import random
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsapart.comparison import Tally
from bitsapart.comparison.moments import GRID, Moments, column_sums
from bitsapart.comparison.tally import PARTS
from bitsapart.errors import AmbiguityError, DomainError, StateError

STATES = Path(__file__).resolve().parents[1] / "states"


def panel(items: int = 60, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.ones(classes), items)
    counts = np.array([rng.multinomial(rng.integers(1, 9), p) for p in truth])
    models = [rng.dirichlet(5 * p + 0.2) for p in truth], [rng.dirichlet(np.ones(classes)) for _ in truth]
    q = [np.array(m) for m in models]
    q[0][:2] = np.eye(classes)[[0, 1]]  # infinite losses where somebody said otherwise
    return counts, q[0], q[1], [f"item {i}" for i in range(items)]


def tally_of(rows, *, data=None, **options) -> Tally:
    counts, a, b, ids = data or panel()
    tally = Tally(["x", "y", "z"], models=("a", "b"), model_kind="probs", worst=4, **{"parts": PARTS, **options})
    rows = np.asarray(rows)
    tally.update(
        counts[rows], a[rows], b[rows], ids=[ids[r] for r in rows], weights=1 + (rows % 3) / 3, groups=rows % 7,
    )  # fmt: skip
    return tally


def test_sums_are_exact_where_floats_are_not():
    values = np.array([1e3, 1e-12, -1e3, 3e-13, 0.1, 1e6, 7e14, -7e14])
    sums = column_sums(values)
    exact = [round(Fraction(v) * GRID) for v in values.tolist()]
    assert sums == Moments(8, sum(exact), sum(x * x for x in exact), sum(exact) * GRID, 8 * GRID, 8 * GRID**2)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.lists(st.floats(0, 5000), min_size=40, max_size=40))
@settings(max_examples=30, deadline=None)
def test_weighted_sums_against_whole_numbers_one_by_one(values, weights):
    v, w = np.array(values), np.array(weights[: len(values)])
    x = [round(Fraction(float(d)) * GRID) for d in v * w]
    u = [round(Fraction(float(d)) * GRID) for d in w]
    assert column_sums(v, w) == Moments(
        len(x), sum(x), sum(a * a for a in x), sum(a * b for a, b in zip(x, u, strict=True)), sum(u),
        sum(b * b for b in u),
    )  # fmt: skip


def test_the_variance_is_the_formula_of_the_weighted_mean():
    rng = np.random.default_rng(1)
    d, w = rng.normal(size=50), rng.uniform(0.5, 3, size=50)
    mean = (w * d).sum() / w.sum()
    expected = 50 / 49 * (w**2 * (d - mean) ** 2).sum() / w.sum() ** 2
    sums = column_sums(d, w)
    assert sums.mean == pytest.approx(mean, rel=1e-13)
    assert sums.variance_of_mean == pytest.approx(expected, rel=1e-12)


def test_a_variance_of_equal_values_is_exactly_zero():
    assert column_sums(np.full(1000, 0.1)).variance_of_mean == 0.0


@given(st.permutations(range(60)), st.lists(st.integers(1, 59), max_size=6), st.randoms())
@settings(max_examples=10, deadline=None)
def test_any_cut_any_order_any_merging_gives_the_same_bytes(order, cuts, rng: random.Random):
    whole = tally_of(range(60))
    edges = [0, *sorted(set(cuts)), 60]
    parts = [tally_of(order[a:b]) for a, b in pairwise(edges)]
    rng.shuffle(parts)
    merged = parts[0]
    for part in parts[1:]:
        merged.merge(part)
    assert merged.to_bytes() == whole.to_bytes()


def test_saved_and_read_again_it_is_the_same():
    whole = tally_of(range(60))
    again = Tally.from_bytes(whole.to_bytes())
    assert again == whole
    again.merge(tally_of(range(5)))
    assert again != whole


def test_a_state_of_the_first_release_still_loads():
    tally = Tally.from_bytes((STATES / "version-1.tally").read_bytes())
    assert tally.items == 60
    now = tally_of(range(60), data=panel(), parts=tally.parts)
    for model in range(2):
        assert tally.infinite(model) == now.infinite(model)
        for column in now.columns:
            assert tally.moments(column, model).mean == pytest.approx(now.moments(column, model).mean, abs=1e-15)
    tally.merge(now)
    assert tally.items == 120


def test_damaged_bytes_are_refused_by_a_sentence():
    data = tally_of(range(9)).to_bytes()
    for cut in (0, 1, 15, 16, 30, len(data) // 2, len(data) - 1):
        with pytest.raises(StateError):
            Tally.from_bytes(data[:cut])
    with pytest.raises(StateError):
        Tally.from_bytes(data + b" ")
    rng = random.Random(0)
    for _ in range(60):
        place = rng.randrange(len(data))
        flipped = data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]
        with pytest.raises(StateError):
            Tally.from_bytes(flipped)
    with pytest.raises(StateError, match="version 2"):
        Tally.from_bytes(data.replace(b"tally 1", b"tally 2", 1))


def test_tallies_that_do_not_belong_together_are_refused():
    one = Tally(["x", "y"])
    with pytest.raises(StateError, match="classes"):
        one.merge(Tally(["x", "z"]))
    a, b = Tally(["x", "y"]), Tally(["x", "y"])
    a.update([0, 1], [[0.5, 0.5], [0.5, 0.5]])
    b.update([[1, 2]], [[0.5, 0.5]])
    with pytest.raises(StateError, match="kinds"):
        a.merge(b)


def test_a_refused_block_changes_nothing():
    tally = Tally(["x", "y"])
    tally.update([[1, 2]], [[0.5, 0.5]])
    before = tally.to_bytes()
    with pytest.raises(DomainError, match=r"model\[1, 0\] is -0.1"):
        tally.update([[1, 2], [3, 4]], [[0.5, 0.5], [-0.1, 1.1]])
    assert tally.to_bytes() == before


@pytest.mark.parametrize(
    ("people", "model", "options", "said"),
    [
        ([[1, -2]], [[0.5, 0.5]], {}, r"people\[0, 1\] is -2, but counts must be ≥ 0"),
        ([[1.5, 2]], [[0.5, 0.5]], {"people_kind": "counts"}, "counts must be whole"),
        ([[0, 0]], [[0.5, 0.5]], {}, "nobody judged"),
        ([[1, 2]], [[0.5, 0.6]], {}, "must sum to 1"),
        ([[1, 2]], [[0.5, math.nan]], {"model_kind": "probs"}, "must be ≥ 0"),
        ([[1, 2]], [[math.inf, 0.5]], {"model_kind": "logits"}, "below ∞"),
        ([[1, 2]], [[-math.inf, -math.inf]], {"model_kind": "logits"}, "above −∞"),
        ([[1, 2]], [[0.1, 0.2, 0.7]], {}, "one column for each class"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], {}, "class codes must lie between 0 and 1"),
        ([[1, 2], [1, 2]], [[0.5, 0.5]], {}, "must be the same items"),
        ([[1, 2]], [1.5], {"model_kind": "probs"}, r"model\[0\] is 1.5, but probabilities must be ≤ 1"),
        ([[1, 2]], [[-3.4e38, 0.0]], {"model_kind": "logits"}, "write −inf"),
    ],
)
def test_what_is_refused_and_how(people, model, options, said):
    with pytest.raises(DomainError, match=said):
        Tally(["x", "y"], **options).update(people, model)


def test_two_readings_are_not_guessed():
    with pytest.raises(AmbiguityError, match="people_kind"):
        Tally(["x", "y"]).update(np.array([[1.0, 0.0]]), [[0.5, 0.5]])
    with pytest.raises(AmbiguityError, match="model_kind"):
        Tally(["x", "y"]).update([[1, 0]], [[3.0, -2.0]])


def test_infinite_losses_are_counted_and_named_not_added():
    tally = Tally(["x", "y"], model_kind="probs")
    tally.update([[1, 2], [3, 0]], [[1.0, 0.0], [0.5, 0.5]], ids=["ten", "nine"])
    assert tally.infinite() == (1, ["ten"])
    assert tally.moments("cross_entropy").mean == pytest.approx(math.log(2))


def test_masked_logits_without_answers_are_fine():
    tally = Tally(["x", "y", "z"], model_kind="logits")
    tally.update([[1, 1, 0]], [[1e4, 1e4, -math.inf]])
    assert tally.moments("cross_entropy").mean == pytest.approx(math.log(2), abs=1e-12)


def test_probabilities_logits_and_log_probabilities_say_the_same():
    counts, _, q, _ = panel()
    means = []
    for kind, table in (("probs", q), ("log-probs", np.log(q)), ("logits", np.log(q) + 3.0)):
        tally = Tally(["x", "y", "z"], model_kind=kind)
        tally.update(counts, table)
        means.append([tally.moments(key).mean for key in ("cross_entropy", "brier", "accuracy", "squared_distance")])
    np.testing.assert_allclose(means[1], means[0], rtol=1e-12)
    np.testing.assert_allclose(means[2], means[0], rtol=1e-12)


def test_brier_is_squared_distance_plus_disagreement():
    counts, _, q, _ = panel()
    several = counts.sum(axis=1) > 1
    tally = Tally(["x", "y", "z"], model_kind="probs")
    tally.update(counts[several], q[several])
    parts = tally.moments("squared_distance").mean + tally.moments("disagreement").mean
    assert tally.moments("brier").mean == pytest.approx(parts, abs=1e-14)


def test_a_weight_of_two_counts_an_item_twice():
    counts, _, q, _ = panel()
    twice, weighted = Tally(["x", "y", "z"]), Tally(["x", "y", "z"])
    twice.update(np.repeat(counts, 2, axis=0), np.repeat(q, 2, axis=0))
    weighted.update(counts, q, weights=np.full(len(counts), 2.0))
    for key in ("cross_entropy", "brier", "majority_accuracy"):
        assert weighted.moments(key).total == pytest.approx(twice.moments(key).total, rel=1e-15)


def test_class_contributions_and_the_confusion_add_up():
    counts, _, q, _ = panel()
    tally = Tally(["x", "y", "z"], parts=("classes", "confusion"))
    tally.update(counts, q)
    rows = tally.class_sums()
    for key in ("cross_entropy", "absolute_error", "squared_error"):
        assert sum(rows[key]) == pytest.approx(tally.moments(key).mean, rel=1e-12)
    assert np.sum(tally.confusion()) == pytest.approx(1.0, rel=1e-12)
