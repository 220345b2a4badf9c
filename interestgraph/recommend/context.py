"""What serving needs to know of a graph before the first candidate, and the checks of names that users give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from interestgraph.errors import (
    ConfigurationError,
    QueryError,
    StateError,
    UnknownIdError,
    UnknownItemError,
    UnknownUserError,
)
from interestgraph.model import utc
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import load_query

RARELY_REPEATED = 0.05
"""Share of pairs with two events or more below which lists leave out what the user already chose, unless asked."""


@dataclass(frozen=True)
class Context:
    """The state of a graph."""

    half_lives: dict[str, float]
    """Behaviour -> days."""
    primary: tuple[str, ...]
    """The behaviours that are recommended for."""
    last_event: int | None
    """Epoch milliseconds; None: the graph holds no events."""
    enrich_run: str | None
    """The complete enrichment, if there is one."""
    embedding_run: str | None
    """The run whose vectors serve, if there is one."""
    repeat_share: float | None = None
    """Share of user-item pairs with two events or more, as of the enrichment."""
    vectors_beside: bool = False
    """Whether vectors and their indexes are the ones beside the usual place, as while other dimensions come in."""

    def leaves_out_seen(self, asked: bool | None) -> bool:
        """Whether lists leave out what the user already chose: as asked, else where hardly anything is chosen twice."""
        if asked is not None:
            return asked
        return self.repeat_share is not None and self.repeat_share < RARELY_REPEATED

    def moment(self, as_of: datetime | None) -> int:
        """`as_of` in epoch milliseconds, by default the latest event.

        Raises:
            StateError: the graph holds no events, or `as_of` lies before the latest.
        """
        if self.last_event is None:
            raise StateError("the graph holds no events yet: `interestgraph load` brings them")
        if as_of is None:
            return self.last_event
        at = round(utc(as_of).timestamp() * 1000)
        if at < self.last_event:
            last = datetime.fromtimestamp(self.last_event / 1000, UTC)
            raise StateError(
                f"--as-of {utc(as_of):%Y-%m-%d %H:%M:%S} lies before the latest event in the graph "
                f"({last:%Y-%m-%d %H:%M:%S} UTC): weights cannot be read earlier than that"
            )
        return at

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing for full answers."""
        found = []
        if self.enrich_run is None:
            found.append("the graph is not enriched (or enrich runs or was interrupted): run `interestgraph enrich`")
        if self.embedding_run is None:
            found.append("the graph has no vectors (or embed was interrupted): run `interestgraph embed`")
        return tuple(found)


def read_context(database: Database) -> Context:
    """Ask the graph for its state."""
    row: Row = database.read("serve/context")[0]
    return Context(
        half_lives={part["name"]: part["halfLife"] for part in row["behaviours"]},
        primary=tuple(part["name"] for part in row["behaviours"] if part["primary"]),
        last_event=row["lastEventAt"],
        enrich_run=row["enrichRun"],
        embedding_run=row["embeddingRun"],
        repeat_share=row["repeatShare"],
        vectors_beside=row["vectorsBeside"],
    )


def read_vectors(database: Database, context: Context, name: str, **parameters: Any) -> list[Row]:
    """Run a statement that reads vectors, where those that serve are.

    A statement that meets the very moment in which vectors of other dimensions take over is run again.
    """

    def ask(beside: bool) -> list[Row]:
        query = load_query(name)
        return database.read(query.beside() if beside else query, **parameters)

    try:
        return ask(context.vectors_beside)
    except QueryError:
        now = read_context(database)
        if now.vectors_beside == context.vectors_beside:
            raise
        return ask(now.vectors_beside)


def user_exists(database: Database, user: str) -> bool:
    """Whether the graph has the user."""
    return bool(database.read("serve/user_exists", userId=user)[0]["known"])


def require_user(database: Database, user: str) -> None:
    """Refuse an unknown user.

    Raises:
        UnknownUserError: the graph has no such user.
    """
    if not user_exists(database, user):
        raise UnknownUserError(f"the graph has no user {user}: ids are those of the log, as text")


def require_item(database: Database, item: str) -> None:
    """Refuse an unknown item.

    Raises:
        UnknownItemError: the graph has no such item.
    """
    if not database.read("serve/items_exist", itemIds=[item]):
        raise unknown_item(database, item)


def unknown_item(database: Database, item: str) -> UnknownItemError:
    """The error of an item that the graph does not have; it names the one that it was merged into."""
    merged = database.read("ingest/find_aliases", itemIds=[item])
    if merged:
        return UnknownItemError(f"item {item} was merged into {merged[0]['into']}: ask for that one")
    return UnknownItemError(f"the graph has no item {item}: ids are those of the log, as text")


def resolve_category(database: Database, name: str | None) -> str | None:
    """The id of the category that `name` means: an id, or a name that only one category has.

    Raises:
        UnknownIdError: there is none.
        ConfigurationError: several categories have that name.
    """
    if name is None or database.read("serve/category_exists", category=name)[0]["known"]:
        return name
    found = [row["categoryId"] for row in database.read("serve/find_categories", name=name)]
    if not found:
        raise UnknownIdError(f"the graph has no category {name}")
    if len(found) > 1:
        raise ConfigurationError(f"category {name} may be any of: {'; '.join(found)}")
    return str(found[0])


def check_count(n: int, most: int = 1000) -> None:
    """Refuse a number of results out of range.

    Raises:
        ConfigurationError: `n` is not in 1..most.
    """
    if not 1 <= n <= most:
        raise ConfigurationError(f"n must be from 1 to {most}, got {n}")
