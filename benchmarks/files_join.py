"""P4b: two shuffled files of 2·10^7 rows, matched by id under a memory limit, against DuckDB's own join.

Contestants: `blocks` (what `bitsapart.data` yields after recognising, checking that every id stands once on both
sides, and joining), `compare` (`bitsapart.compare`: all measures, intervals and the answer), `command` (`bitsapart
compare --memory …` from the start of the process to its end), `duckdb` (its join streamed to Arrow under the same limit
and threads, without checks) and `duckdb-sum` (its join and a sum, nothing handed over). Sums are checked first; rounds
alternate, each contestant in a process of its own.

    python benchmarks/files_join.py [--quick] [--memory MIB] [--rounds N]

Writes results/files_join.json and .md, unless --quick. BITSAPART_BENCH_DIR names the folder for the files (0.5 GB;
default: a temporary one that is removed).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from files_scan import bench_folder, peak_mib, save, told

ROWS, GROUP_ROWS = 20_000_000, 1_000_000
CONTESTANTS = ("blocks", "compare", "command", "duckdb", "duckdb-sum")
TARGET_RATIO = 1.3


def files(folder: Path, rows: int) -> list[str]:
    """Two shuffled files, made if need be."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = [folder / f"shuffled-{rows}-{side}.parquet" for side in ("people", "model")]
    if not all(path.exists() for path in paths):
        rng = np.random.default_rng(21)
        p = rng.random(rows, dtype=np.float32)
        columns = {"label": (rng.random(rows, dtype=np.float32) < p).astype(np.int8), "p": p}
        for path, (name, values) in zip(paths, columns.items(), strict=True):
            order = rng.permutation(rows)
            table = pa.table({"item": order, name: values[order]})
            pq.write_table(table, path, compression="snappy", row_group_size=GROUP_ROWS)
    return [str(path) for path in paths]


def by_blocks(paths: list[str], memory: int) -> list[float]:
    from bitsapart import data

    totals = np.zeros(3)
    with data.open_pair(paths[0], paths[1:], options=data.ReadOptions(memory=memory)) as pair:
        for block in pair.blocks(verify=False):
            label, p = 1 - block.people, block.models[0].astype(np.float64)
            totals += (len(block), label.sum(dtype=np.int64), (label * p).sum())
    return totals.tolist()


def by_compare(paths: list[str], memory: int) -> list[float]:
    import bitsapart

    return told(bitsapart.compare(*paths, memory=memory).data)


def by_command(paths: list[str], memory: int) -> list[float]:
    command = [sys.executable, "-m", "bitsapart", "compare", *paths, "--memory", str(memory), "--json", "-"]
    return told(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def expected_means(paths: list[str]) -> list[float]:
    """Mean cross-entropy in bits and mean squared error, by plain NumPy from the files sorted by id."""
    import pyarrow.parquet as pq

    label, p = (
        table.column(1).to_numpy()[np.argsort(table.column(0).to_numpy())]
        for table in (pq.read_table(path) for path in paths)
    )
    p = p.astype(np.float64)
    return [float(-np.log2(np.where(label == 1, p, 1 - p)).mean()), float(((label - p) ** 2).mean())]


def connected(memory: int, folder: str) -> Any:
    import duckdb

    config = {
        "memory_limit": f"{memory >> 10}KiB", "temp_directory": folder, "threads": 2, "preserve_insertion_order": False,
    }  # fmt: skip
    return duckdb.connect(config=config)


def by_duckdb(paths: list[str], memory: int) -> list[float]:
    totals = np.zeros(3)
    with tempfile.TemporaryDirectory() as folder, connected(memory, folder) as connection:
        query = f"SELECT item, label, p FROM '{paths[0]}' JOIN '{paths[1]}' USING (item)"
        for batch in connection.sql(query).to_arrow_reader(1 << 17):
            label, p = batch["label"].to_numpy(), batch["p"].to_numpy().astype(np.float64)
            totals += (len(label), label.sum(dtype=np.int64), (label * p).sum())
    return totals.tolist()


def by_duckdb_sum(paths: list[str], memory: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, connected(memory, folder) as connection:
        query = f"SELECT count(*), sum(label), sum(label * p::DOUBLE) FROM '{paths[0]}' JOIN '{paths[1]}' USING (item)"
        return [float(total) for total in connection.execute(query).fetchone()]


RUNS: dict[str, Callable[[list[str], int], list[float]]] = {
    "blocks": by_blocks, "compare": by_compare, "command": by_command,
    "duckdb": by_duckdb, "duckdb-sum": by_duckdb_sum,
}  # fmt: skip


def measured(name: str, paths: list[str], memory: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", name, "--memory", str(memory >> 20), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def run(paths: list[str], rows: int, memory: int, rounds: int, contestants: Sequence[str]) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    peaks: dict[str, float] = {}
    means = expected_means(paths)
    for _ in range(rounds):
        found = {}
        for name in contestants:
            one = measured(name, paths, memory)
            seconds[name].append(one["seconds"])
            peaks[name] = max(peaks.get(name, 0.0), one["peak_mib"])
            found[name] = one["found"]
        np.testing.assert_allclose(found["blocks"], found["duckdb"], rtol=1e-9)
        np.testing.assert_allclose(found["duckdb-sum"], found["duckdb"], rtol=1e-9)
        for name in ("compare", "command"):
            np.testing.assert_allclose(found[name], [rows, *means], rtol=1e-9)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "rows": rows, "memory_mib": memory >> 20, "median_s": {name: round(one, 3) for name, one in medians.items()},
        "ratio": {name: round(medians[name] / medians["duckdb"], 3) for name in contestants},
        "peak_mib": {name: round(one) for name, one in peaks.items()},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--one", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows and of the memory, one round")
    parser.add_argument("--memory", type=int, default=512, metavar="MIB")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.one:
        needed = ["duckdb", "pyarrow.parquet", "bitsapart.data.opening"]
        for module in [*needed, *(["bitsapart.comparison.run"] if options.one == "compare" else [])]:
            import_module(module)
        start = time.perf_counter()
        found = RUNS[options.one](options.paths, options.memory << 20)
        print(json.dumps({"found": found, "seconds": time.perf_counter() - start, "peak_mib": peak_mib()}))
        return
    rows, memory = (ROWS // 10, 64) if options.quick else (ROWS, options.memory)
    with bench_folder() as folder:
        result = run(files(folder, rows), rows, memory << 20, 1 if options.quick else options.rounds, CONTESTANTS)
    print(f"{rows:,} rows, {memory} MiB allowed")
    lines = [
        f"{rows:,} rows on each side, shuffled, {memory} MiB allowed. Aim: at most {TARGET_RATIO} × DuckDB's join.",
        "", "| | seconds (median) | ratio to DuckDB's join | MiB resident at most |", "|---|---|---|---|",
    ]  # fmt: skip
    for name in CONTESTANTS:
        seconds, ratio, peak = (result[key][name] for key in ("median_s", "ratio", "peak_mib"))
        print(f"  {name:10} {seconds:7.2f} s   {ratio:5.2f} ×   {peak:5} MiB")
        lines.append(f"| {name} | {seconds:.2f} | {ratio:.2f} | {peak} |")
    if not options.quick:
        save("files_join", result, lines)


if __name__ == "__main__":
    main()
