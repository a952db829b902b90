"""Make the table of reference values: every measure at 50 digits, from its definition alone.

Nothing of bitsapart is imported here. The inputs are binary floating-point numbers and are taken exactly. Beside each
value stands its `scale`: the sum of the magnitudes that the formula adds up, each times what its representation
multiplies a rounding by (the probability n/K is itself rounded; a logarithm L turns its rounding u into |L| u of the
probability). An implementation that rounds every step a few times is within a few u of it, and no implementation that
starts from rounded logarithms can promise more. Where the measure neither cancels nor starts from logarithms, the scale
is the value itself.

Run: python tests/reference/make_reference.py
"""

import json
from pathlib import Path

from mpmath import exp, inf, isinf, log, loggamma, mp, mpf, nstr, sqrt

mp.dps = 400  # 1 − 1e-300 needs 300 digits before the 50 begin
HERE = Path(__file__).resolve().parent
UNIT = {"bit": log(2), "nat": mpf(1), "hartley": log(10)}


# --- representations -------------------------------------------------------------------------------------------------


def probabilities(values, kind):
    numbers = [mpf(value) for value in values]
    if kind == "probs":
        return numbers
    if kind == "counts":
        return [n / sum(numbers) for n in numbers]
    if kind == "log-probs":
        return [exp(x) for x in numbers]
    top = max(numbers)
    weights = [exp(x - top) for x in numbers]
    return [w / sum(weights) for w in weights]


def amplification(p, kind):
    """By how much the representation multiplies a rounding; quotients of counts are rounded once."""
    if kind in ("probs", "counts"):
        return mpf(1) if kind == "probs" else mpf(2)
    return 2 + (abs(log(p)) if p > 0 else 0)


def two(values, kind, binary):
    """The distribution of an event and its complement, or the distribution as it is."""
    if not binary:
        return probabilities(values, kind)
    if kind == "logits":
        return probabilities([values, 0.0], "logits")
    x = mpf(values) if kind in ("probs", "labels") else exp(mpf(values))
    return [x, 1 - x]


# --- definitions: (value, scale) -------------------------------------------------------------------------------------


def times_log(p, q):
    """The product p·ln q with 0·ln 0 = 0."""
    if p == 0:
        return mpf(0)
    return -inf if q == 0 else p * log(q)


def information(p, unit):
    return (inf if p == 0 else -log(p) / UNIT[unit]), None


def cross_entropy(p, q, unit, grow):
    terms = [-times_log(a, b) / UNIT[unit] for a, b in zip(p, q, strict=True)]
    return sum(terms), sum(abs(t) * g for t, g in zip(terms, grow, strict=True))


def kl(p, q, unit, grow):
    terms = [(inf if b == 0 else a * log(a / b)) if a else mpf(0) for a, b in zip(p, q, strict=True)]
    value = sum(terms) / UNIT[unit]
    apart = sum(abs(a - b) * g for a, b, g in zip(p, q, grow, strict=True))
    return value, abs(value) + apart / UNIT[unit]


def kl_of_logits(p, q, unit, grow):
    """Between softmaxes a common rounding of all differences d costs only d times itself."""
    terms = [a * log(a / b) + b - a if a and b else b for a, b in zip(p, q, strict=True)]
    value = sum(terms) / UNIT[unit]
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return inf, inf
    apart = sum(abs(a - b) * g for a, b, g in zip(p, q, grow, strict=True))
    return value, abs(value) + apart / UNIT[unit]


def kl_of_logs(p, q, unit, grow):
    """Where one side is given by logarithms, the difference of two logarithms is no better than both of them."""
    value, _ = kl(p, q, unit, grow)
    own, cross = (sum(abs(times_log(a, b)) for a, b in zip(p, side, strict=True)) / UNIT[unit] for side in (p, q))
    return value, abs(value) + own + cross


