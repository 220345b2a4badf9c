"""Loads that are repeated, split, cut off, and taken by the offline route: the graph is always the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from interestgraph import DataError, SchemaMismatchError, StateError, UnavailableError
from interestgraph.ingest import ledger, write
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.neo4j.connection import Database
from tests.conftest import empty

KEY = "coalesce(n.userId, n.itemId, n.categoryId, n.campaignId, n.name)"


def dump(database: Database) -> dict[str, Any]:
    """All of the graph but the books; floats are compared later with a tolerance."""
    found = {}
    for row in database.read(
        "MATCH (n) WHERE NOT n:Load AND NOT n:LoadBatch AND NOT n:LogPart "
        f"RETURN labels(n)[0] + ' ' + {KEY} AS key, properties(n) AS p"
    ):
        found[row["key"]] = row["p"]
    start, end = KEY.replace("n.", "a."), KEY.replace("n.", "b.")
    for row in database.read(
        f"MATCH (a)-[r]->(b) RETURN {start} + ' ' + type(r) + ' ' + {end} AS key, properties(r) AS p"
    ):
        assert row["key"] not in found
        found[row["key"]] = row["p"]
    return found


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for key, properties in one.items():
        assert properties.keys() == other[key].keys(), key
        for name, value in properties.items():
            expected = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
            assert other[key][name] == expected, f"{key}.{name}"


@pytest.fixture
def run(database: Database, shop_log: Path, tmp_path: Path) -> Callable[..., Any]:
    def call(**more: Any) -> Any:
        return load(database, LoadConfig("events", shop_log, **more), rejected_folder=tmp_path / "rejected")

    return call


def test_the_same_load_twice_changes_nothing(run: Callable[..., Any], database: Database) -> None:
    first = run()
    before = dump(database)
    again = run()
    assert (first.route, again.route) == ("bolt", "already loaded")
    assert (again.load_id, again.events) == (first.load_id, first.events)
    same(before, dump(database))


@pytest.mark.parametrize("late_first", [False, True])
def test_periods_in_any_order_add_up_to_the_whole(
    run: Callable[..., Any], database: Database, late_first: bool
) -> None:
    run()
    whole = dump(database)
    empty(database)
    cuts = [datetime(2024, 5, 10), datetime(2024, 5, 20, 11)]
    parts: list[dict[str, Any]] = [
        {"until": cuts[0]},
        {"since": cuts[0], "until": cuts[1]},
        {"since": cuts[1]},
    ]
    for part in reversed(parts) if late_first else parts:
        run(**part)
    same(whole, dump(database))
    again = run(since=cuts[0])
    assert (again.route, again.events) == ("bolt", 0)
    assert again.duplicates > 0
    assert again.rows == again.duplicates + again.outside
    same(whole, dump(database))


class DeathError(Exception):
    """Stands for whatever ends a process."""


@pytest.mark.parametrize(("k", "before_commit"), [(3, True), (8, False), (11, True), (14, False), (17, True)])
def test_a_load_that_dies_is_run_again_and_ends_the_same(
    run: Callable[..., Any], database: Database, monkeypatch: pytest.MonkeyPatch, k: int, before_commit: bool
) -> None:
    # Small batches, so that there is something to be cut off in the middle of a table.
    monkeypatch.setattr(write, "BATCH", 17)
    monkeypatch.setattr(ledger, "PART_ROWS", 40)
    run()
    whole = dump(database)
    empty(database)
    transact, calls = Database.transact, 0

    def dying(self: Database, work: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == k:
            if before_commit:
                raise DeathError
            transact(self, work)
            raise DeathError
        return transact(self, work)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "transact", dying)
        with pytest.raises(DeathError):
            run()
    loads = database.read("MATCH (l:Load) RETURN l.status AS status")
    assert [row["status"] for row in loads] == ["writing"]
    run()
    same(whole, dump(database))
    assert database.read("MATCH (l:Load) RETURN l.status AS status") == [{"status": "complete"}]
    assert database.read("MATCH (b:LoadBatch) RETURN count(b) AS n") == [{"n": 0}]


def test_an_interrupted_load_goes_before_another(
    run: Callable[..., Any], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise UnavailableError("the server went away")

    with monkeypatch.context() as patched:
        patched.setattr("interestgraph.ingest.load.write_tables", down)
        with pytest.raises(UnavailableError):
            run()
    other = tmp_path / "other.csv"
    other.write_text("user,item,behaviour,time\nu,i,buy,2024-05-01\n")
    with pytest.raises(StateError, match=r"load events-\w+ was interrupted: run it again first"):
        load(database, LoadConfig("events", other), rejected_folder=tmp_path)
    run()
    load(database, LoadConfig("events", other), rejected_folder=tmp_path)


def test_another_half_life_is_refused(run: Callable[..., Any], database: Database, tmp_path: Path) -> None:
    run()
    from interestgraph.ingest.spec import spec_path

    own = tmp_path / "own.toml"
    own.write_text(spec_path("events").read_text().replace("half_life = 120", "half_life = 60"))
    more = tmp_path / "more.csv"
    more.write_text("user,item,behaviour,time\nu,i,buy,2024-05-01\n")
    with pytest.raises(SchemaMismatchError, match="COMMENTED with a half-life of 120 days, loader events says 60"):
        load(database, LoadConfig(str(own), more), rejected_folder=tmp_path)


def test_rejected_rows_are_kept_with_file_and_row(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "user,item,behaviour,time\nu,i,buy,2024-05-01\nu,,buy,2024-05-01\nu,i,eat,2024-05-01\nu,i,buy,soon\n"
    )
    report = load(database, LoadConfig("events", log), rejected_folder=tmp_path)
    assert report.reasons == {"missing item": 1, "unknown behaviour": 1, "unparseable time": 1}
    assert (report.rows, report.events, report.rejected) == (4, 1, 3)
    kept = Path(str(report.rejected_file)).read_text().splitlines()
    assert kept[0] == "file,row,column,value,reason"
    assert [line.replace(str(log), "") for line in kept[1:]] == [
        ",2,item,,missing item",
        ",3,behaviour,eat,unknown behaviour",
        ",4,time,soon,unparseable time",
    ]
    log.write_text("user,item,behaviour,time\nu,i,eat,2024-05-01\n")
    before = dump(database)
    with pytest.raises(
        DataError, match=r"no usable event for loader events \(1 unknown behaviour\): nothing was loaded"
    ):
        load(database, LoadConfig("events", log), rejected_folder=tmp_path)
    same(before, dump(database))


def test_the_offline_route_gives_the_same_graph(
    database: Database, private: tuple[Database, OfflineImporter], tmp_path: Path
) -> None:
    lines = [
        "user,item,behaviour,time,value,quantity,title,brand,price,category",
        'u1,i1,buy,2024-05-01T10:00:00.250,3.5,2,"Tea, ""green"" ; fine",A;B,,Drinks; hot > Tea',
        'u2,i1,buy,2024-05-03,1,,"Tea, ""green"" ; fine",A;B,,Drinks; hot > Tea',
        "ü3,i2,view,2024-05-02,,,Käse ‘alt’,,7.25,Food",
        '"u,4",007,fav,2024-05-02,,,"two\nlines",,,',
    ]
    log = tmp_path / "log.csv"
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = LoadConfig("events", log)
    load(database, config, rejected_folder=tmp_path)
    other, importer = private
    report = load(other, config, rejected_folder=tmp_path, offline=importer)
    assert report.route == "offline import"
    same(dump(database), dump(other))
    assert dump(other)["Item 007"]["title"] == "two lines"
    books = [
        server.read("MATCH (l:Load) RETURN l {.*, startedAt: null, endedAt: null, route: null} AS l")
        for server in (database, other)
    ]
    assert books[0] == books[1]
    again = load(other, config, rejected_folder=tmp_path, offline=importer)
    assert again.route == "already loaded"
