"""Every example runs and says what it promises: in docstrings, in the README and on the pages of docs."""

import contextlib
import doctest
import importlib
import io
import re
import shlex
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from bitsapart.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def modules_with_examples():
    for path in sorted((SOURCE / "bitsapart").rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(SOURCE).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_examples_run(name, tmp_path, monkeypatch):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs a package of an extra: {error}")
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert tried > 0
    assert failed == 0


def pages_with_examples():
    for path in PAGES:
        for place, code in enumerate(PYTHON.findall(path.read_text(encoding="utf-8")), 1):
            yield pytest.param(code, id=f"{path.relative_to(ROOT)}-{place}")


@pytest.mark.parametrize("code", list(pages_with_examples()))
def test_examples_of_the_pages_print_what_the_page_says(code, tmp_path, monkeypatch):
    """The comments at a block's end are what it prints."""
    monkeypatch.chdir(tmp_path)
    said = [line.removeprefix("# ") for line in re.search(r"(^#.*\n)*\Z", code, re.MULTILINE)[0].splitlines()]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "example", "exec"), {})
    if said:
        assert printed.getvalue().splitlines() == said


# --- the commands that the pages show ---

BLOCK = re.compile(r"^```(?:text|sh)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?(bitsapart .*)$", re.MULTILINE)
INLINE = re.compile(r"`(bitsapart [^`…]*\.(?:csv|json|parquet)[^`…]*)`")
WORKFLOW = re.compile(r"^- run: (bitsapart .*(?:\n {7}.*)*)$", re.MULTILINE)
PARSED_ONLY = ("train", "predict")  # minutes long: their own tests run them, here their flags must exist
CLASSES = {"llm-judge": ("sound", "unsound")}
JUDGES = ("anna", "ben", "chen", "dora", "emil")


def commands_of(page):
    """The commands a page shows, in its order."""
    text = page.read_text(encoding="utf-8")
    found = [(m.start(), m[1]) for pattern in (INLINE, WORKFLOW) for m in pattern.finditer(text)]
    found += [(block.start() + m.start(), m[1]) for block in BLOCK.finditer(text) for m in COMMAND.finditer(block[1])]
    return [shlex.split(command, comments=True)[1:] for _, command in sorted(found)]


def make_desk(folder, classes):
    """The files that the pages speak of: forty items, five people, a few models."""
    generator = np.random.default_rng(7)
    for name in ("people", "scores", "tests", "build", "pictures"):
        (folder / name).mkdir()
    items = [str(n) for n in range(1, 41)]
    truth = generator.beta(0.6, 0.6, len(items))
    said = generator.random((len(items), len(JUDGES))) > truth[:, None]
    second = said.sum(1)
    people = pa.table({
        "item": np.repeat(items, len(JUDGES)), "annotator": list(JUDGES) * len(items),
        "label": np.array(classes)[said.ravel().astype(int)],
    })  # fmt: skip
    counts = pa.table({"item": items, classes[0]: len(JUDGES) - second, classes[1]: second})

    def forecasts(spread):
        shares = np.clip(truth + generator.normal(0, spread, len(truth)), 0.02, 0.98)
        return pa.table({"item": items, classes[0]: shares, classes[1]: 1 - shares})

    models = {name: forecasts(0.05 + 0.03 * n) for n, name in enumerate(("model", "a", "b", "c", "gpt", "other"))}
    for name, made in {
        "people": people,
        "pilot": people,
        "test-people": people,
        "test-model": models["a"],
        **models,
    }.items():
        csv.write_csv(made, folder / f"{name}.csv")
    csv.write_csv(
        models["a"].select(["item", classes[0]]).rename_columns(["item", "probability"]), folder / "judge.csv"
    )
    halves = {"1": 0, "2": 20}
    for name, made in {"people": counts, **{name: models[name] for name in "abc"}, "model": models["model"]}.items():
        pq.write_table(made, folder / f"{name}.parquet")
        for half, start in halves.items():
            pq.write_table(made.slice(start, 20), folder / f"{name}-{half}.parquet")
    for half in halves:
        pq.write_table(pq.read_table(folder / f"people-{half}.parquet"), folder / "people" / f"{half}.parquet")
        pq.write_table(pq.read_table(folder / f"model-{half}.parquet"), folder / "scores" / f"{half}.parquet")
    pq.write_table(counts, folder / "tests" / "people.parquet")
    pq.write_table(models["model"], folder / "build" / "predictions.parquet")
    both = models["model"].rename_columns(["item", *(f"p_{name}" for name in classes)])
    pq.write_table(counts.join(both, "item"), folder / "judged.parquet")


def pages_with_commands():
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES if commands_of(page)]


@pytest.mark.parametrize("page", pages_with_commands())
def test_commands_of_the_pages_run(page, tmp_path, monkeypatch, capsys):
    """Each with exit code 0; with 1 where it is a gate."""
    make_desk(tmp_path, CLASSES.get(page.stem, ("cat", "dog")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("click.launch", lambda _: None)
    for arguments in commands_of(page):
        if arguments[0] in PARSED_ONLY:
            importlib.import_module(f"bitsapart.cli.{arguments[0]}").command.make_context(arguments[0], arguments[1:])
            continue
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        said = capsys.readouterr()
        assert left.value.code in ((0, 1) if "--fail-above" in arguments else (0,)), (arguments, said.err)
        assert said.out or "--json" in arguments


def shown_outputs():
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            if block.startswith("$ bitsapart "):
                command, *lines = block.splitlines()
                yield pytest.param(command[2:], lines, id=f"{page.relative_to(ROOT)}: {command[2:]}")


@pytest.mark.parametrize(("command", "lines"), list(shown_outputs()))
def test_what_a_command_is_shown_to_say_is_what_it_says(command, lines, tmp_path, monkeypatch, capsys):
    """Line by line; a line that is only "…" stands for any number of lines."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(shlex.split(command)[1:])
    said = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else re.escape(line) + r"\n" for line in lines)
    assert re.fullmatch(pattern, "".join(f"{line}\n" for line in said))
