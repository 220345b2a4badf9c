"""What one user has done, as arrays over the catalogue's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from interestgraph.recommend.catalogue import Floats, Ints

DAY = 86_400_000.0
"""Milliseconds."""


@dataclass(frozen=True)
class Doings:
    """Relationships of one behaviour of a user; one entry per item."""

    item: Ints
    weight: NDArray[np.float64]
    """As of `last`."""
    count: NDArray[np.float64]
    first: NDArray[np.float64]
    """Epoch milliseconds."""
    last: NDArray[np.float64]
    half_life: float
    """Days."""
    primary: bool


@dataclass(frozen=True)
class Person:
    """A user at one moment; arrays over the user's items have shape (m,), sorted by item number."""

    user: str
    item: Ints
    weight: NDArray[np.float64]
    """Sum of the decayed weights of all behaviours; negative where returns or bad ratings outweigh."""
    count: NDArray[np.float64]
    """Events of primary behaviours."""
    first: NDArray[np.float64]
    """Days since the first primary event; NaN without one."""
    last: NDArray[np.float64]
    """Days since the last primary event; NaN without one."""
    side_weight: NDArray[np.float64]
    """Decayed weight of the other behaviours."""
    side_count: NDArray[np.float64]
    side_last: NDArray[np.float64]
    """Days since the last event of the other behaviours; NaN without one."""
    category: Ints
    """Categories of interest."""
    share: Floats
    community: str | None = None
    vector: Floats | None = None
    known: bool = True
    """Whether the graph has the user."""

    @cached_property
    def liked(self) -> NDArray[np.bool_]:
        """Which items have a positive weight."""
        return np.asarray(self.weight > 0)

    @cached_property
    def latest(self) -> NDArray[np.float64]:
        """Days since the last event of any behaviour."""
        return np.fmin(self.last, self.side_last)


def person(
    user: str,
    doings: Sequence[Doings],
    at: int,
    *,
    category: Ints | None = None,
    share: Floats | None = None,
    community: str | None = None,
    vector: Floats | None = None,
    known: bool = True,
) -> Person:
    """Bring a user's relationships together, as of `at` (epoch milliseconds)."""
    every = np.concatenate([part.item for part in doings]) if doings else np.zeros(0, dtype=np.int32)
    item = np.unique(every)
    m = len(item)
    weight, side_weight, count, side_count = (np.zeros(m) for _ in range(4))
    first, last, side_last = (np.full(m, np.nan) for _ in range(3))
    for part in doings:
        where = np.searchsorted(item, part.item)
        age = np.maximum(at - part.last, 0) / DAY
        decayed = part.weight * np.exp2(-age / part.half_life)
        weight[where] += decayed
        if part.primary:
            count[where] += part.count
            first[where] = np.fmax(first[where], (at - part.first) / DAY)
            last[where] = np.fmin(last[where], age)
        else:
            side_weight[where] += decayed
            side_count[where] += part.count
            side_last[where] = np.fmin(side_last[where], age)
    return Person(
        user=user,
        item=item.astype(np.int32),
        weight=weight,
        count=count,
        first=first,
        last=last,
        side_weight=side_weight,
        side_count=side_count,
        side_last=side_last,
        category=np.zeros(0, dtype=np.int32) if category is None else category,
        share=np.zeros(0, dtype=np.float32) if share is None else share,
        community=community,
        vector=vector,
        known=known,
    )
