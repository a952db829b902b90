"""The same values in any format, in any order of rows and cut into any number of files, give the same items."""

import gzip
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bitsapart import data
from bitsapart.errors import DataError

ROWS = 5000
CLASSES = ("e", "n", "c")
Items = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def tables() -> tuple[pa.Table, pa.Table]:
    """Counts with integer ids and probabilities of all magnitudes, in the order e, n, c and c, e, n."""
    rng = np.random.default_rng(7)
    counts = rng.multinomial(10, [0.5, 0.3, 0.2], size=ROWS)
    tiny = 10.0 ** rng.uniform(-300, -1, size=(ROWS, 2))
    probs = np.column_stack([tiny, 1 - tiny.sum(axis=1)])
    ids = np.arange(ROWS) * 3 + 1
    people = pa.table({"item": ids, **{name: counts[:, i] for i, name in enumerate(CLASSES)}})
    model = pa.table({"item": ids, **{name: probs[:, i] for i, name in enumerate(("c", "e", "n"))}})
    return people, model


def write(table: pa.Table, path: Path) -> str:
    """Write a table in the format of the file's ending."""
    kind = "".join(path.suffixes)
    if kind == ".parquet":
        pq.write_table(table, path, row_group_size=700)
    elif kind == ".arrow":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=900)
    elif kind == ".arrows":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        path.write_bytes(text(table, kind))
    return str(path)


def text(table: pa.Table, kind: str) -> bytes:
    rows = table.to_pylist()
    if kind.startswith(".json"):
        lines = [json.dumps(row) for row in rows]
        content = "[" + ",\n".join(lines) + "]" if kind == ".json" else "\n".join(lines) + "\n"
    else:
        mark = "\t" if kind.startswith(".tsv") else ","
        lines = [mark.join(table.schema.names), *(mark.join(repr(value) for value in row.values()) for row in rows)]
        content = "\n".join(lines) + "\n"
    packed = content.encode()
    if kind.endswith(".gz"):
        return gzip.compress(packed)
    if kind.endswith(".zst"):
        return bytes(pa.compress(packed, codec="zstd", asbytes=True))
    return packed


KINDS = (".csv", ".tsv", ".csv.gz", ".csv.zst", ".jsonl", ".jsonl.gz", ".json", ".parquet", ".arrow", ".arrows")


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_items(
    kind: str, tables: tuple[pa.Table, pa.Table], tmp_path: Path, items: Items, spill: Path
) -> None:
    people, model = tables
    expected = items(data.open_pair(people, model))
    paths = [write(table, tmp_path / f"{side}{kind}") for side, table in (("people", people), ("model", model))]
    pair = data.open_pair(paths[0], paths[1:])
    assert pair.classes == CLASSES
    assert pair.people_kind == "counts"
    assert pair.model_kinds == ("probs",)
    found = items(pair)
    assert list(found) == list(expected)
    assert found == expected
    assert list(found)[:2] == ["1", "4"]


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".parquet", ".arrow"])
def test_shuffled_rows_give_the_same_items(
    kind: str, tables: tuple[pa.Table, pa.Table], tmp_path: Path, items: Items, spill: Path
) -> None:
    people, model = tables
    expected = items(data.open_pair(people, model))
    order = np.random.default_rng(1).permutation(ROWS)
    pair = data.open_pair(write(people, tmp_path / f"p{kind}"), write(model.take(order), tmp_path / f"m{kind}"))
    assert items(pair) == expected
    assert pair.announcements == []


