"""Bad input: each kind gets one sentence of the right class that names file and place, and leaves nothing behind."""

# ruff: noqa: E501 (a table reads best with its kinds in single lines)

import gzip
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bitsapart import data
from bitsapart.errors import AmbiguityError, BitsapartError, DataError, DomainError

PEOPLE = "item,cat,dog\na,3,1\nb,0,4\nc,2,2\n"
MODEL = "item,cat,dog\na,0.7,0.3\nb,0.1,0.9\nc,0.5,0.5\n"
LONG = "item,annotator,label\na,1,cat\na,2,dog\nb,1,dog\nb,2,dog\nc,1,cat\nc,2,cat\n"


@dataclass(frozen=True)
class Bad:
    """One kind of bad input: the two files (text, bytes or a function that writes), the class and the words of the error."""

    kind: str
    error: type[BitsapartError]
    words: str
    people: Any = PEOPLE
    model: Any = MODEL
    names: tuple[str, str] = ("people.csv", "model.csv")
    options: dict[str, Any] = field(default_factory=dict)


def parquet(**columns: Any) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


def truncated(path: Path) -> None:
    pq.write_table(pa.table({"item": list(range(5000)), "cat": [1] * 5000, "dog": [2] * 5000}), path)
    path.write_bytes(path.read_bytes()[:2000])


def broken_pages(path: Path) -> None:
    """A Parquet file whose footer is whole and whose pages are not."""
    noise = np.random.default_rng(0).random(20_000)
    table = pa.table({"item": np.arange(20_000), "cat": noise, "dog": 1 - noise})
    pq.write_table(table, path, use_dictionary=False, compression="snappy")
    content = bytearray(path.read_bytes())
    content[2000:150_000] = os.urandom(148_000)
    path.write_bytes(content)


def repeated_name(path: Path) -> None:
    columns = [pa.array(["a"]), pa.array([1.0]), pa.array([0.0])]
    pq.write_table(pa.Table.from_arrays(columns, names=["item", "cat", "cat"]), path)


def folder(path: Path) -> None:
    path.mkdir()


def nothing(path: Path) -> None:
    """The file is not there."""


def array(values: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, values)


def objects(path: Path) -> None:
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def in_pieces(path: Path) -> None:
    path.with_name("part-1.csv").write_text(PEOPLE)
    path.with_name("part-2.csv").write_text("item,cat,horse\nd,1,1\n")


def two_formats(path: Path) -> None:
    path.with_name("part-1.csv").write_text(PEOPLE)
    parquet(item=["d"], cat=[1], dog=[1])(path.with_name("part-2.parquet"))


