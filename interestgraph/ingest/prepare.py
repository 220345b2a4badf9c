"""Everything of a load before its write: read, derive, clean, leave out what is known, aggregate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, overload

import ibis
import ibis.expr.types as ir

from interestgraph.errors import DataError
from interestgraph.ingest.aggregate import GraphTables, build_tables
from interestgraph.ingest.aliases import Aliases, read_aliases
from interestgraph.ingest.books import check_identity, horizon_of
from interestgraph.ingest.clean import CleanEvents, clean_events
from interestgraph.ingest.derive import derive
from interestgraph.ingest.faults import settled
from interestgraph.ingest.identity import identity_columns
from interestgraph.ingest.ledger import EVENT_SCHEMA, Unseen, unseen
from interestgraph.ingest.marketing import redemptions
from interestgraph.ingest.quarantine import Quarantine, allowed
from interestgraph.ingest.read import read_files
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.model import utc
from interestgraph.neo4j.connection import Database, Row

Only = Literal["items", "users"]


@dataclass(frozen=True)
class LoadConfig:
    """What to load."""

    loader: str
    """Name of a shipped specification, or path of a TOML file."""
    data: Path | None = None
    """File or folder; None: the package that brings the data."""
    since: datetime | None = None
    """Only events at or after this moment."""
    until: datetime | None = None
    """Only events before this moment."""
    only: Only | None = None
    """Only the catalogue (``items``) or the users' attributes (``users``), without events."""
    max_rejected: str | None = None
    """Nothing is written when more rows are rejected: a number of rows, or ``1%`` of those read."""
    replace: str | None = None
    """Id of a load that is taken out first."""
    keep: Path | None = None
    """Parquet file with a column ``eventId``: only these events, as an evaluation chooses them; None: all."""

    @property
    def period(self) -> tuple[datetime | None, datetime | None]:
        """`since` and `until` as naive UTC."""
        since, until = self.since, self.until
        return None if since is None else naive(since), None if until is None else naive(until)


@dataclass(frozen=True)
class Prepared:
    """A load as tables in the workspace; every row of the log is one of the counts.

    rows = events + duplicates + outside + rejected.
    """

    events: ir.Table
    """New events."""
    redemptions: ir.Table
    """New redemptions of coupons, as events."""
    tables: GraphTables
    identity: tuple[str, ...]
    """Columns that the identity of events rests on."""
    rows: int
    new: int
    duplicates: int
    """Rows that are events of this log or of an earlier load already."""
    outside: int
    """Events outside of the period."""
    rejected: int
    quarantine: Quarantine
    notes: tuple[str, ...]


@overload
def naive(moment: datetime) -> datetime: ...
@overload
def naive(moment: None) -> None: ...
def naive(moment: datetime | None) -> datetime | None:
    """A moment in UTC, without its zone, as the tables have it."""
    return None if moment is None else utc(moment).replace(tzinfo=None)


def narrowed(spec: LoaderSpec, only: Only | None) -> LoaderSpec:
    """The specification without what an update of items or users alone does not read.

    Raises:
        DataError: the loader has no such part.
    """
    if only is None:
        return spec
    part = spec.items if only == "items" else spec.users
    if part is None:
        raise DataError(f"loader {spec.name} has no [{only}] table: nothing to update")
    needed = {part.file, *(join.lookup for join in spec.joins if join.file == part.file)}
    if only == "items" and spec.items is not None and spec.items.category_tree is not None:
        needed.add(spec.items.category_tree.file)
    left_out = dict.fromkeys(("campaigns", "received", "promotes", "redeemed", "users" if only == "items" else "items"))
    return spec.model_copy(
        update={
            "files": {name: pattern for name, pattern in spec.files.items() if name in needed},
            "joins": tuple(join for join in spec.joins if join.file in needed),
            **left_out,
        }
    )


