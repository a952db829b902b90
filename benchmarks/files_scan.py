"""P4: how fast items come out of Parquet files, against the engines' own scan-and-sum of the same columns.

Workloads (snappy Parquet, warm, row groups of a million rows):

* `binary`       10^8 rows, int8 label and float32 probability, one file
* `binary-two`   the same in two files with int64 ids in the same order
* `soft`         10^7 rows, 10 + 10 float32 columns, one file
* `soft-two`     the same in two files with int64 ids in the same order
* `soft-20`      10^7 rows, 20 + 20 float32 columns, one file (only where it is asked for: it takes 2 GB)

Contestants: `blocks` (what `bitsapart.data` yields, values unchecked as in `compare`, which checks them in its
kernel), `compare` (`bitsapart.compare`: all measures, intervals and the answer), `command` (`bitsapart compare` from
the start of the process to its end), and DuckDB, Polars and pyarrow, which only sum the columns. First every
contestant's sums, counts or means are checked, then rounds of all contestants alternate, each in a process of its own
so that its peak of memory is its own; the median and the ratio to the fastest engine are reported.

    python benchmarks/files_scan.py [--quick] [--only WORKLOAD] [--rounds N]

Writes results/files_scan.json and .md, unless --quick or --only. BITSAPART_BENCH_DIR names the folder for the files
(about 3 GB; default: a temporary one that is removed).
"""

import argparse
import contextlib
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FULL = {"binary": 100_000_000, "binary-two": 100_000_000, "soft": 10_000_000, "soft-two": 10_000_000}
MORE = {"soft-20": 10_000_000}
GROUP_ROWS, CHECKED_ROWS = 1_000_000, 100_000
CLASSES = {"soft": 10, "soft-two": 10, "soft-20": 20}
ENGINES = ("duckdb", "polars", "pyarrow")
CONTESTANTS = ("blocks", "compare", "command", *ENGINES)
TARGET_RATIO, TARGET_MIB = 1.3, 1024


Columns = Callable[[np.random.Generator, int, int], dict[str, np.ndarray]]


def write(path: Path, rows: int, columns: Columns) -> None:
    """Write a Parquet file group by group, unless it is there already."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.exists():
        return
    rng, writer = np.random.default_rng(20), None
    for start in range(0, rows, GROUP_ROWS):
        table = pa.table(columns(rng, start, min(GROUP_ROWS, rows - start)))
        writer = writer or pq.ParquetWriter(path.with_suffix(".part"), table.schema, compression="snappy")
        writer.write_table(table)
    assert writer is not None
    writer.close()
    path.with_suffix(".part").rename(path)


def binary(rng: np.random.Generator, _: int, rows: int) -> dict[str, np.ndarray]:
    p = rng.random(rows, dtype=np.float32)
    return {"label": (rng.random(rows, dtype=np.float32) < p).astype(np.int8), "p": p}


def soft(classes: int) -> Columns:
    """Distributions of this many classes on both sides."""

    def columns(rng: np.random.Generator, _: int, rows: int) -> dict[str, np.ndarray]:
        sides = {}
        for side in ("people", "model"):
            values = 1 - rng.random((rows, classes), dtype=np.float32)  # above 0: no infinite loss
            values /= values.sum(axis=1, keepdims=True)
            sides |= {f"{side}_c{c}": np.ascontiguousarray(values[:, c]) for c in range(classes)}
        return sides

    return columns


def one_side(both: Columns, begins: str) -> Columns:
    """The columns that begin so, with an id that counts up; the same values whichever are taken."""

    def columns(rng: np.random.Generator, start: int, rows: int) -> dict[str, np.ndarray]:
        chosen = {name: values for name, values in both(rng, start, rows).items() if name.startswith(begins)}
        plain = {name.removeprefix(f"{begins}_"): values for name, values in chosen.items()}
        return {"item": np.arange(start, start + rows), **plain}

    return columns


def files(workload: str, folder: Path, rows: int) -> list[str]:
    """The workload's files, made if need be."""
    both = soft(CLASSES[workload]) if workload in CLASSES else binary
    if not workload.endswith("-two"):
        path = folder / f"{workload}-{rows}.parquet"
        write(path, rows, both)
        return [str(path)]
    begins = {"people": "people" if workload in CLASSES else "label", "model": "model" if workload in CLASSES else "p"}
    paths = [folder / f"{workload}-{rows}-{side}.parquet" for side in begins]
    for path, word in zip(paths, begins.values(), strict=True):
        write(path, rows, one_side(both, word))
    return [str(path) for path in paths]


