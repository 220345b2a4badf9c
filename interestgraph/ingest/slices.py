"""Aggregation in slices, so that its memory does not grow with the log.

DuckDB spills sorts, joins and groups to disk, but not the lists that groups collect. So a long log is cut into
ranges of ids, files that are aggregated one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import ibis.expr.types as ir

SLICE_EVENTS = 4_000_000
"""Events that are aggregated at once: about half a GB of lists."""
COLUMNS = ("user", "item", "behaviour", "at", "strength", "quantity", "value")
"""Of events, that aggregation needs."""


@contextmanager
def sliced(backend: Any, events: ir.Table, by: str, size: int = SLICE_EVENTS) -> Iterator[Sequence[ir.Table]]:
    """Events cut into ranges of ids, the lowest first; all in one where there are few.

    Args:
        backend: the workspace.
        events: with `COLUMNS`.
        by: column of the ids.
        size: events of a range, about.
    """
    starts = _starts(events, by, size)
    if not starts:
        yield [events]
        return
    with TemporaryDirectory(prefix="interestgraph-") as name:
        folder = Path(name) / "slices"
        place = ibis.cases(*((events[by] < start, number) for number, start in enumerate(starts)), else_=len(starts))
        cut = events.select(*COLUMNS).mutate(slice=place.cast("int32"))
        backend.to_parquet(cut, folder, partition_by="slice", compression="lz4")
        yield [
            backend.read_parquet(folder / f"slice={number}" / "*.parquet", hive_partitioning=False)
            for number in range(len(starts) + 1)
        ]


def aggregated(backend: Any, name: str, slices: Sequence[ir.Table], make: Callable[[ir.Table], ir.Table]) -> ir.Table:
    """What `make` makes of each slice, one after the other, as one table of the workspace."""
    first, *others = slices
    made = backend.create_table(name, make(first))
    for part in others:
        backend.insert(name, make(part))
    return made


def _starts(events: ir.Table, by: str, size: int) -> list[Any]:
    """The least id of each range but the first."""
    if int(events.count().to_pyarrow().as_py()) <= size:
        return []
    sizes = events.group_by(id=events[by]).agg(events=ibis._.count())
    running = sizes.mutate(before=sizes.events.sum().over(ibis.cumulative_window(order_by="id")) - sizes.events)
    firsts = running.group_by(place=running.before // size).agg(first=running.id.min()).order_by("first")
    found: list[Any] = firsts.first.to_pyarrow().to_pylist()
    return found[1:]
