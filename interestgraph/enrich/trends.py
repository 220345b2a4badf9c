"""How items do: trend, buyers, repeat rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interestgraph.model import SECONDS_PER_DAY
from interestgraph.neo4j.adjacency import Interactions


@dataclass(frozen=True)
class TrendConfig:
    """How fast a trend fades."""

    half_life: float = 14.0
    """Days after which a user's last event counts half."""


@dataclass(frozen=True)
class ItemStatistics:
    """One value per item, shape (items,)."""

    trend: NDArray[np.float64]
    """Sum over the item's users of 2^(-(as_of - last event) / half-life): recent users, not events."""
    buyers: NDArray[np.int64]
    """Users with an event."""
    repeat_rate: NDArray[np.float64]
    """Share of the buyers with two events or more; 0 without buyers."""


def repeat_share(statistics: ItemStatistics) -> float:
    """Share of all user-item pairs that have two events or more: milk is bought again, films hardly ever are."""
    pairs = int(statistics.buyers.sum())
    return float((statistics.repeat_rate * statistics.buyers).sum() / pairs) if pairs else 0.0


def item_statistics(parts: Sequence[Interactions], n_items: int, as_of: float, config: TrendConfig) -> ItemStatistics:
    """Count users per item over the interactions of the primary behaviours.

    Args:
        parts: interactions; a user of several behaviours counts once, by the latest event.
        n_items: number of items.
        as_of: seconds since 1970-01-01 UTC.
        config: parameters.
    """
    trend, buyers = np.zeros(n_items), np.zeros(n_items, dtype=np.int64)
    repeated = np.zeros(n_items)
    if parts:
        user = np.concatenate([part.user for part in parts]).astype(np.int64)
        item = np.concatenate([part.item for part in parts]).astype(np.int64)
        last = np.concatenate([part.last_at for part in parts])
        count = np.concatenate([part.count for part in parts])
        pair, where = np.unique(user * n_items + item, return_inverse=True)
        latest, events = np.full(len(pair), -np.inf), np.zeros(len(pair), dtype=np.int64)
        np.maximum.at(latest, where, last)
        np.add.at(events, where, count)
        item = pair % n_items
        np.add.at(trend, item, np.exp2(-(as_of - latest) / SECONDS_PER_DAY / config.half_life))
        np.add.at(buyers, item, 1)
        np.add.at(repeated, item, events > 1)
    return ItemStatistics(
        trend=np.round(trend, 6), buyers=buyers, repeat_rate=np.round(repeated / np.maximum(buyers, 1), 6)
    )