def test_formats_may_be_mixed(tables: tuple[pa.Table, pa.Table], tmp_path: Path, items: Items, spill: Path) -> None:
    people, model = tables
    expected = items(data.open_pair(people, model))
    aligned = data.open_pair(write(people, tmp_path / "p.csv"), write(model, tmp_path / "m.parquet"))
    assert items(aligned) == expected
    turned = data.open_pair(write(people, tmp_path / "p.csv"), write(model[::-1], tmp_path / "turned.parquet"))
    assert items(turned) == expected
    assert turned.announcements == ["ids are texts in one input and numbers in another: compared as texts"]


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".jsonl"])
def test_a_glob_is_one_input(
    kind: str, tables: tuple[pa.Table, pa.Table], tmp_path: Path, items: Items, spill: Path
) -> None:
    people, model = tables
    for number in range(3):
        part = people.slice(number * 2000, 2000)
        write(part, tmp_path / f"part-{number}{kind}")
    pair = data.open_pair(str(tmp_path / f"part-*{kind}"), write(model, tmp_path / "model.parquet"))
    assert items(pair) == items(data.open_pair(people, model))


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, dict])
def test_dataframes_and_mappings(library: Any, tables: tuple[pa.Table, pa.Table], items: Items, spill: Path) -> None:
    people, model = tables
    held = [library(table.to_pydict()) for table in (people, model)]
    assert items(data.open_pair(*held)) == items(data.open_pair(people, model))


@pytest.mark.parametrize(
    "handed",
    [
        lambda table: pl.from_arrow(table).lazy(),
        lambda table: table.to_reader(),
        lambda table: table.to_batches()[0],
        lambda table: duckdb.from_arrow(table),
        lambda table: table.to_pylist(),
        lambda table: {row["item"]: {k: v for k, v in row.items() if k != "item"} for row in table.to_pylist()},
    ],
    ids=["polars lazy", "arrow reader", "record batch", "duckdb relation", "records", "a mapping for each item"],
)
def test_other_tables_in_memory(
    handed: Callable[[pa.Table], Any], tables: tuple[pa.Table, pa.Table], items: Items, spill: Path
) -> None:
    some = [table.slice(0, 300) for table in tables]
    assert items(data.open_pair(*(handed(table) for table in some))) == items(data.open_pair(*some))


def test_one_name_is_not_taken_for_its_letters() -> None:
    given: dict[str, Any] = {"by": "group", "classes": ["cat", "dog"]}
    options = data.ReadOptions(**given)
    assert (options.by, options.classes) == (("group",), ("cat", "dog"))


def test_the_index_of_pandas_holds_the_ids(tables: tuple[pa.Table, pa.Table], items: Items, spill: Path) -> None:
    people, model = (table.to_pandas().set_index("item") for table in tables)
    expected = items(data.open_pair(*tables))
    assert items(data.open_pair(people, model)) == expected
    assert items(data.open_pair(people, model.rename_axis(None).sample(frac=1, random_state=1))) == expected


def test_arrays_are_matched_by_row(
    tables: tuple[pa.Table, pa.Table], tmp_path: Path, items: Items, spill: Path
) -> None:
    people, model = tables
    counts = np.column_stack([people[name] for name in CLASSES])
    probs = np.column_stack([model[name] for name in CLASSES]).astype(np.float32)
    pair = data.open_pair(counts, probs)
    assert pair.classes == ("0", "1", "2")
    found = items(pair)
    assert list(found)[:2] == ["row 1", "row 2"]
    assert found["row 3"] == (tuple(counts[2]), tuple(float(value) for value in probs[2]))
    np.save(tmp_path / "p.npy", counts)
    np.savez(tmp_path / "m.npz", probs=np.asfortranarray(probs))
    assert items(data.open_pair(tmp_path / "p.npy", tmp_path / "m.npz")) == found


def test_a_packed_table_of_arrays(tmp_path: Path, items: Items, spill: Path) -> None:
    probs = np.array([[0.25, 0.75], [0.5, 0.5]])
    np.savez(tmp_path / "m.npz", item=np.array(["b", "a"]), probs=probs, classes=np.array(["cat", "dog"]))
    pair = data.open_pair({"item": ["a", "b"], "label": ["cat", "dog"]}, tmp_path / "m.npz")
    assert items(pair) == {"a": ((0,), (0.5, 0.5)), "b": ((1,), (0.25, 0.75))}


def test_torch_and_jax_arrays(items: Items, spill: Path) -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    logits = torch.tensor([[1.5, -2.0], [0.25, 3.0]], dtype=torch.bfloat16, requires_grad=True)
    labels = jax.numpy.array([1, 0])
    pair = data.open_pair(labels, logits)
    assert pair.people_kind == "labels"
    assert pair.model_kinds == ("logits",)
    assert items(pair) == {"row 1": ((1,), (1.5, -2.0)), "row 2": ((0,), (0.25, 3.0))}


