"""The laws that tie the measures to each other hold for every distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsapart.measures import (
    CATALOGUE,
    absolute_error,
    accuracy,
    brier,
    conditional_entropy,
    conditional_information,
    cross_entropy,
    disagreement,
    entropy,
    geometric_mean_probability,
    information,
    jensen_shannon_distance,
    jensen_shannon_divergence,
    joint_entropy,
    kl_divergence,
    likelihood,
    log_likelihood,
    log_loss,
    majority_accuracy,
    mutual_information,
    perplexity,
    ranked_probability_score,
    ranked_squared_distance,
    squared_distance,
    squared_error,
)

ROUNDING = 1e-12
PAIRS = [row for row in CATALOGUE.values() if row.arguments == "pair"]
quick = settings(max_examples=60, deadline=None)


def normalised(weights):
    weights = np.asarray(weights, dtype=float)
    return weights / weights.sum(axis=-1, keepdims=True)


def weights(classes, smallest=0.0):
    ordinary = st.floats(max(smallest, 1e-3), 1.0)
    extreme = st.sampled_from([smallest, max(smallest, 1e-300), max(smallest, 1e-12), 1.0])
    rows = st.lists(ordinary | extreme, min_size=classes, max_size=classes)
    return rows.filter(lambda row: sum(row) > 1e-6).map(normalised)


def systems(count, smallest=0.0):
    """So many distributions over the same 1 to 6 classes."""
    return st.integers(1, 6).flatmap(lambda c: st.tuples(*[weights(c, smallest)] * count))


def panels(at_least=2):
    counts = st.integers(2, 5).flatmap(lambda c: st.lists(st.integers(0, 30), min_size=c, max_size=c))
    return counts.filter(lambda row: sum(row) >= at_least)


@quick
@given(systems(2))
def test_divergences_are_not_negative(pair):
    for measure in (kl_divergence, jensen_shannon_divergence, jensen_shannon_distance):
        assert measure(*pair) >= -1e-15
    assert jensen_shannon_divergence(*pair) <= 1 + 1e-15
    assert jensen_shannon_distance(*pair) ** 2 == pytest.approx(jensen_shannon_divergence(*pair), abs=1e-15)


@quick
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=5), st.floats(0, 1e-6))
def test_kl_between_softmaxes_is_never_negative(logits, step):
    moved = [logits[0] + step, *logits[1:]]
    assert kl_divergence(logits, moved, people_kind="logits", model_kind="logits") >= 0


@quick
@given(systems(1))
def test_a_system_is_at_no_distance_from_itself(one):
    (p,) = one
    for measure in (kl_divergence, jensen_shannon_divergence, jensen_shannon_distance, absolute_error, squared_error):
        assert measure(p, p) == 0
    assert ranked_probability_score(p, p) == 0


@quick
@given(systems(2))
def test_cross_entropy_is_entropy_and_divergence(pair):
    p, q = pair
    total = cross_entropy(p, q)
    if np.isinf(total):
        assert kl_divergence(p, q) == np.inf
    else:
        assert entropy(p) + kl_divergence(p, q) == pytest.approx(total, rel=ROUNDING, abs=ROUNDING)


@quick
@given(systems(2))
def test_symmetric_measures_are_symmetric(pair):
    p, q = pair
    for measure in (jensen_shannon_divergence, absolute_error, squared_error, ranked_probability_score):
        assert measure(p, q) == pytest.approx(measure(q, p), rel=ROUNDING, abs=1e-15)


@quick
@given(systems(3))
def test_the_jensen_shannon_distance_obeys_the_triangle_inequality(three):
    p, q, r = three
    direct = jensen_shannon_distance(p, r)
    assert direct <= jensen_shannon_distance(p, q) + jensen_shannon_distance(q, r) + 1e-9


@quick
@given(systems(1))
def test_entropy_lies_between_nothing_and_the_number_of_classes(one):
    (p,) = one
    assert 0 <= entropy(p) <= np.log2(len(p)) + 1e-15 * len(p)
    assert perplexity(p) == pytest.approx(2 ** entropy(p), rel=ROUNDING)


@quick
@given(st.floats(1e-300, 1), st.floats(1e-5, 1))
def test_information_of_independent_events_adds_up(first, second):
    total = information(first * second)
    assert total == pytest.approx(information(first) + information(second), rel=ROUNDING, abs=1e-13)


@quick
@given(systems(2), st.data())
def test_the_order_of_classes_and_of_items_is_irrelevant(pair, data):
    p, q = pair
    order = data.draw(st.permutations(range(len(p))))
    for row in PAIRS:
        if row.key == "ranked_probability_score":
            continue  # the one measure for which the order of classes means something
        value = row.function(p, q)
        assert row.function(p[order], q[order]) == pytest.approx(value, rel=ROUNDING, abs=1e-14), row.key
        both = row.function(np.stack([p, q]), np.stack([q, p]))
        assert both[0] == pytest.approx(value, rel=ROUNDING, abs=1e-14), row.key


@quick
@given(systems(2, smallest=1e-12))
def test_ranges_of_the_catalogue_hold(pair):
    for row in PAIRS:
        assert row.low - 1e-14 <= row.function(*pair) <= row.high + 1e-14, row.key


@quick
@given(panels(), st.data())
def test_brier_is_disagreement_and_squared_distance(counts, data):
    q = data.draw(weights(len(counts)))
    parts = disagreement(counts) + squared_distance(counts, q)
    assert brier(counts, q, people_kind="counts") == pytest.approx(parts, rel=ROUNDING, abs=1e-14)
    exact = normalised(counts)
    parts = disagreement(exact, kind="probs") + squared_distance(exact, q, people_kind="probs")
    assert brier(exact, q) == pytest.approx(parts, rel=ROUNDING, abs=1e-14)


@quick
@given(panels(), st.data())
def test_unbiased_distances_are_those_of_two_different_people(counts, data):
    """Averaged over all ordered pairs of two people, (1[a] − q)(1[b] − q) is the unbiased square."""
    q = data.draw(weights(len(counts)))
    people = np.repeat(np.eye(len(counts)), counts, axis=0)
    share = 0.5 if len(counts) == 2 else 1.0

    def expected(answers, model):
        apart = answers - model
        products = apart @ apart.T
        return (products.sum() - np.trace(products)) / (len(answers) * (len(answers) - 1))

    assert squared_distance(counts, q) == pytest.approx(share * expected(people, q), abs=1e-12)
    cut = np.cumsum(people, axis=1)[:, :-1], np.cumsum(q)[:-1]
    assert ranked_squared_distance(counts, q) == pytest.approx(expected(*cut), abs=1e-12)


@quick
@given(panels(at_least=1), st.data())
def test_likelihood_is_cross_entropy_in_other_clothes(counts, data):
    q = data.draw(weights(len(counts), smallest=1e-12))
    total = sum(counts)
    bits = cross_entropy(counts, q, people_kind="counts")
    found = log_likelihood(counts, q, under="multinomial")
    assert found == pytest.approx(-bits * total * np.log(2), rel=ROUNDING)
    assert log_loss(counts, q, under="multinomial") == pytest.approx(bits * np.log(2), rel=ROUNDING)
    mean = geometric_mean_probability(counts, q, under="multinomial")
    assert mean == pytest.approx(1 / perplexity(counts, q, people_kind="counts"), rel=1e-11)
    labels = np.repeat(np.arange(len(counts)), counts)
    assert log_likelihood(labels, q) == pytest.approx(found, rel=ROUNDING)
    assert likelihood(labels[:5], q) == pytest.approx(np.prod(q[labels[:5]]), rel=1e-11)


@quick
@given(panels(at_least=1), st.data())
def test_twice_the_counts_is_the_item_twice(counts, data):
    q = data.draw(weights(len(counts), smallest=1e-12))
    once, twice = (log_likelihood(np.array(counts) * k, q, under="multinomial") for k in (1, 2))
    assert twice == pytest.approx(2 * once, rel=ROUNDING)
    assert log_likelihood([counts, counts], [q, q], under="multinomial") == pytest.approx(twice, rel=ROUNDING)
    for row in PAIRS:
        options = {"people_kind": "counts"}
        value = row.function(counts, q, **options)
        assert row.function(np.array(counts) * 2, q, **options) == pytest.approx(value, rel=ROUNDING, abs=1e-14)


@quick
@given(st.floats(0, 1), st.floats(0, 1))
def test_one_event_is_the_two_class_convention(x, y):
    for row in PAIRS:
        if row.key == "ranked_probability_score":
            continue
        both = row.function([x, 1 - x], [y, 1 - y])
        assert row.function(x, y, binary=True) == pytest.approx(both, rel=1e-9, abs=1e-15), row.key
    assert squared_error(x, y, binary=True) == (x - y) ** 2
    assert absolute_error(x, y, binary=True) == abs(x - y)
    assert ranked_probability_score([x, 1 - x], [y, 1 - y]) == pytest.approx((x - y) ** 2, abs=1e-15)


@quick
@given(systems(2))
def test_accuracies_share_ties(pair):
    p, q = pair
    tied = np.full(len(p), 1 / len(p))
    assert accuracy(p, tied) == pytest.approx(1 / len(p))
    assert majority_accuracy(tied, q) == pytest.approx(1 / len(p))
    assert accuracy(p, q) <= p.max() + 1e-15
    certain = np.eye(len(p))[np.argmax(q)]
    assert accuracy(certain, q) >= majority_accuracy(certain, q) - 1e-15


tables = st.integers(1, 4).flatmap(
    lambda rows: st.integers(1, 4).flatmap(lambda columns: weights(rows * columns).map(lambda w: w.reshape(rows, -1)))
)


@quick
@given(tables)
def test_the_chain_rule(table):
    rows, columns = (np.minimum(table.sum(axis=axis), 1) for axis in (1, 0))  # a sum may round to just above 1
    both = joint_entropy(table)
    assert entropy(rows) + conditional_entropy(table) == pytest.approx(both, abs=ROUNDING)
    assert entropy(columns) + conditional_entropy(table, given="columns") == pytest.approx(both, abs=ROUNDING)
    shared = mutual_information(table)
    assert shared == pytest.approx(entropy(rows) + entropy(columns) - both, abs=ROUNDING)
    assert shared >= -1e-14
    learnt = conditional_information(table)
    seen = table > 0
    expected = (information(rows)[:, None] + learnt)[seen]
    assert expected == pytest.approx(information(table)[seen], rel=ROUNDING, abs=ROUNDING)


@quick
@given(systems(2, smallest=1e-12))
def test_representations_agree(pair):
    p, q = pair
    logs = np.log(q)
    logs -= np.log(np.exp(logs).sum())
    for row in PAIRS:
        value = row.function(p, q)
        for given_as, kind in ((logs, "log-probs"), (np.log(q) + 3, "logits")):
            if row.key in ("accuracy", "majority_accuracy") and len(set(q)) < len(q):
                continue  # ties are decided by the numbers given, and log rounds
            assert row.function(p, given_as, model_kind=kind) == pytest.approx(value, rel=1e-7, abs=1e-12), row.key
    assert entropy(logs, kind="log-probs") == pytest.approx(entropy(q), rel=1e-9)
    assert information(logs, kind="log-probs") == pytest.approx(information(q), rel=1e-9, abs=1e-12)


@quick
@given(systems(2))
def test_units_are_the_same_amount(pair):
    for measure in (cross_entropy, kl_divergence, jensen_shannon_divergence):
        bits, nats, hartleys = (measure(*pair, unit=unit) for unit in ("bit", "nat", "hartley"))
        assert nats == pytest.approx(bits * np.log(2), rel=ROUNDING, abs=1e-15)
        assert nats == pytest.approx(hartleys * np.log(10), rel=ROUNDING, abs=1e-15)
