"""Compaction: the ledger of old events gives up their ids, more than half of its size.

What is compacted stays exact: a load can still be taken out. Only recognition ends: an event from before the moment
that comes again, or late, cannot be told from a known one, and is rejected with that reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from interestgraph.errors import DataError, StateError
from interestgraph.ingest.books import read_books
from interestgraph.ingest.ledger import COMPACTED, COMPACTED_SCHEMA, EVENTS, millis, part, unpacked
from interestgraph.ingest.prepare import naive
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row


@dataclass(frozen=True)
class CompactReport:
    """What a compaction did."""

    before: datetime
    parts: int
    events: int
    """Events whose ids are gone."""
    bytes_before: int
    bytes_after: int


def compact(database: Database, before: datetime, progress: Progress | None = None) -> CompactReport:
    """Compact the parts of the ledger that end before a moment; run again, it goes on where it stopped.

    Args:
        database: the graph.
        before: a moment; without a zone it is taken as UTC.
        progress: called with step, parts done, parts in all.

    Raises:
        DataError: the moment lies after the last event.
        StateError: a load is not complete, or is being taken out.
    """
    moment = millis(naive(before))
    assert moment is not None
    last = max((load["lastEventAt"] for load in read_books(database) if load.get("lastEventAt")), default=None)
    if last is None or before_last(last, moment):
        raise DataError(f"{before:%Y-%m-%d %H:%M} lies after the last event: nothing would be recognised any more")
    # First the loads say so, so that nothing from before is looked for in parts that are on their way.
    database.transact(partial(_begin, moment))
    rows = database.read("ingest/list_parts", kinds=[EVENTS], source=None, first=None, last=None, without=[])
    chosen = [row for row in rows if row["lastMs"] < moment]
    sizes = [0, 0]
    for done, row in enumerate(chosen, start=1):
        found = database.transact(partial(_compact_part, row))
        sizes = [size + more for size, more in zip(sizes, found, strict=True)]
        if progress:
            progress("compacting", done, len(chosen))
    return CompactReport(before, len(chosen), sum(row["rows"] for row in chosen), *sizes)


def before_last(last: object, moment: int) -> bool:
    """Whether an event time of the driver lies before a moment in epoch milliseconds."""
    return int(last.to_native().timestamp() * 1000) < moment  # type: ignore[attr-defined]


def _begin(moment: int, run: Callable[..., list[Row]]) -> None:
    """Note the moment, when nobody writes: an interrupted load has to find its events as it found them before."""
    run("ingest/lock_books")
    for row in run("ingest/list_loads"):
        if row["load"]["status"] != "complete":
            raise StateError(f"load {row['load']['loadId']} is not complete: complete it, or take it out first")
    run("ingest/compact_loads", before=moment)


def _compact_part(row: Row, run: Callable[..., list[Row]]) -> tuple[int, int]:
    """Put a part without ids in the place of one; returns the sizes of their data."""
    if not run("ingest/lock_load", loadId=row["loadId"]):
        raise StateError("a load is being taken out: run the same command again when that is done")
    found = run("ingest/read_part", partId=row["partId"])
    if not found:  # merged by a recorder in the meantime
        return 0, 0
    table = unpacked(found[0]["data"], COMPACTED_SCHEMA.names).cast(COMPACTED_SCHEMA)
    number = row["partId"].rpartition("/")[2]
    made = part(row["loadId"], row["source"], COMPACTED, number, table)
    run("ingest/log_parts", rows=[made])
    run("ingest/drop_parts_by_id", partIds=[row["partId"]])
    return len(found[0]["data"]), len(made["data"])
