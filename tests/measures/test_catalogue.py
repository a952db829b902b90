"""One row for each measure, and every public measure has one."""

import inspect
import subprocess
import sys

import pytest

from bitsapart import measures
from bitsapart.errors import DomainError
from bitsapart.measures import CATALOGUE, find_measure

NOT_MEASURES = {"align", "find_measure", "likelihood_curve", "maximum_likelihood", "most_likely"}


def test_every_public_function_is_a_row_and_every_row_public():
    functions = {name for name in measures.__all__ if inspect.isfunction(getattr(measures, name))}
    assert functions - NOT_MEASURES == set(CATALOGUE)


@pytest.mark.parametrize("key", CATALOGUE)
def test_rows_are_consistent(key):
    row = CATALOGUE[key]
    assert row.key == key == row.function.__name__
    assert getattr(measures, key) is row.function
    assert row.low < row.high
    assert row.meaning.endswith(".")
    takes_unit = "unit" in inspect.signature(row.function).parameters
    assert takes_unit == (row.unit in ("information", "root of information"))
    doc = inspect.getdoc(row.function)
    for part in ("Args:", "Returns:", "Raises:", "References:", "Example:", ">>>"):
        assert part in doc


def test_measures_are_found_by_key_title_and_nickname():
    for name in ("kl_divergence", "kl-divergence", "KL divergence", "KL", "relative entropy"):
        assert find_measure(name).key == "kl_divergence"
    for row in CATALOGUE.values():
        assert find_measure(row.title) is row
        assert find_measure(row.key.replace("_", "-")) is row
    names = [name for row in CATALOGUE.values() for name in (row.key, *row.aliases)]
    assert len(names) == len(set(names))
    with pytest.raises(DomainError, match="nonsense"):
        find_measure("nonsense")


def test_a_row_cannot_be_changed():
    with pytest.raises(TypeError):
        CATALOGUE["entropy"] = None
    with pytest.raises(AttributeError):
        CATALOGUE["entropy"].title = "disorder"


def test_the_catalogue_is_cheap_to_import():
    code = "import sys, bitsapart.measures.catalogue; print([m for m in ('scipy', 'torch', 'jax') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
