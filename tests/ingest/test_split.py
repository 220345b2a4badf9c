"""Splits: nothing of the future in train, codes that say what train knows, folders that are whole or not there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from interestgraph.errors import ConfigurationError, DataError
from interestgraph.ingest.split import EVENT_SCHEMA, ID_SCHEMA, SplitConfig, split
from tests.conftest import Output
from tests.ingest.bench import csv

Run = Callable[..., Output]
HEAD = "user,item,event,time,value,quantity"
PARTS = ("train", "validation", "test")


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return found


def named(folder: Path, name: str) -> list[tuple[str, str, int]]:
    """Events as user and item ids and the day of May."""
    ids = {key: {row["code"]: row["id"] for row in rows(folder, f"{key}s")} for key in ("user", "item")}
    return [(ids["user"][row["user"]], ids["item"][row["item"]], row["at"].day) for row in rows(folder, name)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Ten days of May; user z and item 9 come late, user y and item 8 in the middle."""
    days = ["b,2", "a,1", "a,2", "b,1", "y,8", "a,8", "z,9", "a,1", "b,9", "y,2"]
    lines = [f"{pair},buy,2024-05-{day:02d}T12:00:00.250,1.5,2" for day, pair in enumerate(days, start=1)]
    return csv(tmp_path / "log.csv", HEAD, *reversed(lines), "a,1,buy,never,,")


