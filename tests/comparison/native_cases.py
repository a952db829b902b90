"""Blocks of every kind for the native core, run by itself: `native_cases.py CORE RESULT.npz`.

Only NumPy and the core are imported, so that the core can be of any build: another SIMD level, or with sanitizers.
What is found goes into RESULT.npz, one array for each case: items' values [model columns, items], distributions, sums.
"""

import importlib.util
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

COLUMNS = (
    "cross_entropy", "entropy", "kl_divergence", "absolute_error", "squared_error", "brier", "accuracy",
    "majority_accuracy", "squared_distance", "disagreement", "ranked_probability_score", "ranked_squared_distance",
)  # fmt: skip
LABEL_COLUMNS = ("cross_entropy", "absolute_error", "brier", "accuracy")
KINDS = {"labels": 0, "verdicts": 0, "counts": 1, "probs": 2, "log-probs": 3, "logits": 4}
SIZES = (1, 7, 9, 257, 600)  # below, at and above whole vectors and tiles
CLASSES = (2, 3, 17, 40)
_RNG = np.random.default_rng(3)
LOGARITHMS = np.concatenate(
    [[5e-324, 1e-310, 2.3e-308, 1.0], np.exp(_RNG.uniform(-700, 700, 500)), 1 + _RNG.uniform(-0.3, 0.3, 500)]
)
EXPONENTIALS = np.concatenate([[-0.0, 709.0, -708.0], _RNG.uniform(-708, 709, 500), _RNG.uniform(-2, 2, 500)])


@dataclass(frozen=True)
class Case:
    """One block, and the same numbers in float64 in rows for the book."""

    name: str
    classes: int
    people_kind: str
    model_kind: str
    people: object
    model: object
    positive: int = 0
    faults: list = field(default_factory=list)

    def sides(self, core):
        return self.side(core, self.people, self.people_kind), self.side(core, self.model, self.model_kind)

    def side(self, core, values, kind):
        columns = list(values) if isinstance(values, tuple) else [values]
        single = not isinstance(values, tuple) and values.ndim == 1 and KINDS[kind] >= 2
        return core.Side(KINDS[kind], columns, self.classes, single, self.positive if single else 0)

    @property
    def columns(self):
        """Columns that the core makes for this kind of people."""
        return LABEL_COLUMNS if self.people_kind == "labels" else COLUMNS


def columns_of(count):
    """The names of so many columns."""
    return LABEL_COLUMNS if count == len(LABEL_COLUMNS) else COLUMNS


def distribution(rng, items, classes, dtype=np.float64):
    """Rows near corners and near the middle, with zeros, ties and tiny numbers among them."""
    rows = rng.dirichlet(np.full(classes, 0.3), items)
    rows[::5] = 1 / classes
    rows[1::11] = np.eye(classes)[rng.integers(0, classes, len(rows[1::11]))]
    if items > 3:
        rows[3] = 1e-310
        rows[3, 0] = 1 - rows[3, 1:].sum()
    if dtype == np.float16:  # in 64ths, so that rounded rows sum to 1
        rows = rng.multinomial(64, rows / rows.sum(axis=1, keepdims=True)) / 64
    return rows.astype(dtype)


def layouts(table):
    """The same numbers in all the ways that they can lie in memory."""
    wide = np.zeros((len(table), 2 * table.shape[1]), table.dtype)
    wide[:, ::2] = table
    locked = table.copy()
    locked.flags.writeable = False
    yield "rows", table
    yield "columns", np.asfortranarray(table)
    yield "tuple", tuple(np.ascontiguousarray(column) for column in table.T)
    yield "strided", wide[:, ::2]
    yield "reversed", np.ascontiguousarray(table[::-1])[::-1]
    yield "locked", locked
    if table.dtype.itemsize > 1:
        raw = np.frombuffer(b"\0" + table.tobytes(), np.uint8)[1:].view()
        yield "unaligned", np.ndarray(table.shape, table.dtype, raw)


def people_sides(rng, items, classes):
    labels = rng.integers(0, classes, items)
    for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64):
        yield f"labels-{np.dtype(dtype).name}", "labels", labels.astype(dtype)
    yield "labels-bool", "labels", labels == 1
    yield "labels-strided", "labels", np.repeat(labels, 3)[::3]
    counts = rng.multinomial(6, np.full(classes, 1 / classes), items)
    counts[::3] = np.eye(classes, dtype=int)[rng.integers(0, classes, len(counts[::3]))] * rng.integers(1, 90)
    for dtype in (np.int8, np.int64, np.uint16, np.float16, np.float32, np.float64):
        yield f"counts-{np.dtype(dtype).name}", "counts", counts.astype(dtype)
    for dtype in (np.float16, np.float32, np.float64):
        if classes <= 3 or dtype != np.float16:
            yield f"probs-{np.dtype(dtype).name}", "probs", distribution(rng, items, classes, dtype)


