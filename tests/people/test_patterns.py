import numpy as np
import pytest

from bitsapart.errors import DomainError
from bitsapart.people.patterns import LossSums, PatternTable, mean_covariance


@pytest.fixture
def panel():
    """Items with counts, weights, a model's loss and groups; and the same as a pattern table."""
    random = np.random.default_rng(1)
    items = 60
    counts = random.multinomial(3, [0.5, 0.3, 0.2], items)
    loss, weight, group = random.gamma(2, size=items), random.uniform(0.5, 2, items), random.integers(0, 7, items)
    return counts, loss, weight, group


def collapsed(keys, *columns):
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    place = place.ravel()
    return distinct, place, [np.bincount(place, column) for column in columns]


def test_means_and_covariance_are_those_of_the_items(panel):
    counts, loss, weight, _ = panel
    patterns, place, (n, w, ww, wx, wwx, wwxx) = collapsed(
        counts, np.ones(60), weight, weight**2, weight * loss, weight**2 * loss, weight**2 * loss**2
    )
    table = PatternTable.of(patterns, n, weight=w, weight_square=ww)
    values = np.random.default_rng(2).normal(size=(len(patterns), 2))
    moments = mean_covariance(table, values, LossSums.of(wx, wwxx, cross=wwx))
    each = np.column_stack([loss, values[place]])
    mean = weight @ each / weight.sum()
    deviation = weight[:, None] * (each - mean)
    np.testing.assert_allclose(moments.means, mean, rtol=1e-13)
    np.testing.assert_allclose(moments.covariance, 60 / 59 * deviation.T @ deviation / weight.sum() ** 2, rtol=1e-10)
    assert (moments.n, moments.unit) == (60, "items")
    combined = moments.combined([1, -1, 0.5])
    assert combined.value == pytest.approx(mean @ [1, -1, 0.5])
    assert combined.standard_error == pytest.approx(np.sqrt(np.array([1, -1, 0.5]) @ moments.covariance @ [1, -1, 0.5]))


def test_rows_split_by_group_give_the_clustered_covariance(panel):
    counts, loss, _, group = panel
    rows, place, (n, x, xx) = collapsed(np.column_stack([counts, group]), np.ones(60), loss, loss**2)
    table = PatternTable.of(rows[:, :3], n, groups=rows[:, 3])
    values = rows[:, 0] * 0.7
    moments = mean_covariance(table, values, LossSums.of(x, xx))
    each = np.column_stack([loss, values[place]])
    sums = np.stack([(each - each.mean(0))[group == g].sum(0) for g in range(7)])
    np.testing.assert_allclose(moments.covariance, 7 / 6 * sums.T @ sums / 60**2, rtol=1e-12)
    assert (moments.n, moments.unit) == (7, "groups")


@pytest.mark.parametrize("coefficients", [(-1.0, 0.7, 0.3), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)])
def test_skewness_is_that_of_the_items(panel, coefficients):
    counts, loss, _, group = panel
    patterns, place, (n, x, xx) = collapsed(counts, np.ones(60), loss, loss**2)
    values = np.random.default_rng(2).gamma(1, size=(len(patterns), 2))
    losses = LossSums.of(x, xx, items=n, cube=np.sum(loss**3))
    moments = mean_covariance(PatternTable.of(patterns, n), values, losses)
    each = np.column_stack([loss, values[place]]) @ coefficients
    away = each - each.mean()
    assert moments.skewness(coefficients) == pytest.approx(np.mean(away**3) / np.mean(away**2) ** 1.5, rel=1e-10)
    rows, place, (n, x, xx) = collapsed(np.column_stack([counts, group]), np.ones(60), loss, loss**2)
    values = np.column_stack([rows[:, 0] * 0.7, rows[:, 1] ** 2])
    moments = mean_covariance(PatternTable.of(rows[:, :3], n, groups=rows[:, 3]), values, LossSums.of(x, xx))
    each = np.column_stack([loss, values[place]]) @ coefficients
    away = np.bincount(group, each - each.mean())
    assert moments.skewness(coefficients) == pytest.approx(np.mean(away**3) / np.mean(away**2) ** 1.5, rel=1e-10)


def test_skewness_is_0_where_it_is_not_known(panel):
    counts, loss, weight, _ = panel
    patterns, _, (n, x, xx, w, ww, wx, wwx, wwxx) = collapsed(
        counts, np.ones(60), loss, loss**2, weight, weight**2, weight * loss, weight**2 * loss, weight**2 * loss**2
    )
    values = np.arange(len(patterns), dtype=float)
    without_cubes = mean_covariance(PatternTable.of(patterns, n), values, LossSums.of(x, xx))
    weighted = PatternTable.of(patterns, n, weight=w, weight_square=ww)
    weighed = mean_covariance(weighted, values, LossSums.of(wx, wwxx, cross=wwx, items=n, cube=np.sum(loss**3)))
    assert without_cubes.skewness([-1.0, 1.0]) == weighed.skewness([-1.0, 1.0]) == 0.0


def test_one_item_has_no_variance():
    moments = mean_covariance(PatternTable.of([[1, 2]], [1]), np.array([0.4]))
    assert moments.means == [0.4]
    assert np.isnan(moments.combined([1.0]).standard_error)


def test_per_judgement_weighs_items_by_their_people(panel):
    table = PatternTable.of([[1, 0], [2, 3]], [4, 2]).per_judgement()
    np.testing.assert_array_equal(table.weight, [4, 10])
    np.testing.assert_array_equal(table.weight_square, [4, 50])
    sums = LossSums.of([4.0, 3.0], [5.0, 6.0]).per_judgement(PatternTable.of([[1, 0], [2, 3]], [4, 2]))
    np.testing.assert_array_equal(sums.total, [4, 15])
    np.testing.assert_array_equal(sums.cross, [4, 75])
    np.testing.assert_array_equal(sums.square, [5, 150])


@pytest.mark.parametrize(
    ("patterns", "frequency", "message"),
    [
        ([1, 2], [1, 1], r"patterns has shape \(2,\), but must be"),
        ([[0.5, 1.0]], [1], "patterns has type float64, but counts of people must be whole numbers"),
        ([[1, 2], [3, -1]], [1, 1], r"patterns\[1, 1\] is -1, but a count of people must be ≥ 0"),
        ([[1, 2], [0, 0]], [1, 1], r"patterns\[1\] has no judgement"),
        ([[1, 2]], [1, 1], r"frequency has shape \(2,\), but must be \(1,\)"),
        ([[1, 2]], [-1], "frequency must hold finite numbers ≥ 0"),
        ([[1, 2]], [np.nan], "frequency must hold finite numbers ≥ 0"),
    ],
)
def test_bad_tables_get_a_sentence(patterns, frequency, message):
    with pytest.raises(DomainError, match=message):
        PatternTable.of(patterns, frequency)


def test_weights_need_their_squares():
    with pytest.raises(DomainError, match="weight is given without weight_square"):
        PatternTable.of([[1, 2]], [1], weight=[2.0])
