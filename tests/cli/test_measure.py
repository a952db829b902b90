"""One measure by hand: every row of the catalogue, in words."""

import json
import re
from math import inf, log
from pathlib import Path

import numpy as np
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsapart import measures
from bitsapart.cli.main import cli, main
from bitsapart.cli.measure import TAKES, answer_to
from bitsapart.cli.measure_estimates import ESTIMATES
from bitsapart.cli.measure_text import as_json, as_text
from bitsapart.cli.systems import read_number
from bitsapart.errors import BitsapartError, DataError
from bitsapart.measures import CATALOGUE

FROM_THE_BOOK = {
    "events": lambda f: f(1 / 8),
    "distribution": lambda f: f([0.5, 0.5]),
    "panel": lambda f: f([9, 1]),
    "pair": lambda f: f([0.5, 0.5], [0.9, 0.1]),
    "panel and model": lambda f: f([9, 1], [0.8, 0.2]),
    "outcomes": lambda f: f([1, 1, 0, 1, 0], 0.6, under="bernoulli"),
    "table": lambda f: f([[0.125, 0.125], [0.0, 0.75]]),
}
"""What the example of each kind of measure must give, from the book itself."""


def run(*words):
    done = CliRunner().invoke(cli, ["measure", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def answer(*words):
    return json.loads(run(*words, "--json", "-"))


def refused(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main(["measure", *words])
    assert stopped.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_measure_is_the_books(key):
    row = CATALOGUE[key]
    name = key.replace("_", "-")
    found = answer(name, *TAKES[row.arguments][1].split())
    wanted = np.ravel(FROM_THE_BOOK[row.arguments](row.function)).tolist()
    values = [found["value"]] if found["value"] is not None else [entry["value"] for entry in found["values"]]
    assert [float(value) for value in values] == wanted
    assert found["measure"] == key
    assert found["unit"] == {"information": "bit", "nat": "nat", "none": "1"}.get(row.unit, "√bit")
    text = run(name, *TAKES[row.arguments][1].split())
    unit = {"1": "(no unit)", "bit": "bit", "nat": "nat"}.get(found["unit"], found["unit"])
    assert text.startswith(row.title)
    assert unit in text
    assert row.meaning in text


@pytest.mark.parametrize("key", [row.key for row in CATALOGUE.values() if "information" in row.unit])
def test_the_unit_that_is_asked_for(key):
    row = CATALOGUE[key]
    for unit, word, logarithm in (("nat", "nat", "ln"), ("hartley", "hartley", "log₁₀")):
        words = [key, *TAKES[row.arguments][1].split(), "--unit", unit]
        found = answer(*words)
        wanted = np.ravel(FROM_THE_BOOK[row.arguments](lambda *a: row.function(*a, unit=unit)))  # noqa: B023
        values = [found["value"]] if found["value"] is not None else [entry["value"] for entry in found["values"]]
        assert [float(value) for value in values] == wanted.tolist()
        assert word in run(*words)
        assert not re.search(r"\blog\b|log₂", found["formula"])
        assert logarithm in found["formula"] or row.unit == "root of information"


@pytest.mark.parametrize("key", [*CATALOGUE, *ESTIMATES])
def test_without_values_it_says_what_it_takes(key, capsys):
    message = refused(capsys, key.replace("_", "-"))
    assert re.fullmatch(rf"DataError: {key.replace('_', '-')} takes .*\. For example: bitsapart measure .*\n", message)
    example = message.strip().partition("bitsapart measure ")[2]
    assert run(*example.split())


def test_the_list_has_a_line_for_each():
    lines = run("--list").splitlines()
    for key, meaning in [(row.key, row.meaning) for row in (*CATALOGUE.values(), *ESTIMATES.values())]:
        assert [line for line in lines if line.split()[:1] == [key.replace("_", "-")] and line.endswith(meaning)]


def test_the_examples_of_the_design():
    assert run("information", "1/8").splitlines()[0] == "information = 3 bits"
    assert run("entropy", "0.5", "0.5").splitlines()[0] == "entropy = 1 bit"
    assert run("likelihood", "HHTHT", "--theta", "0.6").splitlines()[0] == "likelihood = 0.03456 (no unit)"
    assert run("kl-divergence", "0.5,0.5", "0.9,0.1").splitlines()[0] == "KL divergence = 0.736966 bits"


def test_every_example_of_the_help_runs():
    text = CliRunner().invoke(cli, ["measure", "--help"]).output
    examples = re.findall(r"^ *bitsapart measure (.*)$", text, flags=re.MULTILINE)
    assert len(examples) >= 9
    for example in examples:
        assert run(*example.split())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25),
        ("1/4", 0.25),
        ("25%", 0.25),
        (" 25 % ", 0.25),
        ("1/3", 1 / 3),
        ("2.5e-1", 0.25),
        ("1e-300", 1e-300),
        ("0.5/2", 0.25),
        ("1/3%", 1 / 300),
        ("inf", inf),
        ("-inf", -inf),
        ("1e-400/1e-399", 0.1),
    ],
)
def test_numbers_are_read_to_the_nearest_float(text, value):
    assert read_number(text, "value") == value