def js(p, q, unit, grow):
    total = mpf(0)
    rounded = mpf(0)
    for a, b, g in zip(p, q, grow, strict=True):
        m = (a + b) / 2
        term = (times_log(a, a / m if m else 1) + times_log(b, b / m if m else 1)) / (2 * UNIT[unit])
        total += term
        rounded += abs(term) + (g - 1) * abs(a - b) / UNIT[unit]
    return total, rounded


def halved(value, classes):
    return value / 2 if classes == 2 else value


def absolute(p, q, grow, share):
    return (
        share * sum(abs(a - b) for a, b in zip(p, q, strict=True)),
        share * sum(abs(a - b) + (g - 1) * max(a, b) for a, b, g in zip(p, q, grow, strict=True)),
    )


def squared(p, q, grow, share):
    return (
        share * sum((a - b) ** 2 for a, b in zip(p, q, strict=True)),
        share * sum((a - b) ** 2 + 2 * (g - 1) * abs(a - b) * max(a, b) for a, b, g in zip(p, q, grow, strict=True)),
    )


def brier(p, q, grow, share):
    value = share * (1 - 2 * sum(a * b for a, b in zip(p, q, strict=True)) + sum(b * b for b in q))
    rounded = sum((a + b) * g for a, b, g in zip(p, q, grow, strict=True))
    return value, value + share * rounded


def unbiased_squared(counts, q, grow, share):
    total = sum(counts)
    terms = [(n * (n - 1) / (total * (total - 1)), -2 * b * n / total, b * b) for n, b in zip(counts, q, strict=True)]
    return (
        share * sum(sum(t) for t in terms),
        share * sum(sum(abs(x) for x in t) * g for t, g in zip(terms, grow, strict=True)),
    )


def gini(counts, share):
    total = sum(counts)
    return share * (1 - sum(n * (n - 1) for n in counts) / (total * (total - 1))), None


def cumulated(values):
    return [sum(values[: c + 1]) for c in range(len(values) - 1)]


def rps(p, q, grow):
    pairs = list(zip(cumulated(p), cumulated(q), strict=True))
    worst = max(grow)
    return (
        sum((a - b) ** 2 for a, b in pairs),
        sum((a - b) ** 2 + 2 * abs(a - b) * (a + b) * worst for a, b in pairs),
    )


def unbiased_rps(counts, q):
    """Its scale: the plug-in square and its bias, or the three terms of the definition, whichever is larger."""
    total = sum(counts)
    pairs = list(zip(cumulated(counts), cumulated(q), strict=True))
    terms = [(m * (m - 1) / (total * (total - 1)), -2 * b * m / total, b * b) for m, b in pairs]
    parts = [(m / total - b) ** 2 + m * (total - m) / (total * total * (total - 1)) for m, b in pairs]
    return sum(sum(t) for t in terms), max(sum(parts), sum(sum(abs(x) for x in t) for t in terms))


def shared_largest(values):
    top = max(values)
    return [mpf(v == top) / sum(w == top for w in values) for v in values]


# --- cases -----------------------------------------------------------------------------------------------------------

CASES = []
LONG = {}


def number(value):
    if isinf(value):
        return "inf" if value > 0 else "-inf"
    return nstr(value, 50)


def plain(value):
    """Infinity as text: JSON has no word for it. Long arrays stand once, under a name."""
    if isinstance(value, list) and len(value) > 100:
        return LONG.setdefault(tuple(value), f"array {len(LONG)}")
    if isinstance(value, list):
        return [plain(v) for v in value]
    return str(value) if value in (float("inf"), float("-inf")) else value


def case(measure, arguments, options, found, note=""):
    value, scale = found
    row = {"measure": measure, "arguments": [plain(a) for a in arguments], "options": options, "value": number(value)}
    row["scale"] = number(max(abs(value), abs(scale if scale is not None else value)))
    if note:
        row["note"] = note
    CASES.append(row)


def even(classes):
    """A distribution over many classes, in exact binary steps so that its floats sum to 1."""
    weights = [(37 * c) % 61 + 1 for c in range(classes)]
    return [w / sum(weights) for w in weights]


