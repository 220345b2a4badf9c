"""The private server, as a user meets it: real servers, killed, restarted and crowded."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import neo4j
import psutil
import pytest

from interestgraph.errors import DiskSpaceError, PortError, ServerError
from interestgraph.neo4j import server as server_module
from interestgraph.neo4j.server import PrivateServer, ServerInfo
from interestgraph.settings import Settings, load_settings


def query(info: ServerInfo, text: str, **parameters: Any) -> list[Any]:
    with neo4j.GraphDatabase.driver(info.bolt_uri, auth=(info.username, info.password)) as driver:
        return [record.value() for record in driver.execute_query(text, parameters).records]


def settings_for(home: Path, **more: Any) -> Settings:
    return load_settings(home=home, **more)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    """One server for this module; a test that stops it starts it again."""
    private = PrivateServer(settings_for(tmp_path_factory.mktemp("server") / "home"))
    private.start()
    yield private
    private.stop(force=True)


@pytest.fixture
def info(server: PrivateServer) -> ServerInfo:
    return server.start()


@pytest.fixture
def listener() -> Iterator[int]:
    """A port that another program has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_second_start_finds_the_running_one(server: PrivateServer, info: ServerInfo) -> None:
    other = PrivateServer(server.settings)
    assert other.start() == info == other.status()
    assert psutil.pid_exists(info.pid)


def test_it_answers_and_serves_neo4j_browser(info: ServerInfo) -> None:
    assert query(info, "RETURN 41 + 1") == [42]
    with urllib.request.urlopen(f"{info.http_url}/browser/") as page:
        assert page.status == 200
        assert b"Neo4j Browser" in page.read()
    assert info.version in query(info, "CALL dbms.components() YIELD versions RETURN versions[0]")


