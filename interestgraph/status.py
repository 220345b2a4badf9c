"""What a graph holds and how far its stages are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import load_query
from interestgraph.recommend.context import read_context


@dataclass(frozen=True)
class GraphStatus:
    """Counts and runs of a graph."""

    version: str
    edition: str
    users: int
    items: int
    categories: int
    campaigns: int
    communities: int
    behaviours: dict[str, int]
    """Behaviour -> relationships between users and items."""
    similar_to: int
    interested_in: int
    relationships: int
    """All relationships."""
    loads: tuple[str, ...]
    """Complete loads."""
    unfinished_loads: tuple[str, ...]
    last_event_at: datetime | None
    enrich_run: str | None
    embedding_run: str | None


def read_status(database: Database) -> GraphStatus:
    """Ask the graph."""
    version, edition = database.server_version()
    (counts,) = database.read("serve/counts")
    context = read_context(database)
    count = load_query("ingest/count_interactions")
    behaviours = {name: database.read(count.for_relationship(name))[0]["relationships"] for name in context.half_lives}
    loads = [row["load"] for row in database.read("ingest/list_loads")]
    return GraphStatus(
        version=version,
        edition=edition,
        users=counts["users"],
        items=counts["items"],
        categories=counts["categories"],
        campaigns=counts["campaigns"],
        communities=counts["communities"],
        behaviours=behaviours,
        similar_to=counts["similarTo"],
        interested_in=counts["interestedIn"],
        relationships=counts["relationships"],
        loads=tuple(load["loadId"] for load in loads if load["status"] == "complete"),
        unfinished_loads=tuple(load["loadId"] for load in loads if load["status"] != "complete"),
        last_event_at=None if context.last_event is None else datetime.fromtimestamp(context.last_event / 1000, UTC),
        enrich_run=context.enrich_run,
        embedding_run=context.embedding_run,
    )
