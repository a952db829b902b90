"""P3: 10^5 labels against 1000 logits each (float32), forward: the mean cross-entropy and the mean of its square.

bitsapart also finds Brier score, absolute error, accuracy, the worst items and every fault.

    python benchmarks/core_logits.py [--rounds N] [--items N]
"""

import numpy as np
from timing import CORES, compete, installed, options, torch_contestant

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

    def torch_terms(y, z):
        import torch

        loss = torch.nn.functional.cross_entropy(z, y, reduction="none")
        return loss.mean(), (loss * loss).mean()

    def torch_eager():
        return torch_contestant(torch_terms, y, z)

    def torch_compile():
        return torch_contestant(torch_terms, y, z, compiled=True)

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
    given = options(__doc__, rounds=9, items=10**5)
    rng = np.random.default_rng(20)
    z = rng.standard_normal((given.items, CLASSES), dtype=np.float32) * np.float32(3)
    y = rng.integers(0, CLASSES, given.items)
    title = f"{given.items:,} labels × {CLASSES} logits (float32), forward"
    compete("core_logits", title, contestants(y, z), [y, z], targets=TARGETS, tolerance=1e-4, rounds=given.rounds)


if __name__ == "__main__":
    main()