@pytest.mark.parametrize("text", ["", "abc", "1/0", "1/", "/2", "0.5.5", "1/2/3", "½%%", "0x10", "%"])
def test_what_is_no_number_is_named(text):
    with pytest.raises(DataError, match=r"value is .*, which is no number\. Write it like 0\.25, 1/4, 25% or 1e-3\."):
        read_number(text, "value")


def test_named_events_are_aligned_and_what_is_missing_is_said():
    found = answer("cross-entropy", "rain=0.3,sun=70%", "sun=1/2,snow=0.25,rain=0.25")
    assert found["value"] == measures.cross_entropy([0.3, 0.7, 0.0], [0.25, 0.5, 0.25])
    assert found["notes"] == ["not in people, so 0 there: snow"]
    text = run("kl-divergence", "rain=0.3,sun=0.7", "rain=0.5,snow=0.5")
    assert text.startswith("KL divergence = ∞ bits\n")
    assert "note: not in people, so 0 there: snow\nnote: not in model, so 0 there: sun\n" in text
    assert answer("kl", "rain=1", "sun=1")["value"] == "inf"
    assert answer("rps", "bad=0.5,good=0.5", "bad=0.25,ok=0.5,good=0.25")["value"] == 0.125


def test_one_number_is_one_event():
    assert answer("squared-error", "0.7", "0.9")["value"] == (0.7 - 0.9) ** 2
    assert answer("absolute-error", "0.7", "0.9")["value"] == abs(0.7 - 0.9)
    assert answer("entropy", "0.3")["value"] == measures.entropy(0.3, binary=True)
    assert answer("perplexity", "0.25,0.25,0.25,0.25")["value"] == 4


def test_representations_and_negative_numbers():
    logits = answer("kl", "-1,2", "2,-0.5", "--people-kind", "logits", "--model-kind", "logits", "--unit", "nat")
    assert logits["value"] == measures.kl_divergence(
        [-1.0, 2.0], [2.0, -0.5], people_kind="logits", model_kind="logits", unit="nat"
    )
    assert answer("entropy", "-inf,0,0", "--people-kind", "logits")["value"] == 1
    assert answer("brier", "9,1", "0.8,0.2", "--people-kind", "counts")["value"] == measures.brier(
        [9, 1], [0.8, 0.2], people_kind="counts"
    )


