"""Recommendations for users, and trending items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from interestgraph.model import Table
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.blend import BlendConfig, Scored, blend
from interestgraph.recommend.candidates import CandidateConfig, find_candidates
from interestgraph.recommend.context import (
    Context,
    check_count,
    read_context,
    resolve_category,
    user_exists,
)
from interestgraph.recommend.texts import path_text, reason


@dataclass(frozen=True)
class RecommendConfig:
    """How to recommend."""

    n: int = 10
    """Length of the list, 1 to 1000."""
    exclude_seen: bool | None = None
    """Leave out items that the user has a relationship to; None: where hardly anything is chosen twice, as with films
    (see `interestgraph.recommend.context.RARELY_REPEATED`)."""
    category: str | None = None
    """Only items of this category (id, or a name that only one has) and below it."""
    as_of: datetime | None = None
    """Moment the weights are read at; None: the latest event."""
    candidates: CandidateConfig = field(default_factory=CandidateConfig)
    blend: BlendConfig = field(default_factory=BlendConfig)

    def __post_init__(self) -> None:
        check_count(self.n)


@dataclass(frozen=True)
class Recommendation:
    """One recommended item."""

    item_id: str
    title: str | None
    category: str | None
    """Path of the category, joined by " > "."""
    brand: str | None
    price: float | None
    score: float
    sources: dict[str, float]
    """Source -> what it adds to the score, largest first."""
    reason: str


@dataclass(frozen=True)
class TrendingItem:
    """One item of the trend list."""

    item_id: str
    title: str | None
    category: str | None
    brand: str | None
    price: float | None
    trend: float
    """Recent users, see `interestgraph.enrich.trends`."""
    buyers: int
    repeat_rate: float


def recommend(database: Database, user: str, config: RecommendConfig) -> Table[Recommendation]:
    """Recommend items to a user; an unknown or new user gets trending items, and a note that says so.

    Raises:
        UnknownIdError: there is no such category.
        StateError: the graph holds no events, or `as_of` lies before the latest.
    """
    context = read_context(database)
    at = context.moment(config.as_of)
    category = resolve_category(database, config.category)
    found = list(_scored(database, context, [user], at, category, config))
    notes = list(context.notes)
    scored = found[0][1] if found else []
    if all(set(entry.parts) == {"trend"} for entry in scored):
        notes.insert(0, f"{_why_trending(database, user)}: trending items")
        if not found:
            scored = _trend_only(database, category, config)
    rows = _described(database, context, user, scored, at, config)
    return Table(tuple(rows), tuple(notes))


def recommend_items(
    database: Database, users: Sequence[str], config: RecommendConfig
) -> Iterator[tuple[str, list[Scored]]]:
    """The lists of many users as item ids and scores, without titles and reasons; for batches and evaluation.

    Unknown users are left out.
    """
    context = read_context(database)
    category = resolve_category(database, config.category)
    return _scored(database, context, users, context.moment(config.as_of), category, config)


def _scored(
    database: Database,
    context: Context,
    users: Sequence[str],
    at: int,
    category: str | None,
    config: RecommendConfig,
) -> Iterator[tuple[str, list[Scored]]]:
    found = find_candidates(
        database,
        context,
        users,
        at,
        replace(config.candidates, limit=max(config.candidates.limit, config.n)),
        exclude_seen=context.leaves_out_seen(config.exclude_seen),
        category=category,
    )
    for candidates in found:
        yield candidates.user, blend(candidates, config.blend, config.n)


def _why_trending(database: Database, user: str) -> str:
    if not user_exists(database, user):
        return f"user {user} is not in the graph"
    active = database.read("serve/user_is_active", userId=user)[0]["active"]
    return f"nothing that user {user} did leads to such items" if active else f"user {user} has no events yet"


def _trend_only(database: Database, category: str | None, config: RecommendConfig) -> list[Scored]:
    rows = database.read("serve/trending", category=category, limit=config.n)
    top = rows[0]["score"] if rows else 1.0
    return [Scored(row["itemId"], row["score"] / top, {"trend": row["score"] / top}) for row in rows]


def _described(
    database: Database, context: Context, user: str, scored: Sequence[Scored], at: int, config: RecommendConfig
) -> Iterator[Recommendation]:
    facts = database.read(
        "serve/reasons",
        userId=user,
        itemIds=[entry.item for entry in scored],
        asOf=at,
        halfLives=context.half_lives,
        seeds=config.candidates.seeds,
    )
    by_item: dict[str, Any] = {row["itemId"]: row for row in facts}
    for entry in scored:
        row = by_item[entry.item]
        yield Recommendation(
            item_id=entry.item,
            title=row["title"],
            category=path_text(row["path"]),
            brand=row["brand"],
            price=row["price"],
            score=round(entry.score, 6),
            sources={name: round(part, 6) for name, part in entry.parts.items()},
            reason=reason(entry.parts, row, at),
        )


def trending(database: Database, n: int = 10, category: str | None = None) -> Table[TrendingItem]:
    """Items with the strongest trend.

    Raises:
        UnknownIdError: there is no such category.
        ConfigurationError: `n` is out of range.
    """
    check_count(n)
    context = read_context(database)
    rows = database.read("serve/trending", category=resolve_category(database, category), limit=n)
    items = tuple(
        TrendingItem(
            item_id=row["itemId"],
            title=row["title"],
            category=path_text(row["path"]),
            brand=row["brand"],
            price=row["price"],
            trend=row["score"],
            buyers=row["buyers"],
            repeat_rate=row["repeatRate"],
        )
        for row in rows
    )
    return Table(items, () if context.enrich_run else context.notes[:1])
