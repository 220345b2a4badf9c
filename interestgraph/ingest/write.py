"""Writing over Bolt: batches in a fixed order, each noted in the transaction that writes it.

So a load that dies is run again and writes just what is missing: no event counts twice, none is lost.

Several sessions write at once where that can be without deadlocks: nodes, and relationships in rounds in which each
session has users and items that no other one has (a Latin square of the blocks that ids fall into).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from interestgraph.ingest.hold import Hold, Run
from interestgraph.ingest.identity import epoch_ms, hashed
from interestgraph.ingest.ledger import Ledger
from interestgraph.ingest.pruned import take_back
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Row, batched
from interestgraph.neo4j.queries import Query, load_query

BATCH = 10_000
"""Rows in one transaction."""

LANES = 2
"""Sessions that write at once."""

LEDGER = "ledger"
_KEY, _LAST = "_key", 1 << 40


@dataclass(frozen=True)
class Batch:
    """Rows of one transaction."""

    rows: list[Row]
    lane: int = 0
    """Which session writes it."""
    round: int = 0
    """Batches of one round do not touch what batches of other sessions touch; rounds come one after the other."""


@dataclass(frozen=True)
class Step:
    """One statement over batches of rows."""

    name: str
    query: Query
    batches: Iterable[Batch]
    total: int
    """Rows in all."""
    parameters: Row
    behaviour: str | None = None
    """Of relationships that events are added to; pruned ones are taken back first."""

    @classmethod
    def of(cls, name: str, query: Query, table: ir.Table, **parameters: Any) -> Step:
        """A step over a table of the workspace."""
        return cls(name, query, map(Batch, parameter_batches(table)), count(table), parameters)

    @classmethod
    def of_nodes(cls, name: str, query: Query, table: ir.Table) -> Step:
        """A step over nodes, each of which is in one row: any session may write any of them."""
        batches = (Batch(rows, number % LANES) for number, rows in enumerate(parameter_batches(table)))
        return cls(name, query, batches, count(table), {})

    @classmethod
    def of_interactions(
        cls, name: str, query: Query, table: ir.Table, behaviour: str | None = None, **parameters: Any
    ) -> Step:
        """A step over relationships of users to items."""
        return cls(name, query, _laned(table), count(table), parameters, behaviour)


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
    hold.open_lanes(LANES)
    for step in _steps(spec, ledger, creates):
        _run(hold, step, done, progress)


def _steps(spec: LoaderSpec, ledger: Ledger, creates: Collection[str]) -> Iterator[Step]:
    tables = ledger.tables
    yield Step(LEDGER, load_query("ingest/log_parts"), (Batch([part]) for part in ledger.parts()), ledger.size, {})
    yield Step.of("categories", load_query("ingest/categories"), tables.categories)
    yield Step.of("category tree", load_query("ingest/child_of"), tables.child_of)
    for name, table, key in (("users", tables.users, "userId"), ("items", tables.items, "itemId")):
        yield Step.of_nodes(name, load_query(f"ingest/{name}"), with_properties(table, key))
    memberships = tables.in_category.group_by("itemId").agg(categoryIds=ibis._.categoryId.collect())
    yield Step.of("item categories", load_query("ingest/in_category"), memberships.order_by("itemId"))
    for behaviour in spec.behaviours:
        table = tables.interactions.filter(tables.interactions.behaviour == behaviour).drop("behaviour")
        yield _interactions(spec, behaviour, table, create=behaviour in creates)
    for name in ("user_days", "item_weeks"):
        yield from _histories(name, getattr(tables, name), creates)
    for name in ("campaigns", "received", "promotes", "redeemed"):
        yield Step.of(name, load_query(f"ingest/{name}"), getattr(tables, name))


def _histories(name: str, table: ir.Table, creates: Collection[str]) -> Iterator[Step]:
    """Histories of behaviours that have none yet are created, to the others is added."""
    new = table.behaviour.isin(list(creates)) if creates else ibis.literal(False)
    yield Step.of(f"new {name}", load_query(f"ingest/{name}_new"), table.filter(new))
    yield Step.of(name, load_query(f"ingest/{name}"), table.filter(~new))


def _interactions(spec: LoaderSpec, behaviour: str, table: ir.Table, *, create: bool) -> Step:
    name = f"{behaviour} relationships"
    if create:
        return Step.of_interactions(name, load_query("ingest/interactions_new").for_relationship(behaviour), table)
    half_life, ratings = spec.behaviours[behaviour].half_life, spec.events.value_meaning == "rating"
    query = load_query("ingest/interactions").for_relationship(behaviour)
    return Step.of_interactions(name, query, table, behaviour, halfLife=half_life, ratings=ratings)


def with_properties(table: ir.Table, key: str) -> ir.Table:
    """Rows of an id and a map of all properties."""
    table = _in_millis(table)
    return table.select(table[key], properties=ibis.struct({name: table[name] for name in table.columns}))


def _in_millis(table: ir.Table) -> ir.Table:
    """Moments as epoch milliseconds: the conversion of Python's own would take longer than all the rest."""
    moments = [name for name in table.columns if table[name].type().is_timestamp()]
    return table.mutate(**{name: epoch_ms(table[name]) for name in moments}) if moments else table


