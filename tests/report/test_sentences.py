"""Every note and warning has its Chinese; names of the data come through unchanged."""

import ast
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

import bitsapart as ba
from bitsapart import data
from bitsapart.report.page import page
from bitsapart.report.sentences import in_chinese

SOURCE = Path(ba.__file__).parent
ITEM = ["a", "b", "c", "d"]
COUNTS = {"item": ITEM, "cat": [3, 0, 2, 1], "dog": [1, 4, 2, 3]}
LONG = {"item": [*ITEM, *ITEM], "annotator": [1] * 4 + [2] * 4, "label": ["cat", "dog"] * 4}
ONE = {"item": ITEM, "label": ["cat", "dog", "cat", "dog"]}
PROBS = {"item": ITEM, "cat": [0.75, 0.125, 0.5, 0.25], "dog": [0.25, 0.875, 0.5, 0.75]}
LOGITS = {"item": ITEM, "cat": [3.0, -2.0, 0.5, 0.0], "dog": [0.5, 1.0, 0.0, 1.5]}
PAIRS = [
    (COUNTS, PROBS, {}),
    (COUNTS, LOGITS, {}),
    (COUNTS, {"item": ITEM, "cat": PROBS["cat"], "loss": [1.5, 2.5, 3.5, 4.5]}, {}),
    (COUNTS, {**PROBS, "verdict": ["cat", "cat", "dog", "dog"]}, {"model_kind": "verdicts"}),
    (COUNTS, {"item": LONG["item"], "label": LONG["label"]}, {"model_kind": "counts"}),
    (COUNTS, {"item": ITEM, "cat": LOGITS["cat"]}, {}),
    (LONG, PROBS, {}),
    ({**LONG, "annotator": [1] * 8}, PROBS, {}),
    ({**LONG, "item": [*ITEM, *ITEM[:3], "a"], "annotator": [1, 1, 1, 1, 2, 2, 2, 1]}, PROBS, {}),
    ({**LONG, "label": ["cat", None] * 4}, {**PROBS, "item": [*ITEM[:2], "x", "y"]}, {"missing": "drop"}),
    ({key: value for key, value in LONG.items() if key != "annotator"}, PROBS, {}),
    ({"item": ITEM, "label": ["cat", "dog"] * 2, "count": [3, 4, 5, 6]}, PROBS, {}),
    ({**LONG, "count": [2] * 8}, PROBS, {}),
    (ONE, PROBS, {}),
    ({**ONE, "label": ["Cat", "dog", "cat", "dog"]}, PROBS, {}),
    ({**ONE, "label": ["cow", "dog", "cat", "dog"]}, {**PROBS, "rat": [0.0] * 4}, {}),
    (PROBS, PROBS, {}),
    ({**COUNTS, "cow": [0, 0, 1, 0]}, PROBS, {}),
    ({"item": ITEM, "cat": [1, 0, 1, 0], "dog": [0, 1, 0, 1]}, PROBS, {"renormalise": True}),
    ({"item": ITEM, "cat": PROBS["cat"]}, PROBS, {}),
    ({"cat": COUNTS["cat"], "dog": COUNTS["dog"]}, {"cat": PROBS["cat"], "dog": PROBS["dog"]}, {}),
    ({**COUNTS, "item": [1, 2, 3, 4]}, {**PROBS, "item": ["4", "2", "3", "1"]}, {}),
    ({**COUNTS, "cat": [3, 0, 2, 0], "dog": [1, 4, 2, 0]}, PROBS, {"missing": "drop"}),
    ({"item": ITEM, "people": [[3, 1], [0, 4], [2, 2], [1, 3]]}, {"item": ITEM, "model": [[0.5, 0.5]] * 4}, {}),
]


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_what_is_said_of_inputs(number):
    people, model, options = PAIRS[number]
    with data.open_pair(people, model, options=data.ReadOptions(**options)) as pair:
        list(pair.blocks())
        said = [*pair.notes, *pair.announcements]
    assert len(said) >= 2
    for sentence in said:
        chinese = in_chinese(sentence)
        assert re.search("[\u4e00-\u9fff]", chinese), sentence
        named = set(re.findall(r"'[^']*'|\d+", re.sub("(people|model)'s", "", sentence)))
        assert named - {"1"} <= set(re.findall(r"'[^']*'|\d+", chinese)), sentence
        assert not re.search(r"\b(people's|items?|column|the)\b", re.sub(r"--\S+|'[^']*'", "", chinese))


