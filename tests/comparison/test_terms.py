"""One name for one measure: in the catalogue, in the document and on the page that describes it."""

import re
from pathlib import Path

import numpy as np
import pytest

from bitsapart import CATALOGUE, compare

DOCS = Path(__file__).resolve().parents[2] / "docs" / "json.md"
KEYS = [
    "accuracy",
    "majority_accuracy",
    "absolute_error",
    "squared_error",
    "squared_distance",
    "disagreement",
    "brier",
    "log_likelihood",
    "log_loss",
    "geometric_mean_probability",
    "cross_entropy",
    "entropy",
    "kl_divergence",
    "perplexity",
]
ORDINAL = ["ranked_probability_score", "ranked_squared_distance"]
PEOPLE = np.array([[3, 1, 0], [0, 2, 2], [1, 1, 2], [4, 0, 0]])
MODEL = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.9, 0.05, 0.05]])


@pytest.mark.parametrize("ordinal", [False, True])
def test_the_document_holds_the_catalogues_keys(ordinal):
    found = set(compare(PEOPLE, MODEL, ordinal=ordinal).data["models"][0]["measures"])
    assert found == set(KEYS + ORDINAL * ordinal)
    assert found <= set(CATALOGUE)


def test_the_page_lists_the_same_keys():
    listed = DOCS.read_text(encoding="utf-8").partition("\nMeasures: ")[2].partition("\n\n")[0]
    assert [key for key in re.findall(r"`(\w+)`", listed) if key != "ordinal"] == KEYS + ORDINAL


@pytest.mark.parametrize("key", ["accuracy", "majority_accuracy", "absolute_error", "squared_error", "brier",
                                 "squared_distance", "disagreement", "cross_entropy", *ORDINAL])  # fmt: skip
def test_the_documents_value_is_the_books(key):
    row = CATALOGUE[key]
    sides = [PEOPLE] if row.arguments == "panel" else [PEOPLE, MODEL]
    options = {"people_kind": "counts"} if row.arguments == "pair" else {}
    found = compare(PEOPLE, MODEL, ordinal=True)[key]
    assert found.value == pytest.approx(row.function(*sides, **options).mean(), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("key", ["log_likelihood", "log_loss", "geometric_mean_probability"])
def test_the_documents_likelihood_is_the_books(key):
    found = compare(PEOPLE, MODEL, per="judgement")[key].value
    assert found == pytest.approx(CATALOGUE[key].function(PEOPLE, MODEL, under="multinomial"), rel=1e-12)
