"""Aggregation in slices, so that its memory does not grow with the log.

DuckDB spills sorts, joins and groups to disk, but not the lists that groups collect. So a long log is aggregated one
range of ids after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ibis
import ibis.expr.types as ir

SLICE_EVENTS = 8_000_000
"""Events that are aggregated at once: about 1 GB of lists."""


def in_slices(
    backend: Any, name: str, events: ir.Table, by: str, make: Callable[[ir.Table], ir.Table], size: int = SLICE_EVENTS
) -> ir.Table:
    """The table that `make` makes of events, created one range of ids after the other.

    Args:
        backend: the workspace.
        name: of the table.
        events: what is aggregated.
        by: column of ids; `make` groups by it, and orders by it first.
        make: the aggregation.
        size: events of a range, about.
    """
    made: ir.Table | None = None
    for low, high in _ranges(events, by, size):
        part = events if low is None else events.filter(events[by] >= low)
        part = part if high is None else part.filter(part[by] < high)
        if made is None:
            made = backend.create_table(name, make(part))
        else:
            backend.insert(name, make(part))
    assert made is not None, "there is at least one range"
    return made


def _ranges(events: ir.Table, by: str, size: int) -> Iterator[tuple[Any, Any]]:
    """Least id, and the one after the last, of each range; None: there is no limit on that side."""
    starts: list[Any] = []
    if int(events.count().to_pyarrow().as_py()) > size:
        sizes = events.group_by(id=events[by]).agg(events=ibis._.count())
        running = sizes.mutate(before=sizes.events.sum().over(ibis.cumulative_window(order_by="id")) - sizes.events)
        firsts = running.group_by(place=running.before // size).agg(first=running.id.min()).order_by("first")
        starts = firsts.first.to_pyarrow().to_pylist()[1:]
    yield from zip([None, *starts], [*starts, None], strict=True)
