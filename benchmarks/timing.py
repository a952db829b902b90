"""Checks that contestants compute the same, times them in turn, and writes what was found.

Every contestant is a function without arguments that returns the same numbers as the first one. A contestant whose
package is not installed is left out, and so is said. Threads are limited to the processors that this process may use.
"""

import argparse
import gc
import importlib.util
import json
import os
import platform
import statistics
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CORES = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
for name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
    os.environ[f"{name}_NUM_THREADS"] = str(CORES)
os.environ["POLARS_MAX_THREADS"] = str(CORES)

import numpy as np  # noqa: E402  the limits above come first

RESULTS = Path(__file__).resolve().parent / "results"
SETTLE_S = 0.05
PACKAGES = ("bitsapart", "numpy", "scipy", "scikit-learn", "torch", "jax", "numba", "polars", "duckdb")


def installed(**makers: Callable[[], Callable]) -> dict[str, Callable]:
    """The contestants whose packages are there; each maker's name begins with its package's."""
    found = {}
    for name, maker in makers.items():
        package = name.split("_")[0]
        if importlib.util.find_spec(package) is None:
            print(f"{name}: left out, {package} is not installed")
        else:
            found[name] = maker()
    return found


def torch_contestant(function: Callable, *arrays: np.ndarray, compiled: bool = False) -> Callable:
    """A function of tensors that gives a few numbers; it is compiled when it is called for the first time."""
    import torch

    torch.set_num_threads(CORES)
    tensors = [torch.from_numpy(array) for array in arrays]
    wrapped = torch.compile(function) if compiled else function
    return lambda: [float(value) for value in wrapped(*tensors)]


def check(contestants: dict[str, Callable], tolerance: float) -> None:
    """All give the first one's numbers; a contestant may give only the first few of them."""
    first, *others = contestants
    expected = np.asarray(contestants[first](), dtype=np.float64)
    for name in others:
        got = np.asarray(contestants[name](), dtype=np.float64)
        np.testing.assert_allclose(got, expected[: len(got)], rtol=tolerance, err_msg=name)


def peak_mib(contestant: Callable) -> float | None:
    """How much resident memory a call adds at its peak; None where the system does not tell."""

    def status(field: str) -> float:
        return int(Path("/proc/self/status").read_text().split(f"{field}:")[1].split()[0]) / 1024

    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        before = status("VmRSS")
        contestant()
        return max(0.0, status("VmHWM") - before)
    except OSError:
        return None


def timed(contestants: dict[str, Callable], rounds: int, most_s: float = 25.0) -> dict[str, dict[str, float]]:
    """Rounds of all contestants, each round in another order; one that has used `most_s` seconds takes part no longer
    (after 3 rounds). Each begins when the one before it has let go of its memory and its threads are asleep."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for number in range(rounds):
        for name in order:
            if number >= 3 and sum(seconds[name]) > most_s:
                continue
            gc.collect()
            time.sleep(SETTLE_S)
            start = time.perf_counter()
            contestants[name]()
            seconds[name].append(time.perf_counter() - start)
        order.append(order.pop(0))
    return {
        name: {
            "median_ms": 1e3 * statistics.median(times), "least_ms": 1e3 * min(times), "rounds": len(times),
            "peak_mib": peak_mib(contestants[name]),
        }
        for name, times in seconds.items()
    }  # fmt: skip


def read_limit_ms(arrays: list[np.ndarray]) -> float:
    """The least time in which threads read these arrays once: what no pass over them can beat."""
    words = [a.reshape(-1).view(np.uint8)[: a.nbytes // 8 * 8].view(np.int64) for a in arrays]
    shares = [[np.array_split(w, CORES)[t] for w in words] for t in range(CORES)]

    def read(parts: list[np.ndarray]) -> None:
        for part in parts:
            np.bitwise_or.reduce(part)

    def once() -> float:
        threads = [threading.Thread(target=read, args=(parts,)) for parts in shares[1:]]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        read(shares[0])
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    return 1e3 * min(once() for _ in range(15))


def machine() -> dict[str, object]:
    """Where and with what this was measured."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = cpu.split("model name")[1].split(":")[1].splitlines()[0].strip() if "model name" in cpu else ""
    try:
        from bitsapart._core import simd_level

        level = simd_level()
    except ImportError:
        level = "unknown"
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": model or platform.machine(),
        "threads": CORES, "simd_level": level, "python": platform.python_version(), "versions": versions,
    }  # fmt: skip


def report(
    name: str, title: str, measured: dict[str, dict[str, float]], targets: dict[str, float], **more: object
) -> None:
    """Print a table and write it: results/NAME.json and results/NAME.md.

    Args:
        name: the file's name.
        title: what was measured, in one line.
        measured: what `timed` gave; the first contestant is the one that the ratios are of.
        targets: for contestants the least ratio aimed at; for the first one the most milliseconds.
        more: further figures to write.
    """
    first = next(iter(measured))
    base = measured[first]["median_ms"]
    about = machine()
    lines = [f"# {name}: {title}", "", ", ".join(f"{k} {v}" for k, v in about.items() if k != "versions"), ""]
    lines += [", ".join(f"{k} {v}" for k, v in about["versions"].items()), ""]
    lines += ["| | median ms | least ms | × ours | target | extra MiB |", "|---|---|---|---|---|---|"]
    for contestant, row in measured.items():
        target = targets.get(contestant)
        ours = contestant == first
        aimed = "" if target is None else f"≤ {target:g} ms" if ours else f"≥ {target:g} ×"
        met = target is None or (row["median_ms"] <= target if ours else row["median_ms"] >= target * base)
        extra = "" if row["peak_mib"] is None else f"{row['peak_mib']:.0f}"
        lines.append(
            f"| {contestant} | {row['median_ms']:.1f} | {row['least_ms']:.1f} | {row['median_ms'] / base:.2f} | "
            f"{aimed}{'' if met else ' (missed)'} | {extra} |"
        )
    lines += ["", *(f"{key.replace('_', ' ')}: {value}" for key, value in more.items())]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    document = {"benchmark": name, "machine": about, "measured": measured, "targets": targets, **more}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


def options(about: str | None, *, rounds: int, items: int) -> argparse.Namespace:
    """What the command line says: `rounds` and `items`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--items", type=int, default=items)
    return parser.parse_args()


def compete(
    name: str, title: str, contestants: dict[str, Callable], arrays: list[np.ndarray], *, targets: dict[str, float],
    tolerance: float, rounds: int,
) -> None:  # fmt: skip
    """Check that all find the same, measure them in turn, and report it beside the time to read the arrays."""
    check(contestants, tolerance)
    limit = read_limit_ms(arrays)
    measured = timed(contestants, rounds)
    report(name, title, measured, targets, items=len(arrays[0]), read_limit_ms=round(limit, 2))
