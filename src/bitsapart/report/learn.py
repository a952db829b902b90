"""The page to play with: a cat, a coin, two systems of events, and that likelihood and cross-entropy are one."""

from pathlib import Path

from bitsapart.comparison.writing import write_atomically

from .markup import Child, Markup, join, tag
from .page import shell
from .words import LANGUAGES, both_of, check_language, word

__all__ = ["write_learn"]


def write_learn(path: str | Path, *, lang: str = "en") -> None:
    """Write the page: one HTML file that needs no server and no network.

    Args:
        path: the file to write, whole or not at all.
        lang: the language it opens in, "en" or "zh"; the reader can switch.

    Raises:
        DataError: the file cannot be written.
        DomainError: the language is not known.
    """
    language = check_language(lang)
    main = tag(
        "div", tag("h1", _say("title")), tag("p", _say("intro"), class_="lead"), _unit(), _cat(), _coin(), _systems(),
        _same(), tag("span", _say("remove"), id="remove-word", hidden=True), class_="learn",
    )  # fmt: skip
    titles: dict[str, str] = {code: f"bitsapart – {word('title', code, table='learn')}" for code in LANGUAGES}
    write_atomically(path, shell(main, language, titles=titles, script="learn.js", styles="learn.css").encode())


def _say(key: str, **parts: Child) -> Markup:
    return both_of("learn", key, **parts)


def _unit() -> Markup:
    options = [
        tag("option", word(key, "en", table="learn"), value=key, data_en=word(key, "en", table="learn"),
            data_zh=word(key, "zh", table="learn"))
        for key in ("bit", "nat", "hartley")
    ]  # fmt: skip
    return tag("p", tag("label", _say("unit"), " ", tag("select", options, id="unit")), class_="note")


def _slider(key: str, identity: str, *, value: str, least: str = "0", most: str = "1", step: str = "0.001") -> Markup:
    control = tag("input", type="range", id=identity, min=least, max=most, step=step, value=value)
    return tag(
        "label", tag("span", _say(key)), tag("output", id=f"{identity}-out", for_=identity), control, class_="slide"
    )


def _picture(identity: str, key: str) -> Markup:
    name = tag("span", _say(key), id=f"{identity}-name", class_="note")
    return join([tag("svg", id=identity, class_="live", role="img", aria_labelledby=f"{identity}-name"), name])


def _outputs(rows: tuple[tuple[str, str], ...], *, equal: tuple[str, ...] = ()) -> Markup:
    cells = [
        [tag("dt", _say(key)), tag("dd", tag("output", id=identity), class_="equal" if identity in equal else None)]
        for key, identity in rows
    ]
    return tag("dl", cells, class_="out")


def _cat() -> Markup:
    names = (("absolute", "a"), ("squared", "b"), ("logarithmic", "c"))
    rows = [
        tag(
            "tr", tag("th", tag("span", class_=f"key {kind}"), _say(name), scope="row"),
            [tag("td", tag("output", id=f"{name}-{column}"), class_="num") for column in ("value", "slope", "logit")],
        )
        for name, kind in names
    ]  # fmt: skip
    heads = [tag("th", _say(key), scope="col") for key in ("loss", "value", "slope_y", "slope_z")]
    table = tag("div", tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows)), class_="scroll", tabindex="0")
    controls = [_slider("cat_x", "cat-x", value="1", step="0.05"), _slider("cat_y", "cat-y", value="0.3"), table]
    return _section("squares", [tag("div", controls), tag("div", _picture("cat-picture", "picture_squares"))])


def _coin() -> Markup:
    tosses = tag("input", type="text", id="coin-tosses", value="HHTHHTHHTH", maxlength="200", class_="tosses",
                 autocomplete="off", spellcheck="false")  # fmt: skip
    buttons = [
        tag("button", _say(key), type="button", id=f"coin-{identity}")
        for key, identity in (("heads", "heads"), ("tails", "tails"), ("to_maximum", "maximum"))
    ]
    rows = (
        ("likelihood", "likelihood"), ("log_likelihood", "log-likelihood"), ("maximum", "coin-best"),
        ("relative", "coin-relative"), ("per_toss", "coin-typical"),
    )  # fmt: skip
    controls = [
        tag("label", _say("tosses"), tosses), tag("div", buttons, class_="buttons"),
        _slider("theta", "coin-theta", value="0.5"),
        _slider("repeat", "coin-repeat", value="1", least="1", most="500", step="1"), _outputs(rows),
    ]  # fmt: skip
    pictures = [_picture("coin-picture", "curve_likelihood"), _picture("coin-log-picture", "curve_log")]
    return _section("coin", [tag("div", controls), tag("div", pictures)])


def _systems() -> Markup:
    presets = [
        tag("button", _say(f"preset_{key}"), type="button", data_preset=key)
        for key in ("weather", "eight", "same", "excluded")
    ]
    heads = [tag("th", _say(key), scope="col", id="event-head" if key == "event" else None)
             for key in ("event", "p", "q", "info_p", "info_q")]  # fmt: skip
    table = tag("table", tag("thead", tag("tr", heads, tag("td"))), tag("tbody", id="events"), class_="events")
    count_p, count_q = (tag("b", class_=f"count-{side}") for side in "pq")
    rows = (("h_p", "h-p"), ("h_q", "h-q"), ("h_pq", "h-pq"), ("kl_pq", "kl-pq"), ("kl_qp", "kl-qp"))
    controls = [
        tag("div", presets, class_="buttons"), tag("div", table, class_="scroll", tabindex="0"),
        tag("div", tag("button", _say("add_event"), type="button", id="event-add"), class_="buttons"),
        tag("p", _say("counts", p=count_p, q=count_q), class_="note"),
    ]  # fmt: skip
    return _section(
        "systems", [tag("div", controls), tag("div", _picture("systems-picture", "systems_picture"), _outputs(rows))]
    )


def _same() -> Markup:
    rows = (
        ("nll", "same-nll"),
        ("times", "same-times"),
        ("h_pq", "same-cross"),
        ("own", "same-own"),
        ("gap", "same-gap"),
    )
    return _section("same", [tag("div", _outputs(rows, equal=("same-nll", "same-times")), class_="card")])


def _section(key: str, panel: Child) -> Markup:
    return tag(
        "section", tag("h2", _say(key)), tag("p", _say(f"{key}_lead"), class_="lead"),
        tag("div", panel, class_="panel"), tag("p", _say(f"{key}_try"), class_="lead", style="margin-top:1rem"), id=key,
    )  # fmt: skip
