"""The real files beside the checkout are read as they should be, without flags; without them the tests are skipped."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from bitsapart import data
from bitsapart.errors import DataError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not there")

Items = Callable[..., dict[str, Any]]
CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def opened(people: str, *models: str, **options: Any) -> data.Pair:
    paths = [SHARED / model for model in models]
    return data.open_pair(SHARED / people, paths, options=data.ReadOptions(**options))


def test_every_file_opens_alone(spill: Path) -> None:
    files = sorted(path for path in SHARED.rglob("*") if path.suffix in (".csv", ".parquet"))
    assert len(files) > 20
    for path in files:
        door = data.open_model if path.name.startswith("model-") else data.open_people
        with door(path) as pair:
            assert sum(len(block) for block in pair.blocks()) > 0, path


@pytest.mark.parametrize("model", ["resnet-110", "preresnet-110", "densenet-bc-L190-k40", "crossvalidated"])
def test_cifar_10h(model: str) -> None:
    with opened("cifar10h/people.parquet", f"cifar10h/model-{model}.parquet") as pair:
        assert (pair.people_kind, pair.model_kinds, pair.classes) == ("counts", ("probs",), CIFAR)
        judgements = sum(int(column.sum()) for block in pair.blocks() for column in block.people)
        assert judgements == 511_000
        assert pair.announcements == []


def test_cifar_truth_is_one_label_each() -> None:
    with opened("cifar10h/truth.csv", "cifar10h/model-resnet-110.parquet") as pair:
        assert (pair.people_kind, pair.classes, pair.exact) == ("labels", CIFAR, False)
        wrong = sum(
            int((np.column_stack(block.models[0]).argmax(axis=1) != block.people).sum()) for block in pair.blocks()
        )
        assert wrong == 611
    with opened("cifar10h/truth.csv", "cifar10h/model-resnet-110.parquet", people_kind="exact") as pair:
        assert pair.exact


def test_wiki_attacks_is_about_attack(items: Items) -> None:
    pair = opened("wiki-attacks/people.parquet", "wiki-attacks/model-jigsaw.parquet")
    assert (pair.classes, pair.positive) == (("attack", "fine"), "attack")
    found = items(pair)
    people = pq.read_table(SHARED / "wiki-attacks/people.parquet").to_pylist()
    model = pq.read_table(SHARED / "wiki-attacks/model-jigsaw.parquet").to_pylist()
    expected = {row["item"]: row["attack"] for row in model}
    assert len(found) == 23_178
    for row in people[:500]:
        assert found[str(row["item"])] == ((row["attack"], row["fine"]), (expected[row["item"]],))


@pytest.mark.parametrize("kind", ["", "-logits"])
def test_chaosnli_orders_of_classes_differ(kind: str, items: Items) -> None:
    pair = opened("chaosnli/people-snli.csv", f"chaosnli/model-snli-roberta-base-seed0{kind}.csv")
    assert pair.classes == ("e", "n", "c")
    assert pair.model_kinds == (("logits" if kind else "probs"),)
    found = items(pair)
    assert len(found) == 1514
    if not kind:
        assert found["3105691757.jpg#1r1n"][1] == (0.02671385370194912, 0.9702056050300598, 0.0030805803835392)


def test_chaosnli_items_without_predictions(items: Items) -> None:
    files = ("chaosnli/people-mnli.csv", "chaosnli/model-mnli-roberta-base-seed0.csv")
    with pytest.raises(DataError, match=r"30 items of .*people-mnli\.csv are not in .*--missing drop"):
        items(opened(*files))
    pair = opened(*files, missing="drop")
    assert len(items(pair)) == 1569
    assert len(pair.announcements) == 1


def test_alphanli_classes_are_called_1_and_2() -> None:
    with data.open_people(SHARED / "chaosnli/people-alphanli.csv") as pair:
        assert (pair.people_kind, pair.classes) == ("counts", ("1", "2"))


def test_varierr_judges_repeat_themselves(items: Items) -> None:
    pair = opened("varierr/people.csv", "varierr/model-gpt-4-1106-preview.csv", "varierr/model-gpt-3.5-turbo.csv")
    assert (pair.classes, pair.positive, pair.annotators) == (("sound", "unsound"), "sound", True)
    found = items(pair)
    assert len(found) == 878
    share = {name: one[0][0] / sum(one[0]) for name, one in found.items()}
    squared = float(np.mean([(share[name] - one[1][0]) ** 2 for name, one in found.items()]))
    assert squared == pytest.approx(0.13340346405867223, abs=1e-12)
    assert any("judged more than once" in one for one in pair.announcements)


def test_running_example_has_verdicts_and_named_annotators(items: Items) -> None:
    models = [f"running-example/model-{name}.csv" for name in ("hard", "calibrated-hard", "ideal")]
    pair = opened("running-example/people.csv", *models)
    assert pair.model_kinds == ("verdicts", "probs", "probs")
    assert pair.classes == ("neg", "pos")
    judged = pair.long_judgements()
    assert (len(judged.items), len(judged.annotators), len(judged.label)) == (1000, 10, 10_000)
    assert {sum(one[0]) for one in items(pair).values()} == {10}


@pytest.mark.parametrize(("file", "rows", "items", "named"), [("990", 72_103, 990, False), ("350", 43_050, 350, True)])
def test_dices_is_counted_with_or_without_annotators(file: str, rows: int, items: int, named: bool) -> None:
    with data.open_people(SHARED / f"dices/people-{file}.parquet") as pair:
        assert (pair.people_kind, pair.classes, pair.annotators) == ("counts", ("No", "Unsure", "Yes"), named)
        blocks = list(pair.blocks())
        assert sum(len(block) for block in blocks) == items
        assert sum(int(column.sum()) for block in blocks for column in block.people) == rows


def test_cats_are_labelled() -> None:
    with data.open_people(SHARED / "cats/train.csv") as pair:
        assert (pair.people_kind, pair.classes) == ("labels", ("cat", "not-cat"))
        assert sum(len(block) for block in pair.blocks()) == 209
