"""What is near: items of an item, users of a user."""

from __future__ import annotations

from dataclasses import dataclass

from interestgraph.errors import StateError
from interestgraph.model import Table
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.context import check_count, read_context, read_vectors, require_item, require_user
from interestgraph.recommend.texts import path_text


@dataclass(frozen=True)
class SimilarItem:
    """An item near another."""

    item_id: str
    title: str | None
    category: str | None
    brand: str | None
    price: float | None
    together: float | None
    """Score of `SIMILAR_TO` (time-weighted co-occurrence); None: near by embedding only."""
    cosine: float | None
    """Cosine of the embeddings, -1 to 1; None without vectors."""


@dataclass(frozen=True)
class SimilarUser:
    """A user near another."""

    user_id: str
    cosine: float
    """Cosine of the embeddings, -1 to 1."""
    shared_items: int
    """Items that both have a relationship to."""
    interests: tuple[str, ...]
    """Categories that both are most interested in."""


def similar_items(database: Database, item: str, n: int = 10) -> Table[SimilarItem]:
    """The nearest items: those bought together first, then those with the nearest embeddings.

    Raises:
        UnknownItemError: the graph has no such item.
        ConfigurationError: `n` is out of range.
    """
    check_count(n)
    require_item(database, item)
    context = read_context(database)
    vectors = context.embedding_run is not None
    rows = read_vectors(database, context, "serve/similar_items", itemId=item, useVectors=vectors, limit=n)
    found = tuple(
        SimilarItem(
            item_id=row["itemId"],
            title=row["title"],
            category=path_text(row["path"]),
            brand=row["brand"],
            price=row["price"],
            together=row["together"],
            cosine=row["close"],
        )
        for row in rows
    )
    return Table(found, context.notes)


def similar_users(database: Database, user: str, n: int = 10) -> Table[SimilarUser]:
    """The users with the nearest embeddings.

    Raises:
        UnknownUserError: the graph has no such user.
        StateError: the graph has no vectors.
        ConfigurationError: `n` is out of range.
    """
    check_count(n)
    require_user(database, user)
    context = read_context(database)
    if context.embedding_run is None:
        raise StateError("the graph has no vectors to compare users by: run `interestgraph embed`")
    rows = read_vectors(database, context, "serve/similar_users", userId=user, limit=n)
    found = tuple(SimilarUser(row["userId"], row["score"], row["sharedItems"], tuple(row["interests"])) for row in rows)
    return Table(found, () if found else (f"user {user} has no vector: the user had no events when embed ran",))
