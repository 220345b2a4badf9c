"""Cleaning: times in every form, behaviours, and rows that are no events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interestgraph.errors import DataError
from tests.ingest.bench import clean, csv, toml

HEAD = "user,item,event,time,value,quantity"


def test_each_bad_row_is_kept_with_its_place_and_reason(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "log.csv",
        HEAD,
        ",i,buy,2024-05-01,,",
        "u, ,buy,2024-05-01,,",
        "u,i,buy,,,",
        "u,i,buy,yesterday,,",
        "u,i,buy,1969-12-31T23:59:59Z,,",
        "u,i,buy,2025-01-03,,",
        "u,i,eat,2024-05-01,,",
        "u,i,,2024-05-01,,",
        "u,i,buy,2024-05-01,cheap,",
        'u,i,buy,2024-05-01,"1,5",',
        "u,i,buy,2024-05-01,nan,",
        "u,i,buy,2024-05-01,1,many",
        "u,i,buy,2024-05-01,1,1",
    )
    found = clean("events", [path])
    assert [(row["row"], row["column"], row["value"], row["reason"]) for row in found.rejected] == [
        (1, "user", None, "missing user"),
        (2, "item", None, "missing item"),
        (3, "time", None, "missing time"),
        (4, "time", "yesterday", "unparseable time"),
        (5, "time", "1969-12-31T23:59:59Z", "time before 1970"),
        (6, "time", "2025-01-03", "time in the future"),
        (7, "behaviour", "eat", "unknown behaviour"),
        (8, "behaviour", None, "unknown behaviour"),
        (9, "value", "cheap", "value is not a number"),
        (10, "value", "1,5", "value is not a number"),
        (11, "value", "nan", "value is not a number"),
        (12, "quantity", "many", "quantity is not a number"),
    ]
    assert {row["file"] for row in found.rejected} == {str(path)}
    assert len(found.events) == 1


def test_rows_are_counted_in_their_own_file(tmp_path: Path) -> None:
    first = csv(tmp_path / "a.csv", HEAD, "u,i,buy,2024-05-01,,", "u,i,eat,2024-05-01,,")
    second = csv(tmp_path / "b.csv", HEAD, "u,i,drink,2024-05-01,,")
    found = clean("events", [first, second]).rejected
    assert [(Path(row["file"]).name, row["row"]) for row in found] == [("a.csv", 2), ("b.csv", 1)]


def test_a_day_of_clock_difference_is_forgiven(tmp_path: Path) -> None:
    path = csv(tmp_path / "log.csv", HEAD, "u,i,buy,2025-01-01T23:59:00Z,,")
    assert len(clean("events", [path]).events) == 1


def test_times_are_understood(tmp_path: Path) -> None:
    expected = {
        "2024-05-01": datetime(2024, 5, 1),
        "2024-05-01 10:20": datetime(2024, 5, 1, 10, 20),
        "2024-05-01T10:20:30": datetime(2024, 5, 1, 10, 20, 30),
        "2024-05-01T10:20:30Z": datetime(2024, 5, 1, 10, 20, 30),
        "2024-05-01T10:20:30.1239Z": datetime(2024, 5, 1, 10, 20, 30, 123_000),
        "2024-05-01T10:20:30+02:00": datetime(2024, 5, 1, 8, 20, 30),
        "2024-05-01 10:20:30-05:30": datetime(2024, 5, 1, 15, 50, 30),
        "1714558830": datetime(2024, 5, 1, 10, 20, 30),
        "1714558830.25": datetime(2024, 5, 1, 10, 20, 30, 250_000),
        "1714558830123": datetime(2024, 5, 1, 10, 20, 30, 123_000),
        " 1714558830 ": datetime(2024, 5, 1, 10, 20, 30),
        "0": datetime(1970, 1, 1),
    }
    lines = [f"u,i{place:02},buy,{text},," for place, text in enumerate(expected)]
    events = clean("events", [csv(tmp_path / "log.csv", HEAD, *lines)]).events
    events.sort(key=lambda event: event["item"])
    assert [event["at"] for event in events] == list(expected.values())


def test_the_zone_of_the_loader_holds_for_times_without_one(tmp_path: Path) -> None:
    expected = {
        "2024-05-01T10:00:00": datetime(2024, 5, 1, 8),  # summer: UTC+2
        "2024-12-01T10:00:00": datetime(2024, 12, 1, 9),  # winter: UTC+1
        "2024-05-01": datetime(2024, 4, 30, 22),
        "2024-05-01T10:00:00Z": datetime(2024, 5, 1, 10),
        "2024-05-01T10:00:00-04:00": datetime(2024, 5, 1, 14),
        "1714557600": datetime(2024, 5, 1, 10),
    }
    spec = toml(tmp_path / "mine.toml", events='behaviour = "PURCHASED"\ntimezone = "Europe/Berlin"')
    lines = [f"u,i{place:02},{text}" for place, text in enumerate(expected)]
    events = clean(str(spec), [csv(tmp_path / "log.csv", "u,i,t", *lines)]).events
    events.sort(key=lambda event: event["item"])
    assert [event["at"] for event in events] == list(expected.values())


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([datetime(2024, 5, 1, 10)], pa.timestamp("ms")), datetime(2024, 5, 1, 8)),
        (pa.array([datetime(2024, 5, 1, 10)], pa.timestamp("us", "America/New_York")), datetime(2024, 5, 1, 10)),
        (pa.array([datetime(2024, 5, 1)], pa.date32()), datetime(2024, 4, 30, 22)),
        (pa.array([1_714_557_600], pa.int64()), datetime(2024, 5, 1, 10)),
        (pa.array([1_714_557_600_000.0], pa.float64()), datetime(2024, 5, 1, 10)),
    ],
    ids=["naive", "zoned", "date", "seconds", "milliseconds"],
)
def test_typed_times_are_understood(tmp_path: Path, column: pa.Array, expected: datetime) -> None:
    spec = toml(tmp_path / "mine.toml", events='behaviour = "PURCHASED"\ntimezone = "Europe/Berlin"')
    pq.write_table(pa.table({"u": ["u"], "i": ["i"], "t": column}), tmp_path / "log.parquet")
    (event,) = clean(str(spec), [tmp_path / "log.parquet"]).events
    assert event["at"] == expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("%d.%m.%Y %H:%M", "01.05.2024 10:00", datetime(2024, 5, 1, 8)),
        ("%d/%b/%Y:%H:%M:%S %z", "01/May/2024:10:00:00 +0200", datetime(2024, 5, 1, 8)),
        ("%d/%b/%Y:%H:%M:%S %z", "01/May/2024:10:00:00 -0400", datetime(2024, 5, 1, 14)),
    ],
)
def test_an_own_time_format(tmp_path: Path, pattern: str, text: str, expected: datetime) -> None:
    events = f'behaviour = "PURCHASED"\ntimezone = "Europe/Berlin"\ntime_format = "{pattern}"'
    spec = toml(tmp_path / "mine.toml", events=events)
    found = clean(str(spec), [csv(tmp_path / "log.csv", "u,i,t", f"u,i,{text}", "u,i,2024-05-01")])
    assert [event["at"] for event in found.events] == [expected]
    assert [row["reason"] for row in found.rejected] == ["unparseable time"]


def test_an_unknown_zone_is_named(tmp_path: Path) -> None:
    spec = toml(tmp_path / "mine.toml", events='behaviour = "PURCHASED"\ntimezone = "Mars/Olympus"')
    with pytest.raises(DataError, match="Mars/Olympus"):
        clean(str(spec), [csv(tmp_path / "log.csv", "u,i,t", "u,i,2024-05-01")])


def test_behaviours_are_compared_without_regard_to_case_and_by_their_own_name(tmp_path: Path) -> None:
    words = ["PV", "view", " Purchased ", "addToCart", "CLICKED"]
    lines = [f"u,i,{word},2024-05-0{day},," for day, word in enumerate(words, start=1)]
    found = clean("events", [csv(tmp_path / "log.csv", HEAD, *lines)]).events
    assert [event["behaviour"] for event in found] == ["VIEWED", "VIEWED", "PURCHASED", "CARTED", "CLICKED"]
    assert [event["strength"] for event in found] == [0.1, 0.1, 1.0, 0.4, 0.15]


def test_a_period_takes_its_beginning_and_leaves_its_end(tmp_path: Path) -> None:
    lines = [f"u,i{day},buy,2024-05-0{day}T00:00:00Z,," for day in range(1, 5)]
    path = csv(tmp_path / "log.csv", HEAD, *lines)
    found = clean("events", [path], since=datetime(2024, 5, 2), until=datetime(2024, 5, 4))
    assert [event["item"] for event in found.events] == ["i2", "i3"]
    assert found.rejected == []
