"""One load from end to end: read, clean, leave out what is known, aggregate, write."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from interestgraph import __version__
from interestgraph.errors import StateError, UnknownIdError
from interestgraph.ingest.aggregate import GraphTables
from interestgraph.ingest.books import (
    EVER,
    behaviour_rows,
    check_half_lives,
    check_loads,
    content_hash,
    files_hash,
    read_books,
)
from interestgraph.ingest.hold import Run, take
from interestgraph.ingest.ledger import Ledger
from interestgraph.ingest.prepare import LoadConfig as LoadConfig
from interestgraph.ingest.prepare import Prepared, naive, narrowed, prepare
from interestgraph.ingest.pruned import is_any
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import LoaderSpec, find_files, load_spec
from interestgraph.ingest.unload import start_unload, take_out
from interestgraph.ingest.write import count, epoch_millis, write_tables
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import load_query
from interestgraph.neo4j.schema import ensure_schema

OfflineImport = Callable[[Any, GraphTables, Sequence[Row], Row, Iterable[Row], Callable[[], None]], None]
"""Imports the tables, the behaviours, the Load node's properties and the parts of the ledger into an empty private
server; calls the last argument just before it puts the new graph in the place of the empty one."""

OFFLINE_FROM = 50_000
"""Nodes and relationships from which a first load goes by the offline import: it takes seconds to begin with, since the
server is restarted. At about 70,000 both routes take as long."""


@dataclass(frozen=True)
class LoadReport:
    """What a load did: rows = events + duplicates + outside + rejected."""

    load_id: str
    loader: str
    route: str
    """``offline import``, ``bolt``, or ``already loaded``."""
    rows: int
    """Rows read from the log."""
    events: int
    """Rows that are new events of the period asked for."""
    duplicates: int
    """Rows that are events of this log or of an earlier load already."""
    outside: int
    """Events outside of the period."""
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)
    """Reason -> number of rejected rows, those of other files than the log included."""
    rejected_file: str | None = None
    notes: tuple[str, ...] = ()
    """Things to know about the log."""
    users: int = 0
    items: int = 0
    categories: int = 0
    relationships: int = 0
    """Time-weighted relationships between users and items that got events."""
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> seconds."""


@dataclass(frozen=True)
class Planned:
    """A load that has been identified, and whose files are there."""

    spec: LoaderSpec
    files: dict[str, list[Path]]
    entry: Row
    """Properties of the Load node as far as they are known."""
    books: Sequence[Row]
    """Earlier loads."""

    @property
    def load_id(self) -> str:
        """Id of the load, made of its content."""
        return str(self.entry["loadId"])

    @property
    def before(self) -> Row | None:
        """The Load node of the same content, if there is one."""
        return next((load for load in self.books if load["loadId"] == self.load_id), None)

    @property
    def without(self) -> tuple[str, ...]:
        """Loads whose events do not count as known."""
        return tuple(found for found in (self.load_id, self.entry.get("replaces")) if found)

    def seen(self, books: Iterable[Row]) -> list[tuple[object, ...]]:
        """What the recognition of known events rests on."""
        loads = [load for load in books if load["source"] == self.spec.name and load["loadId"] not in self.without]
        merged = max((load.get("aliases", 0) for load in books), default=0)
        return [(merged,), *((load["loadId"], load["events"], load.get("compactedMs")) for load in loads)]


