from math import nan

import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.people.agreement import agreement, fleiss_kappa, krippendorff_alpha, percent_agreement
from bitsapart.people.patterns import PatternTable
from bitsapart.people.simulation import simulate

# Fleiss (1971), table 1: 30 patients, each diagnosed by 6 psychiatrists as one of five kinds.
FLEISS_ROWS = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
FLEISS = np.array([[int(n) for n in row] for row in FLEISS_ROWS.split(" ")])

# Krippendorff (2011), example C: four observers, twelve units, values 1 to 5, some missing.
KRIPPENDORFF = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
    [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
])  # fmt: skip


def counts_of(ratings):
    return np.stack([(ratings == value).sum(axis=0) for value in range(1, 6)], axis=1)


def table_of(counts):
    patterns, frequency = np.unique(counts, axis=0, return_counts=True)
    return PatternTable.of(patterns, frequency)


def test_fleiss_published_kappa():
    table = table_of(FLEISS)
    assert round(fleiss_kappa(table).value, 3) == 0.430
    assert round(percent_agreement(table).value, 3) == 0.556
    assert table.shares.round(3).tolist() == [0.144, 0.144, 0.167, 0.306, 0.239]


@pytest.mark.parametrize(("scale", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorff_published_alpha_with_missing_entries(scale, published):
    alpha = krippendorff_alpha(table_of(counts_of(KRIPPENDORFF)), scale=scale)
    assert round(alpha.value, 3) == published
    assert alpha.n == 11  # the twelfth unit has one value only


def test_kappa_equals_statsmodels():
    inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
    counts = simulate(200, 4, shares=[0.5, 0.3, 0.2], alpha=1.0, seed=1).counts
    assert fleiss_kappa(table_of(counts)).value == pytest.approx(inter_rater.fleiss_kappa(counts), rel=1e-12)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval"])
def test_alpha_equals_an_independent_package(scale):
    krippendorff = pytest.importorskip("krippendorff")
    people = np.random.default_rng(2).integers(1, 6, 150)
    counts = simulate(150, people, shares=[0.4, 0.3, 0.2, 0.1], alpha=1.5, seed=3).counts
    expected = krippendorff.alpha(value_counts=counts, level_of_measurement=scale, value_domain=[0, 1, 2, 3])
    assert krippendorff_alpha(table_of(counts), scale=scale).value == pytest.approx(expected, rel=1e-12)


def test_interval_scale_takes_the_positions_of_the_classes():
    table = table_of(FLEISS)
    even = krippendorff_alpha(table, scale="interval").value
    assert krippendorff_alpha(table, scale="interval", values=[10, 12, 14, 16, 18]).value == pytest.approx(even)
    assert krippendorff_alpha(table, scale="interval", values=[0, 0, 0, 0, 1]).value != pytest.approx(even, abs=0.05)


@pytest.mark.parametrize("measure", [fleiss_kappa, krippendorff_alpha, percent_agreement])
def test_standard_errors_are_those_of_resampled_items(measure):
    counts = simulate(300, np.tile([2, 3, 4], 100), shares=[0.6, 0.3, 0.1], alpha=1.0, seed=4).counts
    random = np.random.default_rng(5)
    resampled = [measure(table_of(counts[random.integers(0, 300, 300)])).value for _ in range(400)]
    assert measure(table_of(counts)).standard_error == pytest.approx(np.std(resampled), rel=0.12)


def test_ordinal_alpha_has_the_standard_error_of_resampled_items():
    counts = simulate(300, 3, shares=[0.4, 0.3, 0.2, 0.1], alpha=1.0, seed=6).counts
    random = np.random.default_rng(7)
    resampled = [krippendorff_alpha(table_of(counts[random.integers(0, 300, 300)]), scale="ordinal").value
                 for _ in range(300)]  # fmt: skip
    found = krippendorff_alpha(table_of(counts), scale="ordinal").standard_error
    assert found == pytest.approx(np.std(resampled), rel=0.12)


def test_all_at_once_and_what_is_left_out():
    found = agreement(PatternTable.of([[3, 0], [1, 1], [1, 0]], [5, 4, 7]))
    assert found.percent.value == pytest.approx(5 / 9)
    assert found.disagreement.value == pytest.approx(4 / 9)
    assert (found.items, found.single, found.scale) == (9, 7, "nominal")
    assert found.kappa.value == pytest.approx(fleiss_kappa(PatternTable.of([[3, 0], [1, 1]], [5, 4])).value)


def test_weights_do_not_change_agreement():
    plain = PatternTable.of([[3, 0], [1, 2], [0, 2]], [5, 4, 7])
    assert fleiss_kappa(plain.per_judgement()) == fleiss_kappa(plain)


def test_where_agreement_is_not_defined():
    assert agreement(PatternTable.of([[1, 0], [0, 1]], [5, 6])) is None
    only_one = agreement(PatternTable.of([[3, 0], [2, 0]], [5, 6]))
    assert only_one.percent.value == 1.0
    assert only_one.kappa is only_one.alpha is None
    with pytest.raises(DomainError, match="every judgement is the same class"):
        fleiss_kappa(PatternTable.of([[3, 0], [2, 0]], [5, 6]))
    with pytest.raises(DomainError, match="every item here has one"):
        percent_agreement(PatternTable.of([[1, 0]], [5]))
    with pytest.raises(DomainError, match="scale is 'ratio', but must be one of nominal, ordinal, interval"):
        krippendorff_alpha(PatternTable.of([[1, 1]], [5]), scale="ratio")
    with pytest.raises(DomainError, match="one finite number for each of the 2 classes"):
        krippendorff_alpha(PatternTable.of([[1, 1]], [5]), scale="interval", values=[1, 2, 3])