P = ("people.parquet", "model.csv")
M = ("people.csv", "model.parquet")
TABLE = [
    # the file itself
    Bad("missing file", DataError, r"people\.csv does not exist", people=nothing),
    Bad("missing model", DataError, r"model\.csv does not exist", model=nothing),
    Bad("a folder", DataError, r"people\.csv is a folder: name its files", people=folder),
    Bad("empty file", DataError, r"people\.csv is empty", people=""),
    Bad("blank file", DataError, r"people\.csv is empty", people="\n\n"),
    Bad("header only", DataError, r"people\.csv has no rows", people="item,cat,dog\n"),
    Bad("header only, long", DataError, r"people\.csv has no rows", people="item,label\n"),
    Bad("header only, model", DataError, r"model\.csv", model="item,cat,dog\n"),
    Bad("no header", DataError, r"people\.csv starts with numbers \(0\.5, 1\.5", people="0.5,1.5,2.5\n1,2,3\n"),
    Bad("Latin-1", DataError, r"people\.csv, line 3 is not UTF-8", people="item,label\na,cat\nb,caf\xe9\n".encode("latin-1")),
    Bad("not UTF-8 names", DataError, r"people\.csv, line 1 is not UTF-8", people="item,caf\xe9,dog\na,1,2\n".encode("latin-1")),
    Bad("UTF-16", DataError, r"people\.csv is UTF-16: save it as UTF-8", people=PEOPLE.encode("utf-16")),
    Bad("zero bytes", DataError, r"people\.csv holds zero bytes", people=b"item,label\na\0,cat\n"),
    Bad("binary garbage", DataError, r"people\.csv (holds zero bytes|, line \d+ is not UTF-8)", people=bytes(range(256)) * 9),
    Bad("truncated Parquet", DataError, r"people\.parquet cannot be read", people=truncated, names=P),
    Bad("broken Parquet pages", DataError, r"model\.parquet cannot be read", model=broken_pages, names=M,
        people="item,cat,dog\n" + "".join(f"{i},1,2\n" for i in range(20_000))),
    Bad("no Parquet", DataError, r"people\.parquet cannot be read", people="item,cat\n", names=P),
    Bad("extension that lies", DataError, r"people\.csv is a Parquet file by its first bytes",
        people=parquet(item=["a"], cat=[1], dog=[2])),
    Bad("packed without saying so", DataError, r"people\.csv is packed by gzip by its first bytes",
        people=gzip.compress(PEOPLE.encode())),
    Bad("wrong compression", DataError, r"people\.csv\.gz is not packed by gzip", names=("people.csv.gz", "model.csv")),
    Bad("cut compression", DataError, r"people\.csv\.gz cannot be read", names=("people.csv.gz", "model.csv"),
        people=gzip.compress(os.urandom(4000).hex().encode())[:2000]),
    Bad("unknown extension", DataError, r"people\.dat ends in none of", names=("people.dat", "model.csv")),
    Bad("Parquet by another name", DataError, r"people\.dat is a Parquet file by its first bytes, and ends in none of",
        people=parquet(item=["a"], cat=[1], dog=[2]), names=("people.dat", "model.csv")),
    Bad("Excel workbook", DataError, r"people\.xlsx is a zip archive, such as an Excel workbook: save .* as CSV", people=b"PK\x03\x04 more",
        names=("people.xlsx", "model.csv")),
    Bad("glob without files", DataError, r"nothing-\*\.csv matches no file", people=nothing, names=("nothing-*.csv", "model.csv")),
    Bad("glob of different headers", DataError, r"part-2\.csv has another header line than .*part-1\.csv", people=in_pieces,
        names=("part-*.csv", "model.csv")),
    Bad("glob of two formats", DataError, r"part-\* matches files of several formats", people=two_formats,
        names=("part-*", "model.csv")),
    # text formats
    Bad("ragged, short", DataError, r"people\.csv, line 3 has 2 fields, but the header names 3",
        people="item,cat,dog\na,3,1\nb,0\nc,1,1\n"),
    Bad("ragged, long", DataError, r"people\.csv, line 3 has 4 fields, but the header names 3",
        people="item,cat,dog\na,3,1\nb,0,4,5\n"),
    Bad("open quote", DataError, r"people\.csv, line 2 has a quotation mark that is never closed",
        people='item,cat,dog\n"a,3,1\nb,0,4\n'),
    Bad("column without a name", DataError, r"people\.csv has no name for column 4", people="item,cat,dog,\na,3,1,\n"),
    Bad("two columns of one name", DataError, r"people\.csv has two columns named 'cat'", people="item,cat,cat\na,3,1\n"),
    Bad("two columns of one name in Parquet", DataError, r"model\.parquet has two columns named 'cat'", model=repeated_name,
        names=M),
    Bad("no JSON", DataError, r"people\.jsonl, line \d cannot be read as JSON", people='{"item": "a", "label": "cat"}\n{"item":\n',
        names=("people.jsonl", "model.csv")),
    Bad("JSON array in .jsonl", DataError, r"people\.jsonl is a JSON array, .*name it \.json",
        people=json.dumps([{"item": "a", "label": "cat"}]), names=("people.jsonl", "model.csv")),
    Bad("JSON without records", DataError, r"people\.jsonl", people="1\n2\n", names=("people.jsonl", "model.csv")),
    Bad("nested JSON", DataError, r"model\.jsonl.*'p' is nested", names=("people.csv", "model.jsonl"),
        model='{"item": "a", "p": {"cat": 0.1, "dog": 0.9}}\n'),
    Bad("nested Parquet", DataError, r"people\.parquet, column 'n' is nested", names=P,
        people=parquet(item=["a"], n=[{"cat": 1, "dog": 2}])),
    # ids
    Bad("duplicate id in the model", DataError, r"model\.csv has item 'a' 2 times", model=MODEL + "a,0.5,0.5\n"),
    Bad("duplicate id in people", DataError, r"people\.csv has item 'b' 2 times", people=PEOPLE + "b,1,1\n"),
    Bad("duplicate id on both sides", DataError, r"people\.csv has item 'a' more than once", people=PEOPLE + "a,1,1\n",
        model=MODEL + "a,0.5,0.5\n"),
    Bad("the same duplicate in other orders", DataError, r"people\.csv has item 'a' 2 times", people=PEOPLE + "a,1,1\n",
        model="item,cat,dog\na,0.5,0.5\n" + MODEL.removeprefix("item,cat,dog\n")[::1].replace("c,0.5,0.5\n", "") + "c,0.5,0.5\n"),
    Bad("id in people only", DataError, r"1 item of .*people\.csv is not in .*model\.csv \('d'\).*--missing drop",
        people=PEOPLE + "d,1,1\n"),
    Bad("id in the model only", DataError, r"1 item of .*model\.csv is not in .*people\.csv \('d'\).*--missing drop",
        model=MODEL + "d,0.5,0.5\n"),
    Bad("no id in common", DataError, r"no item in common", model=MODEL.replace("\n", "\nx").removesuffix("x")),
    Bad("empty id", DataError, r"people\.csv.*(no id|without an id) in column 'item'", people="item,cat,dog\na,3,1\n,0,4\nc,2,2\n"),
    Bad("ids that are fractions", DataError, r"people\.parquet", names=P, people=parquet(item=[0.5, 1.0], cat=[1, 2], dog=[1, 2])),
    Bad("ids that are lists", DataError, r"people\.parquet", names=P, people=parquet(item=[[1], [2]], cat=[1, 2], dog=[1, 2])),
    Bad("ids on one side", DataError, r"model\.csv.*--item", model="picture,cat,dog\na,0.7,0.3\n"),
    Bad("rows without ids, unequal", DataError, r"model\.csv has 2 rows and .*people\.csv has more",
        people="cat,dog\n1,2\n3,4\n5,6\n", model="cat,dog\n0.5,0.5\n0.1,0.9\n"),
    # counts
    Bad("text in a number column", DataError, r"people\.csv, line 3, column 'dog' holds 'many', but the column holds numbers",
        people=PEOPLE.replace("b,0,4", "b,0,many")),
    Bad("text in a number column of the model", DataError, r"model\.csv, line 2, column 'cat' holds 'high'",
        model=MODEL.replace("0.7", "high")),
    Bad("empty cell", DataError, r"people\.csv, item 'b', column 'dog' is empty", people=PEOPLE.replace("b,0,4", "b,0,")),
    Bad("negative count", DomainError, r"people\.csv, item 'b', column 'cat' is -1, but a count", people=PEOPLE.replace("b,0", "b,-1")),
    Bad("fractional count", DomainError, r"people\.csv, item 'b', column 'cat' is 1\.5, but a count", people=PEOPLE.replace("b,0", "b,1.5")),
    Bad("huge count", DomainError, r"people\.csv, item 'b', column 'cat' is 3000000000, but a count",
        people=PEOPLE.replace("b,0", "b,3000000000")),
    Bad("infinite count", DomainError, r"people\.csv, item 'b', column 'cat' is inf", people=PEOPLE.replace("b,0", "b,inf")),
    Bad("NaN count", DomainError, r"people\.parquet, item 'b', column 'cat' is nan", names=P,
        people=parquet(item=["a", "b", "c"], cat=[1.0, float("nan"), 2.0], dog=[1.0, 2.0, 3.0])),
    Bad("nobody judged", DataError, r"people\.csv, item 'b' has no judgements", people=PEOPLE.replace("b,0,4", "b,0,0")),
    Bad("negative long count", DomainError, r"people\.csv, item 'a', column 'count' is -2",
        people="item,label,count\na,cat,-2\na,dog,3\nb,cat,1\nc,dog,1\n"),
    Bad("fractional long count", DomainError, r"people\.csv, item 'a', column 'count' is 2\.5",
        people="item,label,count\na,cat,2.5\na,dog,3\nb,cat,1\nc,dog,1\n"),
    Bad("missing answer", DataError, r"people\.csv, item 'b' has no answer in column 'label'.*--missing drop",
        people=LONG.replace("b,1,dog", "b,1,")),
    Bad("missing label", DataError, r"people\.csv, item 'b' has an empty answer", people="item,label\na,cat\nb,\nc,dog\n"),
    # probabilities
    Bad("negative probability", DomainError, r"model\.csv, item 'a', column 'cat' is -0\.7.*logits, pass --model-kind logits",
        model=MODEL.replace("a,0.7,0.3", "a,-0.7,1.7")),
    Bad("probability above 1", DomainError, r"model\.csv, item 'b', column 'dog' is 1\.9", model=MODEL.replace("0.9", "1.9")),
    Bad("NaN probability", DomainError, r"model\.csv, item 'b', column 'dog' is nan", model=MODEL.replace("0.9", "nan")),
    Bad("infinite probability", DomainError, r"model\.csv, item 'b', column 'dog' is inf", model=MODEL.replace("0.9", "inf")),
    Bad("rows that do not sum to 1", DomainError, r"model\.csv, item 'b': the probabilities sum to 0\.99.*--renormalise",
        model=MODEL.replace("0.9", "0.89")),
    Bad("NaN logit", DomainError, r"model\.csv, item 'b', column 'dog' is nan, but logits", model="item,cat,dog\na,3,-1\nb,0,nan\nc,2,2.5\n"),
    Bad("every logit −∞", DomainError, r"model\.csv, item 'b': every class has −∞",
        model="item,cat,dog\na,3,-1\nb,-inf,-inf\nc,2,2.5\n"),
    Bad("log-probabilities that are none", DomainError, r"model\.csv, item 'a': the probabilities sum to",
        model="item,cat,dog\na,-3,-1\nb,-2,-1\nc,-2,-2.5\n", options={"model_kind": "log-probs"}),
    Bad("people's shares that do not sum to 1", DomainError, r"people\.csv, item 'b': the probabilities sum to 0\.9",
        people="item,cat,dog\na,0.5,0.5\nb,0.5,0.4\nc,0.25,0.75\n"),
    Bad("people's averages", DomainError, r"people\.csv, columns cat, dog hold values from 0\.5 to 3\.5",
        people="item,cat,dog\na,3.5,0.5\nb,2.5,1.5\nc,2.5,2.5\n"),
    Bad("an item with a class twice", DataError, r"model\.csv, item 'a' has two probabilities for class 'cat'",
        model="item,label,p\na,cat,0.5\na,cat,0.5\nb,dog,1\nc,dog,1\n"),
    Bad("lists of different lengths", DataError, r"model\.parquet, item 'b', column 'p' holds 1 numbers, but 2 are needed", names=M,
        model=parquet(item=["a", "b", "c"], p=[[0.5, 0.5], [1.0], [0.1, 0.9]]), options={"classes": ("cat", "dog")}),
    Bad("infinite weight", DomainError, r"people\.csv, item 'b', column 'w' is inf, but a weight",
        people="item,cat,dog,w\na,3,1,1\nb,0,4,inf\nc,2,2,1\n", options={"weight": "w"}),
    Bad("weights that differ within an item", DataError, r"people\.csv, item 'a' has more than one value in column \"w\"",
        people="item,label,w\na,cat,1\na,dog,2\nb,dog,1\nc,dog,1\n", options={"weight": "w"}),
    # classes and kinds
    Bad("labels where numbers are needed", DataError, r"model\.csv has no columns with a model's numbers",
        model="item,cat,dog\na,high,low\nb,low,high\nc,low,low\n"),
    Bad("one class only", DataError, r"people\.csv has one class only, 'cat'.*--classes cat",
        people="item,label\na,cat\nb,cat\nc,cat\n", model="item,cat\na,0.5\nb,0.5\nc,0.5\n"),
    Bad("no class in common", DataError, r"model\.csv has no class in common with people", model=MODEL.replace("cat,dog", "Katze,Hund")),
    Bad("answers that are no classes", DataError, r"people\.csv, column 'label' holds 2000 different texts",
        people="item,label\n" + "".join(f"{i},text {i}\n" for i in range(2000))),
    Bad("answers that are fractions", DataError, r"people\.parquet, column 'label' holds 0\.5, but an answer", names=P,
        people=parquet(item=["a", "b", "c"], label=[0.5, 1.0, 2.0])),
    Bad("a class that --classes does not name", DataError, r"people\.csv, column 'label' holds 'dog', which is not one of the classes",
        people="item,label\na,cat\nb,dog\nc,cat\n", options={"classes": ("cat", "horse")}),
    Bad("a class column that is not there", DataError, r"no input has a column for class 'dgo' .*did you mean 'dog'\?",
        options={"classes": ("cat", "dgo")}),
    Bad("a class named twice", DataError, r"classes names 'cat' twice", options={"classes": ("cat", "cat")}),
    Bad("positive that is no class", DataError, r"positive.*'horse'.*not one of", options={"positive": "horse"}, model="item,p\na,0.7\nb,0.1\nc,0.5\n"),
    Bad("one column for three classes", DataError, r"model\.csv has one number column, 'cat', read as the probability of 'cat', but there are 3 classes",
        people="item,cat,dog,cow\na,3,1,0\nb,0,4,0\nc,2,2,1\n", model="item,cat\na,0.7\nb,0.1\nc,0.5\n"),
    Bad("a flag for a column that is not there", DataError, r"--label names column 'lable'.*did you mean 'label'\?", people=LONG,
        options={"label": "lable"}),
    Bad("a weight that is not there", DataError, r"--weight names column 'importance'.*the columns are", options={"weight": "importance"}),
    Bad("an option that is no option", DataError, r"people_kind is 'count', but must be one of", options={"people_kind": "count"}),
    Bad("too little memory", DataError, r"memory is 1000 bytes, but must be at least 64 MiB", options={"memory": 1000}),
    Bad("several answers read as one", DataError, r"people\.csv has several judgements for an item", people=LONG, options={"people_kind": "labels"}),
    Bad("verdicts that are not there", DataError, r"model\.csv has no column of verdicts", options={"model_kind": "verdicts"}),
    # two readings
    Bad("probability of which class", AmbiguityError, r"model\.csv, column 'p' is one probability, but of which class \(cat, dog\).*--positive",
        model="item,p\na,0.7\nb,0.1\nc,0.5\n"),
    Bad("counts or logits", AmbiguityError, r"model\.csv, columns cat, dog hold whole numbers.*--model-kind",
        model="item,cat,dog\na,7,3\nb,1,9\nc,5,5\n"),
    Bad("logits or shares", AmbiguityError, r"model\.csv, columns cat, dog lie in 0 to 1 but do not sum to 1.*--model-kind logits",
        model="item,cat,dog\na,0.7,0.9\nb,0.1,0.2\nc,0.5,0.9\n"),
    Bad("logit or log-probability", AmbiguityError, r"model\.csv, column 'cat' is nowhere above 0.*--model-kind",
        model="item,cat\na,-0.7\nb,-1\nc,-3\n"),
    Bad("two id columns", AmbiguityError, r"people\.csv has 2 columns that may be the item \(id, task\).*--item id",
        people="id,task,cat,dog\na,x,3,1\n", model="uid,cat,dog\na,0.5,0.5\n"),
    Bad("two answer columns", AmbiguityError, r"people\.csv has 2 columns that may be the label \(label, answer\).*--label label",
        people="item,label,answer\na,cat,dog\nb,dog,dog\n"),
    Bad("whole numbers in one column", AmbiguityError, r"people\.csv has one column of whole numbers, 'cat'.*--label cat.*--people-kind probs",
        people="item,cat\na,1\nb,0\nc,1\n"),
    Bad("a label with its probability", AmbiguityError, r"model\.csv gives one label and one probability per item.*--model-kind verdicts",
        model="item,label,p\na,cat,0.7\nb,dog,0.9\nc,cat,0.5\n"),
    Bad("number columns that may be classes", AmbiguityError, r"model\.csv has number columns that are no class of people's \(mystery\).*--classes",
        model="item,cat,dog,mystery\na,2,-1,4\nb,1,-3,0.5\nc,0.25,1,1\n"),
    Bad("shares or something else", AmbiguityError, r"people\.csv, columns cat, dog hold fractions whose rows do not sum to 1",
        people="item,cat,dog\na,0.3,0.1\nb,0.5,0.2\nc,0.2,0.25\n"),
    Bad("no columns of people", DataError, r"people\.csv has no column of answers and no columns of classes", people="item,remark\na,nice\nb,ugly\n"),
    Bad("classes of an array", AmbiguityError, r"model\.npy has 2 columns without names.*--classes", model=array(np.full((3, 2), 0.5)),
        names=("people.csv", "model.npy"), people="cat,dog\n1,2\n3,4\n5,6\n"),
    # arrays
    Bad("three dimensions", DataError, r"model\.npy has 3 dimensions", model=array(np.zeros((2, 2, 2))), names=("people.csv", "model.npy")),
    Bad("an empty array", DataError, r"model\.npy is empty", model=array(np.zeros((0, 2))), names=("people.csv", "model.npy")),
    Bad("Python objects in an array", DataError, r"model\.npy cannot be read", model=objects, names=("people.csv", "model.npy")),
    Bad("complex numbers", DataError, r"model\.npy holds complex128", model=array(np.zeros((2, 2), complex)), names=("people.csv", "model.npy")),
    Bad("cut array", DataError, r"model\.npy cannot be read", model=b"\x93NUMPY\x01\x00", names=("people.csv", "model.npy")),
]  # fmt: skip


