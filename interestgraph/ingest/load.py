"""One load from end to end: read, clean, aggregate, write."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis

from interestgraph import __version__
from interestgraph.errors import DataError, SchemaMismatchError, StateError
from interestgraph.ingest.aggregate import GraphTables, build_tables
from interestgraph.ingest.clean import CleanEvents, clean_events
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.spec import LoaderSpec, find_files, load_spec
from interestgraph.ingest.write import epoch_millis, write_tables
from interestgraph.model import Progress, utc
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.schema import ensure_schema

OfflineImport = Callable[[Any, GraphTables, Sequence[Row], Row], None]
"""Imports the tables, the behaviours and the Load node's properties into an empty private server."""


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


@dataclass(frozen=True)
class LoadReport:
    """What a load did."""

    load_id: str
    loader: str
    route: str
    """``offline import``, ``bolt``, or ``already loaded``."""
    rows: int
    """Rows read from the log."""
    events: int
    """Rows that are events of the period asked for."""
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)
    """Reason -> number of rejected rows."""
    rejected_file: str | None = None
    users: int = 0
    items: int = 0
    categories: int = 0
    relationships: int = 0
    """Time-weighted relationships between users and items."""
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> seconds."""


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
        offline: how to import into an empty private server; None: always over Bolt.
        progress: called with step, rows done, rows in all.

    Raises:
        LoaderError: the specification is unknown or wrong.
        DataError: a file or column is missing, or nothing is left to load.
        SchemaMismatchError: the graph has another half-life for a behaviour.
        StateError: another load was interrupted, or these events are already in the graph.
    """
    spec = load_spec(config.loader)
    files = find_files(spec, config.data)
    files_digest = files_hash(files)
    content = _content_hash(spec, files_digest, config)
    load_id = f"{spec.name}-{content[:12]}"
    earlier = [row["load"] for row in database.read("ingest/list_loads")]
    for entry in earlier:
        if entry["loadId"] == load_id and entry["status"] == "complete":
            return _report_of(entry)
    _check_loads(earlier, load_id, files_digest, config)
    _check_half_lives(database, spec)
    began, started_at = time.perf_counter(), datetime.now(UTC)
    with workspace() as backend:
        clean, tables = _prepare(backend, spec, files, config, _naive(started_at))
        rejected_file = _keep_rejected(clean, rejected_folder / f"{load_id}.csv")
        prepared = time.perf_counter()
        if earlier or not database.read("ingest/is_empty")[0]["empty"]:
            offline = None
        route = "bolt" if offline is None else "offline import"
        entry = {"loadId": load_id, **_load_properties(spec, config, files, clean, tables), "route": route}
        entry |= {"contentHash": content, "filesHash": files_digest, "startedAt": started_at}
        if offline is not None:
            offline(backend, tables, _behaviours(spec), entry)
            database.reconnect()
            ensure_schema(database)
        else:
            _write(database, spec, tables, entry, progress)
        reasons = _reasons(clean)
    stages = {"read and aggregate": prepared - began, "write": time.perf_counter() - prepared}
    return replace(_report_of(entry), route=route, reasons=reasons, rejected_file=rejected_file, seconds=stages)


def _prepare(
    backend: Any, spec: LoaderSpec, files: dict[str, list[Path]], config: LoadConfig, now: datetime
) -> tuple[CleanEvents, GraphTables]:
    """Everything before the write."""
    raw = {name: read_files(backend, paths, spec.formats.get(name)) for name, paths in files.items() if paths}
    since, until = _naive(config.since), _naive(config.until)
    clean = clean_events(backend, raw[spec.events.file], spec, now=now, since=since, until=until)
    if clean.kept == 0:
        where = ", ".join(str(path) for path in files[spec.events.file])
        raise DataError(f"{where} has no usable event for loader {spec.name} ({_found(clean)}): nothing was loaded")
    return clean, build_tables(backend, spec, clean.events, raw, since, until)


def _write(database: Database, spec: LoaderSpec, tables: GraphTables, entry: Row, progress: Progress | None) -> None:
    ensure_schema(database)
    database.write("ingest/open_load", loadId=entry["loadId"], properties=entry)
    database.write("ingest/behaviours", rows=_behaviours(spec))
    write_tables(database, entry["loadId"], spec, tables, progress)
    now = epoch_millis(_naive(datetime.now(UTC)))
    database.write("ingest/close_load", loadId=entry["loadId"], endedAt=now)


def _naive(moment: datetime | None) -> Any:
    return None if moment is None else utc(moment).replace(tzinfo=None)


