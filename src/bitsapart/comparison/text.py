"""The answer as a person reads it in a terminal."""

import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["as_text", "quantity", "rendered"]

_UNIT_NAMES = {"bit": "bits", "nat": "nats", "hartley": "hartleys", "1": "", "share": "", "people": "people"}

# One row each: key, how it is called, what it means in a few words.
_LEAST_SQUARES = (
    ("absolute_error", "absolute error", "Σ|p̂−q|, as answered by these people"),
    ("squared_error", "squared error", "Σ(p̂−q)², as answered by these people"),
    ("brier", "Brier score", "squared error against one more person"),
    ("squared_distance", "squared distance D²", "Σ(p−q)², unbiased"),
    ("disagreement", "disagreement G", "people among themselves; Brier = D² + G"),
    ("ranked_probability_score", "ranked probability score", "squares of cumulated classes"),
    ("ranked_squared_distance", "ranked squared distance", "the same against all people, unbiased"),
)
_LIKELIHOOD = (
    ("log_likelihood", "log-likelihood", "Σ ln q over all judgements"),
    ("log_loss", "log loss", "−ln q per judgement"),
    ("geometric_mean_probability", "typical probability", "geometric mean, per judgement"),
)
_CROSS_ENTROPY = (
    ("cross_entropy", "cross-entropy H(P,Q)", "−Σ p̂ log q"),
    ("entropy", "people's own entropy H(P)", ""),
    ("kl_divergence", "KL divergence", "H(P,Q) − H(P): the bits apart"),
    ("perplexity", "perplexity", "2^H(P,Q): equally likely choices"),
)


def as_text(data: Mapping[str, Any], width: int = 100) -> str:
    """The document as plain text, `width` characters wide at most."""
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    console.print(rendered(data))
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def rendered(data: Mapping[str, Any]) -> RenderableType:
    """The document as something rich prints."""
    parts: list[RenderableType] = [_heading(data)]
    models = data["models"]
    if len(models) > 1:
        parts += [_ranking(data), *_pairs(data)]
        parts += [part for model in models for part in (_title(model["name"]), *_remarks(data, model))]
    else:
        parts += [_error_rate(models[0]), _three_ways(data, models[0]), *_remarks(data, models[0])]
    for model in models:
        parts += _by_class(data, model)
        parts += _slices(model)
    parts += [Text(f"warning: {warning}", style="yellow") for warning in data.get("warnings", ())]
    return Group(*parts)


def quantity(entry: Mapping[str, Any]) -> tuple[str, str]:
    """A value and its interval as text, with as many digits as the interval deserves."""
    value, low, high = entry["value"], entry.get("low"), entry.get("high")
    unit = entry["unit"]
    if value is None:
        return ("unknown" if high is None else f"≤ {_fixed(high, 4, unit)}", "")
    if math.isinf(_float(value)):
        return (f"{'−' if _float(value) < 0 else ''}∞", "")
    digits = _digits(value, low, high, unit)
    interval = "" if low is None or high is None else f"{_fixed(low, digits, '')} – {_fixed(high, digits, '')}"
    if unit == "share" and interval:
        interval = f"{_percent(low, digits)} – {_percent(high, digits)} %"
    return (_fixed(value, digits, unit), interval)


def _float(value: Any) -> float:
    return float(value)


def _digits(value: float, low: float | None, high: float | None, unit: str) -> int:
    """Two significant digits of the interval's half-width; four decimals where there is none."""
    half = None if low is None or high is None else (float(high) - float(low)) / 2
    if half is None or not math.isfinite(half) or half <= 0:
        return 4 if abs(value) < 1000 else 1
    return min(max(1 - math.floor(math.log10(half)), 0), 8) if unit != "people" else 1


def _percent(value: Any, digits: int) -> str:
    return f"{100 * float(value):.{max(digits - 2, 1)}f}".replace("-", "−")


def _fixed(value: Any, digits: int, unit: str) -> str:
    if isinstance(value, str) or math.isinf(float(value)):
        return "∞" if float(value) > 0 else "−∞"
    if unit == "share":
        return f"{_percent(value, digits)} %"
    number = f"{float(value):,.{digits}f}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", "−")
    name = _UNIT_NAMES.get(unit, unit)
    return f"{number} {name}".rstrip()


def _count(number: float) -> str:
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _heading(data: Mapping[str, Any]) -> Text:
    panel = data["people"].get("judgements_per_item")
    words = [f"{_count(data['items'])} items"]
    if data["judgements"] is not None and panel:
        per = f"{panel['min']}" if panel["min"] == panel["max"] else f"{panel['min']}–{panel['max']}"
        words.append(f"{_count(data['judgements'])} judgements ({per} per item)")
    words.append(f"{len(data['classes'])} classes")
    if data["people"].get("exact"):
        words.append("people's distribution taken as given")
    if data["per"] == "judgement":
        words.append("every judgement counts the same")
    if data.get("total"):
        words.append("totals over items")
    return Text(" · ".join(words), style="bold")


def _title(name: str) -> Text:
    return Text(f"\n{name}", style="bold cyan")


