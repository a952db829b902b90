"""The floors hold, the door is light, and every command is documented."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = set(
    "duckdb pyarrow torch altair ray scipy rich pandas polars narwhals array_api_compat".split()  # noqa: SIM905
)


def imported_names(path: Path) -> set[str]:
    """The last parts of all that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.rpartition(".")[2] for name in names}


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_a_room_imports_only_from_the_floors_below():
    lint = Path(sys.executable).with_name("lint-imports")
    if not lint.exists():
        pytest.skip("import-linter is not installed (pip install 'bitsapart[test]')")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_native_core_is_imported_by_the_tally_and_the_losses_alone():
    allowed = {"comparison", "train"}
    source = ROOT / "src" / "bitsapart"
    users = {path.relative_to(source).parts[0] for path in source.rglob("*.py") if "_core" in imported_names(path)}
    assert users <= allowed


def test_importing_the_package_loads_nothing_heavy():
    modules = json.loads(run_python("import sys, json, bitsapart; print(json.dumps(sorted(sys.modules)))"))
    assert not HEAVY & {name.partition(".")[0] for name in modules}


def test_the_help_loads_nothing_heavy_not_even_numpy():
    code = (
        "import sys, json\n"
        "from bitsapart.cli.main import cli\n"
        "try:\n    cli.main(['--help'], standalone_mode=False)\nexcept SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    modules = json.loads(run_python(code).splitlines()[-1])
    assert not (HEAVY | {"numpy"}) & {name.partition(".")[0] for name in modules}


COMPARED = {
    "a small CSV": "main(['compare', 'people.csv', 'model.csv'])",
    "an example": "main(['compare', 'example:digits'])",
    "judgements": "main(['compare', 'example:dawid-skene'])",
    "a check": "main(['check', 'people.csv'])",
    "a check of labels": "main(['check', 'labels.csv'])",
    "a measure": "main(['measure', 'information', '1/8'])",
    "a plan": "main(['plan', 'people.csv', '--within', '0.1'])",
    "arrays": "import numpy, bitsapart; bitsapart.compare(numpy.eye(2, dtype=int), numpy.array([[0.5, 0.5]] * 2))",
}
WITHOUT_SCIPY = {"a check of labels", "a measure"}  # no interval, no fit
NOT_NEEDED = HEAVY - {"duckdb", "pyarrow", "rich", "array_api_compat", "scipy"} | {"matplotlib"}
PARTS_NOT_NEEDED = {"array_api_compat.numpy", "pyarrow.compute", "pyarrow.parquet", "scipy.stats"}
LOADED_BY_SCIPY = {"numpy.f2py", "numpy.ma", "numpy.testing"}


@pytest.mark.parametrize("work", COMPARED)
def test_small_work_loads_only_what_it_needs(work, tmp_path):
    """Starting is most of the time of a small comparison (`benchmarks/start.py`)."""
    rows = [f"{item},{item % 4},{item % 3 + 1}" for item in range(1, 41)]
    (tmp_path / "people.csv").write_text("\n".join(["item,cat,dog", *rows]))
    (tmp_path / "model.csv").write_text("\n".join(["item,cat,dog", *(f"{item},0.25,0.75" for item in range(1, 41))]))
    (tmp_path / "labels.csv").write_text("\n".join(["item,label", *(f"{item},cat" for item in range(40)), "40,dog"]))
    code = (
        "import json, sys\nfrom bitsapart.cli import main\n"
        f"try:\n    {COMPARED[work]}\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert not NOT_NEEDED & {name.partition(".")[0] for name in modules}
    assert not PARTS_NOT_NEEDED & modules
    if work in WITHOUT_SCIPY:
        assert not ({"scipy"} | LOADED_BY_SCIPY) & modules
    if work == "a check":
        assert "scipy.optimize" not in modules


def test_no_test_tree_file_without_a_source():
    """Tests mirror the source tree, so that a reader finds them."""
    rooms = {path.name for path in (ROOT / "src" / "bitsapart").iterdir() if path.is_dir()}
    extra = {"reference", "states", "__pycache__"}
    assert {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} <= rooms | extra


def test_every_command_is_in_the_readme():
    from bitsapart.cli.main import _COMMANDS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in _COMMANDS if f"bitsapart {name}" not in readme]
    assert not missing
