"""The ledger: what every load brought, kept in the graph itself, compressed.

Relationships are sums, which do not tell what they are made of. So each load also keeps its events and the rows of its
other tables, as Parquet (zstd) in the text property `data` of `LogPart` nodes, some 50,000 rows a node. From it come

- recognition: an event whose id is in the ledger of its loader is not added again, whatever file it comes in;
- corrections: a load is taken out by adding up anew what the other loads say (`interestgraph.ingest.unload`);
- compaction: old events lose their ids, which are more than half of their size; they can still be taken out, but no
  longer be recognised (`interestgraph.ingest.compact`).

Parts hold a span of time each, so that a load reads only those of its own time.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from interestgraph.ingest.aggregate import GraphTables
from interestgraph.neo4j.connection import Database, Row

PART_ROWS = 50_000
"""Rows in one part: about 1 MB."""
EVENTS, COMPACTED = "events", "compacted"
"""Kinds of parts: events with their ids, and without."""
TABLES = ("users", "items", "categories", "in_category", "child_of", "campaigns", "received", "promotes")
"""The tables of a load that are kept beside its events."""
DECLARED = "behaviours"
"""Kind of the part with what the loader says of its behaviours."""
EVENT_SCHEMA = pa.schema(
    [
        ("eventId", pa.uint64()),
        ("user", pa.string()),
        ("item", pa.string()),
        ("behaviour", pa.string()),
        ("at", pa.timestamp("ms")),
        ("strength", pa.float64()),
        ("quantity", pa.float64()),
        ("value", pa.float64()),
    ]
)
COMPACTED_SCHEMA = pa.schema([field for field in EVENT_SCHEMA if field.name != "eventId"])


@dataclass(frozen=True)
class Ledger:
    """What a load adds to the ledger: tables in the workspace."""

    load_id: str
    source: str
    """Name of the loader; events are recognised among those of the same one."""
    began: int
    """Epoch milliseconds at which the load began: a load that was taken out and comes again has other parts."""
    behaviours: Sequence[Row]
    """Rows name, strength, halfLife, primary."""
    events: ir.Table
    redemptions: ir.Table
    tables: GraphTables

    @property
    def size(self) -> int:
        """Rows in all parts."""
        tables = (self.events, self.redemptions, *(getattr(self.tables, name) for name in TABLES))
        return len(self.behaviours) + sum(int(table.count().to_pyarrow().as_py()) for table in tables)

    def parts(self) -> Iterator[Row]:
        """Rows for `ingest/log_parts`, the same ones every time."""
        columns = EVENT_SCHEMA.names
        events = ibis.union(self.events.select(*columns), self.redemptions.select(*columns))
        for number, table in enumerate(_slices(events.order_by("at", "eventId"))):
            yield self._part(EVENTS, number, table.cast(EVENT_SCHEMA))
        for name in TABLES:
            rows = getattr(self.tables, name)
            for number, table in enumerate(_slices(rows)):
                yield self._part(name, number, table)
        yield self._part(DECLARED, 0, pa.Table.from_pylist(list(self.behaviours)))

    def _part(self, kind: str, number: int, table: pa.Table) -> Row:
        return part(self.load_id, self.source, kind, f"{self.began}-{number}", table)


def _slices(rows: ir.Table) -> Iterator[pa.Table]:
    """Tables of `PART_ROWS` rows."""
    pending: list[pa.RecordBatch] = []
    size = 0
    for batch in rows.to_pyarrow_batches(chunk_size=PART_ROWS):
        while batch.num_rows:
            taken = batch.slice(0, PART_ROWS - size)
            pending.append(taken)
            size += taken.num_rows
            batch = batch.slice(taken.num_rows)
            if size == PART_ROWS:
                yield pa.Table.from_batches(pending)
                pending, size = [], 0
    if pending:
        yield pa.Table.from_batches(pending)


def part(load_id: str, source: str, kind: str, number: int | str, table: pa.Table) -> Row:
    """One part as a row for `ingest/log_parts`; events are in the order of time."""
    moments = table.column("at") if kind in (EVENTS, COMPACTED) else None
    return {
        "partId": f"{load_id}/{kind}/{number}",
        "loadId": load_id,
        "source": source,
        "kind": kind,
        "rows": table.num_rows,
        "firstMs": None if moments is None else _millis(moments[0]),
        "lastMs": None if moments is None else _millis(moments[-1]),
        "data": _packed(table),
    }


def _millis(moment: Any) -> int:
    return int(moment.cast(pa.timestamp("ms")).value)


def _packed(table: pa.Table) -> str:
    buffer = io.BytesIO()
    plain = {name: "DELTA_BINARY_PACKED" for name in ("at",) if name in table.column_names}
    words = [name for name in table.column_names if name not in ("eventId", *plain)]
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        compression_level=6,
        use_dictionary=words,
        column_encoding=plain,
        write_statistics=False,
        store_schema=False,
    )
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def unpacked(data: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The table of a part."""
    return pq.read_table(io.BytesIO(base64.b64decode(data)), columns=columns)


