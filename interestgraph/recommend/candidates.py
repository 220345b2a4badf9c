"""Candidates: items that one of five sources proposes for a user."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from interestgraph.neo4j.connection import Database, Row, batched
from interestgraph.recommend.context import Context, read_vectors

SOURCES = ("own", "similar", "vector", "category", "trend")
"""Own time-weighted relationships; `SIMILAR_TO` of the strongest of them; nearest embeddings; share of interest in a
category times the item's share of the category's trend; trend over all."""

USERS_PER_QUERY = 100


@dataclass(frozen=True)
class CandidateConfig:
    """How many candidates each source gives."""

    limit: int = 200
    """Most candidates per source."""
    seeds: int = 50
    """How many of the user's strongest items look for similar ones."""
    interests: int = 20
    """How many categories of the user propose items."""


@dataclass(frozen=True)
class Candidates:
    """Source -> (item id, raw score), best first."""

    user: str
    sources: dict[str, list[tuple[str, float]]]


def find_candidates(
    database: Database,
    context: Context,
    users: Sequence[str],
    at: int,
    config: CandidateConfig,
    *,
    exclude_seen: bool = False,
    category: str | None = None,
) -> Iterator[Candidates]:
    """Ask the graph for candidates of known users; unknown users give nothing.

    Args:
        database: the graph.
        context: its state.
        users: user ids.
        at: moment of the weights, epoch milliseconds.
        config: limits.
        exclude_seen: leave out items that the user has a relationship to.
        category: only items of this category and below it.
    """
    parameters = {
        "asOf": at,
        "halfLives": context.half_lives,
        "useVectors": context.embedding_run is not None,
        "excludeSeen": exclude_seen,
        "category": category,
        "limit": config.limit,
        "seeds": config.seeds,
        "interests": config.interests,
    }

    def ask(batch: list[str]) -> list[Row]:
        return read_vectors(database, context, "serve/candidates", userIds=batch, **parameters)

    trend: list[tuple[str, float]] = []
    asked = 0
    for rows in _ahead(ask, batched(users, USERS_PER_QUERY)):
        # One list serves all users; it must still be long enough when a user's own items are taken out.
        needed = config.limit + max((len(row["seen"]) + len(row["disliked"]) for row in rows), default=0)
        if asked < needed:
            asked = needed
            trend = [
                (row["itemId"], row["score"])
                for row in database.read("serve/trending", category=category, limit=needed)
            ]
        for row in rows:
            # What returns or bad ratings outweigh is not proposed by any source.
            out = {*row["seen"], *row["disliked"]}
            sources = {name: [(item, score) for item, score in row[name] if item not in out] for name in SOURCES[:-1]}
            sources["trend"] = [pair for pair in trend if pair[0] not in out][: config.limit]
            yield Candidates(user=row["userId"], sources=sources)


def _ahead(ask: Callable[[list[str]], list[Row]], batches: Iterator[list[str]]) -> Iterator[list[Row]]:
    """Answers in order; for many users the next two are asked for while one is worked on."""
    first = list(islice(batches, 2))
    if len(first) < 2:
        yield from map(ask, first)
        return
    with ThreadPoolExecutor(2) as pool:
        waiting = deque(pool.submit(ask, batch) for batch in first)
        while waiting:
            rows = waiting.popleft().result()
            waiting.extend(pool.submit(ask, batch) for batch in islice(batches, 1))
            yield rows