def test_a_cut_puts_all_that_is_earlier_into_train(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = split(
        SplitConfig(
            "events", out, log, cut=datetime(2024, 5, 7, 12, 0, 0, 250_000), validation_cut=datetime(2024, 5, 5)
        )
    )
    assert [day for _, _, day in named(out, "train")] == [1, 2, 3, 4]
    assert named(out, "validation") == [("y", "8", 5), ("a", "8", 6)]
    assert named(out, "test") == [("z", "9", 7), ("a", "1", 8), ("b", "9", 9), ("y", "2", 10)]
    assert [(part.name, part.events, part.users, part.items) for part in report.parts] == [
        ("train", 4, 2, 2),
        ("validation", 2, 2, 1),
        ("test", 4, 4, 3),
    ]
    assert (report.rows, report.duplicates, report.rejected, report.leak_free) == (11, 0, 1, True)
    assert report.parts[2].last_event_at == datetime(2024, 5, 10, 12, 0, 0, 250_000, UTC)


def test_codes_of_train_come_first_then_those_of_validation(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = split(SplitConfig("events", out, log, cut=datetime(2024, 5, 7), validation_days=2))
    assert rows(out, "users") == [
        {"code": 0, "id": "a", "inTrain": True},
        {"code": 1, "id": "b", "inTrain": True},
        {"code": 2, "id": "y", "inTrain": False},
        {"code": 3, "id": "z", "inTrain": False},
    ]
    assert [(row["id"], row["inTrain"]) for row in rows(out, "items")] == [
        ("1", True),
        ("2", True),
        ("8", False),
        ("9", False),
    ]
    assert (report.users, report.train_users, report.items, report.train_items) == (4, 2, 4, 2)


def test_the_files_have_the_columns_that_are_documented(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    split(SplitConfig("events", out, log, cut=datetime(2024, 5, 7)))
    for name in PARTS:
        assert pq.read_schema(out / f"{name}.parquet").equals(EVENT_SCHEMA)
    for name in ("users", "items"):
        assert pq.read_schema(out / f"{name}.parquet").equals(ID_SCHEMA)
    assert rows(out, "validation") == []
    assert rows(out, "train")[0] == {
        "user": 1,
        "item": 1,
        "behaviour": "PURCHASED",
        "at": datetime(2024, 5, 1, 12, 0, 0, 250_000, UTC),
        "strength": 1.0,
        "quantity": 2.0,
        "value": 1.5,
    }


def test_the_manifest_says_what_was_split_and_how(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    split(SplitConfig("events", out, log, cut=datetime(2024, 5, 7), validation_days=2))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["loader"], manifest["kind"], manifest["leak_free"]) == ("events", "cut", True)
    assert (manifest["validation_cut"], manifest["cut"]) == ("2024-05-05T00:00:00+00:00", "2024-05-07T00:00:00+00:00")
    assert manifest["sources"] == [{"name": "log.csv", "sha256": hashlib.sha256(log.read_bytes()).hexdigest()}]
    assert manifest["files"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("*.parquet")
    }
    assert [(part["name"], part["events"]) for part in manifest["parts"]] == [
        ("train", 4),
        ("validation", 2),
        ("test", 4),
    ]


def test_a_ratio_is_of_the_events_in_order_of_time(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = split(SplitConfig("events", out, log, ratio=(0.6, 0.2, 0.2)))
    assert [[day for _, _, day in named(out, name)] for name in PARTS] == [[1, 2, 3, 4, 5, 6], [7, 8], [9, 10]]
    assert report.cut == datetime(2024, 5, 9, 12, 0, 0, 250_000, UTC)


def test_a_ratio_keeps_events_of_one_moment_together(tmp_path: Path) -> None:
    lines = [f"u{n},i,buy,2024-05-0{day},," for n, day in enumerate([1, 2, 2, 2, 2, 3, 4, 4, 4, 5])]
    out = tmp_path / "out"
    split(SplitConfig("events", out, csv(tmp_path / "log.csv", HEAD, *lines), ratio=(0.3, 0.4, 0.3)))
    assert [[day for _, _, day in named(out, name)] for name in PARTS] == [[1], [2, 2, 2, 2, 3], [4, 4, 4, 5]]


def test_the_last_events_of_each_user(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = split(SplitConfig("events", out, log, last=1))
    assert sorted(named(out, "test")) == [("a", "1", 8), ("b", "9", 9), ("y", "2", 10)]
    assert sorted(named(out, "validation")) == [("a", "8", 6), ("b", "1", 4)]
    # The only event of z, and the first of y, stay in train: who is tested is known.
    assert {("z", "9", 7), ("y", "8", 5)} <= set(named(out, "train"))
    assert not report.leak_free
    assert "not leak-free" in report.notes[0]


def test_a_log_without_times_can_only_leave_out_the_last(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("0 1 2 3 4\n1 2 3\n", encoding="utf-8")
    for how in ({"cut": datetime(2024, 1, 1)}, {"ratio": (0.8, 0.1, 0.1)}):
        with pytest.raises(ConfigurationError, match=r"loader adjacency has no times.*--last"):
            split(SplitConfig("adjacency", tmp_path / "out", tmp_path / "train.txt", **how))
    report = split(SplitConfig("adjacency", tmp_path / "out", tmp_path / "train.txt", last=1))
    assert [part.events for part in report.parts] == [3, 1, 2]
    assert any("no times" in note for note in report.notes)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"cut": datetime(2023, 1, 1)}, r"train would be empty: no event before 2023-01-01.*from 2024-05-01 12:00"),
        ({"cut": datetime(2025, 1, 1)}, r"test would be empty: no event at or after 2025-01-01.*to 2024-05-10 12:00"),
        ({"ratio": (0.05, 0.0, 0.95)}, "train would be empty"),
    ],
)
def test_an_empty_part_is_an_error_and_leaves_nothing(
    log: Path, tmp_path: Path, how: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        split(SplitConfig("events", tmp_path / "out", log, **how))
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_a_folder_is_replaced_only_when_asked_and_only_a_split(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    config = SplitConfig("events", out, log, cut=datetime(2024, 5, 7))
    split(config)
    with pytest.raises(ConfigurationError, match=r"out is not empty: .*--overwrite"):
        split(config)
    split(SplitConfig("events", out, log, cut=datetime(2024, 5, 9), overwrite=True))
    assert len(rows(out, "test")) == 2
    (out / "manifest.json").unlink()
    with pytest.raises(ConfigurationError, match="holds no split"):
        split(SplitConfig("events", out, log, cut=datetime(2024, 5, 9), overwrite=True))
    assert len(rows(out, "test")) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "out"]


def test_a_split_that_fails_midway_leaves_the_one_before(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    split(SplitConfig("events", out, log, cut=datetime(2024, 5, 7)))

    def stop(step: str, done: int, total: int) -> None:
        if done == 3:
            raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match="out cannot be written: No space left"):
        split(SplitConfig("events", out, log, cut=datetime(2024, 5, 9), overwrite=True), stop)
    assert len(rows(out, "test")) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "out"]


def test_two_runs_write_the_same_bytes(log: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        split(SplitConfig("events", tmp_path / name, log, ratio=(0.6, 0.2, 0.2)))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


moments = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 30)), min_size=3, max_size=40)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=moments, shares=st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.0, 0.5), (0.34, 0.33, 0.33)]))
def test_every_event_is_in_one_part_and_train_is_never_later(
    events: list[tuple[int, int, int]], shares: tuple[float, float, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("property")
    lines = [f"u{user},i{item},buy,2024-05-01T00:00:{second:02d},," for user, item, second in events]
    try:
        split(SplitConfig("events", folder / "out", csv(folder / "log.csv", HEAD, *lines), ratio=shares))
    except DataError:
        reject()  # too few moments for three parts
    parts = [rows(folder / "out", name) for name in PARTS]
    assert sum(map(len, parts)) == len(events)
    spans = [(part[0]["at"], part[-1]["at"]) for part in parts if part]
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    for key in ("user", "item"):
        known = {row["code"] for row in rows(folder / "out", f"{key}s") if row["inTrain"]}
        assert known == {event[key] for event in parts[0]} == set(range(len(known)))


def test_train_can_be_loaded_by_the_generic_loader(log: Path, tmp_path: Path) -> None:
    split(SplitConfig("events", tmp_path / "out", log, cut=datetime(2024, 5, 7)))
    again = split(
        SplitConfig("events", tmp_path / "again", tmp_path / "out" / "train.parquet", cut=datetime(2024, 5, 4))
    )
    assert (again.rows, again.rejected, again.parts[0].events) == (6, 0, 3)


def test_the_command_prints_the_files(ig: Run, log: Path, tmp_path: Path) -> None:
    arguments = ["split", "events", "--data", str(log), "--out", str(tmp_path / "out")]
    output = ig(*arguments, "--cut", "2024-05-07", "--validation", "2")
    assert output.code == 0, output.err
    lines = [line.split() for line in output.out.splitlines()]
    assert "11 rows read, 0 duplicates, 1 rejected; train has 2 of 4 users and 2 of 4 items" in output.out
    assert lines[2] == ["train.parquet", "4", "2", "2", "2024-05-01", "12:00", "2024-05-04", "12:00"]
    assert lines[4][:4] == ["test.parquet", "4", "4", "3"]
    report = json.loads(ig(*arguments, "--ratio", "0.6/0.2/0.2", "--overwrite", "--json").out)
    assert [part["events"] for part in report["parts"]] == [6, 2, 2]
    last = ig(*arguments, "--last", "1", "--overwrite")
    assert "note: the last events of each user are not leak-free" in last.err
    assert "Not leak-free" in " ".join(ig("split", "--help").out.split())


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("", "exactly one of cut, last and ratio"),
        ("--cut 2024-05-07 --last 1", "exactly one of cut, last and ratio"),
        ("--last 0", "last must be at least 1"),
        ("--last 1 --validation 3", "need a cut"),
        ("--cut 2024-05-07 --validation -3", "must be positive"),
        ("--cut 2024-05-07 --validation 3 --validation-cut 2024-05-01", "not both"),
        ("--cut 2024-05-07 --validation-cut 2024-05-07", "must lie before the cut"),
        ("--ratio 0.8/0.2", "0.8/0.1/0.1"),
        ("--ratio 0.8/0.3/0.1", "sum to 1"),
        ("--ratio 1/0/0", "sum to 1"),
    ],
)
def test_wrong_options_are_a_usage_error(ig: Run, log: Path, tmp_path: Path, how: str, message: str) -> None:
    output = ig("split", "events", "--data", str(log), "--out", str(tmp_path / "out"), *how.split())
    assert output.code == 2
    assert message in " ".join(output.err.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_a_parquet_log_with_numbers_for_ids(tmp_path: Path) -> None:
    table = pa.table(
        {"user": [1, 2, 1], "item": [7, 7, 8], "event": ["buy"] * 3, "time": [1.7e9, 1.7e9 + 60, 1.7e9 + 90]}
    )
    pq.write_table(table, tmp_path / "log.parquet")
    split(SplitConfig("events", tmp_path / "out", tmp_path / "log.parquet", ratio=(0.67, 0.0, 0.33)))
    assert [row["id"] for row in rows(tmp_path / "out", "users")] == ["1", "2"]
    assert [row["id"] for row in rows(tmp_path / "out", "items")] == ["7", "8"]
