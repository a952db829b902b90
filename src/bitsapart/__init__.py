"""How many bits apart are your model and people?

The public door. Names are loaded when they are first used, so that `import bitsapart` costs little
more than `import numpy`.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES: dict[str, str] = {
    "compare": "comparison",
    "Comparison": "comparison",
    "Tally": "comparison",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module 'bitsapart' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
