"""The book against 50 digits, in every array library that is installed."""

import json
from pathlib import Path

import numpy as np
import pytest

from bitsapart.measures import CATALOGUE

TABLE = json.loads((Path(__file__).resolve().parents[1] / "reference" / "reference.json").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
ROUNDINGS = 4
"""Errors are bounded by 4 units in the last place of the case's scale; see make_reference.py for what that is."""


def numbers(value):
    if isinstance(value, str):
        return TABLE["arrays"][value] if value in TABLE["arrays"] else float(value)
    return [numbers(v) for v in value] if isinstance(value, list) else value


def compute(case, convert=lambda value: value):
    options = dict(case["options"])
    place = options.pop("place", None)
    value = CATALOGUE[case["measure"]].function(*(convert(numbers(a)) for a in case["arguments"]), **options)
    return value if place is None else value[tuple(place)]


def error_in_units(got, case, spacing):
    """How many roundings of the scale the result is off; 0 where both are the same infinity."""
    exact = float(case["value"])
    if np.isinf(exact) or np.isinf(got):
        return 0.0 if got == exact else np.inf
    return abs(got - exact) / spacing(float(case["scale"]))


def of(measure, *, shapes, most):
    """Cases of one measure: so many shapes, and of each so many. JAX compiles for each shape anew."""
    taken = {}
    for case in (c for c in CASES if c["measure"] == measure and "1000" not in c.get("note", "")):
        shape = str([np.shape(numbers(a)) for a in case["arguments"]]), str(case["options"])
        if shape in taken or len(taken) < shapes:
            taken[shape] = taken.get(shape, 0) + 1
            if taken[shape] <= most:
                yield case


def label(case):
    return f"{case['measure']} {case.get('note', '')} {case['options'] or ''}"


@pytest.mark.parametrize("case", CASES, ids=label)
def test_float64_is_within_four_roundings_of_fifty_digits(case):
    got = float(compute(case))
    assert error_in_units(got, case, lambda s: np.spacing(max(s, 5e-324))) <= ROUNDINGS, (got, case["value"])


def test_every_measure_has_reference_rows():
    assert {case["measure"] for case in CASES} == set(CATALOGUE)


def agrees(library, measure, conversion, *, dtype, shapes, most):
    """In float64 with the 50 digits, in float32 with the book in float64 on the rounded inputs."""
    convert = conversion(library, dtype)
    spacing = np.float64 if dtype == "float64" else np.float32
    smallest = 1e-290 if dtype == "float64" else 1e-30  # a library may flush subnormal numbers to 0
    with convert.wide():
        for case in of(measure, shapes=shapes, most=most):
            if convert.loses(numbers(case["arguments"])):
                continue
            got = compute(case, convert)
            assert convert.keeps_type(got)
            wanted = case if dtype == "float64" else {**case, "value": float(compute(case, convert.rounded))}
            if library == "jax" and case["options"].get("people_kind") == "counts":
                # its compiler divides by multiplying with 1/K, so that 6/10 is no longer the number nearest to 0.6
                wanted = {**wanted, "scale": max(float(wanted["scale"]), 1.0)}
            units = error_in_units(float(got), wanted, lambda s: np.spacing(spacing(max(s, smallest))))
            assert units <= 8 * ROUNDINGS, (float(got), wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("measure", CATALOGUE)
def test_every_library_agrees(library, measure, dtype, conversion):
    agrees(library, measure, conversion, dtype=dtype, shapes=1 if library == "jax" else 1000, most=2)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("measure", CATALOGUE)
def test_every_library_agrees_on_all_cases(library, measure, dtype, conversion):
    agrees(library, measure, conversion, dtype=dtype, shapes=1000, most=1000)
