"""The native core, run at every SIMD level: its values against the book and 50 digits, its faults, its sums."""

import math
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bitsapart import _core, measures
from bitsapart.comparison import Tally

SPEC = spec_from_file_location("native_cases", Path(__file__).with_name("native_cases.py"))
native_cases = module_from_spec(SPEC)
SPEC.loader.exec_module(native_cases)

EPSILON = 2.0**-52
BETWEEN_LEVELS = 16 * EPSILON
"""Levels differ in whether a product and a sum are rounded as one: by so much of the largest number added, or of 1."""

NATS = {"bit": 1 / math.log(2), "nat": 1.0, "hartley": 1 / math.log(10)}


@pytest.fixture(scope="module", params=["baseline", "v3", "v4"])
def found(request, tmp_path_factory):
    """What a level finds for every case."""
    target = tmp_path_factory.mktemp("native") / "found.npz"
    command = [sys.executable, native_cases.__file__, _core.__file__, str(target)]
    environment = {**os.environ, "BITSAPART_SIMD": request.param}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if done.stdout.strip() != request.param:
        pytest.skip(f"this machine or build has no level {request.param}")
    with np.load(target) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def here():
    """The same in this process, at the level that runs."""
    return native_cases.run(_core)


def test_levels_agree(found, here):
    for name, values in here.items():
        other = found[name]
        assert values.shape == other.shape, name
        if values.dtype.kind != "f":
            if not name.startswith("sums/"):
                np.testing.assert_array_equal(other, values, err_msg=name)
            continue
        np.testing.assert_array_equal(np.isfinite(other), np.isfinite(values), err_msg=name)
        values, other = (np.where(np.isfinite(v), v, np.sign(v)) for v in (values, other))
        large = 1 + np.abs(values) + (np.abs(values[0]) if values.ndim == 2 else 0)  # KL is a difference of row 0
        off = np.nan_to_num(np.abs(other - values) / large)
        assert off.max(initial=0) <= BETWEEN_LEVELS, (name, off.max())


def test_exact_sums_are_the_same_on_every_level(found, here):
    """Where the values are given, no level may differ by a bit."""
    for name in (name for name in here if name.startswith("sums/")):
        np.testing.assert_array_equal(found[name], here[name], err_msg=name)


def in_rows(case, values, kind):
    """A side as a table of float64, two columns for one; and how far its numbers spread."""
    table = np.column_stack(values) if isinstance(values, tuple) else np.asarray(values)
    if kind in ("labels", "verdicts"):
        codes = table.astype(np.int64)
        return (codes, "labels", 0.0) if kind == "labels" else (np.eye(case.classes)[codes], "probs", 0.0)
    table = table.astype(np.float64)
    if table.ndim == 1:
        with np.errstate(divide="ignore"):
            rest = np.log1p(-np.exp(table)) if kind == "log-probs" else 0 * table if kind == "logits" else 1 - table
        table = np.column_stack([table, rest] if case.positive == 0 else [rest, table])
    spread = np.where(np.isfinite(table), np.abs(table), 0).max(axis=1) if "log" in kind else 0.0
    return table, kind, spread


def book(column, case):
    """The book's values of a column, and how large the numbers are that it adds up."""
    people, people_kind, _ = in_rows(case, case.people, case.people_kind)
    model, model_kind, spread = in_rows(case, case.model, case.model_kind)
    function = getattr(measures, column)
    if column == "entropy":
        return function(people, unit="nat", kind=people_kind), 0.0
    if column == "disagreement":
        return function(people, kind=people_kind), 0.0
    unit = {"unit": "nat"} if column in ("cross_entropy", "kl_divergence") else {}
    values = function(people, model, people_kind=people_kind, model_kind=model_kind, **unit)
    loss = measures.cross_entropy(people, model, unit="nat", people_kind=people_kind, model_kind=model_kind)
    return values, spread + np.where(np.isfinite(loss), loss, 0.0)


def by_book(case):
    """Columns that the book can compute for this case; unbiased ones need two judgements of every item."""
    columns = case.columns
    if case.people_kind == "counts":
        people, _, _ = in_rows(case, case.people, "counts")
        if (people.sum(axis=1) < 2).any():
            lonely = {"squared_distance", "disagreement", "ranked_squared_distance"}
            columns = [column for column in columns if column not in lonely]
    return [column for column in columns if case.people_kind != "probs" or column != "ranked_squared_distance"]


def test_values_are_those_of_the_book(found):
    checked = 0
    for case in (*native_cases.plain_cases(), *native_cases.layout_cases()):
        values = dict(zip(case.columns, found[case.name], strict=True))
        for column in by_book(case):
            expected, large = book(column, case)
            allowed = EPSILON * (case.classes + 8) * (1 + np.where(np.isfinite(expected), np.abs(expected), 0) + large)
            with np.errstate(invalid="ignore"):
                off = np.where(values[column] == expected, 0, np.abs(values[column] - expected))
            assert (off <= allowed).all(), (case.name, column, off.max())
            checked += len(off)
    assert checked > 100_000


