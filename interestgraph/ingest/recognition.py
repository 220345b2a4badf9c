"""Single events in the ledger: known ones are recognised in the transaction that records, and small parts are merged.

Each recording transaction adds one part, often a tiny one. When there are `TIER` of them they become parts of the next
level, in the order of time, as in a log-structured merge tree (O'Neil, Cheng, Gawlick and O'Neil, 1996), so that an
event is written anew at most twice, and a reader of a period finds few parts.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from interestgraph.ingest.identity import event_id
from interestgraph.neo4j.connection import Database, Row

if TYPE_CHECKING:
    import numpy as np

    from interestgraph.ingest.record import Event

TIER = 64
"""So many parts of one level become parts of the next."""
LEVELS = 2
"""Parts of this level are not merged any more."""
REMEMBERED = 256
"""Parts whose ids are kept in memory, 0.4 MB each at most."""


class Recognition:
    """Ids of the parts that were looked at last."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, np.ndarray[Any, Any]] = OrderedDict()

    def unseen(self, run: Callable[..., list[Row]], part_ids: Sequence[str], events: Sequence[Event]) -> list[Event]:
        """Events that are in none of the parts, each once.

        Args:
            run: runs a statement in the transaction.
            part_ids: all parts of the events' period.
            events: in their order.
        """
        import numpy as np

        keys = [None if event.key is None else event_id(event.key) for event in events]
        wanted = np.array(sorted({key for key in keys if key is not None}), dtype=np.uint64)
        known: set[int] = set()
        if wanted.size:
            for part_id in part_ids:
                ids = self._read(run, part_id)
                known.update(int(key) for key in wanted[np.isin(wanted, ids)])
        fresh = []
        for event, key in zip(events, keys, strict=True):
            if key is None or key not in known:
                fresh.append(event)
                if key is not None:
                    known.add(key)
        return fresh

    def _read(self, run: Callable[..., list[Row]], part_id: str) -> np.ndarray[Any, Any]:
        import numpy as np

        from interestgraph.ingest.ledger import unpacked

        if part_id not in self._ids:
            rows = run("ingest/read_part", partId=part_id)
            if not rows:  # compacted a moment ago; events of its time are refused
                return np.empty(0, np.uint64)
            self._ids[part_id] = np.sort(unpacked(rows[0]["data"], ["eventId"])["eventId"].to_numpy())
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)
        self._ids.move_to_end(part_id)
        return self._ids[part_id]


def part_of(load_id: str, source: str, events: Sequence[Event], behaviours: Mapping[str, Row]) -> Row:
    """The part of the ledger that holds some recorded events."""
    import pyarrow as pa

    from interestgraph.ingest.ledger import EVENT_SCHEMA, EVENTS, part

    rows = [
        {
            "eventId": secrets.randbits(64) if event.key is None else event_id(event.key),
            "user": event.user,
            "item": event.item,
            "behaviour": event.behaviour,
            "at": datetime.fromtimestamp(event.millis / 1000, UTC).replace(tzinfo=None),
            "strength": float(behaviours[event.behaviour]["strength"]),
            "quantity": None if event.quantity is None else float(event.quantity),
            "value": None if event.value is None else float(event.value),
        }
        for event in sorted(events, key=lambda event: event.millis)
    ]
    table = pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)
    return {**part(load_id, source, EVENTS, uuid4().hex, table), "level": 0}


def merge_small(database: Database, load_id: str) -> None:
    """Merge parts of a load that recording left, level by level, each level in one transaction."""
    import pyarrow as pa

    from interestgraph.ingest.ledger import EVENTS, PART_ROWS, part, unpacked

    def unit(level: int, run: Callable[..., list[Row]]) -> None:
        rows = run("ingest/small_parts", loadId=load_id, level=level)
        if len(rows) < TIER:
            return
        merged = pa.concat_tables([unpacked(row["data"]) for row in rows]).sort_by("at")
        source = rows[0]["source"]
        parts = [
            {**part(load_id, source, EVENTS, uuid4().hex, merged.slice(first, PART_ROWS)), "level": level + 1}
            for first in range(0, merged.num_rows, PART_ROWS)
        ]
        run("ingest/log_parts", rows=parts)
        run("ingest/drop_parts_by_id", partIds=[row["partId"] for row in rows])

    for level in range(LEVELS):
        database.transact(partial(unit, level))
