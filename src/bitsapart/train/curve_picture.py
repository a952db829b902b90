"""The learning curve as an SVG picture: no plotting library, one line per split or loss, the floor dashed."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log10

__all__ = ["Line", "Panel", "draw"]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 420, 300, 58, 14, 34, 44
_COLOURS = ("#0b6bcb", "#d1480c", "#2a8f4e", "#8b3fb0", "#666666")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_TICKS = 5


@dataclass(frozen=True)
class Line:
    """Points (x, y) with a name."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: what is drawn, with its unit.
        lines: what is drawn.
        level: a dashed horizontal line and its name, or None.
    """

    title: str
    lines: Sequence[Line]
    level: tuple[str, float] | None = None


def draw(panels: Sequence[Panel], heading: str) -> bytes:
    """The panels side by side as one SVG file.

    Args:
        panels: from left to right.
        heading: read aloud by screen readers and shown as a tooltip.
    """
    width = _WIDTH * len(panels)
    height = _HEIGHT + 18 * max(len(panel.lines) + (panel.level is not None) for panel in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="12"><title>{escape(heading)}</title>'
        f'<rect width="{width}" height="{height}" fill="white"/>'
    ]
    parts += [f'<g transform="translate({_WIDTH * place} 0)">{_panel(panel)}</g>' for place, panel in enumerate(panels)]
    return ("\n".join([*parts, "</svg>"]) + "\n").encode()


def _panel(panel: Panel) -> str:
    points = [point for line in panel.lines for point in line.points if isfinite(point[1])]
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    if panel.level is not None:
        ys.append(panel.level[1])
    x_axis, y_axis = _axis(0.0, max(xs)), _axis(min(0.0, *ys), max(ys))
    inner_width, inner_height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        across = _LEFT + (x - x_axis[0]) / (x_axis[-1] - x_axis[0]) * inner_width
        return across, _TOP + (1 - (y - y_axis[0]) / (y_axis[-1] - y_axis[0])) * inner_height

    parts = [f'<text x="{_LEFT}" y="20" font-weight="600">{escape(panel.title)}</text>']
    for y in y_axis:
        _, down = place(0, y)
        parts.append(f'<path d="M{_LEFT} {down:.1f}h{inner_width}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{down + 4:.1f}" text-anchor="end" fill="#444">{y:.4g}</text>')
    for x in x_axis:
        across, _ = place(x, 0)
        parts.append(f'<text x="{across:.1f}" y="{_HEIGHT - 24}" text-anchor="middle" fill="#444">{x:.6g}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end" fill="#444">steps</text>')
    for number, line in enumerate(panel.lines):
        style = f'stroke="{_COLOURS[number % len(_COLOURS)]}" stroke-dasharray="{_DASHES[number % len(_DASHES)]}"'
        path = "L".join("{:.1f} {:.1f}".format(*place(x, y)) for x, y in line.points if isfinite(y))
        parts.append(f'<path d="M{path}" fill="none" stroke-width="1.8" {style}/>')
        parts.append(_key(number, line.name, style))
    if panel.level is not None:
        _, down = place(0, panel.level[1])
        style = 'stroke="#222" stroke-dasharray="1 3"'
        parts.append(f'<path d="M{_LEFT} {down:.1f}h{inner_width}" stroke-width="1.4" {style}/>')
        parts.append(_key(len(panel.lines), panel.level[0], style))
    return "\n".join(parts)


def _key(number: int, name: str, style: str) -> str:
    down = _HEIGHT + 6 + 18 * number
    return (
        f'<path d="M{_LEFT} {down}h28" stroke-width="1.8" {style}/>'
        f'<text x="{_LEFT + 36}" y="{down + 4}">{escape(name)}</text>'
    )


def _axis(low: float, high: float) -> list[float]:
    """Round numbers that span low … high."""
    span = high - low if high > low else 1.0
    rough = span / _TICKS
    step = 10 ** floor(log10(rough))
    step *= next(factor for factor in (1, 2, 5, 10) if factor * step >= rough)
    return [step * count for count in range(floor(low / step + 1e-9), ceil((low + span) / step - 1e-9) + 1)]
