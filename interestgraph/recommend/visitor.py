"""Recommendations for someone whom the graph does not know: by the items of a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from interestgraph.errors import ConfigurationError
from interestgraph.model import Table
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.catalogue import Catalogue
from interestgraph.recommend.context import unknown_item
from interestgraph.recommend.person import Person
from interestgraph.recommend.recommend import Recommendation, RecommendConfig, recommend_to
from interestgraph.recommend.serving import serving

MINUTE = 1 / 1440
"""Days between two items of a session, for their order."""


def recommend_for(database: Database, items: Sequence[str], config: RecommendConfig) -> Table[Recommendation]:
    """Recommend to an anonymous visitor.

    The items count as chosen once each, a minute apart, the last one just now; interests are their categories. Items
    of the session itself are left out, unless ``mode="again"`` or ``exclude_seen=False`` asks for them.

    Args:
        database: the graph.
        items: ids in the order of the session, at least one.
        config: as for a user.

    Raises:
        UnknownItemError: the graph has no such item.
        ConfigurationError: there are no items.
        StateError: see `recommend`.
    """
    if not items:
        raise ConfigurationError("a session needs at least one item")
    state, _, at = serving(database).people(["an anonymous visitor"], config.as_of)
    missing = [item for item in items if item not in state.catalogue.position]
    if missing:
        raise unknown_item(database, missing[0])
    if config.exclude_seen is None and config.mode != "again":
        config = replace(config, exclude_seen=True)
    return recommend_to(database, state, visitor(state.catalogue, items), at, config)


def visitor(catalogue: Catalogue, items: Sequence[str]) -> Person:
    """The person that a session makes."""
    order = list(dict.fromkeys(reversed(items)))  # the latest first
    numbers = np.array([catalogue.position[item] for item in order], dtype=np.int32)
    sort = np.argsort(numbers)
    ages = np.arange(len(order), dtype=np.float64)[sort] * MINUTE
    ones, none = np.ones(len(order)), np.full(len(order), np.nan)
    share = np.zeros(len(catalogue.categories))
    for number in numbers.tolist():
        start = catalogue.member.start
        for category in catalogue.member.other[start[number] : start[number + 1]].tolist():
            while category >= 0:
                share[category] += 1 / len(order)
                category = int(catalogue.category_parent[category])
    category = np.flatnonzero(share).astype(np.int32)
    return Person(
        user="an anonymous visitor",
        item=numbers[sort],
        weight=ones,
        count=ones,
        first=ages,
        last=ages,
        side_weight=np.zeros(len(order)),
        side_count=np.zeros(len(order)),
        side_last=none,
        category=category,
        share=share[category].astype(np.float32),
        known=False,
    )
