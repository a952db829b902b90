"""Make the figures and the numbers of docs/training.md, with the tool itself.

    python docs/training_figures.py     # writes docs/training-*.svg, prints the tables

Both figures train one weight for each pixel (`--network linear`) on the embedded digits, with every loss, from the
same start: once from zeros, once from a network that is sure that every picture shows a 0.
"""

import os
import tempfile
from pathlib import Path

import torch
from torch import nn

from bitsapart.train import TrainSettings, fit_all, losses
from bitsapart.train.networks import Flatten

HERE = Path(__file__).parent
SURE = 12.0  # logit: q = 0.99994 for class 0, 6e-6 for each other


def sure_of_nought(shape, outputs):
    """W = 0, and a bias that says 0 whatever the picture shows."""
    layer = nn.Linear(shape[0] * shape[1] * shape[2], outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    layer.bias.data[0] = SURE
    return nn.Sequential(Flatten(), layer)


def gradients():
    """|∂loss/∂z| of one picture whose right class has probability q, two classes, by each loss's own gradient."""
    print("| q of the right class | cross-entropy | least squares | absolute |\n|---|---|---|---|")
    for q in (0.5, 0.1, 0.01, 0.001, 1e-6):
        cells = []
        for loss in (losses.cross_entropy, losses.squared_error, losses.absolute_error):
            z = torch.tensor([[torch.tensor(q, dtype=torch.float64).logit().item(), 0.0]], dtype=torch.float64)
            z.requires_grad_()
            loss(z, torch.tensor([0])).backward()
            cells.append(f"{abs(z.grad[0, 0].item()):.2g}")
        print(f"| {q:g} | {' | '.join(cells)} |")


def curves(title, **settings):
    """The curves of every loss; the picture is kept, and the last rows are printed."""
    asked = TrainSettings(optimizer="sgd", batch=0, valid=0.2, patience=0, every=10, dtype="float64", **settings)
    with tempfile.TemporaryDirectory() as folder:
        runs, _ = fit_all("example:digits", settings=asked, run=Path(folder) / "run")
        (HERE / f"training-{title}.svg").write_bytes((Path(folder) / "run" / "curves.svg").read_bytes())
        print(f"\n{title}: held-out items\n")
        print(f"| loss | at the start | after {asked.steps} steps | right |\n|---|---|---|---|")
        for name, run in runs.items():
            held_out = [row.cross_entropy for row in run.curve if row.split == "valid"]
            right = run.comparison["accuracy"].value
            print(f"| {name} | {held_out[0]:.2f} bits | {held_out[-1]:.2f} bits | {100 * right:.1f} % |")
        one, other = (runs[name].curve for name in ("cross-entropy", "likelihood"))
        apart = max(abs(a.cross_entropy - b.cross_entropy) for a, b in zip(one, other, strict=True))
        print(f"\ncross-entropy and likelihood are at most {apart:.1g} bits apart")


if __name__ == "__main__":
    os.chdir(HERE)
    gradients()
    curves("from-zeros", network="linear", init="zeros", lr=0.5, steps=400)
    curves("from-sure-mistakes", network="training_figures:sure_of_nought", lr=0.5, steps=400)
