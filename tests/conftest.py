"""Fixtures: one real Neo4j server for the whole run, and an empty graph for each test.

The server is the one in ``INTERESTGRAPH_TEST_URI`` (with ``INTERESTGRAPH_TEST_PASSWORD``), else a private one.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import neo4j
import pytest

from interestgraph import InterestGraph
from interestgraph.cli import main
from interestgraph.neo4j.connection import Database, connect
from interestgraph.neo4j.schema import drop_vector_indexes, list_indexes
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import Settings, load_settings

# Tests run beside each other: threads that wait (those of LightGBM) leave the processor to others.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Most servers here live for seconds: what the slow compiler of Java makes better would cost more than it brings.
os.environ.setdefault("INTERESTGRAPH_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts jobs in the background like that; commands under test would never end then.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Output:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of the one server of the run."""
    given = os.environ.get("INTERESTGRAPH_TEST_URI")
    home = tmp_path_factory.mktemp("home")
    if given:
        password = os.environ.get("INTERESTGRAPH_TEST_PASSWORD", "")
        yield load_settings(neo4j_uri=given, neo4j_password=password, home=home)
        return
    made = load_settings(home=home)
    yield made
    PrivateServer(made).stop(force=True)


@pytest.fixture(scope="session")
def connection(settings: Settings) -> Iterator[Database]:
    """The connection that all tests share."""
    with connect(settings) as database:
        yield database


@dataclass(frozen=True)
class Copy:
    """A small graph as it was, to be put back in less time than its stages take."""

    nodes: list[dict[str, Any]]
    relationships: list[dict[str, Any]]
    vector_indexes: list[str]
    """Statements that create them."""

    @classmethod
    def of(cls, driver: neo4j.Driver) -> Copy:
        """Everything in the database."""

        def rows(text: LiteralString) -> list[dict[str, Any]]:
            return [record.data() for record in driver.execute_query(text).records]

        return cls(
            rows("MATCH (n) RETURN elementId(n) AS id, labels(n) AS labels, properties(n) AS properties"),
            rows(
                "MATCH (a)-[r]->(b)"
                " RETURN elementId(a) AS source, elementId(b) AS target, type(r) AS type, properties(r) AS properties"
            ),
            [row["text"] for row in rows("SHOW VECTOR INDEXES YIELD createStatement RETURN createStatement AS text")],
        )

    def put_back(self, driver: neo4j.Driver) -> None:
        """Bring it into an empty database."""
        made = driver.execute_query(
            "UNWIND $nodes AS node CREATE (n:$(node.labels)) SET n = node.properties"
            " RETURN node.id AS id, elementId(n) AS now",
            nodes=self.nodes,
        )
        now = {record["id"]: record["now"] for record in made.records}
        rows = [{**row, "source": now[row["source"]], "target": now[row["target"]]} for row in self.relationships]
        driver.execute_query(
            "UNWIND $rows AS row MATCH (a) WHERE elementId(a) = row.source MATCH (b) WHERE elementId(b) = row.target"
            " CREATE (a)-[r:$(row.type)]->(b) SET r = row.properties",
            rows=rows,
        )
        for statement in self.vector_indexes:
            driver.execute_query(statement)
        driver.execute_query("CALL db.awaitIndexes(60)")


def empty(database: Database) -> None:
    """Delete everything; relationships first, since a transaction has to hold what it deletes."""
    if database.read("MATCH (n) RETURN count(n) AS nodes")[0]["nodes"]:
        database.run("MATCH ()-[r]->() CALL (r) { DELETE r } IN TRANSACTIONS OF 20000 ROWS")
        database.run("MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS OF 20000 ROWS")
    if any(index.type == "VECTOR" for index in list_indexes(database)):
        drop_vector_indexes(database)
        drop_vector_indexes(database, beside=True)


@pytest.fixture
def database(connection: Database) -> Iterator[Database]:
    """An empty graph, emptied again afterwards."""
    empty(connection)
    yield connection
    empty(connection)


@pytest.fixture(scope="session")
def password(settings: Settings, connection: Database) -> str:
    """The password of the server of the run."""
    if settings.neo4j_uri is None:
        return PrivateServer(settings).password()
    assert settings.neo4j_password is not None
    return settings.neo4j_password.get_secret_value()


@pytest.fixture(scope="session")
def driver(settings: Settings, connection: Database, password: str) -> Iterator[neo4j.Driver]:
    """A bare driver to the server of the run."""
    auth = (settings.neo4j_username, password)
    with neo4j.GraphDatabase.driver(connection.uri, auth=auth, notifications_min_severity="OFF") as opened:
        yield opened


