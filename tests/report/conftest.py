"""Documents made by hand, and a browser to open pages in."""

import copy
import json
import os
import shutil
from types import SimpleNamespace

import pytest

INF = "inf"


def quantity(value, half=None, unit="1", n=100, **more):
    ends = {"low": None, "high": None} if half is None else {"low": value - half, "high": value + half}
    return {"value": value, **ends, "standard_error": None if half is None else half / 2, "unit": unit, "n": n, **more}


def measures(ce, own, *, infinite=False):
    kl = ce - own
    found = {
        "accuracy": quantity(0.8, 0.02, "share"), "majority_accuracy": quantity(0.9, 0.03, "share"),
        "absolute_error": quantity(0.3, 0.01), "squared_error": quantity(0.12, 0.01), "brier": quantity(0.21, 0.01),
        "squared_distance": quantity(0.1, 0.01), "disagreement": quantity(0.11, 0.01),
        "log_likelihood": quantity(-512.25, 20.0, "nat"), "log_loss": quantity(0.55, 0.02, "nat"),
        "geometric_mean_probability": quantity(0.577, 0.01, "share"), "cross_entropy": quantity(ce, 0.02, "bit"),
        "entropy": quantity(own, 0.02, "bit", bracket=[own - 0.05, own + 0.05]),
        "kl_divergence": quantity(kl, 0.02, "bit", bracket=[kl - 0.05, kl + 0.05]), "perplexity": quantity(2**ce, 0.05),
    }  # fmt: skip
    if infinite:
        for key in ("cross_entropy", "kl_divergence"):
            found[key] |= {"value": INF, "low": None, "high": None, "finite": quantity(0.7, 0.02, "bit", 80)}
        found["log_likelihood"]["value"] = "-inf"
    return found


def reliability(name):
    edges = [n / 20 for n in range(21)]
    return {
        "class": name,
        "curve": [
            {"from": 0.01, "to": 0.2, "people": 0.05, "weight": 0.5},
            {"from": 0.3, "to": 0.9, "people": 0.5, "weight": 0.5},
        ],
        "band": {"q": [0.0, 0.5, 1.0], "low": [0.0, 0.4, 0.95], "high": [0.05, 0.6, 1.0]},
        "histogram": {"edges": edges, "share": [0.05] * 20},
    }


def corp(name, score, unit):
    terms = {"score": 0.5, "miscalibration": 0.1, "discrimination": 0.4, "uncertainty": 0.8}
    crossed = {key: quantity(value, 0.01, unit) for key, value in terms.items()}
    return {"class": name, "score": score, "unit": unit, "in_sample": terms, "cross_fitted": crossed}