def prepare(
    backend: Any,
    database: Database,
    spec: LoaderSpec,
    files: Mapping[str, Sequence[Path]],
    config: LoadConfig,
    *,
    now: datetime,
    books: Sequence[Row],
    without: Sequence[str] = (),
    rejected_file: Path | None = None,
) -> Prepared:
    """Everything before the write.

    Args:
        backend: the workspace.
        database: the graph, whose ledger tells which events are known.
        spec: the loader, `narrowed`.
        files: from `find_files`.
        config: what to load.
        now: present time (naive, UTC).
        books: Load nodes.
        without: loads whose events do not count as known.
        rejected_file: where the rejected rows go when it is because of them that the load stops here.

    Raises:
        ConfigurationError: `max_rejected` is no limit.
        DataError: a file or column is missing or wrong, nothing is left to load, or too many rows are rejected.
        StateError: rows were recognised by other columns before.
    """
    limit = config.max_rejected
    if limit is not None:
        allowed(limit, 0)  # a wrong one is told before anything is read
    read = {name: read_files(backend, paths, spec.formats.get(name)) for name, paths in files.items() if paths}
    since, until = config.period
    raw = derive(read, spec, until)
    aliases = read_aliases(database)
    if config.only is not None:
        return _nodes_only(backend, spec, raw, files, limit, rejected_file, aliases)
    log = spec.events.file
    identity = identity_columns(read[log], spec)
    clean = clean_events(
        backend,
        raw[log],
        spec,
        now=now,
        since=since,
        until=until,
        horizon=horizon_of(books, spec.name),
        identity=identity,
        files=files[log],
    )
    if config.keep is not None:
        clean = clean.only(backend, config.keep)
    if clean.kept == 0:
        raise _nothing(clean, spec, files[log], rejected_file)

    def check(loads: set[str]) -> None:
        check_identity(books, loads, spec.name, identity)

    new = unseen(backend, database, "events", clean.events, spec.name, without, check)

    def aggregated() -> tuple[Unseen, int, GraphTables]:
        redeemed, unusable = redemptions(backend, spec, raw, since, until)
        coupons = unseen(backend, database, "redemptions", redeemed, spec.name, without)
        tables = build_tables(backend, spec, new.events, raw, since, until, coupons.events, aliases)
        return coupons, unusable, tables

    coupons, unusable, tables = settled(backend, aggregated)
    quarantine = Quarantine.of(backend, clean.rejected, clean.rejected_count, files[log])
    quarantine.check(limit, clean.read + quarantine.elsewhere, rejected_file)
    return Prepared(
        events=new.events,
        redemptions=coupons.events,
        tables=tables,
        identity=identity,
        rows=clean.read,
        new=clean.kept - new.known,
        duplicates=clean.duplicates + new.known,
        outside=clean.outside,
        rejected=clean.rejected_count,
        quarantine=quarantine,
        notes=tuple(_notes(tables, quarantine, unusable)),
    )


def _nothing(clean: CleanEvents, spec: LoaderSpec, log: Sequence[Path], rejected_file: Path | None) -> DataError:
    """What to say of a log without a usable event."""
    quarantine = Quarantine(clean.rejected, clean.rejected_count)
    outside = f"{clean.outside} outside of the period" if clean.outside else ""
    found = ", ".join(filter(None, [quarantine.told(), outside])) or "it has no rows"
    where = ", ".join(str(path) for path in log)
    return DataError(
        f"{where} has no usable event for loader {spec.name} ({found}): nothing was loaded"
        f"{quarantine.kept_in(rejected_file)}"
    )


def _nodes_only(
    backend: Any,
    spec: LoaderSpec,
    raw: Mapping[str, ir.Table],
    files: Mapping[str, Sequence[Path]],
    limit: str | None,
    rejected_file: Path | None,
    aliases: Aliases,
) -> Prepared:
    """An update of items or users: no events, and the rows of other files do not count as rows of the log."""
    nothing = ibis.memtable([], schema=ibis.Schema.from_pyarrow(EVENT_SCHEMA))
    none = backend.create_table("no_events", nothing)
    tables = settled(backend, lambda: build_tables(backend, spec, none, raw, redeemed=none, aliases=aliases))
    quarantine = Quarantine.of(backend, backend.table("unreadable").limit(0), 0, ())
    if not any(_count(table) for table in (tables.users, tables.items)):
        where = ", ".join(str(path) for paths in files.values() for path in paths)
        raise DataError(
            f"{where} has no row with an id for loader {spec.name}: nothing was loaded"
            f"{quarantine.kept_in(rejected_file)}"
        )
    if limit is not None and quarantine.count:
        quarantine.check(limit, quarantine.count + sum(_count(table) for table in raw.values()), rejected_file)
    return Prepared(none, none, tables, (), 0, 0, 0, 0, 0, quarantine, ())


def _count(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())


def _notes(tables: GraphTables, quarantine: Quarantine, unusable: int) -> list[str]:
    """Things to know about a log that are no reason to reject a row."""
    notes = []
    for name, ids in (("user", tables.users.userId), ("item", tables.items.itemId)):
        alike = int((ids.count() - ids.lower().nunique()).to_pyarrow().as_py())
        if alike:
            notes.append(
                f'{alike:,} {name} ids differ from another only by case, and are others (id_case = "lower" in the '
                "loader makes them one)"
            )
    if quarantine.elsewhere:
        notes.append(f"{quarantine.elsewhere:,} rows of other files could not be read")
    if unusable:
        notes.append(f"{unusable:,} redemptions lack a user or a campaign, and are left out")
    return notes
