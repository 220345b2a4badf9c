"""What a load would change, without changing it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.books import check_half_lives, check_loads
from interestgraph.ingest.load import plan, prepared_load
from interestgraph.ingest.prepare import LoadConfig
from interestgraph.ingest.read import workspace
from interestgraph.ingest.write import parameter_batches, with_properties
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import Query, load_query


@dataclass(frozen=True)
class Change:
    """How many of a kind a load would add, and how many it would change."""

    added: int = 0
    changed: int = 0


@dataclass(frozen=True)
class LoadPreview:
    """What a load would do: rows = events + duplicates + outside + rejected."""

    load_id: str
    loader: str
    loaded: bool
    """Whether this load is in the graph already, so that nothing would be done."""
    rows: int = 0
    events: int = 0
    duplicates: int = 0
    outside: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    changes: dict[str, Change] = field(default_factory=dict)
    """``users``, ``items``, ``categories``, ``items in categories``, and each behaviour's relationships."""


def preview(database: Database, config: LoadConfig, progress: Progress | None = None) -> LoadPreview:
    """Read a log and compare it with the graph; nothing is written.

    With `replace`, what is compared is the graph that still holds the load to be replaced.

    Args:
        database: the graph.
        config: what would be loaded.
        progress: called with step, rows done, rows in all.

    Raises:
        The errors of `interestgraph.ingest.load.load`.
    """
    planned = plan(database, config)
    spec, load_id = planned.spec, planned.load_id
    if planned.before is not None and planned.before["status"] == "complete":
        return LoadPreview(load_id, spec.name, loaded=True)
    check_loads(planned.books, planned.entry)
    check_half_lives(database, spec)
    with workspace() as backend:
        made = prepared_load(backend, database, planned, config, datetime.now(UTC))
        tables = made.tables
        memberships = tables.in_category.group_by("itemId").agg(categoryIds=ibis._.categoryId.collect())
        compared: dict[str, tuple[Query, ir.Table]] = {
            "users": (load_query("ingest/preview_users"), with_properties(tables.users, "userId")),
            "items": (load_query("ingest/preview_items"), with_properties(tables.items, "itemId")),
            "categories": (load_query("ingest/preview_categories"), tables.categories),
            "items in categories": (load_query("ingest/preview_in_category"), memberships),
        }
        for name in spec.behaviours if config.only is None else ():
            rows = tables.interactions.filter(tables.interactions.behaviour == name).select("userId", "itemId")
            compared[name] = (load_query("ingest/preview_interactions").for_relationship(name), rows)
        changes = {name: _compared(database, name, *pair, progress) for name, pair in compared.items()}
        return LoadPreview(
            load_id=load_id,
            loader=spec.name,
            loaded=False,
            rows=made.rows,
            events=made.new,
            duplicates=made.duplicates,
            outside=made.outside,
            rejected=made.rejected,
            reasons=made.quarantine.reasons(),
            notes=made.notes,
            changes={name: change for name, change in changes.items() if change != Change()},
        )


def _compared(database: Database, name: str, query: Query, table: ir.Table, progress: Progress | None) -> Change:
    total, done, change = int(table.count().to_pyarrow().as_py()), 0, Change()
    for rows in parameter_batches(table):
        (found,) = database.read(query, rows=rows)
        change = Change(change.added + found["added"], change.changed + found["changed"])
        done += len(rows)
        if progress:
            progress(f"comparing {name}", done, total)
    return change
