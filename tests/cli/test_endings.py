"""How the command ends when it is stopped, when nobody reads on, and when there is no room: nothing is left behind."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = 3_000_000
INTERRUPTED = 130


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    for name, text in (("people", "item,cat,dog\na,3,1\nb,0,4\n"), ("model", "item,cat,dog\na,0.7,0.3\nb,0.1,0.9\n")):
        (tmp_path / f"{name}.csv").write_text(text)
    return [str(tmp_path / f"{name}.csv") for name in ("people", "model")]


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two files whose join has to spill."""
    folder, rng = tmp_path_factory.mktemp("shuffled"), np.random.default_rng(0)
    sides = {"people": {"label": np.arange(ROWS) % 2}, "model": {"p": np.full(ROWS, 0.5)}}
    for name, columns in sides.items():
        pq.write_table(pa.table({"item": rng.permutation(ROWS), **columns}), folder / f"{name}.parquet")
    return [str(folder / f"{name}.parquet") for name in sides]


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bitsapart", "compare", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def when_spilling(words: list[str], spill: Path) -> subprocess.Popen[str]:
    """The command at the moment when it has put something into its temporary folder."""
    process = start(*words, "--memory", "64MiB", "--temp-dir", str(spill), "--json", str(spill.parent / "result.json"))
    deadline = time.monotonic() + 60
    while not any(spill.glob("bitsapart-*/*.tmp")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None
    return process


@pytest.fixture
def spill(tmp_path: Path) -> Path:
    folder = tmp_path / "spill"
    folder.mkdir()
    return folder


def test_ctrl_c_leaves_nothing_behind(shuffled: list[str], spill: Path) -> None:
    process = when_spilling(shuffled, spill)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (INTERRUPTED, "", "Stopped.")
    assert sorted(spill.parent.rglob("*")) == [spill]


def test_being_killed_leaves_nothing_beside_the_data_or_the_result(shuffled: list[str], spill: Path) -> None:
    process = when_spilling(shuffled, spill)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert sorted(path.name for path in Path(shuffled[0]).parent.iterdir()) == ["model.parquet", "people.parquet"]
    assert list(spill.parent.iterdir()) == [spill]


def test_what_a_killed_run_spilled_is_removed_by_the_next_and_what_a_living_one_spills_is_not(
    shuffled: list[str], small: list[str], spill: Path
) -> None:
    def another_run() -> None:
        assert start(*small, "--temp-dir", str(spill)).communicate(timeout=60)[0]

    process = when_spilling(shuffled, spill)
    process.send_signal(signal.SIGSTOP)
    [folder] = spill.iterdir()
    there = sorted(folder.iterdir())
    another_run()
    assert sorted(folder.iterdir()) == there
    process.kill()
    process.communicate(timeout=60)
    assert list(spill.iterdir()) == [folder]
    another_run()
    assert list(spill.iterdir()) == []


@pytest.mark.parametrize("flags", [[], ["--json", "-"]])
def test_a_reader_that_goes_away_is_no_error(flags: list[str], small: list[str]) -> None:
    process = start(*small, *flags)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as stderr:
        assert stderr.read() == ""
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("flag", ["--json", "--tally", "--html"])
def test_a_full_disk_leaves_no_half_of_a_result(flag: str, small: list[str], tmp_path: Path) -> None:
    there = sorted(tmp_path.iterdir())
    process = start(*small, flag, str(tmp_path / "result"))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100, 100))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert err == f"DataError: {tmp_path / 'result'} cannot be written: File too large\n"
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize("flag", ["--json", "--tally", "--html"])
@pytest.mark.parametrize(
    ("target", "reason"), [("none/result", "No such file"), ("people.csv/result", "Not a dir"), ("", "Is a dir")]
)
def test_a_place_that_takes_no_file_is_said(
    flag: str, target: str, reason: str, small: list[str], tmp_path: Path
) -> None:
    there = sorted(tmp_path.iterdir())
    process = start(*small, flag, f"{tmp_path}/{target}")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert err.startswith("DataError: ")
    assert f"cannot be written: {reason}" in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == there


def test_an_encoding_that_lacks_signs_gets_others_and_json_stays_whole(small: list[str]) -> None:
    def run(*flags: str) -> bytes:
        command = [sys.executable, "-m", "bitsapart", "compare", *small, *flags]
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        return subprocess.run(command, capture_output=True, env=environment, timeout=60, check=True).stdout

    text = run().decode("ascii")
    assert re.search(r"absolute error +0\.08 +-0\.24 to 0\.39 +sum \|p-q\|", text)
    assert "2 items | 8 judgements (4 per item)" in text
    assert json.loads(run("--json", "-").decode("utf-8"))["items"] == 2


def test_a_pipe_is_said_to_be_one(small: list[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name in (str(tmp_path / "pipe.csv"), "-"):
        _, err = start(name, small[1]).communicate(timeout=60)
        rule = "is a pipe or a device, but an input is read more than once: save it to a file first"
        assert err == f"DataError: {name} {rule}\n"


def test_too_little_memory_is_one_sentence(small: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from bitsapart.cli.main import main

    def refuse(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("bitsapart.comparison.run.document", refuse)
    monkeypatch.setattr(sys, "argv", ["bitsapart", "compare", *small])
    with CliRunner().isolation() as (_, err, _out), pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert (
        err.getvalue().decode() == "There is not enough memory for this: fewer classes or smaller counts need less.\n"
    )


def test_a_narrow_terminal_cuts_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from bitsapart.cli.terminal import terminal

    monkeypatch.setenv("FORCE_COLOR", "1")
    for columns, width in (("40", 64), ("100", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        assert terminal().width == width
