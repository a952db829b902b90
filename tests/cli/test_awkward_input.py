"""Awkward files through the command: read as they are meant, or refused in one sentence with exit code 2."""

# ruff: noqa: E501 (a table reads best with its kinds in single lines)

import gzip
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bitsapart.cli.main import main

PEOPLE = "item,cat,dog\na,3,1\nb,0,4\nc,2,2\n"
MODEL = "item,cat,dog\na,0.7,0.3\nb,0.1,0.9\nc,0.5,0.5\n"
SAID = {"a": [3, 1], "b": [0, 4], "c": [2, 2]}
GIVEN = {"a": [0.7, 0.3], "b": [0.1, 0.9], "c": [0.5, 0.5]}
Content = str | bytes | Callable[[Path], None]


@dataclass(frozen=True)
class Awkward:
    """Two files, and the words of the refusal; without words they are read as PEOPLE and MODEL are."""

    kind: str
    words: str = ""
    people: Content = PEOPLE
    model: Content = MODEL
    names: tuple[str, str] = ("people.csv", "model.csv")
    flags: tuple[str, ...] = ()
    pattern: str | None = None


def parquet(**columns: Any) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


def npz(**arrays: Any) -> Callable[[Path], None]:
    return lambda path: np.savez(path, **arrays)


def lists(fixed: bool, kind: Any = None) -> pa.Array:
    rows = [GIVEN[name] for name in "abc"]
    flat = pa.array(np.array(rows).ravel(), kind or pa.float64())
    return pa.FixedSizeListArray.from_arrays(flat, 2) if fixed else pa.array(rows)


