"""The command line: what it prints, what it writes, how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PEOPLE = "item,cat,dog\n1,3,1\n2,0,4\n3,2,2\n4,4,0\n"
MODEL = "item,cat,dog\n1,0.7,0.3\n2,0.2,0.8\n3,0.5,0.5\n4,0.9,0.1\n"


def bitsapart(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bitsapart", *words], capture_output=True, text=True, cwd=cwd, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "model.csv").write_text(MODEL)
    return tmp_path


def test_the_main_job(folder):
    done = bitsapart("compare", "people.csv", "model.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    for said in ("4 items", "16 judgements (4 per item)", "error rate", "Least squares", "Likelihood", "Cross-entropy",
                 "2 and 3 agree", "worth", "bits", "nats"):  # fmt: skip
        assert said in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("example", ["example:digits", "example:dawid-skene"])
def test_the_examples_need_no_files(example, tmp_path):
    done = bitsapart("compare", example, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Cross-entropy" in done.stdout


def test_json_to_a_file_and_to_the_terminal(folder):
    assert bitsapart("compare", "people.csv", "model.csv", "--json", "r.json", cwd=folder).returncode == 0
    data = json.loads((folder / "r.json").read_text())
    assert (data["schema"], data["unit"], data["items"], data["judgements"]) == (1, "bit", 4, 16)
    shown = bitsapart("compare", "people.csv", "model.csv", "--json", "-", cwd=folder).stdout
    assert json.loads(shown) == data


def test_tallies_of_two_halves_merge_into_the_whole(folder):
    for name, text in (("people", PEOPLE), ("model", MODEL)):
        head, *rows = text.splitlines(keepends=True)
        (folder / f"{name}-1.csv").write_text(head + "".join(rows[2:]))
        (folder / f"{name}-2.csv").write_text(head + "".join(rows[:2]))
    for number in "12":
        done = bitsapart(
            "compare", f"people-{number}.csv", f"model-{number}.csv", "--tally", f"{number}.tally", cwd=folder
        )
        assert done.returncode == 0, done.stderr
    merged = bitsapart("merge", "1.tally", "2.tally", "--json", "-", cwd=folder)
    whole = bitsapart("compare", "people.csv", "model.csv", "--no-detail", "--json", "-", cwd=folder)
    one, two = (json.loads(done.stdout)["models"][0] for done in (merged, whole))
    assert {**one, "name": ""} == {**two, "name": ""}
    shown = ("--curve", "--k-max", "2", "--unit", "nat", "--html", "page.html", "--fail-above", "kl-divergence=-9")
    merged = bitsapart("merge", "1.tally", "2.tally", *shown, cwd=folder)
    whole = bitsapart("compare", "people.csv", "model.csv", "--no-detail", *shown, cwd=folder)
    assert (merged.returncode, whole.returncode) == (1, 1)
    curves = [done.stdout.partition("worth")[2].partition("knows")[0] for done in (merged, whole)]
    assert curves[0] == curves[1]
    assert "cross-entropy, nats" in curves[0]
    assert (folder / "page.html").read_text().startswith("<!doctype html>")


def test_a_limit_for_ci(folder):
    good = bitsapart("compare", "people.csv", "model.csv", "--fail-above", "brier=0.9", cwd=folder)
    assert good.returncode == 0
    bad = bitsapart("compare", "people.csv", "model.csv", "--fail-above", "cross-entropy=0.1", cwd=folder)
    assert bad.returncode == 1
    assert "above 0.1" in bad.stderr
    odd = bitsapart("compare", "people.csv", "model.csv", "--fail-above", "brier", cwd=folder)
    assert odd.returncode == 2
    assert "write a measure, an equals sign and a number" in odd.stderr
    unknown = bitsapart("compare", "people.csv", "model.csv", "--fail-above", "beauty=1", cwd=folder)
    assert unknown.returncode == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare", "nowhere.csv", "model.csv"], "nowhere.csv"),
        (["compare", "people.csv", "people.csv"], ""),
        (["merge", "people.csv"], "this is no tally"),
        (["merge", "nowhere.tally"], "cannot be read"),
        (["compare", "people.csv", "model.csv", "--json", "no/such/folder/r.json"], "cannot be written"),
        (["compare", "people.csv", "model.csv", "--memory", "much"], "is no size"),
        (["compare", "people.csv", "model.csv", "--unit", "byte"], "bit"),
        (["compare"], "PEOPLE"),
        (["compar"], "No such command"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(folder, words, said):
    before = sorted(path.name for path in folder.iterdir())
    done = bitsapart(*words, cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_sentence(folder):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bitsapart", "compare", "people.csv", "model.csv"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=folder, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_no_error(folder):
    command = f"set -o pipefail; '{sys.executable}' -m bitsapart compare people.csv model.csv | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=folder, check=False)
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_help_version_completion():
    assert "MODEL" in bitsapart("compare", "--help").stdout
    assert bitsapart("--version").stdout.startswith("bitsapart ")
    for shell in ("bash", "zsh", "fish"):
        assert "bitsapart" in bitsapart("completion", shell).stdout


def test_every_command_explains_itself():
    from bitsapart.cli.main import _COMMANDS

    for name in _COMMANDS:
        done = bitsapart(name, "--help")
        assert done.returncode == 0, (name, done.stderr)
        assert len(done.stdout) > 150


def test_nothing_but_the_result_goes_to_stdout_when_it_is_json(folder):
    done = bitsapart("compare", "people.csv", "model.csv", "--json", "-", cwd=folder)
    json.loads(done.stdout)
    assert os.linesep.join(done.stderr.splitlines()) == ""
