"""What a user will do next: an item's probability, any activity, churn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from interestgraph.errors import ConfigurationError, StateError, UnknownUserError
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.audience import chances, require_ranker
from interestgraph.recommend.context import unknown_item
from interestgraph.recommend.features import user_row
from interestgraph.recommend.serving import serving


@dataclass(frozen=True)
class Bin:
    """Users, or candidates, of about the same predicted probability, that the model did not see."""

    predicted: float
    """Mean predicted probability."""
    observed: float
    """Share that it came true for."""
    count: int


@dataclass(frozen=True)
class Prediction:
    """What is expected of a user within some days after the last event of the graph."""

    user_id: str
    item_id: str | None
    days: float
    probability: float
    """That the user chooses the item, or anything where no item was asked for."""
    churn: float | None
    """Probability of no activity at all; None where an item was asked for."""
    median_days: float | None
    """Days until it happened with probability 1/2, at a constant rate; None: practically never."""
    reliability: tuple[Bin, ...]
    """How far predictions came true on users held out, over the window that the ranker was trained for."""


def predict(database: Database, user: str, item: str | None = None, days: float | None = None) -> Prediction:
    """Predict a user's next purchase: of an item, or of anything.

    The ranker's probabilities are for the window that it was trained for (its `days`), calibrated on users held out
    (isotonic regression). Other spans follow from a constant rate: p(d) = 1 - (1 - p)^(d / window).

    Args:
        database: the graph.
        user, item: ids; no item: anything.
        days: span; None: the window.

    Raises:
        UnknownUserError, UnknownItemError: the graph has no such node.
        StateError: no ranker was trained, or by labels that say nothing of activity.
        ConfigurationError: `days` is not positive.
    """
    if days is not None and not days > 0:
        raise ConfigurationError(f"days must be positive, got {days}")
    state, (person,), _ = serving(database).people([user], None)
    if not person.known:
        raise UnknownUserError(f"the graph has no user {user}: ids are those of the log, as text")
    ranker = require_ranker(state)
    if item is not None:
        if item not in state.catalogue.position:
            raise unknown_item(database, item)
        _, chance = chances(state.catalogue, ranker, person, [state.catalogue.position[item]])
        whole, table = float(chance[0]), ranker.reliability("mixed")
    elif ranker.activity is None:
        raise StateError("the ranker was not trained on a window of time, and only that says when users come back")
    else:
        whole = float(ranker.active(user_row(person)[np.newaxis, :])[0])
        table = ranker.reliability("activity")
    window = float(ranker.info["days"])
    span = window if days is None else days
    rate = -math.log1p(-min(whole, 1 - 1e-9)) / window
    probability = 1 - math.exp(-rate * span)
    return Prediction(
        user_id=user,
        item_id=item,
        days=span,
        probability=round(probability, 6),
        churn=None if item is not None else round(1 - probability, 6),
        median_days=round(math.log(2) / rate, 1) if rate > 1e-6 else None,
        reliability=tuple(Bin(*entry) for entry in table),
    )
