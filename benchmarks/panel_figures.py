"""Draws the three figures of docs/people from the committed results. Plain SVG, no library.

python benchmarks/panel_figures.py
"""

from __future__ import annotations

import json
from math import log10
from pathlib import Path

from panel_results import RESULTS

DOCS = Path(__file__).resolve().parents[1] / "docs" / "people"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 680, 400, 70, 190, 48, 56
INK, GREY, RED, BLUE, GREEN, BAND = "#1c1c1c", "#8a8a8a", "#b3261e", "#1857a4", "#2f7d32", "#1857a422"


class Figure:
    """Axes with a title; x and y are functions from data to pixels."""

    def __init__(self, title, x_title, y_title, x_range, y_range, *, x_scale=float, y_scale=float):
        self.parts = []
        self.right, self.bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        (x0, x1), (y0, y1) = (tuple(map(x_scale, x_range)), tuple(map(y_scale, y_range)))
        self.x = lambda value: LEFT + (x_scale(value) - x0) / (x1 - x0) * (self.right - LEFT)
        self.y = lambda value: self.bottom - (y_scale(value) - y0) / (y1 - y0) * (self.bottom - TOP)
        self.text(LEFT, 24, title, size=16, weight="bold")
        self.text((LEFT + self.right) / 2, HEIGHT - 12, x_title, anchor="middle")
        self.text(LEFT, TOP - 8, y_title)

    def text(self, x, y, words, *, size=13, colour=INK, anchor="start", weight="normal"):
        words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{words}</text>'
        )

    def ticks(self, xs, ys):
        for value, label in xs:
            self.parts.append(f'<path d="M{self.x(value):.1f} {self.bottom}v5" stroke="{GREY}"/>')
            self.text(self.x(value), self.bottom + 20, label, anchor="middle")
        for value, label in ys:
            self.parts.append(f'<path d="M{LEFT} {self.y(value):.1f}H{self.right}" stroke="#e2e2e2"/>')
            self.text(LEFT - 8, self.y(value) + 4, label, anchor="end")

    def line(self, points, colour, *, dash="", width=2.5, dots=False):
        path = "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
        style = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}"{style}/>')
        if dots:
            self.parts += [
                f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="4" fill="{colour}"/>' for x, y in points
            ]

    def band(self, points, lower, upper, colour):
        ahead = [f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in zip(points, upper, strict=True)]
        back = [f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in zip(points, lower, strict=True)][::-1]
        self.parts.append(f'<path d="M{"L".join(ahead + back)}Z" fill="{colour}"/>')

    def label(self, y, words, colour):
        for line, part in enumerate(words.split("\n")):
            self.text(self.right + 8, self.y(y) + 4 + 16 * line, part, colour=colour)

    def save(self, name, description):
        DOCS.mkdir(parents=True, exist_ok=True)
        body = "\n".join(self.parts)
        (DOCS / name).write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'role="img" font-family="system-ui, sans-serif">\n<title>{description}</title>\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
        )
        print(f"written: {DOCS / name}")


def rows_of(name):
    return json.loads((RESULTS / f"{name}.json").read_text())["rows"]