def test_parts_add_up():
    cross = answer("cross-entropy", "0.5,0.5", "0.9,0.1")
    assert sum(part["value"] for part in cross["adds_up"]) == pytest.approx(cross["value"])
    final = answer("joint-entropy", "won=1/8,lost=1/8", "won=0,lost=3/4")
    assert sum(part["value"] for part in final["adds_up"]) == pytest.approx(final["value"])
    assert "= 0.811278 bits (the row, H(X)) + 0.25 bits (the column given the row, H(Y|X))" in run(
        "joint-entropy", "won=1/8,lost=1/8", "lost=3/4"
    )
    # a final is reached (2 bits) and then won (1 bit)
    cell = answer("conditional-information", "won=1/8,lost=1/8", "won=0,lost=3/4")["values"][0]
    assert (cell["of"], cell["value"], cell["together"]) == ("row 1, won", 1, 3)
    counted = answer("conditional-information", "1,1", "0,6", "--people-kind", "counts")["values"][0]
    assert (counted["of"], counted["value"], counted["together"]) == ("row 1, column 1", 1, 3)
    events = answer("information", "1/2", "1/4", "--unit", "nat")
    assert [entry["of"] for entry in events["values"]] == ["1/2", "1/4"]
    assert events["adds_up"][0]["value"] == pytest.approx(3 * log(2))


def test_outcomes_by_name_by_letter_and_by_count():
    wanted = pytest.approx(0.6**2 * 0.4)
    for words in (
        ("cat,dog,cat", "cat=0.6,dog=0.4"),
        ("cat=2,dog=1", "cat=0.6,dog=0.4"),
        ("HTH", "H=0.6,T=0.4"),
        ("2,1", "0.6,0.4"),
        ("2,1", "--theta", "60%"),
        ("101", "--theta", "3/5"),
    ):
        assert answer("likelihood", *words)["value"] == wanted, words
    assert answer("likelihood", "2,1", "0.6,0.4", "--orders")["value"] == pytest.approx(3 * 0.6**2 * 0.4)
    absent = answer("log-likelihood", "cat,fish", "cat=0.6,dog=0.4")
    assert (absent["value"], absent["notes"]) == ("-inf", ["not in the model, so 0 there: fish"])


def test_a_likelihood_too_small_for_a_float_says_so():
    text = run("likelihood", "7000,3000", "--theta", "0.6")
    assert "likelihood = 0 (no unit)" in text
    assert f"too small for a float: 10^{(7000 * log(0.6) + 3000 * log(0.4)) / log(10):.6g}" in text
    assert "too small" not in run("likelihood", "H", "--theta", "0")


def test_the_most_likely_theta_and_its_interval():
    found = answer("maximum-likelihood", "HHTHT")
    wanted = measures.maximum_likelihood([1, 1, 0, 1, 0])
    assert found["values"] == [
        {
            "of": "θ",
            "value": wanted.estimate,
            "standard_error": wanted.standard_error,
            "low": wanted.low,
            "high": wanted.high,
        }
    ]
    assert found["log_likelihood"] == wanted.log_likelihood
    assert "θ  0.6 (no unit)   s.e. 0.219089   95 % interval 0.199108 – 0.919269" in run("maximum-likelihood", "HHTHT")
    assert [one["value"] for one in answer("maximum-likelihood", "cat,dog")["values"]] == [0.5, 0.5]
    for words in (("cat,dog,cat",), ("cat=2,dog=1",)):
        assert [(one["of"], one["value"]) for one in answer("maximum-likelihood", *words)["values"]] == [
            ("cat", 2 / 3),
            ("dog", 1 / 3),
        ]
    narrow, wide = (answer("maximum-likelihood", "7,2,1", "--confidence", c)["values"][0] for c in ("50%", "0.99"))
    assert wide["low"] < narrow["low"] < 0.7 < narrow["high"] < wide["high"]