TINY = 5e-324
SYSTEMS = {
    "fair coin": [0.5, 0.5],
    "bent coin": [0.3, 0.7],
    "one class": [1.0],
    "one-hot": [0.0, 1.0, 0.0],
    "ordinary": [0.1, 0.2, 0.3, 0.4],
    "subnormal": [TINY, 1.0],
    "1e-300": [1e-300, 0.25, 0.75],
    "nearly certain": [1 - 2**-53, 2**-53],
    "1000 classes": even(1000),
}
PAIRS = {
    "coins": ([0.5, 0.5], [0.25, 0.75]),
    "equal": ([0.3, 0.7], [0.3, 0.7]),
    "near 1e-9": ([0.5, 0.5], [0.5 + 2**-30, 0.5 - 2**-30]),
    "near 1e-15": ([0.25, 0.75], [0.25 + 2**-50, 0.75 - 2**-50]),
    "near in one class of four": ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3 + 2**-40, 0.4 - 2**-40]),
    "one-hot people": ([0.0, 1.0, 0.0], [0.2, 0.5, 0.3]),
    "one-hot both": ([0.0, 1.0, 0.0], [0.0, 1.0, 0.0]),
    "one-hot apart": ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
    "model excludes": ([0.5, 0.5, 0.0], [1.0, 0.0, 0.0]),
    "model nearly right": ([0.0, 1.0], [2**-52, 1 - 2**-52]),
    "1e-300": ([0.5, 0.5], [1e-300, 1.0]),
    "subnormal": ([0.5, 0.5], [TINY, 1.0]),
    "people subnormal": ([TINY, 1.0], [0.5, 0.5]),
    "both tiny": ([1e-310, 1.0], [3e-290, 1.0]),
    "one class": ([1.0], [1.0]),
    "1000 classes": (even(1000), list(reversed(even(1000)))),
    "factor two": ([0.25, 0.5, 0.25], [0.5, 0.25, 0.25]),
}
LOGITS = {
    "ordinary": ([0.1, 0.2, 0.7], [1.5, -0.25, 3.0]),
    "1e4": ([0.5, 0.5], [1e4, -1e4]),
    "1e4 certain": ([1.0, 0.0], [1e4, -1e4]),
    "nearly certain": ([1.0, 0.0], [40.0, 0.0]),
    "excluded": ([0.25, 0.75, 0.0], [0.0, 1.0, float("-inf")]),
    "excluded but seen": ([0.25, 0.5, 0.25], [0.0, 1.0, float("-inf")]),
    "large and equal": ([0.25, 0.75], [1e4, 1e4]),
}
BOTH_LOGITS = {
    "ordinary": ([0.0, 1.0, 2.0], [2.0, 1.0, 0.0]),
    "near": ([0.0, 1.0, 2.0], [0.0, 1.0, 2.0 + 2**-30]),
    "shifted": ([0.0, 1.0, 2.0], [5.0, 6.0, 7.0]),
    "1e4": ([1e4, 0.0], [0.0, 0.0]),
    "-1e4": ([0.0, -1e4], [-1e4, 0.0]),
}
EVENTS = {
    "ordinary": (0.3, 0.6),
    "tiny": (1e-20, 3e-20),
    "1e-300": (1e-300, 0.5),
    "near 1": (1 - 2**-40, 1 - 2**-45),
    "certain": (1.0, 0.5),
    "impossible": (0.0, 0.5),
    "near": (0.3, 0.3 + 2**-40),
    "excluded": (0.5, 1.0),
}
PANELS = {
    "two agree": ([2, 0], [0.75, 0.25]),
    "two differ": ([1, 1, 0], [0.5, 0.25, 0.25]),
    "five": ([3, 1, 1], [0.6, 0.3, 0.1]),
    "many": ([51, 0, 3, 1], [0.9, 0.0, 0.0625, 0.0375]),
    "huge": ([10**9, 10**9 + 1], [0.5, 0.5]),
    "nobody chose one": ([4, 0, 6], [0.4, 1e-300, 0.6]),
    "certain model": ([1, 9], [0.0, 1.0]),
    "unanimous": ([0, 50, 0], [0.0, 1.0, 0.0]),
    "model exactly right": ([1, 2, 1], [0.25, 0.5, 0.25]),
    "ten classes": ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], even(10)),
}
JUDGED = {
    "probs": ([0, 2, 1], [[0.5, 0.25, 0.25], [0.125, 0.25, 0.625], [0.1, 0.2, 0.7]], {}),
    "tiny": ([0, 1], [[1e-300, 1.0], [1.0, 1e-20]], {}),
    "excluded": ([0, 1], [[0.5, 0.5], [1.0, 0.0]], {}),
    "logits": ([0, 2, 1], [[1.5, -0.25, 3.0], [0.0, 0.0, 0.0], [40.0, 0.0, -40.0]], {"model_kind": "logits"}),
    "huge logits": ([0, 0], [[1e4, -1e4], [-300.0, 300.0]], {"model_kind": "logits"}),
    "excluded logits": ([0, 1], [[0.0, 1.0, float("-inf")], [2.0, -1.0, float("-inf")]], {"model_kind": "logits"}),
    "logarithms": ([1, 0], [[-0.5, -0.9327521295671886], [-700.0, 0.0]], {"model_kind": "log-probs"}),
}
TABLES = {
    "final": [[0.125, 0.125], [0.0, 0.75]],
    "independent": [[0.0625, 0.1875], [0.1875, 0.5625]],
    "diagonal": [[0.5, 0.0], [0.0, 0.5]],
    "empty row": [[0.0, 0.0, 0.0], [0.25, 0.25, 0.5]],
    "ordinary": [[0.1, 0.2], [0.3, 0.15], [0.05, 0.2]],
    "tiny": [[1e-300, 0.5], [0.25, 0.25]],
}