def model_sides(rng, items, classes):
    for dtype in (np.float16, np.float32, np.float64):
        name = np.dtype(dtype).name
        if classes <= 3 or dtype != np.float16:
            yield f"probs-{name}", "probs", distribution(rng, items, classes, dtype)
        logits = (rng.standard_normal((items, classes)) * 5).astype(dtype)
        logits[::4] = np.round(logits[::4])
        logits[1::7, 1] = -np.inf
        logits[2::9] *= 60
        yield f"logits-{name}", "logits", logits
    with np.errstate(divide="ignore"):
        yield "log-probs", "log-probs", np.log(distribution(rng, items, classes))
    yield "verdicts", "verdicts", rng.integers(0, classes, items).astype(np.int16)
    if classes == 2:
        p = distribution(rng, items, 2)[:, 0]
        yield "one-probs", "probs", p.astype(np.float32)
        yield "one-log-probs", "log-probs", np.log(np.maximum(p, 1e-300))
        yield "one-logits", "logits", (rng.standard_normal(items) * 20).astype(np.float16)


def plain_cases():
    """Every kind of people with every kind of model, sizes and classes in turn."""
    rng = np.random.default_rng(4)
    number = 0
    for classes in CLASSES:
        for items in SIZES:
            people = list(people_sides(rng, items, classes))
            models = list(model_sides(rng, items, classes))
            for k in range(max(len(people), len(models))):
                (p_name, p_kind, p), (m_name, m_kind, m) = people[k % len(people)], models[(k + number) % len(models)]
                yield Case(f"{classes}-{items}-{k}-{p_name}-{m_name}", classes, p_kind, m_kind, p, m, number % 2)
            number += 1


def layout_cases():
    """One block, lying in memory in all ways."""
    rng = np.random.default_rng(5)
    for classes in (2, 17, 40):
        counts = rng.multinomial(7, np.full(classes, 1 / classes), 300).astype(np.int32)
        labels = rng.integers(0, classes, 300)
        logits = (rng.standard_normal((300, classes)) * 3).astype(np.float32)
        for (name, people), (_, model) in zip(layouts(counts), layouts(logits), strict=True):
            yield Case(f"layout-{classes}-{name}", classes, "counts", "logits", people, model)
        for name, model in layouts(logits):
            yield Case(f"layout-labels-{classes}-{name}", classes, "labels", "logits", labels, model)


def hard_cases():
    """Rows on which roundings show: far logits, sides equal but for the last bit, near-certainty, geometric rows."""
    rng = np.random.default_rng(10)
    for classes in (2, 3, 18, 70):
        near = np.full((4, classes), 1e-17)
        near[:, 0] = 1 - np.array([1e-16, 1e-12, 1e-8, 1e-3])
        near[:, 1] = 1 - near[:, 0]
        falling = 0.5 ** np.arange(1, classes + 1.0) * np.ones((4, 1))
        falling[:, -1] *= 2
        even = np.full((4, classes), 1 / classes)
        beside = even * (1 + 2.0**-52 * rng.integers(-2, 3, even.shape))
        far = rng.uniform(-350, 350, (4, classes))
        close = 1 + 2.0**-50 * rng.integers(0, 9, (4, classes))
        counts = rng.multinomial(9, np.full(classes, 1 / classes), 4)
        many = rng.multinomial(2**20, np.full(classes, 1 / classes), 4)
        labels = rng.integers(0, classes, 4)
        sides = {
            "near": ("probs", near), "falling": ("probs", falling), "even": ("probs", even),
            "beside": ("probs", beside), "counts": ("counts", counts), "many": ("counts", many),
            "labels": ("labels", labels), "far": ("logits", far), "close": ("logits", close),
            "steep": ("logits", far / 20 + np.arange(classes)), "logs": ("log-probs", np.log(falling)),
        }  # fmt: skip
        for p_name, (p_kind, people) in sides.items():
            for m_name, (m_kind, model) in sides.items():
                if p_kind in ("probs", "counts", "labels") and m_kind in ("probs", "logits", "log-probs"):
                    yield Case(f"hard-{classes}-{p_name}-{m_name}", classes, p_kind, m_kind, people, model)


def faulty_cases():
    """Each wrong value at each place of a small block and at the ends of a large one."""
    rng = np.random.default_rng(6)
    wrong = {
        "labels": (-1, 99), "verdicts": (-1, 99), "counts": (-1.0, 0.5, np.nan, 3e9), "probs": (np.nan, -0.25, 1.5),
        "log-probs": (np.nan, 0.5), "logits": (np.nan, np.inf),
    }  # fmt: skip
    for classes in (2, 3, 40):
        good = {
            "labels": rng.integers(0, classes, 300), "verdicts": rng.integers(0, classes, 300),
            "counts": rng.integers(1, 5, (300, classes)).astype(float), "probs": distribution(rng, 300, classes),
            "log-probs": np.log(np.full((300, classes), 1 / classes)), "logits": rng.standard_normal((300, classes)),
        }  # fmt: skip
        for kind, values in wrong.items():
            places = [(row, c) for row in (0, 1, 8, 255, 256, 299) for c in (0, classes - 1)]
            for value in values:
                for row, c in places:
                    table = good[kind].copy()
                    table[row if table.ndim == 1 else (row, c)] = value
                    is_people = kind in ("labels", "counts")
                    people, model = (table, good["probs"]) if is_people else (good["labels"], table)
                    p_kind, m_kind = (kind, "probs") if is_people else ("labels", kind)
                    name = f"fault-{classes}-{kind}-{value}-{row}-{c}"
                    yield Case(name, classes, p_kind, m_kind, people, model, 0, [row, 0 if is_people else 1])


