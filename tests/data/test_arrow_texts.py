"""Few texts looked at by Python and many by Arrow give the same answers."""

import numpy as np
import pyarrow as pa
import pytest

from bitsapart.data import arrow_texts
from bitsapart.data.block import Ids, empty_cells

WORDS = ["cat", "dog", "Ärger", ""]


@pytest.fixture(params=["few", "many"], autouse=True)
def how_many(request, monkeypatch):
    monkeypatch.setattr(arrow_texts, "_FEW", 1 << 15 if request.param == "few" else 0)


def test_places():
    column = pa.array(["dog", None, "cat", "bird", "Ärger", "", "dog"])
    assert arrow_texts.places(column, WORDS).tolist() == [1, -1, 0, -1, 2, 3, 1]
    assert arrow_texts.places(column.slice(2, 3), WORDS).tolist() == [0, -1, 2]
    assert arrow_texts.places(column.dictionary_encode(), WORDS).tolist() == [1, -1, 0, -1, 2, 3, 1]
    assert arrow_texts.places(column.cast(pa.large_string()), WORDS).tolist() == [1, -1, 0, -1, 2, 3, 1]


@pytest.mark.parametrize(
    ("texts", "as_text", "by_length"),
    [
        (["a", "b", "é", "😀"], True, True),
        (["a", "b", "b"], False, False),
        (["2", "10", "100"], False, True),
        (["10", "2"], True, False),
        (["2", "10", "1"], False, False),
        (["item-9", "item-10"], False, True),
        (["éé", "aaa"], False, True),
        (["a"], True, True),
        (["\ue000", "\U00010000"], True, True),
    ],
)
def test_rises(texts, as_text, by_length):
    assert arrow_texts.rises(pa.array(texts), "text") is as_text
    assert arrow_texts.rises(pa.array(texts), "length") is by_length


def test_first_differing():
    one = pa.array(["a", "b", "c"])
    assert arrow_texts.first_differing(one, pa.array(["a", "b", "c"])) is None
    assert arrow_texts.first_differing(one, pa.array(["a", "x", "y"])) == 1


def test_first_repeated():
    columns = [pa.array(["b", "c"]), pa.array(["c", "a", "b"])]
    assert arrow_texts.first_repeated(columns) == "b"
    assert arrow_texts.first_repeated([pa.array([3, 1]), pa.array([2])]) is None
    assert arrow_texts.first_repeated([pa.array([3, 1]), pa.array([1])]) == 1


def test_empty_cells_are_read_where_a_column_begins():
    column = pa.array([1, None, 3, None, None, 6, 7, 8, None, 10])
    for start in range(10):
        expected = [value is None for value in column.slice(start).to_pylist()]
        assert empty_cells(column.slice(start)).tolist() == expected
    assert empty_cells(pa.nulls(2)).tolist() == [True, True]
    np.testing.assert_array_equal(empty_cells(pa.array([1.0, 2.0])), [False, False])


def test_ids_of_a_run_of_rows_are_those_of_its_rows():
    for ids in (Ids(pa.array([7, 8, 9, 10]), 0, 4), Ids(pa.array(["a", "b", "c", "d"]), 0, 4), Ids(None, 5, 4)):
        for run in (range(4), range(1, 3), range(0), range(0, 4, 2)):
            assert ids.take(run) == ids.take(list(run))
