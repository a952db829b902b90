"""The comparison: the tally is the state, the result is the answer."""

from .result import Comparison, Quantity
from .run import compare
from .tally import Tally

__all__ = ["Comparison", "Quantity", "Tally", "compare"]
