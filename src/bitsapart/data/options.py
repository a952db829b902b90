"""How inputs are to be read: every guess that `data` makes has an option here that overrides it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from bitsapart.errors import DataError

__all__ = ["MODEL_KINDS", "PEOPLE_KINDS", "ModelKind", "PeopleKind", "Progress", "ReadOptions", "memory_available"]

PeopleKind = Literal["labels", "counts", "probs", "exact"]
ModelKind = Literal["probs", "log-probs", "logits", "verdicts", "counts"]
Progress = Callable[[int, int | None], None]

PEOPLE_KINDS: tuple[PeopleKind, ...] = get_args(PeopleKind)
MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)
_SMALLEST_MEMORY = 64 << 20


def memory_available() -> int:
    """Bytes of memory that this process may still use: what is free, or what its control group leaves."""
    limits = [8 << 30]
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        limits = [int(fields.get("MemAvailable", "8388608 kB").split()[0]) << 10]
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        if limit.exists() and (text := limit.read_text().strip()).isdigit():
            limits.append(int(text))
    return min(limits)


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the caller knows about the inputs; `None` leaves a thing to recognition.

    Args:
        people_kind: "labels" (one answer per item), "counts", "probs", or "exact": what people say is the truth itself.
        model_kind: "probs", "log-probs", "logits", "verdicts" (one class per item) or "counts" (asked several times).
        item: the column that names the items.
        label: the column that holds people's answers.
        annotator: the column that names who answered.
        verdict: the column that holds the model's verdicts.
        count: the column that says how often an answer was given.
        prob: the column that holds the probability.
        classes: the classes, in the order wanted; nothing else is accepted.
        positive: the class that a single probability is about.
        weight: a column with the weight of each item.
        group: a column whose equal values belong together (one document, one user).
        by: columns to slice by.
        missing: what to do with items that stand on one side only: "error" or "drop".
        renormalise: divide rows that were rounded in print by their sum.
        in_order: ignore ids and match rows by their order.
        memory: bytes that joins and counts may use; half of what is there by default.
        threads: how many threads read; all cores by default.
        temp_dir: where what does not fit into memory is put meanwhile.
        progress: called with the rows done and the rows in all, where they are known.
    """

    people_kind: PeopleKind | None = None
    model_kind: ModelKind | None = None
    item: str | None = None
    label: str | None = None
    annotator: str | None = None
    verdict: str | None = None
    count: str | None = None
    prob: str | None = None
    classes: tuple[str, ...] | None = None
    positive: str | None = None
    weight: str | None = None
    group: str | None = None
    by: tuple[str, ...] = ()
    missing: Literal["error", "drop"] = "error"
    renormalise: bool = False
    in_order: bool = False
    memory: int | None = None
    threads: int | None = None
    temp_dir: str | os.PathLike[str] | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        for name in ("by", "classes"):
            value = getattr(self, name)
            if value is not None:  # one name is one name, not its letters
                object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(map(str, value)))
        _one_of("people_kind", self.people_kind, PEOPLE_KINDS)
        _one_of("model_kind", self.model_kind, MODEL_KINDS)
        _one_of("missing", self.missing, ("error", "drop"))
        if self.classes is not None:
            _distinct_classes(self.classes)
        if self.positive is not None and self.classes is not None and self.positive not in self.classes:
            message = f"positive is {self.positive!r}, which is not one of classes {', '.join(self.classes)}"
            raise DataError(message)
        if self.memory is not None and self.memory < _SMALLEST_MEMORY:
            message = f"memory is {self.memory} bytes, but must be at least {_SMALLEST_MEMORY >> 20} MiB"
            raise DataError(message)
        if self.threads is not None and self.threads < 1:
            message = f"threads is {self.threads}, but must be at least 1"
            raise DataError(message)

    @property
    def memory_bytes(self) -> int:
        """The memory that joins and counts may use."""
        return self.memory or max(memory_available() // 2, _SMALLEST_MEMORY)

    @property
    def thread_count(self) -> int:
        """The number of threads that read."""
        if self.threads is not None:
            return self.threads
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        message = f"{name} is {value!r}, but must be one of {', '.join(allowed)}"
        raise DataError(message)


def _distinct_classes(classes: Sequence[str]) -> None:
    repeated = sorted({name for name in classes if list(classes).count(name) > 1})
    if repeated:
        message = f"classes names {repeated[0]!r} twice: {', '.join(classes)}"
        raise DataError(message)
    if len(classes) < 2:
        message = f"classes names {len(classes)} class, but a distribution needs at least two"
        raise DataError(message)