def model(name, classes, ce=0.8, own=0.5, *, infinite=False):
    log = {
        "unit": "bit", "recalibration": "temperature", "inverse_temperature": 0.8,
        "terms": {
            "calibration": quantity(0.1, 0.01, "bit"), "grouping": quantity(ce - own - 0.1, 0.02, "bit"),
            "entropy": quantity(own, 0.02, "bit"),
        },
    }  # fmt: skip
    if infinite:
        log = {"absent": "the loss of 20 items is infinite"}
    square = {
        "calibration": quantity(-0.01, 0.02),
        "grouping": quantity(0.11, 0.02),
        "disagreement": quantity(0.11, 0.01),
    }
    count = len(classes)
    return {
        "name": name, "kind": "probs", "measures": measures(ce, own, infinite=infinite),
        "infinite": {"count": 20, "items": ["a", "b"]} if infinite else {"count": 0, "items": []},
        "worst": [
            {"item": f"item-{n}", "value": 9.0 - n, "unit": "bit", "kind": "farthest",
             "people": [1.0] + [0.0] * (count - 1), "model": [0.002] + [0.998 / (count - 1)] * (count - 1)}
            for n in range(3)
        ],
        "identity": {
            "cross_entropy": ce, "unit": "bit", "nats_per_unit": 0.6931471805599453, "log_loss_nats": ce * 0.693147,
        },
        "equivalence": {
            "text": "2.4 people", "note": "", "value": 2.4, "low": 2.1, "high": 2.8, "unit": "people", "beyond": False,
            "k_max": 4, "items": 90, "left_out": 10, "combiner": "frequency", "model": {"value": ce, "unit": "bit"},
            "curve": [{"k": k, "value": 1 - k / 10, "low": 0.98 - k / 10, "high": 1.02 - k / 10} for k in range(5)],
        },
        "by_class": [
            {"class": c, "people": 1 / count, "model": 1 / count, "cross_entropy": ce / count * (1 + 0.1 * n),
             "absolute_error": 0.1, "squared_error": 0.04}
            for n, c in enumerate(classes)
        ],
        "confusion": [[(0.9 if a == b else 0.1 / (count - 1)) / count for b in range(count)] for a in range(count)],
        "split": {
            "folds": 5, "log": log, "square": {"unit": "1", "recalibration": "isotonic", "terms": square},
            "corp": [corp(classes[0], "log", "bit"), corp(classes[0], "brier", "1")],
            "cell_error": {"log": 1e-5, "brier": 1e-6},
        },
        "reliability": [reliability(c) for c in classes[:2]],
        "slices": [
            {"column": "source", "value": v, "items": 30 + n, "share": 0.2 * n, "share_low": 0.2 * n - 0.1,
             "share_high": 0.2 * n + 0.1, "share_of": "squared_distance", "share_of_items": 0.3 + n / 100,
             "level": 0.983,
             "measures": {"cross_entropy": quantity(0.5 + n / 10, 0.05, "bit")}}
            for n, v in enumerate(("web", "book", "talk"))
        ],
    }  # fmt: skip


def document(classes=("cat", "dog", "bird"), names=("first", "second")):
    models = [model(name, classes, 0.8 + 0.1 * n) for n, name in enumerate(names)]
    pairs = [
        {"a": a, "b": b, "cross_entropy": quantity(-0.1, 0.03, "bit", p_adjusted=0.01, won_a=0.6, won_b=0.4)}
        for n, a in enumerate(names) for b in names[n + 1 :]
    ]  # fmt: skip
    return {
        "schema": 1, "bitsapart": "0.1.0", "unit": "bit", "per": "item", "total": False, "items": 100,
        "judgements": 500, "classes": list(classes),
        "people": {"kind": "counts", "exact": False, "judgements_per_item": {"min": 5, "max": 5, "mean": 5.0},
                   "items_with_two_or_more": 100},
        "models": models, "pairs": pairs,
        "ranking": {"measure": "cross_entropy", "order": list(names), "tied": list(names[:2])},
        "inputs": [{"name": "people.csv", "format": "csv", "bytes": 1234, "fingerprint": "sha256:abc"}],
        "notes": ["people.csv: counts in 3 columns"], "warnings": [], "settings": {"unit": "bit", "detail": True},
    }  # fmt: skip


def bare(classes=("yes", "no")):
    """One judgement per item, nothing beyond the measures."""
    found = document(classes, ("only",))
    only = found["models"][0]
    for key in ("split", "reliability", "slices", "by_class", "confusion", "equivalence", "worst", "identity"):
        del only[key]
    ce = only["measures"]["cross_entropy"]
    only["measures"]["kl_divergence"] = quantity(None, None, "bit") | {"high": ce["value"], "note": "at most"}
    for key in ("entropy", "squared_distance", "disagreement"):
        del only["measures"][key]
    found["people"]["judgements_per_item"] = {"min": 1, "max": 1, "mean": 1.0}
    found["settings"] = {}
    found["pairs"], found["ranking"] = [], {}
    return found


HOSTILE = (
    "<script>document.title='hacked'</script>",
    '"><img src=x onerror="document.title=\'hacked\'">',
    "</title></style></textarea><svg onload=document.title='hacked'>",
    "javascript:document.title='hacked'",
    "\u202egnp.exe\u202c right to left \u05e9\u05dc\u05d5\u05dd",
    "👩‍👩‍👧‍👦 emoji \U0001f1e8\U0001f1f3",
    "x" * 10_000,
    "nul \x00 bell \x07 lone \ud800 surrogate",
    "⟦title⟧ &amp; {x} ${y} `z`",
    "]]><!-- --> {{constructor}}",
)


