"""The answer as a person reads it in a terminal."""

import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from .numerals import UNIT_NAMES, between, complement, count, counted, digits_of, fixed, half_width, quantity, readable
from .text_origin import (
    by_class,
    columns,
    origin,
    origins,
    printable,
    recalibrated,
    several_judgements,
    slices,
    worst,
)  # fmt: skip

__all__ = ["as_text", "rendered"]

_ADD_UP = "Brier = D² + G"
# One row each: key, how it is called, what it means in a few words.
_LEAST_SQUARES = (
    ("absolute_error", "absolute error", "Σ|p̂−q|; too large when few people were asked"),
    ("squared_error", "squared error", "Σ(p̂−q)²; too large when few people were asked"),
    ("brier", "Brier score", "squared error against one more person"),
    ("squared_distance", "squared distance D²", "Σ(p−q)², unbiased"),
    ("disagreement", "disagreement G", f"people among themselves; {_ADD_UP}"),
    ("ranked_probability_score", "ranked probability score", "squares of cumulated classes"),
    ("ranked_squared_distance", "ranked squared distance", "the same against all people, unbiased"),
)
_LIKELIHOOD = (
    ("log_likelihood", "log-likelihood", "Σ ln q over all judgements"),
    ("log_loss", "log loss", "−ln q, per judgement"),
    ("geometric_mean_probability", "typical probability", "geometric mean, per judgement"),
)
_CROSS_ENTROPY = (
    ("cross_entropy", "cross-entropy H(P,Q)", "−Σ p̂ log q"),
    ("entropy", "people's own entropy H(P)", ""),
    ("kl_divergence", "KL divergence", "{unit} apart"),
    ("perplexity", "perplexity", "2^H(P,Q): equally likely choices"),
)


def as_text(data: Mapping[str, Any], width: int = 110) -> str:
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
        parts += [_ranking(data), *_pairs(data), *origins(data)]
        parts += [part for model in models for part in (_title(model["name"]), *_remarks(data, model))]
    else:
        parts += [_error_rate(models[0]), _three_ways(data, models[0]), *_one_judgement(models[0])]
        parts += [*origin(data, models[0], _table()), *_remarks(data, models[0])]
    for model in models:
        parts += by_class(data, model)
        parts += slices(data, model)
    if not data["settings"].get("detail"):
        parts.append(Text("\nwhere the distance comes from was not gathered: add --detail", style="dim"))
    parts += [Text(f"warning: {printable(warning)}", style="yellow") for warning in data.get("warnings", ())]
    return Group(*parts)


def _heading(data: Mapping[str, Any]) -> Text:
    panel = data["people"].get("judgements_per_item")
    words = [counted(data["items"], "item")]
    if data["judgements"] is not None and panel:
        per = f"{panel['min']}" if panel["min"] == panel["max"] else f"{panel['min']}–{panel['max']}"
        words.append(f"{counted(data['judgements'], 'judgement')} ({per} per item)")
    words.append(f"{len(data['classes'])} classes")
    if data["people"].get("exact"):
        words.append("people's distribution taken as given")
    if data["per"] == "judgement":
        words.append("every judgement counts the same")
    if data.get("total"):
        words.append("totals over items")
    return Text(" · ".join(words), style="bold")


def _float(value: Any) -> float:
    return float(value)


def _title(name: str) -> Text:
    return Text(f"\n{printable(name)}", style="bold cyan")


def _error_rate(model: Mapping[str, Any]) -> RenderableType:
    table = _table()
    majority, accuracy = (model["measures"].get(key) for key in ("majority_accuracy", "accuracy"))
    if majority is not None:
        table.add_row("error rate", *readable(complement(majority)), "the model's first choice is not most people's")
    if accuracy is not None and accuracy != majority:
        table.add_row("  against one more person", *readable(complement(accuracy)), "how often somebody would disagree")
    return Group(Text(), table)


def _table() -> Table:
    """Name, number, unit, interval, meaning: the same widths in every block."""
    table = Table.grid(padding=(0, 1))
    table.add_column(min_width=27, no_wrap=True)
    table.add_column(justify="right", style="bold", min_width=9, no_wrap=True)
    table.add_column(min_width=5, no_wrap=True)
    table.add_column(min_width=20, no_wrap=True)
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
                table.add_row(f"  {name}", *readable(entry), _meaning(data, entry, meaning))
        blocks += [
            Text.assemble("\n", (f"{number}  {title}", "bold cyan"), ("   value and 95 % interval", "dim")),
            table,
        ]
    return Group(*blocks, *_doubts(model), *_identity(data, model))


