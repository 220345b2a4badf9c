"""Users with little to go on, and ids that need care."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from interestgraph import ConfigurationError, InterestGraph, UnknownIdError
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.explain import explain
from interestgraph.recommend.profile import profile
from interestgraph.recommend.recommend import RecommendConfig, recommend, trending
from interestgraph.recommend.similar import similar_items
from tests.conftest import empty

ODD_IDS = [
    "it's",
    'say "x"',
    "back\\slash",
    "tail\\",
    "a\\u0041b",
    "$userId $via",
    "`tick`",
    "// no",
    "Ünïcødé ‘’ 😀",
    "\\'",
]
"""Ids that end a string, begin an escape or look like a parameter where they are not escaped."""


@pytest.fixture(scope="module")
def graph(connection: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Loaded and enriched, without vectors: tea drinkers, one user who had everything, one with a profile only."""
    folder = tmp_path_factory.mktemp("edges")
    rows = ["user\titem\tbehaviour\ttime\ttitle\tcategory"]
    for user in range(4):
        for item in range(3):
            rows.append(f"tea-fan-{user}\ttea-{item}\tbuy\t2024-05-0{1 + user + item}\tTea {item}\tDrinks")
    rows += [
        f"soap-fan-{user}\tsoap-{item}\tbuy\t2024-05-0{2 + user}\tSoap {item}\tHome"
        for user in (0, 1)
        for item in (0, 1)
    ]
    rows += [f"all\t{item}\tbuy\t2024-05-09\t\t" for item in ("tea-0", "tea-1", "tea-2", "soap-0", "soap-1")]
    for place, name in enumerate(ODD_IDS):
        rows.append(f"user {name}\titem {name}\tbuy\t2024-05-0{1 + place % 9}\t\tOdd > {name}")
        rows.append(f"user {name}\ttea-0\tbuy\t2024-05-05\t\t")
        rows.append(f"tea-fan-0\titem {name}\tbuy\t2024-05-05\t\t")
    log = folder / "log.tsv"
    # Quoted, since some of the ids hold quotes.
    quoted = ("\t".join('"' + cell.replace('"', '""') + '"' for cell in row.split("\t")) for row in rows)
    log.write_text("\n".join(quoted) + "\n", encoding="utf-8")
    empty(connection)
    load(connection, LoadConfig("events", log), rejected_folder=folder)
    enrich(connection, EnrichConfig())
    connection.write("CREATE (:User {userId: 'new', age: '35-44'})")
    yield connection
    empty(connection)


def test_a_user_without_events_gets_trending_items_and_is_told_so(graph: Database) -> None:
    found = recommend(graph, "new", RecommendConfig(n=3))
    assert found.notes[0] == "user new has no events yet: trending items"
    assert [item.item_id for item in found] == [item.item_id for item in trending(graph, 3)]
    person = profile(graph, "new")
    assert (person.attributes, person.activity, person.interests, person.last_active) == (
        {"age": "35-44"},
        (),
        (),
        None,
    )


def test_a_user_with_events_is_not_called_new_where_none_of_them_helps(graph: Database) -> None:
    found = recommend(graph, "soap-fan-0", RecommendConfig(category="Drinks", exclude_seen=True))
    assert {item.item_id for item in found} == {"tea-0", "tea-1", "tea-2"}
    assert not any("trending items" in note for note in found.notes)
    lost = recommend(graph, "soap-fan-0", RecommendConfig(category=f"Odd > {ODD_IDS[0]}"))
    assert [item.item_id for item in lost] == [f"item {ODD_IDS[0]}"]
    assert lost.notes[0] == "nothing that user soap-fan-0 did leads to such items: trending items"


def test_what_was_seen_stays_out_even_when_nothing_else_is_left(graph: Database) -> None:
    found = recommend(graph, "all", RecommendConfig(n=50, exclude_seen=True))
    assert not {item.item_id for item in found} & {"tea-0", "tea-1", "tea-2", "soap-0", "soap-1"}
    assert len(recommend(graph, "all", RecommendConfig(category="Home", exclude_seen=True))) == 0


