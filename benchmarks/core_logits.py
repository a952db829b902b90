"""P3: 10^5 labels against 1000 logits each (float32), forward: the mean cross-entropy and the mean of its square.

bitsapart also finds Brier score, absolute error, accuracy, the worst items and every fault.

    python benchmarks/core_logits.py [--rounds N] [--items N]
"""

import argparse

import numpy as np
from timing import CORES, check, installed, read_limit_ms, report, timed

CLASSES = 1000
TARGETS = {"bitsapart": 30, "torch_compile": 2, "torch_eager": 6}


def contestants(y, z):
    def bitsapart():
        from bitsapart import Tally

        names = [str(c) for c in range(CLASSES)]

        def run():
            tally = Tally(names, people_kind="labels", model_kind="logits", threads=CORES)
            tally.update(y, z)
            sums = tally.moments("cross_entropy")
            return [sums.mean, sums.xx / sums.n / 2.0**104]

        return run

    def torch_of(wrap):
        import torch

        torch.set_num_threads(CORES)
        a, b = torch.from_numpy(y), torch.from_numpy(z)

        def terms(a, b):
            loss = torch.nn.functional.cross_entropy(b, a, reduction="none")
            return loss.mean(), (loss * loss).mean()

        function = wrap(terms)
        return lambda: [float(v) for v in function(a, b)]

    def torch_compile():
        import torch

        return torch_of(torch.compile)

    def torch_eager():
        return torch_of(lambda function: function)

    def jax_jit():
        import jax
        import jax.numpy as jnp

        a, b = jnp.asarray(y.astype(np.int32)), jnp.asarray(z)

        @jax.jit
        def terms(a, b):
            loss = jax.nn.logsumexp(b, axis=1) - jnp.take_along_axis(b, a[:, None], axis=1)[:, 0]
            return jnp.stack([loss.mean(), (loss * loss).mean()])

        return lambda: np.asarray(terms(a, b))

    def scipy_logsumexp():
        from scipy.special import logsumexp

        def run():
            loss = logsumexp(z, axis=1) - np.take_along_axis(z, y[:, None], axis=1)[:, 0]
            return [loss.mean(), (loss * loss).mean()]

        return run

    return installed(
        bitsapart=bitsapart, torch_compile=torch_compile, torch_eager=torch_eager, jax_jit=jax_jit,
        scipy_logsumexp=scipy_logsumexp,
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--items", type=int, default=10**5)
    options = parser.parse_args()
    rng = np.random.default_rng(20)
    z = rng.standard_normal((options.items, CLASSES), dtype=np.float32) * np.float32(3)
    y = rng.integers(0, CLASSES, options.items)
    runs = contestants(y, z)
    check(runs, 1e-4)
    limit = read_limit_ms([y, z])
    measured = timed(runs, options.rounds)
    title = f"{options.items:,} labels × {CLASSES} logits (float32), forward"
    report("core_logits", title, measured, TARGETS, items=options.items, read_limit_ms=round(limit, 2))


if __name__ == "__main__":
    main()
