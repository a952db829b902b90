"""The command gives the same numbers from any format, order of rows, number of threads and cut into tallies."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from bitsapart.cli.main import cli

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not there")
LN2 = float(np.log(2))
CUTS = 7


def answer(*words: object) -> dict[str, Any]:
    """What the command prints as JSON."""
    done = CliRunner().invoke(cli, [*map(str, words), "--json", "-"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def numbers(document: dict[str, Any]) -> bytes:
    """All of it but where it came from."""
    return json.dumps({key: value for key, value in document.items() if key not in ("inputs", "notes")}).encode()


def records(table: pa.Table, path: Path) -> None:
    lines = [json.dumps(row) for row in table.to_pylist()]
    path.write_text("\n".join(lines) if path.suffix == ".jsonl" else f"[{','.join(lines)}]")


def packed(table: pa.Table, path: Path) -> None:
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(table, sink)
    path.write_bytes(gzip.compress(sink.getvalue().to_pybytes()))


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "csv": lambda table, path: pa_csv.write_csv(table, path),
    "tsv": lambda table, path: pa_csv.write_csv(table, path, pa_csv.WriteOptions(delimiter="\t")),
    "csv.gz": packed,
    "jsonl": records,
    "json": records,
    "parquet": lambda table, path: pq.write_table(table, path, row_group_size=16),
    "arrow": lambda table, path: feather.write_feather(table, path, compression="uncompressed"),
}


def made_up() -> tuple[pa.Table, pa.Table]:
    """40 items, 3 to 9 people, classes in another order on the other side, one class impossible for the model."""
    rng = np.random.default_rng(7)
    counts = rng.multinomial(rng.integers(3, 10, 40), [0.5, 0.3, 0.2])
    model = rng.dirichlet([2.0, 1.0, 1.0], 40)
    model[3] = [0.0, 0.25, 0.75]
    names = ["cat", "dog", "owl"]
    items = pa.array(rng.permutation(1000)[:40])
    people = pa.table({"item": items, **{name: counts[:, i] for i, name in enumerate(names)}})
    return people, pa.table({"item": items, **{name: model[:, i] for i, name in reversed(list(enumerate(names)))}})


def saved(people: pa.Table, model: pa.Table, folder: Path, form: str = "parquet") -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}.{form}" for name in ("people", "model")]
    for table, path in zip((people, model), paths, strict=True):
        WRITERS[form](table, path)
    return paths


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    return table.take(pa.array(np.random.default_rng(seed).permutation(table.num_rows)))


def assert_same_in_tallies(people: pa.Table, model: pa.Table, tmp_path: Path, *flags: str) -> None:
    """Seven parts, each its tally, merged in three orders and in two steps, against the whole at once."""
    whole = numbers(answer("compare", *saved(people, model, tmp_path), *flags))
    rng = np.random.default_rng(3)
    parts = np.array_split(rng.permutation(people.num_rows), CUTS)
    tallies = []
    for number, rows in enumerate(parts):
        files = saved(people.take(pa.array(rows)), model.take(pa.array(rows)), tmp_path / f"part-{number}")
        tallies.append(tmp_path / f"{number}.tally")
        answer("compare", *files, "--tally", tallies[-1], *flags)
    for order in (range(CUTS), reversed(range(CUTS)), rng.permutation(CUTS)):
        assert numbers(answer("merge", *[tallies[number] for number in order])) == whole
    answer("merge", *tallies[:3], "--tally", tmp_path / "some.tally")
    assert numbers(answer("merge", *tallies[3:], tmp_path / "some.tally")) == whole


@pytest.mark.parametrize("form", list(WRITERS))
def test_every_format_gives_the_same_bytes(form: str, tmp_path: Path) -> None:
    whole = numbers(answer("compare", *saved(*made_up(), tmp_path)))
    assert numbers(answer("compare", *saved(*made_up(), tmp_path, form))) == whole


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_and_the_order_of_rows_do_not_matter(threads: int, tmp_path: Path) -> None:
    people, model = made_up()
    whole = numbers(answer("compare", *saved(people, model, tmp_path)))
    assert numbers(answer("compare", *saved(people, model, tmp_path), "--threads", threads)) == whole
    mixed = saved(shuffled(people, 1), shuffled(model, 2), tmp_path / "mixed")
    assert numbers(answer("compare", *mixed, "--threads", threads)) == whole


@pytest.mark.parametrize(
    "flags", [["--no-detail"], ["--detail"], ["--no-detail", "--by-class", "--ordinal", "--per", "judgement"]]
)
def test_seven_tallies_in_any_order_give_the_same_bytes(flags: list[str], tmp_path: Path) -> None:
    people, model = made_up()
    assert_same_in_tallies(people, model, tmp_path, *flags)


@pytest.mark.parametrize("flags", [[], ["--people-kind", "exact"]])
def test_tallies_know_whether_labels_are_the_truth(flags: list[str], tmp_path: Path) -> None:
    _, model = made_up()
    label = pa.array(np.array(["cat", "dog", "owl"])[np.arange(40) % 3])
    truth = pa.table({"item": model["item"], "label": label}).slice(0, 39)
    assert_same_in_tallies(truth, model.slice(0, 39), tmp_path, "--no-detail", "--classes", "cat,dog,owl", *flags)


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (("part-1", "part-2", "part-12"), "part"),
        (("net-110-1", "net-110-2", "net-110-12"), "net-110"),
        (("1", "2", "3"), "model"),
    ],
)
def test_parts_of_one_model_add_up_under_the_name_that_they_share(
    names: tuple[str, ...], together: str, tmp_path: Path
) -> None:
    people, model = made_up()
    for number, name in enumerate(names):
        rows = pa.array(range(number, 40, 3))
        files = saved(people.take(rows), model.take(rows), tmp_path / name)
        files[1] = files[1].rename(files[1].with_name(f"{name}.parquet"))
        answer("compare", *files, "--tally", tmp_path / f"{name}.tally")
    for order in (names, names[::-1], (names[1], names[2], names[0])):
        merged = answer("merge", *[tmp_path / f"{name}.tally" for name in order])
        assert [model["name"] for model in merged["models"]] == [together]


# ---- the real files -------------------------------------------------------------------------------------------------

CIFAR = SHARED / "cifar10h"
RESNET = {
    "absolute_error": 0.18668430673749045,
    "squared_error": 0.08740686859057778,
    "squared_distance": 0.0859085749116463,
    "brier": 0.1623788827486992,
    "disagreement": 0.0764703078370529,
    "cross_entropy": 0.8928910132447774,
    "log_loss": 0.618717037660558,
}
WIKI = {
    "cross_entropy": 0.5034330399013921,
    "absolute_error": 0.09759399114636064,
    "squared_error": 0.027174806268566363,
    "squared_distance": 0.020968582167266554,
    "brier": 0.0968055292969871,
}


def values(document: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return {key: entry["value"] for key, entry in document["models"][place]["measures"].items()}


@shared
def test_cifar_10h_with_resnet_meets_the_reference_figures() -> None:
    document = answer("compare", CIFAR / "people.parquet", CIFAR / "model-resnet-110.parquet")
    found = values(document)
    for key, value in RESNET.items():
        assert found[key] == pytest.approx(value, abs=1e-9), key
    assert found["log_likelihood"] == pytest.approx(-316164.4062445451, rel=1e-12)
    entry = document["models"][0]["measures"]["cross_entropy"]
    assert (entry["high"] - entry["low"]) / 2 / 1.9602 == pytest.approx(0.0167057, abs=2e-6)
    assert (document["items"], document["judgements"]) == (10_000, 511_000)


@shared
@pytest.mark.parametrize("name", ["resnet-110", "preresnet-110", "densenet-bc-L190-k40", "crossvalidated"])
def test_cifar_10h_with_each_model_agrees_with_plain_numpy(name: str) -> None:
    found = values(answer("compare", CIFAR / "people.parquet", CIFAR / f"model-{name}.parquet"))
    people = pq.read_table(CIFAR / "people.parquet").to_pandas().set_index("item")
    model = pq.read_table(CIFAR / f"model-{name}.parquet").to_pandas().set_index("item").loc[people.index]
    n = people.to_numpy(dtype=np.float64)
    k, q = n.sum(axis=1), model[people.columns].to_numpy(dtype=np.float64)
    p = n / k[:, None]
    losses = -np.where(n > 0, n * np.log(np.where(n > 0, q, 1.0)), 0.0).sum(axis=1)
    expected = {
        "cross_entropy": (losses / k).mean() / LN2,
        "log_loss": losses.sum() / k.sum(),
        "absolute_error": np.abs(p - q).sum(axis=1).mean(),
        "squared_error": ((p - q) ** 2).sum(axis=1).mean(),
        "brier": ((q**2).sum(axis=1) - 2 * (p * q).sum(axis=1) + 1).mean(),
    }
    for key, value in expected.items():
        if np.isfinite(value):
            assert found[key] == pytest.approx(value, abs=1e-9), key
        else:
            assert found[key] == "inf", key


@shared
def test_cifar_10h_gives_the_same_bytes_in_every_way(tmp_path: Path) -> None:
    tables = [pq.read_table(CIFAR / f"{name}.parquet") for name in ("people", "model-resnet-110")]
    whole = numbers(answer("compare", *saved(*tables, tmp_path)))
    for form in ("csv", "jsonl"):
        assert numbers(answer("compare", *saved(*tables, tmp_path, form))) == whole
    mixed = [shuffled(table, seed) for seed, table in enumerate(tables)]
    for threads in (1, 2):
        assert numbers(answer("compare", *saved(*mixed, tmp_path / "mixed"), "--threads", threads)) == whole
    assert_same_in_tallies(*tables, tmp_path, "--no-detail")


@shared
def test_truth_labels_give_the_error_rate_and_exact_labels_the_divergence() -> None:
    files = CIFAR / "truth.csv", CIFAR / "model-resnet-110.parquet"
    plain = answer("compare", *files)
    assert values(plain)["accuracy"] == pytest.approx(1 - 0.0611, abs=1e-12)
    assert values(plain)["log_loss"] == pytest.approx(0.236201331, abs=1e-9)
    assert values(plain)["kl_divergence"] is None
    exact = values(answer("compare", *files, "--people-kind", "exact"))
    assert exact["kl_divergence"] == exact["cross_entropy"] == values(plain)["cross_entropy"]


@shared
def test_wiki_attacks_meets_the_reference_figures() -> None:
    found = values(
        answer("compare", SHARED / "wiki-attacks/people.parquet", SHARED / "wiki-attacks/model-jigsaw.parquet")
    )
    for key, value in WIKI.items():
        assert found[key] == pytest.approx(value, abs=1e-9), key
    assert found["log_likelihood"] == pytest.approx(-123915.08441277046, rel=1e-12)


@shared
def test_chaosnli_logits_and_probabilities_agree() -> None:
    people = SHARED / "chaosnli/people-snli.csv"
    probs, logits = (
        values(answer("compare", people, SHARED / f"chaosnli/model-snli-roberta-base-seed0{kind}.csv"))
        for kind in ("", "-logits")
    )
    assert probs["cross_entropy"] == pytest.approx(1.6885939909828547, abs=1e-9)
    for key, value in probs.items():
        assert logits[key] == pytest.approx(value, rel=1e-6, abs=1e-6), key


@shared
def test_varierr_names_the_items_that_the_judge_made_impossible() -> None:
    document = answer("compare", SHARED / "varierr/people.csv", SHARED / "varierr/model-gpt-4-1106-preview.csv")
    found, infinite = values(document), document["models"][0]["infinite"]
    assert (found["cross_entropy"], found["log_likelihood"]) == ("inf", "-inf")
    assert (infinite["count"], infinite["items"][0]) == (192, "1006-e")
    assert found["squared_error"] == pytest.approx(0.13340346405867223, abs=1e-9)
    assert any("judged more than once" in warning for warning in document["warnings"])
