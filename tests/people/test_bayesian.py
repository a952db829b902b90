from itertools import product
from math import log

import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.people.bayesian import bayesian_curve, vote_table
from bitsapart.people.dirichlet import fit_dirichlet
from bitsapart.people.patterns import PatternTable

TABLE = PatternTable.of([[4, 0], [3, 1], [1, 3], [2, 3], [0, 4]], [12, 5, 4, 3, 8])
THREE = PatternTable.of([[3, 0, 0], [1, 1, 1], [0, 2, 1], [0, 1, 3]], [6, 5, 4, 3])


def falling(n, k):
    return np.prod([n - i for i in range(k)], dtype=float)


def sequence_chance(counts, y):
    """The chance that |y| people drawn from the item answer one given sequence with the counts y."""
    return np.prod([falling(n, m) for n, m in zip(counts, y, strict=True)]) / falling(sum(counts), sum(y))


def rising_chance(fit, y):
    top = np.prod([np.prod([fit.alpha * m + i for i in range(n)]) for m, n in zip(fit.shares, y, strict=True)])
    return top / np.prod([fit.alpha + i for i in range(sum(y))])


def brute_force(table, row, k, score, leave_out):
    """Sum over all ordered answers of k people and one more from the item of this row."""
    classes = table.counts.shape[1]
    fit = fit_dirichlet(table.counts, table.items)
    frequency = table.items.copy()
    frequency[row] -= leave_out

    def v(y):
        total = sum(f * sequence_chance(n, y) for f, n in zip(frequency, table.counts, strict=True))
        return total + (rising_chance(fit, y) if leave_out else 0)

    loss = 0.0
    for sequence in product(range(classes), repeat=k + 1):
        chance = sequence_chance(table.counts[row], np.bincount(sequence, minlength=classes))
        if chance == 0:
            continue
        votes = np.bincount(sequence[:k], minlength=classes)
        answers = np.array([v(votes + np.eye(classes, dtype=int)[c]) for c in range(classes)])
        f = answers / answers.sum()
        if score == "log":
            loss -= chance * log(f[sequence[k]])
        else:
            loss += chance * ((f - np.eye(classes)[sequence[k]]) ** 2).sum() * (0.5 if classes == 2 else 1)
    return loss


@pytest.mark.parametrize("score", ["log", "brier"])
@pytest.mark.parametrize("leave_out", [False, True])
@pytest.mark.parametrize("table", [TABLE, THREE])
def test_every_pattern_has_the_sum_over_all_answers(table, leave_out, score):
    curve = bayesian_curve(table, score=score, leave_out=leave_out, k_max=2)
    for row in range(table.items.size):
        for k in range(3):
            expected = brute_force(table, row, k, score, leave_out)
            assert curve.losses[row, k] == pytest.approx(expected, rel=1e-9), (row, k)


def test_in_its_own_sample_more_people_never_do_worse():
    """It is the best answer to every vote on these items, so its loss falls with every further person."""
    curve = bayesian_curve(TABLE, leave_out=False)
    assert (np.diff(curve.mean) < 0).all()


def test_items_that_nobody_resembles_have_a_finite_loss_left_out():
    curve = bayesian_curve(PatternTable.of([[5, 0], [0, 5], [2, 3]], [1, 1, 1]))
    assert np.isfinite(curve.losses).all()
    assert "predicted by the others" in curve.note


def test_too_many_classes_for_memory_get_a_sentence():
    table = PatternTable.of(np.eye(10, dtype=np.int64) * 40, np.ones(10))
    with pytest.raises(DomainError, match=r"with 10 classes and 40 people needs .* GiB, and 1 GiB is the limit"):
        bayesian_curve(table)


def test_many_classes_with_few_people_fit():
    curve = bayesian_curve(PatternTable.of([[2, 1, 0, 0, 0], [0, 0, 1, 1, 1], [0, 0, 0, 3, 0]], [5, 6, 7]))
    assert curve.mean[2] < curve.mean[0]


def test_votes_of_k_people_add_up_to_the_items():
    votes = vote_table(THREE, 3)
    size = sum(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"))
    np.testing.assert_allclose([votes[size == k].sum() for k in range(4)], THREE.items.sum())
    with pytest.raises(DomainError, match="score is 'hinge'"):
        bayesian_curve(TABLE, score="hinge")
