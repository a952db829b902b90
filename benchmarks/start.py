"""P6: how long it takes to start: `bitsapart --help`, and `import bitsapart` beside `import numpy`.

Each in a process of its own, warm, in turn.

    python benchmarks/start.py [--rounds N]
"""

import argparse
import subprocess
import sys
from pathlib import Path

from timing import report, timed

COMMANDS = {
    "import_numpy": [sys.executable, "-c", "import numpy"],
    "import_bitsapart": [sys.executable, "-c", "import bitsapart"],
    "bitsapart_help": [str(Path(sys.executable).with_name("bitsapart")), "--help"],
    "python_alone": [sys.executable, "-c", "pass"],
    "first_use": [sys.executable, "-c", "import bitsapart; bitsapart.compare"],
}


def run_of(command):
    return lambda: subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    runs = {name: run_of(command) for name, command in COMMANDS.items()}
    assert "compare" in runs["bitsapart_help"]()
    measured = timed(runs, options.rounds)
    for row in measured.values():
        row["peak_mib"] = None  # another process's memory is not this one's
    numpy_ms = measured["import_numpy"]["median_ms"]
    report(
        "start", "starting, warm", measured, {},
        import_bitsapart_over_numpy=round(measured["import_bitsapart"]["median_ms"] / numpy_ms, 3), import_target=1.5,
        help_ms=round(measured["bitsapart_help"]["median_ms"], 1), help_target_ms=250,
    )  # fmt: skip


if __name__ == "__main__":
    main()