@pytest.fixture
def environment(
    settings: Settings, connection: Database, password: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment of a command that talks to the server of the run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_URI", connection.uri)
    monkeypatch.setenv("NEO4J_USERNAME", settings.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", password)
    monkeypatch.setenv("NEO4J_DATABASE", settings.neo4j_database)
    monkeypatch.setenv("INTERESTGRAPH_HOME", str(tmp_path / "home"))


@pytest.fixture
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home of commands that know of no server but the private one in it, which was never started."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("NEO4J_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("INTERESTGRAPH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def ig(environment: None, run_here: Callable[..., Output]) -> Callable[..., Output]:
    """Run a command that talks to the server of the run: ``ig("recommend", "u1", "--json")``."""
    return run_here


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Output]:
    """Run a command in this process."""

    def run(*arguments: str) -> Output:
        monkeypatch.setattr(sys, "argv", ["interestgraph", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0
        captured = capsys.readouterr()
        return Output(code, captured.out, captured.err)

    return run


@pytest.fixture
def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shop_log(tmp_path: Path) -> Path:
    """A small log: three groups of users with tastes of their own, two behaviours, a category tree."""
    return write_shop_log(tmp_path / "shop.csv")


@pytest.fixture(scope="session")
def shop_copies(
    connection: Database, driver: neo4j.Driver, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Copy, Copy]:
    """The small log loaded, and then enriched and embedded too, once for the whole run."""
    empty(connection)
    graph = InterestGraph(driver=driver)
    graph.load("events", write_shop_log(tmp_path_factory.mktemp("shop") / "shop.csv"))
    loaded = Copy.of(driver)
    graph.enrich()
    graph.embed()
    return loaded, Copy.of(driver)


@pytest.fixture
def loaded_shop(database: Database, driver: neo4j.Driver, shop_copies: tuple[Copy, Copy]) -> Database:
    """The small log, loaded."""
    shop_copies[0].put_back(driver)
    return database


@pytest.fixture(scope="module")
def shop(connection: Database, driver: neo4j.Driver, shop_copies: tuple[Copy, Copy]) -> Iterator[InterestGraph]:
    """The small log loaded, enriched and embedded for the tests of a module, which only read it."""
    empty(connection)
    shop_copies[1].put_back(driver)
    yield InterestGraph(driver=driver)
    empty(connection)


def write_shop_log(path: Path) -> Path:
    """Write the log that `shop_log` describes."""
    lines = ["user,item,behaviour,time,value,title,category"]
    groups = {"tea": "Drinks > Tea", "cake": "Food > Cake", "soap": "Home > Bath"}
    for place, (word, category) in enumerate(groups.items()):
        for user in range(8):
            for item in range(6):
                # Everyone of a group takes most of its items, some of them twice; a few stray into the next group.
                if (user + item) % 4 == 3:
                    continue
                for turn in range(1 + (user * item) % 2):
                    day = 1 + (3 * user + 5 * item + 7 * turn) % 27
                    lines.append(
                        f"{word}-fan-{user},{word}-{item},purchase,2024-05-{day:02d}T10:00:00,{2 + item}.5,"
                        f"{word.title()} {item},{category}"
                    )
                if item == user % 6:
                    other = list(groups)[(place + 1) % 3]
                    lines.append(
                        f"{word}-fan-{user},{other}-{item},view,2024-05-28T1{user}:00:00,,{other.title()} {item},"
                        f"{groups[other]}"
                    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def journey_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home that the commands of the README share, and after them whoever wants the whole Complete Journey.

    ``INTERESTGRAPH_TEST_JOURNEY`` names one that holds it already, for who works on the questions.
    """
    if given := os.environ.get("INTERESTGRAPH_TEST_JOURNEY"):
        yield Path(given)
        return
    folder = tmp_path_factory.mktemp("journey") / "home"
    yield folder
    PrivateServer(load_settings(home=folder)).stop(force=True)


@pytest.fixture(scope="session")
def whole_journey(journey_home: Path) -> Iterator[InterestGraph]:
    """The whole Complete Journey, loaded, enriched and embedded; the README's commands have done it if they ran."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("INTERESTGRAPH_JAVA_OPTIONS")
        graph = InterestGraph(home=journey_home)
    with graph:
        graph.load("complete_journey")
        graph.enrich(if_changed=True)
        graph.embed(if_changed=True)
        yield graph


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the whole Complete Journey comes last, after the README's commands have loaded it.

    Of the processes that share the tests (pytest-xdist), one has all that use the one server, one all that use the
    Complete Journey; of the others, those of a file stay together, in their order. What takes longest begins first.
    """
    long = ("connection", "journey_home")
    groups = {}
    for item in items:
        names = getattr(item, "fixturenames", ())
        groups[item] = next((name for name in reversed(long) if name in names), item.nodeid.split("::")[0])
        item.add_marker(pytest.mark.xdist_group(groups[item]))
    items.sort(key=lambda item: "whole_journey" in getattr(item, "fixturenames", ()))
    items.sort(key=lambda item: long.index(groups[item]) if groups[item] in long else len(long))
