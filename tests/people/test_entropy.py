from math import inf, log

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import digamma, entr

from bitsapart.people.dirichlet import DirichletFit
from bitsapart.people.entropy import (
    leave_one_out,
    panel_entropy,
    plug_in_entropy,
    posterior_entropy,
    zhang_entropy,
)
from bitsapart.people.patterns import LossSums, PatternTable

RAGGED = PatternTable.of(
    [[3, 0, 0], [2, 1, 0], [1, 1, 1], [0, 2, 0], [0, 1, 1], [1, 0, 0], [0, 4, 1]], [40, 22, 9, 31, 7, 20, 5]
)


def drawn(random, alpha, shares, people):
    p = random.dirichlet(alpha * np.asarray(shares), people.size)
    counts = random.multinomial(people, p)
    return p, counts


def table_of(counts, loss=None):
    patterns, place, frequency = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    table = PatternTable.of(patterns, frequency)
    if loss is None:
        return table
    place = place.ravel()
    return table, LossSums.of(np.bincount(place, loss), np.bincount(place, loss**2))


def test_posterior_entropy_is_the_integral_over_the_posterior():
    fit = DirichletFit(1.3, np.array([0.7, 0.3]), interior=True, note="")
    posterior = stats.beta(1.3 * 0.7 + 3, 1.3 * 0.3 + 1)
    expected, _ = integrate.quad(lambda p: posterior.pdf(p) * (entr(p) + entr(1 - p)), 0, 1, epsabs=1e-13)
    assert posterior_entropy(np.array([[3, 1]]), fit)[0] == pytest.approx(expected, rel=1e-10)


def test_posterior_entropy_at_its_limits():
    counts = np.array([[3, 1], [2, 0]])
    shares = np.array([0.7, 0.3])
    even = posterior_entropy(counts, DirichletFit(inf, shares, interior=False, note=""))
    np.testing.assert_allclose(even, entr(shares).sum())
    near = posterior_entropy(counts, DirichletFit(1e9, shares, interior=True, note=""))
    np.testing.assert_allclose(near, even, rtol=1e-6)
    assert posterior_entropy(counts, DirichletFit(0.0, shares, interior=False, note=""))[1] == 0.0


def test_zhang_is_the_published_formula_and_never_above_in_expectation():
    assert zhang_entropy(np.array([[2, 1]]))[0] == pytest.approx(
        2 / 3 * (digamma(3) - digamma(2)) + (digamma(3) - digamma(1)) / 3
    )
    p = np.array([0.6, 0.3, 0.1])
    for people in (1, 2, 5):
        counts = np.array([(a, b, people - a - b) for a in range(people + 1) for b in range(people + 1 - a)])
        chance = stats.multinomial(people, p).pmf(counts)
        assert chance @ zhang_entropy(counts) <= entr(p).sum()
        assert chance @ plug_in_entropy(counts) <= chance @ zhang_entropy(counts) + 1e-12


def test_leave_one_out_predicts_each_person_from_the_others():
    a, loss = leave_one_out(RAGGED)
    pi = RAGGED.shares
    for row, counts in enumerate(RAGGED.counts):
        people = [c for c, n in enumerate(counts) for _ in range(n)]
        each = []
        for one in range(len(people)):
            others = np.bincount(people[:one] + people[one + 1 :], minlength=3)
            each.append(-log((others[people[one]] + a * pi[people[one]]) / (len(people) - 1 + a)))
        assert loss.values[row] == pytest.approx(np.mean(each), rel=1e-12)

    def mean_loss(a):
        counts, people = RAGGED.counts, RAGGED.people[:, None]
        r = np.where(counts > 0, (counts - 1 + a * pi) / (people - 1 + a), 1.0)
        return RAGGED.items @ -(counts / people * np.log(r)).sum(1)

    assert mean_loss(a) < min(mean_loss(a * 1.001), mean_loss(a / 1.001))


@pytest.mark.parametrize("which", ["plug_in", "point", "lower", "upper"])
def test_influence_is_the_derivative_by_the_frequency_of_a_pattern(which):
    """Adding ε of an item moves the estimate by ε(IF − estimate)/N: the whole chain through α, m, a and π."""
    estimate = getattr(panel_entropy(RAGGED), which)
    items = RAGGED.items.sum()
    mean = RAGGED.items @ estimate.values / items
    assert RAGGED.items @ estimate.influence / items == pytest.approx(mean, rel=1e-12)
    for row in range(RAGGED.items.size):
        moved = []
        for step in (0.5, -0.5):
            frequency = RAGGED.items.copy()
            frequency[row] += step
            shifted = getattr(panel_entropy(PatternTable.of(RAGGED.counts, frequency)), which)
            moved.append(frequency @ shifted.values / frequency.sum())
        assert moved[0] - moved[1] == pytest.approx((estimate.influence[row] - mean) / items, rel=2e-3, abs=2e-7)


def test_divergence_is_cross_entropy_minus_each_entropy():
    random = np.random.default_rng(3)
    _, counts = drawn(random, 1.0, [0.5, 0.3, 0.2], random.integers(1, 6, 300))
    loss = random.gamma(2, size=300)
    table, sums = table_of(counts, loss)
    panel = panel_entropy(table)
    kl = panel.divergence(sums)
    assert kl.lower.value < kl.point.value < kl.upper.value < panel.plug_in_divergence(sums).value
    for end, which in ((kl.lower, "upper"), (kl.point, "point"), (kl.upper, "lower")):
        assert end.value == pytest.approx(loss.mean() - panel.entropy(which).value, rel=1e-12)
    _, place = np.unique(counts, axis=0, return_inverse=True)
    each = loss - panel.point.influence[place.ravel()]
    assert kl.point.standard_error == pytest.approx(each.std(ddof=1) / 300**0.5, rel=1e-12)


