"""Single events: at once visible, exact, all or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import neo4j
import pytest

from interestgraph import ConfigurationError, DataError
from interestgraph.client import InterestGraph
from interestgraph.ingest.record import Event, record, rehearse
from interestgraph.neo4j.connection import Database

START = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def graph(database: Database, environment: None, shop_log: Path) -> Any:
    """The shop, loaded and enriched."""
    with InterestGraph() as made:
        made.load("events", shop_log)
        made.enrich()
        yield made


def relationship(database: Database, user: str, item: str) -> dict[str, Any]:
    rows = database.read(
        "MATCH (:User {userId: $user})-[r:PURCHASED]->(:Item {itemId: $item}) "
        "RETURN r {.count, .value, .weight, lastAt: r.lastAt.epochMillis} AS r",
        user=user,
        item=item,
    )
    return dict(rows[0]["r"])


def derived(database: Database) -> dict[str, Any]:
    """What enrich derives that recording keeps up to date, by what it belongs to."""
    items = database.read(
        "MATCH (i:Item) RETURN i.itemId AS id, i.trend AS trend, i.buyers AS buyers, i.repeatRate AS repeatRate"
    )
    wishes = database.read(
        "MATCH (u:User)-[w:INTERESTED_IN]->(c:Category) RETURN u.userId + '/' + c.categoryId AS id, w.score AS score, "
        "w.share AS share"
    )
    return {row.pop("id"): row for row in (*items, *wishes)}


def test_events_in_any_order_give_the_weight_worked_out_by_hand(database: Database) -> None:
    days = [0, 120, 60]
    for day in days:
        record(database, [Event("u", "i", "PURCHASED", START + timedelta(days=day), value=2.0)])
    found = relationship(database, "u", "i")
    # Half-life 120 days: the events are 120, 60 and 0 days old at the last one.
    assert found["weight"] == pytest.approx(0.5 + 0.5**0.5 + 1, rel=1e-9)
    assert (found["count"], found["value"]) == (3, 6.0)
    assert found["lastAt"] == round((START + timedelta(days=120)).timestamp() * 1000)


def test_one_batch_equals_single_events(database: Database) -> None:
    events = [Event("u", f"i{n % 3}", "PURCHASED", START + timedelta(hours=7 * n), value=n) for n in range(9)]
    record(database, events[::-1])
    together = [relationship(database, "u", f"i{n}") for n in range(3)]
    database.write("MATCH (n) DETACH DELETE n RETURN count(*) AS n")
    for event in events:
        record(database, [event])
    for one, other in zip(together, [relationship(database, "u", f"i{n}") for n in range(3)], strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_a_new_user_gets_recommendations_after_the_first_event(graph: InterestGraph) -> None:
    assert "is not in the graph" in graph.recommend("new").notes[0]
    graph.record("new", "tea-1", at=START)
    found = graph.recommend("new", 4)
    assert found[0].item_id == "tea-1"
    assert {row.item_id.split("-")[0] for row in found} == {"tea"}
    assert graph.profile("new").interests[0].name == "Drinks"
    assert graph.profile("new").last_active == START


def test_trend_interests_and_buyers_agree_with_a_new_enrichment(graph: InterestGraph) -> None:
    from interestgraph.enrich.enrich import EnrichConfig

    before = derived(graph.database)
    graph.record_many(
        [
            Event("tea-fan-0", "tea-0", "PURCHASED", START),
            Event("tea-fan-0", "cake-2", "PURCHASED", START + timedelta(hours=1)),
            Event("someone", "cake-2", "PURCHASED", START + timedelta(hours=2)),
            Event("someone", "cake-2", "PURCHASED", START + timedelta(hours=3)),
        ]
    )
    recorded = derived(graph.database)
    report = graph.enrich(EnrichConfig())
    fresh = derived(graph.database)
    factor = 2.0 ** -((report.as_of - datetime(2024, 5, 28, 17, tzinfo=UTC)).total_seconds() / 86400 / 14)
    assert recorded["cake-2"]["buyers"] == before["cake-2"]["buyers"] + 2 == fresh["cake-2"]["buyers"]
    for item in (name for name in fresh if "/" not in name):
        assert recorded[item]["repeatRate"] == pytest.approx(fresh[item]["repeatRate"], abs=1e-5), item
        assert recorded[item]["trend"] * factor == pytest.approx(fresh[item]["trend"], abs=1e-4), item
    for wish in (name for name in fresh if name.startswith(("tea-fan-0/", "someone/"))):
        # Views (half-life 30 days) and purchases (120) drift apart by a little until the next enrichment.
        tolerance = 1e-5 if wish.startswith("someone") else 2e-3
        assert recorded[wish]["share"] == pytest.approx(fresh[wish]["share"], abs=tolerance), wish


def test_a_wrong_event_leaves_the_graph_as_it_was(database: Database) -> None:
    with pytest.raises(DataError, match="unknown behaviour 'BOUGHT' of user u"):
        record(database, [Event("u", "i", "PURCHASED", START), Event("u", "i", "BOUGHT", START)])
    with pytest.raises(DataError, match="in the future"):
        Event("u", "i", "PURCHASED", datetime.now(UTC) + timedelta(days=3))
    with pytest.raises(DataError, match="needs a user and an item"):
        Event(" ", "i", "PURCHASED", START)
    with pytest.raises(ConfigurationError, match="no half-life for RETURNED"):
        record(database, [Event("u", "i", "RETURNED", START)])
    assert database.read("ingest/is_empty")[0]["empty"]


def test_recording_makes_derived_structure_out_of_date(graph: InterestGraph) -> None:
    assert not graph.enrich(if_changed=True).changed
    graph.record("tea-fan-1", "tea-2", at=START)
    assert graph.enrich(if_changed=True).changed
    assert graph.status().last_event_at == START


def test_a_driver_of_ones_own_can_record(connection: Database, environment: None, database: Database) -> None:
    import os

    auth = (os.environ["NEO4J_USERNAME"], os.environ["NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(connection.uri, auth=auth) as driver, InterestGraph(driver=driver) as graph:
        graph.record("u", "i", "VIEWED", at=START)
        assert graph.status().behaviours == {"VIEWED": 1}


def everything(database: Database) -> list[dict[str, Any]]:
    """All nodes and relationships."""
    return database.read(
        "MATCH (n) RETURN elementId(n) AS id, properties(n) AS what UNION ALL "
        "MATCH ()-[r]->() RETURN elementId(r) AS id, properties(r) AS what ORDER BY id"
    )


def test_a_rehearsal_changes_nothing(graph: InterestGraph, database: Database) -> None:
    before = everything(database)
    asked: list[str] = []
    rehearse(database, also=lambda _, new: asked.extend(event.behaviour for event in new))
    assert everything(database) == before
    assert set(asked) == {row["name"] for row in database.read("ingest/list_behaviours")}


def test_a_rehearsal_of_an_empty_graph_is_none(database: Database) -> None:
    rehearse(database)
    assert everything(database) == []


def test_a_statement_takes_lists_of_any_size_within_a_map(database: Database) -> None:
    texts: list[str] = []

    def also(run: Any, _: Any) -> None:
        texts.extend(row["text"] for row in run("RETURN $ids[0] AS text, size($idsOf) AS n", ids=["x"], idsOf=[1, 2]))

    record(database, [Event("u", "i", "PURCHASED", START)], also=also)
    assert texts == ["x"]
