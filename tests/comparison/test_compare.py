"""The main job: the book's numbers, honest about what a panel can say, the same however the files are cut."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

import bitsapart as ba
from bitsapart import measures
from bitsapart.comparison import Comparison
from bitsapart.errors import DataError, DomainError, StateError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CIFAR = "airplane automobile bird cat deer dog frog horse ship truck".split()  # noqa: SIM905
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not beside this checkout")


def panel(items: int = 80, classes: int = 3, seed: int = 0, people: int = 6):
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.ones(classes), items)
    counts = np.array([rng.multinomial(people, p) for p in truth])
    return counts, np.array([rng.dirichlet(8 * p + 0.3) for p in truth])


def test_the_book_judges_every_column():
    counts, q = panel()
    shares = counts / counts.sum(axis=1, keepdims=True)
    result = ba.compare(counts, q)
    book = {
        "cross_entropy": measures.cross_entropy(shares, q),
        "brier": measures.brier(shares, q),
        "squared_error": measures.squared_error(shares, q),
        "absolute_error": measures.absolute_error(shares, q),
        "squared_distance": measures.squared_distance(counts, q),
        "disagreement": measures.disagreement(counts),
        "accuracy": measures.accuracy(shares, q),
        "majority_accuracy": measures.majority_accuracy(shares, q),
    }
    for key, values in book.items():
        assert result[key].value == pytest.approx(float(np.mean(values)), rel=1e-12), key
    assert result.entry("entropy")["plug_in"] == pytest.approx(float(np.mean(measures.entropy(shares))), rel=1e-12)
    kl = float(np.mean(measures.kl_divergence(shares, q)))
    assert result.entry("kl_divergence")["plug_in"] == pytest.approx(kl, rel=1e-9)


def test_likelihood_and_cross_entropy_are_one_number():
    counts, q = panel()
    result = ba.compare(counts, q, per="judgement")
    nats = -result["log_likelihood"].value / counts.sum()
    assert result["log_loss"].value == pytest.approx(nats, rel=1e-13)
    assert result["cross_entropy"].value * math.log(2) == pytest.approx(nats, rel=1e-13)
    assert result["geometric_mean_probability"].value == pytest.approx(math.exp(-nats), rel=1e-13)
    assert result["perplexity"].value == pytest.approx(math.exp(nats), rel=1e-13)


@pytest.mark.parametrize(("unit", "nats"), [("nat", 1.0), ("hartley", math.log(10)), ("bit", math.log(2))])
def test_units(unit, nats):
    counts, q = panel()
    result = ba.compare(counts, q, unit=unit)
    assert result["cross_entropy"].unit == unit
    assert result["cross_entropy"].value * nats == pytest.approx(
        ba.compare(counts, q)["cross_entropy"].value * math.log(2)
    )


def test_an_unknown_unit_is_refused():
    with pytest.raises(DomainError, match="must be one of bit, nat, hartley"):
        ba.compare([[1, 2]], [[0.5, 0.5]], unit="byte")


def test_totals_are_means_times_items():
    counts, q = panel()
    mean, total = ba.compare(counts, q), ba.compare(counts, q, total=True)
    for key in ("cross_entropy", "brier", "kl_divergence"):
        assert total[key].value == pytest.approx(80 * mean[key].value, rel=1e-12)


def test_one_judgement_claims_no_entropy_and_no_kl():
    labels, q = [0, 1, 2, 1], np.full((4, 3), 1 / 3)
    result = ba.compare(labels, q)
    kl = result["kl_divergence"]
    assert kl.value is None
    assert kl.high == pytest.approx(math.log2(3))
    assert "entropy" not in result.data["models"][0]["measures"]
    assert "≤ 1.58" in str(result)
    exact = ba.compare(labels, q, people_kind="exact")
    assert exact["kl_divergence"].value == pytest.approx(exact["cross_entropy"].value)


def test_few_people_do_not_make_a_perfect_model_look_bad():
    rng = np.random.default_rng(3)
    truth = rng.dirichlet([1, 1, 1], 3000)
    counts = np.array([rng.multinomial(3, p) for p in truth])
    entry = ba.compare(counts, truth).entry("kl_divergence")
    assert entry["plug_in"] > 0.4
    assert entry["low"] < 0.02
    assert abs(entry["value"]) < 0.05


def test_infinite_losses_are_named():
    result = ba.compare([[2, 1], [3, 0], [0, 3]], [[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]])
    model = result.data["models"][0]
    assert result["cross_entropy"].value == math.inf
    assert model["infinite"]["count"] == 1
    assert model["measures"]["cross_entropy"]["finite"]["n"] == 2
    assert result["log_likelihood"].value == -math.inf
    assert math.isfinite(result["brier"].value)
    assert json.loads(result.to_json())["models"][0]["measures"]["cross_entropy"]["value"] == "inf"
    assert "infinite loss" in str(result)


def test_several_models_are_ranked_and_paired():
    counts, good = panel(300)
    rng = np.random.default_rng(9)
    bad = rng.dirichlet([1, 1, 1], 300)
    result = ba.compare(counts, bad, good, good)
    best = result.data["ranking"]["order"][0]
    assert best in result.data["ranking"]["tied"]
    assert len(result.data["ranking"]["tied"]) == 2
    pair = result.data["pairs"][0]
    a, b = (result[("cross_entropy", pair[side])].value for side in ("a", "b"))
    assert pair["cross_entropy"]["value"] == pytest.approx(a - b, abs=1e-12)
    assert pair["cross_entropy"]["p_adjusted"] < 1e-6
    assert pair["cross_entropy"]["won_a"] + pair["cross_entropy"]["won_b"] <= 1


def test_groups_widen_the_interval():
    counts, q = panel(100)
    table = {"item": [str(i) for i in range(400)], **{c: np.repeat(counts[:, k], 4) for k, c in enumerate("abc")}}
    model = {"item": table["item"], **{c: np.repeat(q[:, k], 4) for k, c in enumerate("abc")}}
    alone = ba.compare(table, model)["cross_entropy"]
    table["document"] = np.repeat(np.arange(100), 4).astype(str)
    grouped = ba.compare(table, model, group="document")["cross_entropy"]
    assert grouped.n == 100
    assert grouped.high - grouped.low > 1.8 * (alone.high - alone.low)


def test_slices_are_comparisons_of_their_items():
    counts, q = panel(40)
    part = np.array(["left", "right"])[np.arange(40) % 2]
    table = {"item": [str(i) for i in range(40)], **{c: counts[:, k] for k, c in enumerate("abc")}, "side": part}
    model = {"item": table["item"], **{c: q[:, k] for k, c in enumerate("abc")}}
    slices = ba.compare(table, model, by=("side",)).data["models"][0]["slices"]
    assert {row["value"] for row in slices} == {"left", "right"}
    assert sum(row["share"] for row in slices) == pytest.approx(1.0)
    for row in slices:
        mask = part == row["value"]
        alone = ba.compare(counts[mask], q[mask])["cross_entropy"]
        assert row["measures"]["cross_entropy"]["value"] == pytest.approx(alone.value, rel=1e-13)
        # two slices: the half-widths are those of a 97.5 % interval
        wider = stdtrit(19, 0.9875) / stdtrit(19, 0.975)
        low = alone.value - wider * (alone.value - alone.low)
        assert row["measures"]["cross_entropy"]["low"] == pytest.approx(low, rel=1e-12)


def test_saved_and_loaded(tmp_path):
    result = ba.compare(*panel())
    result.save(tmp_path / "r.json")
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    assert Comparison.load(tmp_path / "r.json").to_json() == result.to_json()
    assert str(Comparison.load(tmp_path / "r.json")) == str(result)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}', "null", "[" * 100000])
def test_what_is_no_result_is_refused(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(StateError, match="not a whole comparison: it lacks 'unit'"):
        ba.Comparison({"schema": 1})
    with pytest.raises(StateError, match=r"r\.json"):
        Comparison.load(tmp_path / "r.json")


def test_a_result_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        ba.compare(*panel()).save(tmp_path / "nowhere" / "r.json")
    assert list(tmp_path.iterdir()) == []


def test_asking_for_what_is_not_there_lists_what_is():
    result = ba.compare(*panel())
    with pytest.raises(DomainError, match="cross_entropy"):
        result["crossentropy"]
    with pytest.raises(DomainError, match="there is no model 'x'"):
        result["brier", "x"]


@needs_shared
def test_cifar10h_reference_values():
    folder = SHARED / "cifar10h"
    result = ba.compare(folder / "people.parquet", folder / "model-resnet-110.parquet")
    reference = {
        "cross_entropy": 0.8928910132447774, "absolute_error": 0.18668430673749045,
        "squared_error": 0.08740686859057778, "squared_distance": 0.0859085749116463, "brier": 0.1623788827486992,
        "disagreement": 0.0764703078370529, "log_likelihood": -316164.4062445451, "log_loss": 0.618717037660558,
    }  # fmt: skip
    for key, value in reference.items():
        assert result[key].value == pytest.approx(value, rel=1e-9), key
    assert result.entry("cross_entropy")["standard_error"] == pytest.approx(0.0167057, abs=1e-7)
    assert result.entry("entropy")["plug_in"] == pytest.approx(0.2228380763829784, rel=1e-9)
    truth = ba.compare(folder / "truth.csv", folder / "model-resnet-110.parquet")
    assert truth["majority_accuracy"].value == pytest.approx(0.9389, abs=1e-12)
    assert truth["log_loss"].value == pytest.approx(0.236201331, abs=1e-9)


@needs_shared
def test_wiki_attacks_reference_values():
    folder = SHARED / "wiki-attacks"
    result = ba.compare(folder / "people.parquet", folder / "model-jigsaw.parquet")
    reference = {
        "cross_entropy": 0.5034330399013921, "absolute_error": 0.09759399114636064,
        "squared_error": 0.027174806268566363, "squared_distance": 0.020968582167266554,
        "brier": 0.0968055292969871, "log_likelihood": -123915.08441277046,
    }  # fmt: skip
    for key, value in reference.items():
        assert result[key].value == pytest.approx(value, rel=1e-9), key


@needs_shared
def test_an_llm_judge_with_infinite_losses():
    folder = SHARED / "varierr"
    result = ba.compare(folder / "people.csv", folder / "model-gpt-4-1106-preview.csv")
    assert result["cross_entropy"].value == math.inf
    assert result.data["models"][0]["infinite"]["count"] == 192
    assert result["squared_error"].value == pytest.approx(0.13340346405867223, rel=1e-9)
    assert any("more than once" in warning for warning in result.data["warnings"])


@needs_shared
def test_logits_and_probabilities_of_chaosnli_agree():
    folder = SHARED / "chaosnli"
    pair = [folder / f"model-snli-roberta-base-seed0{kind}.csv" for kind in ("", "-logits")]
    probs, logits = (ba.compare(folder / "people-snli.csv", model) for model in pair)
    assert probs["cross_entropy"].value == pytest.approx(1.6885939909828547, rel=1e-9)
    assert logits["cross_entropy"].value == pytest.approx(probs["cross_entropy"].value, abs=1e-6)


@pytest.mark.slow
@needs_shared
def test_the_same_values_from_every_format_any_order_and_merged_tallies(tmp_path):
    import pandas as pd

    from bitsapart.comparison import Tally
    from bitsapart.comparison.run import compare_files
    from bitsapart.comparison.summary import Settings
    from bitsapart.data import ReadOptions

    folder = SHARED / "cifar10h"
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("people", "model-resnet-110")}
    # Text written from float32 is the shortest that reads back as float32: another number in float64.
    frames["model-resnet-110"] = frames["model-resnet-110"].astype(dict.fromkeys(CIFAR, "float64"))
    expected = compare_files(
        folder / "people.parquet", [folder / "model-resnet-110.parquet"], options=ReadOptions(), settings=Settings()
    )[1].to_bytes()
    rng = np.random.default_rng(0)
    for number, write in enumerate(("csv", "json", "shuffled")):
        for name, frame in frames.items():
            path = tmp_path / f"{name}.{'jsonl' if write == 'json' else 'csv'}"
            if write == "json":
                path.write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")))
            else:
                shuffled = frame.iloc[rng.permutation(len(frame))] if write == "shuffled" else frame
                shuffled.to_csv(path, index=False)
        end = "jsonl" if write == "json" else "csv"
        tally = compare_files(
            tmp_path / f"people.{end}", [tmp_path / f"model-resnet-110.{end}"],
            options=ReadOptions(threads=1 + number % 2), settings=Settings(),
        )[1]  # fmt: skip
        assert tally.to_bytes() == expected, write
    parts = []
    for part in np.array_split(rng.permutation(len(frames["people"])), 7):
        for name, frame in frames.items():
            frame.iloc[np.sort(part)].to_parquet(tmp_path / f"{name}.parquet", index=False)
        parts.append(compare_files(
            tmp_path / "people.parquet", [tmp_path / "model-resnet-110.parquet"], options=ReadOptions(),
            settings=Settings(),
        )[1].to_bytes())  # fmt: skip
    merged = Tally.from_bytes(parts[3])
    for place in (6, 0, 2, 5, 1, 4):
        merged.merge(Tally.from_bytes(parts[place]))
    assert merged.to_bytes() == expected


def test_worth_by_both_ways_to_combine_people_and_the_share_that_is_known():
    from bitsapart.people.bayesian import bayesian_curve
    from bitsapart.people.entropy import panel_entropy
    from bitsapart.people.equivalence import equivalent_people
    from bitsapart.people.frequency import frequency_curve
    from bitsapart.people.patterns import LossSums, PatternTable

    counts, q = panel(400)
    q = 0.8 / 3 + 0.2 * q
    model = ba.compare(counts, q).data["models"][0]
    patterns, place, frequency = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    loss = -(counts / 6 * np.log(q)).sum(axis=1)
    table = PatternTable.of(patterns, frequency)
    sums = (np.bincount(place.ravel(), power) for power in (loss, loss**2))
    losses = LossSums.of(*sums, items=frequency, cube=np.sum(loss**3))
    for entry, curve in (
        (model["equivalence"], frequency_curve(table)),
        (model["equivalence"]["bayesian"], bayesian_curve(table)),
    ):
        expected = equivalent_people(curve, losses)
        assert entry["combiner"] == curve.combiner
        assert entry["value"] == pytest.approx(expected.value, rel=1e-9)
        assert [entry["low"], entry["high"]] == pytest.approx([expected.low, expected.high], rel=1e-6)
        assert [point["k"] for point in entry["curve"]] == list(range(6))
        assert [point["value"] for point in entry["curve"]] == pytest.approx(curve.mean / math.log(2), rel=1e-12)
    known, share = model["known"], panel_entropy(table).share(losses)
    assert known["share"]["value"] == pytest.approx(share.share.value, rel=1e-9)
    for name in ("class_shares", "model", "people"):
        assert known[name]["value"] == pytest.approx(getattr(share, name).value / math.log(2), rel=1e-9)


def test_more_than_three_classes_are_combined_by_shares_alone():
    counts, q = panel(100, classes=4)
    assert "bayesian" not in ba.compare(counts, q).data["models"][0]["equivalence"]


def test_the_bracket_has_the_interval_of_its_ends():
    counts, q = panel(300)
    measures_of = ba.compare(counts, q).data["models"][0]["measures"]
    for key in ("entropy", "kl_divergence"):
        entry = measures_of[key]
        assert entry["bracket_interval"][0] < entry["bracket"][0] < entry["value"] < entry["bracket"][1]
        assert entry["bracket"][1] < entry["bracket_interval"][1]


def test_unanimous_people_give_a_point_without_an_interval():
    labels = np.random.default_rng(4).integers(0, 3, 60)
    entry = ba.compare(4 * np.eye(3, dtype=int)[labels], panel(60)[1]).data["models"][0]["measures"]["entropy"]
    assert (entry["value"], entry["low"], entry["high"]) == (0.0, None, None)
    assert "every item with several judgements is unanimous" in entry["note"]


def test_people_who_always_split_have_no_bracket():
    model = ba.compare(np.tile([1, 1], (50, 1)), panel(50, classes=2)[1]).data["models"][0]
    for key in ("entropy", "kl_divergence"):
        assert model["measures"][key]["bracket"] is None
        assert "people who differ more often than independent answers would" in model["measures"][key]["note"]
    assert "known" not in model


def test_a_point_outside_its_bracket_is_never_shown_without_a_word():
    # Most items have one judgement and are clear; those with many are contested: one pattern does not fit both.
    counts = np.array([[2, 0]] * 300 + [[0, 2]] * 20 + [[8, 8]] * 100)
    entry = ba.compare(counts, panel(420, classes=2)[1]).data["models"][0]["measures"]["entropy"]
    low, high = entry["bracket"]
    assert not low <= entry["value"] <= high
    assert "the point lies outside" in entry["note"]


def test_few_items_with_two_judgements_are_said():
    counts = np.array([[1, 0], [0, 1]] * 40 + [[1, 1], [2, 0], [0, 2]])
    note = ba.compare(counts, panel(83, classes=2)[1]).data["models"][0]["measures"]["entropy"]["note"]
    assert "the point rests on 3 items that two or more judged" in note


def test_heavy_tails_of_a_difference_are_said():
    counts, q = panel(1000, classes=2)
    other = q.copy()
    other[:3] = np.where(counts[:3] > 0, 1e-12, 1 - 1e-12)
    other[:3] /= other[:3].sum(axis=1, keepdims=True)
    result = ba.compare(counts, q, other)
    assert result.data["pairs"][0]["cross_entropy"]["heavy_tailed"]
    assert any("carry most of the difference" in warning for warning in result.data["warnings"])
    calm = ba.compare(counts, 0.25 + 0.5 * q, 0.3 + 0.4 * q)
    assert not calm.data["pairs"][0]["cross_entropy"]["heavy_tailed"]


def test_an_entropy_is_never_said_to_be_negative():
    counts = np.array([[3, 0]] * 40 + [[2, 1]])
    entry = ba.compare(counts, panel(41, classes=2)[1]).data["models"][0]["measures"]["entropy"]
    assert entry["low"] == 0.0 < entry["value"] < entry["high"]
    assert "the interval is cut to what an entropy can be, 0 to 1.0000" in entry["note"]


def test_the_curve_ends_where_it_is_asked_to(tmp_path):
    from click.testing import CliRunner

    from bitsapart.cli.compare import command

    counts, q = panel(60, people=8)
    counts[:20] = np.array([[1, 1, 1]])
    for name, table in (("people", counts), ("model", q)):
        rows = [f"{i}," + ",".join(str(float(v) if name == "model" else v) for v in row) for i, row in enumerate(table)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,a,b,c", *rows]) + "\n")
    files = [str(tmp_path / "people.csv"), str(tmp_path / "model.csv"), "--json", "-"]

    def equivalence(*flags):
        done = CliRunner().invoke(command, [*files, *flags], catch_exceptions=False)
        return json.loads(done.stdout)["models"][0]["equivalence"]

    assert [equivalence()[key] for key in ("k_max", "items", "left_out")] == [2, 60, 0]
    assert [equivalence("--k-max", "7")[key] for key in ("k_max", "items", "left_out")] == [7, 40, 20]
    with pytest.raises(DomainError, match="k_max is 8, but must lie between 0 and 7"):
        equivalence("--k-max", "8")


def test_a_curve_that_would_take_long_is_said(monkeypatch):
    monkeypatch.setattr("bitsapart.people.equivalence._WORK", 10)
    counts, q = panel()
    found = ba.compare(counts, q).data["models"][0]["equivalence"]
    assert "bayesian" not in found
    assert "combined by shares alone" in found["note"]


def test_one_judgement_with_weights_of_any_kind_is_an_upper_bound():
    random = np.random.default_rng(8)
    labels, q, weights = random.integers(0, 3, 50), random.dirichlet([1, 1, 1], 50), random.uniform(0.2, 3, 50)
    loss = -np.log2(q[np.arange(50), labels])
    people = {"item": np.arange(50), "label": np.array(["a", "b", "c"])[labels], "w": weights}
    model = {"item": np.arange(50), "a": q[:, 0], "b": q[:, 1], "c": q[:, 2]}
    for reading, expected in (
        ({}, loss.mean()),
        ({"weight": "w"}, weights @ loss / weights.sum()),
        ({"per": "judgement"}, loss.mean()),
        ({"total": True}, loss.sum()),
    ):
        kl = ba.compare(people, model, **reading)["kl_divergence"]
        assert (kl.value, kl.low) == (None, None)
        assert kl.high == pytest.approx(expected, rel=1e-12)
    exact = ba.compare(people, model, weight="w", people_kind="exact")["kl_divergence"]
    assert exact.value == pytest.approx(weights @ loss / weights.sum(), rel=1e-12)


def test_a_table_of_very_many_classes_is_not_gathered_unless_asked_for():
    counts, q = panel(20, classes=300)
    assert "confusion" not in ba.compare(counts, q).data["models"][0]
    assert "confusion" in ba.compare(counts, q, detail=True).data["models"][0]
    few = ba.compare(*panel(20), k_max=4).data["models"][0]
    assert "confusion" in few
    assert few["equivalence"]["k_max"] == 4