def test_the_curve_and_the_candidates():
    curve = answer("likelihood-curve", "3,2")["values"]
    assert [point["value"] for point in curve] == measures.likelihood_curve(
        [1, 1, 0, 1, 0], [step / 20 for step in range(21)]
    ).tolist()
    assert max(curve, key=lambda point: point["value"])["theta"] == 0.6
    assert run("likelihood-curve", "HHTHT").count("█") > 100
    chosen = answer("most-likely", "HHTHT", "0.5", "0.6", "0.75")["values"]
    assert [one["best"] for one in chosen] == [False, True, False]
    assert sum(one["share"] for one in chosen) == pytest.approx(1)
    chosen = answer("most-likely", "cat,dog,cat", "cat=0.5,dog=0.5", "cat=0.9,dog=0.1", "cat=0.5,dog=0.5")["values"]
    assert [one["best"] for one in chosen] == [True, False, True]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["entropie", "1"], 'no measure named "entropie". Did you mean "entropy"?'),
        (["max-likelihood", "HHT"], 'no measure named "max-likelihood". Did you mean "maximum-likelihood"?'),
        (["likelihod", "HHT"], 'no measure named "likelihod". Did you mean "likelihood"?'),
        (["xyz", "1"], '"bitsapart measure --list" shows all of them'),
        (["entropy", "0.5", "abc"], "the system, value 2, is 'abc', which is no number"),
        (["entropy", "0.5", "-0.5"], "distribution[1] is -0.5, but probabilities must be ≥ 0"),
        (["entropy", "0.5,0.6"], "distribution sums to 1.1, but probabilities must sum to 1"),
        (["entropy", "0,5", "0,5"], "entropy takes one system, but 2 were given. Decimals are written with a point"),
        (["entropy", "rain=0.5", "0.5"], "'0.5' has no name"),
        (["entropy", "rain=0.5,rain=0.5"], "names the event 'rain' twice"),
        (["entropy", "0.5,,0.5"], "value 2 of '0.5,,0.5' is empty"),
        (["entropy", ""], "value 1 of '' is empty"),
        (["information", "nan"], "probability is nan, but probabilities must be between 0 and 1"),
        (["information", "1/0"], "value 1, is '1/0', which is no number"),
        (["kl", "0.5,0.5"], "kl-divergence takes two systems, PEOPLE and MODEL, but got '0.5,0.5'"),
        (["kl", "0.5,0.5", "0.2,0.3,0.5"], "people has 2 numbers, but model has 3 numbers"),
        (["kl", "0.5,0.5", "a=0.5,b=0.5"], "only one of people and model has names"),
        (
            ["kl", "2,8", "0.5,0.5"],
            "people[0] is 2, but probabilities must be ≤ 1. If these are counts, pass --people-",
        ),
        (["kl", "a=2,b=8", "a=0.5,b=0.5"], 'people["a"] is 2'),
        (["kl", "0.5,0.5", "1,-1"], "pass --model-kind logits"),
        (["information", "3", "--people-kind", "counts"], "--people-kind is 'counts', but must be one of"),
        (["rps", "0.5", "0.5"], "ranked-probability-score needs a value for every class"),
        (
            ["brier", "3", "0.5", "--people-kind", "counts"],
            "brier needs a value for every class here, but got one number",
        ),
        (["information", "3", "--people-kind", "logits"], "the logit of one event says nothing without the others"),
        (["likelihood", "3", "0.5"], "the model is one number, but needs a value for every class"),
        (["most-likely", "cat,dog", "cat=1", "0.5"], "model 2 is one number, but needs a value for every class"),
        (["rps", "a=1,b=0", "b=1,a=0"], "but the classes are ordered"),
        (["disagreement", "1,0"], "people has 1 in all, but every item needs at least 2 judgements"),
        (["disagreement", "1.5,2"], "counts must be whole numbers"),
        (["joint-entropy", "0.5,0.25", "0.25"], "row 1 has 2 numbers, but row 2 has one number"),
        (["joint-entropy", "0.5,0.5", "0.5,0.5"], "sums to 2"),
        (["likelihood", "HHTHT"], "likelihood takes OUTCOMES, and the MODEL or --theta"),
        (["likelihood", "HHX", "--theta", "0.6"], "outcomes is 'HHX', but --theta needs one word of H and T"),
        (["likelihood", "H", "T", "--theta", "0.6"], "outcomes is 'H T', but --theta needs one word"),
        (["likelihood", "HT", "--theta", "1.5"], "--theta is 1.5, but must lie between 0 and 1"),
        (["likelihood", "HT", "--theta", "x"], "--theta is 'x', which is no number"),
        (["likelihood", "1.5,2", "--theta", "0.5"], "must be two whole numbers"),
        (["likelihood", "1e9,1", "--theta", "0.5"], "together at most 10,000,000"),
        (["likelihood", "HHTHT", "0.6,0.4"], "outcomes, value 1, is 'HHTHT', which is no number"),
        (["maximum-likelihood", "H", "T"], "maximum-likelihood takes outcomes alone, but 2 words were given"),
        (["maximum-likelihood", "HT", "--confidence", "2"], "--confidence is 2, but must lie between 0 and 1"),
        (["likelihood-curve", "abc"], "outcomes is 'abc', but must be a word of H and T"),
        (["most-likely", "HHT", "0.5"], "most-likely takes outcomes and at least two models"),
        (["most-likely", "HHT", "0", "0"], "no candidate gives the outcomes a probability above 0"),
        (["brier", "0.5,0.5", "0.2,0.8", "--unit", "bit"], "--unit means nothing for brier"),
        (["entropy", "0.5", "0.5", "--theta", "0.5"], "--theta means nothing for entropy"),
        (["entropy", "0.5", "0.5", "--given", "rows"], "--given means nothing for entropy"),
        (["maximum-likelihood", "HT", "--theta", "0.5"], "--theta means nothing for maximum-likelihood"),
        ([], "no measure was named"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_words_get_one_sentence(words, message, capsys):
    said = refused(capsys, *words)
    assert message in said
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_a_flag_that_does_not_exist_is_no_value(capsys):
    assert "No such option" in refused(capsys, "entropy", "0.5", "0.5", "--thta=0.6")


def test_the_shell_completes_names():
    done = ShellComplete(cli, {}, "bitsapart", "_BITSAPART_COMPLETE").get_completions(["measure"], "cond")
    assert [item.value for item in done] == ["conditional-entropy", "conditional-information"]


def test_every_key_of_the_json_is_described():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page.partition("## The JSON of `bitsapart measure`")[2]))
    examples = [(key, *TAKES[row.arguments][1].split()) for key, row in CATALOGUE.items()]
    examples += [(key, *row.example.split()) for key, row in ESTIMATES.items()]
    for example in examples:
        found = answer(*example)
        assert set(found) | {key for entry in found.get("values", []) for key in entry} <= described, example


