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
from mpmath import mp

from bitsapart import _core, measures
from bitsapart.comparison import Tally


def beside(name):
    """A module of this folder."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


native_cases, native_bounds = beside("native_cases"), beside("native_bounds")
U = native_bounds.U

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


@pytest.fixture(scope="module")
def limits():
    """For every case with values: column → how far an item may lie from the exact value; and its two sides."""
    plain = (*native_cases.plain_cases(), *native_cases.layout_cases(), *native_cases.hard_cases())
    cases = {case.name: case for case in (*plain, *(case for case, _ in native_cases.reference_cases()))}
    return {name: (bounds_of(case), sides_of(case)) for name, case in cases.items()}


def test_levels_agree(found, here, limits):
    """What is exact is the same; each value is within its bound of the exact one, so within two of the other's."""
    for name, values in here.items():
        other = found[name]
        assert values.shape == other.shape, name
        if values.dtype.kind != "f":
            if not name.startswith("sums/"):
                np.testing.assert_array_equal(other, values, err_msg=name)
            continue
        np.testing.assert_array_equal(np.isfinite(other), np.isfinite(values), err_msg=name)
        finite = np.isfinite(values)
        off = np.abs(np.where(finite, other, 0.0) - np.where(finite, values, 0.0))
        case, _, number = name.partition("/")
        if case.startswith("fault"):
            continue  # the side without a fault: such sides are all among the plain cases
        if number in ("0", "1"):
            side = limits[case][1][int(number)]
            allowed = np.stack([side.p * side.off + native_bounds.FLOOR, side.log_off])
        elif case in limits:
            rows = [limits[case][0][column] for column in native_cases.columns_of(len(values))]
            allowed = np.stack(rows)
        else:  # logarithms and exponentials by themselves
            allowed = 2 * U * np.abs(np.where(finite, values, 0.0))
        assert (off <= 2 * allowed).all(), (name, off.max())


def test_exact_sums_are_the_same_on_every_level(found, here):
    """Where the values are given, no level may differ by a bit."""
    for name in (name for name in here if name.startswith("sums/")):
        np.testing.assert_array_equal(found[name], here[name], err_msg=name)


def in_rows(case, values, kind):
    """A side as a table of float64, two columns for one, or codes; and which column was made of the other, if any."""
    table = np.column_stack(values) if isinstance(values, tuple) else np.asarray(values)
    if kind in ("labels", "verdicts"):
        codes = table.astype(np.int64)
        return (codes, "labels", None) if kind == "labels" else (np.eye(case.classes)[codes], "probs", None)
    table = table.astype(np.float64)
    if table.ndim > 1:
        return table, kind, None
    with np.errstate(divide="ignore"):
        near = np.log(-np.expm1(table)) if kind == "log-probs" else None
        far = np.log1p(-np.exp(table)) if kind == "log-probs" else 0 * table if kind == "logits" else 1 - table
    rest = far if near is None else np.where(table > -0.69, near, far)
    return np.column_stack([table, rest] if case.positive == 0 else [rest, table]), kind, 1 - case.positive


def sides_of(case):
    """Both sides with their roundings."""
    people, kind, made = in_rows(case, case.people, case.people_kind)
    if kind == "labels":
        people, kind = np.eye(case.classes)[people], "probs"
    model, model_kind, made_too = in_rows(case, case.model, case.model_kind)
    return native_bounds.side(people, kind, made=made), native_bounds.side(model, model_kind, made=made_too)


def bounds_of(case):
    """Column → the largest error of each item."""
    judgements = None
    if case.people_kind == "counts":
        judgements = in_rows(case, case.people, "counts")[0].sum(axis=1)
    return native_bounds.bounds(*sides_of(case), judgements=judgements, labels=case.people_kind == "labels")


def book(column, case):
    """The book's values of a column."""
    people, people_kind, _ = in_rows(case, case.people, case.people_kind)
    model, model_kind, _ = in_rows(case, case.model, case.model_kind)
    function = getattr(measures, column)
    if column == "entropy":
        return function(people, unit="nat", kind=people_kind)
    if column == "disagreement":
        return function(people, kind=people_kind)
    unit = {"unit": "nat"} if column in ("cross_entropy", "kl_divergence") else {}
    return function(people, model, people_kind=people_kind, model_kind=model_kind, **unit)


def by_book(case):
    """Columns that the book can compute for this case; unbiased ones need two judgements of every item."""
    columns = case.columns
    if case.people_kind == "counts":
        people, _, _ = in_rows(case, case.people, "counts")
        if (people.sum(axis=1) < 2).any():
            lonely = {"squared_distance", "disagreement", "ranked_squared_distance"}
            columns = [column for column in columns if column not in lonely]
    return [column for column in columns if case.people_kind != "probs" or column != "ranked_squared_distance"]


