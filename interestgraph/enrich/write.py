"""Writing derived structure back: only what differs from the graph is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from interestgraph.errors import StateError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.parts import cut_parts

LINKS_PER_BATCH = 20_000
ROWS_PER_BATCH = 10_000


@dataclass(frozen=True)
class Changes:
    """How many relationships or nodes a write touched."""

    written: int = 0
    removed: int = 0
    total: int = 0

    @property
    def any(self) -> bool:
        """Whether anything differed."""
        return self.written + self.removed > 0


@dataclass(frozen=True)
class Writer:
    """Writes for one enrichment, as long as no other one has begun since."""

    database: Database
    run_id: str
    token: str

    def write(self, query: str, **parameters: Any) -> None:
        """Run a statement in a transaction that holds the run.

        Raises:
            StateError: another enrichment has begun to write.
        """

        def unit(run: Callable[..., list[Row]]) -> None:
            if not run("enrich/hold_run", runId=self.run_id, token=self.token):
                raise StateError("another `interestgraph enrich` has begun on this graph and goes on: this one stops")
            run(query, **parameters)

        self.database.transact(unit)


def sync_links(
    writer: Writer,
    kind: str,
    links: Mapping[tuple[str, str], tuple[Any, ...]],
    properties: Sequence[str],
    progress: Progress | None = None,
) -> Changes:
    """Make the relationships of one kind equal to `links`.

    Args:
        writer: of the enrichment.
        kind: which query files: ``enrich/export_<kind>``, ``drop_<kind>``, ``add_<kind>``, ``put_<kind>``.
        links: (source id, target id) -> values of the properties.
        properties: their names, in that order.
        progress: called with step, rows done, rows in all.
    """
    present: dict[tuple[str, str], tuple[Any, ...]] = {}
    for source, targets, *columns in writer.database.stream(f"enrich/export_{kind}"):
        values = zip(*columns, strict=True) if columns else iter([()] * len(targets))
        present.update(((source, target), value) for target, value in zip(targets, values, strict=True))
    gone = [key for key in present if key not in links]
    new = [key for key in links if key not in present]
    changed = [key for key, value in links.items() if key in present and present[key] != value]
    for verb, keys in (("drop", gone), ("add", new), ("put", changed)):
        done = 0
        for batch in _by_links(_grouped(sorted(keys), links, properties)):
            writer.write(f"enrich/{verb}_{kind}", rows=batch)
            done += sum(len(row["links"]) for row in batch)
            if progress:
                progress(kind.replace("_", " "), done, len(keys))
    return Changes(written=len(new) + len(changed), removed=len(gone), total=len(links))


def _grouped(
    keys: Iterable[tuple[str, str]], links: Mapping[tuple[str, str], tuple[Any, ...]], properties: Sequence[str]
) -> Iterable[Row]:
    for source, group in groupby(keys, key=lambda key: key[0]):
        yield {
            "source": source,
            "links": [{"target": key[1], **dict(zip(properties, links.get(key, ()), strict=False))} for key in group],
        }


def _by_links(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """Batches of about `LINKS_PER_BATCH` relationships."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row["links"])
        if size >= LINKS_PER_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def sync_rows(
    database: Database,
    export: str,
    put: str,
    rows: Sequence[Row],
    key: str,
    progress: Progress | None = None,
    step: str = "",
) -> Changes:
    """Write those of `rows` that differ from what the query `export` returns, matched by `key`."""
    present = {row[key]: row for row in database.read(export)}
    changed = [row for row in rows if present.get(row[key]) != row]
    done = 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        if progress:
            progress(step, done, len(changed))

    # Each batch has nodes of its own, so that two sessions do not wait for each other.
    database.write_batches(put, changed, size=ROWS_PER_BATCH, workers=2, progress=tell)
    return Changes(written=len(changed), total=len(rows))


def sync_parts(writer: Writer, data: bytes) -> Changes:
    """Keep the linear item model as the bytes of a few nodes; nothing is written when it is there already."""
    digest = hashlib.sha256(data).hexdigest()
    pieces = list(cut_parts(data))
    present = [row["hash"] for row in writer.database.read("enrich/linear_hash")]
    if present == [digest] * len(pieces):
        return Changes(total=len(pieces))
    for place, piece in enumerate(pieces):
        writer.write("enrich/put_linear", partId=f"{digest[:12]}-{place}", place=place, hash=digest, data=piece)
    writer.write("enrich/drop_linear", hash=digest)
    return Changes(written=len(pieces), removed=len(present), total=len(pieces))
