"""What does it cost to say where the distance comes from?

Tallies with and without the parts that `compare --detail` gathers, on the same blocks in turn; processor time per
number (items × classes), the answer's own time, and the most memory at a time, with four times as many blocks of the
same size, too. Checked first: the parts change no other number, and two halves merged give the bytes of the whole.

    python benchmarks/origin_cost.py [--rounds 5] [--quick]
"""

from __future__ import annotations

import argparse
import time
import tracemalloc

import numpy as np
from panel_results import write_results

from bitsapart.comparison.summary import document
from bitsapart.comparison.tally import Tally

DETAIL = ("classes", "confusion", "calibration", "extremes")
SETTINGS = (("2 classes", 2, 400_000), ("10 classes", 10, 80_000), ("100 classes", 100, 8_000))


def data_of(classes, items):
    random = np.random.default_rng(0)
    p = random.dirichlet(np.full(classes, 0.5), items)
    q = (p + 0.02) ** 1.3
    return random.multinomial(5, p), q / q.sum(axis=1, keepdims=True), np.array([f"i{n}" for n in range(items)])


def tally_of(data, parts, blocks=4):
    people, model, ids = data
    tally = Tally([f"c{c}" for c in range(people.shape[1])], people_kind="counts", model_kind="probs", parts=parts)
    size = -(-len(ids) // blocks)
    for start in range(0, len(ids), size):
        part = slice(start, start + size)
        tally.update(people[part], model[part], ids=ids[part])
    return tally


def check(data):
    plain, detailed = tally_of(data, ()), tally_of(data, DETAIL)
    one, two = (document(tally)["models"][0]["measures"] for tally in (plain, detailed))
    assert one == two
    half = len(data[2]) // 2
    first, second = (tally_of([side[part] for side in data], DETAIL) for part in (slice(half), slice(half, None)))
    second.merge(first)
    assert second.to_bytes() == detailed.to_bytes()


def seconds(work):
    """Of the processor, so that a busy machine changes little."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def peak_mb(data, blocks=4):
    tracemalloc.start()
    tally_of(data, DETAIL, blocks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="1 round, nothing is written")
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else arguments.rounds
    rows = []
    for name, classes, items in SETTINGS:
        data = data_of(classes, items)
        check(tuple(side[:4000] for side in data))
        times = {"plain": [], "detail": [], "answer": []}
        for _ in range(rounds):
            times["plain"].append(seconds(lambda: tally_of(data, ()))[0])  # noqa: B023
            spent, detailed = seconds(lambda: tally_of(data, DETAIL))  # noqa: B023
            times["detail"].append(spent)
            times["answer"].append(seconds(lambda: document(detailed))[0])  # noqa: B023
        peak, peak_of_more = peak_mb(data), peak_mb(tuple(np.concatenate([side] * 4) for side in data), blocks=16)
        best = {key: min(values) for key, values in times.items()}
        rows.append({
            "setting": f"{name}, {items} items", "plain (s)": best["plain"], "with detail (s)": best["detail"],
            "detail, µs per number": 1e6 * (best["detail"] - best["plain"]) / (items * classes),
            "the answer (s)": best["answer"], "peak memory (MB)": peak, "of four times the items": peak_of_more,
        })  # fmt: skip
        print({key: round(v, 4) if isinstance(v, float) else v for key, v in rows[-1].items()}, flush=True)
    if not arguments.quick:
        text = "Processor time, the best of the rounds, with and without detail in turn."
        write_results("origin_cost", rows, text, rounds=rounds)


if __name__ == "__main__":
    main()