def read_parts(database: Database, parts: Iterable[Row], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The tables of some parts, one after the other; those that are gone by now are left out.

    Args:
        database: the graph.
        parts: rows with partId, from `ingest/list_parts`.
        columns: only these.
    """
    for row in parts:
        for found in database.read("ingest/read_part", partId=row["partId"]):
            yield unpacked(found["data"], columns)


def stored(backend: Any, name: str, tables: Iterable[pa.Table], schema: pa.Schema) -> ir.Table:
    """Tables, one after the other, as one table of the workspace."""
    made = backend.create_table(name, schema=ibis.Schema.from_pyarrow(schema))
    for table in tables:
        backend.insert(name, table.cast(schema))
    return made


@dataclass(frozen=True)
class Unseen:
    """Events that the ledger does not have."""

    events: ir.Table
    known: int
    """How many it has."""


def unseen(
    backend: Any,
    database: Database,
    name: str,
    events: ir.Table,
    source: str,
    without: Sequence[str],
    check: Callable[[set[str]], None] | None = None,
) -> Unseen:
    """Leave out the events that earlier loads of the same loader brought.

    Args:
        backend: the workspace.
        database: the graph.
        name: of the table that is made.
        events: with eventId and at.
        source: name of the loader.
        without: loads that do not count: the one that is being written, and the one that it replaces.
        check: gets the ids of the loads of the same time, before they are read.
    """
    (span,) = (
        events.agg(first=events["at"].min(), last=events["at"].max(), rows=events.count()).to_pyarrow().to_pylist()
    )
    if not span["rows"]:
        return Unseen(events, 0)
    period = {"first": millis(span["first"]), "last": millis(span["last"])}
    wanted: Row = {"kinds": [EVENTS], "source": source, "without": list(without), **period}
    parts = database.read("ingest/list_parts", **wanted)
    if not parts:
        return Unseen(events, 0)
    if check is not None:
        check({row["loadId"] for row in parts})
    known = stored(backend, f"{name}_known", _ids(database, parts, wanted), pa.schema([EVENT_SCHEMA[0]]))
    new = backend.create_table(f"{name}_unseen", events.anti_join(known, "eventId"))
    rows = int(new.count().to_pyarrow().as_py())
    return Unseen(new, span["rows"] - rows)


def _ids(database: Database, parts: Sequence[Row], wanted: Row) -> Iterator[pa.Table]:
    """The event ids in some parts. Where recorders have merged some meanwhile, those that came of it are read too."""
    done: set[str] = set()
    while parts:
        found = 0
        for table in read_parts(database, parts, ["eventId"]):
            found += 1
            yield table
        done.update(row["partId"] for row in parts)
        gone = found < len(parts)
        parts = (
            [row for row in database.read("ingest/list_parts", **wanted) if row["partId"] not in done] if gone else []
        )


def millis(moment: datetime | None) -> int | None:
    """Epoch milliseconds of a naive UTC moment."""
    return None if moment is None else round((moment - datetime(1970, 1, 1)).total_seconds() * 1000)
