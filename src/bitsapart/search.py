"""Where a function of one number is 0, or smallest."""

from collections.abc import Callable
from math import copysign, sqrt

__all__ = ["minimum", "root"]

_GOLDEN = (3 - sqrt(5)) / 2
_MOST_STEPS = 500
_UNIT = 2.0**-52


def root(function: Callable[[float], float], low: float, high: float, *, tolerance: float) -> float:
    """A place between `low` and `high`, where the function changes its sign, by Chandrupatla's method.

    Inverse quadratic interpolation wherever three points allow it, halving elsewhere.

    Args:
        function: continuous, of different signs at the two ends (or 0 at one).
        low: one end.
        high: the other.
        tolerance: how far the place may be off.

    Returns:
        The place.

    Reference:
        Chandrupatla (1997), Advances in Engineering Software 28(3), 145-149.

    Example:
        >>> round(root(lambda x: x * x - 2, 0, 2, tolerance=1e-12), 9)
        1.414213562
    """
    a, b, fa, fb = high, low, function(high), function(low)
    if fa == 0 or fb == 0:
        return a if fa == 0 else b
    c, fc, part = a, fa, 0.5
    for _ in range(_MOST_STEPS):
        place = a + part * (b - a)
        value = function(place)
        if (value > 0) == (fa > 0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = place, value
        best, least = (a, fa) if abs(fa) < abs(fb) else (b, fb)
        reach = (2 * _UNIT * abs(best) + tolerance / 2) / abs(b - a) if b != a else 1.0
        if reach > 0.5 or least == 0:
            return best
        across, up = (a - b) / (c - b), (fa - fb) / (fc - fb)
        if up * up < across and (1 - up) ** 2 < 1 - across:
            part = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        else:
            part = 0.5
        part = min(max(part, reach), 1 - reach)
    return best


def minimum(
    function: Callable[[float], float], low: float, high: float, *, tolerance: float
) -> tuple[float, float]:  # fmt: skip
    """The lowest place of a function with one valley between `low` and `high`, by Brent's method.

    Parabolas through the three best places, golden sections where they lead astray; the ends are never tried.

    Args:
        function: what to make small.
        low: one end.
        high: the other.
        tolerance: how far the place may be off.

    Returns:
        The place and the value there.

    Reference:
        Brent (1973), Algorithms for Minimization without Derivatives, chapter 5.

    Example:
        >>> place, value = minimum(lambda x: (x - 1) ** 2, -3, 5, tolerance=1e-9)
        >>> round(place, 6), round(value, 6)
        (1.0, 0.0)
    """
    best = second = third = low + _GOLDEN * (high - low)
    f_best = f_second = f_third = function(best)
    step = before = 0.0
    for _ in range(_MOST_STEPS):
        middle, reach = (low + high) / 2, sqrt(_UNIT) * abs(best) + tolerance / 3
        if abs(best - middle) <= 2 * reach - (high - low) / 2:
            break
        r, q = (best - second) * (f_best - f_third), (best - third) * (f_best - f_second)
        up, down = (best - third) * q - (best - second) * r, 2 * (q - r)
        up = -up if down > 0 else up
        fits = abs(up) < abs(abs(down) * before / 2) and abs(down) * (low - best) < up < abs(down) * (high - best)
        if abs(before) > reach and fits:
            before, step = step, up / abs(down)
            if min(best + step - low, high - best - step) < 2 * reach:
                step = copysign(reach, middle - best)
        else:
            before = (high if best < middle else low) - best
            step = _GOLDEN * before
        place = best + (step if abs(step) >= reach else copysign(reach, step))
        value = function(place)
        if value <= f_best:
            low, high = (best, high) if place >= best else (low, best)
            third, f_third, second, f_second, best, f_best = second, f_second, best, f_best, place, value
            continue
        low, high = (place, high) if place < best else (low, place)
        if value <= f_second or second == best:
            third, f_third, second, f_second = second, f_second, place, value
        elif value <= f_third or third in (best, second):
            third, f_third = place, value
    return best, f_best