def misleading():
    rows = [row for row in rows_of("panel_kl_bracket")
            if row["data"] == "ChaosNLI-MNLI" and row["model"] == "roberta-base-seed1"]  # fmt: skip
    people = [row["people"] for row in rows]
    figure = Figure("The same model, the same items, fewer people", "people asked about each item",
                    "KL divergence of one model, bits", (2, 10), (0.3, 1.45))  # fmt: skip
    figure.ticks([(k, str(k)) for k in people], [(v / 10, f"{v / 10:.1f}") for v in range(4, 15, 2)])
    figure.band(people, [row["lower"] for row in rows], [row["upper"] for row in rows], BAND)
    truth = rows[0]["KL, bits"]
    figure.line([(2, truth), (10, truth)], INK, dash="5 4", width=1.5)
    figure.line([(row["people"], row["plug-in"]) for row in rows], RED, dots=True)
    figure.line([(row["people"], row["point"]) for row in rows], BLUE, dots=True)
    figure.label(rows[-1]["plug-in"], "plug-in KL", RED)
    figure.label(truth, "bitsapart's point", BLUE)
    figure.text(figure.x(3.05), figure.y(0.56), "bracket, without assumptions", colour=BLUE)
    figure.text(figure.x(5.2), figure.y(truth) - 7, "the truth: 100 people were asked")
    figure.save("why-plain-kl-misleads.svg",
                "Plug-in KL falls from 1.37 to 0.90 bits as 2 to 10 people are asked; the truth is 0.76")  # fmt: skip


def worth():
    curves = json.loads((RESULTS / "panel_curve.json").read_text())
    figure = Figure("Where the model meets the people", "people combined, k", "loss against one further person, bits",
                    (0, 9), (0.7, 1.0))  # fmt: skip
    figure.ticks([(k, str(k)) for k in range(10)], [(v / 100, f"{v / 100:.2f}") for v in range(70, 101, 5)])
    for (combiner, colour, words) in (
        ("frequency", BLUE, "frequency combiner"), ("bayesian", GREEN, "Bayesian combiner"),
    ):  # fmt: skip
        curve = curves[combiner]
        figure.line(list(enumerate(curve["loss_bits"])), colour, dots=True, width=2)
        figure.label(curve["loss_bits"][-1], words, colour)
        model = curve["model_bits"]
        low, high = (figure.x(curve[end]) for end in ("low", "high"))
        height = figure.y(0.705 if combiner == "bayesian" else 0.715)
        figure.parts.append(
            f'<path d="M{figure.x(curve["worth"]):.1f} {figure.y(model):.1f}V{height:.1f}" stroke="{colour}" '
            f'stroke-dasharray="3 3"/><path d="M{low:.1f} {height:.1f}H{high:.1f}" stroke="{colour}" stroke-width="5"/>'
        )
    figure.line([(0, model), (9, model)], RED, width=2)
    figure.label(model, "the model", RED)
    found = curves["frequency"]
    figure.text(figure.x(found["high"]) + 8, figure.y(0.715) + 4,
                f"worth {found['worth']:.1f} people ({found['low']:.1f}–{found['high']:.1f})", colour=BLUE)  # fmt: skip
    figure.save("how-many-people-is-it-worth.svg", "The loss of k people falls with k and crosses the model's loss")


def asking():
    curves = json.loads((RESULTS / "panel_plan_curves.json").read_text())["ChaosNLI-SNLI"]
    figure = Figure("What ± 0.05 bit costs", "people asked about each item", "price in judgements", (1, 30), (7e3, 4e5),
                    y_scale=log10)  # fmt: skip
    figure.ticks([(k, str(k)) for k in (1, 2, 3, 5, 10, 15, 20, 30)],
                 [(1e4, "10 000"), (3e4, "30 000"), (1e5, "100 000"), (3e5, "300 000")])  # fmt: skip
    words = ("an item costs nothing", "as much as 5 judgements", "as much as 30 judgements")
    for prices, colour, label, shift in zip(curves.values(), (RED, BLUE, GREEN), words, (0.8, 1.15, 1.0), strict=True):
        figure.line(list(enumerate(prices, start=1)), colour)
        best = min(range(30), key=prices.__getitem__)
        figure.parts.append(
            f'<circle cx="{figure.x(best + 1):.1f}" cy="{figure.y(prices[best]):.1f}" r="5" fill="{colour}"/>'
        )
        figure.label(prices[-1] * shift, label, colour)
    figure.save("how-many-people-should-i-ask.svg", "The cheapest number of people per item rises with an item's price")


if __name__ == "__main__":
    misleading()
    worth()
    asking()
