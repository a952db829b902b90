"""The native core with the address and undefined-behaviour sanitizers, over every kind of block and every fault.

A build of its own in a temporary folder, of all SIMD levels. Where `BITSAPART_CI=1` it must run; elsewhere it is
skipped where the tools are missing.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

pytestmark = pytest.mark.slow


def lacking(reason):
    if os.environ.get("BITSAPART_CI") == "1":
        pytest.fail(f"{reason}, and BITSAPART_CI=1 asks for it")
    pytest.skip(reason)


def library(compiler, name):
    """The file of a runtime library of the compiler, to be loaded before Python."""
    path = Path(subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip())
    if not path.is_absolute():
        lacking(f"{compiler} has no {name}")
    return str(path.resolve())


@pytest.fixture(scope="module")
def tools():
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if sys.platform != "linux" or compiler is None:
        lacking("no g++ on Linux to build the core with sanitizers")
    missing = [program for program in ("cmake", "ninja") if shutil.which(program, path=PATH) is None]
    if missing or find_spec("nanobind") is None:
        lacking(f"no {(*missing, 'nanobind')[0]} to build the core with")
    return compiler, [library(compiler, name) for name in ("libasan.so", "libstdc++.so")]


@pytest.fixture(scope="module")
def core(tools, tmp_path_factory):
    """The whole core, built with sanitizers."""
    folder = tmp_path_factory.mktemp("sanitized")
    configure = [
        "cmake", "-G", "Ninja", "-S", str(ROOT), "-B", str(folder), f"-DCMAKE_CXX_COMPILER={tools[0]}",
        f"-DPython_EXECUTABLE={sys.executable}", "-DCMAKE_BUILD_TYPE=None", "-DBITSAPART_SANITIZE=ON",
    ]  # fmt: skip
    for command in (configure, ["ninja", "-C", str(folder)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": PATH})
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return next(folder.glob("_core*.so"))


@pytest.mark.parametrize("level", ["baseline", "v3", "v4"])
def test_no_read_or_write_out_of_bounds_and_nothing_undefined(tools, core, level, tmp_path):
    driver = Path(__file__).with_name("native_cases.py")
    environment = {
        **os.environ, "BITSAPART_SIMD": level, "LD_PRELOAD": ":".join(tools[1]), "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }  # fmt: skip
    command = [sys.executable, str(driver), str(core), str(tmp_path / "found.npz")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    assert done.stdout.split()
