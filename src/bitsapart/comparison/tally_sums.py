"""Adding the sums of one tally to another."""

from typing import TYPE_CHECKING

from .moments import Moments
from .tally_block import INFINITE_SHOWN, farthest, natural

if TYPE_CHECKING:
    from .tally import Tally

__all__ = ["add"]


def add(into: "Tally", other: "Tally") -> None:
    """Add every sum of `other` to `into`; the caller has made sure that they belong together."""
    fresh = not into.items
    into.items += other.items
    for size, count in other.panel_sizes.items():
        into.panel_sizes[size] = into.panel_sizes.get(size, 0) + count
    for place in range(len(into.models)):
        for key, sums in other._main[place].items():
            into._main[place][key] += sums
        into._judged[place] += other._judged[place]
        into._infinite[place] += other._infinite[place]
        ids = into._infinite_ids[place] + other._infinite_ids[place]
        into._infinite_ids[place] = sorted(ids, key=natural)[:INFINITE_SHOWN]
        into._worst[place] = farthest(into._worst[place] + other._worst[place], into.worst_kept)
        into._tails[place] = [a + b for a, b in zip(into._tails[place], other._tails[place], strict=True)]
        into._weighted_tails[place] += other._weighted_tails[place]
        for key, row in other._classes[place].items():
            into._classes[place][key] = [a + b for a, b in zip(into._classes[place][key], row, strict=True)]
        into._confusion[place] = [a + b for a, b in zip(into._confusion[place], other._confusion[place], strict=True)]
        if other._calibration and fresh:  # they are large: what nobody added to yet is replaced
            into._calibration[place] = other._calibration[place]
        elif other._calibration:
            into._calibration[place].merge(other._calibration[place])
        for kind, rows in other._extremes[place].items():
            into._extremes[place][kind] = farthest(into._extremes[place].get(kind, []) + rows, into.worst_kept)
        for cell, ones in other._verdicts[place].items():
            into._verdicts[place][cell] = into._verdicts[place].get(cell, Moments()) + ones
    for rivals, pair in other._pairs.items():
        into._pairs[rivals].merge(pair)
    into._patterns.add(other._patterns)
    if into._groups is not None and other._groups is not None:
        for name, rows in other._groups.items():
            own = into._groups.setdefault(name, [{} for _ in into.models])
            for mine, more in zip(own, rows, strict=True):
                for key, sums in more.items():
                    mine[key] = mine.get(key, Moments()) + sums
