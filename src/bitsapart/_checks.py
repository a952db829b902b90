"""Checks at the door: each is made once, where values come in, and says what was given, where, and the rule.

Every check takes an array of any library of the array API standard. While JAX or PyTorch trace a function (`jax.jit`,
`jax.grad`, `torch.compile`, `torch.func.vmap`) there are no values to look at: the checks of values are then left out,
and only shapes and types are checked.
"""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from .errors import DomainError

__all__ = [
    "ROW_TOLERANCE",
    "check_choice",
    "check_counts",
    "check_labels",
    "check_log_probs",
    "check_logits",
    "check_probs",
    "check_unit_interval",
    "inspectable",
    "library_of",
    "on_host",
]

ROW_TOLERANCE = 1e-5
"""How far a row of probabilities may be from a sum of 1, for each class that it has."""

Array = Any
_NUMPY_IS_STANDARD = tuple(int(part) for part in np.__version__.split(".")[:2]) >= (2, 1)


def library_of(*values: Array) -> Any:
    """The array API namespace of some arrays.

    NumPy is one itself since 2.1; its shim would import all of NumPy, which takes longer than a measure.

    Args:
        values: arrays of one library.

    Returns:
        NumPy, or the namespace that array-api-compat gives.

    Raises:
        TypeError: they are of several libraries.
    """
    if _NUMPY_IS_STANDARD and all(isinstance(value, (np.ndarray, np.generic)) for value in values):
        return np
    return array_namespace(*values)


def check_choice(value: str, name: str, choices: Sequence[str]) -> None:
    """Refuse a word that is not one of the choices, and name the nearest one.

    Args:
        value: what was given.
        name: the argument's name.
        choices: what is allowed.

    Raises:
        DomainError: the value is not among the choices.
    """
    if value in choices:
        return
    near = get_close_matches(str(value), choices, n=1)
    listed = ", ".join(f'"{choice}"' for choice in choices)
    guess = f' Did you mean "{near[0]}"?' if near else ""
    message = f"{name} is {value!r}, but must be one of {listed}.{guess}"
    raise DomainError(message)


def inspectable(values: Array) -> bool:
    """Whether an array's values can be looked at, which they cannot while a function is traced.

    Args:
        values: an array of any library.

    Returns:
        False for tracers of JAX, and for tensors under `torch.compile` or on the "meta" device.
    """
    jax, torch = sys.modules.get("jax"), sys.modules.get("torch")
    if jax is not None and isinstance(values, jax.core.Tracer):
        return False
    if torch is not None and isinstance(values, torch.Tensor):
        return not (torch.compiler.is_compiling() or values.is_meta)
    return True


def on_host(values: Array) -> Any:
    """The same values in NumPy, without gradient.

    Args:
        values: an array of any library, on any device.

    Returns:
        A NumPy array.
    """
    if hasattr(values, "detach"):  # PyTorch
        return values.detach().cpu().numpy()
    return values.get() if hasattr(values, "get") else np.asarray(values)  # CuPy, or all others


def check_probs(
    values: Array, name: str, *, keyword: str = "kind", events: Sequence[str] | None = None, rows: bool = True
) -> None:
    """Refuse what is no probability, and rows that do not sum to 1 within 1e-5 per class.

    Args:
        values: probabilities, classes on the last axis.
        name: the argument's name, for the message.
        keyword: the argument that says which representation was given, for the way out.
        events: the classes' names, if they have names.
        rows: whether the last axis is a distribution that must sum to 1.

    Raises:
        DomainError: names the place, the value and the rule.
    """
    if not inspectable(values):
        return
    xp = library_of(values)
    rule = "probabilities must be"
    if not _any(xp, ~((values >= 0) & (values <= 1))):
        if rows:
            _check_rows(xp, values, xp.sum(values, axis=-1), name)
        return
    _refuse(xp, values, xp.isnan(values), name, f"{rule} between 0 and 1.", events=events)
    _refuse(xp, values, values < 0, name, f"{rule} ≥ 0.{_below_zero(xp, values, keyword)}", events=events)
    _refuse(xp, values, values > 1, name, f"{rule} ≤ 1.{_above_one(xp, values, keyword)}", events=events)


def check_log_probs(
    values: Array, name: str, *, keyword: str = "kind", events: Sequence[str] | None = None, rows: bool = True
) -> None:
    """Refuse log-probabilities above 0, NaN, and rows whose probabilities do not sum to 1.

    Args:
        values: natural logarithms of probabilities, classes on the last axis; −∞ is the logarithm of 0.
        name: the argument's name, for the message.
        keyword: the argument that says which representation was given, for the way out.
        events: the classes' names, if they have names.
        rows: whether the last axis is a distribution that must sum to 1.

    Raises:
        DomainError: names the place, the value and the rule.
    """
    if not inspectable(values):
        return
    xp = library_of(values)
    hint = f'If these are logits, pass {keyword}="logits".'
    if _any(xp, ~(values <= 0)):
        _refuse(xp, values, xp.isnan(values), name, "log-probabilities must be numbers ≤ 0.", events=events)
        _refuse(xp, values, values > 0, name, f"log-probabilities must be ≤ 0. {hint}", events=events)
    if rows:
        _check_rows(
            xp, values, xp.sum(xp.exp(values), axis=-1), name, what="stands for probabilities that sum", way=hint
        )