def hostile():
    found = document(HOSTILE, (HOSTILE[0], HOSTILE[1], HOSTILE[6]))
    for entry in found["models"]:
        for row, name in zip(entry["worst"], HOSTILE, strict=False):
            row["item"] = name
        for row, name in zip(entry["slices"], HOSTILE[1:], strict=False):
            row["value"] = row["column"] = name
        entry["infinite"] = {"count": 10, "items": list(HOSTILE)}
        entry["split"]["log"] = {"absent": HOSTILE[0]}
        entry["equivalence"]["text"] = HOSTILE[0]
    found["notes"] = found["warnings"] = list(HOSTILE)
    found["inputs"][0] |= {"name": HOSTILE[1], "format": HOSTILE[0], "fingerprint": HOSTILE[2]}
    found["settings"] = {HOSTILE[0]: HOSTILE[1]}
    return found


@pytest.fixture
def result():
    return copy.deepcopy(document())


@pytest.fixture(scope="session")
def make():
    """The makers of documents."""
    return SimpleNamespace(document=document, bare=bare, hostile=hostile, model=model, quantity=quantity, names=HOSTILE)


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright, one for each worker. Where `BITSAPART_CI=1`, its absence is a failure."""
    required = os.environ.get("BITSAPART_CI") == "1"
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if path is None or sync_playwright is None:
        lacking = "Chromium" if path is None else "playwright"
        if required:
            pytest.fail(f"{lacking} is not installed, and BITSAPART_CI=1 asks for it")
        pytest.skip(f"{lacking} is not installed, so no page can be opened")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


class Watched:
    """A page whose console, errors and requests are kept."""

    def __init__(self, browser, path, **context):
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def quiet(self):
        """Nothing was said, and nothing asked for but the file itself."""
        outside = [url for url in self.asked[1:] if not url.startswith("data:")]
        return not self.said and not outside


@pytest.fixture
def visit(browser):
    opened = []

    def visit_page(path, **context):
        opened.append(Watched(browser, path, **context))
        return opened[-1]

    yield visit_page
    for watched in opened:
        watched.context.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The pages of the documents made by hand, written once."""
    from bitsapart.report import write_report

    folder = tmp_path_factory.mktemp("pages")
    infinite = document(("yes", "no"), ("endless",))
    infinite["models"] = [model("endless", ("yes", "no"), infinite=True)]
    documents = {"usual": document(), "bare": bare(), "hostile": hostile(), "infinite": infinite}
    for name, data in documents.items():
        write_report(data, folder / f"{name}.html")
        (folder / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
    return folder


CONTRAST = """() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return c.startsWith('color(') ? [...m.slice(0,3).map(v => v*255), m[3] ?? 1] : [m[0], m[1], m[2], m[3] ?? 1]; };
  const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3]));
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126*r + .7152*g + .0722*b; };
  const ground = (e) => { const seen = []; for (let n = e; n; n = n.parentElement) seen.push(parse(getComputedStyle(n).backgroundColor)); return seen.reverse().reduce((under, c) => over(c, under), [255, 255, 255]); };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length || ['SCRIPT', 'OPTION', 'STYLE'].includes(e.tagName)) continue;
    const style = getComputedStyle(e), svg = e.closest('svg');
    const ink = parse(svg ? style.fill : style.color), back = ground(svg ?? e);
    const [x, y] = [light(over(ink, back)), light(back)].sort((a, b) => b - a);
    const ratio = (x + .05) / (y + .05), large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 600);
    if (ratio < (large ? 3 : 4.5)) poor.push([e.tagName, e.textContent.slice(0, 30), ratio.toFixed(2)]);
  }
  return poor;
}"""  # noqa: E501


@pytest.fixture(scope="session")
def contrast():
    """JavaScript that lists the visible texts whose contrast is below 4.5 (3 where they are large)."""
    return CONTRAST
