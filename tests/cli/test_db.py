"""The private server from the command line: one server, from before its first start to its reset.

The tests go on where the one before them stopped, since every start takes seconds.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.schema import VECTOR_INDEXES
from interestgraph.neo4j.server import PrivateServer, ServerInfo
from interestgraph.settings import load_settings
from tests.conftest import Output

Run = Callable[..., Output]
SMALL = ("--walks-per-node", "3", "--walk-length", "10", "--workers", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of the one server of this module."""
    folder = tmp_path_factory.mktemp("db") / "home"
    yield folder
    PrivateServer(load_settings(home=folder)).stop(force=True)


@pytest.fixture
def db(run_here: Run, own_home: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command that knows of no server but the private one in `home`."""
    monkeypatch.setenv("INTERESTGRAPH_HOME", str(home))
    return run_here


def running(home: Path) -> ServerInfo:
    info = PrivateServer(load_settings(home=home)).status()
    assert info is not None
    return info


def findings(output: Output) -> dict[str, dict[str, str]]:
    """What `doctor --json` found, by subject; the worst of a subject comes last."""
    assert output.err == ""
    listed = sorted(json.loads(output.out), key=lambda finding: ["ok", "warn", "fail"].index(finding["state"]))
    return {finding["subject"]: finding for finding in listed}


def test_before_the_first_start(db: Run, home: Path) -> None:
    assert db("db", "path") == Output(0, f"{home}\n", "")
    assert db("db", "status") == Output(0, "not running: `interestgraph db start` starts it\n", "")
    assert json.loads(db("db", "status", "--json").out) == {"running": False}
    assert db("db", "stop") == Output(0, "was not running\n", "")
    logs = db("db", "logs")
    assert (logs.code, logs.out) == (1, "")
    assert logs.err == f"error: no log at {home}/logs/console.log: the server was never started\n"
    report = db("doctor", "--json")
    found = findings(report)
    assert report.code == 0
    assert {"Python", "disk", "memory", "Java", "Neo4j jars", "Neo4j server"} <= set(found)
    assert found["Neo4j server"]["state"] == "warn"
    assert found["Neo4j server"]["fix"] == "`interestgraph db start`"
    assert not PrivateServer(load_settings(home=home)).is_running(), "a look starts nothing"


def test_start_and_find_it_again(db: Run, home: Path) -> None:
    first = db("db", "start", "--json")
    assert first.code == 0
    assert "note: starting Neo4j 2026.09" in first.err
    told = json.loads(first.out)
    info = running(home)
    assert told["running"] is True
    assert (told["pid"], told["bolt_uri"], told["home"]) == (info.pid, info.bolt_uri, str(home))
    again = db("db", "start")
    assert (again.code, again.err) == (0, "")
    assert f"{info.http_url}/browser/" in again.out
    status = db("db", "status")
    assert status == again
    assert json.loads(db("db", "status", "--json").out) == told
    assert info.password not in first.out + first.err + again.out
    assert str(info.password_file) in again.out
    logs = db("db", "logs", "-n", "3")
    assert logs.code == 0
    assert len(logs.out.splitlines()) == 3
    assert "Started." in db("db", "logs").out


def test_doctor_of_an_empty_server(db: Run, home: Path) -> None:
    report = db("doctor", "--json")
    found = findings(report)
    assert report.code == 0
    assert found["Neo4j server"]["state"] == "ok"
    assert found["Neo4j server"]["detail"].endswith(f"community at {running(home).bolt_uri}")
    assert found["Neo4j jars"]["state"] == found["Java"]["state"] == "ok"
    assert (found["schema"]["state"], found["vectors"]["state"]) == ("warn", "warn")
    assert "user_id" in found["schema"]["detail"]
    text = db("doctor").out
    assert all(finding["detail"] in text for finding in found.values() if "GiB" not in finding["detail"])
    assert all(finding["fix"] for finding in found.values() if finding["state"] != "ok")


def test_stages_on_it_and_doctor_is_content(db: Run, home: Path, shop_log: Path) -> None:
    loaded = db("load", "events", "--data", str(shop_log), "--json")
    assert loaded.code == 0, loaded.err
    assert json.loads(loaded.out)["route"] == "bolt"  # there is too little for the offline import
    assert db("enrich").code == 0
    assert db("embed", "--dimensions", "16", *SMALL).code == 0
    status = json.loads(db("status", "--json").out)
    assert (status["users"], status["items"], len(status["loads"])) == (24, 18, 1)
    found = findings(db("doctor", "--json"))
    assert {finding["state"] for name, finding in found.items() if name not in ("memory", "disk")} == {"ok"}
    assert "16 dimensions" in found["vectors"]["detail"]


def test_doctor_finds_an_index_of_other_dimensions_and_its_fix_works(db: Run, home: Path) -> None:
    info = running(home)
    name = VECTOR_INDEXES["Item"]
    with Database.connect(info.bolt_uri, info.username, info.password) as database:
        database.run(f"DROP INDEX {name}")
        lost = db("doctor", "--json")
        assert lost.code == 1
        assert findings(lost)["vectors"]["detail"] == f"no vector index {name}"
        database.run(
            f"CREATE VECTOR INDEX {name} FOR (n:Item) ON (n.embedding) "
            "OPTIONS {indexConfig: {`vector.dimensions`: 8, `vector.similarity_function`: 'cosine'}}"
        )
    report = db("doctor", "--json")
    assert report.code == 1
    wrong = findings(report)["vectors"]
    assert wrong["state"] == "fail"
    assert wrong["detail"].startswith(f"{name} holds 8 dimensions, run embed-")
    assert wrong["fix"] == "`interestgraph embed --replace-index`"
    refused = db("embed", "--dimensions", "16", *SMALL)
    assert (refused.code, refused.out) == (1, "")
    assert "--replace-index" in refused.err
    assert db("embed", "--dimensions", "16", "--replace-index", *SMALL).code == 0
    assert findings(db("doctor", "--json"))["vectors"]["state"] == "ok"


def test_a_server_that_dies_in_the_middle_of_a_load(db: Run, home: Path, tmp_path: Path) -> None:
    users, items = 200, 250
    big = tmp_path / "big.csv"
    with big.open("w", encoding="utf-8") as log:
        log.write("user,item,behaviour,time\n")
        for user in range(users):
            log.writelines(f"b{user},i{item},cart,2024-06-01T10:00:00\n" for item in range(items))
    info = running(home)
    command = [sys.executable, "-m", "interestgraph", "load", "events", "--data", str(big)]
    loading = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _await_batches(info, loading, at_least=1)
    psutil.Process(info.pid).kill()
    out, err = loading.communicate(timeout=120)
    assert (loading.returncode, out) == (1, "")
    assert err.startswith(f"error: Neo4j at {info.bolt_uri} does not answer"), err
    assert len(err.splitlines()) == 1

    again = db("load", "events", "--data", str(big), "--json")
    assert again.code == 0, again.err
    report = json.loads(again.out)
    assert (report["users"], report["items"], report["relationships"]) == (users, items, users * items)
    after = running(home)
    assert after.pid != info.pid
    with Database.connect(after.bolt_uri, after.username, after.password) as database:
        counted = "MATCH ()-[r:CARTED]->() RETURN count(r) AS pairs, sum(r.count) AS events, max(r.weight) AS most"
        assert database.read(counted) == [{"pairs": users * items, "events": users * items, "most": 0.4}]
        assert database.read("MATCH (b:LoadBatch) RETURN count(b) AS batches") == [{"batches": 0}]
    status = json.loads(db("status", "--json").out)
    assert (len(status["loads"]), status["unfinished_loads"], status["users"]) == (2, [], 24 + users)


def _await_batches(info: ServerInfo, loading: subprocess.Popen[str], at_least: int) -> None:
    with Database.connect(info.bolt_uri, info.username, info.password) as database:
        while loading.poll() is None:
            count: Any = database.read("MATCH (b:LoadBatch) RETURN count(b) AS batches")[0]["batches"]
            if count >= at_least:
                return
            time.sleep(0.02)
    raise AssertionError(f"the load ended too early: {loading.communicate()}")


def test_stop_and_reset(db: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db("db", "start")
    info = running(home)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    kept = db("db", "reset")
    assert (kept.code, kept.out.strip()) == (1, "")
    assert kept.err == f"Delete the whole graph in {home}? [y/N]:Aborted!\n"
    assert psutil.pid_exists(info.pid)
    assert db("db", "stop") == Output(0, "stopped\n", "")
    # Until this process, its parent, takes note of its end, it may be listed as a zombie.
    assert not psutil.pid_exists(info.pid) or psutil.Process(info.pid).status() == psutil.STATUS_ZOMBIE
    assert findings(db("doctor", "--json"))["Neo4j server"]["state"] == "warn"
    assert (home / "data" / "databases" / "neo4j").is_dir()
    assert db("db", "reset", "--yes") == Output(0, "the graph is empty\n", "")
    assert not (home / "data").exists()
    assert json.loads(db("db", "status", "--json").out) == {"running": False}


def test_a_home_that_cannot_be_made_is_told(db: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = db("--home", str(tmp_path / "file" / "home"), "db", "start")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"error: cannot make {tmp_path}/file/home: ")
    assert refused.err.endswith("set INTERESTGRAPH_HOME\n")


def test_options_that_java_refuses_are_told(run_here: Run, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERESTGRAPH_JAVA_OPTIONS", "-Xnonsense")
    output = run_here("db", "start")
    assert (output.code, output.out) == (1, "")
    assert "Java does not start: Unrecognized option: -Xnonsense (INTERESTGRAPH_JAVA_OPTIONS?)" in output.err


def test_doctor_of_a_server_that_is_elsewhere(db: Run, monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    monkeypatch.setenv("NEO4J_URI", f"bolt://127.0.0.1:{free_port}")
    monkeypatch.setenv("NEO4J_PASSWORD", "s3cret")
    report = db("doctor", "--json")
    assert report.code == 1
    found = findings(report)
    assert found["Neo4j server"]["state"] == "fail"
    assert f"bolt://127.0.0.1:{free_port} does not answer" in found["Neo4j server"]["detail"]
    assert "Java" not in found, "only the private server needs it"
    assert "s3cret" not in report.out
