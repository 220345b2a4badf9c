"""Taking a load out again: the graph becomes what the other loads say.

Relationships are sums, so those that the load had a part in are added up anew from the ledger of the other loads.
Everything that is written is the final state, not a difference: a run that dies is done again from the beginning. The
ledger of the load goes last, since it is what tells what there is to do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.errors import StateError, UnknownIdError
from interestgraph.ingest.aliases import read_aliases, renamed_events
from interestgraph.ingest.books import read_books
from interestgraph.ingest.buckets import ITEMS, USERS
from interestgraph.ingest.catalogue import restored, restored_behaviours
from interestgraph.ingest.history import history_of
from interestgraph.ingest.hold import Hold, Run, take
from interestgraph.ingest.ledger import COMPACTED, COMPACTED_SCHEMA, EVENTS, read_parts, stored
from interestgraph.ingest.marketing import REDEEMED
from interestgraph.ingest.pruned import take_back
from interestgraph.ingest.read import workspace
from interestgraph.ingest.sums import as_sums, combined
from interestgraph.ingest.write import count, parameter_batches
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import Query, load_query

KEYS = ["user", "item", "behaviour"]
KINDS = [EVENTS, COMPACTED]
"""Parts of the ledger that hold events."""


@dataclass(frozen=True)
class UnloadReport:
    """What was taken out."""

    load_id: str
    events: int
    relationships_removed: int
    relationships_changed: int
    """Relationships that other loads have a part in too."""
    nodes_removed: int
    """Users, items, categories and campaigns that no other load knows."""


def unload(database: Database, load_id: str, progress: Progress | None = None) -> UnloadReport:
    """Take a load out of the graph; derived structure stays as it is until the next enrichment.

    Args:
        database: the graph.
        load_id: which load.
        progress: called with step, rows done, rows in all.

    Raises:
        UnknownIdError: there is no such load.
        StateError: another load was interrupted, or this one is older than the ledger.
    """

    def begin(run: Run, books: list[Row]) -> None:
        known = [load["loadId"] for load in books]
        if load_id not in known:
            raise UnknownIdError(f"no load {load_id}: there are {', '.join(known) or 'none'}")
        for other in books:
            if other["loadId"] != load_id and other["status"] == "writing":
                raise StateError(f"load {other['loadId']} was interrupted: complete it or take it out first")
        start_unload(run, books, load_id)

    hold, _ = take(database, load_id, begin)
    report = take_out(hold, load_id, progress)
    hold.end("ingest/drop_load", loadId=load_id)
    return report


def start_unload(run: Run, books: Iterable[Row], load_id: str) -> None:
    """Note, in the transaction of `run`, that a load is being taken out.

    Raises:
        StateError: it is older than the ledger.
    """
    entry = next(load for load in books if load["loadId"] == load_id)
    if entry["status"] == "complete" and entry["events"]:
        parts = run("ingest/list_parts", kinds=KINDS, source=entry["source"], first=None, last=None, without=[])
        if load_id not in {row["loadId"] for row in parts}:
            raise StateError(f"load {load_id} was made by a version that kept no ledger: it cannot be taken out")
    run("ingest/start_unload", loadId=load_id)


def take_out(hold: Hold, load_id: str, progress: Progress | None = None) -> UnloadReport:
    """Take out all that a load brought; its Load node stays, for the caller to drop."""
    books = read_books(hold.database)
    entry = next(load for load in books if load["loadId"] == load_id)
    others = [load for load in books if load["loadId"] != load_id]
    with workspace() as backend:
        removed, changed = _take_out_relationships(backend, hold, load_id, others, progress)
        _take_out_histories(backend, hold)
        # Recorded events make nodes that no other table of the ledger names.
        events = backend.table("affected").filter(ibis._.behaviour != REDEEMED)
        met = {kind: _distinct(events[name]) for kind, name in (("users", "user"), ("items", "item"))}
    nodes = restored(hold, load_id, [load["loadId"] for load in others], met)
    restored_behaviours(hold, load_id, others)
    while hold.write("ingest/drop_parts", loadId=load_id)[0]["dropped"]:
        pass
    return UnloadReport(load_id, entry["events"], removed, changed, nodes)


def _distinct(column: ir.Value) -> set[str]:
    return set(column.as_table().distinct().to_pyarrow()[column.get_name()].to_pylist())


def _take_out_relationships(
    backend: Any, hold: Hold, load_id: str, others: Sequence[Row], progress: Progress | None
) -> tuple[int, int]:
    """Add up anew what the load had a part in; returns how many relationships are gone, and how many changed."""
    database = hold.database
    parts = database.read("ingest/list_parts", kinds=KINDS, source=None, first=None, last=None, without=[])
    mine, rest = ([row for row in parts if (row["loadId"] == load_id) == own] for own in (True, False))
    sums = sums_of(backend, database, "mine", mine)
    affected = backend.create_table("affected", sums.select(*KEYS).distinct())
    left = sums_of(backend, database, "others", rest).semi_join(affected, KEYS)
    behaviours = {row["name"]: row["halfLife"] for row in database.read("ingest/list_behaviours")}
    # Redemptions have no weight; with them there is a half-life also when all behaviours are gone.
    half_lives = {**behaviours, REDEEMED: math.inf}
    made = backend.create_table("anew", combined(left, half_lives, rated(others, behaviours)))
    gone = backend.create_table("gone", affected.anti_join(made, KEYS))
    done, total = 0, count(affected)
    for name in (*behaviours, REDEEMED):
        for table, statement in ((made, "set"), (gone, "drop")):
            rows = table.filter(table.behaviour == name).order_by("user", "item")
            if name == REDEEMED:
                query = load_query(f"ingest/redeemed_{statement}")
            else:
                query = load_query(f"ingest/interactions_{statement}").for_relationship(name)
            for batch in parameter_batches(rows):
                hold.transact(partial(_set_batch, query, name, batch))
                done += len(batch)
                if progress:
                    progress(f"taking out {load_id}", done, total)
    return count(gone), count(made)


def _set_batch(query: Query, behaviour: str, batch: list[Row], run: Run) -> None:
    """Write final states; those of pruned pairs are in the graph again."""
    take_back(run, behaviour, [(row["user"], row["item"]) for row in batch])
    run(query, rows=batch)


def _take_out_histories(backend: Any, hold: Hold) -> None:
    """Add up anew the histories of the users and items that the load has events of."""
    affected = backend.table("affected").filter(ibis._.behaviour != REDEEMED)
    left = backend.table("others")
    for name, (who, key) in {USERS: ("user", "userId"), ITEMS: ("item", "itemId")}.items():
        keys = affected.select(**{key: affected[who]}, behaviour=affected.behaviour).distinct()
        events = left.semi_join(affected, [who, "behaviour"])
        made = backend.create_table(f"{name}_anew", history_of(events, name))
        gone = keys.anti_join(made, [key, "behaviour"]).order_by(key, "behaviour")
        for table, statement in ((made, "set"), (gone, "drop")):
            for batch in parameter_batches(table):
                hold.write(f"ingest/{name}_{statement}", rows=batch)


def rated(loads: Iterable[Row], behaviours: Iterable[str]) -> list[str]:
    """Behaviours of which the latest value counts: all, where a load says so, else recorded ratings."""
    if any(load.get("ratings") for load in loads):
        return list(behaviours)
    return ["RATED"]


def sums_of(backend: Any, database: Database, name: str, parts: Sequence[Row]) -> ir.Table:
    """The events of some parts, as sums of one event each; items have the names that the graph knows them by."""
    names, aliases = COMPACTED_SCHEMA.names, read_aliases(database).items
    tables = (renamed_events(table, aliases, REDEEMED) for table in read_parts(database, parts, names))
    return as_sums(stored(backend, name, tables, COMPACTED_SCHEMA))
