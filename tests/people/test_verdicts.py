import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.people.patterns import PatternTable, mean_covariance
from bitsapart.people.simulation import simulate
from bitsapart.people.verdicts import calibrated_verdicts, smoothed_shares


def rows_of(counts, verdicts, weight=None):
    keys = np.column_stack([counts, verdicts])
    rows, place, frequency = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    if weight is None:
        return PatternTable.of(rows[:, :-1], frequency), rows[:, -1], place
    table = PatternTable.of(
        rows[:, :-1], frequency, weight=np.bincount(place, weight), weight_square=np.bincount(place, weight**2)
    )
    return table, rows[:, -1], place


@pytest.mark.parametrize("weighted", [False, True])
def test_every_item_is_predicted_by_the_others_with_its_verdict(weighted):
    panel = simulate(120, np.tile([2, 3, 5], 40), shares=[0.5, 0.3, 0.2], alpha=1.0, seed=1)
    verdicts = panel.model.argmax(axis=1)
    people = panel.counts.sum(axis=1).astype(float)
    table, codes, place = rows_of(panel.counts, verdicts, people if weighted else None)
    fitted = calibrated_verdicts(table, codes)
    said = panel.counts / people[:, None]
    w = people if weighted else np.ones(120)
    for item in range(120):
        others = (verdicts == verdicts[item]) & (np.arange(120) != item)
        q = ((w[others, None] * said[others]).sum(0) + 0.5) / (w[others].sum() + 1.5)
        loss = -(said[item] * np.log(q)).sum()
        assert fitted.cross_entropy[place[item]] == pytest.approx(loss, rel=1e-10)
    mean = mean_covariance(table, np.zeros(len(codes)), fitted.losses).combined([1, 0])
    assert mean.value == pytest.approx(w @ fitted.cross_entropy[place] / w.sum(), rel=1e-12)
    each = fitted.cross_entropy[place]
    expected = 120 / 119 * (w**2 * (each - mean.value) ** 2).sum() / w.sum() ** 2
    assert mean.variance_of_mean == pytest.approx(expected, rel=1e-9)


def test_a_verdict_given_once_stands_for_no_knowledge_about_itself():
    table = PatternTable.of([[3, 0], [0, 3]], [1, 9])
    fitted = calibrated_verdicts(table, [0, 1])
    assert fitted.cross_entropy[0] == pytest.approx(np.log(2))
    assert fitted.shares[0].tolist() == [0.75, 0.25]


def test_left_out_loss_is_above_the_fitted_one_and_below_the_class_shares():
    panel = simulate(500, 4, shares=[0.6, 0.4], alpha=0.5, noise=0.3, seed=2)
    verdicts = panel.model.argmax(axis=1)
    table, codes, _ = rows_of(panel.counts, verdicts)
    fitted = calibrated_verdicts(table, codes)
    said = table.counts / 4
    mean = table.items @ fitted.cross_entropy / 500
    in_sample = table.items @ -(said * np.log(fitted.shares[codes])).sum(1) / 500
    shares_only = table.items @ -(said @ np.log(table.shares)) / 500
    assert in_sample < mean < 0.8 * shares_only


def test_verdicts_that_nobody_got_have_uniform_shares():
    fitted = calibrated_verdicts(PatternTable.of([[3, 0]], [5]), [0], options=2)
    assert fitted.shares[1].tolist() == [0.5, 0.5]


def test_bad_verdicts_get_a_sentence():
    table = PatternTable.of([[3, 0], [0, 3]], [1, 9])
    with pytest.raises(DomainError, match="verdicts must hold 2 whole numbers"):
        calibrated_verdicts(table, [0])
    with pytest.raises(DomainError, match="verdicts must hold 2 whole numbers"):
        calibrated_verdicts(table, [0.5, 1.0])
    with pytest.raises(DomainError, match="holds the code 3, but options is 2"):
        calibrated_verdicts(table, [0, 3], options=2)


def test_judges_asked_several_times_get_half_a_count_for_each_class():
    np.testing.assert_allclose(
        smoothed_shares([[4, 0, 1], [0, 0, 0]]), [[4.5 / 6.5, 0.5 / 6.5, 1.5 / 6.5], [1 / 3] * 3]
    )
    with pytest.raises(DomainError, match="counts must be numbers ≥ 0"):
        smoothed_shares([-1, 2])
