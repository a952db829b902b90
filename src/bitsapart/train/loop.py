"""The steps: evaluate, save, update; the same numbers however often the run was interrupted."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import inf, isfinite, log, nan
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bitsapart.errors import DomainError

from .batches import Batches, augmented, seed_of
from .checkpoint import Checkpoint
from .curve import CurveRow
from .objectives import OBJECTIVES, Watched, class_logits, watch, watched
from .settings import TrainSettings

__all__ = ["Bench", "Outcome", "Progress", "Split", "train"]

_CHUNK = 1024
_EVALUATED = 10_000

Progress = Callable[[int, int, list[CurveRow]], None]


@dataclass
class Split:
    """Items that are trained on or held out, as tensors.

    Attributes:
        pixels: [N, height, width, channels] as loaded.
        scale: pixels are divided by it.
        target: labels [N], counts [N, C] or shares [N, C].
        judgements, weights: [N].
    """

    pixels: NDArray[Any]
    scale: float
    target: Tensor
    judgements: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def pictures(self, rows: NDArray[np.int64], dtype: torch.dtype) -> Tensor:
        """[n, channels, height, width], scaled."""
        chosen = (
            self.pixels
            if len(rows) == len(self.pixels) and np.array_equal(rows, np.arange(len(rows)))
            else self.pixels[rows]
        )
        scaled = torch.from_numpy(chosen.astype(np.int32) if chosen.dtype == np.uint16 else chosen).to(dtype)
        if self.scale != 1.0:
            scaled = scaled / self.scale
        return scaled.permute(0, 3, 1, 2).contiguous()


@dataclass
class Bench:
    """What the loop works with.

    Attributes:
        fabric: devices and processes.
        module, network: the network, and the same as the engine wraps it.
        optimizer: likewise unwrapped; wrapped below.
        stepper: the optimizer as the engine wraps it.
        dtype: of pictures and weights.
        fixed: scaled pictures, where every step takes all of them.
    """

    fabric: Any
    module: nn.Module
    network: Any
    optimizer: torch.optim.Optimizer
    stepper: Any
    dtype: torch.dtype
    fixed: Tensor | None = None


@dataclass
class Outcome:
    """Where training ended.

    Attributes:
        step: updates made.
        rows: the learning curve.
        best, best_step: held-out cross-entropy (bits) of the weights that are kept, and when; inf, 0 where none are.
        since: evaluations since the best one.
        weights: the best weights where early stopping is on, otherwise empty.
        stopped: whether training ended before its last step.
    """

    step: int = 0
    rows: list[CurveRow] = field(default_factory=list)
    best: float = inf
    best_step: int = 0
    since: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)
    stopped: bool = False


def train(
    bench: Bench,
    learned: Split,
    held_out: Split | None,
    settings: TrainSettings,
    *,
    resume: Checkpoint | None = None,
    save: Callable[[Checkpoint], None] | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Train until the steps are made or the held-out cross-entropy stops falling.

    Args:
        bench: the network and what moves it.
        learned: the items to train on.
        held_out: the items to watch, or None.
        settings: everything else.
        resume: where an interrupted run stood.
        save: called with a checkpoint now and then.
        progress: called after every step with steps made, steps in all and the curve so far.

    Returns:
        Where it ended; the network then has the best weights (with early stopping) or the last.

    Raises:
        DomainError: the loss is no longer a number.
    """
    batches = Batches(len(learned), settings.batch, settings.seed)
    steps = settings.total_steps(batches.steps_in_epoch)
    state = _restored(bench, resume) if resume is not None else Outcome()
    saved_at = time.monotonic()
    while True:
        due = state.step % settings.every == 0 or state.step == steps
        fresh = due and not (state.rows and state.rows[-1].step == state.step)
        if fresh:
            _evaluate(bench, learned, held_out, settings, state)
        state.stopped = bool(settings.patience) and state.since >= settings.patience and state.step < steps
        if progress is not None:
            progress(state.step, steps, state.rows)
        if state.stopped or state.step == steps:
            break
        if save is not None and (state.step == 0 or time.monotonic() - saved_at >= settings.checkpoint_s):
            save(_checkpoint(bench, state, settings))
            saved_at = time.monotonic()
        _update(bench, learned, batches.rows(state.step), settings, state.step)
        state.step += 1
    if state.weights:
        bench.module.load_state_dict(state.weights)
    return state


def _evaluate(bench: Bench, learned: Split, held_out: Split | None, settings: TrainSettings, state: Outcome) -> None:
    rows = _watched_rows(len(learned), settings)
    seen = _watch(bench, learned, rows)
    state.rows.append(CurveRow.of(state.step, "train", seen))
    if not isfinite(seen.cross_entropy):
        raise DomainError(_diverged(seen.cross_entropy, state.step, settings))
    if held_out is None:
        return
    outside = _watch(bench, held_out, np.arange(len(held_out)))
    state.rows.append(CurveRow.of(state.step, "valid", outside))
    if not isfinite(outside.cross_entropy):
        raise DomainError(_diverged(outside.cross_entropy, state.step, settings))
    if not settings.patience:
        return
    state.since += 1
    if outside.cross_entropy / log(2) < state.best:
        state.best, state.best_step, state.since = outside.cross_entropy / log(2), state.step, 0
        state.weights = {name: value.detach().clone() for name, value in bench.module.state_dict().items()}