def single_cases():
    for probability in (0.125, 1 / 3, 1.0, 0.0, 1e-300, TINY, 1 - 2**-53):
        for unit in UNIT:
            case("information", [probability], {"unit": unit}, information(mpf(probability), unit))
    for note, values in SYSTEMS.items():
        p = probabilities(values, "probs")
        for unit in UNIT:
            case("entropy", [values], {"unit": unit}, cross_entropy(p, p, unit, [1] * len(p)), note)
    for note, (first, second) in BOTH_LOGITS.items():
        for values in (first, second):
            p = probabilities(values, "logits")
            grow = [amplification(a, "logits") for a in p]
            case("entropy", [values], {"kind": "logits"}, cross_entropy(p, p, "bit", grow), note)
    for note, (x, _) in EVENTS.items():
        p = two(x, "probs", True)
        case("entropy", [x], {"binary": True}, cross_entropy(p, p, "bit", [1, 1]), note)


def pair_cases(note, given, options, p, q, grow):
    binary = options.get("binary", False)
    share = mpf(1) / 2 if len(p) == 2 else mpf(1)
    case("cross_entropy", given, options, cross_entropy(p, q, "bit", grow), note)
    logs = [options.get(f"{side}_kind", "probs") not in ("probs", "counts", "labels") for side in ("people", "model")]
    formula = kl_of_logits if all(logs) else kl_of_logs if any(logs) else kl
    case("kl_divergence", given, options, formula(p, q, "bit", grow), note)
    value, scale = js(p, q, "bit", grow)
    case("jensen_shannon_divergence", given, options, (value, scale), note)
    root = sqrt(value)
    case("jensen_shannon_distance", given, options, (root, root + (scale - value) / root if root else 0), note)
    h, rounded = cross_entropy(p, q, "bit", grow)
    grown = inf if isinf(h) else 2**h * (1 + rounded * log(2))
    case("perplexity", given, options, (inf if isinf(h) else 2**h, grown), note)
    case("absolute_error", given, options, absolute(p, q, grow, share), note)
    case("squared_error", given, options, squared(p, q, grow, share), note)
    case("brier", given, options, brier(p, q, grow, share), note)
    agree = shared_largest(q)
    case("accuracy", given, options, (sum(a * b for a, b in zip(p, agree, strict=True)), None), note)
    most = shared_largest(p)
    case("majority_accuracy", given, options, (sum(a * b for a, b in zip(most, agree, strict=True)), None), note)
    if not binary:
        case("ranked_probability_score", given, options, rps(p, q, grow), note)


