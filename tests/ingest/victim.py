"""Processes that load, take out or record, told apart from the tests so that they can be killed at any moment.

They are forked from a server that has imported everything, so each starts in some hundredths of a second. A process
sends a mark before and after everything that it asks of the database, by which a test chooses the moment.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import interestgraph.ingest.load as loading
from interestgraph.errors import InterestGraphError
from interestgraph.ingest import catalogue, ledger, write
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.ingest.unload import unload
from interestgraph.neo4j import connection
from interestgraph.neo4j.connection import Database, connect
from interestgraph.settings import load_settings

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "ibis.backends.duckdb", "pyarrow.parquet", "numpy"])


@dataclass(frozen=True)
class Work:
    """What a process does."""

    settings: dict[str, Any]
    """Of the server, for `load_settings`."""
    folder: Path
    """For rejected rows."""
    config: LoadConfig | None = None
    """What it loads."""
    unload: str | None = None
    """Or which load it takes out."""
    offline: bool = False
    rows: int = 17
    """Rows in a transaction, and in a part of the ledger."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    marks: int
    """How many it sent, of those that were waited for."""
    killed: bool
    error: str | None = None


def run(work: Work, after: int | None = None, wait: float = 0.0) -> Ended:
    """Run a process; kill it `wait` seconds after so many marks, if it has not ended by then."""
    process, marks = started(work)
    seen, error = 0, None
    with marks:
        while after is None or seen < after:
            try:
                error = marks.recv()
            except EOFError:
                break
            seen += error is None
        if after is not None and error is None:
            time.sleep(wait)
    killed = after is not None and process.is_alive()
    if killed:
        process.kill()
    process.join()
    return Ended(seen, killed and process.exitcode == -9, error)


def started(work: Work) -> tuple[Any, Connection]:
    """Start a process; returns it and where its marks arrive: None each, or the text of its error."""
    marks, ours = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_do, args=(work, ours))
    process.start()
    ours.close()
    return process, marks


def _do(work: Work, marks: Connection) -> None:
    # A server or an importer that the process starts outlives it, and would keep the marks from ending.
    os.set_inheritable(marks.fileno(), False)
    for module, name in ((write, "BATCH"), (catalogue, "BATCH"), (ledger, "PART_ROWS")):
        setattr(module, name, work.rows)
    connection.RETRY_SECONDS = 0.5
    loading.OFFLINE_FROM = 0

    def marked(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **named: Any) -> Any:
            marks.send(None)
            try:
                return call(*arguments, **named)
            finally:
                marks.send(None)

        return wrapper

    for name in ("read", "transact"):
        setattr(Database, name, marked(getattr(Database, name)))
    settings = load_settings(**work.settings)
    try:
        with connect(settings) as database:
            if work.unload is not None:
                unload(database, work.unload)
            else:
                assert work.config is not None
                importer = OfflineImporter(settings, lambda *_: marks.send(None)) if work.offline else None
                load(database, work.config, rejected_folder=work.folder, offline=importer)
    except InterestGraphError as error:
        marks.send(str(error))