def _error_rate(model: Mapping[str, Any]) -> RenderableType:
    table = _table()
    for key, name in (("majority_accuracy", "error rate"), ("accuracy", "error against one more person")):
        entry = model["measures"].get(key)
        if entry is None or (key == "accuracy" and model["measures"].get("majority_accuracy") == entry):
            continue
        value, interval = quantity(_complement(entry))
        note = "the model's first choice is not most people's" if key == "majority_accuracy" else ""
        table.add_row(name, value, interval, note)
    return Group(Text(), table)


def _complement(entry: Mapping[str, Any]) -> dict[str, Any]:
    turned = {key: None if entry.get(key) is None else 1 - entry[key] for key in ("value", "low", "high")}
    return {**entry, "value": turned["value"], "low": turned["high"], "high": turned["low"]}


def _table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=28, no_wrap=True)
    table.add_column(justify="right", style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    return table


def _three_ways(data: Mapping[str, Any], model: Mapping[str, Any]) -> RenderableType:
    blocks: list[RenderableType] = []
    ways = (("Least squares", _LEAST_SQUARES), ("Likelihood", _LIKELIHOOD), ("Cross-entropy", _CROSS_ENTROPY))
    for number, (title, rows) in enumerate(ways, start=1):
        table = _table()
        for key, name, meaning in rows:
            entry = model["measures"].get(key)
            if entry is not None:
                table.add_row(f"  {name}", *quantity(entry), entry.get("note") or meaning)
        blocks += [
            Text.assemble("\n", (f"{number}  {title}", "bold cyan"), ("   value and 95 % interval", "dim")),
            table,
        ]
    return Group(*blocks, *_identity(data, model))


def _identity(data: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Cross-entropy and negative log-likelihood are one number in two units."""
    entry = model.get("identity")
    if entry is None or math.isinf(_float(entry["log_loss_nats"])):
        return
    unit = _UNIT_NAMES[data["unit"]]
    yield Text.assemble(
        "\n", ("2 and 3 agree: ", "bold"),
        f"{entry['cross_entropy']:.6f} {unit} × {entry['nats_per_unit']:.6f} = {entry['log_loss_nats']:.6f} nats",
        (" per judgement, both with every judgement counted the same", "dim"),
    )  # fmt: skip


def _remarks(data: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[RenderableType]:
    equivalence = model.get("equivalence")
    if equivalence is not None:
        yield from _worth(equivalence, data)
    known = model.get("known")
    if known is not None and not math.isinf(_float(known["share"]["value"])):
        yield _known(known, data["unit"])
    replacement = model.get("replacement")
    if replacement is not None:
        yield Text.assemble("\n", ("may it replace a person? ", "bold"), replacement["sentence"])
    calibrated = model.get("calibrated")
    if calibrated is not None:
        value, interval = quantity(calibrated["cross_entropy"])
        yield Text.assemble("\n", ("verdicts, calibrated: ", "bold"), f"cross-entropy {value} ({interval})",
                            (" — a verdict stands for what people say of the other items with it", "dim"))  # fmt: skip
    infinite = model["infinite"]
    if infinite["count"]:
        finite = model["measures"]["cross_entropy"].get("finite")
        shown = ", ".join(str(item) for item in infinite["items"])
        more = ", …" if infinite["count"] > len(infinite["items"]) else ""
        yield Text.assemble(
            "\n", ("infinite loss", "bold red"), f" on {_count(infinite['count'])} of {_count(data['items'])} items,",
            " where people gave an answer that the model gave probability 0",
            f": {shown}{more}" if shown else "",
        )  # fmt: skip
        if finite and finite["value"] is not None:
            unit = _UNIT_NAMES[data["unit"]]
            yield Text(f"without them the cross-entropy is {finite['value']:.4f} {unit} ({_count(finite['n'])} items)")
    yield from _worst(model)


def _worth(equivalence: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[RenderableType]:
    """How many people the model is worth, by each way to combine people, and with `--curve` how well k people do."""
    yield Text.assemble("\n", ("worth ", "bold"), (equivalence["text"], "bold green"), (equivalence["note"], "dim"))
    bayesian = equivalence.get("bayesian")
    if bayesian is not None and bayesian["text"] != equivalence["text"]:
        yield Text(f"  or {bayesian['text']}, if Bayes' rule combines them instead of their shares", style="dim")
    if not data["settings"].get("curve"):
        return
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="bold")
    heads = [f"cross-entropy ({_UNIT_NAMES[data['unit']]})", "95 % interval"]
    for head in ("people", *heads, *(["by Bayes' rule", "95 % interval"] if bayesian else [])):
        table.add_column(head, justify="right")
    for place, point in enumerate(equivalence["curve"]):
        points = [point, *([bayesian["curve"][place]] if bayesian else [])]
        table.add_row(str(point["k"]), *(cell for one in points for cell in quantity({**one, "unit": ""})))
    yield table


def _known(known: Mapping[str, Any], unit: str) -> Text:
    """The headline share beside its three parts; it may be below 0 or above 100 %."""
    value, interval = quantity(known["share"])
    parts = [_fixed(known[name]["value"], 3, "") for name in ("class_shares", "model", "people")]
    return Text.assemble(
        "\n", ("knows ", "bold"), (f"{value} ({interval})" if interval else value, "bold green"),
        (f" of what there is to know of people: the class shares alone come to {parts[0]}, the model to {parts[1]}, "
         f"people's own entropy is {parts[2]} {_UNIT_NAMES[unit]}", "dim"),
    )  # fmt: skip


def _worst(model: Mapping[str, Any]) -> Iterator[RenderableType]:
    rows = model.get("worst")
    if not rows:
        return
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(Text(f"  {row['item']}"), Text(f"{_float(row['value']):.2f} {_UNIT_NAMES[row['unit']]}"))
    yield Text("\nfarthest from people", style="bold")
    yield table


def _ranking(data: Mapping[str, Any]) -> RenderableType:
    columns = (
        ("cross_entropy", "cross-entropy"), ("kl_divergence", "KL"), ("squared_distance", "D²"),
        ("brier", "Brier"), ("majority_accuracy", "error rate"),
    )  # fmt: skip
    present = [(key, name) for key, name in columns if any(key in model["measures"] for model in data["models"])]
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="bold")
    table.add_column("model")
    for _, name in present:
        table.add_column(name, justify="right")
    worth = any(model.get("equivalence") for model in data["models"])
    if worth:
        table.add_column("worth", justify="right")
    tied = set(data.get("ranking", {}).get("tied", ()))
    for model in data["models"]:
        cells = []
        for key, _ in present:
            entry = model["measures"].get(key)
            entry = _complement(entry) if entry and key == "majority_accuracy" else entry
            cells.append("" if entry is None else _with_half_width(entry))
        if worth:
            cells.append((model.get("equivalence") or {}).get("text", ""))
        table.add_row(f"{'●' if model['name'] in tied else ' '} {model['name']}", *cells)
    note = Text("● statistically tied with the best by cross-entropy (paired, Holm, 95 %)", style="dim")
    return Group(Text(), table, note) if tied else Group(Text(), table)


def _with_half_width(entry: Mapping[str, Any]) -> str:
    value, low, high = entry["value"], entry.get("low"), entry.get("high")
    shown, _ = quantity(entry)
    if value is None or low is None or high is None:
        return shown
    digits = _digits(value, low, high, entry["unit"])
    half = (float(high) - float(low)) / 2
    return f"{shown} ± {_percent(half, digits) if entry['unit'] == 'share' else _fixed(half, digits, '')}"


def _pairs(data: Mapping[str, Any]) -> Iterator[RenderableType]:
    if not data["pairs"]:
        return
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="bold")
    for name, side in (("difference", "left"), ("cross-entropy", "right"), ("95 % interval", "left"),
                       ("items won", "right"), ("p (Holm)", "right")):  # fmt: skip
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for pair in data["pairs"]:
        entry = pair["cross_entropy"]
        value, interval = quantity(entry)
        p = entry.get("p_adjusted")
        table.add_row(
            f"{pair['a']} − {pair['b']}", value, interval,
            f"{100 * entry['won_a']:.1f} % : {100 * entry['won_b']:.1f} %" if entry.get("won_a") is not None else "",
            "" if p is None else "< 0.0001" if p < 1e-4 else f"{p:.4f}",
        )  # fmt: skip
    yield Text("\npaired differences (negative: the first is closer to people)", style="bold")
    yield table


def _by_class(data: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[RenderableType]:
    rows = model.get("by_class")
    if not rows or not data["settings"].get("by_class"):
        return
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="bold")
    heads = ("class", "people say", "model says", f"cross-entropy ({_UNIT_NAMES[data['unit']]})", "absolute", "squared")
    for head in heads:
        table.add_column(head, justify="left" if head == "class" else "right")
    for row in rows:
        table.add_row(
            Text(str(row["class"])), f"{100 * row['people']:.2f} %", f"{100 * row['model']:.2f} %",
            *(_fixed(row[key], 4, "") for key in ("cross_entropy", "absolute_error", "squared_error")),
        )  # fmt: skip
    yield Text(f"\nby class, {model['name']}: contributions that add up to the whole", style="bold")
    yield table


def _slices(model: Mapping[str, Any]) -> Iterator[RenderableType]:
    rows = model.get("slices")
    if not rows:
        return
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="bold")
    for head in ("slice", "items", "share of the distance", "cross-entropy", "95 % interval", "error rate"):
        table.add_column(head, justify="left" if head in ("slice", "95 % interval") else "right")
    for row in rows:
        entry = row["measures"]["cross_entropy"]
        accuracy = row["measures"].get("majority_accuracy")
        share = row.get("share")
        table.add_row(
            Text(f"{row['column']} = {row['value']}"), _count(row["items"]),
            "" if share is None else f"{100 * share:.1f} %", *quantity(entry),
            "" if accuracy is None else quantity(_complement(accuracy))[0],
        )  # fmt: skip
    yield Text(f"\nslices, {model['name']}", style="bold")
    yield Padding(table, (0, 0))
