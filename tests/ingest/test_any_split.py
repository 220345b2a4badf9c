"""Any split of a log into files, in any order, overlapping or not, adds up to the same graph."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from tests.conftest import empty
from tests.ingest.test_resume import dump, same

HEAD = "user,item,behaviour,time,value,quantity,title,category,session\n"
ROWS = 60


def rows() -> list[str]:
    """Events of few users and items, months apart, so that pairs get many events and much decay; no row twice."""
    draw = random.Random(11)
    return [
        f"u{draw.randrange(6)},i{(item := draw.randrange(8))},{draw.choice(['view', 'cart', 'buy'])},"
        f"2024-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}T{draw.randrange(24):02d}:00:00,"
        f"{draw.randrange(1, 40) / 4},{draw.randrange(1, 4)},Item {item},C{item % 3} > D{item % 2},s{number}\n"
        for number in range(ROWS)
    ]


@pytest.fixture(scope="module")
def whole(connection: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The graph of one load of all rows."""
    empty(connection)
    log = tmp_path_factory.mktemp("whole") / "log.csv"
    log.write_text(HEAD + "".join(rows()), encoding="utf-8")
    load(connection, LoadConfig("events", log), rejected_folder=log.parent)
    found = dump(connection)
    empty(connection)
    return found


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.integers(0, 3), min_size=ROWS, max_size=ROWS),
    order=st.permutations(range(4)),
    shuffle=st.integers(0, 1_000),
    overlap=st.floats(0, 0.5),
)
def test_any_split_and_order_of_a_log_into_loads_gives_the_same_graph(
    whole: dict[str, object],
    database: Database,
    tmp_path: Path,
    parts: list[int],
    order: list[int],
    shuffle: int,
    overlap: float,
) -> None:
    empty(database)
    draw = random.Random(shuffle)
    events = 0
    for number in order:
        chosen = [row for row, part in zip(rows(), parts, strict=True) if part == number or draw.random() < overlap]
        if not chosen:
            continue
        draw.shuffle(chosen)
        log = tmp_path / f"part-{number}.csv"
        log.write_text(HEAD + "".join(chosen), encoding="utf-8")
        report = load(database, LoadConfig("events", log), rejected_folder=tmp_path)
        assert report.rows == report.events + report.duplicates == len(chosen)
        events += report.events
    assert events == ROWS
    same(whole, dump(database))
