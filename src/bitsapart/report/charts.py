"""The charts, from entries of the document; nothing else is read. Texts on them come from a function of a key."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from bitsapart.errors import MissingExtraError

from .colours import BAND, CALIBRATION, FAINT, GROUPING, INK, MODEL, PALE, PAPER, PEOPLE
from .markup import shown
from .numbers import number

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "Say", "class_chart", "equivalence_chart", "ranking_chart", "reliability_chart", "slice_chart", "split_chart",
]  # fmt: skip

Say: TypeAlias = Callable[[str], str]
Entry: TypeAlias = Mapping[str, Any]

WIDTH = 440
_NAME = 26  # letters of a name that fit beside a chart
_MOST_BARS = 20
_FEW = 12
_PARTS = {"calibration": CALIBRATION, "grouping": GROUPING, "rest": GROUPING, "kl": MODEL, "own": PEOPLE}


def load() -> Any:
    """Altair, where it is installed.

    Raises:
        MissingExtraError: it is not.
    """
    try:
        import altair
    except ImportError:
        purpose = "a chart"
        raise MissingExtraError(purpose, "altair", "report") from None
    return altair


def split_chart(parts: Sequence[tuple[str, Entry]], say: Say, *, unit: str, legend: bool = True) -> "alt.LayerChart":
    """Stacked bar of the parts of a score, in the order given; a part below 0 goes to the left.

    Args:
        parts: (name, quantity), names as in the page's words: calibration, grouping, own, rest, kl.
        say: the text of a key.
        unit: under the axis.
        legend: name the colours below the bar.
    """
    alt = load()
    rows, right, left = [], 0.0, 0.0
    for name, entry in parts:
        value = number(entry["value"])
        start = right if value >= 0 else left
        rows.append({"part": say(name), "from": start, "to": start + value})
        right, left = (right + value, left) if value >= 0 else (right, left + value)
    colours = [_PARTS[name.removesuffix("_squares")] for name, _ in parts]
    scale = alt.Scale(domain=[say(name) for name, _ in parts], range=colours)
    shown_below = alt.Legend(orient="bottom", title=None, labelLimit=260) if legend else None
    bars = (
        alt.Chart(alt.Data(values=rows)).mark_bar(height=44, stroke=PAPER, strokeWidth=1.5)
        .encode(
            x=alt.X("from:Q", axis=_axis(alt, unit, ticks=6)), x2="to:Q",
            color=alt.Color("part:N", scale=scale, sort=None, legend=shown_below),
        )
    )  # fmt: skip
    return _finished(alt.layer(bars), width=WIDTH, height=56)


def equivalence_chart(entry: Entry, say: Say, *, unit: str) -> "alt.LayerChart":
    """Loss of k combined people with its band, the model's level, and the number of people it is worth."""
    alt = load()
    rows = [
        {"k": row["k"], "value": number(row["value"]), "low": _end(row, "low"), "high": _end(row, "high")}
        for row in entry["curve"]
    ]
    level = number(entry["model"]["value"])
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("k:Q", **_people_axis(alt, say("axis_k"), rows[-1]["k"])))
    y = alt.Y("value:Q", scale=alt.Scale(zero=False), axis=_axis(alt, f"{say('axis_loss')} ({unit})", grid=True))
    layers = [
        base.mark_area(color=BAND, opacity=0.35).encode(y=alt.Y("low:Q", scale=alt.Scale(zero=False)), y2="high:Q"),
        base.mark_line(color=PEOPLE, strokeWidth=2.5).encode(y=y),
    ]
    if rows[-1]["k"] <= _FEW:
        layers.append(base.mark_circle(color=PEOPLE, size=26, opacity=1).encode(y=y))
    if level < float("inf"):
        line = [{"value": level, "label": say("mark_model"), "k": rows[-1]["k"]}]
        chart = alt.Chart(alt.Data(values=line))
        layers.append(chart.mark_rule(color=MODEL, strokeWidth=2, strokeDash=[6, 4]).encode(y="value:Q"))
        above = rows[-1]["value"] < level  # beside the line, where the curve is not
        where = {"baseline": "bottom", "dy": -4} if above else {"baseline": "top", "dy": 6}
        text = chart.mark_text(color=MODEL, align="right", fontSize=12, fontWeight="bold", **where)
        layers.append(text.encode(x="k:Q", y="value:Q", text="label:N"))
        if entry.get("value") is not None and entry["value"] > 0:
            point = alt.Chart(alt.Data(values=[{"k": entry["value"], "value": level}]))
            layers.append(point.mark_point(color=MODEL, filled=True, size=90, opacity=1).encode(x="k:Q", y="value:Q"))
    return _finished(alt.layer(*layers), width=WIDTH, height=260)


