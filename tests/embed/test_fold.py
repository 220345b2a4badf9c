"""Folding in: the map, and what record, stream and `embed --new` do with it on a real graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import neo4j
import numpy as np
import pytest
from numpy.typing import NDArray

from interestgraph import InterestGraph, StateError
from interestgraph.embed.fold import Neighbourhoods, fit, fold, moved
from interestgraph.ingest.record import Event
from interestgraph.neo4j.connection import Database
from interestgraph.stream.run import StreamConfig
from tests.conftest import empty, write_shop_log
from tests.embed.test_run import config, vectors

START = datetime(2024, 6, 1, 12, tzinfo=UTC)
Vectors = NDArray[np.float32]


def unit(vectors: NDArray[Any]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def around(events: Vectors, number: int, catalogue: Vectors | None = None) -> Neighbourhoods:
    other = np.zeros_like(events) if catalogue is None else catalogue
    return Neighbourhoods(events, np.full(len(events), number, np.int64), other)


class TestMap:
    """Arrays only."""

    def test_it_finds_a_linear_relation(self) -> None:
        draw = np.random.default_rng(1)
        events, turn = unit(draw.normal(size=(2000, 8))), np.linalg.qr(draw.normal(size=(8, 8)))[0]
        target = unit(events @ turn)
        linear = fit(iter([(around(events[:1000], 5), target[:1000]), (around(events[1000:], 5), target[1000:])]), 8)
        fresh = unit(draw.normal(size=(50, 8)))
        found = fold(around(fresh, 5), linear)
        assert np.einsum("ij,ij->i", found, unit(fresh @ turn)).min() > 0.999

    def test_no_neighbours_give_no_vector_and_are_not_learnt_from(self) -> None:
        nothing = np.zeros((3, 4), np.float32)
        ones = unit(np.ones((3, 4)))
        linear = fit(iter([(around(nothing, 0), ones), (around(ones, 2), nothing)]), 4)
        assert not linear.any()
        assert not fold(around(nothing, 0), np.ones((16, 4), np.float32)).any()

    def test_a_vector_stays_without_news_and_moves_the_more_the_less_was_known(self) -> None:
        draw = np.random.default_rng(2)
        events = unit(draw.normal(size=(500, 8)))
        linear = fit(iter([(around(events, 9), events)]), 8)
        vector = unit(events[:1] + 0.3 * draw.normal(size=(1, 8)))
        assert moved(vector, around(events[:1], 9), around(events[:1], 9), linear) == pytest.approx(vector, abs=1e-6)
        near = []
        for known in (1, 10, 100):
            after = unit(known * events[:1] + events[1:2])
            found = moved(vector, around(events[:1], known), around(after, known + 1), linear)
            near.append(float((found @ vector.T)[0, 0]))
        assert near == sorted(near)
        assert near[0] < 0.95
        assert near[2] > 0.99


@pytest.fixture(scope="module")
def loaded(
    connection: Database, driver: neo4j.Driver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InterestGraph]:
    """The small log, loaded, enriched and embedded."""
    empty(connection)
    graph = InterestGraph(driver=driver)
    graph.load("events", write_shop_log(tmp_path_factory.mktemp("shop") / "shop.csv"))
    graph.enrich()
    graph.embed(config())
    yield graph
    empty(connection)


def group(graph: InterestGraph, user: str, n: int = 5) -> list[str]:
    """The groups of the users that are nearest."""
    return [row.node_id.split("-")[0] for row in graph.neighbours(user, n, kind="user")]


def test_the_third_click_moves_a_new_user(loaded: InterestGraph) -> None:
    loaded.record("newcomer", "tea-1", "VIEWED", at=START)
    loaded.record("newcomer", "tea-2", "VIEWED", at=START + timedelta(minutes=1))
    assert set(group(loaded, "newcomer", 4)) == {"tea"}
    before = vectors(loaded)
    first = {row.item_id: row.sources.get("vector", 0.0) for row in loaded.recommend("newcomer", 20)}
    loaded.record("newcomer", "cake-3", "PURCHASED", at=START + timedelta(minutes=2))
    after = vectors(loaded)
    third = {row.item_id: row.sources.get("vector", 0.0) for row in loaded.recommend("newcomer", 20)}
    assert {key for key in after if key not in before or not np.array_equal(before[key], after[key])} == {
        "User:newcomer"
    }
    cake = np.mean([after[f"Item:cake-{n}"] for n in range(6)], axis=0)
    assert after["User:newcomer"] @ cake > before["User:newcomer"] @ cake + 0.2
    assert sum(third.get(f"cake-{n}", 0.0) for n in range(6)) > sum(first.get(f"cake-{n}", 0.0) for n in range(6))


def test_a_known_user_moves_too_as_far_as_the_news_weigh(loaded: InterestGraph) -> None:
    before = vectors(loaded)
    key = "User:soap-fan-2"
    steps = []
    for number in range(3):
        loaded.record("soap-fan-2", f"tea-{number}", "PURCHASED", at=START + timedelta(hours=1 + number))
        steps.append(float(vectors(loaded)[key] @ before[key]))
    assert 0.5 < steps[2] < steps[1] < steps[0] < 1.0
    assert np.linalg.norm(vectors(loaded)[key]) == pytest.approx(1.0, abs=1e-6)
    trained = loaded.cypher("MATCH (n) WHERE n.embeddingFolded RETURN count(n) AS n")
    assert trained[0]["n"] >= 1


def test_a_new_item_gets_a_vector_from_its_first_users(loaded: InterestGraph) -> None:
    loaded.record_many([Event(f"tea-fan-{n}", "tea-new", "PURCHASED", START + timedelta(days=1)) for n in range(3)])
    near = loaded.neighbours("tea-new", 5)
    assert near.kind == "item"
    assert sum(row.node_id.startswith("tea") for row in near) >= 4


def test_what_a_load_brings_gets_vectors_by_new(loaded: InterestGraph, tmp_path: Path) -> None:
    log = tmp_path / "later.csv"
    log.write_text(
        "user,item,behaviour,time,title,category\n"
        "visitor,soap-late,purchase,2024-05-28T10:00:00,Late soap,Home > Bath\n"
        "visitor,soap-1,purchase,2024-05-28T10:01:00,Soap 1,Home > Bath\n"
        "visitor,towel-1,purchase,2024-05-28T10:02:00,Towel,Home > Linen\n"
        "alone,alone-1,purchase,2024-05-28T10:02:00,,\n",
        encoding="utf-8",
    )
    loaded.load("events", log)
    before = vectors(loaded)
    report = loaded.fold_in()
    after = vectors(loaded)
    assert (report.users, report.items, report.categories) == (1, 2, 1)
    assert report.run_id == loaded.status().embedding_run
    assert all(np.array_equal(before[key], after[key]) for key in before)
    assert set(after) - set(before) == {"User:visitor", "Item:soap-late", "Item:towel-1", "Category:Home > Linen"}
    assert set(group(loaded, "visitor", 3)) == {"soap"}
    again = loaded.fold_in()
    assert (again.users, again.items, again.categories) == (0, 0, 0)
    with pytest.raises(StateError, match=r"user alone has no vector.*embed --new"):
        loaded.neighbours("alone")


def test_a_stream_takes_the_vectors_along(loaded: InterestGraph, tmp_path: Path) -> None:
    log = tmp_path / "clicks.jsonl"
    lines = [
        {"user": "streamer", "item": f"cake-{n}", "behaviour": "buy", "time": f"2024-06-03T10:0{n}:00"}
        for n in range(3)
    ]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    report = loaded.stream(StreamConfig(f"jsonl:{log}", once=True))
    assert (report.events, report.vectors) == (3, 1)
    assert group(loaded, "streamer", 4).count("cake") >= 3


def test_without_a_run_events_are_recorded_all_the_same(database: Database, driver: neo4j.Driver) -> None:
    graph = InterestGraph(driver=driver)
    graph.record("u", "i", "VIEWED", at=START)
    assert vectors(graph) == {}
    with pytest.raises(StateError, match="no vectors to start from: run `interestgraph embed`"):
        graph.fold_in()
