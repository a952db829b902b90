"""Every flag of `compare`: it is in a section of the help, and it does what it says."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from bitsapart.cli.main import main

ITEMS = 24
PEOPLE = "item,cat,dog,weight,page,kind\n" + "".join(
    f"{n},{n % 4},{4 - n % 4},{1 + n % 3},{n // 2},{'indoor' if n % 2 else 'outdoor'}\n" for n in range(ITEMS)
)
MODEL = "item,cat,dog\n" + "".join(f"{n},{0.1 + 0.2 * (n % 4):.3f},{0.9 - 0.2 * (n % 4):.3f}\n" for n in range(ITEMS))


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "model.csv").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """A command in this process; the weight and the page are no classes."""

    def start(*words: str, command: str = "compare", classes: str | None = "cat,dog") -> Done:
        capsys.readouterr()
        more = ("--classes", classes) if command == "compare" and classes else ()
        with pytest.raises(SystemExit) as ended:
            main([command, *words, *more])
        shown = capsys.readouterr()
        return Done(int(ended.value.code or 0), shown.out, shown.err)

    return start


@pytest.fixture
def asked(run):
    """The document that some flags give, of the two files or of others."""

    def ask(*flags: str, files: tuple[str, ...] = ("people.csv", "model.csv")) -> dict:
        done = run(*files, *flags, "--json", "-")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def value(document: dict, measure: str = "cross_entropy") -> float:
    return float(document["models"][0]["measures"][measure]["value"])


def test_every_option_stands_in_a_section(run):
    from bitsapart.cli.compare import command

    listed = [name for _, names in command.sections for name in names]
    assert sorted(listed) == sorted(param.name for param in command.params if param.param_type_name == "option")
    told = run("--help", classes=None).stdout
    assert told.index("What is shown") < told.index("Where it goes") < told.index("The machine")


@pytest.mark.parametrize(("unit", "nats"), [("bit", math.log(2)), ("nat", 1.0), ("hartley", math.log(10))])
def test_unit(asked, unit, nats):
    document = asked("--unit", unit)
    assert document["unit"] == unit
    assert value(document) * nats == pytest.approx(value(asked()) * math.log(2))


def test_total_and_per_and_weight(asked, folder):
    assert value(asked("--total")) == pytest.approx(ITEMS * value(asked()))
    weighted = asked("--weight", "weight")
    rows = [line.split(",") for line in PEOPLE.splitlines()[1:]]
    probs = [float(line.split(",")[1]) for line in MODEL.splitlines()[1:]]
    losses = [
        -(int(row[1]) * math.log2(q) + int(row[2]) * math.log2(1 - q)) / 4 for row, q in zip(rows, probs, strict=True)
    ]
    weights = [int(row[3]) for row in rows]
    expected = sum(w * d for w, d in zip(weights, losses, strict=True)) / sum(weights)
    assert value(weighted) == pytest.approx(expected)
    (folder / "people.csv").write_text("item,cat,dog\n1,9,1\n2,0,1\n")
    (folder / "model.csv").write_text("item,cat,dog\n1,0.5,0.5\n2,0.75,0.25\n")
    assert value(asked()) == pytest.approx((1 + 2) / 2)
    assert value(asked("--per", "judgement")) == pytest.approx((10 * 1 + 1 * 2) / 11)


def test_the_total_split_adds_up_to_the_total(asked):
    document = asked("--total")
    terms = document["models"][0]["split"]["log"]["terms"]
    assert sum(term["value"] for term in terms.values()) == pytest.approx(value(document), abs=1e-9)
    classes = document["models"][0]["by_class"]
    assert sum(row["cross_entropy"] for row in classes) == pytest.approx(value(document))


def test_kinds(asked, folder):
    logits = "item,cat,dog\n" + "".join(
        f"{n},{math.log(0.1 + 0.2 * (n % 4))},{math.log(0.9 - 0.2 * (n % 4))}\n" for n in range(ITEMS)
    )
    (folder / "logits.csv").write_text(logits)
    for kind in ("logits", "log-probs"):
        found = asked("--model-kind", kind, files=("people.csv", "logits.csv"))
        assert value(found) == pytest.approx(value(asked()), rel=1e-9)
    exact = asked("--people-kind", "exact")
    assert exact["people"]["exact"] is True
    assert value(exact, "kl_divergence") == pytest.approx(value(exact) - value(exact, "entropy"))
    counts = asked("--model-kind", "counts", files=("people.csv", "people.csv"))
    assert math.isfinite(value(counts))
    (folder / "verdicts.csv").write_text("item,label\n" + "".join(f"{n},cat\n" for n in range(ITEMS)))
    verdicts = asked("--model-kind", "verdicts", files=("people.csv", "verdicts.csv"))
    assert value(verdicts) == math.inf
    assert math.isfinite(verdicts["models"][0]["calibrated"]["cross_entropy"]["value"])


def test_positive(asked, run, folder):
    lone = "item,prob\n" + "".join(f"{n},{0.1 + 0.2 * (n % 4):.3f}\n" for n in range(ITEMS))
    (folder / "lone.csv").write_text(lone)
    assert value(asked("--positive", "cat", files=("people.csv", "lone.csv"))) == pytest.approx(value(asked()))
    assert value(asked("--positive", "dog", files=("people.csv", "lone.csv"))) > value(asked()) + 0.1
    assert run("people.csv", "lone.csv", "--positive", "bird").returncode == 2


def test_renormalise(asked, run, folder):
    (folder / "model.csv").write_text(MODEL.replace("0.100,0.900", "0.100,0.890"))
    refused = run("people.csv", "model.csv")
    assert refused.returncode == 2
    assert "renormalise" in refused.stderr
    assert any("off 1 by 0.01" in warning for warning in asked("--renormalise")["warnings"])


def test_ordinal(asked):
    measures = asked("--ordinal")["models"][0]["measures"]
    assert measures["ranked_probability_score"]["value"] == pytest.approx(measures["squared_error"]["value"])
    assert "ranked_probability_score" not in asked()["models"][0]["measures"]


def test_group_and_by(asked):
    grouped = asked("--group", "page")["models"][0]["measures"]["cross_entropy"]
    assert grouped["n"] == ITEMS // 2
    rows = asked("--by", "kind")["models"][0]["slices"]
    assert [row["items"] for row in rows] == [ITEMS // 2] * 2
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    both = asked("--by", "kind", "--by", "page")["models"][0]["slices"]
    assert {row["column"] for row in both} == {"kind", "page"}


def test_worst(asked):
    rows = asked("--worst", "3")["models"][0]["worst"]
    farthest = [row["value"] for row in rows if row["kind"] == "farthest"]
    assert len(farthest) == 3
    assert farthest == sorted(farthest, reverse=True)
    assert asked("--worst", "0")["models"][0]["worst"] == []


def test_json_html_and_tally_are_written_whole(run, folder):
    done = run("people.csv", "model.csv", "--json", "r.json", "--html", "r.html", "--tally", "r.tally")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["model.csv", "people.csv", "r.html", "r.json", "r.tally"]
    assert "<html" in (folder / "r.html").read_text(encoding="utf-8")
    assert (folder / "r.tally").read_bytes().startswith(b"bitsapart tally")


def test_fail_above(run):
    for limit, code in (("brier=0.99", 0), ("brier=0.01", 1), ("kl-divergence=-1", 1)):
        assert run("people.csv", "model.csv", "--fail-above", limit).returncode == code


def test_missing(asked, run, folder):
    (folder / "model.csv").write_text("\n".join(MODEL.splitlines()[:-1]) + "\n")
    assert run("people.csv", "model.csv").returncode == 2
    assert asked("--missing", "drop")["items"] == ITEMS - 1


def test_curve_and_replace(run, folder):
    shown = run("people.csv", "model.csv", "--curve").stdout
    assert "95 % interval" in shown.partition("worth")[2]
    refused = run("people.csv", "model.csv", "--replace")
    assert refused.returncode == 2
    assert "needs to know who answered" in refused.stderr
    said = [
        f"{n},{who},{'cat' if n * k % 5 < 3 else 'dog'}\n" for n in range(2 * ITEMS) for k, who in enumerate("abcd")
    ]
    (folder / "long.csv").write_text("item,annotator,label\n" + "".join(said))
    (folder / "both.csv").write_text(
        "item,cat,dog\n" + "".join(f"{n},{0.3 + 0.1 * (n % 4)},{0.7 - 0.1 * (n % 4)}\n" for n in range(2 * ITEMS))
    )
    done = run("long.csv", "both.csv", "--replace", "--epsilon", "0.1")
    assert done.returncode == 0, done.stderr
    assert "may it replace a person?" in done.stdout


def test_detail(asked, run):
    gathered = {"split", "reliability", "by_class", "confusion"}
    assert gathered <= set(asked()["models"][0])
    assert not gathered & set(asked("--no-detail")["models"][0])
    assert "add --detail" in run("people.csv", "model.csv", "--no-detail").stdout
    assert run("people.csv", "model.csv", "--detail", "--tally", "d.tally").returncode == 0
    merged = run("d.tally", "--json", "-", command="merge")
    assert json.loads(merged.stdout)["models"][0]["split"] == asked()["models"][0]["split"]


def test_recalibrate(asked, run, folder):
    document = asked("--recalibrate-to", "better.csv")
    entry = document["models"][0]["recalibrated"]
    assert (entry["kind"], entry["file"]) == ("isotonic", "better.csv")
    again = asked(files=("people.csv", "better.csv"))
    assert value(again) == pytest.approx(entry["measures"]["cross_entropy"]["value"], rel=1e-14)
    assert "recalibrated" in run("people.csv", "model.csv", "--recalibrate").stdout
    for words, said in (
        (("--recalibrate-to", "better.txt"), "end the name in one of them"),
        (("model.csv", "--recalibrate-to", "b.csv"), "2 models are given"),
        (("--recalibrate-by", "temperature"), "two classes are recalibrated by isotonic regression"),
        (("--recalibrate-to", "no/folder/b.csv"), "cannot be written"),
    ):
        refused = run("people.csv", "model.csv", *words)
        assert refused.returncode == 2, words
        assert said in refused.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["better.csv", "model.csv", "people.csv"]


def test_threads_and_memory_change_no_number(asked):
    plain = asked()
    for flags in (("--threads", "1"), ("--threads", "3", "--memory", "128MiB")):
        assert asked(*flags) == plain
