"""The ledger: what it keeps, how it is compacted, and how recorded events get into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interestgraph import DataError
from interestgraph.ingest import ledger, recognition
from interestgraph.ingest.compact import compact
from interestgraph.ingest.ledger import COMPACTED, EVENTS, unpacked
from interestgraph.ingest.load import LoadConfig, LoadReport, load
from interestgraph.ingest.preview import Change, preview
from interestgraph.ingest.record import Event, Target, record
from interestgraph.ingest.unload import unload
from interestgraph.neo4j.connection import Database
from tests.conftest import empty
from tests.ingest.test_resume import dump, same

HEAD = "user,item,behaviour,time,value,quantity,title,brand,price,category"
LINES = [f"u{n % 3},i{n % 5},buy,2024-05-{n + 1:02d},{n},1,Title {n % 5},,,Drinks > Tea" for n in range(20)]


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., LoadConfig]:
    def make(*lines: str, **more: Any) -> LoadConfig:
        path = tmp_path / f"log{len(list(tmp_path.iterdir()))}.csv"
        path.write_text("\n".join([HEAD, *lines]) + "\n")
        return LoadConfig("events", path, **more)

    return make


@pytest.fixture
def run(database: Database, tmp_path: Path, config: Callable[..., LoadConfig]) -> Callable[..., LoadReport]:
    return lambda *lines, **more: load(database, config(*lines, **more), rejected_folder=tmp_path)


def parts(database: Database) -> list[dict[str, Any]]:
    return database.read("MATCH (p:LogPart) RETURN p {.*} AS p ORDER BY p.partId")


def test_parts_hold_a_span_of_time_each_and_every_event(
    run: Callable[..., LoadReport], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PART_ROWS", 8)
    report = run(*reversed(LINES))
    found = [row["p"] for row in parts(database) if row["p"]["kind"] == EVENTS]
    assert [part["rows"] for part in found] == [8, 8, 4]
    moments = [unpacked(part["data"])["at"].to_pylist() for part in found]
    assert [moment.day for part in moments for moment in part] == list(range(1, 21))
    for part, inside in zip(found, moments, strict=True):
        ends = [int(moment.replace(tzinfo=UTC).timestamp() * 1000) for moment in (inside[0], inside[-1])]
        assert [part["firstMs"], part["lastMs"]] == ends
    assert {part["loadId"] for part in found} == {report.load_id}


def test_compacted_events_are_exact_but_not_recognised(
    run: Callable[..., LoadReport], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PART_ROWS", 5)
    more = "u1,i1,buy,2024-05-21,,,,,,"
    kept = run(more)
    whole = dump(database)
    empty(database)
    gone = run(*LINES)
    run(more)
    report = compact(database, datetime(2024, 5, 11))
    assert (report.parts, report.events) == (2, 10)
    assert report.bytes_after < report.bytes_before
    assert {row["p"]["kind"] for row in parts(database)} >= {EVENTS, COMPACTED}
    assert compact(database, datetime(2024, 5, 11)).parts == 0
    again = run(*LINES, "u2,i2,buy,2024-05-22,,,,,,")
    assert (again.events, again.duplicates) == (1, 10)
    assert again.reasons == {"older than the compacted records: it may be known or new": 10}
    with pytest.raises(DataError, match=r"2024-06-01 00:00 lies after the last event"):
        compact(database, datetime(2024, 6, 1))
    unload(database, again.load_id)
    unload(database, gone.load_id)
    same(whole, dump(database))
    assert [row["load"]["loadId"] for row in database.read("ingest/list_loads")] == [kept.load_id]


def test_recorded_events_are_recognised_after_their_parts_are_merged(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "TIER", 3)
    monkeypatch.setattr(ledger, "PART_ROWS", 4)
    monkeypatch.setattr("interestgraph.ingest.record.TIER", 3)
    events = [Event("u", "i", "VIEWED", datetime(2024, 5, day), key=f"event {day}") for day in range(1, 15)]
    target = Target("stream-x", "events")
    assert [record(database, [event], target=target) for event in events] == [1] * 14
    assert max(row["p"]["level"] for row in parts(database)) > 0
    assert sum(row["p"]["rows"] for row in parts(database)) == 14
    # Also by a process that has seen none of it, and in one transaction with new ones.
    new = Event("u", "i", "VIEWED", datetime(2024, 5, 20), key="new")
    assert record(database, [*events, new, new], target=Target("stream-x", "events")) == 1
    (row,) = database.read("MATCH ()-[r:VIEWED]->() RETURN r.count AS n")
    assert row["n"] == 15
    (entry,) = (row["load"] for row in database.read("ingest/list_loads"))
    assert (entry["rows"], entry["events"], entry["duplicates"]) == (30, 15, 15)


def test_recorded_events_without_a_key_count_each_time_and_outlive_a_load(
    run: Callable[..., LoadReport], database: Database
) -> None:
    event = Event("u1", "i1", "PURCHASED", datetime(2024, 5, 3))
    record(database, [event, event])
    record(database, [event])
    whole = dump(database)
    report = run(*LINES)
    unload(database, report.load_id)
    left = dump(database)
    assert left["u1 PURCHASED i1"]["count"] == 3
    for key in ("u1 PURCHASED i1", "User u1", "Item i1"):
        same({key: whole[key]}, {key: left[key]})
    assert not [key for key in left if key.startswith(("Category", "Item i2", "User u0"))]


def test_a_preview_tells_what_a_load_then_does(
    run: Callable[..., LoadReport], config: Callable[..., LoadConfig], database: Database
) -> None:
    run(*LINES[:10])
    before = dump(database)
    asked = config(*LINES[5:12], "u9,i0,view,2024-05-30,,,Other,,,Food", "u9,,view,2024-05-30,,,,,,")
    told = preview(database, asked)
    same(before, dump(database))
    assert (told.rows, told.events, told.duplicates, told.rejected) == (9, 3, 5, 1)
    assert told.changes["users"] == Change(added=1, changed=0)
    assert told.changes["categories"] == Change(added=1, changed=0)
    assert told.changes["items in categories"] == Change(added=0, changed=1)
    assert told.changes["VIEWED"] == Change(added=1, changed=0)
    assert told.changes["items"].changed >= 1
    done = load(database, asked, rejected_folder=asked.data.parent if asked.data else Path())
    assert (done.load_id, done.events, done.duplicates) == (told.load_id, told.events, told.duplicates)
    assert preview(database, asked).loaded