def load(
    database: Database,
    config: LoadConfig,
    *,
    rejected_folder: Path,
    offline: OfflineImport | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load a log into the graph; the same load twice changes nothing, an interrupted one is completed.

    Args:
        database: the graph.
        config: what to load.
        rejected_folder: where rejected rows are written, as CSV.
        offline: how to import into an empty private server, where there is much to load; None: always over Bolt.
        progress: called with step, rows done, rows in all.

    Raises:
        LoaderError: the specification is unknown or wrong.
        DataError: a file or column is missing, nothing is left to load, or too many rows are rejected.
        SchemaMismatchError: the graph has another half-life for a behaviour.
        StateError: another load was interrupted or is being written, another process took this one over, or the
            events cannot be compared with those of earlier loads.
        UnknownIdError: there is no load to replace.
    """
    planned = plan(database, config)
    before = planned.before
    if before is not None and before["status"] == "complete":
        return _loaded(database, planned)
    check_loads(planned.books, planned.entry)
    check_half_lives(database, planned.spec)
    began = time.perf_counter()
    # An interrupted load goes on with what it took for the present time.
    started_at = native(before["startedAt"]) if before else datetime.now(UTC)
    with workspace() as backend:
        path = rejected_folder / f"{planned.load_id}.csv"
        made = prepared_load(backend, database, planned, config, started_at, path)
        reasons = made.quarantine.reasons()
        rejected_file = made.quarantine.keep(path)
        prepared = time.perf_counter()
        found = _properties(made, planned)
        small = found["users"] + found["items"] + found["edges"] < OFFLINE_FROM
        if small or planned.books or not database.read("ingest/is_empty")[0]["empty"]:
            offline = None
        route = "bolt" if offline is None else "offline import"
        entry = {**planned.entry, **found, "startedAt": started_at, "route": route}
        entry |= {"reasons": list(reasons), "reasonCounts": list(reasons.values())}
        # An empty list has no type that the importer could write; a missing property says the same.
        entry = {name: value for name, value in entry.items() if value != []}
        behaviours, millis = behaviour_rows(planned.spec), epoch_millis(naive(started_at))
        ledger = Ledger(
            planned.load_id, planned.spec.name, millis, behaviours, made.events, made.redemptions, made.tables
        )
        if offline is not None:
            offline(backend, made.tables, behaviours, entry, ledger.parts(), partial(_check_empty, database))
            database.reconnect()
            ensure_schema(database)
            written = True
        else:
            written = _write(database, planned, ledger, entry, progress)
    if not written:
        return load(database, config, rejected_folder=rejected_folder, progress=progress)
    stages = {"read and aggregate": prepared - began, "write": time.perf_counter() - prepared}
    return replace(report_of(entry), rejected_file=rejected_file, seconds=stages)


def plan(database: Database, config: LoadConfig) -> Planned:
    """Find the files of a load, and give it its id.

    Raises:
        LoaderError: the specification is unknown or wrong.
        DataError: a file is missing.
        UnknownIdError: there is no load to replace.
    """
    spec = narrowed(load_spec(config.loader), config.only)
    files = find_files(spec, config.data)
    digest = files_hash(files)
    since, until = config.period
    kept = () if config.keep is None else (hashlib.sha256(config.keep.read_bytes()).hexdigest(),)
    content = content_hash(spec, digest, since, until, *kept)
    entry = {
        "loadId": f"{spec.name}-{content[:12]}",
        "source": spec.name,
        "title": spec.title,
        "files": sorted(path.name for paths in files.values() for path in paths),
        "version": __version__,
        "contentHash": content,
        "filesHash": digest,
        "sinceMs": -EVER if since is None else epoch_millis(since),
        "untilMs": EVER if until is None else epoch_millis(until),
    }
    planned = Planned(spec, files, entry, read_books(database))
    # An interrupted load goes on with the replacement that it began, whether it is asked for again or not.
    replaces = (planned.before or {}).get("replaces") or config.replace
    known = {load["loadId"] for load in planned.books}
    if replaces and replaces not in known and planned.before is None:
        raise UnknownIdError(f"no load {replaces} to replace: there are {', '.join(sorted(known)) or 'none'}")
    return replace(planned, entry={**entry, "replaces": replaces}) if replaces else planned


def prepared_load(
    backend: Any,
    database: Database,
    planned: Planned,
    config: LoadConfig,
    started_at: datetime,
    rejected_file: Path | None = None,
) -> Prepared:
    """Everything before the write of a planned load."""
    return prepare(
        backend,
        database,
        planned.spec,
        planned.files,
        config,
        now=naive(started_at),
        books=[load for load in planned.books if load["loadId"] not in planned.without],
        without=planned.without,
        rejected_file=rejected_file,
    )


def _loaded(database: Database, planned: Planned) -> LoadReport:
    """The report of a load that is in the graph already."""
    replaces = planned.entry.get("replaces")
    if any(load["loadId"] == replaces for load in planned.books):
        raise StateError(
            f"load {planned.load_id} is in the graph already, beside {replaces}: take the one that is wrong out with "
            f"`interestgraph unload`"
        )
    assert planned.before is not None
    ensure_schema(database)  # an import may have been cut off before this
    return report_of(planned.before)


def _check_empty(database: Database) -> None:
    if not database.read("ingest/is_empty")[0]["empty"]:
        raise StateError("somebody wrote to the graph while its first load was prepared: run the same command again")


def _write(database: Database, planned: Planned, ledger: Ledger, entry: Row, progress: Progress | None) -> bool:
    """Open the load, take out the one it replaces, write, close: each step can be done again.

    Returns:
        False where others have loaded or recorded since the load was prepared, so that what is new in it is to be
        found anew. It is open then, and recorders of the same loader wait.
    """
    hold, opened = take(database, planned.load_id, partial(_open, database, planned, entry))
    if not opened.current:
        return False
    if opened.replaces is not None:
        take_out(hold, opened.replaces, progress)
        hold.write("ingest/drop_load", loadId=opened.replaces)
    hold.write("ingest/behaviours", rows=ledger.behaviours)
    write_tables(hold, planned.spec, ledger, opened.creates, progress)
    hold.end("ingest/close_load", loadId=hold.load_id, endedAt=epoch_millis(naive(datetime.now(UTC))))
    return True


@dataclass(frozen=True)
class Opened:
    """What is found when a load begins to write."""

    current: bool = False
    """Whether the load was prepared on the graph as it is."""
    creates: tuple[str, ...] = ()
    """Behaviours that the graph has no relationships of."""
    replaces: str | None = None
    """The load that is to be taken out first, if it is still there."""


def _open(database: Database, planned: Planned, entry: Row, run: Run, books: list[Row]) -> Opened:
    """Begin or go on with a load, in the transaction that has the lock of the books."""
    check_loads(books, entry)
    check_half_lives(database, planned.spec)
    before = next((load for load in books if load["loadId"] == planned.load_id), None)
    if before is not None and before["status"] == "complete":  # somebody else was faster with the same load
        run("ingest/release_books")
        return Opened()
    # Pruned relationships, and histories that nobody has a relationship of any more, are added to, not created.
    adds = before is not None or is_any(run)
    creates = () if adds else tuple(name for name in planned.spec.behaviours if not _any(run, name))
    replaces = entry.get("replaces") if any(load["loadId"] == entry.get("replaces") for load in books) else None
    run("ingest/open_load", loadId=planned.load_id, properties=entry, creates=list(creates))
    if replaces is not None:
        start_unload(run, books, replaces)
    return Opened(planned.seen(books) == planned.seen(planned.books), creates, replaces)


def _any(run: Run, behaviour: str) -> bool:
    query = load_query("ingest/count_interactions").for_relationship(behaviour)
    return bool(run(query)[0]["relationships"])


def _properties(made: Prepared, planned: Planned) -> Row:
    span = made.events.agg(first=made.events["at"].min(), last=made.events["at"].max())
    (moments,) = span.to_pyarrow().to_pylist()
    dated = {"firstEventAt": moments["first"], "lastEventAt": moments["last"]}
    return {
        "identity": list(made.identity),
        "ratings": planned.spec.events.value_meaning == "rating",
        "rows": made.rows,
        "events": made.new,
        "duplicates": made.duplicates,
        "outside": made.outside,
        "rejected": made.rejected,
        "notes": list(made.notes),
        "users": count(made.tables.users),
        "items": count(made.tables.items),
        "categories": count(made.tables.categories),
        "edges": count(made.tables.interactions),
        **{name: moment.replace(tzinfo=UTC) for name, moment in dated.items() if moment is not None},
    }


def report_of(entry: Row) -> LoadReport:
    """The report of a load whose node's properties are known."""
    return LoadReport(
        load_id=entry["loadId"],
        loader=entry["source"],
        route=entry["route"] if entry.get("status") != "complete" else "already loaded",
        rows=entry["rows"],
        events=entry["events"],
        duplicates=entry.get("duplicates", 0),
        outside=entry.get("outside", 0),
        rejected=entry["rejected"],
        reasons=dict(zip(entry.get("reasons", ()), entry.get("reasonCounts", ()), strict=True)),
        notes=tuple(entry.get("notes", ())),
        users=entry["users"],
        items=entry["items"],
        categories=entry["categories"],
        relationships=entry["edges"],
        first_event_at=native(entry.get("firstEventAt")),
        last_event_at=native(entry.get("lastEventAt")),
    )


def native(moment: Any) -> Any:
    """A Python datetime from the driver's or Python's own."""
    return moment if moment is None or isinstance(moment, datetime) else moment.to_native()