def reliability_chart(entry: Entry, say: Say) -> "alt.VConcatChart":
    """The recalibration curve over the diagonal with its band, and below it how often the model says what."""
    alt = load()
    unit = alt.Scale(domain=[0, 1])
    x = alt.X("q:Q", scale=unit, axis=_axis(alt, "", ticks=6, share=True, grid=True))
    y_axis = _axis(alt, say("axis_people"), ticks=6, share=True, grid=True)
    band = [dict(zip(("q", "low", "high"), row, strict=True)) for row in zip(*_band(entry), strict=True)]
    steps = [{"q": row[end], "p": row["people"]} for row in entry["curve"] for end in ("from", "to")]
    diagonal = [{"q": 0, "p": 0}, {"q": 1, "p": 1}]
    layers = [
        alt.Chart(alt.Data(values=band)).mark_area(color=BAND, opacity=0.4)
        .encode(x=x, y=alt.Y("low:Q", scale=unit, axis=y_axis), y2="high:Q"),
        alt.Chart(alt.Data(values=diagonal)).mark_line(color=PALE, strokeDash=[5, 4], strokeWidth=1.2)
        .encode(x="q:Q", y=alt.Y("p:Q", scale=unit)),
        alt.Chart(alt.Data(values=steps)).mark_line(color=MODEL, strokeWidth=2.5).encode(x="q:Q", y="p:Q"),
    ]  # fmt: skip
    histogram = entry["histogram"]
    edges = histogram["edges"]
    bins = [{"from": a, "to": b, "share": s} for a, b, s in zip(edges[:-1], edges[1:], histogram["share"], strict=True)]
    often = (
        alt.Chart(alt.Data(values=bins)).mark_bar(color=PEOPLE, stroke=PAPER, strokeWidth=0.8)
        .encode(
            x=alt.X("from:Q", scale=unit, axis=_axis(alt, say("axis_says"), ticks=6, share=True)), x2="to:Q",
            y=alt.Y("share:Q", axis=_axis(alt, say("axis_often"), ticks=2, share=True)), y2=alt.datum(0),
        )
        .properties(width=WIDTH - 90, height=54)
    )  # fmt: skip
    curve = alt.layer(*layers).properties(width=WIDTH - 90, height=WIDTH - 130)
    return _styled(alt.vconcat(curve, often, spacing=10))


def class_chart(rows: Sequence[Entry], say: Say, *, unit: str) -> "alt.LayerChart":
    """What each class contributes to the cross-entropy; the 20 largest."""
    finite = [row for row in rows if number(row["cross_entropy"]) < float("inf")]
    largest = sorted(finite, key=lambda row: -number(row["cross_entropy"]))[:_MOST_BARS]
    names = _apart([str(row["class"]) for row in largest])
    data = [{"name": name, "value": number(row["cross_entropy"])} for name, row in zip(names, largest, strict=True)]
    alt = load()
    bars = alt.Chart(alt.Data(values=data)).mark_bar(color=MODEL, height={"band": 0.72}, cornerRadiusEnd=2)
    chart = bars.encode(
        x=alt.X("value:Q", axis=_axis(alt, f"{say('axis_contribution')} ({unit})", ticks=5, grid=True)),
        y=alt.Y("name:N", sort=None, axis=_names(alt, names)),
    )
    return _finished(alt.layer(chart), width=WIDTH - 110, height=max(20 * len(data), 40))


def ranking_chart(models: Sequence[tuple[str, Entry]], title: str, *, unit: str) -> "alt.LayerChart":
    """A dot and an interval for each model, in the order given; the title is that of the axis."""
    return _forest(models, title, unit)


