"""Small logs as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interestgraph.evaluate.log import Log
from interestgraph.model import SECONDS_PER_DAY


def make_log(events: Sequence[tuple[int, int, float]], users: int, items: int, strength: float = 1.0) -> Log:
    """A log of (user, item, day)."""
    rows = sorted(events, key=lambda event: event[2])
    n = len(rows)
    return Log(
        users=tuple(f"u{at:03d}" for at in range(users)),
        items=tuple(f"i{at:03d}" for at in range(items)),
        user=np.array([row[0] for row in rows], dtype=np.int32),
        item=np.array([row[1] for row in rows], dtype=np.int32),
        at=np.array([row[2] for row in rows]) * SECONDS_PER_DAY,
        strength=np.full(n, strength),
        primary=np.ones(n, dtype=bool),
        value=np.full(n, np.nan),
        event=np.arange(n, dtype=np.uint64),
    )


def random_log(users: int = 60, items: int = 40, seed: int = 0) -> Log:
    """Two groups of users with items of their own, and some noise."""
    random = np.random.default_rng(seed)
    events = []
    for user in range(users):
        for _ in range(25):
            half = items // 2
            item = int(random.integers(0, half)) + half * (user % 2)
            if random.random() < 0.1:
                item = int(random.integers(0, items))
            events.append((user, item, float(random.integers(0, 60))))
    return make_log(events, users, items)