def _meaning(data: Mapping[str, Any], entry: Mapping[str, Any], meaning: str) -> str:
    """What a row means; where people were few, the ends that assume nothing about people."""
    meaning = meaning.format(unit=UNIT_NAMES[data["unit"]])
    bracket = entry.get("bracket")
    if bracket and not math.isinf(_float(bracket[0])):
        digits = digits_of(entry["value"], entry.get("low"), entry.get("high"), entry["unit"])
        ends = between(*(fixed(end, digits) for end in bracket))
        return f"{meaning}; assuming nothing {ends}" if meaning else f"assuming nothing {ends}"
    if meaning.endswith("when few people were asked") and data["people"].get("exact"):
        return meaning.partition(";")[0]
    several = several_judgements(data)
    if several is not None and meaning.endswith(_ADD_UP):
        return f"among people; {_ADD_UP} on {counted(several, 'item')}"
    if several is not None and meaning.endswith("unbiased"):
        return f"{meaning}; of 2 judgements or more"
    return meaning


def _doubts(model: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What a reader must know of people's entropy beyond its bracket."""
    note = (model["measures"].get("entropy") or {}).get("note") or ""
    told = [part for part in note.split("; ") if part and not part.startswith("between ")]
    if told:
        yield Text(f"  people's own entropy: {'; '.join(told)}", style="dim")


def _one_judgement(model: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The bound of KL, where one judgement an item says no more."""
    kl = model["measures"].get("kl_divergence")
    if kl is not None and kl["value"] is None and kl.get("note"):
        number, unit, _ = readable(kl)
        why, _, way = kl["note"].partition("; ")
        yield Text(f"\nKL {number} {unit}; {why}.", style="yellow")
        yield Text(f"{way[:1].upper()}{way[1:]}.", style="dim")


def _identity(data: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Cross-entropy and negative log-likelihood are one number in two units."""
    entry = model.get("identity")
    if entry is None or math.isinf(_float(entry["log_loss_nats"])):
        return
    unit = UNIT_NAMES[data["unit"]]
    yield Text.assemble(
        "\n", ("2 and 3 agree: ", "bold"),
        f"{entry['cross_entropy']:.6f} {unit} × {entry['nats_per_unit']:.6f} = {entry['log_loss_nats']:.6f} nats",
        (" per judgement (each counted the same)", "dim"),
    )  # fmt: skip


def _remarks(data: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield from _infinite(data, model)
    yield from recalibrated(model)
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
        yield _calibrated(calibrated)
    yield from worst(data, model)


def _infinite(data: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[RenderableType]:
    """How many items have an infinite loss, which, and how far the others are."""
    infinite = model["infinite"]
    if not infinite["count"]:
        return
    shown = ", ".join(printable(item) for item in infinite["items"])
    more = ", …" if infinite["count"] > len(infinite["items"]) else ""
    yield Text.assemble(
        "\n", ("infinite loss", "bold red"), f" on {count(infinite['count'])} of {counted(data['items'], 'item')}, ",
        "where people gave an answer that the model gave probability 0:" if shown else
        "where people gave an answer that the model gave probability 0",
    )  # fmt: skip
    if shown:
        yield Text(f"  {shown}{more}")
    finite = model["measures"]["cross_entropy"].get("finite")
    if finite and finite["value"] is not None:
        value, interval = quantity({**finite, "unit": data["unit"]})
        reach = f" ({interval})" if interval else ""
        yield Text(f"  on the other {counted(finite['n'], 'item')} the cross-entropy is {value}{reach}")


def _worth(equivalence: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[RenderableType]:
    """How many people the model is worth, by each way to combine people, and with `--curve` how well k people do."""
    note, _, left_out = equivalence["note"].partition("; ")
    yield Text.assemble("\n", ("worth ", "bold"), (equivalence["text"], "bold green"), (note, "dim"))
    if left_out:
        yield Text(f"  {left_out}", style="dim")
    bayesian = equivalence.get("bayesian")
    if bayesian is not None and bayesian["text"] != equivalence["text"]:
        yield Text(f"  or {bayesian['text']}, if Bayes' rule combines them instead of their shares", style="dim")
    if not data["settings"].get("curve"):
        return
    heads = ["people", f"cross-entropy, {UNIT_NAMES[data['unit']]}", "95 % interval"]
    table = columns(*heads, *(["by Bayes' rule", "95 % interval"] if bayesian else []))
    for place, point in enumerate(equivalence["curve"]):
        points = [point, *([bayesian["curve"][place]] if bayesian else [])]
        table.add_row(str(point["k"]), *(cell for one in points for cell in quantity({**one, "unit": ""})))
    yield table


def _calibrated(calibrated: Mapping[str, Any]) -> Group:
    """What bare verdicts are worth where each stands for what people say."""
    words = []
    for key, name in (("cross_entropy", "cross-entropy"), ("kl_divergence", "KL")):
        if key in calibrated:
            value, interval = quantity(calibrated[key])
            words.append(f"{name} {value} ({interval})" if interval else f"{name} {value}")
    if "equivalence" in calibrated:
        words.append(f"worth {calibrated['equivalence']['text']}")
    meaning = Text("  where a verdict stands for what people say of the other items with it", style="dim")
    return Group(Text.assemble("\n", ("verdicts, calibrated: ", "bold"), ", ".join(words)), meaning)


def _known(known: Mapping[str, Any], unit: str) -> Group:
    """The headline share beside its three parts; it may be below 0 or above 100 %."""
    value, interval = quantity(known["share"])
    parts = [fixed(known[name]["value"], 3) for name in ("class_shares", "model", "people")]
    return Group(
        Text.assemble(
            "\n", ("knows ", "bold"), (f"{value} ({interval})" if interval else value, "bold green"),
            (" of what there is to know of people", "dim"),
        ),
        Text(
            f"  cross-entropy {parts[0]} {UNIT_NAMES[unit]} for the bare class shares, {parts[1]} for the model, "
            f"{parts[2]} at best", style="dim",
        ),
    )  # fmt: skip


def _ranking(data: Mapping[str, Any]) -> RenderableType:
    heads = {"cross_entropy": "cross-entropy", "kl_divergence": "KL", "squared_distance": "D²", "brier": "Brier",
             "majority_accuracy": "error rate"}  # fmt: skip
    present = {key: head for key, head in heads.items() if any(key in model["measures"] for model in data["models"])}
    if "squared_distance" in present:
        del present["brier"]  # they differ by people's disagreement alone
    if all(model["measures"].get("kl_divergence", {}).get("value") is None for model in data["models"]):
        present.pop("kl_divergence", None)
    worth = any(model.get("equivalence") for model in data["models"])
    table = columns("model", *present.values(), *(["worth, people"] if worth else []), left=("model",), space=1)
    tied = set(data.get("ranking", {}).get("tied", ()))
    for model in data["models"]:
        cells = []
        for key in present:
            entry = model["measures"].get(key)
            entry = complement(entry) if entry and key == "majority_accuracy" else entry
            cells.append("" if entry is None else half_width(entry))
        if worth:
            cells.append((model.get("equivalence") or {}).get("text", "").replace(" people", ""))
        table.add_row(Text(f"{'●' if model['name'] in tied else ' '} {printable(model['name'])}"), *cells)
    note = f"cross-entropy{' and KL' if 'kl_divergence' in present else ''} in {UNIT_NAMES[data['unit']]}"
    if tied:
        note += "; ● cannot be told from the best (paired differences, Holm, 95 %)"
    return Group(Text(), table, Text(note, style="dim"))


def _pairs(data: Mapping[str, Any]) -> Iterator[RenderableType]:
    if not data["pairs"]:
        return
    unit = UNIT_NAMES[data["unit"]]
    heads = ("difference", f"cross-entropy, {unit}", "95 % interval", "items won", "p (Holm)")
    table = columns(*heads, left=("difference", "95 % interval"), space=1)
    for pair in data["pairs"]:
        entry = pair["cross_entropy"]
        value, _, interval = readable(entry)
        p = entry.get("p_adjusted")
        table.add_row(
            Text(f"{printable(pair['a'])} − {printable(pair['b'])}"), value, interval,
            f"{100 * entry['won_a']:.1f} % : {100 * entry['won_b']:.1f} %" if entry.get("won_a") is not None else "",
            "" if p is None else "< 0.0001" if p < 1e-4 else f"{p:.4f}",
        )  # fmt: skip
    yield Text("\npaired differences (negative: the first is closer to people)", style="bold")
    yield table