def by_blocks(paths: list[str], *, check: bool) -> Any:
    from bitsapart import data

    with data.open_pair(paths[0], paths[1:]) as pair:
        items, people, model = 0, 0.0, 0.0
        for block in pair.blocks(verify=False):
            items += len(block)
            if check:
                people += _total(block.people)
                model += _total(block.models[0])
        return [items, people, model] if check else items


def _total(columns: Any) -> float:
    """A sum that every class's column enters with its own factor, so that exchanged columns show."""
    parts = columns if isinstance(columns, tuple) else (columns,)
    return sum((c + 1) * float(column.sum(dtype=np.float64)) for c, column in enumerate(parts))


def by_compare(paths: list[str], *, check: bool) -> Any:  # noqa: ARG001
    import bitsapart

    return told(bitsapart.compare(*paths).data)


def by_command(paths: list[str], *, check: bool) -> Any:  # noqa: ARG001
    command = [sys.executable, "-m", "bitsapart", "compare", *paths, "--json", "-"]
    return told(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def told(document: dict[str, Any]) -> list[float]:
    """The items and two of the means, for the check."""
    measures = document["models"][0]["measures"]
    return [document["items"], *(float(measures[key]["value"]) for key in ("cross_entropy", "squared_error"))]


def expected_means(paths: list[str]) -> list[float]:
    """Mean cross-entropy in bits and mean squared error of the first rows, by plain NumPy."""
    import pyarrow.parquet as pq

    tables = [pq.ParquetFile(path).read() for path in paths]
    columns = [table[name].to_numpy() for table in tables for name in table.column_names if name != "item"]
    if len(columns) == 2:
        label, p = (column.astype(np.float64) for column in columns)
        return [float(-np.log2(np.where(label == 1, p, 1 - p)).mean()), float(((label - p) ** 2).mean())]
    people, model = np.split(np.column_stack(columns).astype(np.float64), 2, axis=1)
    return [float(-(people * np.log2(model)).sum(axis=1).mean()), float(((people - model) ** 2).sum(axis=1).mean())]


def by_duckdb(paths: list[str], *, check: bool) -> Any:  # noqa: ARG001
    import duckdb

    return [total for path in paths for total in duckdb.execute(f"SELECT {_sums(path)} FROM '{path}'").fetchall()[0]]


def _sums(path: str) -> str:
    import pyarrow.parquet as pq

    return ", ".join(f'sum("{name}")' for name in pq.ParquetFile(path).schema_arrow.names)


def by_polars(paths: list[str], *, check: bool) -> Any:
    import polars as pl

    kind = [pl.all().cast(pl.Float64).sum()] if check else [pl.all().sum()]
    return [total for path in paths for total in pl.scan_parquet(path).select(kind).collect().row(0)]


def by_pyarrow(paths: list[str], *, check: bool) -> Any:  # noqa: ARG001
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    totals = []
    for path in paths:
        with pq.ParquetFile(path, memory_map=True) as file:
            sums = [0.0] * len(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=1 << 17):
                sums = [total + pc.sum(column).as_py() for total, column in zip(sums, batch.columns, strict=True)]
        totals += sums
    return totals


RUNS: dict[str, Callable[..., Any]] = {
    "blocks": by_blocks, "compare": by_compare, "command": by_command,
    "duckdb": by_duckdb, "polars": by_polars, "pyarrow": by_pyarrow,
}  # fmt: skip


def peak_mib() -> float:
    """Of this process, or of the largest one that it started."""
    own = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def measure_here(contestant: str, paths: list[str], repeats: int) -> None:
    """In a process of its own: check once, time a few runs, print."""
    found = RUNS[contestant](paths, check=True)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        RUNS[contestant](paths, check=False)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"found": found, "seconds": seconds, "peak_mib": peak_mib()}))