def test_what_is_said_of_figures():
    rng = np.random.default_rng(0)
    odd = np.full((200, 2), 0.5)
    odd[0] = [1e-9, 1 - 1e-9]
    counts = np.full((200, 2), 2)
    found = ba.compare(counts, odd, odd[::-1]).data["warnings"]
    found += ba.compare([[3, 0]], [[0.75, 0.25]]).data["warnings"]
    found += ba.compare([[3, 0], [1, 2], [0, 3]], rng.dirichlet([1, 1], 3)).data["warnings"]
    found += ["slice lang = en is left out: its items weigh nothing"]
    assert len(found) >= 5
    for sentence in found:
        assert re.search("[\u4e00-\u9fff]", in_chinese(sentence)), sentence


def written(module):
    """The sentences in a module that are assigned to `note` or announced, with x in every gap."""
    for node in ast.walk(ast.parse((SOURCE / module).read_text(encoding="utf-8"))):
        texts = []
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "note":
            texts = [node.value]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_announce":
            texts = node.args
        for text in texts:
            if isinstance(text, (ast.JoinedStr, ast.Constant)):
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                yield "".join(part.value if isinstance(part, ast.Constant) else "x" for part in parts)


def test_no_sentence_of_the_readers_is_forgotten():
    found = [one for name in ("people_reading", "model_reading", "pair") for one in written(f"data/{name}.py")]
    assert len(found) > 12
    for sentence in found:
        for filled in (sentence, sentence.replace("'label'xx", "x"), sentence.replace("itemx", "items")):
            if in_chinese(filled) != filled:
                break
        else:
            assert sentence.startswith(("x; ", "x: judgements in column xxx")), sentence


def test_the_page_says_them_in_both_languages():
    result = ba.compare(COUNTS, PROBS)
    text = page(result.data)
    assert "probabilities in 2 columns (cat, dog)" in text
    assert "概率，共 2 列（cat, dog）；项目以 &#x27;item&#x27; 命名".replace("&#x27;", "'") in text
    assert in_chinese("a sentence of another version") == "a sentence of another version"


def test_parts_that_rest_on_fewer_items_say_so_and_add_up():
    counts = np.array([[1, 0], [2, 1], [0, 3], [1, 1], [0, 1], [4, 0]])
    q = np.array([[0.125, 0.875], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.875, 0.125], [0.75, 0.25]])
    text = page(ba.compare(counts, q, detail=True).data)
    assert "Of the 4 items that two people or more judged." in text
    block = text.partition("Of the 4 items")[2].partition("</table>")[0]
    whole = re.sub("<[^>]*>", " ", block[block.rindex("<tr") :])
    brier = (1 - 2 * (counts / counts.sum(axis=1, keepdims=True) * q).sum(axis=1) + (q**2).sum(axis=1)) / 2
    printed = float(re.search(r"0\.\d+", whole)[0])
    assert printed == pytest.approx(brier[[1, 2, 3, 5]].mean(), abs=0.002)
    assert "that two people or more judged" not in page(ba.compare(counts[1:4], q[1:4], detail=True).data)


def test_no_sentence_is_taken_for_another():
    table = tomllib.loads((SOURCE / "report" / "sentences.toml").read_text(encoding="utf-8"))
    for key, entry in table.items():
        if key != "phrases":
            english, chinese = (re.sub(r"\{\w+\}", "x", entry[language]) for language in ("en", "zh"))
            assert in_chinese(english) == chinese, key