def growths(p, q, people_kind, model_kind):
    return [max(amplification(a, people_kind), amplification(b, model_kind)) for a, b in zip(p, q, strict=True)]


def all_pair_cases():
    for note, (people, model) in PAIRS.items():
        p, q = probabilities(people, "probs"), probabilities(model, "probs")
        pair_cases(note, [people, model], {}, p, q, [mpf(1)] * len(p))
    for unit in ("nat", "hartley"):
        for note in ("coins", "near 1e-9", "model excludes"):
            people, model = PAIRS[note]
            p, q = probabilities(people, "probs"), probabilities(model, "probs")
            case("cross_entropy", [people, model], {"unit": unit}, cross_entropy(p, q, unit, [1] * len(p)), note)
            case("kl_divergence", [people, model], {"unit": unit}, kl(p, q, unit, [1] * len(p)), note)
            case("jensen_shannon_divergence", [people, model], {"unit": unit}, js(p, q, unit, [1] * len(p)), note)
    for note, (people, model) in LOGITS.items():
        p, q = probabilities(people, "probs"), probabilities(model, "logits")
        grow = growths(p, q, "probs", "logits")
        pair_cases(note, [people, model], {"model_kind": "logits"}, p, q, grow)
    for note, (people, model) in BOTH_LOGITS.items():
        p, q = probabilities(people, "logits"), probabilities(model, "logits")
        options = {"people_kind": "logits", "model_kind": "logits"}
        pair_cases(note, [people, model], options, p, q, growths(p, q, "logits", "logits"))
    logs = [float(log(mpf(x))) for x in (0.2, 0.3, 0.5)]
    p, q = probabilities([0.25, 0.25, 0.5], "probs"), probabilities(logs, "log-probs")
    grow = growths(p, q, "probs", "log-probs")
    pair_cases("logarithms", [[0.25, 0.25, 0.5], logs], {"model_kind": "log-probs"}, p, q, grow)
    for note, (x, y) in EVENTS.items():
        pair_cases(note, [x, y], {"binary": True}, two(x, "probs", True), two(y, "probs", True), [mpf(1)] * 2)
    for x, y in ((0.3, -2.0), (1.0, 40.0), (0.5, 1e4), (0.0, float("-inf"))):
        p, q = two(x, "probs", True), two(y, "logits", True)
        pair_cases("logit", [x, y], {"binary": True, "model_kind": "logits"}, p, q, growths(p, q, "probs", "logits"))


def panel_cases():
    for note, (counts, model) in PANELS.items():
        n, q = [mpf(x) for x in counts], probabilities(model, "probs")
        share = mpf(1) / 2 if len(n) == 2 else mpf(1)
        ones = [mpf(1)] * len(n)
        case("disagreement", [counts], {}, gini(n, share), note)
        case("squared_distance", [counts, model], {}, unbiased_squared(n, q, ones, share), note)
        case("ranked_squared_distance", [counts, model], {}, unbiased_rps(n, q), note)
        options = {"people_kind": "counts"}
        p = probabilities(counts, "counts")
        pair_cases(note, [counts, model], options, p, q, growths(p, q, "counts", "probs"))