def test_only_this_machine_and_this_user_get_in(info: ServerInfo) -> None:
    listening = [
        connection.laddr.ip.removeprefix("::ffff:")
        for connection in psutil.Process(info.pid).net_connections("inet")
        if connection.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}
    assert stat.S_IMODE(info.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(info.home.stat().st_mode) == 0o700
    assert info.password not in repr(info)
    assert info.password not in " ".join(psutil.Process(info.pid).cmdline())
    with pytest.raises(neo4j.exceptions.AuthError):
        query(ServerInfo(**{**vars(info), "password": "neo4j"}), "RETURN 1")


def test_a_kill_in_the_middle_of_writing_loses_nothing_committed(server: PrivateServer, info: ServerInfo) -> None:
    committed: list[int] = []

    def write() -> None:
        auth = (info.username, info.password)
        lost = (neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError, OSError)
        with neo4j.GraphDatabase.driver(info.bolt_uri, auth=auth) as driver:
            sessions = [driver.session(), driver.session()]
            with suppress(*lost):
                sessions[0].begin_transaction().run("UNWIND range(1, 1000) AS i CREATE (:Open)").consume()
                for number in range(100_000):
                    sessions[1].run("CREATE (:Kept {number: $number})", number=number).consume()
                    committed.append(number)
            for session in sessions * 2:  # the first close may fail to roll back and leaves it open
                with suppress(*lost):
                    session.close()

    writer = threading.Thread(target=write)
    writer.start()
    while len(committed) < 50:
        time.sleep(0.01)
    psutil.Process(info.pid).kill()
    writer.join(60)
    assert not writer.is_alive()

    again = server.start()
    assert again.pid != info.pid
    assert again.bolt_uri == info.bolt_uri
    kept = query(again, "MATCH (n:Kept) RETURN n.number ORDER BY n.number")
    assert kept[: len(committed)] == committed
    assert len(kept) <= len(committed) + 1  # the one whose answer the kill cut off
    assert query(again, "MATCH (n:Open) RETURN count(n)") == [0]


def test_stop_is_graceful_and_can_be_repeated(server: PrivateServer, info: ServerInfo) -> None:
    query(info, "MERGE (:Stopped)")
    assert server.stop() is True
    assert not psutil.pid_exists(info.pid)
    assert "Stopped." in server.log_file.read_text(encoding="utf-8")
    assert server.stop() is False
    again = server.start()
    assert query(again, "MATCH (n:Stopped) RETURN count(n)") == [1]


def test_a_missing_password_file_is_told_before_anything_starts(server: PrivateServer, info: ServerInfo) -> None:
    server.stop()
    aside = info.password_file.rename(info.home / "aside")
    try:
        with pytest.raises(ServerError, match="put the file back"):
            server.start()
    finally:
        aside.rename(info.password_file)


START = """
import sys, pathlib
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import load_settings
print(PrivateServer(load_settings(home=pathlib.Path(sys.argv[1]))).start().pid)
"""


def test_two_starts_at_once_give_one_server_that_outlives_them_beside_another(
    server: PrivateServer, info: ServerInfo, tmp_path: Path
) -> None:
    second = PrivateServer(settings_for(tmp_path / "second home"))  # the blank is on purpose
    # A process id that was used again: it is alive, but it is not the server.
    second.home.joinpath("run").mkdir(parents=True)
    stale = {"pid": os.getpid(), "created": time.time() - 9999.0, "bolt": 1, "http": 2}
    second.home.joinpath("run", "server.json").write_text(json.dumps(stale), encoding="utf-8")
    assert not second.is_running()

    command = [sys.executable, "-c", START, str(second.home)]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        printed = {start.communicate(timeout=120)[0] for start in starts}
        found = second.status()
        assert found is not None
        assert printed == {f"{found.pid}\n"}
        assert len({info.bolt_uri, info.http_url, found.bolt_uri, found.http_url}) == 4
        assert found.password != info.password
        query(found, "CREATE (:Second)")
        assert query(info, "MATCH (n:Second) RETURN count(n)") == [0]
        assert server.is_running()

        second.reset()
        assert not second.is_running()
        assert not (second.data / "databases").exists()
        assert second.password() == found.password
    finally:
        second.stop(force=True)


def test_a_port_that_was_asked_for_and_is_taken_is_named(tmp_path: Path, listener: int) -> None:
    with pytest.raises(PortError, match=rf"port {listener} \(bolt\).*INTERESTGRAPH_BOLT_PORT"):
        PrivateServer(settings_for(tmp_path, bolt_port=listener)).start()
    with pytest.raises(PortError, match=rf"port {listener} \(http\)"):
        PrivateServer(settings_for(tmp_path, http_port=listener)).start()


def test_a_remembered_port_that_is_taken_is_replaced_and_told(
    server: PrivateServer, info: ServerInfo, listener: int
) -> None:
    server.stop()
    ports = json.loads((info.home / "ports.json").read_text(encoding="utf-8"))
    (info.home / "ports.json").write_text(json.dumps({**ports, "bolt": listener}), encoding="utf-8")
    told: list[str] = []
    again = server.start(told.append)
    assert any(f"port {listener} (bolt)" in line for line in told)
    assert again.http_url == info.http_url
    assert query(again, "RETURN 1") == [1]


def test_another_process_on_the_same_data_is_told(server: PrivateServer, info: ServerInfo) -> None:
    state = (info.home / "run" / "server.json").rename(info.home / "run" / "aside.json")
    try:
        with pytest.raises(ServerError, match="another Neo4j process uses"):
            server.start()
    finally:
        state.rename(info.home / "run" / "server.json")
        ports = {"bolt": int(info.bolt_uri[-5:]), "http": int(info.http_url[-5:])}
        (info.home / "ports.json").write_text(json.dumps(ports), encoding="utf-8")
    assert server.status() == info


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_FREE_BYTES", 1 << 60)
    with pytest.raises(DiskSpaceError, match="INTERESTGRAPH_HOME"):
        PrivateServer(settings_for(tmp_path)).start()
