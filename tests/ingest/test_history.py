"""Histories: the same buckets whatever way events came in, and whatever was taken out again."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interestgraph.ingest.buckets import added_week, day_of, recorded, week_of
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.record import Event, record
from interestgraph.ingest.unload import unload
from interestgraph.neo4j.connection import Database
from tests.conftest import empty

START = datetime(2023, 12, 20, tzinfo=UTC)
WORDS = {"PURCHASED": "buy", "VIEWED": "view"}


def events(seed: int, count: int = 70) -> list[Event]:
    """Events of three users and four items over ten weeks; many weeks have several of a pair, some have none."""
    draw = random.Random(seed)
    return [
        Event(
            f"u{draw.randrange(3)}",
            f"i{draw.randrange(4)}",
            draw.choice(list(WORDS)),
            START + timedelta(minutes=draw.randrange(70 * 1440)),
            value=draw.choice([None, 1.5, 2.25]),
        )
        for _ in range(count)
    ]


def log(path: Path, rows: list[Event]) -> Path:
    lines = ["user,item,behaviour,time,value"]
    lines += [
        f"{row.user},{row.item},{WORDS[row.behaviour]},{row.at:%Y-%m-%dT%H:%M:%S},{row.value or ''}" for row in rows
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def expected(rows: list[Event]) -> dict[str, Any]:
    """What the graph should hold, counted one by one."""
    found: dict[Any, Counter[int]] = defaultdict(Counter)
    values: dict[Any, Counter[int]] = defaultdict(Counter)
    for row in rows:
        monday = (row.at.date() - timedelta(days=row.at.weekday()) - date(1969, 12, 29)).days // 7
        day = (row.at.date() - date(1970, 1, 1)).days
        keys = {(row.user, row.item): monday, (row.user,): day, (row.item,): monday}
        for key, bucket in keys.items():
            found[*key, row.behaviour][bucket] += 1
            if len(key) == 1:
                values[*key, row.behaviour][bucket] += row.value or 0.0  # type: ignore[assignment]
    return {
        " ".join(key): (dict(sorted(counts.items())), {b: pytest.approx(values[key][b]) for b in values[key]})
        for key, counts in found.items()
    }


def buckets(database: Database) -> dict[str, Any]:
    """What the graph holds, in the same form."""
    found: dict[str, Any] = {}
    for row in database.read(
        "MATCH (u:User)-[r:PURCHASED|VIEWED]->(i:Item) "
        "RETURN u.userId + ' ' + i.itemId + ' ' + type(r) AS key, r.weeks AS buckets, r.weekCounts AS counts, "
        "r.count AS n"
    ):
        assert (row["counts"] is None) == (row["n"] == len(row["buckets"]))
        counts = row["counts"] or [1] * len(row["buckets"])
        found[row["key"]] = (dict(zip(row["buckets"], counts, strict=True)), {})
    for row in database.read(
        "MATCH (n)-[h:HISTORY]->(b:Behaviour) RETURN coalesce(n.userId, n.itemId) + ' ' + b.name AS key, "
        "coalesce(h.days, h.weeks) AS buckets, h.counts AS counts, h.values AS values"
    ):
        values = dict(zip(row["buckets"], row["values"], strict=True))
        found[row["key"]] = (dict(zip(row["buckets"], row["counts"], strict=True)), values)
    for counts, _ in found.values():
        assert list(counts) == sorted(counts)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_split_and_order_gives_the_same_buckets(database: Database, tmp_path: Path, seed: int) -> None:
    rows = events(seed)
    draw = random.Random(seed)
    parts: list[list[Event]] = [[] for _ in range(4)]
    for row in rows:
        draw.choice(parts).append(row)
    ways = [0, 1, 2, 3]  # two files, one transaction of events, and events one by one
    draw.shuffle(ways)
    loads = {}
    for way in ways:
        if way < 2:
            config = LoadConfig("events", log(tmp_path / f"{way}.csv", parts[way]))
            loads[way] = load(database, config, rejected_folder=tmp_path).load_id
        elif way == 2:
            record(database, parts[way])
        else:
            for first in range(0, len(parts[way]), 3):
                record(database, parts[way][first : first + 3])
    assert buckets(database) == expected(rows)
    out = draw.randrange(2)
    unload(database, loads[out])
    assert buckets(database) == expected([row for way, part in enumerate(parts) if way != out for row in part])


def test_a_replaced_load_leaves_no_trace(database: Database, tmp_path: Path) -> None:
    wrong, right = events(4), events(5)
    first = load(database, LoadConfig("events", log(tmp_path / "wrong.csv", wrong)), rejected_folder=tmp_path)
    config = LoadConfig("events", log(tmp_path / "right.csv", right), replace=first.load_id)
    load(database, config, rejected_folder=tmp_path)
    assert buckets(database) == expected(right)
    empty(database)
    record(database, right[::-1])
    assert buckets(database) == expected(right)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4 * 10**12), st.none() | st.floats(0, 10)), min_size=1))
def test_recorded_buckets_are_sums(found: list[tuple[str, int, float | None]]) -> None:
    made = [
        Event(user, "i", "VIEWED", min(datetime.fromtimestamp(at / 1e3, UTC), datetime.now(UTC)), value)
        for user, at, value in found
    ]
    rows = recorded(made)
    for row in (row for table in rows.values() for row in table):
        assert len(row["counts"]) == len(row["values"])
        assert all(count > 0 for count in row["counts"])
    (item,) = rows["item_weeks"]
    assert dict(zip(item["weeks"], item["counts"], strict=True)) == Counter(week_of(event.millis) for event in made)
    assert sum(item["values"]) == pytest.approx(sum(event.value or 0 for event in made))
    days = {row["userId"]: dict(zip(row["days"], row["counts"], strict=True)) for row in rows["user_days"]}
    assert days == {
        user: Counter(day_of(event.millis) for event in made if event.user == user)
        for user in {event.user for event in made}
    }


@given(st.lists(st.integers(0, 8), min_size=1))
def test_weeks_of_a_pair_are_counted(weeks: list[int]) -> None:
    first, *rest = sorted(weeks)
    row: dict[str, Any] = {"weeks": [first], "weekCounts": None}
    for week in rest:
        added_week(row, week)
    assert dict(zip(row["weeks"], row["weekCounts"] or [1] * len(row["weeks"]), strict=True)) == Counter(weeks)
    assert (row["weekCounts"] is None) == (len(row["weeks"]) == len(weeks))


@pytest.mark.parametrize(
    ("moment", "week"),
    [("1970-01-01", 0), ("1970-01-04", 0), ("1970-01-05", 1), ("2017-12-31T23:59:59", 2504), ("2018-01-01", 2505)],
)
def test_weeks_begin_on_monday(moment: str, week: int) -> None:
    millis = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)
    assert week_of(millis) == week
