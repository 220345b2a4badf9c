"""The connection: what goes through it, what is refused, and how errors are told."""

from __future__ import annotations

import threading

import neo4j
import pytest

from interestgraph.errors import (
    AuthenticationError,
    ConfigurationError,
    QueryError,
    UnavailableError,
)
from interestgraph.neo4j.connection import Database, batched
from interestgraph.neo4j.queries import Query, load_query, parse_query
from interestgraph.settings import Settings

HEADER = "// purpose: x\n// parameters: a INTEGER\n// returns: b INTEGER\n// mode: READ\n"


def test_a_wrong_password_is_told_without_it(connection: Database, settings: Settings) -> None:
    with pytest.raises(AuthenticationError) as caught:
        Database.connect(connection.uri, settings.neo4j_username, "not-the-password")
    assert str(caught.value) == (
        f"Neo4j at {connection.uri} refused the sign-in of user {settings.neo4j_username}: "
        "check NEO4J_USERNAME and NEO4J_PASSWORD"
    )


def test_nothing_listening_is_told_with_the_address(free_port: int) -> None:
    uri = f"bolt://127.0.0.1:{free_port}"
    with pytest.raises(UnavailableError, match=f"Neo4j at {uri} does not answer") as caught:
        Database.connect(uri, "neo4j", "secret")
    assert "interestgraph db start" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("uri", ["", "localhost:7687", "http://localhost", "bolt://localhost:port", "bolt://"])
def test_a_malformed_uri_is_told(uri: str) -> None:
    with pytest.raises((ConfigurationError, UnavailableError)) as caught:
        Database.connect(uri, "neo4j", "secret")
    assert "NEO4J_URI" in str(caught.value)


def test_an_unknown_database_is_told(connection: Database, settings: Settings, password: str) -> None:
    with pytest.raises(ConfigurationError, match="has no database nowhere: check NEO4J_DATABASE"):
        Database.connect(connection.uri, settings.neo4j_username, password, "nowhere")


def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(QueryError, match=r"refused the query: .*AccessMode"):
        database.read("CREATE (n:Mark) RETURN n")
    with pytest.raises(QueryError, match="AccessMode"):
        list(database.stream("CREATE (n:Mark) RETURN n"))
    assert database.read("MATCH (n) RETURN count(n) AS n") == [{"n": 0}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("RETURN nothing", "nothing"),
        ("MATCH (n RETURN n", "Invalid input"),
        ("RETURN $missing AS x", "missing"),
        ("RETURN 1 / 0 AS x", "/ by zero"),
    ],
)
def test_a_wrong_query_is_told_on_one_line(database: Database, text: str, told: str) -> None:
    with pytest.raises(QueryError) as caught:
        database.read(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, neo4j.exceptions.Neo4jError)


def test_parameters_are_values_and_never_part_of_the_statement(database: Database) -> None:
    name = "x'}) DETACH DELETE n //"
    database.write("CREATE (:Mark {name: $name})", name=name)
    assert database.read("MATCH (n:Mark {name: $name}) RETURN n.name AS name", name=name) == [{"name": name}]


def test_a_transaction_is_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(QueryError):
        database.transact(lambda run: [run("CREATE (:Mark)"), run("RETURN 1 / 0 AS x")])
    with pytest.raises(ValueError, match="invalid literal"):
        database.transact(lambda run: [run("CREATE (:Mark)"), int("no")])
    assert database.read("MATCH (n:Mark) RETURN count(n) AS n") == [{"n": 0}]
    made = database.transact(lambda run: run("CREATE (:Mark)") + run("MATCH (n:Mark) RETURN count(n) AS n"))
    assert made == [{"n": 1}]


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_write_every_row_once(database: Database, workers: int) -> None:
    told: list[int] = []
    done = database.write_batches(
        "UNWIND $rows AS row CREATE (:Mark {at: row, of: $of})",
        range(25),
        size=10,
        workers=workers,
        progress=told.append,
        of="batch",
    )
    assert done == 25
    assert sorted(told) == [5, 10, 10]
    rows = database.read("MATCH (n:Mark {of: 'batch'}) RETURN n.at AS at ORDER BY at")
    assert [row["at"] for row in rows] == list(range(25))
    assert database.write_batches("UNWIND $rows AS row CREATE (:Mark)", [], size=10, workers=workers) == 0


