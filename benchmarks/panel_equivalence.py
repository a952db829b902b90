"""How long the rater-equivalence curve takes: whole curve, intervals and models' worth, from the pattern table.

Checked first: the curve's last point is the leave-one-person-out ceiling computed on its own, and on the running
example the published Bayesian curve comes out. Then the median of several runs in this process, after one to warm up.

    python benchmarks/panel_equivalence.py [--repeat 7]        (reads ../shared/data)
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import time
from functools import partial
from math import log

import numpy as np
from panel_resampling import load, loss_of, table_of
from panel_results import RESULTS, SHARED, write_results

from bitsapart.people.bayesian import bayesian_curve
from bitsapart.people.entropy import leave_one_out
from bitsapart.people.equivalence import equivalent_people
from bitsapart.people.frequency import frequency_curve


def running_example():
    folder, place = SHARED / "running-example", {"pos": 0, "neg": 1}
    counts = np.zeros((1000, 2), dtype=np.int64)
    with (folder / "people.csv").open() as file:
        for row in csv.DictReader(file):
            counts[int(row["item"]), place[row["label"]]] += 1
    models = {}
    for name in ("calibrated-hard", "ideal"):
        probs = np.zeros((1000, 2))
        with (folder / f"model-{name}.csv").open() as file:
            for row in csv.DictReader(file):
                probs[int(row["item"])] = float(row["pos"]), float(row["neg"])
        models[name] = probs
    return counts, models


def wiki_attacks():
    import pyarrow.parquet as pq

    people = pq.read_table(SHARED / "wiki-attacks" / "people.parquet")
    columns = [column for column in people.column_names if column != "item"]
    return np.column_stack([people[column].to_numpy() for column in columns]).astype(np.int64), {}


def check():
    counts, models = running_example()
    table, (losses,) = table_of(counts, [loss_of(counts, models["calibrated-hard"])])
    curve = frequency_curve(table)
    _, ceiling = leave_one_out(table)
    assert abs(curve.mean[-1] - table.items @ ceiling.values / 1000) < 1e-9
    published = bayesian_curve(table, leave_out=False)
    np.testing.assert_allclose(-published.mean[1:4] / log(2), [-0.874777, -0.819800, -0.789191], atol=1e-6)
    assert abs(equivalent_people(published, losses).value - 1.9593498) < 1e-6
    print("checked")


def timed(function, repeat):
    function()
    spent = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    repeat = parser.parse_args().repeat
    check()
    cases = {
        "running example, 1000 × 10": running_example(),
        "CIFAR-10H, 10 000 × 47–63": load("CIFAR-10H"),
        "ChaosNLI-SNLI, 1514 × 100": load("ChaosNLI-SNLI"),
        "wiki-attacks, 23 178 × 8–46": wiki_attacks(),
    }
    rows = []
    for name, (counts, models) in cases.items():
        losses = [loss_of(counts, probs) for probs in list(models.values())[:3]]
        table, sums = table_of(counts, losses)

        def frequency(table=table, sums=sums):
            curve = frequency_curve(table)
            curve.estimates()
            return curve, [equivalent_people(curve, one) for one in sums]

        def bayesian(table=table, sums=sums):
            curve = bayesian_curve(table)
            return curve, [equivalent_people(curve, one) for one in sums]

        curve, worth = frequency()
        row = {
            "data": name, "classes": counts.shape[1], "patterns": len(table.items), "k_max": curve.k_max,
            "items": curve.items, "models": len(sums), "counting patterns, s": timed(partial(table_of, counts), repeat),
            "frequency curve, s": timed(frequency, repeat),
            "Bayesian curve, s": timed(bayesian, min(repeat, 3)) if counts.shape[1] <= 3 else "–",
            "worth, frequency": "; ".join(one.text() for one in worth) or "–",
            "worth, Bayesian": "; ".join(one.text() for one in bayesian()[1]) or "–" if counts.shape[1] <= 3 else "–",
        }  # fmt: skip
        rows.append(row)
        print(row, flush=True)
    text = (
        "Seconds (median) for the whole curve with its intervals and the worth of the models, from the pattern table. "
        "The authors' package took 26 s for the running example with two bootstraps on the same kind of machine."
    )
    write_results("panel_equivalence", rows, text, repeat=repeat)
    write_curve(*cases["running example, 1000 × 10"])


def write_curve(counts, models):
    """The running example's curves for the figure in the docs, in bits."""
    table, (losses,) = table_of(counts, [loss_of(counts, models["calibrated-hard"])])
    found = {}
    for curve in (frequency_curve(table), bayesian_curve(table)):
        worth = equivalent_people(curve, losses)
        found[curve.combiner] = {
            "loss_bits": (curve.mean / log(2)).tolist(),
            "standard_error_bits": [one.standard_error / log(2) for one in curve.estimates()],
            "worth": worth.value, "low": worth.low, "high": worth.high, "model_bits": worth.score / log(2),
        }  # fmt: skip
    (RESULTS / "panel_curve.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
