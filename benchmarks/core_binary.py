"""P1: 10^7 labels (int8) against one probability each (float32): three losses and the squares of their values.

Every contestant gives the means of cross-entropy (nats), squared and absolute error and of their squares. scikit-learn
has the cross-entropy alone. bitsapart also finds the accuracy, the worst items and every fault.

    python benchmarks/core_binary.py [--rounds N] [--items N]
"""

import numpy as np
from timing import CORES, compete, installed, options, torch_contestant

TARGETS = {"bitsapart": 8, "torch_compile": 3, "torch_eager": 20, "sklearn_log_loss": 300}


def contestants(y, p):
    def bitsapart():
        from bitsapart import Tally

        def run():
            tally = Tally(["no", "yes"], people_kind="labels", model_kind="probs", positive=1, threads=CORES)
            tally.update(y, p)
            found = [tally.moments(key) for key in ("cross_entropy", "squared_error", "absolute_error")]
            return [m.mean for m in found] + [m.xx / m.n / 2.0**104 for m in found]

        return run

    def bitsapart_compare():
        from bitsapart import compare

        def run():
            result = compare(y, p, positive="1", unit="nat")
            return [result[key].value for key in ("cross_entropy", "squared_error", "absolute_error")]

        return run

    def torch_terms(y, p):
        loss = -p.where(y == 1, 1 - p).log()
        miss = p.where(y == 0, 1 - p)
        square = miss * miss
        terms = (loss, square, miss, loss * loss, square * square, square)
        return [term.mean() for term in terms]

    def torch_eager():
        return torch_contestant(torch_terms, y, p)

    def torch_compile():
        return torch_contestant(torch_terms, y, p, compiled=True)

    def jax_jit():
        import jax
        import jax.numpy as jnp

        a, b = jnp.asarray(y), jnp.asarray(p)

        @jax.jit
        def terms(a, b):
            loss = -jnp.log(jnp.where(a == 1, b, 1 - b))
            miss = jnp.where(a == 0, b, 1 - b)
            square = miss * miss
            return jnp.stack([t.mean() for t in (loss, square, miss, loss * loss, square * square, square)])

        return lambda: np.asarray(terms(a, b))

    def numba_parallel():
        import math

        import numba

        @numba.njit(parallel=True)
        def sums(y, p):
            a = b = c = d = e = 0.0
            for i in numba.prange(len(y)):
                q = np.float64(p[i])
                loss = -math.log(q if y[i] == 1 else 1 - q)
                miss = q if y[i] == 0 else 1 - q
                square = miss * miss
                a += loss
                b += square
                c += miss
                d += loss * loss
                e += square * square
            return a, b, c, d, e, b

        return lambda: np.array(sums(y, p)) / len(y)

    def polars_lazy():
        import polars as pl

        frame = pl.DataFrame({"y": y, "p": p})
        loss = -pl.when(pl.col("y") == 1).then(pl.col("p")).otherwise(1 - pl.col("p")).log()
        miss = pl.when(pl.col("y") == 0).then(pl.col("p")).otherwise(1 - pl.col("p"))
        terms = [loss, miss**2, miss, loss**2, miss**4, miss**2]
        query = frame.lazy().select([t.mean().alias(str(i)) for i, t in enumerate(terms)])
        return lambda: query.collect().row(0)

    def duckdb_sql():
        import duckdb

        connection = duckdb.connect()
        connection.execute(f"SET threads = {CORES}")
        connection.register("given", {"y": y, "p": p})
        connection.execute("CREATE TABLE data AS SELECT * FROM given")
        query = (
            "SELECT avg(loss), avg(miss * miss), avg(miss), avg(loss * loss), avg(miss ** 4), avg(miss * miss) FROM "
            "(SELECT -ln(CASE y WHEN 1 THEN p ELSE 1 - p END) AS loss, CASE y WHEN 0 THEN p ELSE 1 - p END AS miss "
            "FROM data)"
        )
        return lambda: connection.execute(query).fetchall()[0]

    def numpy_eager():
        def run():
            loss = -np.log(np.where(y == 1, p, 1 - p))
            miss = np.where(y == 0, p, 1 - p)
            square = miss * miss
            return [t.mean(dtype=np.float64) for t in (loss, square, miss, loss * loss, square * square, square)]

        return run

    def sklearn_log_loss():
        from sklearn.metrics import log_loss

        return lambda: [log_loss(y, p)]

    return installed(
        bitsapart=bitsapart, bitsapart_compare=bitsapart_compare, torch_compile=torch_compile, jax_jit=jax_jit,
        numba_parallel=numba_parallel, polars_lazy=polars_lazy, duckdb_sql=duckdb_sql, numpy_eager=numpy_eager,
        torch_eager=torch_eager, sklearn_log_loss=sklearn_log_loss,
    )  # fmt: skip


def main():
    given = options(__doc__, rounds=15, items=10**7)
    rng = np.random.default_rng(20)
    p = rng.random(given.items, dtype=np.float32) * np.float32(0.998) + np.float32(0.001)
    y = (rng.random(given.items, dtype=np.float32) < p).astype(np.int8)
    # Peers compute and add in float32: hence the tolerance.
    title = f"{given.items:,} labels (int8) × one probability (float32)"
    compete("core_binary", title, contestants(y, p), [y, p], targets=TARGETS, tolerance=2e-4, rounds=given.rounds)


if __name__ == "__main__":
    main()
