"""Sums of count patterns in columns: exact, the same in any order, and as whole numbers what Python's add up to."""

import random

import numpy as np
import pytest

from bitsapart.comparison import pattern_book
from bitsapart.comparison.moments import GRID, grouped_sums
from bitsapart.comparison.pattern_book import PatternBook

PATTERNS = np.array([[3, 1], [0, 4], [2, 2], [7, 0]])


def block(seed: int, items: int = 40, *, scale: float = 1.0):
    rng = np.random.default_rng(seed)
    counts, codes = PATTERNS[rng.permutation(4)[:3]], rng.integers(0, 3, items)
    groups = np.array(["b", "", "a"])[rng.integers(0, 3, 3)]
    losses = [scale * rng.exponential(size=items), np.where(rng.random(items) < 0.1, np.inf, rng.random(items))]
    return counts, groups, codes, losses, rng.random(items) * 3


def book_of(*blocks):
    book = PatternBook.empty(2, 2)
    for one in blocks:
        book.add(PatternBook.of(*one))
    return book


def expected(blocks):
    """Each pattern's sums by Python's whole numbers."""
    found = {}
    for counts, groups, codes, losses, weights in blocks:
        columns = [np.ones(len(codes)), *losses]
        sums = [grouped_sums(column, codes, len(counts), weights) for column in columns]
        for place, (pattern, group) in enumerate(zip(counts.tolist(), groups.tolist(), strict=True)):
            endless = [int(np.isinf(loss[codes == place]).sum()) for loss in losses]
            own = [*(m[place] for m in sums), np.array(endless)]
            key = (tuple(pattern), group)
            found[key] = [a + b for a, b in zip(found[key], own, strict=True)] if key in found else own
    return found


@pytest.mark.parametrize("waiting", [0, 5, 1 << 16])
def test_sums_are_those_of_whole_numbers_in_any_order(waiting, monkeypatch):
    monkeypatch.setattr(pattern_book, "_WAITING", waiting)
    blocks = [block(seed, scale=10.0 ** (seed % 5)) for seed in range(12)]
    wanted = expected(blocks)
    shuffled = random.Random(1).sample(blocks, len(blocks))
    halves = book_of(*shuffled[:5])
    halves.add(book_of(*shuffled[5:]))
    for book in (book_of(*blocks), halves):
        rows = list(book.rows())
        assert [(tuple(row[0]), row[1]) for row in rows] == sorted(wanted)
        for counts, group, ones, losses, infinite in rows:
            *moments, endless = wanted[tuple(counts), group]
            whole = [[m.n, m.x, m.xx, m.xw, m.w, m.ww] for m in moments]
            assert [ones, *losses] == whole
            assert infinite == endless.tolist()


def test_the_floats_are_those_of_the_whole_numbers():
    blocks = [block(seed, scale=1e9 if seed else 1e-9) for seed in range(6)]
    book = book_of(*blocks)
    sums, wanted = book.sums(grouped=True), expected(blocks)
    for place, (counts, group) in enumerate(sorted(wanted)):
        one, first, second, endless = wanted[counts, group]
        assert sums.counts[place].tolist() == list(counts)
        assert sorted({name for _, name in wanted})[sums.groups[place]] == group
        assert (sums.items[place], sums.infinite[:, place].tolist()) == (one.n, endless.tolist())
        assert sums.weight[place] == pytest.approx(one.w / GRID, rel=3e-16)
        assert sums.weight_square[place] == pytest.approx(one.ww / GRID**2, rel=3e-16)
        for m, moments in enumerate((first, second)):
            assert sums.total[m, place] == pytest.approx(moments.x / GRID, rel=3e-16)
            assert sums.cross[m, place] == pytest.approx(moments.xw / GRID**2, rel=3e-16)
            assert sums.square[m, place] == pytest.approx(moments.xx / GRID**2, rel=3e-16)


def test_rows_come_back_and_sums_below_zero_carry():
    rows = [[[1, 2], "", [3, -5, 7, -(2**200), 2**64, 1], [[2, -1, 2**70, 0, 2**52, 3]], [1]]]
    book = PatternBook.from_rows(rows, 2, 1)
    assert list(book.rows()) == rows
    assert book.sums(grouped=False).total.tolist() == [[-1 / GRID]]
    book.add(PatternBook.from_rows([[[1, 2], "", [1, 6, -8, 2**200, -1, -1], [[1, 1, 0, -1, 0, 0]], [0]]], 2, 1))
    assert list(book.rows()) == [[[1, 2], "", [4, 1, -1, 0, 2**64 - 1, 0], [[3, 0, 2**70, -1, 2**52, 3]], [1]]]


@pytest.mark.parametrize(
    "spoiled",
    [
        [[1, 2, 3], "", [1, 0, 0, 0, 0, 0], [[1, 0, 0, 0, 0, 0]], [0]],
        [[1, 2], "", [1, 2**255, 0, 0, 0, 0], [[1, 0, 0, 0, 0, 0]], [0]],
        [[1, 2], "", [1, 0, 0, 0, 0], [[1, 0, 0, 0, 0, 0]], [0]],
        [[1, 2], "", [1, 0, 0, 0, 0, 0], [], [0]],
    ],
)
def test_rows_that_are_none_are_refused(spoiled):
    with pytest.raises(ValueError, match=r"."):
        PatternBook.from_rows([spoiled], 2, 1)
    assert len(PatternBook.from_rows([], 2, 1)) == 0