def write(path: Path, content: Any) -> str:
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    return str(path)


def stream(people: str, model: str, options: dict[str, Any]) -> None:
    with data.open_pair(people, [model], options=data.ReadOptions(**options)) as pair:
        for _ in pair.blocks():
            pass


def assert_one_sentence(text: str) -> None:
    assert "\n" not in text
    assert len(text) < 600
    for leak in ("Traceback", "duckdb", "pyarrow", "polars", "Possible", "Exception", "INTERNAL", "kept_", "arrow_"):
        assert leak not in text


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad.kind)
def test_bad_input_is_refused_in_one_sentence(bad: Bad, tmp_path: Path, spill: Path) -> None:
    people = write(tmp_path / bad.names[0], bad.people)
    model = write(tmp_path / bad.names[1], bad.model)
    with pytest.raises(BitsapartError) as caught:
        stream(people, model, bad.options)
    text = str(caught.value)
    assert type(caught.value) is bad.error, text
    assert re.search(bad.words, text), text
    assert_one_sentence(text)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_table_has_at_least_forty_kinds() -> None:
    assert len({bad.kind for bad in TABLE}) == len(TABLE) >= 40


def test_an_unreadable_file_is_said(tmp_path: Path, spill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the refusal is staged."""
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    plain = Path.open

    def refuse(self: Path, *arguments: Any, **more: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return plain(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"people\.csv may not be read: permission denied"):
        data.open_people(path)


FULL_DISK = """
import resource, sys
from bitsapart import data
from bitsapart.errors import DataError
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with data.open_pair(sys.argv[1], [sys.argv[2]], options=data.ReadOptions(memory=64 << 20, temp_dir=sys.argv[3])) as pair:
        for block in pair.blocks():
            pass
except DataError as error:
    print(error)
    sys.exit(2)
"""


def test_a_full_disk_while_spilling_is_said(tmp_path: Path) -> None:
    rows = 3_000_000
    order = np.random.default_rng(0)
    label, probability = np.arange(rows) % 2, np.full(rows, 0.5)
    pq.write_table(pa.table({"item": order.permutation(rows), "label": label}), tmp_path / "people.parquet")
    pq.write_table(pa.table({"item": order.permutation(rows), "p": probability}), tmp_path / "model.parquet")
    spill = tmp_path / "spill"
    spill.mkdir()
    paths = [str(tmp_path / "people.parquet"), str(tmp_path / "model.parquet"), str(spill)]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *paths], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert re.search(r"temporary folder.*--temp-dir|--memory", done.stdout), done.stdout
    assert_one_sentence(done.stdout.strip())
    assert list(spill.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1 << 20