def test_an_error_in_a_batch_comes_out(database: Database) -> None:
    with pytest.raises(QueryError, match="by zero"):
        database.write_batches("UNWIND $rows AS row RETURN 1 / row AS x", [1, 2, 0], size=1, workers=2)


def test_batched_cuts_and_keeps_the_order() -> None:
    assert list(batched("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batched([], 2)) == []


def test_a_stream_gives_all_rows_and_can_be_left_early(database: Database) -> None:
    total = sum(values[0] for values in database.stream("UNWIND range(1, 12000) AS n RETURN n"))
    assert total == 12_000 * 12_001 // 2
    first = next(iter(database.stream("UNWIND range(1, 12000) AS n RETURN n, n + 1 AS m")))
    assert first == [1, 2]
    assert database.read("RETURN 1 AS one") == [{"one": 1}]


def test_statements_that_hold_transactions_of_their_own_go_through_run(database: Database) -> None:
    text = "UNWIND range(1, 5) AS n CALL (n) { CREATE (:Mark {at: n}) } IN TRANSACTIONS OF 2 ROWS"
    with pytest.raises(QueryError):
        database.write(text)
    database.run(text)
    assert database.read("MATCH (n:Mark) RETURN count(n) AS n") == [{"n": 5}]


def test_threads_share_a_connection(database: Database) -> None:
    found: list[int] = []

    def ask(number: int) -> None:
        found.append(database.read("RETURN $number AS n", number=number)[0]["n"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(8))


def test_a_driver_from_outside_stays_open_and_its_own_is_closed(
    connection: Database, settings: Settings, password: str, driver: neo4j.Driver
) -> None:
    with Database(driver) as lent:
        assert lent.read("RETURN 1 AS one") == [{"one": 1}]
    lent.reconnect()
    driver.verify_connectivity()
    with Database.connect(connection.uri, settings.neo4j_username, password) as own:
        own.reconnect()
        assert own.read("RETURN 1 AS one") == [{"one": 1}]
    with pytest.raises(QueryError, match="closed"):
        own.read("RETURN 1 AS one")


def test_the_server_tells_its_version(connection: Database) -> None:
    version, edition = connection.server_version()
    assert version.startswith(("2026.", "5.26."))
    assert edition in ("community", "enterprise")


def test_a_query_file_is_parsed_into_header_and_statement() -> None:
    text = (
        "// purpose: two\n// lines\n// parameters: rows LIST<MAP>, asOf INTEGER\n"
        "// returns: none\n// mode: WRITE\n// relationship: PURCHASED\nMATCH ()-[r:PURCHASED]->()\nRETURN 1;\n"
    )
    query = parse_query("some/query", text)
    assert query == Query(
        name="some/query",
        text="MATCH ()-[r:PURCHASED]->()\nRETURN 1",
        purpose="two lines",
        parameters=("rows", "asOf"),
        returns=(),
        mode="WRITE",
        relationship="PURCHASED",
    )
    assert query.for_relationship("VIEWED").text == "MATCH ()-[r:VIEWED]->()\nRETURN 1"


@pytest.mark.parametrize("key", ["purpose", "parameters", "returns", "mode"])
def test_a_header_without_a_key_is_refused(key: str) -> None:
    header = "\n".join(line for line in HEADER.splitlines() if not line.startswith(f"// {key}"))
    with pytest.raises(ConfigurationError, match=f"query a/b: header lacks {key}"):
        parse_query("a/b", header + "\nRETURN $a AS b")


def test_a_header_with_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="query a/b: mode LOOK is not one of READ, WRITE, SCHEMA"):
        parse_query("a/b", HEADER.replace("READ", "LOOK") + "RETURN $a AS b")


def test_only_behaviours_of_the_closed_list_become_part_of_a_statement() -> None:
    query = load_query("ingest/interactions")
    for name in ("EATEN", "VIEWED]->() DETACH DELETE u //", "viewed"):
        with pytest.raises(ConfigurationError, match="unknown behaviour type"):
            query.for_relationship(name)
    with pytest.raises(ConfigurationError, match="no relationship slot"):
        load_query("serve/trending").for_relationship("VIEWED")


def test_an_unknown_query_file_is_named(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="no query serve/nothing: `interestgraph query list`"):
        database.read("serve/nothing")
