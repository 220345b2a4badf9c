"""Streams that run beside a test, a Kafka broker, and what to compare their graphs with."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import neo4j
import pytest

from interestgraph import InterestGraph, JavaError
from interestgraph.ingest.spec import spec_path
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.java import find_java
from interestgraph.stream.run import StreamConfig, StreamReport, stream
from tests.conftest import empty
from tests.stream.broker import Broker

Graph = dict[tuple[str, str, str], dict[str, Any]]
Expected = Callable[[Iterable[Mapping[str, Any]]], Graph]
WAIT = 60.0


@pytest.fixture(scope="session")
def started_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The one broker of the run."""
    try:
        java = find_java(17)
    except JavaError as error:
        pytest.skip(f"Kafka needs Java: {error}")
    broker = Broker(java, tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def broker(started_broker: Broker, request: pytest.FixtureRequest) -> Broker:
    """The broker; each test uses a topic of its own."""
    return started_broker


@pytest.fixture
def expected(database: Database, driver: neo4j.Driver, environment: None, tmp_path: Path) -> Expected:
    """The graph that an undisturbed load of messages gives; the graph is empty afterwards."""

    def graph(messages: Iterable[Mapping[str, Any]], loader: str = "events") -> Graph:
        log = write(tmp_path / "expected.jsonl", messages)
        InterestGraph(driver=driver).load(loader, log)
        found = interactions(database)
        empty(database)
        return found

    return graph


@pytest.fixture
def keyed_loader(tmp_path: Path) -> str:
    """The loader `events` with a column that identifies events."""
    path = tmp_path / "keyed.toml"
    text = spec_path("events").read_text(encoding="utf-8")
    path.write_text(text.replace('[events]\nfile = "events"\n', '[events]\nfile = "events"\nkey = "id"\n'))
    return str(path)


def some_events(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Events of few users and items, so that many fall on the same pair; times go up and down."""
    draw = random.Random(seed)
    return [
        {
            "id": f"e{number}",
            "user": f"u{draw.randrange(30)}",
            "item": f"i{draw.randrange(20)}",
            "behaviour": draw.choice(["view", "cart", "buy"]),
            "time": 1_714_557_600_000 + draw.randrange(90 * 86_400_000),
            "value": draw.randrange(400) / 4,
            "quantity": draw.randrange(1, 4),
        }
        for number in range(count)
    ]


def write(path: Path, messages: Iterable[Mapping[str, Any] | str]) -> Path:
    """Write messages as lines, text as it is."""
    lines = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def interactions(database: Database) -> Graph:
    """All relationships between users and items."""
    rows = database.read(
        "MATCH (u:User)-[r]->(i:Item) RETURN u.userId AS user, type(r) AS type, i.itemId AS item, "
        "r {.count, .quantity, .value, .weight, firstAt: r.firstAt.epochMillis, lastAt: r.lastAt.epochMillis} AS r"
    )
    return {(row["user"], row["type"], row["item"]): row["r"] for row in rows}


def assert_same(found: Graph, wanted: Graph) -> None:
    """Counts and times are exact, sums and weights to 1e-9."""
    assert found.keys() == wanted.keys()
    for key, properties in wanted.items():
        for name, value in properties.items():
            close = pytest.approx(value, rel=1e-9) if name in ("weight", "value", "quantity") else value
            assert found[key][name] == close, f"{key} {name}"


def streamed(database: Database) -> int:
    """Messages that the graph says are settled, of all streams."""
    (row,) = database.read("MATCH (s:Stream) RETURN coalesce(sum(s.events + s.rejected), 0) AS n")
    return int(row["n"])


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.02)


class Running:
    """A stream in a thread."""

    def __init__(self, database: Database, config: StreamConfig, folder: Path) -> None:
        self.said: list[str] = []
        self.report: StreamReport | None = None
        self.error: Exception | None = None
        self._stop = False
        self._thread = threading.Thread(target=self._run, args=(database, config, folder))
        self._thread.start()

    def _run(self, database: Database, config: StreamConfig, folder: Path) -> None:
        try:
            self.report = stream(
                database, config, rejected_folder=folder, stop=lambda: self._stop, say=self.said.append
            )
        except Exception as error:
            self.error = error

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return not self._thread.is_alive()

    def stop(self) -> StreamReport:
        """Ask it to stop, and wait until it has; raises what it ended with."""
        self._stop = True
        self._thread.join(WAIT)
        assert self.ended
        if self.error is not None:
            raise self.error
        assert self.report is not None
        return self.report


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start streams beside the test: ``start("jsonl:…", batch=10)``."""
    made: list[Running] = []

    def run(source: str, on: Database = database, **more: Any) -> Running:
        made.append(Running(on, StreamConfig(source, **more), tmp_path / "rejected"))
        return made[-1]

    yield run
    for one in made:
        if not one.ended:
            one.stop()


@pytest.fixture
def finish(database: Database, tmp_path: Path) -> Callable[..., StreamReport]:
    """Stream all that is there: ``finish("jsonl:…", batch=10)``."""

    def run(source: str, **more: Any) -> StreamReport:
        config = StreamConfig(source, **{"once": True, **more})
        return stream(database, config, rejected_folder=tmp_path / "rejected")

    return run


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A stream in a process of its own, killed at the end if it still runs."""
    command = [sys.executable, "-m", "interestgraph", "stream", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def killed_again_and_again(database: Database, total: int, *arguments: str) -> None:
    """Run a stream that is killed in the middle of its batches, until all is settled."""
    for part in range(1, 4):
        with process(*arguments):
            wait_for(lambda part=part: streamed(database) > total * part // 5, "some batches")  # type: ignore[misc]
    with process(*arguments):
        wait_for(lambda: streamed(database) >= total, "all batches")


def letters(path: Path) -> list[dict[str, Any]]:
    """The lines of a dead-letter file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