def test_where_nothing_is_chosen_twice_seen_items_stay_out_unless_asked_for(graph: Database) -> None:
    seen = {"tea-0", "tea-1", "tea-2"}
    by_default = recommend(graph, "tea-fan-1", RecommendConfig(n=50))
    assert not {item.item_id for item in by_default} & seen
    asked = recommend(graph, "tea-fan-1", RecommendConfig(n=3, exclude_seen=False))
    assert {item.item_id for item in asked} == seen


@pytest.mark.parametrize("name", ODD_IDS)
def test_ids_of_any_form_are_answered(graph: Database, name: str) -> None:
    user, item = f"user {name}", f"item {name}"
    assert {row.item_id for row in recommend(graph, user, RecommendConfig(n=2, exclude_seen=False))} == {item, "tea-0"}
    (only,) = recommend(graph, user, RecommendConfig(category=f"Odd > {name}", exclude_seen=False))
    assert (only.item_id, only.title, only.category) == (item, None, f"Odd > {name}")
    assert only.reason.startswith("Bought once, last ")
    assert similar_items(graph, item).notes == (
        "the graph has no vectors (or embed was interrupted): run `interestgraph embed`",
    )
    assert profile(graph, user).activity[0].items == 2


@pytest.mark.parametrize("name", ODD_IDS)
def test_the_pasted_cypher_of_any_id_finds_its_nodes(graph: Database, name: str) -> None:
    user, item = f"user {name}", f"item {name}"
    found = explain(graph, user, item)
    assert f"item {item}" in found.sentence
    (row,) = graph.read(found.cypher)
    assert (row["user"]["userId"], row["item"]["itemId"]) == (user, item)
    assert len(row["own"]) == 1
    # A path of the driver's `data()` alternates nodes and types.
    drawn = {node.get("itemId") for path in row["similar"] for node in path if isinstance(node, dict)} - {None, item}
    assert drawn == {via for path in found.paths if path.kind == "similar" for via in path.via}


def test_an_explanation_without_a_path_says_so(graph: Database) -> None:
    found = explain(graph, "soap-fan-0", f"item {ODD_IDS[0]}")
    assert not {"own", "similar", "category"} & {path.kind for path in found.paths}
    assert found.sentence.startswith(f"item item {ODD_IDS[0]} has no direct path to this user")
    assert graph.read(found.cypher)[0]["similar"] == []


@pytest.mark.parametrize("n", [0, -1, 1001])
def test_a_length_out_of_range_is_refused_everywhere(graph: Database, n: int) -> None:
    for ask in (
        lambda: RecommendConfig(n=n),
        lambda: trending(graph, n),
        lambda: similar_items(graph, "tea-0", n),
        lambda: profile(graph, "tea-fan-0", n),
    ):
        with pytest.raises(ConfigurationError, match=rf"n must be from 1 to 1000, got {n}"):
            ask()


def test_trending_of_an_unknown_category_is_refused(graph: Database) -> None:
    with pytest.raises(UnknownIdError, match="no category Cars"):
        trending(graph, 3, "Cars")


def test_weights_fade_between_moments_but_what_is_recommended_does_not_vanish(graph: Database) -> None:
    late = recommend(graph, "tea-fan-0", RecommendConfig(n=3, exclude_seen=False, as_of=datetime(2034, 1, 1)))
    assert len(late) == 3
    assert all("days ago" in item.reason for item in late)


def test_other_processes_serve_from_the_graph_alone(graph: Database, environment: None, tmp_path: Path) -> None:
    with InterestGraph() as client:
        expected = [item.item_id for item in recommend(graph, "tea-fan-1", RecommendConfig(n=4))]
        assert [item.item_id for item in client.recommend("tea-fan-1", 4)] == expected