def _run(hold: Hold, step: Step, done: Collection[str], progress: Progress | None) -> None:
    """Write a table, batch by batch; while a session writes one, its next is made ready."""
    written = 0
    running: dict[int, Future[int]] = {}

    def settle(lane: int) -> None:
        nonlocal written
        if lane in running:
            written += running.pop(lane).result()
            if progress:
                progress(step.name, written, step.total)

    with ThreadPoolExecutor(LANES) as sessions:
        last_round = 0
        for number, batch in enumerate(step.batches):
            for lane in list(running) if batch.round != last_round else [batch.lane]:
                settle(lane)
            last_round = batch.round
            batch_id = f"{hold.load_id}/{step.name}/{number}"
            running[batch.lane] = sessions.submit(_write, hold, step, batch, None if batch_id in done else batch_id)
        for lane in list(running):
            settle(lane)


def _write(hold: Hold, step: Step, batch: Batch, batch_id: str | None) -> int:
    """Write a batch, unless it is written; returns how many rows it stands for."""
    if batch_id is not None:
        hold.transact(partial(_write_batch, hold.load_id, batch_id, step, batch.rows), batch.lane)
    return sum(row["rows"] for row in batch.rows) if step.name == LEDGER else len(batch.rows)


def _laned(table: ir.Table) -> Iterator[Batch]:
    """Relationships in batches for all sessions in turn.

    In round r, session s writes those of the users of block s with the items of block s + r.
    """
    lane, block = ((hashed(table[key]) % LANES).cast("int64") for key in ("userId", "itemId"))
    placed = table.mutate(_lane=lane, _round=(block - lane + LANES) % LANES)
    window = ibis.window(group_by=["_round", "_lane"], order_by=["userId", "itemId"])
    placed = placed.mutate(_number=ibis.row_number().over(window) // BATCH)
    key = placed["_round"] * _LAST + placed["_number"] * LANES + placed["_lane"]
    ordered = placed.mutate(**{_KEY: key}).drop("_lane", "_round", "_number").order_by(_KEY, "userId", "itemId")
    for found, rows in _runs(_in_millis(ordered)):
        yield Batch(rows.drop_columns([_KEY]).to_pylist(), found % _LAST % LANES, found // _LAST)


def _runs(table: ir.Table) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each value of the key, by which the table is ordered."""
    pending: list[pa.RecordBatch] = []
    last = -1
    for batch in table.to_pyarrow_batches(chunk_size=BATCH):
        keys = batch.column(_KEY).to_numpy()
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        cuts = [0, *starts.tolist(), batch.num_rows]
        for start, end in pairwise(cuts):
            if start == end:
                continue
            if pending and keys[start] != last:
                yield last, pa.Table.from_batches(pending)
                pending = []
            last = int(keys[start])
            pending.append(batch.slice(start, end - start))
    if pending:
        yield last, pa.Table.from_batches(pending)


def _write_batch(load_id: str, batch_id: str, step: Step, rows: list[Row], run: Run) -> None:
    if step.behaviour is not None:
        pairs = [(row["userId"], row["itemId"]) for row in rows]
        if back := take_back(run, step.behaviour, pairs):
            run(step.query, rows=back, **step.parameters)
    run(step.query, rows=rows, **step.parameters)
    run("ingest/mark_batch", batchId=batch_id, loadId=load_id)


def parameter_batches(table: ir.Table) -> Iterator[list[Row]]:
    """Rows as parameters for a statement; the tables are stored in order, so batches are the same every time."""
    batches = _in_millis(table).to_pyarrow_batches(chunk_size=BATCH)
    for rows in batched((row for batch in batches for row in batch.to_pylist()), BATCH):
        for row in rows:
            if isinstance(properties := row.get("properties"), dict):
                row["properties"] = {name: value for name, value in properties.items() if value is not None}
        yield rows


def epoch_millis(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 of a naive UTC moment."""
    return round((moment - datetime(1970, 1, 1)).total_seconds() * 1000)
