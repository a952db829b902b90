"""Training on everybody's answers brings a network nearer to people than training on the majority's."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch (the extra `train`)")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric (the extra `train`)")

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CHAOS = ROOT.parent / "shared" / "data" / "chaosnli"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("train_soft_counts", ROOT / "examples" / "train_soft_counts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_doctors_are_predicted_better_from_everybodys_answers(example):
    said, others = example.doctors()
    assert np.allclose(said.sum(axis=1), 1)
    assert (others.sum(axis=1) == 4).all()
    result = example.compared(said, others)
    assert result.models == ("trained on counts", "trained on majority")
    (pair,) = result.data["pairs"]
    assert pair["cross_entropy"]["value"] < -0.3
    assert pair["cross_entropy"]["high"] < 0


def test_a_hundred_people_are_predicted_better_from_their_counts(example):
    if not CHAOS.exists():
        pytest.skip("the answers of a hundred people are not beside the checkout (../shared/data/chaosnli)")
    models = [CHAOS / f"model-snli-roberta-base-seed{seed}.csv" for seed in (0, 1, 2)]
    (pair,) = example.compared(*example.read_counts(CHAOS / "people-snli.csv", models)).data["pairs"]
    assert pair["cross_entropy"]["high"] < -0.05
