"""`import bitsapart`: what it offers is what the documentation says, and each of it works."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import bitsapart
from bitsapart import comparison, measures

ROOT = Path(__file__).resolve().parents[1]
NAMES = [name for name in bitsapart.__all__ if name != "__version__"]


def documented():
    """What the pages on Python and on the measures describe, up to what has to be imported from elsewhere."""
    spec = spec_from_file_location("catalogue_hook", ROOT / "docs" / "catalogue_hook.py")
    hook = module_from_spec(spec)
    spec.loader.exec_module(hook)
    pages = [
        (ROOT / "docs" / "reference" / f"{name}.md").read_text(encoding="utf-8") for name in ("python", "measures")
    ]
    door = pages[0].partition("\n## Pages and charts")[0]
    return door, re.findall(r"^::: (\S+)$", "\n".join(map(hook.on_page_markdown, (door, pages[1]))), re.MULTILINE)


def test_it_offers_the_comparison_and_every_measure():
    assert sorted(NAMES) == sorted([*comparison.__all__, *measures.__all__])
    assert bitsapart.__all__ == sorted(bitsapart.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
    for name in NAMES:
        assert getattr(bitsapart, name) is getattr(comparison if name in comparison.__all__ else measures, name)
    assert dir(bitsapart) == sorted(bitsapart.__all__)


def test_it_offers_exactly_what_is_documented():
    page, paths = documented()
    assert sorted(path.rpartition(".")[2] for path in paths) == sorted(NAMES)
    for path in paths:
        home, _, name = path.rpartition(".")
        assert getattr(import_module(home), name) is getattr(bitsapart, name)
    assert "{{ door }}" in page


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_explained(name):
    value = getattr(bitsapart, name)
    if name == "CATALOGUE":
        return
    text = inspect.getdoc(value)
    assert text.partition("\n")[0].endswith(".")
    if inspect.isfunction(value) or name in ("Comparison", "Tally"):
        assert ">>> " in text  # test_docs_run runs it


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'bitsapart' has no attribute 'entropie'"):
        bitsapart.entropie  # noqa: B018


def test_nothing_is_loaded_before_it_is_used():
    code = (
        "import sys, bitsapart as ba\n"
        "assert not [m for m in sys.modules if m.startswith('bitsapart.')], sys.modules\n"
        "assert 'numpy' not in sys.modules\n"
        "assert ba.entropy([0.5, 0.5]) == 1\n"
        "assert 'bitsapart.comparison' not in sys.modules and 'scipy' not in sys.modules\n"
        "assert ba.compare([[9, 1]], [[0.8, 0.2]]).models == ('model',)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
