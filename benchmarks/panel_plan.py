"""Plans for the docs: what ± 0.05 bit of a real model's cross-entropy costs, by people per item and prices.

The first 300 items of a data set, with three of their people drawn at random, serve as the pilot; the plan is compared
with the spread that panels of the planned size really have when they are drawn from the full data.

    python benchmarks/panel_plan.py        (reads ../shared/data)
"""

from __future__ import annotations

import json
from math import log, sqrt

import numpy as np
from panel_resampling import load, loss_of
from panel_results import RESULTS, write_results

from bitsapart.people.planning import plan, variance_components

WITHIN = 0.05 * log(2)
PRICES = {"items cost nothing": (0.0, 1.0), "an item costs 5 judgements": (5.0, 1.0), "30 judgements": (30.0, 1.0)}
CASES = (("CIFAR-10H", "resnet-110"), ("ChaosNLI-SNLI", "roberta-base-seed1"), ("ChaosNLI-MNLI", "roberta-base-seed1"))


def main():
    random = np.random.default_rng(7)
    rows, curves = [], {}
    for data, model in CASES:
        counts, models = load(data)
        probs = models[model]
        known = ~np.isnan(probs).any(axis=1)
        counts, probs = counts[known], probs[known]
        shares = counts / counts.sum(axis=1, keepdims=True)
        some = random.permutation(len(counts))[:300]
        pilot = random.multinomial(3, shares[some])
        with np.errstate(divide="ignore"):
            components = variance_components(pilot, -np.log(probs[some]))
        curves[data] = {}
        for name, (item, judgement) in PRICES.items():
            made = plan(components, within=WITHIN, item_price=item, judgement_price=judgement, most_people=30)
            best = made.cheapest
            # Panels of the planned size, drawn from all the data: how wide are their intervals really?
            widths = []
            for _ in range(200):
                chosen = random.integers(0, len(counts), best.items)
                loss = loss_of(random.multinomial(best.people, shares[chosen]), probs[chosen])
                widths.append(1.96 * loss.std(ddof=1) / sqrt(best.items) / log(2))
            rows.append({
                "data": data, "model": model, "prices": name, "people": best.people, "items": best.items,
                "judgements": best.judgements, "price": best.price, "real ± bits": float(np.mean(widths)),
                "detectable bits": best.detectable / log(2),
            })  # fmt: skip
            # Price of every number of people, for the figure.
            curves[data][name] = [
                plan(components, within=WITHIN, item_price=item, judgement_price=judgement,
                     least_people=k, most_people=k).cheapest.price for k in range(1, 31)
            ]  # fmt: skip
            print(rows[-1], flush=True)
    text = (
        "Cheapest panels for ± 0.05 bit of cross-entropy, planned from 300 items × 3 people, and the width they give."
    )
    write_results("panel_plan", rows, text, within_bits=0.05, pilot="300 × 3")
    (RESULTS / "panel_plan_curves.json").write_text(json.dumps(curves, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
