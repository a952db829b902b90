"""P2: 10^6 items × 10 classes, probabilities of both sides (float32): five measures and the items' squares.

Every contestant gives the means of entropy, cross-entropy, KL divergence (nats), squared and absolute error and of
their squares; SciPy has the first three only. bitsapart also finds Brier scores, two accuracies, the worst items and
every fault.

    python benchmarks/core_soft.py [--rounds N] [--items N]
"""

import numpy as np
from timing import CORES, compete, installed, options, torch_contestant

CLASSES = 10
TARGETS = {"bitsapart": 12, "torch_compile": 1, "torch_eager": 17}
KEYS = ("entropy", "cross_entropy", "kl_divergence", "squared_error", "absolute_error")


def contestants(p, q):
    def bitsapart():
        from bitsapart import Tally

        def run():
            names = [str(c) for c in range(CLASSES)]
            tally = Tally(names, people_kind="probs", model_kind="probs", threads=CORES)
            tally.update(p, q)
            found = [tally.moments(key) for key in KEYS]
            return [m.mean for m in found] + [m.xx / m.n / 2.0**104 for m in found]

        return run

    def bitsapart_compare():
        from bitsapart import compare

        def run():
            result = compare(p, q, people_kind="exact", model_kind="probs", unit="nat")
            return [result[key].value for key in KEYS]

        return run

    def terms(log, p, q):
        log_p, log_q = log(p), log(q)
        entropy, cross = -(p * log_p).sum(1), -(p * log_q).sum(1)
        difference = p - q
        values = (entropy, cross, cross - entropy, (difference * difference).sum(1), abs(difference).sum(1))
        return [v.mean() for v in values] + [(v * v).mean() for v in values]

    def torch_terms(p, q):
        import torch

        return terms(torch.log, p, q)

    def torch_eager():
        return torch_contestant(torch_terms, p, q)

    def torch_compile():
        return torch_contestant(torch_terms, p, q, compiled=True)

    def jax_jit():
        import jax
        import jax.numpy as jnp

        a, b = jnp.asarray(p), jnp.asarray(q)
        function = jax.jit(lambda a, b: jnp.stack(terms(jnp.log, a, b)))
        return lambda: np.asarray(function(a, b))

    def numba_parallel():
        import math

        import numba

        @numba.njit(parallel=True)
        def sums(p, q):
            total = np.zeros(10)
            for i in numba.prange(len(p)):
                entropy = cross = square = absolute = 0.0
                for c in range(p.shape[1]):
                    a, b = np.float64(p[i, c]), np.float64(q[i, c])
                    entropy -= a * math.log(a)
                    cross -= a * math.log(b)
                    square += (a - b) * (a - b)
                    absolute += abs(a - b)
                kl = cross - entropy
                total += np.array([
                    entropy, cross, kl, square, absolute,
                    entropy * entropy, cross * cross, kl * kl, square * square, absolute * absolute,
                ])  # fmt: skip
            return total

        return lambda: sums(p, q) / len(p)

    def polars_lazy():
        import polars as pl

        columns = {f"p{c}": p[:, c].copy() for c in range(CLASSES)} | {f"q{c}": q[:, c].copy() for c in range(CLASSES)}
        frame = pl.DataFrame(columns)
        pairs = [(pl.col(f"p{c}"), pl.col(f"q{c}")) for c in range(CLASSES)]
        entropy = -pl.sum_horizontal([a * a.log() for a, _ in pairs])
        cross = -pl.sum_horizontal([a * b.log() for a, b in pairs])
        square = pl.sum_horizontal([(a - b) ** 2 for a, b in pairs])
        absolute = pl.sum_horizontal([(a - b).abs() for a, b in pairs])
        values = [entropy, cross, cross - entropy, square, absolute]
        wanted = [v.mean() for v in values] + [(v**2).mean() for v in values]
        query = frame.lazy().select([v.alias(str(i)) for i, v in enumerate(wanted)])
        return lambda: query.collect().row(0)

    def duckdb_sql():
        import duckdb

        columns = {f"p{c}": p[:, c].copy() for c in range(CLASSES)} | {f"q{c}": q[:, c].copy() for c in range(CLASSES)}
        connection = duckdb.connect()
        connection.execute(f"SET threads = {CORES}")
        connection.register("given", columns)
        connection.execute("CREATE TABLE data AS SELECT * FROM given")

        def each(term):
            return " + ".join(term.format(c=c) for c in range(CLASSES))

        inner = (
            f"SELECT -({each('p{c} * ln(p{c})')}) AS h, -({each('p{c} * ln(q{c})')}) AS ce, "
            f"{each('(p{c} - q{c}) * (p{c} - q{c})')} AS s, {each('abs(p{c} - q{c})')} AS a FROM data"
        )
        names = ("h", "ce", "(ce - h)", "s", "a")
        wanted = ", ".join([f"avg({n})" for n in names] + [f"avg({n} * {n})" for n in names])
        query = f"SELECT {wanted} FROM ({inner})"
        return lambda: connection.execute(query).fetchall()[0]

    def numpy_eager():
        return lambda: terms(np.log, p, q)

    def scipy_entropies():
        from scipy.special import entr, rel_entr

        def run():
            entropy, kl = entr(p).sum(axis=1), rel_entr(p, q).sum(axis=1)
            return [entropy.mean(), (entropy + kl).mean(), kl.mean()]

        return run

    return installed(
        bitsapart=bitsapart, bitsapart_compare=bitsapart_compare, torch_compile=torch_compile, jax_jit=jax_jit,
        numba_parallel=numba_parallel, polars_lazy=polars_lazy, duckdb_sql=duckdb_sql, numpy_eager=numpy_eager,
        torch_eager=torch_eager, scipy_entropies=scipy_entropies,
    )  # fmt: skip


def main():
    given = options(__doc__, rounds=15, items=10**6)
    rng = np.random.default_rng(20)
    p, q = (rng.random((given.items, CLASSES), dtype=np.float32) + np.float32(0.01) for _ in range(2))
    p /= p.sum(axis=1, keepdims=True)
    q /= q.sum(axis=1, keepdims=True)
    # Peers compute in float32, and a KL divergence is a difference of entropies: hence the tolerance.
    title = f"{given.items:,} × {CLASSES} probabilities of both sides (float32)"
    compete("core_soft", title, contestants(p, q), [p, q], targets=TARGETS, tolerance=2e-3, rounds=given.rounds)


if __name__ == "__main__":
    main()