def slice_chart(slices: Sequence[Entry], say: Say) -> "alt.LayerChart":
    """What each slice holds of the distance, its interval, and a tick at what it holds of the items; the first 20."""
    alt = load()
    first = slices[:_MOST_BARS]
    names = _apart([f"{row['column']} = {row['value']}" for row in first])
    data = [
        {"name": name, "value": row["share"], "low": _end(row, "share_low", "share"),
         "high": _end(row, "share_high", "share"), "items": row["share_of_items"]}
        for name, row in zip(names, first, strict=True)
    ]  # fmt: skip
    base = alt.Chart(alt.Data(values=data)).encode(y=alt.Y("name:N", sort=None, axis=_names(alt, names)))
    x = alt.X("low:Q", axis=_axis(alt, say("axis_held"), ticks=5, grid=True, share=True))
    layers = [
        base.mark_rule(color=MODEL, strokeWidth=2.5).encode(x=x, x2="high:Q"),
        base.mark_circle(color=MODEL, size=80, opacity=1).encode(x="value:Q"),
        base.mark_tick(color=PEOPLE, thickness=3, height=14).encode(x="items:Q"),
    ]
    return _finished(alt.layer(*layers), width=WIDTH - 130, height=max(26 * len(data), 40))


def _forest(rows: Sequence[tuple[str, Entry]], title: str, unit: str) -> "alt.LayerChart":
    alt = load()
    names = _apart([name for name, _ in rows])
    data = [
        {"name": name, "value": number(entry["value"]), "low": _end(entry, "low"), "high": _end(entry, "high")}
        for name, (_, entry) in zip(names, rows, strict=True)
        if number(entry["value"]) < float("inf")
    ]
    base = alt.Chart(alt.Data(values=data)).encode(y=alt.Y("name:N", sort=None, axis=_names(alt, names)))
    x = alt.X(
        "low:Q",
        scale=alt.Scale(zero=False),
        axis=_axis(alt, f"{title} ({unit})" if unit else title, ticks=5, grid=True),
    )
    whiskers = base.mark_rule(color=MODEL, strokeWidth=2.5).encode(x=x, x2="high:Q")
    dots = base.mark_circle(color=MODEL, size=80, opacity=1).encode(x=alt.X("value:Q", scale=alt.Scale(zero=False)))
    return _finished(alt.layer(whiskers, dots), width=WIDTH - 130, height=max(26 * len(data), 40))


def _apart(names: Sequence[str]) -> list[str]:
    """Names cut to fit, and different from each other still."""
    found: list[str] = []
    for name in names:
        short = _shortened(" ".join(shown(name, 400).split()), _NAME)
        found.append(short if short not in found else f"{_shortened(short, _NAME - 4)} ({len(found) + 1})")
    return found


def _shortened(name: str, most: int) -> str:
    """A name without its middle: names of one comparison often differ at the end."""
    tail = most // 2
    return name if len(name) <= most else f"{name[: most - tail - 1]}…{name[-tail:]}"


def _end(entry: Entry, key: str, value: str = "value") -> float:
    return number(entry[value] if entry.get(key) is None else entry[key])


def _band(entry: Entry) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    return entry["band"]["q"], entry["band"]["low"], entry["band"]["high"]


def _people_axis(alt: Any, title: str, most: int) -> dict[str, Any]:
    """Beyond a dozen people the first few matter most: they get the room."""
    axis = _axis(alt, title, ticks=min(most + 1, 10), whole=True)
    if most <= _FEW:
        return {"axis": axis}
    axis.values = [k for k in (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500) if k <= most]
    return {"axis": axis, "scale": alt.Scale(type="symlog")}


def _axis(alt: Any, title: str, *, ticks: int = 5, grid: bool = False, share: bool = False, whole: bool = False) -> Any:
    form = "%" if share else "d" if whole else "~r"
    return alt.Axis(
        title=title or None,
        tickCount=ticks,
        grid=grid,
        format=form,
        tickMinStep=1 if whole else 0,
        labelOverlap="greedy",
    )


def _names(alt: Any, names: Sequence[str]) -> Any:
    """Room for the longest name in any font: it is drawn here and shown elsewhere."""
    room = min(7.6 * max((len(name) for name in names), default=0) + 8, 210)
    return alt.Axis(title=None, ticks=False, domain=False, labelLimit=205, labelPadding=6, minExtent=room)


def _finished(chart: Any, *, width: int, height: int) -> Any:
    return _styled(chart.properties(width=width, height=height))


def _styled(chart: Any) -> Any:
    return (
        chart.configure(background="transparent", font="system-ui, sans-serif", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=PALE, labelFontSize=12, titleFontSize=12, titleFontWeight="normal",
            gridColor=FAINT, domainColor=FAINT, tickColor=FAINT, titlePadding=8,
        )
    )  # fmt: skip
