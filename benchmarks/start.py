"""P6: how long it takes to start: `bitsapart --help`, `import bitsapart` beside `import numpy`, and small jobs from the
start of the process to its end: comparing 50 items in two CSV files, an example, two arrays; a check; a measure.

Each in a process of its own, warm, in turn; Python keeps compiled modules, as it does wherever it may.

    python benchmarks/start.py [--rounds N]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import report, timed

BITSAPART = str(Path(sys.executable).with_name("bitsapart"))
ARRAYS = "import numpy, bitsapart; bitsapart.compare(numpy.eye(2, dtype=int), numpy.array([[0.5, 0.5]] * 2))"
COMMANDS = {
    "import_numpy": [sys.executable, "-c", "import numpy"],
    "import_bitsapart": [sys.executable, "-c", "import bitsapart"],
    "bitsapart_help": [BITSAPART, "--help"],
    "python_alone": [sys.executable, "-c", "pass"],
    "first_use": [sys.executable, "-c", "import bitsapart; bitsapart.compare"],
    "compare_csv": [BITSAPART, "compare", "people.csv", "model.csv"],
    "compare_example": [BITSAPART, "compare", "example:digits"],
    "compare_arrays": [sys.executable, "-c", ARRAYS],
    "check_csv": [BITSAPART, "check", "people.csv"],
    "measure": [BITSAPART, "measure", "information", "1/8"],
}


def run_of(command, folder):
    """What runs it in the folder of the files, with compiled modules kept there."""
    own = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    own["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    return lambda: subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder, env=own).stdout


def write_files(folder):
    """50 items with a few judgements each, and a model's probabilities."""
    lines = [f"{item},{item % 5},{item % 3 + 1}" for item in range(1, 51)]
    (folder / "people.csv").write_text("\n".join(["item,cat,dog", *lines]))
    (folder / "model.csv").write_text("\n".join(["item,cat,dog", *(f"{item},0.25,0.75" for item in range(1, 51))]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder))
        runs = {name: run_of(command, Path(folder)) for name, command in COMMANDS.items()}
        assert "compare" in runs["bitsapart_help"]()
        assert "50 items" in runs["compare_csv"]()
        assert "3 bits" in runs["measure"]()
        measured = timed(runs, options.rounds)
    for row in measured.values():
        row["peak_mib"] = None  # another process's memory is not this one's
    numpy_ms = measured["import_numpy"]["median_ms"]
    report(
        "start", "starting, warm", measured, {},
        import_bitsapart_over_numpy=round(measured["import_bitsapart"]["median_ms"] / numpy_ms, 3), import_target=1.5,
        help_ms=round(measured["bitsapart_help"]["median_ms"], 1), help_target_ms=250,
        compare_csv_ms=round(measured["compare_csv"]["median_ms"], 1),
        compare_example_ms=round(measured["compare_example"]["median_ms"], 1),
    )  # fmt: skip


if __name__ == "__main__":
    main()
