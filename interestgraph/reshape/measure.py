"""What a graph takes and how fast it answers, to be compared before and after."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from interestgraph.analysis.ask import ask
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import load_query
from interestgraph.recommend.context import read_context
from interestgraph.recommend.recommend import RecommendConfig, recommend_many

RELATIONSHIP_BYTES = 34
"""A relationship record of Neo4j Community."""
PROPERTY_BYTES = 41
"""A property record, which holds four blocks of eight bytes."""
PAIR_BLOCKS = 15
"""Blocks of a pair's properties: count 1, weight, value and quantity 2 each, two moments 3 each, weeks 2."""
PAIR_BYTES = RELATIONSHIP_BYTES + PROPERTY_BYTES * -(-PAIR_BLOCKS // 4)
"""What a relationship of a user and an item takes."""


@dataclass(frozen=True)
class Size:
    """How large a graph is."""

    pairs: int
    """Relationships between users and items that have a weight."""
    relationships: int
    """All."""
    items: int
    categories: int
    pruned: int
    """Pairs that are packed beside the graph."""
    pruned_bytes: int
    pair_bytes: int
    """The relationships of pairs, by the size of Neo4j's records."""


@dataclass(frozen=True)
class StateBytes:
    """What the history in the graph takes, on average of the users that have one."""

    users: int
    days: float
    """Days with events, by behaviour."""
    history: float
    """Bytes of the lists of the user's own history."""
    weeks: float
    """Bytes of the weeks on the user's relationships."""


def read_size(database: Database) -> Size:
    """Count."""
    (counts,), (pruned,) = database.read("reshape/sizes"), database.read("reshape/pruned_size")
    count = load_query("ingest/count_interactions")
    pairs = sum(database.read(count.for_relationship(name))[0]["relationships"] for name in _behaviours(database))
    return Size(
        pairs=pairs,
        relationships=counts["relationships"],
        items=counts["items"],
        categories=counts["categories"],
        pruned=pruned["pairs"],
        pruned_bytes=pruned["bytes"],
        pair_bytes=pairs * PAIR_BYTES,
    )


def state_bytes(database: Database) -> StateBytes:
    """Measure histories from the properties that are stored."""
    (found,) = database.read("reshape/history_bytes")
    query = load_query("reshape/week_bytes")
    weeks = sum(database.read(query.for_relationship(name))[0]["bytes"] for name in _behaviours(database))
    users = max(1, found["users"])
    return StateBytes(found["users"], found["days"] / users, found["bytes"] / users, weeks / users)


def query_seconds(database: Database, users: Sequence[str]) -> dict[str, float]:
    """Seconds of typical work: the better of two runs, so that what is read first is in memory.

    Args:
        database: the graph.
        users: whose lists are made, where the graph is enriched.
    """
    export = load_query("enrich/export_interactions")
    names = _behaviours(database)

    def read_all() -> None:
        for name in names:
            for _ in database.stream(export.for_relationship(name)):
                pass

    found = {"reading all relationships": _best(read_all)}
    if read_context(database).enrich_run is not None:
        found["question community_overlap"] = _best(lambda: ask(database, "community_overlap", {}))
        found[f"lists of {len(users)} users"] = _best(lambda: top_lists(database, users))
    return found


def top_lists(database: Database, users: Sequence[str], n: int = 10) -> dict[str, list[str]]:
    """The best items of each user, as lists are served."""
    found = recommend_many(database, users, RecommendConfig(n=n, explain=False))
    return {user: [entry.item for entry in entries] for user, entries in found}


def overlap(before: Mapping[str, Iterable[str]], after: Mapping[str, Iterable[str]]) -> float:
    """Mean share of the lists before that is in those after; 1 where there are none."""
    shares = [len({*before[user]} & {*after[user]}) / len({*before[user]}) for user in before if {*before[user]}]
    return sum(shares) / len(shares) if shares else 1.0


def _behaviours(database: Database) -> list[str]:
    return [row["name"] for row in database.read("ingest/list_behaviours")]


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def some_users(database: Database, most: int) -> list[str]:
    """Users with histories, spread evenly over all of them."""
    return [row["userId"] for row in database.read("reshape/some_users", limit=most)]
