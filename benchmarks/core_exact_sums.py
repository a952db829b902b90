"""P8: what exact, order-free sums cost: the passes of P1 and P2 against the same passes with plain sums of doubles.

The core is built once more, in a temporary folder, with plain sums in place of the exact ones and nothing else
changed (needs cmake, ninja and a compiler).

    python benchmarks/core_exact_sums.py [--rounds N]
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import CORES, report, timed

ROOT = Path(__file__).resolve().parents[1]
MOST = 1.3


def build_plain(folder):
    """The core with plain sums."""
    configure = [
        "cmake", "-G", "Ninja", "-S", str(ROOT), "-B", folder, f"-DPython_EXECUTABLE={sys.executable}",
        "-DCMAKE_BUILD_TYPE=Release", "-DBITSAPART_PLAIN_SUMS=ON",
    ]  # fmt: skip
    for command in (configure, ["ninja", "-C", folder]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    spec = importlib.util.spec_from_file_location("_core", next(Path(folder).glob("_core*.so")))
    core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    return core


def run_of(core, people, model, classes, *, single):
    sides = (
        core.Side(0 if single else 2, [people], classes, False, 0),
        core.Side(2, [model], classes, single, int(single)),
    )

    def run():
        fault, _, _, found = core.block_sums(sides[0], [sides[1]], None, False, False, False, 10, CORES)
        assert fault is None
        return found[0][0]

    return run


def check(exact, plain):
    """The same sums to the roundings of plain ones."""
    (counts, a), (others, b) = exact(), plain()
    assert counts == others
    for at in range(0, len(a), 160):
        for part in (at, at + 32):  # Σx, Σx²
            x, y = (int.from_bytes(sums[part : part + 32], "little", signed=True) for sums in (a, b))
            assert abs(x - y) <= 1e-9 * abs(x) + 2**52, (at, x, y)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=31)
    options = parser.parse_args()
    rng = np.random.default_rng(20)
    p = rng.random(10**7, dtype=np.float32)
    y = (rng.random(10**7, dtype=np.float32) < p).astype(np.int8)
    soft = [rng.random((10**6, 10), dtype=np.float32) for _ in range(2)]
    for side in soft:
        side /= side.sum(axis=1, keepdims=True)
    from bitsapart import _core as exact

    with tempfile.TemporaryDirectory() as folder:
        plain = build_plain(folder)
        runs = {}
        for name, people, model, classes in (("binary", y, p, 2), ("soft", *soft, 10)):
            both = [run_of(core, people, model, classes, single=classes == 2) for core in (exact, plain)]
            check(*both)
            runs |= {f"{name}_exact": both[0], f"{name}_plain": both[1]}
        measured = timed(runs, options.rounds)
    ratios = {
        name: round(measured[f"{name}_exact"]["median_ms"] / measured[f"{name}_plain"]["median_ms"], 3)
        for name in ("binary", "soft")
    }
    report("core_exact_sums", "exact sums against plain sums of the same pass", measured, {}, ratio=ratios, target=MOST)


if __name__ == "__main__":
    main()