def reference_cases():
    """What the 50-digit table has of single items: the case, its column, and the row of the table."""
    path = Path(__file__).resolve().parents[1] / "reference" / "reference.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    for number, row in enumerate(table["cases"]):
        options = row["options"]
        arguments = [
            np.array(table["arrays"].get(a, a) if isinstance(a, str) else _floats(a)) for a in row["arguments"]
        ]
        usual = "counts" if row["measure"] in ("disagreement", *(c for c in COLUMNS if "distance" in c)) else "probs"
        kinds = options.get("people_kind", options.get("kind", usual)), options.get("model_kind", "probs")
        wanted = row["measure"] in COLUMNS and set(options) <= {"people_kind", "model_kind", "kind", "unit"}
        if not wanted or any(a.ndim != 1 or len(a) < 2 for a in arguments) or kinds[0] not in ("counts", "probs"):
            continue
        people, model = (a[np.newaxis] for a in (arguments * 2)[:2])
        if len(arguments) == 1:
            model = np.full(people.shape, 1 / people.shape[1])
        case = Case(f"reference-{number}", people.shape[1], *kinds, people, model)
        yield case, row


def _floats(values):
    return [_floats(v) for v in values] if isinstance(values, list) else float(values)


def values_of(core, case, threads=1):
    """(columns, items) of a block, or its fault."""
    people, model = case.sides(core)
    wanted = [COLUMNS.index(column) for column in case.columns]
    out = np.full((1, len(wanted), len(people)), np.nan)
    fault = core.column_values(people, [model], wanted, out, threads)
    return out[0] if fault is None else np.array(fault[:4])


def sums_of(core, case, threads=1, weight=None):
    people, model = case.sides(core)
    fault, judgements, panels, sums = core.block_sums(people, [model, model], weight, False, True, True, 5, threads)
    # Which of equally far items is kept may differ; the tally looks again where that matters.
    return fault[:4] if fault else (judgements, panels, [(s, sorted(v for v, _ in worst)) for s, worst, _ in sums])


def run(core):
    found = {}
    rng = np.random.default_rng(7)
    for case in (*plain_cases(), *layout_cases(), *faulty_cases()):
        found[case.name] = values_of(core, case)
        for weight in (None, rng.random(len(case.sides(core)[0]))):
            one, two = sums_of(core, case, 1, weight), sums_of(core, case, 2, weight)
            if one != two:
                message = f"{case.name}: two threads give other sums than one"
                raise SystemExit(message)
        for number, side in enumerate(case.sides(core)):
            rows = np.empty((2, len(side), case.classes))
            fault = core.distributions(side, number, rows[0], rows[1], 2)
            found[f"{case.name}/{number}"] = rows if fault is None else np.array(fault[:4])
        if case.people_kind == "counts" and not case.faults:
            codes = np.empty(len(case.sides(core)[0]), dtype=np.int64)
            core.row_patterns(case.sides(core)[0], codes)
            found[f"{case.name}/patterns"] = codes
    for case in (*hard_cases(), *(case for case, _ in reference_cases())):
        found[case.name] = values_of(core, case)
    values = np.concatenate([[0.0, -1e-300, np.nan, np.inf, 2.0**50, -31.9, 32.0], rng.standard_normal(1000) * 40])
    for length in (*range(9), len(values)):
        part, weight, codes = values[:length].copy(), rng.random(length), rng.integers(0, 3, length)
        _, sums = core.exact_sums(part, None)
        _, weighted = core.exact_sums(part, weight)
        _, grouped = core.grouped_sums(part, weight, codes, 3)
        found[f"sums/{length}"] = np.frombuffer(sums[1] + weighted[1] + grouped[1] + core.power_sums(part), np.uint8)
    x = np.concatenate([[0.0, np.inf, np.nan, -1.0], LOGARITHMS])
    y = np.concatenate([[-np.inf, -709.0, 710.0, np.nan], EXPONENTIALS])
    for name, function, argument in (("log", core.logarithms, x), ("exp", core.exponentials, y)):
        out = np.empty_like(argument)
        function(argument, out)
        found[name] = out
    return found


def load(path):
    spec = importlib.util.spec_from_file_location("_core", path)
    core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    return core


if __name__ == "__main__":
    core = load(sys.argv[1])
    np.savez(sys.argv[2], level=np.array(core.simd_level()), **run(core))
    print(core.simd_level())
