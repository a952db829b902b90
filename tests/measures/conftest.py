"""The array libraries that are installed, and the way there and back.

A test with the argument `library` runs for each of them; `conversion(library, dtype)` makes its arrays.
"""

from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

LIBRARIES = [name for name in ("numpy", "torch", "jax", "cupy", "array_api_strict") if find_spec(name)]


class Convert:
    """Turns lists into arrays of one library and floating type, and results back into floats."""

    def __init__(self, library, dtype):
        self.library = library
        self.dtype = dtype
        self.xp = import_module("jax.numpy" if library == "jax" else library)

    def __call__(self, values):
        return self.xp.asarray(values, dtype=getattr(self.xp, self.dtype))

    def wide(self):
        return import_module("jax").enable_x64(True) if self.library == "jax" else nullcontext()

    def keeps_type(self, value):
        """NumPy is computed in float64 always; the others keep their floating type."""
        return ("float64" if self.library == "numpy" else self.dtype) in str(value.dtype)

    def rounded(self, values):
        return np.asarray(values, dtype=np.float32).astype(np.float64)

    def loses(self, arguments):
        """Whether an argument has no room: JAX takes subnormal numbers for 0, and float32 ends near 1e-38."""
        flat = np.concatenate([np.ravel(a) for a in arguments]).astype(float)
        tiny = np.min(np.abs(flat[flat != 0]), initial=1.0)
        if self.dtype == "float64":
            return self.library == "jax" and tiny < 2.3e-308
        return bool(tiny < 1e-37 or np.any((flat < 1) & (np.float32(flat) == 1)))


def pytest_generate_tests(metafunc):
    if "library" in metafunc.fixturenames:
        metafunc.parametrize("library", LIBRARIES)


@pytest.fixture
def conversion():
    return Convert