def outcome_cases():
    for tosses, theta in (([1, 1, 0, 1, 0], 0.6), ([0] * 7, 0.0), ([1, 0], 1.0), ([1] * 30, 1e-300), ([0, 0], 1e-20)):
        terms = [times_log(mpf(1), mpf(theta) if x else 1 - mpf(theta)) for x in tosses]
        total, under = sum(terms), {"under": "bernoulli"}
        grown = inf if isinf(total) else exp(total) * (1 + abs(total))
        case("log_likelihood", [tosses, theta], under, (total, None))
        case("likelihood", [tosses, theta], under, (exp(total), 0 if isinf(total) else grown))
        case("log_loss", [tosses, theta], under, (-total / len(tosses), None))
        mean = total / len(tosses)
        grown = 0 if isinf(mean) else exp(mean) * (1 + abs(mean))
        case("geometric_mean_probability", [tosses, theta], under, (exp(mean), grown))
    for note, (labels, model, options) in JUDGED.items():
        rows = [probabilities(row, options.get("model_kind", "probs")) for row in model]
        terms = [times_log(mpf(1), row[c]) for row, c in zip(rows, labels, strict=True)]
        grow = max(
            amplification(row[c], options.get("model_kind", "probs")) for row, c in zip(rows, labels, strict=True)
        )
        likelihoods(terms, grow, [labels, model], options, note)
    for note, (counts, model) in PANELS.items():
        terms = [times_log(mpf(n), mpf(q)) for n, q in zip(counts, model, strict=True)]
        likelihoods(terms, 1, [counts, model], {"under": "multinomial"}, note)
        orders = loggamma(sum(counts) + 1) - sum(loggamma(n + 1) for n in counts)
        rounded = loggamma(sum(counts) + 1) + sum(loggamma(n + 1) for n in counts)
        options = {"under": "multinomial", "orders": True}
        scale = inf if isinf(sum(terms)) else abs(sum(terms)) + rounded
        case("log_likelihood", [counts, model], options, (sum(terms) + orders, scale), note)


def likelihoods(terms, grow, given, options, note):
    """Of a sum of logarithms: the sum, its exponential, and both per judgement."""
    total = sum(terms)
    judgements = sum(given[0]) if options.get("under") == "multinomial" else len(terms)
    case("log_likelihood", given, options, (total, None), note)
    case("log_loss", given, options, (-total / judgements, None), note)
    for measure, power in (("likelihood", total), ("geometric_mean_probability", total / judgements)):
        value = exp(power)
        scale = 0 if isinf(total) else value * (grow + abs(power))
        case(measure, given, options, (value, scale), note)


def table_cases():
    for note, rows in TABLES.items():
        cells = [[mpf(x) for x in row] for row in rows]
        px = [sum(row) for row in cells]
        py = [sum(column) for column in zip(*cells, strict=True)]
        flat = [x for row in cells for x in row]
        product = [a * b for a in px for b in py]
        for unit, nats in UNIT.items():
            options = {} if unit == "bit" else {"unit": unit}
            case("joint_entropy", [rows], options, cross_entropy(flat, flat, unit, [1] * len(flat)), note)
            value, _ = kl(flat, product, unit, [1] * len(flat))
            case("mutual_information", [rows], options, (value, abs(value) + 1), note)
            for given in ("rows", "columns"):
                chosen = options if given == "rows" else {**options, "given": given}
                learnt = [
                    [(-log(x / (px[i] if given == "rows" else py[j])) / nats if x else inf) for j, x in enumerate(row)]
                    for i, row in enumerate(cells)
                ]
                left = sum(x * y for a, b in zip(cells, learnt, strict=True) for x, y in zip(a, b, strict=True) if x)
                case("conditional_entropy", [rows], chosen, (left, left + 1), note)
                for i, row in enumerate(learnt):
                    for j, one in enumerate(row):
                        case("conditional_information", [rows], {**chosen, "place": [i, j]}, (one, 1 + one), note)


if __name__ == "__main__":
    single_cases()
    all_pair_cases()
    panel_cases()
    outcome_cases()
    table_cases()
    arrays = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for values, name in LONG.items())
    rows = ",\n".join(json.dumps(row) for row in CASES)
    table = f'{{"digits": 50, "arrays": {{\n{arrays}}},\n"cases": [\n{rows}\n]}}\n'
    (HERE / "reference.json").write_text(table, encoding="utf-8")
