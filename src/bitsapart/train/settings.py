"""What a training run was asked to do; saved with the run, so that it can be repeated and resumed."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from bitsapart.errors import DataError

__all__ = ["DTYPES", "EPOCHS", "HELD_OUT", "INITS", "LOSSES", "OPTIMIZERS", "TrainSettings"]

Loss = Literal["cross-entropy", "likelihood", "least-squares", "absolute"]
Optimizer = Literal["adam", "adamw", "sgd"]
Init = Literal["default", "zeros", "course"]
DType = Literal["float32", "float64", "bfloat16"]

LOSSES: tuple[Loss, ...] = get_args(Loss)
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
INITS: tuple[Init, ...] = get_args(Init)
DTYPES: tuple[DType, ...] = get_args(DType)

_RATES = {"adam": 1e-3, "adamw": 1e-3, "sgd": 1e-2}
EPOCHS = 60
HELD_OUT = 0.2


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """The options of `bitsapart train`; `None` leaves a choice to the rules given here.

    Args:
        loss: "cross-entropy", "likelihood", "least-squares" or "absolute".
        network: "linear", "mlp:20,7,5" (widths of the hidden layers), "cnn", or "package.module:factory".
        optimizer: "adam", "adamw" or "sgd".
        lr: learning rate; 0.001 for adam and adamw, 0.01 for sgd.
        momentum: of sgd.
        weight_decay: of any optimizer.
        batch: items in a step; 0 means all of them.
        epochs: passes over the training items; 60 unless steps are given.
        steps: updates; takes the place of epochs.
        every: evaluate before every so many steps.
        init: "default" (torch's own), "zeros", or "course" (the published recipe of the cat networks).
        seed: of the start, the order of the items and the held-out share.
        dtype: "float32", "float64", or "bfloat16" (weights in float32, products in bfloat16).
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        valid: share of the items held out; 0.2, or 0 where every step takes all the items.
        patience: stop when the held-out cross-entropy has not improved in so many evaluations, and keep the best
            weights; 0 never stops.
        calibrate: fit a temperature to people's answers for the held-out items.
        augment: "none", or "shift" (by a pixel each way, seen from an eighth of the width) and "flip", comma-separated.
        size: height and width that pictures are brought to; None takes them as they are.
        frames: "first" takes the first picture of an animation.
        unreadable: "error", or "skip" pictures that cannot be used.
        checkpoint_s: seconds between checkpoints.
        max_pixels: a picture with more is refused.
    """

    loss: Loss = "cross-entropy"
    network: str = "cnn"
    optimizer: Optimizer = "adam"
    lr: float | None = None
    momentum: float = 0.0
    weight_decay: float = 0.0
    batch: int = 64
    epochs: int | None = None
    steps: int | None = None
    every: int = 100
    init: Init = "default"
    seed: int = 0
    dtype: DType = "float32"
    device: str = "auto"
    valid: float | None = None
    patience: int = 5
    calibrate: bool = False
    augment: str = "none"
    size: tuple[int, int] | None = None
    frames: Literal["error", "first"] = "error"
    unreadable: Literal["error", "skip"] = "error"
    checkpoint_s: float = 15.0
    max_pixels: int = 50_000_000

    def __post_init__(self) -> None:
        for name, allowed in (("loss", LOSSES), ("optimizer", OPTIMIZERS), ("init", INITS), ("dtype", DTYPES)):
            _must(getattr(self, name) in allowed, name, getattr(self, name), f"must be one of {', '.join(allowed)}")
        for name in ("lr", "epochs", "steps"):
            value = getattr(self, name)
            _must(value is None or 0 < value < float("inf"), name, value, "must be positive")
        for name in ("momentum", "weight_decay", "batch", "patience", "seed", "checkpoint_s"):
            value = getattr(self, name)
            _must(0 <= value < float("inf"), name, value, "must not be negative")
        _must(
            self.steps is None or self.epochs is None, "steps", self.steps, "epochs are given as well: give one of them"
        )
        _must(self.every > 0, "every", self.every, "must be at least 1")
        _must(self.held_out < 1, "valid", self.valid, "must be a share below 1")
        _must(self.held_out >= 0, "valid", self.valid, "must be a share from 0")
        _must(not self.momentum or self.optimizer == "sgd", "momentum", self.momentum, "belongs to --optimizer sgd")
        for name in self.augmentations:
            _must(name in {"shift", "flip"}, "augment", name, "must be none, shift, flip or shift,flip")

    @property
    def rate(self) -> float:
        """The learning rate."""
        return _RATES[self.optimizer] if self.lr is None else self.lr

    @property
    def held_out(self) -> float:
        """The share of the items that is held out."""
        if self.valid is None:
            return HELD_OUT if self.batch else 0.0
        return self.valid

    @property
    def augmentations(self) -> tuple[str, ...]:
        """The augmentations that are switched on."""
        return () if self.augment == "none" else tuple(self.augment.split(","))

    def total_steps(self, steps_in_epoch: int) -> int:
        """How many updates the run makes at most."""
        return self.steps or (self.epochs or EPOCHS) * steps_in_epoch

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "TrainSettings":
        """The settings of a saved run.

        Raises:
            DataError: a setting is not known to this version.
        """
        known = {field.name for field in fields(cls)}
        unknown = set(saved) - known
        if unknown:
            message = f"the run's setting {', '.join(sorted(unknown))} is unknown: was it made by a later version?"
            raise DataError(message)
        size = saved.get("size")
        return cls(**{**saved, "size": None if size is None else tuple(size)})


def _must(holds: bool, name: str, value: object, rule: str) -> None:  # noqa: FBT001
    if not holds:
        message = f"{name.replace('_', '-')} is {value}, but {rule}"
        raise DataError(message)
