"""Which community of a run is which of the run before: numbers that last.

Communities are matched greedily by the Jaccard index of their members, the best pair first. What matches none gets a
number that no community ever had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interestgraph.enrich.agreement import contingency

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Matching:
    """Numbers of the communities of one level."""

    numbers: tuple[int, ...]
    """Of each community, in the order of the new partition."""
    kept: int
    """Communities that were there before."""
    new: int
    gone: int
    """Communities of the run before that are none any more."""
    last: int
    """The highest number that was ever given."""


def match(before: Numbers, now: NDArray[np.int32], count: int, last: int, least_overlap: float) -> Matching:
    """Number the communities of a new partition.

    Args:
        before: number of the community that each node was in, -1 for none, shape (nodes,).
        now: community of each node in the new partition, 0 to `count` - 1, -1 for none.
        count: communities of the new partition.
        last: the highest number ever given.
        least_overlap: least Jaccard index of communities that are the same one; nodes that were in none before do not
            count, so that a community that grows stays itself.
    """
    known = before >= 0
    old = np.unique(before[known])
    last = max(last, int(old.max(initial=0)))
    numbers = [0] * count
    taken: set[int] = set()
    for _, number, place in sorted(_pairs(before[known], now[known], least_overlap)):
        if not numbers[place] and number not in taken:
            numbers[place] = number
            taken.add(number)
    kept = len(taken)
    for place in range(count):
        if not numbers[place]:
            last += 1
            numbers[place] = last
    return Matching(tuple(numbers), kept, count - kept, len(old) - kept, last)


def _pairs(before: Numbers, now: NDArray[np.int32], least_overlap: float) -> list[tuple[float, int, int]]:
    """Pairs that overlap enough: minus their Jaccard index, the old number, and the new place."""
    table = contingency(before, now + 1).tocoo()
    old_size, new_size = np.bincount(before), np.bincount(now + 1)
    found = []
    for number, place, shared in zip(table.row.tolist(), (table.col - 1).tolist(), table.data.tolist(), strict=True):
        overlap = shared / (old_size[number] + new_size[place + 1] - shared)
        if place >= 0 and overlap >= least_overlap:
            found.append((-float(overlap), int(number), int(place)))
    return found