@pytest.mark.skipif(
    tuple(int(part) for part in version("duckdb").split(".")[:2]) < (1, 2),
    reason="DuckDB 1.1 reads half floats as bytes",
)
def test_half_floats_keep_their_values(tmp_path: Path, items: Items, spill: Path) -> None:
    half = np.array([0.25, 0.5, 0.75], np.float16)
    pq.write_table(pa.table({"item": [1, 2, 3], "p": half}), tmp_path / "m.parquet")
    people = {"item": [3, 1, 2], "label": [0, 1, 1]}
    assert items(data.open_pair(people, tmp_path / "m.parquet")) == {
        "3": ((1,), (0.75,)),
        "1": ((0,), (0.25,)),
        "2": ((0,), (0.5,)),
    }


def test_columns_are_handed_over_without_a_copy() -> None:
    values = np.full(1000, 0.5)
    table = pa.table({"label": np.zeros(1000, np.int8), "p": values})
    with data.open_pair({"label": [0, 1] * 500}, table.select(["p"])) as pair:
        block = next(iter(pair.blocks()))
        assert isinstance(block.models[0], np.ndarray)
        assert block.models[0].ctypes.data == table["p"].chunk(0).buffers()[1].address


def test_large_parquet_takes_the_fast_decoder(tmp_path: Path, spill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polars and pyarrow decode the same values in the same order."""
    from bitsapart.data import decoders

    rng = np.random.default_rng(3)
    table = pa.table({"label": rng.integers(0, 2, 50_000).astype(np.int8), "p": rng.random(50_000, np.float32)})
    pq.write_table(table, tmp_path / "judged.parquet", row_group_size=7000)

    def read() -> pa.Table:
        return pa.Table.from_batches(
            decoders.parquet_batches([str(tmp_path / "judged.parquet")], ["p", "label"], threads=2)
        ).combine_chunks()

    slow = read()
    monkeypatch.setattr(decoders, "_POLARS_PAYS_FROM_VALUES", 1)
    monkeypatch.setattr(decoders, "_IMPORTED_PAYS_FROM_VALUES", 1)
    assert decoders._polars_pays([str(tmp_path / "judged.parquet")], ["p", "label"])
    assert read().equals(slow)
    assert slow.equals(table.select(["p", "label"]).combine_chunks())


def test_what_is_read_is_on_record(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("item,label\na,cat\nb,dog\n")
    with data.open_people(path) as first:
        before = first.inputs
    assert before[0]["name"] == str(path)
    assert before[0]["format"] == "csv"
    assert before[0]["bytes"] == path.stat().st_size
    path.write_text("item,label\na,cat\nb,cat\nc,dog\n")
    with data.open_people(path) as second:
        assert second.inputs[0]["fingerprint"] != before[0]["fingerprint"]


def test_progress_is_told(tables: tuple[pa.Table, pa.Table]) -> None:
    told: list[tuple[int, int | None]] = []
    options = data.ReadOptions(progress=lambda done, total: told.append((done, total)))
    with data.open_pair(*tables, options=options) as pair:
        for _ in pair.blocks():
            pass
    assert told == [(0, ROWS), (ROWS, ROWS)]


def test_nested_lists_are_one_array_and_a_tuple_is_several_models(items: Items) -> None:
    people = [[9, 1], [2, 8]]
    one = data.open_pair(people, [[0.75, 0.25], [0.25, 0.75]])
    assert items(one) == {"row 1": ((9, 1), (0.75, 0.25)), "row 2": ((2, 8), (0.25, 0.75))}
    several = data.open_pair([1, 0], ([0.75, 0.25], [0.5, 0.125]))
    assert items(several) == {"row 1": ((0,), (0.75,), (0.5,)), "row 2": ((1,), (0.25,), (0.125,))}
    records = data.open_pair([{"item": 1, "label": "a"}, {"item": 2, "label": "b"}], [{"item": 2, "a": 0.5, "b": 0.5}])
    with pytest.raises(DataError, match="1 item of people is not in model"):
        items(records)
