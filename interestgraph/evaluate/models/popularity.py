"""Popularity: the same list for everyone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.models.base import Fit, Model, Parameters, combinations
from interestgraph.evaluate.ranking import Scorer
from interestgraph.model import SECONDS_PER_DAY


def users_per_item(log: Log, since: float = -np.inf) -> NDArray[np.float32]:
    """Users who chose an item after `since` (seconds), shape (items,); 0 where none did."""
    recent = log.only(log.at > since).chosen()
    return np.bincount(recent.indices, minlength=log.shape[1]).astype(np.float32)


def _start(log: Log) -> Fit:
    def fit(parameters: Parameters) -> Scorer:
        days = parameters.get("days")
        since = -np.inf if days is None else log.end - float(days) * SECONDS_PER_DAY
        count = users_per_item(log, since)
        # Items that nobody chose lately come last, by their users in all, rather than by their place.
        score = count + users_per_item(log) / (len(log.users) + 1)

        def scores(users: NDArray[np.int32]) -> NDArray[np.float32]:
            return np.broadcast_to(score, (len(users), len(score)))

        return scores

    return fit


POPULARITY = Model("popularity", "most users, of all time", _start, ({},), personal=False)
RECENT = Model(
    "recent popularity",
    "most users in the last days; window tuned",
    _start,
    combinations(days=(14, 3, 7, 30, 60, 120)),
    personal=False,
)