def check_logits(values: Array, name: str, *, events: Sequence[str] | None = None, rows: bool = True) -> None:
    """Refuse logits that are NaN or +∞, and rows in which every logit is −∞.

    Args:
        values: logits, classes on the last axis; −∞ is an impossible class.
        name: the argument's name, for the message.
        events: the classes' names, if they have names.
        rows: whether the last axis is a distribution. The logit of one event (`rows=False`) may be +∞: it is certain.

    Raises:
        DomainError: names the place, the value and the rule.
    """
    if not inspectable(values):
        return
    xp = library_of(values)
    _refuse(xp, values, xp.isnan(values), name, "logits must be numbers.", events=events)
    if not rows:
        return
    _refuse(xp, values, values == xp.inf, name, "logits must be finite or −inf.", events=events)
    largest = xp.max(values, axis=-1)
    _refuse(xp, largest, largest == -xp.inf, name, "at least one logit of a row must be finite.")


def check_counts(
    values: Array,
    name: str,
    *,
    events: Sequence[str] | None = None,
    at_least: int = 1,
    keyword: str | None = "people_kind",
) -> None:
    """Refuse counts that are negative, not whole, or too few for what is asked.

    Args:
        values: how many people chose each class, classes on the last axis.
        name: the argument's name, for the message.
        events: the classes' names, if they have names.
        at_least: how many judgements each item needs.
        keyword: the argument that says which representation was given, for the way out; None where only counts will do.

    Raises:
        DomainError: names the place, the value and the rule.
    """
    if not inspectable(values):
        return
    xp = library_of(values)
    hint = "" if keyword is None else f' If these are probabilities, pass {keyword}="probs".'
    _refuse(xp, values, ~((values >= 0) & (values < xp.inf)), name, "counts must be finite and ≥ 0.", events=events)
    _refuse(xp, values, values != xp.round(values), name, f"counts must be whole numbers.{hint}", events=events)
    totals = xp.sum(values, axis=-1)
    needs = "one judgement" if at_least == 1 else f"{at_least} judgements"
    _refuse(xp, totals, totals < at_least, name, f"every item needs at least {needs}.", verb="has {} in all")


def check_labels(values: Array, name: str, *, classes: int) -> None:
    """Refuse labels that are not whole numbers from 0 to the number of classes less 1.

    Args:
        values: class indices.
        name: the argument's name, for the message.
        classes: how many classes the other argument has.

    Raises:
        DomainError: names the place, the value and the rule.
    """
    if not inspectable(values):
        return
    xp = library_of(values)
    wrong = ~((values >= 0) & (values < classes) & (values == xp.round(values)))
    _refuse(xp, values, wrong, name, f"labels must be whole numbers from 0 to {classes - 1} ({classes} classes).")


def check_unit_interval(values: Array, name: str, rule: str) -> None:
    """Refuse numbers outside [0, 1] where they are not a model's probabilities (a confidence level, a coin's θ).

    Args:
        values: the numbers.
        name: the argument's name, for the message.
        rule: the rest of the sentence, "θ must lie between 0 and 1.".

    Raises:
        DomainError: names the place, the value and the rule.
    """
    if not inspectable(values):
        return
    xp = library_of(values)
    _refuse(xp, values, ~((values >= 0) & (values <= 1)), name, rule)


def _check_rows(
    xp: Any, values: Array, sums: Array, name: str, *, what: str = "sums", way: str = "Nothing is renormalised for you."
) -> None:
    allowed = ROW_TOLERANCE * values.shape[-1]
    wrong = ~(xp.abs(sums - 1) <= allowed)
    rule = f"probabilities must sum to 1 within {allowed:g}. {way}"
    _refuse(xp, xp.round(sums * 1e9) / 1e9, wrong, name, rule, verb=f"{what} to {{}}")


def _below_zero(xp: Any, values: Array, keyword: str) -> str:
    if not _any(xp, values > 0):
        return f' If these are log-probabilities, pass {keyword}="log-probs".'
    return f' If these are logits, pass {keyword}="logits".'


def _above_one(xp: Any, values: Array, keyword: str) -> str:
    if keyword != "model_kind" and not _any(xp, values != xp.round(values)):
        return f' If these are counts, pass {keyword}="counts".'
    return f' If these are logits, pass {keyword}="logits".'


def _any(xp: Any, mask: Array) -> bool:
    found = xp.any(mask)
    try:  # under jax.jit even what is computed from known values is traced
        return inspectable(found) and bool(found)
    except RuntimeError:  # torch.func.vmap: a batch of values at once cannot be looked at
        return False


def _refuse(
    xp: Any,
    values: Array,
    wrong: Array,
    name: str,
    rule: str,
    *,
    events: Sequence[str] | None = None,
    verb: str = "is {}",
) -> None:
    """Raise a DomainError for the first place where `wrong` is true."""
    if not _any(xp, wrong):
        return
    flat = int(np.argmax(on_host(wrong)))
    index = tuple(int(i) for i in np.unravel_index(flat, wrong.shape)) if wrong.ndim else ()
    message = f"{_place(name, index, events)} {verb.format(_number(values, index))}, but {rule}"
    raise DomainError(message)


def _place(name: str, index: tuple[int, ...], events: Sequence[str] | None) -> str:
    if not index:
        return name
    parts = [str(i) for i in index]
    if events is not None:
        parts[-1] = f'"{events[index[-1]]}"'
    return f"{name}[{', '.join(parts)}]"


def _number(values: Array, index: tuple[int, ...]) -> str:
    value = on_host(values[index] if index else values)
    text = str(np.float32(float(value))) if "float32" in str(value.dtype) else str(float(value))
    return text.removesuffix(".0")
