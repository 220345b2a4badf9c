"""Loads that are killed at random moments, with their server or without, and run again: the graph is always the same.

The moments are others in each run; a failure names the seed that they were drawn from.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from interestgraph.ingest.load import LoadConfig, LoadReport, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.ingest.unload import unload
from interestgraph.neo4j.connection import Database, connect
from interestgraph.neo4j.server import PrivateServer
from interestgraph.settings import Settings, load_settings
from tests.conftest import empty
from tests.ingest.test_resume import dump, same
from tests.ingest.victim import Ended, Work, run, started

Draw = random.Random


@pytest.fixture
def draw() -> Draw:
    """Random moments; the seed is printed where a test fails."""
    seed = secrets.randbits(32)
    print(f"moments drawn from seed {seed}")
    return random.Random(seed)


@pytest.fixture
def halves(shop_log: Path) -> tuple[Path, Path]:
    """The shop's log up to its middle, and all of it: the second adds to relationships of the first."""
    lines = shop_log.read_text(encoding="utf-8").splitlines(keepends=True)
    early = shop_log.with_name("early.csv")
    early.write_text("".join([lines[0], *lines[1 : len(lines) // 2]]), encoding="utf-8")
    return early, shop_log


@pytest.fixture
def served(connection: Database, password: str, settings: Settings) -> dict[str, Any]:
    """Settings of the server of the run, for a process of its own."""
    return {
        "neo4j_uri": connection.uri,
        "neo4j_username": settings.neo4j_username,
        "neo4j_password": password,
        "neo4j_database": settings.neo4j_database,
    }


def loaded(database: Database, log: Path) -> LoadReport:
    return load(database, LoadConfig("events", log), rejected_folder=log.parent)


def killed(work: Work, total: int, draw: Draw, times: int) -> None:
    """Kill a process at random moments, so often, then let it do its work."""
    for _ in range(times):
        end = run(work, after=draw.randrange(1, total), wait=draw.random() * 0.02)
        assert end.error is None
        if not end.killed:  # it was done before its moment came, since others before it had done much already
            return
    assert run(work).error is None


def undisturbed(work: Work) -> int:
    """Run a process to its end; returns how many marks it sends."""
    end = run(work)
    assert end == Ended(end.marks, killed=False)
    assert end.marks > 20
    return end.marks


def clean_books(database: Database, loads: int) -> None:
    assert database.read("MATCH (l:Load) RETURN l.status AS status") == [{"status": "complete"}] * loads
    assert database.read("MATCH (b:LoadBatch) RETURN count(b) AS n") == [{"n": 0}]


def test_a_load_that_is_killed_at_any_moment(
    database: Database, served: dict[str, Any], halves: tuple[Path, Path], tmp_path: Path, draw: Draw
) -> None:
    early, whole = halves
    work = Work(served, tmp_path, LoadConfig("events", whole))
    loaded(database, early)
    total = undisturbed(work)
    expected = dump(database)
    for _ in range(3):
        empty(database)
        loaded(database, early)
        killed(work, total, draw, times=4)
        same(expected, dump(database))
        clean_books(database, 2)
    assert loaded(database, whole).route == "already loaded"


def test_a_load_that_is_killed_while_it_is_taken_out(
    database: Database, served: dict[str, Any], halves: tuple[Path, Path], tmp_path: Path, draw: Draw
) -> None:
    early, whole = halves
    first = loaded(database, early)
    loaded(database, whole)
    work = Work(served, tmp_path, unload=first.load_id)
    total = undisturbed(work)
    expected = dump(database)
    for _ in range(2):
        empty(database)
        loaded(database, early)
        loaded(database, whole)
        for _ in range(3):
            if not run(work, after=draw.randrange(1, total), wait=draw.random() * 0.02).killed:
                break
        if database.read("MATCH (l:Load {loadId: $id}) RETURN l", id=first.load_id):
            unload(database, first.load_id)
        same(expected, dump(database))
        clean_books(database, 1)


def test_an_offline_import_that_is_killed_at_any_moment(
    private: tuple[Database, OfflineImporter], shop_log: Path, tmp_path: Path, draw: Draw
) -> None:
    other, importer = private
    loaded(other, shop_log)
    expected = dump(other)
    empty(other)
    work = Work({"home": importer.settings.home}, tmp_path, LoadConfig("events", shop_log), offline=True)
    for _ in range(2):
        run(work, after=draw.randrange(1, 60), wait=draw.random() * 0.5)
    deadline = time.monotonic() + 60
    while (error := run(work).error) is not None:
        # The importer, a process of its own, ends a moment after the load that began it.
        assert "another import into" in error
        assert time.monotonic() < deadline
        time.sleep(0.2)
    with connect(importer.settings) as served_again:  # the server was started anew
        same(expected, dump(served_again))
        clean_books(served_again, 1)
    other.reconnect()


@contextmanager
def own_server(home: Path) -> Iterator[tuple[Settings, PrivateServer]]:
    """A server of a test's own, to be killed or starved."""
    settings = load_settings(home=home).model_copy(update={"neo4j_uri": None})
    server = PrivateServer(settings)
    try:
        yield settings, server
    finally:
        server.stop(timeout=5, force=True)


def test_a_server_that_is_killed_at_any_moment(
    private: tuple[Database, OfflineImporter], halves: tuple[Path, Path], tmp_path: Path, draw: Draw
) -> None:
    early, whole = halves
    loaded(private[0], early)
    loaded(private[0], whole)
    expected = dump(private[0])
    with own_server(tmp_path / "home") as (settings, server):
        with connect(settings) as own:
            loaded(own, early)
        work = Work({"home": settings.home}, tmp_path, LoadConfig("events", whole))
        for _ in range(2):
            process, marks = started(work)
            for _ in range(draw.randrange(5, 60)):
                if not marks.poll(60) or not _next(marks):
                    break
            server.stop(timeout=0, force=True)
            process.join(120)
            assert process.exitcode == 0
        assert run(work).error is None
        with connect(settings) as own:
            same(expected, dump(own))
            clean_books(own, 2)


def _next(marks: Any) -> bool:
    try:
        return marks.recv() is None
    except EOFError:
        return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A disk of its own, in memory: ``disk("1500m")`` gives it that size, whatever it holds."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a full disk needs a file system of its own, which only root can mount")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500m", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a full disk needs a file system of its own: {mounted.stderr.strip()}")

    def resized(size: str) -> Path:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)
        return folder

    yield resized
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_in_the_middle(
    private: tuple[Database, OfflineImporter],
    halves: tuple[Path, Path],
    disk: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    early, _ = halves
    more = _many(tmp_path / "more.csv", 2_500)
    loaded(private[0], early)
    loaded(private[0], more)
    expected = dump(private[0])
    config = LoadConfig("events", more)
    with own_server(disk("1500m") / "home") as (settings, server):
        with connect(settings) as own:
            loaded(own, early)
            info = server.status()
            assert info is not None
        disk(str(shutil.disk_usage(settings.home).used + (1 << 16)))
        # The client cannot see the disk of a server that it knows by its address; one that it sees it does not fill.
        address = {"neo4j_uri": info.bolt_uri, "neo4j_password": info.password}
        for given, told in ((address, "disk"), ({"home": settings.home}, "MiB free in")):
            end = run(Work(given, tmp_path, config, rows=500))
            assert end.error is not None
            assert told in end.error
        disk("1500m")
        assert run(Work({"home": settings.home}, tmp_path, config, rows=500)).error is None
        with connect(settings) as own:
            same(expected, dump(own))
            clean_books(own, 2)


def _many(path: Path, count: int) -> Path:
    """A log with titles so long that they fill more than the 32 MB of transaction log that the server sets aside."""
    draw = random.Random(7)
    lines = ["user,item,behaviour,time,title"]
    lines += [
        f"u{place % 50},i{place},buy,2024-06-{place % 28 + 1:02d},{draw.randbytes(8_000).hex()}"
        for place in range(count)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
