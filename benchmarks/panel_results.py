"""Writes what a panel benchmark found: JSON for machines, Markdown for people, with machine, date and version."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy
import scipy

import bitsapart

RESULTS = Path(__file__).resolve().parent / "results"
SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def write_results(name, rows, text, **settings):
    """results/NAME.json and results/NAME.md from a list of dicts with the same keys."""
    made = {
        "benchmark": name,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "version": bitsapart.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {numpy.__version__}, SciPy {scipy.__version__}",
        "settings": settings,
        "rows": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    lines = [f"# {name}", "", text, "", f"{made['date']}, bitsapart {made['version']}, {made['machine']}.", ""]
    lines += ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(_shown(value) for value in row.values()) + " |" for row in rows]
    (RESULTS / f"{name}.md").write_text("\n".join(lines) + "\n")
    print(f"written: {RESULTS / name}.md and .json")


def _shown(value):
    return f"{value:.4f}" if isinstance(value, float) else str(value)
