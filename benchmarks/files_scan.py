"""P4: how fast items come out of Parquet files, against the engines' own scan-and-sum of the same columns.

Workloads (snappy Parquet, warm, row groups of a million rows):

* `binary`       10^8 rows, int8 label and float32 probability, one file
* `binary-two`   the same in two files with int64 ids in the same order
* `soft`         10^7 rows, 10 + 10 float32 columns, one file

Contestants: `blocks` (what `bitsapart.data` yields, values unchecked as in `compare`, which checks them in its
kernel), `compare` (the whole command's work), and DuckDB, Polars and pyarrow, which only sum the columns. First every
contestant's sums or counts are checked, then rounds of all contestants alternate, each in a process of its own so that
its peak of memory is its own; the median and the ratio to the fastest engine are reported.

    python benchmarks/files_scan.py [--quick] [--only WORKLOAD] [--rounds N] [--write]

BITSAPART_BENCH_DIR names the folder for the files (about 4 GB; default: a temporary one that is removed).
"""

import argparse
import contextlib
import json
import os
import platform
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

FULL = {"binary": 100_000_000, "binary-two": 100_000_000, "soft": 10_000_000}
GROUP_ROWS = 1_000_000
CLASSES = 10
ENGINES = ("duckdb", "polars", "pyarrow")
CONTESTANTS = ("blocks", "compare", *ENGINES)
TARGET_RATIO, TARGET_MIB = 1.3, 1024


def write(path: Path, rows: int, columns: Callable[[np.random.Generator, int, int], dict[str, np.ndarray]]) -> None:
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


def soft(rng: np.random.Generator, _: int, rows: int) -> dict[str, np.ndarray]:
    sides = {}
    for side in ("people", "model"):
        values = rng.random((rows, CLASSES), dtype=np.float32)
        values /= values.sum(axis=1, keepdims=True)
        sides |= {f"{side}_{c}": np.ascontiguousarray(values[:, c]) for c in range(CLASSES)}
    return sides


def one_of(names: tuple[str, ...]) -> Callable[[np.random.Generator, int, int], dict[str, np.ndarray]]:
    """The binary columns of these names, with an id that counts up; the same values whichever are taken."""

    def columns(rng: np.random.Generator, start: int, rows: int) -> dict[str, np.ndarray]:
        both = {"item": np.arange(start, start + rows), **binary(rng, start, rows)}
        return {name: both[name] for name in names}

    return columns


def files(workload: str, folder: Path, rows: int) -> list[str]:
    """The workload's files, made if need be."""
    stem = folder / f"{workload}-{rows}"
    if workload == "binary-two":
        parts = {"people": one_of(("item", "label")), "model": one_of(("item", "p"))}
        for side, columns in parts.items():
            write(Path(f"{stem}-{side}.parquet"), rows, columns)
        return [f"{stem}-{side}.parquet" for side in parts]
    write(Path(f"{stem}.parquet"), rows, binary if workload == "binary" else soft)
    return [f"{stem}.parquet"]


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


def by_compare(paths: list[str], *, check: bool) -> Any:
    from bitsapart.comparison.run import compare_files
    from bitsapart.comparison.summary import Settings
    from bitsapart.data import ReadOptions

    result, _ = compare_files(paths[0], paths[1:], options=ReadOptions(), settings=Settings())
    return [result.data["items"]] if check else result.data["items"]


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
    "blocks": by_blocks, "compare": by_compare, "duckdb": by_duckdb, "polars": by_polars, "pyarrow": by_pyarrow,
}  # fmt: skip


def peak_mib() -> float:
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


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
    if workload == "soft":
        weights = np.arange(1, CLASSES + 1)
        expected = [rows, float(weights @ sums[:CLASSES]), float(weights @ sums[CLASSES:])]
    else:
        ones, p = (sums[1], sums[3]) if workload == "binary-two" else sums
        expected = [rows, float(rows - ones), float(p)]
    np.testing.assert_allclose(found["blocks"], expected, rtol=1e-9)
    assert found.get("compare", [rows]) == [rows]


def run(workload: str, folder: Path, rows: int, rounds: int, contestants: Sequence[str]) -> dict[str, Any]:
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
    parser.add_argument("--blocks-only", action="store_true", help="leave `compare` out")
    parser.add_argument("--only", choices=list(FULL))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write results/files_scan.json")
    options = parser.parse_args()
    if options.one:
        measure_here(options.one, options.paths, options.repeats)
        return
    contestants = [name for name in CONTESTANTS if name != "compare" or not options.blocks_only]
    results = {}
    with bench_folder() as folder:
        for workload in [options.only] if options.only else FULL:
            rows = FULL[workload] // (20 if options.quick else 1)
            results[workload] = run(workload, folder, rows, 1 if options.quick else options.rounds, contestants)
            report(workload, results[workload])
    document = {"benchmark": "files_scan", "machine": machine(), "results": results}
    if options.write:
        target = Path(__file__).parent / "results" / "files_scan.json"
        target.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