def test_json_goes_to_a_file_beside_the_text(tmp_path):
    path = tmp_path / "answer.json"
    text = run("entropy", "0.5", "0.5", "--json", str(path))
    assert text.startswith("entropy = 1 bit")
    assert json.loads(path.read_text(encoding="utf-8"))["value"] == 1
    assert [one.name for one in tmp_path.iterdir()] == ["answer.json"]


WORDS = st.one_of(
    st.sampled_from(
        ["0.5", "1/2", "0.5,0.5", "a=1,b=0", "b=0.5", "HHT", "9,1", "-1,2", "1/0", "=", ",", "a=", "nan", "inf"]
    ),
    st.text(max_size=8).filter(lambda text: not text.startswith("-")),
    st.lists(st.floats(0, 1).map(repr), min_size=1, max_size=4).map(",".join),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*CATALOGUE, *ESTIMATES]), st.lists(WORDS, max_size=3), st.sampled_from([None, "0.3", "0", "9"]))
def test_any_words_get_a_number_or_a_sentence(key, words, theta):
    flags = {} if theta is None else {"theta": theta}
    try:
        found = answer_to(key, words, flags)
    except BitsapartError:
        return  # a sentence: any other error fails this test
    assert as_text(found).startswith(found["title"])
    assert json.loads(as_json(found))["measure"] == key
