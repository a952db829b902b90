"""Different rows are those of `numpy.unique` along the first axis."""

import numpy as np
import pytest

from bitsapart.rows import distinct_rows, ranks_of_rows


@pytest.mark.parametrize("most", [1, 3, 1000, 2**31])
@pytest.mark.parametrize("width", [1, 2, 5, 80])
def test_different_rows_are_numpys(most, width):
    rows = np.random.default_rng(width).integers(0, most, (400, width))
    rows[200:] = rows[:200]
    rows[::7, -1] += 1
    different, place, times = distinct_rows(rows)
    expected, places, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(different, expected)
    np.testing.assert_array_equal(place, places.ravel())
    np.testing.assert_array_equal(times, counts)


def test_no_rows():
    assert ranks_of_rows(np.zeros((0, 3), np.int64)).size == 0
    assert [part.shape for part in distinct_rows(np.zeros((0, 3), np.int64))] == [(0, 3), (0,), (0,)]