def test_values_are_those_of_the_book(found, limits):
    """The book makes the same kinds of roundings: twice the bound."""
    checked = 0
    for case in (*native_cases.plain_cases(), *native_cases.layout_cases()):
        values = dict(zip(case.columns, found[case.name], strict=True))
        for column in by_book(case):
            expected, allowed = book(column, case), 2 * limits[case.name][0][column]
            with np.errstate(invalid="ignore"):
                off = np.where(values[column] == expected, 0, np.abs(values[column] - expected))
            assert (off <= allowed).all(), (case.name, column, (off / allowed).max())
            checked += len(off)
    assert checked > 100_000


def test_values_are_those_of_fifty_digits(found, limits):
    checked = 0
    for case, row in native_cases.reference_cases():
        exact = float(row["value"])
        got = float(found[case.name][case.columns.index(row["measure"])][0])
        got *= (nats := NATS[row["options"].get("unit", "bit")] if row["measure"] in native_cases.COLUMNS[:3] else 1.0)
        allowed = nats * limits[case.name][0][row["measure"]][0] + 3 * U * abs(exact)  # the unit, the table's rounding
        assert got == exact or abs(got - exact) <= allowed, (row, got)
        checked += 1
    assert checked > 100


def exact_side(values, kind):
    """Probabilities and logarithms of one row, to 50 digits."""
    numbers = [mp.mpf(float(x)) for x in values]
    if kind == "counts":
        numbers = [n / sum(numbers) for n in numbers]
    if kind in ("probs", "counts"):
        return numbers, [mp.log(x) if x else -mp.inf for x in numbers]
    total = mp.log(sum(mp.exp(z) for z in numbers)) if kind == "logits" else 0
    return [mp.exp(z - total) for z in numbers], [z - total for z in numbers]


def exactly(p, log_p, q, log_q, judgements):
    """Column → value, from the definitions; the accuracies are counted and need no digits."""
    own = -sum(a * b for a, b in zip(p, log_p, strict=True) if a)
    cross = -sum(a * b for a, b in zip(p, log_q, strict=True) if a)
    apart, half = [a - b for a, b in zip(p, q, strict=True)], mp.mpf(1 if len(p) > 2 else 0.5)
    squares, alike = half * sum(d * d for d in apart), sum(a * a for a in p)
    brier = half * (1 - 2 * sum(a * b for a, b in zip(p, q, strict=True)) + sum(b * b for b in q))
    found = {
        "cross_entropy": cross, "entropy": own, "kl_divergence": cross - own, "brier": brier,
        "absolute_error": half * sum(abs(d) for d in apart), "squared_error": squares,
        "squared_distance": squares, "disagreement": half * (1 - alike),
    }  # fmt: skip
    at = [(sum(p[: c + 1]), sum(q[: c + 1])) for c in range(len(p) - 1)]
    found["ranked_probability_score"] = found["ranked_squared_distance"] = sum((P - Q) ** 2 for P, Q in at)
    if judgements:
        K = mp.mpf(float(judgements))
        pairs = sum(K * a * (K * a - 1) for a in p) / (K * (K - 1))
        found |= {"disagreement": half * (1 - pairs), "squared_distance": brier - half * (1 - pairs)}
        terms = (K * P * (K * P - 1) / (K * (K - 1)) - 2 * P * Q + Q * Q for P, Q in at)
        found["ranked_squared_distance"] = sum(terms)
    return found


@pytest.fixture(scope="module")
def hard():
    """Each hard case and its exact columns, row by row."""
    with mp.workdps(50):
        rows = []
        for case in native_cases.hard_cases():
            people, kind, _ = in_rows(case, case.people, case.people_kind)
            people, kind = (np.eye(case.classes)[people], "probs") if kind == "labels" else (people, kind)
            exact = [
                exactly(*exact_side(said, kind), *exact_side(model, case.model_kind), said.sum() * (kind == "counts"))
                for said, model in zip(people, case.model, strict=True)
            ]
            rows.append((case, exact))
    return rows


def test_hard_rows_are_within_their_roundings(found, limits, hard):
    checked = 0
    for case, rows in hard:
        for column, values in zip(case.columns, found[case.name], strict=True):
            if "accuracy" in column:
                continue
            for got, exact, allowed in zip(values.tolist(), rows, limits[case.name][0][column], strict=True):
                with mp.workdps(50):
                    off = 0 if got == exact[column] else abs(got - exact[column])
                assert off <= allowed, (case.name, column, got)
                checked += 1
    assert checked > 5000


def test_the_place_of_a_fault(found):
    cases = list(native_cases.faulty_cases())
    assert len(cases) > 400
    for case in cases:
        row, side = case.faults
        assert found[case.name].tolist()[:2] == [row, side], case.name


def test_logarithms_and_exponentials_are_within_one_rounding(found):
    with mp.workdps(40):
        given_to = {"log": native_cases.LOGARITHMS, "exp": native_cases.EXPONENTIALS}
        for (name, given), function in zip(given_to.items(), (mp.log, mp.exp), strict=True):
            got = found[name][-len(given) :]
            for x, y in zip(given.tolist(), got.tolist(), strict=True):
                exact = function(mp.mpf(x))
                assert abs(mp.mpf(y) - exact) <= np.spacing(abs(float(exact))), (name, x)


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