def _watched_rows(items: int, settings: TrainSettings) -> NDArray[np.int64]:
    """All training items, or a fixed ten thousand of more, unless every step takes all of them anyway."""
    if items <= _EVALUATED or not settings.batch:
        return np.arange(items)
    return np.sort(np.random.default_rng(seed_of(settings.seed, 4)).permutation(items)[:_EVALUATED])


def _watch(bench: Bench, split: Split, rows: NDArray[np.int64]) -> Watched:
    fabric = bench.fabric
    wide = torch.float32 if fabric.device.type == "mps" else torch.float64
    mine = rows[fabric.global_rank :: fabric.world_size]
    sums = torch.zeros(6, dtype=wide, device=fabric.device)
    bench.network.eval()
    with torch.no_grad():
        for start in range(0, len(mine), _CHUNK):
            chunk = mine[start : start + _CHUNK]
            logits = bench.network(split.pictures(chunk, bench.dtype).to(fabric.device))
            parts = [part[chunk].to(fabric.device) for part in (split.target, split.judgements, split.weights)]
            sums += watch(logits, parts[0], parts[1].to(wide), parts[2].to(wide))
    return watched(fabric.all_reduce(sums, reduce_op="sum").cpu())


def _update(bench: Bench, split: Split, rows: NDArray[np.int64], settings: TrainSettings, step: int) -> None:
    """One step: the gradient of the mean over the step's items, whichever process holds them."""
    fabric = bench.fabric
    mine = np.array_split(rows, fabric.world_size)[fabric.global_rank]
    weights = split.weights[mine]
    if not len(mine):
        mine, weights = rows[:1], torch.zeros(1, dtype=split.weights.dtype)
    seed = torch.default_generator.manual_seed if fabric.device.type == "cpu" else torch.manual_seed
    seed(seed_of(settings.seed, 3, step, fabric.global_rank))
    pictures = _pictures(bench, split, mine, settings, step)
    bench.network.train()
    bench.stepper.zero_grad(set_to_none=True)
    logits = class_logits(bench.network(pictures))
    costs = OBJECTIVES[settings.loss](logits, split.target[mine].to(fabric.device))
    share = weights * (fabric.world_size / split.weights[rows].sum())
    cost = (costs * share.to(costs)).sum()
    everybodys = float(fabric.all_reduce(cost.detach().double(), reduce_op="mean"))
    if not isfinite(everybodys):
        raise DomainError(_diverged(everybodys, step, settings))
    fabric.backward(cost)
    try:
        bench.stepper.step()
    except RuntimeError as error:  # torch refuses a rate that its numbers cannot hold
        if "overflow" not in str(error):
            raise
        raise DomainError(_diverged(inf, step + 1, settings)) from None


def _pictures(bench: Bench, split: Split, rows: NDArray[np.int64], settings: TrainSettings, step: int) -> Tensor:
    if settings.augmentations:
        pictures = augmented(split.pictures(rows, bench.dtype), rows, settings.augmentations, settings.seed, step)
        return pictures.to(bench.fabric.device)
    if settings.batch:
        return split.pictures(rows, bench.dtype).to(bench.fabric.device)
    if bench.fixed is None:
        bench.fixed = split.pictures(rows, bench.dtype).to(bench.fabric.device)
    return bench.fixed


def _diverged(value: float, step: int, settings: TrainSettings) -> str:
    what = "not a number" if value != value else "infinite"
    if step == 0:
        return (
            f"the loss is {what} at step 0, before anything was learned: the network's start, or pixels too large for "
            f"{settings.dtype}, give logits that are no numbers"
        )
    return (
        f"the loss is {what} at step {step}: with --lr {settings.rate:g} the weights ran away. The run folder keeps "
        "the curve and the last checkpoint; train again with a smaller --lr"
    )


def _checkpoint(bench: Bench, state: Outcome, settings: TrainSettings) -> Checkpoint:
    network = bench.module.state_dict()
    if not all(bool(torch.isfinite(value).all()) for value in network.values()):
        raise DomainError(_diverged(nan, state.step, settings))
    facts = {
        "rows": [asdict(row) for row in state.rows],
        "best": state.best,
        "best_step": state.best_step,
        "since": state.since,
    }
    return Checkpoint(state.step, network, bench.optimizer.state_dict(), state.weights, facts)


def _restored(bench: Bench, saved: Checkpoint) -> Outcome:
    bench.module.load_state_dict(saved.network)
    bench.optimizer.load_state_dict(saved.optimizer)
    facts = saved.facts
    return Outcome(
        step=saved.step, rows=[CurveRow(**row) for row in facts["rows"]], best=facts["best"],
        best_step=facts["best_step"], since=facts["since"], weights=dict(saved.best),
    )  # fmt: skip
