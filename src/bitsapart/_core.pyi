# The native core: built from native/, imported by the tally's side of comparison and by train/losses alone.

from collections.abc import Sequence
from typing import Any, TypeAlias

Fault: TypeAlias = tuple[int, int, int, int, float]  # row, side, column, reason, value
Sums: TypeAlias = tuple[list[int], bytes]  # n and infinite of each column; Σx, Σx², Σxw, Σw, Σw² of each, 32 bytes each

def simd_level() -> str: ...

class Side:
    def __init__(self, kind: int, columns: list[Any], classes: int, single: bool, positive: int) -> None: ...
    def __len__(self) -> int: ...

def block_sums(
    people: Side,
    models: Sequence[Side],
    weight: Any | None,
    by_judgement: bool,
    ordinal: bool,
    tails: bool,
    worst: int,
    threads: int,
) -> tuple[Fault | None, int, list[tuple[int, int]], list[tuple[Sums, list[tuple[float, int]], float]]]: ...
def column_values(
    people: Side, models: Sequence[Side], columns: Sequence[int], out: Any, threads: int
) -> Fault | None: ...
def distributions(side: Side, number: int, probs: Any, logs: Any | None, threads: int) -> Fault | None: ...
def exact_sums(value: Any, weight: Any | None) -> tuple[int, Sums]: ...
def grouped_sums(value: Any, weight: Any | None, code: Any, groups: int) -> tuple[int, Sums]: ...
def power_sums(value: Any) -> bytes: ...
def row_patterns(side: Side, code: Any) -> list[int]: ...
def logarithms(x: Any, out: Any) -> None: ...
def exponentials(x: Any, out: Any) -> None: ...
def softmax_loss(
    *,
    loss: int,
    rows: int,
    classes: int,
    logits: int,
    logits_type: int,
    logits_stride: int,
    target_kind: int,
    target: int,
    target_type: int,
    target_stride: int,
    ignored_label: int,
    weights: int,
    factors: int,
    scale: float,
    smoothing: float,
    inverse_temperature: float,
    gradient: int,
    losses: int,
    mean: bool,
    summed: bool,
    threads: int,
) -> tuple[int, float, float]: ...
