"""The model translated, bare verdicts, and the alt-test on the page, from results of the command itself."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from bitsapart.cli.compare import command as compare
from bitsapart.report import write_report

CLASSES = ("no", "yes")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Sixty items judged by five people, a judge that only says yes or no, and one that is too sure."""
    folder = tmp_path_factory.mktemp("judges")
    generator = np.random.default_rng(11)
    truth = generator.beta(0.7, 0.7, 60)
    rows = ["item,annotator,label"]
    rows += [f"i{n},p{a},{CLASSES[int(generator.random() < p)]}" for n, p in enumerate(truth) for a in range(5)]
    sure = 1 / (1 + (1 / truth - 1) ** 3)
    (folder / "people.csv").write_text("\n".join(rows), encoding="utf-8")
    tables = {
        "verdicts": ["item,verdict", *(f"i{n},{CLASSES[int(p > 0.5)]}" for n, p in enumerate(truth))],
        "sure": ["item,no,yes", *(f"i{n},{1 - q!r},{q!r}" for n, q in enumerate(np.clip(sure, 0.001, 0.999).tolist()))],
    }
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def _made(folder, model, *flags):
    page, result = folder / f"{model}.html", folder / f"{model}.json"
    arguments = [folder / "people.csv", folder / f"{model}.csv", *flags, "--html", page, "--json", result]
    done = CliRunner().invoke(compare, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return page, json.loads(result.read_text(encoding="utf-8"))["models"][0]


NUMBERS = "rows => rows.map(row => [...row.cells].slice(1).map(cell => Number(cell.dataset.v)))"


def test_bare_verdicts_read_as_answers_and_the_alt_test(files, visit):
    page, model = _made(files, "verdicts", "--replace")
    watched = visit(page)
    shown = watched.page.locator("section:has(> #better-0) tbody tr").evaluate_all(NUMBERS)
    assert shown[0][:2] == [float("inf")] * 2
    assert shown[1][:2] == [model["calibrated"][key]["value"] for key in ("cross_entropy", "kl_divergence")]
    people = model["replacement"]["people"]
    rows = watched.page.locator("section:has(> #replacement-0) tbody tr").evaluate_all(NUMBERS)
    assert rows == [
        [row["items"], row["model_as_good"], row["person_as_good"], row["p_adjusted"], row["replaced"]]
        for row in people
    ]
    said = watched.page.locator("section:has(> #replacement-0) > p").inner_text()
    assert said.startswith("Yes" if model["replacement"]["passed"] else "Not shown")
    assert watched.quiet(), (watched.said, watched.asked)


def test_a_recalibrated_model_stands_beside_itself(files, visit):
    page, model = _made(files, "sure", "--recalibrate")
    shown = visit(page).page.locator("section:has(> #better-0) tbody tr").evaluate_all(NUMBERS)
    keys = ("cross_entropy", "kl_divergence", "squared_distance", "brier")
    assert shown[0] == [model["measures"][key]["value"] for key in keys]
    assert shown[1] == [model["recalibrated"]["measures"][key]["value"] for key in keys]
    assert shown[2][0] == model["recalibrated"]["saved"]["cross_entropy"]["value"]
    assert shown[0][0] - shown[1][0] == pytest.approx(shown[2][0], abs=1e-9)


def test_hostile_names_of_people_are_text(make, tmp_path):
    data = make.document(names=("only",))
    people = [
        {"annotator": name, "items": 40, "model_as_good": 0.5, "person_as_good": 0.6, "p_value": 0.5,
         "p_adjusted": 1.0, "replaced": False}
        for name in make.names
    ]  # fmt: skip
    data["models"][0]["replacement"] = {
        "winning_rate": 0.0, "passed": False, "advantage": 0.5, "epsilon": 0.1, "people": people,
    }  # fmt: skip
    write_report(data, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>document" not in text
    assert "&lt;script&gt;document" in text
    assert "Not shown: only for a share ω = 0.00" in text
    assert "x" * 2000 not in text
