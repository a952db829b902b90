"""Roots and minima against what is known, and against SciPy for how many looks they take."""

from math import exp, expm1, inf

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from bitsapart.search import minimum, root


class Counted:
    def __init__(self, function):
        self.function, self.looks = function, 0

    def __call__(self, x):
        self.looks += 1
        return self.function(x)


def test_roots_are_found_in_few_looks():
    ours = theirs = 0
    for place in np.random.default_rng(1).normal(0, 5, 200).tolist():
        function = Counted(lambda x, place=place: expm1(x - place))
        assert root(function, -20.0, 20.0, tolerance=1e-12) == pytest.approx(place, abs=1e-11)
        ours, function.looks = ours + function.looks, 0
        brentq(function, -20.0, 20.0, xtol=1e-12)
        theirs += function.looks
    assert ours <= 1.2 * theirs


def test_a_root_may_stand_at_an_end_or_at_a_jump():
    assert root(lambda x: x, 0.0, 1.0, tolerance=1e-12) == 0.0
    assert root(lambda x: x - 1, 0.0, 1.0, tolerance=1e-12) == 1.0
    assert root(lambda x: -1.0 if x < 0.3 else 1.0, 0.0, 1.0, tolerance=1e-9) == pytest.approx(0.3, abs=1e-9)


def test_minima_are_found_in_few_looks():
    ours = theirs = 0
    for place in np.random.default_rng(2).normal(0, 5, 200).tolist():
        for power in (2, 4):
            valley = Counted(lambda x, place=place, power=power: abs(x - place) ** power + 0.1 * (x - place) ** 2)
            found, value = minimum(valley, -20.0, 20.0, tolerance=1e-9)
            assert found == pytest.approx(place, abs=1e-6)
            assert value == valley(found)
            ours, valley.looks = ours + valley.looks, 0
            minimize_scalar(valley, bounds=(-20, 20), method="bounded", options={"xatol": 1e-9})
            theirs += valley.looks
    assert ours <= 1.2 * theirs


def test_a_valley_at_an_end_is_approached():
    assert minimum(exp, -20.0, 20.0, tolerance=1e-9)[0] == pytest.approx(-20.0, abs=1e-6)
    assert minimum(lambda x: inf if x < 1 else x, 0.0, 3.0, tolerance=1e-9)[0] == pytest.approx(1.0, abs=1e-6)
