"""One door for arrays of every kind: which library computes, in which floating type, on which device."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import (
    device,
    is_array_api_obj,
    is_jax_namespace,
    is_numpy_namespace,
    is_torch_namespace,
)

from bitsapart._checks import library_of
from bitsapart.errors import DomainError
from bitsapart.units import Unit, nats_in

__all__ = ["Array", "Library", "log_in", "quiet"]

Array = Any
"""An array of any library of the array API standard; a list or a number where an argument comes in."""

_NOT_NUMBERS = "USOMmcV"


@dataclass(frozen=True)
class Library:
    """The array library of a call: that of its arguments, NumPy where they are lists or numbers.

    NumPy computes in float64 always. Other libraries keep their floating type, which lists and NumPy arrays beside them
    follow; half precision is computed in float32.
    """

    xp: Any
    place: Any
    floating: Any
    plain: bool

    @classmethod
    def of(cls, *values: Array) -> "Library":
        """Find the one library of some arguments."""
        arrays = [value for value in values if is_array_api_obj(value)]
        foreign = [value for value in arrays if not is_numpy_namespace(library_of(value))]
        if not foreign:
            xp = library_of(np.empty(0))
            return cls(xp, None, xp.float64, plain=not arrays)
        try:
            xp = library_of(*foreign)
        except TypeError:
            kinds = " and ".join(sorted({type(value).__module__.split(".")[0] for value in foreign}))
            message = f"the arguments are arrays of {kinds}, but must come from one library. Convert one of them."
            raise DomainError(message) from None
        given = [value.dtype for value in foreign if xp.isdtype(value.dtype, "real floating")]
        floating = xp.result_type(*given) if given else xp.asarray(0.5).dtype
        full = xp.float32 if xp.finfo(floating).bits < 32 else floating
        return cls(xp, None if is_jax_namespace(xp) else device(foreign[0]), full, plain=False)

    def array(self, values: Array, name: str) -> Array:
        """Take one argument as an array of this library: fractions in its floating type, whole numbers as they are."""
        if is_array_api_obj(values) and not is_numpy_namespace(library_of(values)):
            return self._own(values, name)
        numbers = _numbers(values, name)
        if is_numpy_namespace(self.xp):
            return self._own(numbers, name)
        floating = {"dtype": self.floating} if numbers.dtype.kind == "f" else {}
        located = {} if self.place is None else {"device": self.place}
        return self.xp.asarray(np.array(numbers), **floating, **located)  # a copy: PyTorch warns of read-only memory

    def floats(self, values: Array) -> Array:
        """The same numbers in the floating type of this call."""
        return self.xp.astype(values, self.floating, copy=False)

    def indices(self, count: int) -> Array:
        """The whole numbers 0 … count − 1, beside the arguments."""
        return self.xp.arange(count, **({} if self.place is None else {"device": self.place}))

    def _own(self, values: Array, name: str) -> Array:
        if self.xp.isdtype(values.dtype, "real floating"):
            return self.floats(values)
        if not self.xp.isdtype(values.dtype, ("bool", "integral")):
            message = f"{name} holds values of type {values.dtype}, but must hold real numbers"
            raise DomainError(message)
        return values

    def deliver(self, value: Array) -> Array:
        """Hand a result back: a float for lists and numbers, otherwise an array; never −0."""
        positive = value + 0.0
        return float(positive) if self.plain and positive.ndim == 0 else positive


def _numbers(values: Array, name: str) -> Any:
    """A NumPy array of real numbers, or an error that says why there is none."""
    if isinstance(values, Mapping):
        message = f"{name} is a mapping, but must be an array here: events are named only where both sides may be"
        raise DomainError(message)
    if hasattr(values, "columns"):
        message = (
            f"{name} is a table with named columns, but must be an array. Pass {name}.to_numpy(), or use compare()."
        )
        raise DomainError(message)
    if hasattr(values, "mask") and np.ma.is_masked(values):
        message = f"{name} holds masked values, but every value must be there"
        raise DomainError(message)
    try:
        found = np.asarray(values)
    except ValueError:
        message = f"{name} has rows of different lengths, but must be rectangular"
        raise DomainError(message) from None
    if found.dtype.kind not in _NOT_NUMBERS:
        return found
    return _exotic_numbers(found, name)


def _exotic_numbers(found: Any, name: str) -> Any:
    """Fractions, decimals and the like, which NumPy holds as objects."""
    message = f"{name} holds values of type {found.dtype}, but must hold real numbers"
    if found.dtype.kind == "V" and "float" in found.dtype.name:  # bfloat16 of ml_dtypes
        return found.astype(np.float64)
    if found.dtype.kind != "O" or any(isinstance(value, str | complex | None) for value in found.flat):
        raise DomainError(message)
    try:
        return found.astype(np.float64)
    except (TypeError, ValueError):
        raise DomainError(message) from None


def quiet(xp: Any) -> AbstractContextManager[Any]:
    """Silence NumPy where ∞ is the right answer. PyTorch says nothing, and compiles better without this."""
    return nullcontext() if is_torch_namespace(xp) else np.errstate(divide="ignore", over="ignore")


def log_in(xp: Any, values: Array, unit: Unit) -> Array:
    """The logarithm whose unit is asked for: log₂ for bits, ln for nats, log₁₀ for hartleys; −∞ at 0."""
    nats_in(unit)
    with quiet(xp):
        return {"bit": xp.log2, "nat": xp.log, "hartley": xp.log10}[unit](values)