def pieces(first: dict[str, Any], second: dict[str, Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        parquet(**first)(path.with_name("part-1.parquet"))
        parquet(**second)(path.with_name("part-2.parquet"))

    return write


SIDES = {"cat": [3, 0, 2], "dog": [1, 4, 2]}
PROBS = {"cat": [0.7, 0.1, 0.5], "dog": [0.3, 0.9, 0.5]}
P, M, BOTH = ("people.parquet", "model.csv"), ("people.csv", "model.parquet"), ("people.parquet", "model.parquet")
ENCODED = pa.array(["a", "b", "c"]).dictionary_encode()
NUMBERED = "item,cat,dog\n1,3,1\n2,0,4\n3,2,2\n"

READ = [
    Awkward("a byte order mark", people="\ufeff" + PEOPLE),
    Awkward("semicolons", people=PEOPLE.replace(",", ";"), model=MODEL.replace(",", ";")),
    Awkward("line ends of Windows", people=PEOPLE.replace("\n", "\r\n")),
    Awkward("line ends of old Macs", people=PEOPLE.replace("\n", "\r")),
    Awkward("names with line breaks", people=PEOPLE.replace("a,", '"a\nx",'), model=MODEL.replace("a,", '"a\nx",')),
    Awkward("names with commas and quotes", people=PEOPLE.replace("a,", '"a, ""x""",'), model=MODEL.replace("a,", '"a, ""x""",')),
    Awkward("packed", people=gzip.compress(PEOPLE.encode()), names=("people.csv.gz", "model.csv")),
    Awkward("leading zeros", people=PEOPLE.replace("\na", "\n001"), model=MODEL.replace("\na", "\n001")),
    Awkward("ids that are numbers here and texts there", people=NUMBERED, model=parquet(item=[1, 2, 3], **PROBS), names=M),
    Awkward("the same, in another order", people=NUMBERED, names=M,
            model=parquet(item=[3, 2, 1], cat=PROBS["cat"][::-1], dog=PROBS["dog"][::-1])),
    Awkward("ids that are whole floats", people=parquet(item=[1.0, 2.0, 3.0], **SIDES), model=parquet(item=[1, 2, 3], **PROBS), names=BOTH),
    Awkward("encoded ids", people=parquet(item=ENCODED, **SIDES), names=P),
    Awkward("encoded ids in another order", people=parquet(item=ENCODED.take(pa.array([2, 1, 0])), cat=[2, 0, 3], dog=[2, 4, 1]), names=P),
    Awkward("counts written as fractions", people=PEOPLE.replace("3,1", "3.0,1.0")),
    Awkward("counts that are floats and a negative zero", people=parquet(item=["a", "b", "c"], cat=[3.0, -0.0, 2.0], dog=[1.0, 4.0, 2.0]), names=P),
    Awkward("decimal numbers", model=parquet(item=["a", "b", "c"], **{name: pa.array(values).cast(pa.decimal128(4, 2)) for name, values in PROBS.items()}), names=M),
    Awkward("a list of fixed size", model=parquet(item=["a", "b", "c"], probs=lists(fixed=True)), names=M, flags=("--classes", "cat,dog")),
    Awkward("a list", model=parquet(item=["a", "b", "c"], probs=lists(fixed=False)), names=M, flags=("--classes", "cat,dog")),
    Awkward("arrays by name", people=npz(item=np.array(["a", "b", "c"]), cat=np.array([3, 0, 2]), dog=np.array([1, 4, 2])), names=("people.npz", "model.csv")),
    Awkward("an index of pandas beside the ids", people=parquet(item=["a", "b", "c"], **SIDES, __index_level_0__=[9, 7, 8]), names=P),
    Awkward("an index of pandas as the ids", people=parquet(**SIDES, __index_level_0__=[9, 7, 8]), names=BOTH,
            model=parquet(cat=[0.1, 0.5, 0.7], dog=[0.9, 0.5, 0.3], __index_level_0__=[7, 8, 9])),
    Awkward("other ids, in order", people=NUMBERED, model=MODEL, flags=("--in-order",)),
    Awkward("other numbers as ids, in order", people=NUMBERED, model="item,cat,dog\n9,0.7,0.3\n8,0.1,0.9\n7,0.5,0.5\n", flags=("--in-order",)),
    Awkward("percentages, renormalised", model="item,cat,dog\na,70.0,30\nb,10,90.0\nc,50.0,50\n", flags=("--model-kind", "probs", "--renormalise")),
    Awkward("pieces", people=pieces({"item": ["a"], "cat": [3], "dog": [1]}, {"item": ["b", "c"], "cat": [0, 2], "dog": [4, 2]}), names=P, pattern="part-*.parquet"),
    Awkward("a probability under its own name", model="item,cat_share\na,0.7\nb,0.1\nc,0.5\n", flags=("--prob", "cat_share", "--positive", "cat")),
]  # fmt: skip

REFUSED = [
    Awkward("UTF-16 without a mark", r"model\.csv holds zero bytes", model=MODEL.encode("utf-16-le")),
    Awkward("decimal commas", r"column 'cat' holds '0,7': write numbers with a point, 0\.7", model=MODEL.replace(",", ";").replace(".", ",")),
    Awkward("percent signs", r"column 'cat' holds '70%': write shares of 1 without a sign", model="item,cat,dog\na,70%,30%\nb,10%,90%\nc,50%,50%\n"),
    Awkward("percentages of a model", r"sum to about 100 in most rows: --model-kind probs --renormalise", model="item,cat,dog\na,70.5,29.5\nb,10.25,89.75\nc,50,50\n"),
    Awkward("percentages of people", r"sum to about 100 .*--people-kind probs --renormalise", people="item,cat,dog\na,70.5,29.5\nb,10.25,89.75\nc,50,50\n"),
    Awkward("booleans as probabilities", r"column 'cat' holds 'True', which is no number", model=parquet(item=["a"], cat=[True], dog=[False]), names=M),
    Awkward("leading zeros on one side", r"no item in common: 2 items of .* \('001', '002'\)", people="item,cat,dog\n001,3,1\n002,0,4\n",
            model=parquet(item=[1, 2], cat=[0.7, 0.1], dog=[0.3, 0.9]), names=M),
    Awkward("ids with spaces", r"1 item of .*people\.csv is not in .*model\.csv \('a '\)", people=PEOPLE.replace("a,", "a ,")),
    Awkward("ids that are NaN", r"people\.parquet names items by numbers with fractions, NaN", people=parquet(item=[1.0, float("nan"), 3.0], **SIDES), names=P, model=NUMBERED),
    Awkward("ids that are dates", r"column 'item' holds neither texts nor whole numbers", people=parquet(item=pa.array([1, 2, 3], pa.date32()), **SIDES), names=P),
    Awkward("an empty id", r"people\.parquet, row 2 has no id", people=parquet(item=["a", None, "c"], **SIDES), names=P),
    Awkward("an index of pandas on one side", r"no column of .*model\.parquet names them.*--in-order", names=BOTH,
            people=parquet(**SIDES, __index_level_0__=[9, 7, 8]), model=parquet(**PROBS)),
    Awkward("a header of pandas' row numbers", r"no name for column 1.*to_csv\(index=False\)", people=",item,cat,dog\n0,a,3,1\n1,b,0,4\n2,c,2,2\n"),
    Awkward("a comma too many", r"no name for column 4 in its first line: name it, or leave it out", people=PEOPLE.replace("\n", ",\n")),
    Awkward("classes in other capitals", r"no class in common.*they differ in capitals or spaces only", people=PEOPLE.replace("cat", "Cat").replace("dog", "Dog")),
    Awkward("a struct of probabilities", r"column 'probs' is nested: give each class a column", model=parquet(item=["a", "b", "c"], probs=[{"cat": 0.5, "dog": 0.5}] * 3), names=M),
    Awkward("a list without classes", r"column 'probs' holds lists of 2 .*--classes", model=parquet(item=["a", "b", "c"], probs=lists(fixed=True)), names=M),
    Awkward("lists of two lengths", r"item 'c', column 'probs' holds 1 numbers, but 2 are needed", names=M, flags=("--classes", "cat,dog"),
            model=parquet(item=["a", "b", "c"], probs=[[0.7, 0.3], [0.1, 0.9], [0.5]])),
    Awkward("several arrays", r"people\.npz holds several tables \(a, b\)", people=npz(a=np.ones((3, 2)), b=np.ones((3, 2))), names=("people.npz", "model.csv")),
    Awkward("arrays of two lengths", r"people\.npz cannot be read as a mapping of columns", people=npz(item=np.array(["a", "b"]), cat=np.array([3])), names=("people.npz", "model.csv")),
    Awkward("Parquet without rows", r"people\.parquet has no rows", people=parquet(item=pa.array([], pa.string()), cat=pa.array([], pa.int64())), names=P),
    Awkward("Parquet without columns", r"people\.parquet has no columns", people=parquet(), names=P),
    Awkward("pieces of other types", r"part-2\.parquet has other columns or types", names=P, pattern="part-*.parquet",
            people=pieces({"item": ["a"], "cat": [3], "dog": [1]}, {"item": ["b"], "cat": [0.0], "dog": [4.0]})),
    Awkward("counts beyond people", r"item 'a', column 'cat' is 1\.0995\d*e\+12, but a count", people=parquet(item=["a", "b", "c"], cat=[1 << 40, 0, 2], dog=[1, 4, 2]), names=P),
    Awkward("counts beyond int64", r"item 'a', column 'cat' is 9\.2\d*e\+18, but a count", people=parquet(item=["a", "b", "c"], cat=pa.array([2**63 + 5, 0, 2], pa.uint64()), dog=[1, 4, 2]), names=P),
    Awkward("a sum off 1, by file and item", r"model\.csv, item 'b': the probabilities sum to 1\.1", model=MODEL.replace("0.9", "1.0")),
    Awkward("a probability above 1, by file, item and column", r"model\.csv, item 'b', column 'dog' is 1\.9", model=MODEL.replace("0.9", "1.9")),
    Awkward("weights that vanish", r"people\.csv, column 'w' is 0 in every row", people="item,cat,dog,w\na,3,1,0\nb,0,4,0\nc,2,2,0\n", flags=("--weight", "w")),
    Awkward("a temporary folder that is not there", r"/nowhere/at/all", flags=("--temp-dir", "/nowhere/at/all"), people="item,label\na,cat\na,dog\n"),
]  # fmt: skip


def write(path: Path, content: Content) -> None:
    if isinstance(content, str):
        path.write_bytes(content.encode())
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)


def run(case: Awkward, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    for name, content in zip(case.names, (case.people, case.model), strict=True):
        write(folder / name, content)
    names = (case.pattern or case.names[0], case.names[1])
    there = sorted(folder.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        main(["compare", *(str(folder / name) for name in names), *case.flags, "--json", "-"])
    assert sorted(folder.rglob("*")) == there
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def spill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "spill"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("case", READ, ids=lambda case: case.kind)
def test_it_is_read_as_it_is_meant(
    case: Awkward, tmp_path: Path, spill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(case, tmp_path, capsys)
    assert (code, err) == (0, "")
    found = json.loads(out)
    p = np.array(list(SAID.values())) / 4
    q = np.array(list(GIVEN.values()))
    logs = np.array([[np.log2(value) for value in row] for row in q])
    measures = found["models"][0]["measures"]
    assert (found["items"], found["classes"], found["judgements"]) == (3, ["cat", "dog"], 12)
    assert measures["cross_entropy"]["value"] == pytest.approx(float(-(p * logs).sum(axis=1).mean()), rel=1e-12)
    assert measures["squared_error"]["value"] == pytest.approx(float(((p - q)[:, 0] ** 2).mean()), rel=1e-12)
    assert list(spill.iterdir()) == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.kind)
def test_it_is_refused_in_one_sentence(
    case: Awkward, tmp_path: Path, spill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(case, tmp_path, capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert re.search(case.words, err), err
    assert re.match(r"(DataError|DomainError|AmbiguityError): ", err)
    for leak in ("Traceback", "duckdb", "pyarrow", "polars", "INTERNAL", "kept_", "arrow_"):
        assert leak not in err
    assert list(spill.iterdir()) == []


def test_an_index_of_pandas_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = next(case for case in READ if case.kind == "an index of pandas beside the ids")
    _, out, _ = run(case, tmp_path, capsys)
    assert "not used: __index_level_0__ (an index of pandas)" in json.loads(out)["notes"][0]
