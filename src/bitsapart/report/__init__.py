"""Pages and pictures of a saved result: nothing here reads the data it came from."""

from .notebook import compact
from .page import write_report
from .plots import Plots

__all__ = ["Plots", "compact", "write_report"]