def _content_hash(spec: LoaderSpec, digest: str, config: LoadConfig) -> str:
    """SHA-256 over files, specification and period: the same load has the same."""
    parts = (digest, spec.model_dump_json(), str(_naive(config.since)), str(_naive(config.until)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def files_hash(files: dict[str, list[Path]]) -> str:
    """SHA-256 over the content of all files, in order."""
    digest = hashlib.sha256()
    for paths in files.values():
        for path in paths:
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _check_loads(earlier: Sequence[Row], load_id: str, digest: str, config: LoadConfig) -> None:
    since = epoch_millis(_naive(config.since)) if config.since else -(2**62)
    until = epoch_millis(_naive(config.until)) if config.until else 2**62
    for entry in earlier:
        if entry["loadId"] == load_id:
            continue
        if entry["status"] != "complete":
            raise StateError(
                f"load {entry['loadId']} was interrupted: run it again first, so that it is complete "
                "(same loader, same files), or empty the graph with `interestgraph db reset`"
            )
        if entry["filesHash"] == digest and since < entry["untilMs"] and until > entry["sinceMs"]:
            raise StateError(
                f"events of these files are already in the graph (load {entry['loadId']}); they would count "
                "twice. Load the rest with --since and --until, or begin anew with `interestgraph db reset`"
            )


def _check_half_lives(database: Database, spec: LoaderSpec) -> None:
    stored = {row["name"]: row["halfLife"] for row in database.read("ingest/list_behaviours")}
    for name, part in spec.behaviours.items():
        if name in stored and stored[name] != part.half_life:
            raise SchemaMismatchError(
                f"the graph holds {name} with a half-life of {stored[name]:g} days, loader {spec.name} says "
                f"{part.half_life:g}: change the loader, or begin anew with `interestgraph db reset`"
            )


def _behaviours(spec: LoaderSpec) -> list[Row]:
    return [
        {"name": name, "strength": part.strength, "halfLife": part.half_life, "primary": name in spec.primary}
        for name, part in spec.behaviours.items()
    ]


def _load_properties(
    spec: LoaderSpec, config: LoadConfig, files: dict[str, list[Path]], clean: CleanEvents, tables: GraphTables
) -> Row:
    span = clean.events.agg(first=clean.events["at"].min(), last=clean.events["at"].max())
    (moments,) = span.to_pyarrow().to_pylist()
    return {
        "source": spec.name,
        "title": spec.title,
        "files": sorted(path.name for paths in files.values() for path in paths),
        "version": __version__,
        "sinceMs": epoch_millis(_naive(config.since)) if config.since else -(2**62),
        "untilMs": epoch_millis(_naive(config.until)) if config.until else 2**62,
        "rows": clean.read,
        "events": clean.kept,
        "rejected": clean.rejected_count,
        "users": _count(tables.users),
        "items": _count(tables.items),
        "categories": _count(tables.categories),
        "edges": _count(tables.interactions),
        "firstEventAt": moments["first"].replace(tzinfo=UTC),
        "lastEventAt": moments["last"].replace(tzinfo=UTC),
    }


def _count(table: Any) -> int:
    return int(table.count().to_pyarrow().as_py())


def _reasons(clean: CleanEvents) -> dict[str, int]:
    counted = clean.rejected.group_by("reason").agg(rows=ibis._.count()).order_by(ibis.desc("rows"), "reason")
    return {row["reason"]: row["rows"] for row in counted.to_pyarrow().to_pylist()}


def _found(clean: CleanEvents) -> str:
    """What the rows of a log without events are."""
    parts = [f"{count} {reason}" for reason, count in _reasons(clean).items()]
    outside = clean.read - clean.rejected_count
    return ", ".join([*parts, *([f"{outside} outside of the period"] if outside else [])]) or "it has no rows"


def _keep_rejected(clean: CleanEvents, path: Path) -> str | None:
    """Write the rejected rows beside the graph; returns the file's path."""
    if clean.rejected_count == 0:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clean.rejected.order_by("file", "row").to_csv(path)
    except OSError as error:
        raise DataError(f"rejected rows cannot be written to {path}: {error.strerror}") from error
    return str(path)


def _report_of(entry: Row) -> LoadReport:
    return LoadReport(
        load_id=entry["loadId"],
        loader=entry["source"],
        route="already loaded",
        rows=entry["rows"],
        events=entry["events"],
        rejected=entry["rejected"],
        users=entry["users"],
        items=entry["items"],
        categories=entry["categories"],
        relationships=entry["edges"],
        first_event_at=_native(entry["firstEventAt"]),
        last_event_at=_native(entry["lastEventAt"]),
    )


def _native(moment: Any) -> datetime:
    """A Python datetime from the driver's or Python's own."""
    return moment if isinstance(moment, datetime) else moment.to_native()
