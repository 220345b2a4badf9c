"""Writing over Bolt: batches in a fixed order, each noted in the transaction that writes it.

So a load that dies is run again and writes just what is missing: no event counts twice, none is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.aggregate import GraphTables
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row, batched
from interestgraph.neo4j.queries import Query, load_query

BATCH = 10_000
"""Rows in one transaction."""


@dataclass(frozen=True)
class Step:
    """One statement over one table."""

    name: str
    query: Query
    table: ir.Table
    parameters: Row


def write_tables(
    database: Database, load_id: str, spec: LoaderSpec, tables: GraphTables, progress: Progress | None = None
) -> None:
    """Write all tables; batches that an interrupted run has written are passed over."""
    done = {row["batchId"] for row in database.read("ingest/list_batches", loadId=load_id)}
    for step in _steps(database, spec, tables, resumed=bool(done)):
        _run(database, load_id, step, done, progress)


def _steps(database: Database, spec: LoaderSpec, tables: GraphTables, *, resumed: bool) -> Iterator[Step]:
    nodes = [("users", tables.users, "userId"), ("items", tables.items, "itemId")]
    yield Step("categories", load_query("ingest/categories"), tables.categories, {})
    yield Step("category tree", load_query("ingest/child_of"), tables.child_of, {})
    for name, table, key in nodes:
        yield Step(name, load_query(f"ingest/{name}"), _with_properties(table, key), {})
    memberships = tables.in_category.group_by("itemId").agg(categoryIds=ibis._.categoryId.collect())
    yield Step("item categories", load_query("ingest/in_category"), memberships.order_by("itemId"), {})
    for behaviour in spec.behaviours:
        table = tables.interactions.filter(tables.interactions.behaviour == behaviour).drop("behaviour")
        yield _interactions(database, spec, behaviour, table, resumed=resumed)
    for name in ("campaigns", "received", "promotes", "redeemed"):
        yield Step(name, load_query(f"ingest/{name}"), getattr(tables, name), {})


def _interactions(database: Database, spec: LoaderSpec, behaviour: str, table: ir.Table, *, resumed: bool) -> Step:
    """Create where the graph has no such relationship yet (twice as fast), else add to those that are there.

    An interrupted load may have created some of its own, so it goes on with the adding statement: its batches
    hold disjoint pairs, and what is not noted is not written.
    """
    count = database.read(load_query("ingest/count_interactions").for_relationship(behaviour))
    name = f"{behaviour} relationships"
    if not resumed and count[0]["relationships"] == 0:
        query = load_query("ingest/interactions_new").for_relationship(behaviour)
        return Step(name, query, table, {})
    parameters = {
        "halfLife": spec.behaviours[behaviour].half_life,
        "ratings": spec.events.value_meaning == "rating",
    }
    return Step(name, load_query("ingest/interactions").for_relationship(behaviour), table, parameters)


def _with_properties(table: ir.Table, key: str) -> ir.Table:
    return table.select(table[key], properties=ibis.struct({name: table[name] for name in table.columns}))


def _run(database: Database, load_id: str, step: Step, done: set[str], progress: Progress | None) -> None:
    """Write a table, batch by batch. Two sessions at once were tried: they deadlock on popular items, and each
    deadlock costs more than the second session gains."""
    total = int(step.table.count().to_pyarrow().as_py())
    written = 0
    for number, rows in enumerate(parameter_batches(step.table)):
        batch_id = f"{load_id}/{step.name}/{number}"
        if batch_id not in done:
            database.transact(partial(_write_batch, load_id, batch_id, step, rows))
        written += len(rows)
        if progress:
            progress(step.name, written, total)


def _write_batch(load_id: str, batch_id: str, step: Step, rows: list[Row], run: Callable[..., list[Row]]) -> None:
    run(step.query, rows=rows, **step.parameters)
    run("ingest/mark_batch", batchId=batch_id, loadId=load_id)


def parameter_batches(table: ir.Table) -> Iterator[list[Row]]:
    """Rows as parameters for a statement; the tables are stored in order, so batches are the same every time."""
    rows = (row for batch in table.to_pyarrow_batches(chunk_size=BATCH) for row in batch.to_pylist())
    for batch in batched(rows, BATCH):
        yield [_parameters(row) for row in batch]


def _parameters(row: Row) -> Row:
    return {name: _parameter(value) for name, value in row.items()}


def _parameter(value: Any) -> Any:
    if isinstance(value, datetime):
        return epoch_millis(value)
    if isinstance(value, dict):
        return {name: _parameter(part) for name, part in value.items() if part is not None}
    return value


def epoch_millis(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 of a naive UTC moment."""
    return round((moment - datetime(1970, 1, 1)).total_seconds() * 1000)
