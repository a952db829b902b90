"""The colours of the charts in light mode; the page turns each into a variable, so that dark mode can change it."""

__all__ = ["BAND", "CALIBRATION", "FAINT", "GROUPING", "INK", "MODEL", "PEOPLE", "ROLES"]

PEOPLE = "#1f6fb2"
MODEL = "#c2410c"
CALIBRATION = "#a21caf"
GROUPING = "#d9640f"
BAND = "#9fb8cc"
INK = "#1d2733"
FAINT = "#d5dde4"
PALE = "#5b6875"
PAPER = "#fefefe"

#: the CSS variable of each colour
ROLES: dict[str, str] = {
    PEOPLE: "people", MODEL: "model", CALIBRATION: "calibration", GROUPING: "grouping", BAND: "band", INK: "ink",
    FAINT: "faint", PALE: "pale", PAPER: "paper",
}  # fmt: skip
