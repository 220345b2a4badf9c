"""Neo4j itself goes away in the middle of a stream: it waits, and every event still counts once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interestgraph.neo4j.connection import Database, connect
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import load_settings
from tests.conftest import empty
from tests.stream.conftest import Expected, Running, assert_same, interactions, some_events, streamed, wait_for, write

Start = Callable[..., Running]


@pytest.fixture(scope="module")
def started_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PrivateServer, Database]]:
    """A server beside that of the run, to be killed."""
    settings = load_settings(home=tmp_path_factory.mktemp("own")).model_copy(update={"neo4j_uri": None})
    server = PrivateServer(settings)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("interestgraph.neo4j.connection.RETRY_SECONDS", 0.5)
        try:
            with connect(settings) as database:
                yield server, database
        finally:
            server.stop(force=True)


@pytest.fixture
def own(started_server: tuple[PrivateServer, Database]) -> tuple[PrivateServer, Database]:
    """The same with an empty graph."""
    started_server[0].start()
    empty(started_server[1])
    return started_server


def test_a_server_that_is_killed_in_the_middle_is_waited_for(
    own: tuple[PrivateServer, Database], expected: Expected, start: Start, tmp_path: Path
) -> None:
    server, database = own
    events = some_events(600)
    wanted = expected(events)
    running = start(f"jsonl:{write(tmp_path / 'log.jsonl', events)}", on=database, batch=10)
    wait_for(lambda: streamed(database) > 100, "some batches")
    server.stop(timeout=0, force=True)
    wait_for(lambda: _says(running, "does not answer .*; trying again"), "the note")
    server.start()
    wait_for(lambda: streamed(database) == 600, "all events")
    assert running.stop().messages == 600
    assert _says(running, "writing again")
    assert_same(interactions(database), wanted)


def test_a_stream_can_be_stopped_while_it_waits(
    own: tuple[PrivateServer, Database], start: Start, tmp_path: Path
) -> None:
    server, database = own
    log = write(tmp_path / "log.jsonl", [])
    running = start(f"jsonl:{log}", on=database)
    wait_for(lambda: bool(running.said), "the start")
    server.stop(timeout=0, force=True)
    write(log, some_events(5))
    wait_for(lambda: _says(running, "trying again"), "the note")
    report = running.stop()
    assert (report.messages, report.ended, report.position) == (0, "stopped", {})
    assert _says(running, "stopped before 5 messages could be written: the position is before them")


def _says(running: Running, pattern: str) -> bool:
    return any(re.search(pattern, line) for line in running.said)
