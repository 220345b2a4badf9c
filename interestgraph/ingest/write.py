"""Writing over Bolt: batches in a fixed order, each noted in the transaction that writes it.

So a load that dies is run again and writes just what is missing: no event counts twice, none is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.hold import Hold, Run
from interestgraph.ingest.ledger import Ledger
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Row, batched
from interestgraph.neo4j.queries import Query, load_query

BATCH = 10_000
"""Rows in one transaction."""

LEDGER = "ledger"


@dataclass(frozen=True)
class Step:
    """One statement over batches of rows."""

    name: str
    query: Query
    batches: Iterable[list[Row]]
    total: int
    """Rows in all."""
    parameters: Row

    @classmethod
    def of(cls, name: str, query: Query, table: ir.Table, **parameters: Any) -> Step:
        """A step over a table of the workspace."""
        return cls(name, query, parameter_batches(table), count(table), parameters)


def count(table: ir.Table) -> int:
    """Number of rows."""
    return int(table.count().to_pyarrow().as_py())


def write_tables(
    hold: Hold, spec: LoaderSpec, ledger: Ledger, creates: Collection[str], progress: Progress | None = None
) -> None:
    """Write all tables of a load; batches that an interrupted run has written are passed over.

    The ledger comes first: from it an interrupted load can be taken out again.

    Args:
        hold: the right to write.
        spec: the loader.
        ledger: what is written.
        creates: behaviours whose relationships are created without looking for them, twice as fast: there are none
            yet, and nobody else makes any meanwhile. An interrupted load may have made some of its own, so it goes on
            with the statement that adds to what is there.
        progress: called with step, rows done, rows in all.
    """
    done = {row["batchId"] for row in hold.database.read("ingest/list_batches", loadId=hold.load_id)}
    for step in _steps(spec, ledger, creates):
        _run(hold, step, done, progress)


def _steps(spec: LoaderSpec, ledger: Ledger, creates: Collection[str]) -> Iterator[Step]:
    tables = ledger.tables
    yield Step(LEDGER, load_query("ingest/log_parts"), ([part] for part in ledger.parts()), ledger.size, {})
    yield Step.of("categories", load_query("ingest/categories"), tables.categories)
    yield Step.of("category tree", load_query("ingest/child_of"), tables.child_of)
    for name, table, key in (("users", tables.users, "userId"), ("items", tables.items, "itemId")):
        yield Step.of(name, load_query(f"ingest/{name}"), with_properties(table, key))
    memberships = tables.in_category.group_by("itemId").agg(categoryIds=ibis._.categoryId.collect())
    yield Step.of("item categories", load_query("ingest/in_category"), memberships.order_by("itemId"))
    for behaviour in spec.behaviours:
        table = tables.interactions.filter(tables.interactions.behaviour == behaviour).drop("behaviour")
        yield _interactions(spec, behaviour, table, create=behaviour in creates)
    for name in ("user_days", "item_weeks", "campaigns", "received", "promotes", "redeemed"):
        yield Step.of(name, load_query(f"ingest/{name}"), getattr(tables, name))


def _interactions(spec: LoaderSpec, behaviour: str, table: ir.Table, *, create: bool) -> Step:
    name = f"{behaviour} relationships"
    if create:
        return Step.of(name, load_query("ingest/interactions_new").for_relationship(behaviour), table)
    half_life, ratings = spec.behaviours[behaviour].half_life, spec.events.value_meaning == "rating"
    query = load_query("ingest/interactions").for_relationship(behaviour)
    return Step.of(name, query, table, halfLife=half_life, ratings=ratings)


def with_properties(table: ir.Table, key: str) -> ir.Table:
    """Rows of an id and a map of all properties."""
    return table.select(table[key], properties=ibis.struct({name: table[name] for name in table.columns}))


def _run(hold: Hold, step: Step, done: Collection[str], progress: Progress | None) -> None:
    """Write a table, batch by batch. Two sessions at once were tried: they deadlock on popular items, and each
    deadlock costs more than the second session gains."""
    written = 0
    for number, rows in enumerate(step.batches):
        batch_id = f"{hold.load_id}/{step.name}/{number}"
        if batch_id not in done:
            hold.transact(partial(_write_batch, hold.load_id, batch_id, step, rows))
        written += sum(row["rows"] for row in rows) if step.name == LEDGER else len(rows)
        if progress:
            progress(step.name, written, step.total)


def _write_batch(load_id: str, batch_id: str, step: Step, rows: list[Row], run: Run) -> None:
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
