"""Two variables at once: the chain rule for entropy and information, H(X, Y) = H(X) + H(Y|X).

A table holds the joint distribution of two variables: rows are the values of X, columns those of Y, and all cells
sum to 1.
"""

from typing import Any, Literal, get_args

from bitsapart._checks import check_choice, check_probs
from bitsapart.errors import DomainError
from bitsapart.units import Unit

from ._arrays import Array, Library, log_in
from ._distributions import Distribution, SystemKind, open_one
from .divergences import divergence
from .entropies import expected_information

__all__ = ["Given", "conditional_entropy", "conditional_information", "joint_entropy", "mutual_information"]

Given = Literal["rows", "columns"]


def joint_entropy(table: Array, *, unit: Unit = "bit", kind: SystemKind = "probs") -> Array:
    """The uncertainty of two variables together.

    H(X, Y) = −Σ p(x, y) log p(x, y) = H(X) + H(Y|X).

    Args:
        table: shape (..., rows, columns), the cells of each table summing to 1.
        unit: "bit", "nat" or "hartley".
        kind: "probs", "log-probs", "logits" or "counts".

    Returns:
        Entropy in `unit`, shape (...), 0 … log of the number of cells.

    Raises:
        DomainError: a value is no probability, or the cells do not sum to 1.

    References:
        Shannon 1948, §6.

    Example:
        >>> joint_entropy([[0.5, 0.25], [0.0, 0.25]])
        1.5
    """
    p, _ = _open_table(table, kind)
    return p.library.deliver(expected_information(p, p, unit))


def conditional_entropy(
    table: Array, *, given: Given = "rows", unit: Unit = "bit", kind: SystemKind = "probs"
) -> Array:
    """The uncertainty that is left of one variable once the other is known.

    H(Y|X) = −Σ p(x, y) log p(y|x) for `given="rows"`; H(X|Y) for `given="columns"`.

    Args:
        table: shape (..., rows, columns), the cells of each table summing to 1.
        given: which variable is known: "rows" (X) or "columns" (Y).
        unit: "bit", "nat" or "hartley".
        kind: "probs", "log-probs", "logits" or "counts".

    Returns:
        Entropy in `unit`, shape (...), 0 … H of the other variable.

    Raises:
        DomainError: a value is no probability, or the cells do not sum to 1.

    References:
        Shannon 1948, §6.

    Example:
        >>> conditional_entropy([[0.5, 0.0], [0.25, 0.25]])
        0.5
    """
    p, shape = _open_table(table, kind)
    xp = p.xp
    cells = xp.reshape(p.probs, shape)
    nobody = cells == 0
    informations = -_log_conditional(xp, cells, nobody, given, unit)
    return p.library.deliver(xp.sum(xp.sum(cells * informations, axis=-1), axis=-1))


def conditional_information(
    table: Array, *, given: Given = "rows", unit: Unit = "bit", kind: SystemKind = "probs"
) -> Array:
    """How much one learns from one variable's value once the other's is known; with the other's own it adds up.

    −log p(y|x) for `given="rows"`, so that −log p(x, y) = −log p(x) − log p(y|x): the information that a team reaches
    the final and wins it is that of reaching it and that of winning a final once reached.

    Args:
        table: shape (..., rows, columns), the cells of each table summing to 1.
        given: which variable is known: "rows" (X) or "columns" (Y).
        unit: "bit", "nat" or "hartley".
        kind: "probs", "log-probs", "logits" or "counts".

    Returns:
        Information in `unit` of every cell, the table's shape, 0 … ∞; ∞ also where what is known is itself impossible.

    Raises:
        DomainError: a value is no probability, or the cells do not sum to 1.

    References:
        Fano, Transmission of information, 1961.

    Example:
        >>> float(conditional_information([[0.125, 0.125], [0.0, 0.75]])[0, 0])
        1.0
    """
    p, shape = _open_table(table, kind)
    xp = p.xp
    cells = xp.reshape(p.probs, shape)
    nobody = cells == 0
    informations = -_log_conditional(xp, cells, nobody, given, unit)
    return p.library.deliver(xp.where(nobody, xp.full_like(cells, xp.inf), informations))


def mutual_information(table: Array, *, unit: Unit = "bit", kind: SystemKind = "probs") -> Array:
    """How much knowing one variable tells about the other.

    I(X; Y) = Σ p(x, y) log [p(x, y)/(p(x) p(y))] = H(X) + H(Y) − H(X, Y).

    Args:
        table: shape (..., rows, columns), the cells of each table summing to 1.
        unit: "bit", "nat" or "hartley".
        kind: "probs", "log-probs", "logits" or "counts".

    Returns:
        Information in `unit`, shape (...), 0 for independent variables … the smaller of H(X) and H(Y).

    Raises:
        DomainError: a value is no probability, or the cells do not sum to 1.

    References:
        Shannon 1948, §12.

    Example:
        >>> mutual_information([[0.5, 0.0], [0.0, 0.5]])
        1.0
    """
    p, shape = _open_table(table, kind)
    xp = p.xp
    cells = xp.reshape(p.probs, shape)
    row, column = xp.sum(cells, axis=-1, keepdims=True), xp.sum(cells, axis=-2, keepdims=True)
    product = row * column
    # a product of two tiny marginals can fall below all normal numbers although the cell does not
    lost = (product < float(xp.finfo(cells.dtype).smallest_normal)) & (cells > 0)
    none, one = xp.zeros_like(cells), xp.ones_like(cells)
    ratio = xp.where(lost, cells, one) / xp.where(lost, row, one)
    tiny = xp.where(lost, cells, none) * (log_in(xp, ratio, unit) - log_in(xp, xp.where(lost, column, one), unit))
    joint, apart = (
        Distribution(p.library, "probs", xp.reshape(side, p.probs.shape))
        for side in (xp.where(lost, none, cells), product)
    )
    total = divergence(joint, apart, unit) + xp.sum(xp.reshape(tiny, p.probs.shape), axis=-1)
    return p.library.deliver(total)


def _open_table(table: Array, kind: SystemKind) -> tuple[Distribution, tuple[int, ...]]:
    """The cells as one distribution, and the table's shape."""
    library = Library.of(table)
    values = library.array(table, "table")
    if values.ndim < 2:
        message = f"table has shape {tuple(values.shape)}, but needs rows and columns on its last two axes"
        raise DomainError(message)
    shape = tuple(int(size) for size in values.shape)
    if kind == "probs":
        check_probs(library.floats(values), "table", rows=False)
    cells = library.xp.reshape(values, (*shape[:-2], shape[-2] * shape[-1]))
    found = open_one(cells, "table", kind, choices=SystemKind)
    found.library = library
    return found, shape


def _log_conditional(xp: Any, cells: Array, nobody: Array, given: Given, unit: Unit) -> Array:
    """Log p(y|x) or log p(x|y); 0 where a cell is impossible."""
    check_choice(given, "given", get_args(Given))
    known = xp.sum(cells, axis=-1 if given == "rows" else -2, keepdims=True)
    one = xp.ones_like(cells)
    whole = xp.where(nobody, one, known)
    return log_in(xp, xp.where(nobody, one, cells) / whole, unit)
