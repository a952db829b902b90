"""P5 and P5b: the training losses against torch (eager and compiled) and JAX: forward, forward + gradient, peak memory.

`bitsapart compiled` are the same losses in a function that torch compiled.

    python benchmarks/losses.py [--only TEXT] [--rounds N] [--quick] [--write]

Losses: `hard` (labels), `soft` (probabilities) and `kl` (two logits); 100000 × 1000, 4096 × 50257 and 1024 × 128256
numbers; float32 and bfloat16. Every workload has a process of its own. There the contestants' values and gradients are
checked against each other first; then they take turns, and the medians (and ratios of medians) of the rounds are
reported. Memory is the peak of a forward + backward over what was resident before, in multiples of the logits' size;
the memory that bitsapart keeps for the next gradient is given back before it is measured. `--only` picks workloads by
a part of their name, `--quick` those that the targets name, `--write` writes results/losses.json and .md.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

SHAPES = [(100_000, 1_000), (4_096, 50_257), (1_024, 128_256)]
LOSSES = ["hard", "soft", "kl"]
TYPES = ["float32", "bfloat16"]
QUICK = {
    "hard 100000x1000 float32", "hard 4096x50257 float32", "soft 1024x128256 float32", "kl 1024x128256 float32",
}  # fmt: skip
MINE = "bitsapart"
OTHERS = ["bitsapart compiled", "torch eager", "torch compiled", "jax"]
SETTLE_S = 0.05
RESULTS = Path(__file__).resolve().parent / "results"

# What a contestant does: `forward` gives the value, `both` value and gradient.
Contestant = dict[str, Callable[[], Any]]


def torch_contestants(loss: str, logits: Any, target: Any) -> dict[str, Contestant]:
    import torch
    from torch.nn import functional

    from bitsapart.train.losses import cross_entropy, kl_divergence

    def mine(z: Any) -> Any:
        return kl_divergence(z, target, target_kind="logits") if loss == "kl" else cross_entropy(z, target)

    def eager(z: Any) -> Any:
        if loss != "kl":
            return functional.cross_entropy(z, target)
        teacher = functional.log_softmax(target, -1)
        return functional.kl_div(functional.log_softmax(z, -1), teacher, log_target=True, reduction="batchmean")

    def both(function: Callable[[Any], Any]) -> Callable[[], Any]:
        def run() -> Any:
            z = logits.detach().requires_grad_()
            value = function(z)
            return value.detach(), torch.autograd.grad(value, z)[0]

        return run

    functions = {
        MINE: mine, "bitsapart compiled": torch.compile(mine),
        "torch eager": eager, "torch compiled": torch.compile(eager),
    }  # fmt: skip
    return {
        name: {"forward": lambda f=function: f(logits.detach()), "both": both(function)}
        for name, function in functions.items()
    }


def jax_contestant(loss: str, logits: Any, target: Any) -> Contestant:
    import jax
    import jax.numpy as jnp

    def taken(tensor: Any) -> Any:
        if str(tensor.dtype) == "torch.bfloat16":
            return jnp.asarray(tensor.view(dtype=__import__("torch").int16).numpy().view(jnp.bfloat16.dtype))
        return jnp.asarray(tensor.numpy())

    def function(z: Any, people: Any) -> Any:
        log_q = jax.nn.log_softmax(z.astype(jnp.float32), -1)
        if loss == "hard":
            return -jnp.take_along_axis(log_q, people[:, None], -1).mean()
        if loss == "soft":
            return -(people * log_q).sum(-1).mean()
        log_p = jax.nn.log_softmax(people.astype(jnp.float32), -1)
        return (jnp.exp(log_p) * (log_p - log_q)).sum(-1).mean()

    z, people = taken(logits), taken(target)
    forward, both = jax.jit(function), jax.jit(jax.value_and_grad(function))
    return {
        "forward": lambda: forward(z, people).block_until_ready(),
        "both": lambda: jax.block_until_ready(both(z, people)),
    }


def data(loss: str, rows: int, classes: int, dtype: str) -> tuple[Any, Any]:
    import torch

    generator = torch.Generator().manual_seed(5)
    logits = torch.randn(rows, classes, generator=generator)
    if loss == "hard":
        target = torch.randint(0, classes, (rows,), generator=generator)
    else:
        target = torch.randn(rows, classes, generator=generator)
        target = (torch.softmax(target, -1) if loss == "soft" else target).to(getattr(torch, dtype))
    return logits.to(getattr(torch, dtype)), target


def check(contestants: dict[str, Contestant], dtype: str) -> None:
    """Every contestant computes the same, as exactly as its type lets it."""
    import numpy as np
    import torch

    close = 1e-4 if dtype == "float32" else 3e-2
    value, gradient = contestants[MINE]["both"]()
    for name, contestant in contestants.items():
        other, slopes = contestant["both"]()
        slopes = slopes.float() if isinstance(slopes, torch.Tensor) else torch.tensor(np.asarray(slopes, np.float32))
        if abs(float(other) - float(value)) > close * abs(float(value)):
            sys.exit(f"{name}: {float(other)} instead of {float(value)}")
        if (slopes - gradient.float()).abs().max() > close * gradient.float().abs().max():
            sys.exit(f"{name}: another gradient")
        if abs(float(contestant["forward"]()) - float(other)) > close * abs(float(value)):
            sys.exit(f"{name}: forward alone gives another value")


def timed(contestants: dict[str, Contestant], rounds: int) -> dict[str, dict[str, float]]:
    """Medians in milliseconds. The contestants take turns, each round in another order, and each begins when the one
    before it has let go of its memory and its threads are asleep."""
    found: dict[str, dict[str, list[float]]] = {name: {"forward": [], "both": []} for name in contestants}
    order = list(contestants)
    for _ in range(rounds):
        for what in ("forward", "both"):
            for name in order:
                gc.collect()
                time.sleep(SETTLE_S)
                start = time.perf_counter()
                contestants[name][what]()
                found[name][what].append((time.perf_counter() - start) * 1e3)
        order.append(order.pop(0))
    return {name: {what: statistics.median(times) for what, times in by.items()} for name, by in found.items()}


def resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def peak(contestant: Contestant) -> int | None:
    """Bytes that forward + backward needs at most, over what was there (Linux)."""
    from bitsapart.train.losses import gradient_memory

    gradient_memory._kept.clear()
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
        contestant["both"]()
        return resident("VmHWM") - before
    return None


def workload(name: str, rounds: int) -> dict[str, Any]:
    loss, shape, dtype = name.split()
    rows, classes = map(int, shape.split("x"))
    logits, target = data(loss, rows, classes, dtype)
    contestants = torch_contestants(loss, logits, target)
    with contextlib.suppress(ImportError):
        contestants["jax"] = jax_contestant(loss, logits, target)
    check(contestants, dtype)
    size = logits.numel() * logits.element_size()
    memory = {who: peak(contestant) for who, contestant in contestants.items()}
    times = timed(contestants, rounds)
    return {
        "workload": name,
        "milliseconds": times,
        "peak over logits": {who: None if m is None else m / size for who, m in memory.items()},
    }


def versions() -> str:
    import bitsapart
    from bitsapart import _core

    found = [f"bitsapart {bitsapart.__version__} ({_core.simd_level()})", f"Python {platform.python_version()}"]
    for package in ("torch", "jax"):
        with contextlib.suppress(ImportError):
            found.append(f"{package} {version(package)}")
    return ", ".join(found)


def table(rows: list[dict[str, Any]], what: str) -> list[str]:
    lines = ["| workload | bitsapart ms | " + " | ".join(f"{p} ms (×)" for p in OTHERS) + " |"]
    lines.append("|---|---|" + "---|" * len(OTHERS))
    for row in rows:
        times = row["milliseconds"]
        mine = times[MINE][what]
        peers = [f"{times[p][what]:.0f} ({times[p][what] / mine:.1f})" if p in times else "–" for p in OTHERS]
        lines.append(f"| {row['workload']} | {mine:.1f} | " + " | ".join(peers) + " |")
    return lines


def memory_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = ["| workload | " + " | ".join([MINE, *OTHERS]) + " |", "|---|" + "---|" * (1 + len(OTHERS))]
    for row in rows:
        peaks = [row["peak over logits"].get(who) for who in [MINE, *OTHERS]]
        lines.append(f"| {row['workload']} | " + " | ".join("–" if p is None else f"{p:.2f}" for p in peaks) + " |")
    return lines


def written(rows: list[dict[str, Any]], rounds: int) -> str:
    lines = ["# The training losses", ""]
    lines += [
        "Forward and gradient of a mean loss, on the CPU. Times are medians of interleaved rounds; (×) is the peer's"
    ]
    lines += [
        "time over bitsapart's. Targets: forward + gradient ≥ 10 × eager, ≥ 4 × compiled; one gradient of memory.",
        "",
    ]
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    lines += [f"{date}, {platform.machine()}, {os.cpu_count()} cores, {rounds} rounds; {versions()}.", ""]
    lines += ["## Forward + gradient", "", *table(rows, "both"), "", "## Forward", "", *table(rows, "forward"), ""]
    lines += ["## Peak of memory over the logits' size, forward + gradient", "", *memory_table(rows), ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(workload(options.child, options.rounds)))
        return
    names = [f"{loss} {n}x{c} {t}" for loss in LOSSES for n, c in SHAPES for t in TYPES]
    rows = []
    for name in names:
        if options.only not in name or (options.quick and name not in QUICK):
            continue
        command = [sys.executable, __file__, "--child", name, "--rounds", str(options.rounds)]
        rows.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1]))
        print("\n".join(table(rows[-1:], "both")[2:] + memory_table(rows[-1:])[2:]), flush=True)
    text = written(rows, options.rounds)
    print(text)
    if options.write:
        (RESULTS / "losses.json").write_text(json.dumps({"versions": versions(), "rows": rows}, indent=1) + "\n")
        (RESULTS / "losses.md").write_text(text)


if __name__ == "__main__":
    main()