def measured(contestant: str, paths: list[str], repeats: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", contestant, "--repeats", str(repeats), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{contestant}: {done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def check_equal(workload: str, found: dict[str, Any], rows: int) -> None:
    """All contestants saw the same columns."""
    for engine in ENGINES[1:]:
        np.testing.assert_allclose(found[engine], found["duckdb"], rtol=1e-9)
    sums = found["duckdb"]
    if workload in CLASSES:
        if workload.endswith("-two"):  # without the ids
            sums = [total for place, total in enumerate(sums) if place % (CLASSES[workload] + 1)]
        weights = np.arange(1, CLASSES[workload] + 1)
        expected = [rows, float(weights @ sums[: len(weights)]), float(weights @ sums[len(weights) :])]
    else:
        ones, p = (sums[1], sums[3]) if workload == "binary-two" else sums
        expected = [rows, float(rows - ones), float(p)]
    np.testing.assert_allclose(found["blocks"], expected, rtol=1e-9)
    for name in {"compare", "command"} & set(found):
        assert found[name][0] == rows
        np.testing.assert_equal(found[name], found["compare"])


def check_means(workload: str, folder: Path) -> None:
    """On a small file of the same making, what `compare` says is what plain NumPy says."""
    paths = files(workload, folder, CHECKED_ROWS)
    np.testing.assert_allclose(by_compare(paths, check=True)[1:], expected_means(paths), rtol=1e-9)


def run(workload: str, folder: Path, rows: int, rounds: int, contestants: Sequence[str]) -> dict[str, Any]:
    check_means(workload, folder)
    paths = files(workload, folder, rows)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    peaks: dict[str, float] = {}
    found: dict[str, Any] = {}
    for number in range(rounds):
        for name in contestants:
            one = measured(name, paths, 3)
            seconds[name] += one["seconds"]
            peaks[name] = max(peaks.get(name, 0.0), one["peak_mib"])
            found[name] = one["found"]
        if number == 0:
            check_equal(workload, found, rows)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    fastest = min(ENGINES, key=medians.__getitem__)
    return {
        "rows": rows, "bytes": sum(Path(path).stat().st_size for path in paths), "fastest_engine": fastest,
        "median_s": {name: round(value, 4) for name, value in medians.items()},
        "least_s": {name: round(min(times), 4) for name, times in seconds.items()},
        "ratio": {name: round(medians[name] / medians[fastest], 3) for name in contestants if name not in ENGINES},
        "peak_mib": {name: round(value) for name, value in peaks.items()},
    }  # fmt: skip


def report(workload: str, result: dict[str, Any]) -> None:
    print(f"\n{workload}: {result['rows']:,} rows, {result['bytes'] / 1e6:.0f} MB")
    for name in result["median_s"]:
        median, least, peak = (result[key][name] for key in ("median_s", "least_s", "peak_mib"))
        ratio = f"{median / result['median_s'][result['fastest_engine']]:5.2f} ×"
        print(f"  {name:8} {1e3 * median:8.0f} ms   least {1e3 * least:8.0f} ms   {ratio}   {peak:5} MiB")


def table(results: dict[str, Any]) -> list[str]:
    """The results as lines of Markdown."""
    lines = [
        "Seconds (median), ratio to the fastest engine's scan-and-sum of the same columns, and MiB resident at most.",
        f"Aim: `compare` at most {TARGET_RATIO} ×, below {TARGET_MIB} MiB.", "",
        "| work | " + " | ".join(CONTESTANTS) + " |", "|---" * (len(CONTESTANTS) + 1) + "|",
    ]  # fmt: skip
    for workload, result in results.items():
        fastest = result["median_s"][result["fastest_engine"]]
        cells = [
            f"{result['median_s'][name]:.2f} s, {result['median_s'][name] / fastest:.2f} ×, {result['peak_mib'][name]}"
            for name in CONTESTANTS
        ]
        lines.append(f"| {workload}, {result['rows']:,} rows | " + " | ".join(cells) + " |")
    return lines


def save(name: str, results: dict[str, Any], lines: Sequence[str]) -> None:
    """Write results/NAME.json and results/NAME.md."""
    about, folder = machine(), Path(__file__).parent / "results"
    document = {"benchmark": name, "machine": about, "results": results}
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    versions = ", ".join(f"{package} {number}" for package, number in about["versions"].items())
    head = [f"# {name}", "", f"{about['date']}, {about['cores']} cores, {about['processor']}, {versions}", ""]
    (folder / f"{name}.md").write_text("\n".join([*head, *lines, ""]))


def machine() -> dict[str, Any]:
    names = ("bitsapart", "duckdb", "polars", "pyarrow", "numpy")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "versions": {name: version(name) for name in names},
    }


@contextlib.contextmanager
def bench_folder() -> Iterator[Path]:
    """The folder for the files."""
    named = os.environ.get("BITSAPART_BENCH_DIR")
    folder = Path(named) if named else Path(tempfile.mkdtemp(prefix="bitsapart-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        if not named:
            shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--one", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=3, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the rows, one round")
    parser.add_argument("--only", choices=[*FULL, *MORE])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.one:
        measure_here(options.one, options.paths, options.repeats)
        return
    results = {}
    with bench_folder() as folder:
        for workload in [options.only] if options.only else FULL:
            rows = (FULL | MORE)[workload] // (20 if options.quick else 1)
            results[workload] = run(workload, folder, rows, 1 if options.quick else options.rounds, CONTESTANTS)
            report(workload, results[workload])
    if not options.quick and not options.only:
        save("files_scan", results, table(results))


if __name__ == "__main__":
    main()
