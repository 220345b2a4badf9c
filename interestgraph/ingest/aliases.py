"""Aliases: items and categories that `interestgraph reshape` merged into others.

Logs go on naming them, and the ledger keeps the names of the logs, so that known events stay known. Wherever events
become relationships, histories and catalogue rows, what they were merged into takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from interestgraph.neo4j.connection import Database, Row

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from interestgraph.ingest.hold import Run
    from interestgraph.ingest.record import Event

Names = Mapping[str, str]
"""Id as logs have it -> the id it was merged into."""


class Aliases(NamedTuple):
    """What was merged; the graph has few or none."""

    items: Names
    categories: Names


PATH_SEPARATOR = " > "
"""Joins the names of a category's path into its id."""
NONE = Aliases({}, {})


def read_aliases(database: Database) -> Aliases:
    """All aliases."""
    items = {row["itemId"]: row["into"] for row in database.read("ingest/list_aliases")}
    return Aliases(items, {row["categoryId"]: row["into"] for row in database.read("ingest/list_category_aliases")})


def category_name(name: str, aliases: Names) -> str:
    """A category as the graph knows it: one below a merged category goes with that."""
    names = name.split(PATH_SEPARATOR) if aliases else []
    for end in range(len(names), 0, -1):
        into = aliases.get(PATH_SEPARATOR.join(names[:end]))
        if into is not None:
            return PATH_SEPARATOR.join([into, *names[end:]])
    return name


def renamed(table: ir.Table, column: str, aliases: Names) -> ir.Table:
    """A table of the workspace whose items or categories have the names that the graph knows them by."""
    import ibis

    if not aliases:
        return table
    names = ibis.memtable({"_alias": list(aliases), "_into": list(aliases.values())})
    joined = table.left_join(names, table[column] == names["_alias"])
    return joined.mutate(**{column: ibis.coalesce(joined["_into"], joined[column])}).drop("_alias", "_into")


def without(table: ir.Table, column: str, aliases: Names) -> ir.Table:
    """A table of the workspace without the rows of items that were merged into others."""
    import ibis

    if not aliases:
        return table
    names = ibis.memtable({"_alias": list(aliases)})
    return table.anti_join(names, table[column] == names["_alias"])


def renamed_events(table: pa.Table, aliases: Names, other: str) -> pa.Table:
    """Events of the ledger with the names that the graph knows; those of the behaviour `other` name no items."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not aliases:
        return table
    item = table.column("item")
    place = pc.index_in(item, value_set=pa.array(list(aliases), item.type))
    into = pc.take(pa.array(list(aliases.values()), item.type), place)
    made = pc.if_else(pc.equal(table.column("behaviour"), other), item, pc.coalesce(into, item))
    return table.set_column(table.column_names.index("item"), "item", made)


def renamed_recorded(run: Run, events: Sequence[Event]) -> list[Event]:
    """Recorded events with the names that the graph knows."""
    rows: list[Row] = run("ingest/find_aliases", itemIds=sorted({event.item for event in events}))
    into: dict[str, Any] = {row["itemId"]: row["into"] for row in rows}
    return [replace(event, item=into[event.item]) if event.item in into else event for event in events]