def test_values_are_those_of_fifty_digits(found):
    checked = 0
    for case, row in native_cases.reference_cases():
        exact = float(row["value"])
        got = float(found[case.name][case.columns.index(row["measure"])][0])
        got *= NATS[row["options"].get("unit", "bit")] if row["measure"] in native_cases.COLUMNS[:3] else 1.0
        allowed = (case.classes + 8) * EPSILON * max(float(row["scale"]), 1.0)
        assert got == exact or abs(got - exact) <= allowed, (row, got)
        checked += 1
    assert checked > 100


def test_the_place_of_a_fault(found):
    cases = list(native_cases.faulty_cases())
    assert len(cases) > 400
    for case in cases:
        row, side = case.faults
        assert found[case.name].tolist()[:2] == [row, side], case.name


def test_logarithms_and_exponentials_are_within_one_rounding(found):
    from mpmath import exp, log, mp, mpf

    with mp.workdps(40):
        given_to = {"log": native_cases.LOGARITHMS, "exp": native_cases.EXPONENTIALS}
        for (name, given), function in zip(given_to.items(), (log, exp), strict=True):
            got = found[name][-len(given) :]
            for x, y in zip(given.tolist(), got.tolist(), strict=True):
                exact = function(mpf(x))
                assert abs(mpf(y) - exact) <= np.spacing(abs(float(exact))), (name, x)


def same_bytes(classes, blocks, **options):
    """The state of a tally that was given these blocks one by one, and of one merged from one tally for each."""

    def fresh(threads):
        return Tally([str(c) for c in range(classes)], worst=3, parts=("tails", "pairs"), threads=threads, **options)

    in_turn = fresh(1)
    for block in blocks:
        in_turn.update(*block[:-2], ids=block[-2], weights=block[-1])
    parts = []
    for block in reversed(blocks):
        parts.append(fresh(2))
        parts[-1].update(*block[:-2], ids=block[-2], weights=block[-1])
    for part in parts[1:]:
        parts[0].merge(part)
    return in_turn.to_bytes(), parts[0].to_bytes()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["binary", "labels and long logits", "counts", "probs"])
def test_threads_cuts_and_merging_leave_the_bytes(kind, weighted):
    rng = np.random.default_rng(8)
    items, classes = {"binary": (40_000, 2), "labels and long logits": (2500, 40)}.get(kind, (6000, 5))
    options = {"models": ("a", "b")}
    if kind == "binary":
        people, models = rng.integers(0, 2, items).astype(np.int8), rng.random((2, items), dtype=np.float32)
        models[0, ::17], models[1, ::5] = 0.0, 0.5  # infinite losses, ties
        options |= {"people_kind": "labels", "model_kind": "probs", "positive": 1}
    elif kind == "labels and long logits":
        people, models = rng.integers(0, classes, items), rng.standard_normal((2, items, classes), dtype=np.float32)
        models[0, ::9] = np.round(models[0, ::9])
        options |= {"people_kind": "labels", "model_kind": "logits"}
    else:
        shares = rng.dirichlet(np.ones(classes), items)
        people = shares if kind == "probs" else rng.multinomial(5, np.full(classes, 1 / classes), items)
        models = rng.dirichlet(np.ones(classes), (2, items))
        models[0, :50] = np.eye(classes)[0]
        options |= {"people_kind": kind, "model_kind": "probs"}
    ids = np.array([f"{i:05}" for i in range(items)])
    weights = rng.uniform(0, 3, items) if weighted else None
    states = set()
    for cuts in ([], [1], [255, 256, 257, 1000], sorted(rng.integers(1, items, 9).tolist())):
        blocks = [
            (people[a:b], models[0][a:b], models[1][a:b], ids[a:b], None if weights is None else weights[a:b])
            for a, b in pairwise([0, *cuts, items])
        ]
        states |= set(same_bytes(classes, blocks, **options))
    order = rng.permutation(items)
    shuffled = (
        people[order],
        models[0][order],
        models[1][order],
        ids[order],
        weights if weights is None else weights[order],
    )
    states |= set(same_bytes(classes, [shuffled], **options))
    assert len(states) == 1


def test_many_long_rows_cost_nothing_but_the_core():
    """Parts that are not switched on take no room: a square of the classes would be 10^10 sums here."""
    classes = 100_000
    tally = Tally([str(c) for c in range(classes)], people_kind="labels", model_kind="logits")
    tally.update(np.array([3, 99_999]), np.zeros((2, classes), dtype=np.float16))
    assert tally.moments("cross_entropy").mean == pytest.approx(math.log(classes), rel=1e-14)
    assert tally.class_sums() == {}
    assert tally.confusion() == []


def test_a_weight_or_a_code_of_another_layout_is_read_right():
    rng = np.random.default_rng(9)
    people, model, weights = rng.integers(0, 2, 60), rng.random(60), rng.random(60)
    plain, strided = (Tally(["x", "y"], model_kind="probs") for _ in range(2))
    plain.update(people, model, weights=weights)
    strided.update(people, model, weights=np.repeat(weights, 2)[::2])
    assert plain == strided
