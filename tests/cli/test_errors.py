"""What a command says when it cannot: one line, the thing and the remedy, exit code 1; 2 for a wrong call."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interestgraph import InterestGraph
from interestgraph.neo4j.connection import Database
from tests.conftest import Output

Run = Callable[..., Output]


def refused(output: Output, message: str) -> None:
    """One line on stderr that says `message` (a pattern), nothing on stdout."""
    assert output.code == 1
    assert output.out == ""
    assert re.fullmatch(r"error: [^\n]+\n", output.err), output.err
    assert re.search(message, output.err), output.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("similar nothing", "the graph has no item nothing: ids are those of the log"),
        ("similar-users nobody", "the graph has no user nobody"),
        ("profile nobody", "the graph has no user nobody"),
        ("explain nobody tea-1", "the graph has no user nobody"),
        ("explain tea-fan-1 nothing", "the graph has no item nothing"),
        ("recommend tea-fan-1 --category Cars", "the graph has no category Cars"),
        ("trending --category Cars", "the graph has no category Cars"),
        ("trending -n 0", "n must be from 1 to 1000, got 0"),
        ("recommend tea-fan-1 -n 1001", "n must be from 1 to 1000, got 1001"),
        ("recommend tea-fan-1 --as-of 2024-05-02", "--as-of 2024-05-02 00:00:00 lies before the latest event"),
        ("explain tea-fan-1 tea-1 --as-of 2024-05-02", "lies before the latest event .*2024-05-28 17:00:00 UTC"),
        ("enrich --as-of 2024-05-02", "lies before the latest event"),
        ("embed --as-of 2024-05-02", "lies before the latest event"),
        ("embed --dimensions 8", "holds 64 dimensions, this run makes 8: use --dimensions 64, or --replace-index"),
        ("embed --dimensions 0", "dimensions must be at least 1, got 0"),
        ("embed --p 0", "p must be from"),
        ("embed --trainer other", "trainer must be interestgraph or gensim, got 'other'"),
        ("embed --walks none.txt", "none.txt: no such file"),
        ("walks export walks.csv", "walks.csv.*parquet"),
        ("walks export none/walks.txt", "none/walks.txt"),
        ("load nothing", "no loader nothing: there are .*complete_journey, events.*, or give the path of a .toml file"),
        ("load mine.toml", "no loader file mine.toml"),
        ("load events", "loader events needs --data PATH"),
        ("load events --data none.csv", "no such file or folder: none.csv"),
        ("loaders show nothing", "no loader nothing"),
        ("query show serve/nothing", "no query serve/nothing: `interestgraph query list`"),
        ("query show ../../pyproject", "no query ../../pyproject"),
        ("evaluate nothing", "no loader nothing"),
        ("evaluate events --data none.csv", "no such file or folder: none.csv"),
        ("evaluate events --data none.csv --days 0", "days"),
    ],
)
def test_a_wrong_name_or_value_is_named(ig: Run, shop: InterestGraph, arguments: str, message: str) -> None:
    refused(ig(*arguments.split()), message)


def test_nothing_was_changed_by_all_that(shop: InterestGraph) -> None:
    found = shop.status()
    assert (found.users, found.items, len(found.loads)) == (24, 18, 1)
    assert len(shop.cypher("embed/list_runs")) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user,item,behaviour\nu,i,buy\n", "log.csv has no column any of time, timestamp"),
        ("who,item,behaviour,time\nu,i,buy,2024-01-01\n", "has no column any of user, .*its columns: who, item"),
        ("user,item,behaviour,time\n", "log.csv"),
        ("", "log.csv"),
        ("user,item,behaviour,time\nu,i,buy,yesterday\n", "log.csv.*time"),
        ("user,item,behaviour,time\nu,i,dance,2024-01-01\n", "dance|behaviour"),
    ],
    ids=["no time", "no user", "no rows", "empty", "bad time", "unknown behaviour"],
)
def test_a_log_that_cannot_be_loaded(ig: Run, database: Database, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    refused(ig("load", "events", "--data", str(path)), message)
    assert database.read("ingest/list_loads") == []
    assert database.read("ingest/is_empty") == [{"empty": True}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "mine.toml: not a TOML file"),
        ("name = 'mine'\n", "mine.toml: title: Field required"),
        ("\N{BYTE ORDER MARK}", "mine.toml"),
    ],
)
def test_a_loader_that_is_wrong(ig: Run, shop: InterestGraph, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    refused(ig("load", "mine.toml", "--data", "."), message)


@pytest.mark.parametrize("command", ["recommend u", "similar i", "similar-users u", "profile u", "explain u i"])
def test_an_empty_graph_says_how_to_fill_it(ig: Run, database: Database, command: str) -> None:
    refused(ig(*command.split()), "holds no events yet: `interestgraph load`|has no (user u|item i)")
    refused(ig("enrich"), "no events")
    refused(ig("embed"), "no events")


def test_a_graph_that_is_not_enriched_or_embedded_says_so(ig: Run, database: Database, shop_log: Path) -> None:
    assert ig("load", "events", "--data", str(shop_log)).code == 0
    output = ig("recommend", "tea-fan-1")
    assert output.code == 0
    assert "note: the graph is not enriched" in output.err
    assert "note: the graph has no vectors" in output.err
    assert "tea-" in output.out
    refused(ig("similar-users", "tea-fan-1"), "no vectors to compare users by: run `interestgraph embed`")
    assert "run `interestgraph enrich`" in ig("trending").err


def test_a_server_that_is_down(ig: Run, free_port: int) -> None:
    uri = f"bolt://127.0.0.1:{free_port}"
    refused(ig("--uri", uri, "status"), f"Neo4j at {uri} does not answer .*Couldn't connect.*`interestgraph db start`")


@pytest.mark.parametrize("uri", ["localhost", "http://localhost:7474", "bolt://localhost:port", "neo4j:/localhost"])
def test_a_uri_that_is_none(ig: Run, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("NEO4J_URI", uri)
    refused(ig("status"), f"NEO4J_URI '{uri}' is not a Bolt address")


def test_a_sign_in_that_is_refused(ig: Run) -> None:
    refused(
        ig("--username", "nobody", "--password", "s3cret", "status"),
        "refused the sign-in of user nobody: check NEO4J_USERNAME and NEO4J_PASSWORD",
    )


def test_a_password_or_database_that_is_missing(ig: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(ig("--database", "elsewhere", "status"), "has no database elsewhere: check NEO4J_DATABASE")
    monkeypatch.delenv("NEO4J_PASSWORD")
    refused(ig("status"), "NEO4J_PASSWORD is not set, but NEO4J_URI is")


def test_a_setting_that_is_wrong(ig: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERESTGRAPH_BOLT_PORT", "many")
    for command in ("status", "doctor", "db status"):
        refused(ig(*command.split()), "setting INTERESTGRAPH_BOLT_PORT: .*'many'")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("nothing", "No such command 'nothing'"),
        ("db nothing", "No such command 'nothing'"),
        ("recommend", "give a user, or items of an anonymous session with --like"),
        ("explain tea-fan-1", "Missing argument"),
        ("recommend a b", "unexpected extra argument"),
        ("recommend a --colour red", "No such option: --colour"),
        ("recommend a -n many", "Invalid value for '-n'"),
        ("recommend a --as-of yesterday", "Invalid value for '--as-of'"),
        ("enrich --as-of 2024-13-01", "Invalid value for '--as-of'"),
        ("load events --since yesterday", "Invalid value for '--since'"),
        ("embed --p much", "Invalid value for '--p'"),
        ("db logs -n 0", "Invalid value for '-n'"),
    ],
)
def test_a_wrong_call_exits_with_2_and_shows_the_usage(ig: Run, arguments: str, message: str) -> None:
    output = ig(*arguments.split())
    assert (output.code, output.out) == (2, "")
    assert output.err.startswith("Usage: interestgraph")
    assert message in output.err
    assert "Traceback" not in output.err


def test_the_program_itself_prints_one_line(tmp_path: Path, free_port: int) -> None:
    uri = f"bolt://127.0.0.1:{free_port}"
    environment = {"PATH": os.environ["PATH"], "NEO4J_URI": uri, "NEO4J_PASSWORD": "s3cret"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "interestgraph", "trending"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment,
    )
    refused(Output(done.returncode, done.stdout, done.stderr), f"Neo4j at {uri} does not answer")
