"""Items are matched by id: side by side where the order is the same, joined where not; nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bitsapart import data
from bitsapart.data import alignment
from bitsapart.errors import DataError

Items = Callable[..., dict[str, Any]]
ROWS = 400_000


def sides(rows: int = ROWS, *, text: bool = False) -> tuple[pa.Table, pa.Table]:
    ids: Any = np.arange(rows) * 7 % rows if rows % 7 else np.arange(rows)
    names = [f"x{i}" for i in ids] if text else ids
    labels = (ids % 3).astype(np.int16)
    probs = {str(c): np.where(labels == c, 0.5, 0.25) for c in range(3)}
    return pa.table({"item": names, "label": labels}), pa.table({"item": names, **probs})


def agrees(pair: data.Pair) -> int:
    """Stream a pair made by `sides`; every item must meet its own model row. The number of items."""
    done = 0
    with pair:
        for block in pair.blocks():
            assert isinstance(block.people, np.ndarray)
            likely = np.column_stack(block.models[0]).argmax(axis=1)
            assert (likely == block.people).all()
            done += len(block)
    return done


@pytest.mark.parametrize("text", [False, True])
def test_the_same_order_needs_no_join(text: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitsapart.data.pair.joined", None)
    people, model = sides(text=text)
    pair = data.open_pair(people, model)
    assert agrees(pair) == ROWS
    assert pair.announcements == []


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("differs_from", [0, 1000, 300_000])
def test_other_orders_are_joined_from_where_they_differ(text: bool, differs_from: int, spill: Path) -> None:
    people, model = sides(text=text)
    rest = np.random.default_rng(2).permutation(np.arange(differs_from, ROWS))
    moved = model.take(np.concatenate([np.arange(differs_from), rest]))
    pair = data.open_pair(people, moved, options=data.ReadOptions(people_kind="labels"))
    assert agrees(pair) == ROWS


def test_blocks_of_any_cut_are_read_side_by_side(tmp_path: Path) -> None:
    people, model = sides()
    pq.write_table(people, tmp_path / "p.parquet", row_group_size=33_333)
    pq.write_table(model, tmp_path / "m.parquet", row_group_size=50_001)
    assert agrees(data.open_pair(tmp_path / "p.parquet", tmp_path / "m.parquet")) == ROWS


@pytest.mark.parametrize("position", [0, 150_000, ROWS - 1])
def test_a_missing_row_is_found_wherever_it_is(position: int, spill: Path) -> None:
    people, model = sides()
    without = pa.concat_tables([model.slice(0, position), model.slice(position + 1)])
    name = people["item"][position].as_py()
    with pytest.raises(DataError, match=rf"1 item of people is not in model \('{name}'\)"):
        agrees(data.open_pair(people, without))
    pair = data.open_pair(people, without, options=data.ReadOptions(missing="drop"))
    assert agrees(pair) == ROWS - 1
    assert pair.announcements == [f"left out: 1 item of people is not in model ('{name}')"]


def test_items_must_stand_in_every_model(spill: Path, items: Items) -> None:
    people = {"item": ["a", "b", "c", "d"], "label": ["x", "y", "x", "y"]}
    first = {"item": ["d", "b", "c"], "x": [0.25, 0.5, 0.75], "y": [0.75, 0.5, 0.25]}
    second = {"item": ["e", "c", "b", "a"], "x": [0.5, 1.0, 0.0, 0.5], "y": [0.5, 0.0, 1.0, 0.5]}
    with pytest.raises(DataError, match=r"1 item of people is not in model 1 \('a'\); 1 item of people.*model 2"):
        items(data.open_pair(people, [first, second]))
    pair = data.open_pair(people, [first, second], options=data.ReadOptions(missing="drop"))
    assert items(pair) == {"b": ((1,), (0.5, 0.5), (0.0, 1.0)), "c": ((0,), (0.75, 0.25), (1.0, 0.0))}
    assert len(pair.announcements) == 3


def test_unmatched_and_unanswered_items_are_dropped_and_counted(spill: Path, items: Items) -> None:
    people = {"item": [3, 1, 2, 9], "x": [1, 0, 4, 1], "y": [2, 0, 0, 1]}
    model = {"item": [1, 2, 3], "x": [0.5, 0.25, 0.75], "y": [0.5, 0.75, 0.25]}
    pair = data.open_pair(people, model, options=data.ReadOptions(missing="drop"))
    assert items(pair) == {"3": ((1, 2), (0.75, 0.25)), "2": ((4, 0), (0.25, 0.75))}
    assert pair.announcements == [
        "left out: 1 item of people is not in model ('9')",
        "left out: 1 item that nobody answered",
    ]


def test_duplicates_are_looked_for_even_where_nothing_is_joined(items: Items) -> None:
    ids = ["c", "a", "b", "a"]
    model = {"item": ids, "x": [0.5] * 4, "y": [0.5] * 4}
    with data.open_pair({"item": ids, "x": [1] * 4, "y": [2] * 4}, model) as pair:
        stream = pair.blocks()
        assert len(next(stream)) == 4
        with pytest.raises(DataError, match="people has item 'a' more than once"):
            next(stream)


def test_where_duplicates_cannot_be_looked_for_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment.Increasing, "KEPT", 1000)
    people, model = sides(5000)
    assert people["item"].to_pylist() != sorted(people["item"].to_pylist())
    pair = data.open_pair(people, model, options=data.ReadOptions(people_kind="labels"))
    assert agrees(pair) == 5000
    assert pair.announcements == [
        "duplicate ids were not looked for: column 'item' is long and not in increasing order"
    ]
    risen = [table.sort_by("item") for table in (people, model)]
    quiet = data.open_pair(*risen)
    assert agrees(quiet) == 5000
    assert quiet.announcements == []


@pytest.mark.parametrize("as_text", [False, True])
def test_rising_ids_hold_no_duplicates(as_text: bool) -> None:
    watch = alignment.Increasing()
    for part in ([1, 2, 5], [6, 9]):
        watch.see(pa.array([str(one) for one in part]) if as_text else pa.array(part))
    assert watch.increasing
    watch.see(pa.array(["6"]) if as_text else pa.array([6]))
    assert not watch.increasing
    assert watch.duplicate() == "6"


def test_ids_match_by_their_text(spill: Path, tmp_path: Path, items: Items) -> None:
    """ "07" is not 7; integers of any width and whole floats are the same id."""
    (tmp_path / "p.csv").write_text("item,x,y\n7,1,2\n8,3,4\n")
    model = {"item": np.array([7, 8], np.int16), "x": [0.5, 0.25], "y": [0.5, 0.75]}
    assert set(items(data.open_pair(tmp_path / "p.csv", model))) == {"7", "8"}
    floats = {**model, "item": np.array([8.0, 7.0])}
    assert items(data.open_pair({"item": [7, 8], "x": [1, 3], "y": [2, 4]}, floats))["7"] == ((1, 2), (0.25, 0.75))
    (tmp_path / "p.csv").write_text("item,x,y\n07,1,2\n8,3,4\n")
    with pytest.raises(DataError, match=r"1 item of .*p\.csv is not in model \('07'\)"):
        items(data.open_pair(tmp_path / "p.csv", model))


def test_rows_can_be_matched_by_their_order_on_request(items: Items) -> None:
    people = {"item": ["a", "b"], "x": [1, 3], "y": [2, 4]}
    model = {"item": ["u", "v"], "x": [0.5, 0.25], "y": [0.5, 0.75]}
    pair = data.open_pair(people, model, options=data.ReadOptions(in_order=True))
    assert items(pair) == {"row 1": ((1, 2), (0.5, 0.5)), "row 2": ((3, 4), (0.25, 0.75))}
    assert all("by their row" in note for note in pair.notes)


def test_a_pair_can_be_streamed_again_until_it_is_closed(spill: Path) -> None:
    people, model = sides(1000)
    with data.open_pair(people, model[::-1]) as pair:
        first = [np.asarray(block.ids).tolist() for block in pair.blocks()]
        again = [np.asarray(block.ids).tolist() for block in pair.blocks()]
        assert sorted(chain(*first)) == sorted(chain(*again)) == sorted(str(i) for i in range(1000))
        assert len(list(spill.iterdir())) == 1


def test_an_abandoned_stream_leaves_nothing_behind(spill: Path) -> None:
    people, model = sides(ROWS)
    with data.open_pair(people, model[::-1], options=data.ReadOptions(people_kind="labels")) as pair:
        for _ in pair.blocks():
            break
    assert list(spill.iterdir()) == []


SPILL = """
import sys
from bitsapart import data
options = data.ReadOptions(memory=64 << 20, temp_dir=sys.argv[3], threads=2)
with data.open_pair(sys.argv[1], [sys.argv[2]], options=options) as pair:
    print("open", flush=True)
    items = 0
    for block in pair.blocks():
        items += len(block)
    if "--slow" in sys.argv:
        print("joined", flush=True)
        import time
        time.sleep(60)
    from pathlib import Path
    peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    print(items, int(peak) // 1024)
"""


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two shuffled files whose join does not fit into 64 MiB."""
    folder, rows, order = tmp_path_factory.mktemp("shuffled"), 4_000_000, np.random.default_rng(4)
    label, probability = np.zeros(rows, np.int8), np.full(rows, 0.5)
    label[::2] = 1
    pq.write_table(pa.table({"item": order.permutation(rows), "label": label}), folder / "people.parquet")
    pq.write_table(pa.table({"item": order.permutation(rows), "p": probability}), folder / "model.parquet")
    return [str(folder / "people.parquet"), str(folder / "model.parquet")]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_a_join_larger_than_memory_spills_and_cleans_up(shuffled: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", SPILL, *shuffled, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    items, resident = done.stdout.split()[-2:]
    assert int(items) == 4_000_000
    assert int(resident) < 450
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["open", "joined"])
def test_an_interrupt_leaves_nothing_behind(shuffled: list[str], tmp_path: Path, moment: str) -> None:
    command = [sys.executable, "-c", SPILL, *shuffled, str(tmp_path), "--slow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != moment:
            pass
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in complaint
    assert list(tmp_path.iterdir()) == []


def test_files_that_begin_differently_are_joined_at_once(tmp_path, monkeypatch):
    """Reading them side by side would decode their first rows for nothing."""

    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr("bitsapart.data.pair.side_by_side", refuse)
    (tmp_path / "people.csv").write_text("item,cat,dog\n1,3,1\n2,0,4\n3,2,2\n")
    (tmp_path / "model.csv").write_text("item,cat,dog\n3,0.5,0.5\n1,0.75,0.25\n2,0.25,0.75\n")
    with data.open_pair(tmp_path / "people.csv", [tmp_path / "model.csv"]) as pair:
        rows = {
            name: (cat, p) for block in pair.blocks()
            for name, cat, p in zip(block.ids.take(range(len(block))), block.people[0], block.models[0][0], strict=True)
        }  # fmt: skip
    assert rows == {"1": (3, 0.75), "2": (0, 0.25), "3": (2, 0.5)}
