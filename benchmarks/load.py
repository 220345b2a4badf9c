"""Loading the Complete Journey: the offline route, the Bolt route, and the straightforward UNWIND/MERGE loop."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import markdown, open_database, publish, scratch_server, versions
from interestgraph.ingest.aggregate import GraphTables, build_tables
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.ingest.write import parameter_batches
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.schema import ensure_schema

LOADER = "complete_journey"
LOOP_NODES = "UNWIND $rows AS row MERGE (n:{label} {{{key}: row.{key}}}) SET n += row"
LOOP_RELATIONSHIPS = """
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
MATCH (i:Item {itemId: row.itemId})
MERGE (u)-[r:PURCHASED]->(i)
SET r.count = row.count, r.quantity = row.quantity, r.value = row.value, r.weight = row.weight,
    r.firstAt = datetime({epochMillis: row.firstAt}), r.lastAt = datetime({epochMillis: row.lastAt})
"""


def main() -> None:
    """Measure all routes, each on an empty graph, and publish the table."""
    figures = {}
    with scratch_server() as (settings, server):
        for name in ("offline import", "Bolt batches"):
            with open_database(server) as database:
                offline = OfflineImporter(settings) if name == "offline import" else None
                began = time.perf_counter()
                report = load(database, LoadConfig(LOADER), rejected_folder=settings.home, offline=offline)
                figures[name] = (report.seconds["write"], time.perf_counter() - began)
            relationships, rows = report.relationships, report.rows
            server.reset()
        with open_database(server) as database:
            version, edition = database.server_version()
            figures["UNWIND/MERGE loop"] = _loop(database)
    slowest = figures["UNWIND/MERGE loop"]
    table = [
        (name, f"{write:.1f}", f"{whole:.1f}", f"{relationships / write:,.0f}", f"{slowest[1] / whole:.1f}")
        for name, (write, whole) in figures.items()
    ]
    columns = ("route", "write, s", "end to end, s", "relationships/s of the write", "times as fast as the loop")
    text = "\n\n".join(
        [
            "## Loading the Complete Journey",
            f"{rows:,} rows to {relationships:,} time-weighted relationships. End to end is from server-ready to "
            "constraints and indexes online, the read and the aggregation of the log (the same for all) included. The "
            "loop writes users, items and PURCHASED relationships only; the other two routes also write categories, "
            "campaigns and coupons.",
            markdown(columns, table),
            f"Neo4j {version} {edition}; {versions('neo4j', 'ibis-framework', 'duckdb')}. "
            "Command: `python -m benchmarks load`.",
        ]
    )
    publish("load", text)


def _loop(database: Database) -> tuple[float, float]:
    """The way that one writes first: constraints, MERGE nodes, MERGE relationships, 10,000 rows a transaction."""
    began = time.perf_counter()
    with workspace() as backend:
        tables = _tables(backend)
        ensure_schema(database)
        prepared = time.perf_counter()
        for label, key, table in (("User", "userId", tables.users), ("Item", "itemId", tables.items)):
            for batch in parameter_batches(table):
                database.write(LOOP_NODES.format(label=label, key=key), rows=batch)
        for batch in parameter_batches(tables.interactions):
            database.write(LOOP_RELATIONSHIPS, rows=batch)
    ended = time.perf_counter()
    return ended - prepared, ended - began


def _tables(backend: object) -> GraphTables:
    spec = load_spec(LOADER)
    files: dict[str, list[Path]] = find_files(spec, None)
    raw = {name: read_files(backend, paths, spec.formats.get(name)) for name, paths in files.items()}
    now = datetime.now(UTC).replace(tzinfo=None)
    clean = clean_events(backend, raw[spec.events.file], spec, now=now)
    return build_tables(backend, spec, clean.events, raw)


if __name__ == "__main__":
    main()