def test_an_infinite_loss_is_an_infinite_divergence():
    panel = panel_entropy(RAGGED)
    total = np.ones(RAGGED.items.size)
    total[2] = inf
    kl = panel.divergence(LossSums.of(total, total))
    assert kl.point.value == kl.lower.value == kl.upper.value == inf
    assert panel.share(LossSums.of(total, total)).share.value == -inf


def test_one_judgement_an_item_gives_a_bracket_without_a_point():
    table = PatternTable.of([[1, 0], [0, 1]], [30, 10])
    panel = panel_entropy(table)
    assert panel.point is None
    assert panel.entropy() is None
    assert panel.entropy("lower").value == 0.0
    assert panel.entropy("upper").value == pytest.approx(entr([0.75, 0.25]).sum())
    losses = LossSums.of([30 * 0.2, 10 * 1.5], [30 * 0.04, 10 * 2.25])
    kl = panel.divergence(losses)
    assert kl.point is None
    assert kl.upper.value == pytest.approx((30 * 0.2 + 10 * 1.5) / 40)
    assert panel.share(losses) is None


def test_unanimous_panels_have_no_entropy_and_no_bracket():
    panel = panel_entropy(PatternTable.of([[4, 0], [0, 2], [1, 0]], [5, 6, 7]))
    assert panel.smoothing == 0.0
    assert panel.entropy().value == 0.0
    assert panel.entropy("lower").value == 0.0
    # The people who were asked alone are predicted by the class shares; the rest by their own item.
    assert panel.upper.values[:2].tolist() == [0.0, 0.0]
    assert panel.upper.values[2] == pytest.approx(-log(27 / 39))
    one_class = panel_entropy(PatternTable.of([[3], [1]], [4, 2]))
    assert [one_class.entropy(which).value for which in ("point", "lower", "upper")] == [0.0, 0.0, 0.0]


def test_people_who_split_evenly_on_every_item_have_the_entropy_of_the_shares():
    panel = panel_entropy(PatternTable.of([[2, 2]], [50]))
    assert panel.entropy().value == pytest.approx(log(2))
    assert panel.smoothing == inf
    assert panel.entropy("upper").value == pytest.approx(log(2))


def test_share_of_what_can_be_known():
    random = np.random.default_rng(4)
    p, counts = drawn(random, 1.0, [0.5, 0.3, 0.2], np.full(4000, 5))
    said = counts / 5
    best, sums = table_of(counts, -(said * np.log(p)).sum(1))
    share = panel_entropy(best).share(sums)
    assert share.share.value == pytest.approx(1.0, abs=0.03)
    zero, shares_sums = table_of(counts, -(said @ np.log(counts.mean(0) / 5)))
    nothing = panel_entropy(zero).share(shares_sums)
    assert nothing.share.value == pytest.approx(0.0, abs=1e-12)
    assert nothing.class_shares.value == pytest.approx(nothing.model.value, rel=1e-12)
    assert nothing.share.standard_error == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(("alpha", "people"), [(1.0, 2), (0.3, 3), (3.0, 5), (1.0, 0)])
def test_bias_and_coverage_on_panels_with_a_known_truth(alpha, people):
    """The point is nearly unbiased, its interval covers, and the bracket contains the truth; plug-in does neither."""
    random = np.random.default_rng(5)
    shares = np.array([0.5, 0.3, 0.2])
    truth = float(digamma(alpha + 1) - shares @ digamma(alpha * shares + 1))
    found = {"plug_in": [], "point": [], "lower": [], "upper": []}
    covered, rounds = 0, 150
    for _ in range(rounds):
        asked = np.full(400, people) if people else random.integers(1, 7, 400)
        panel = panel_entropy(table_of(drawn(random, alpha, shares, asked)[1]))
        for which, values in found.items():
            values.append(panel.entropy(which).value)
        point = panel.entropy()
        covered += abs(point.value - truth) < 1.96 * point.standard_error
    mean = {which: np.mean(values) for which, values in found.items()}
    noise = 3 * np.std(found["point"]) / rounds**0.5
    assert abs(mean["point"] - truth) < 0.004 + noise
    assert mean["lower"] < truth < mean["upper"]
    assert mean["plug_in"] < mean["lower"] - 0.02
    assert 0.89 <= covered / rounds <= 0.995


def test_one_distribution_for_all_items_is_sampled_too():
    """At α = ∞ the entropy is that of the pooled shares, with their sampling error and not with none."""
    random = np.random.default_rng(6)
    shares = np.array([0.6, 0.3, 0.1])
    found, errors = [], []
    for _ in range(400):
        panel = panel_entropy(table_of(random.multinomial(3, shares, 60)))
        if panel.prior.alpha == inf:
            found.append(panel.entropy().value)
            errors.append(panel.entropy().standard_error)
    assert len(found) > 100
    assert np.std(found) == pytest.approx(np.mean(errors), rel=0.15)
    assert panel_entropy(PatternTable.of([[2, 2]], [50])).share(LossSums.of([40.0], [40.0])) is None


def test_unanimous_people_prove_no_certainty():
    panel = panel_entropy(PatternTable.of([[4, 0], [0, 2]], [50, 30]))
    assert panel.entropy().value == 0.0
    assert np.isnan(panel.entropy().standard_error)
    kl = panel.divergence(LossSums.of([50 * 0.2, 30 * 0.4], [50 * 0.05, 30 * 0.2]))
    assert kl.point.value == pytest.approx((10 + 12) / 80)
    assert np.isnan(kl.point.standard_error)
    assert kl.upper.standard_error > 0
