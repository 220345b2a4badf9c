"""A whole embedding run on a real graph: what is in the nodes, the run and the indexes afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import neo4j
import numpy as np
import pytest
from gensim.models.word2vec import LineSentence
from numpy.typing import NDArray

from interestgraph import InterestGraph
from interestgraph.embed.files import read_vectors
from interestgraph.embed.run import EmbedConfig
from interestgraph.embed.skipgram import SkipGramConfig
from interestgraph.embed.walks import WalkConfig
from interestgraph.errors import ConfigurationError, DataError, QueryError, SchemaMismatchError, StateError
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.schema import VECTOR_INDEXES, list_indexes
from tests.conftest import empty

Vectors = dict[str, NDArray[np.float32]]


def config(dimensions: int = 16, seed: int = 7, **walk: Any) -> EmbedConfig:
    """Small and, with one worker, the same bytes every time."""
    return EmbedConfig(
        walk=WalkConfig(walk_length=20, walks_per_node=5, seed=seed, workers=1, **walk),
        skipgram=SkipGramConfig(dimensions=dimensions, epochs=3, seed=seed, workers=1),
    )


@pytest.fixture
def graph(loaded_shop: Database, driver: neo4j.Driver) -> InterestGraph:
    """The small log, loaded."""
    return InterestGraph(driver=driver)


def vectors(graph: InterestGraph) -> Vectors:
    """All vectors in the graph, by label and id."""
    rows = graph.cypher(
        "MATCH (n) WHERE n.embedding IS NOT NULL RETURN labels(n)[0] AS label, "
        "coalesce(n.userId, n.itemId, n.categoryId) AS id, n.embedding AS vector"
    )
    return {f"{row['label']}:{row['id']}": np.asarray(row["vector"], np.float32) for row in rows}


def active_runs(graph: InterestGraph) -> list[str]:
    rows = graph.cypher("MATCH (r:EmbeddingRun {status: 'active'}) RETURN r.runId AS runId")
    return [row["runId"] for row in rows]


def same(first: Vectors, second: Vectors) -> bool:
    return first.keys() == second.keys() and all(first[key].tobytes() == second[key].tobytes() for key in first)


@contextmanager
def writes_fail(graph: InterestGraph) -> Iterator[None]:
    """The server refuses to write vectors of categories, which come after those of users and items."""
    graph.database.run(
        "CREATE CONSTRAINT no_second_run IF NOT EXISTS FOR (n:Category) REQUIRE n.embeddingRun IS UNIQUE"
    )
    try:
        yield
    finally:
        graph.database.run("DROP CONSTRAINT no_second_run IF EXISTS")


def test_every_node_gets_a_vector_of_length_one_and_the_run_is_documented(graph: InterestGraph) -> None:
    before = datetime.now(UTC)
    report = graph.embed(config())
    found = vectors(graph)
    lengths = [float(np.linalg.norm(vector)) for vector in found.values()]
    assert lengths == pytest.approx([1.0] * len(found), abs=1e-6)
    assert {len(vector) for vector in found.values()} == {16}
    counts = graph.status()
    assert (report.users, report.items, report.categories) == (24, 18, 6)
    assert len(found) == counts.users + counts.items + counts.categories
    assert graph.cypher("MATCH (n) WHERE n.embedding IS NOT NULL RETURN collect(DISTINCT n.embeddingRun) AS runs") == [
        {"runs": [report.run_id]}
    ]
    assert counts.embedding_run == report.run_id
    (run,) = [row["run"] for row in graph.cypher("embed/list_runs")]
    assert run["status"] == "active"
    assert (run["users"], run["items"], run["categories"], run["dimensions"], run["seed"]) == (24, 18, 6, 16, 7)
    assert run["trainer"] == "interestgraph"
    assert run["walks"] == report.walks == 48 * 5
    assert run["tokens"] == report.tokens > 48 * 5
    assert run["loss"] == list(report.loss)
    assert len(report.loss) == 3
    assert 0 < report.loss[-1] < report.loss[0]
    assert report.residual is None
    assert before - timedelta(seconds=1) <= run["startedAt"].to_native() <= run["endedAt"].to_native()
    assert run["asOf"].to_native() == counts.last_event_at
    parameters = json.loads(run["parameters"])
    assert {"dimensions": 16, "walk_length": 20, "walks_per_node": 5, "p": 1.0, "q": 1.0}.items() <= parameters.items()
    assert set(report.seconds) == {"export", "walk and train", "align", "write back", "index"}
    assert dict(zip(run["stages"], run["stageSeconds"], strict=True)) == report.seconds


def test_vector_indexes_are_online_with_the_dimension_and_find_the_group(graph: InterestGraph) -> None:
    graph.embed(config(dimensions=24))
    indexes = {index.name: index for index in list_indexes(graph.database) if index.type == "VECTOR"}
    assert set(indexes) == set(VECTOR_INDEXES.values())
    assert {(index.state, index.dimensions) for index in indexes.values()} == {("ONLINE", 24)}
    near = [row.user_id for row in graph.similar_users("tea-fan-1", 5)]
    assert sum(user.startswith("tea-") for user in near) >= 4


def test_equal_seeds_and_one_worker_give_equal_bytes_on_fresh_graphs(graph: InterestGraph, shop_log: Path) -> None:
    graph.embed(config())
    first = vectors(graph)
    empty(graph.database)
    graph.load("events", shop_log)
    graph.embed(config())
    assert same(vectors(graph), first)
    empty(graph.database)
    graph.load("events", shop_log)
    graph.embed(config(seed=8))
    assert not same(vectors(graph), first)


def test_a_second_run_stays_in_the_space_of_the_first(graph: InterestGraph) -> None:
    graph.embed(config())
    first = vectors(graph)
    other = graph.embed(config(seed=8))
    assert other.residual is not None
    assert 0 < other.residual < 1  # two unrelated sets of unit vectors are about sqrt(2) apart
    moved = vectors(graph)
    assert np.mean([moved[key] @ first[key] for key in first]) > 0.6
    again = graph.embed(config(seed=8))
    assert again.residual is not None
    assert again.residual < 1e-3
    statuses = [row["run"]["status"] for row in graph.cypher("embed/list_runs")]
    assert statuses == ["replaced", "replaced", "active"]
    assert active_runs(graph) == [again.run_id]


@pytest.mark.parametrize("name", ["walks.parquet", "walks.txt", "walks.txt.gz"])
def test_training_from_a_file_of_walks_equals_training_from_the_graph(
    graph: InterestGraph, shop_log: Path, tmp_path: Path, name: str
) -> None:
    direct = graph.embed(config(), vectors_out=tmp_path / "vectors.npz")
    expected = vectors(graph)
    empty(graph.database)
    graph.load("events", shop_log)
    assert graph.export_walks(tmp_path / name, config()) == direct.walks
    report = graph.embed(config(), walks_file=tmp_path / name)
    assert (report.walks, report.tokens, report.loss) == (direct.walks, direct.tokens, direct.loss)
    assert same(vectors(graph), expected)
    stored = read_vectors(tmp_path / "vectors.npz")
    assert same(dict(zip(stored.keys, stored.vectors, strict=True)), expected)


def test_walks_out_writes_the_walks_that_were_trained_from(graph: InterestGraph, tmp_path: Path) -> None:
    report = graph.embed(config(), walks_out=tmp_path / "walks.txt")
    sentences = list(LineSentence(str(tmp_path / "walks.txt")))
    assert len(sentences) == report.walks
    assert 3 * sum(len(sentence) for sentence in sentences) == report.tokens
    keys = set(vectors(graph))
    assert {word.replace("%20", " ") for sentence in sentences for word in sentence} == keys
    # Every step of a walk is a relationship of the graph.
    joined = {
        (row["a"], row["b"])
        for row in graph.cypher(
            "MATCH (a)-[:PURCHASED|VIEWED|IN_CATEGORY|CHILD_OF]-(b) WITH DISTINCT a, b "
            "RETURN labels(a)[0] + ':' + coalesce(a.userId, a.itemId, a.categoryId) AS a, "
            "labels(b)[0] + ':' + coalesce(b.userId, b.itemId, b.categoryId) AS b"
        )
    }
    words = [[word.replace("%20", " ") for word in sentence] for sentence in sentences]
    steps = {pair for walk in words for pair in pairwise(walk)}
    assert steps
    assert steps <= joined


def test_a_file_of_walks_with_a_foreign_node_is_refused(graph: InterestGraph, tmp_path: Path) -> None:
    walks = tmp_path / "walks.txt"
    walks.write_text("User:tea-fan-1 Item:tea-1\nUser:tea-fan-1 Item:perfume-9\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"walks\.txt.*2.*Item:perfume-9"):
        graph.embed(config(), walks_file=walks)
    with pytest.raises(DataError, match=r"none\.parquet: no such file"):
        graph.embed(config(), walks_file=tmp_path / "none.parquet")
    walks.write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="no walks to train from"):
        graph.embed(config(), walks_file=walks)
    assert vectors(graph) == {}
    assert graph.cypher("embed/list_runs") == []


def test_other_dimensions_are_refused_until_the_index_may_be_replaced(graph: InterestGraph) -> None:
    first = graph.embed(config(dimensions=16))
    before = vectors(graph)
    with pytest.raises(SchemaMismatchError, match=r"holds 16 dimensions, this run makes 8.*--replace-index"):
        graph.embed(config(dimensions=8))
    assert same(vectors(graph), before)
    assert active_runs(graph) == [first.run_id]
    second = graph.embed(config(dimensions=8), replace_index=True)
    assert {len(vector) for vector in vectors(graph).values()} == {8}
    assert second.residual is None
    assert active_runs(graph) == [second.run_id]
    assert {index.dimensions for index in list_indexes(graph.database) if index.type == "VECTOR"} == {8}
    assert graph.similar_users("tea-fan-1", 3)[0].cosine > 0


def test_if_changed_runs_only_when_graph_or_parameters_changed(graph: InterestGraph, tmp_path: Path) -> None:
    first = graph.embed(config(), if_changed=True)
    assert first.changed
    unchanged = graph.embed(config(), if_changed=True)
    assert (unchanged.changed, unchanged.run_id, unchanged.loss) == (False, first.run_id, first.loss)
    only_walk_seed = EmbedConfig(
        walk=WalkConfig(walk_length=20, walks_per_node=5, seed=8, workers=1), skipgram=config().skipgram
    )
    assert graph.embed(only_walk_seed, if_changed=True).changed
    assert graph.embed(config(p=0.5), if_changed=True).changed
    more = tmp_path / "more.csv"
    more.write_text(
        "user,item,behaviour,time,title,category\ntea-fan-1,soap-5,purchase,2024-06-01T10:00:00,Soap 5,Home > Bath\n",
        encoding="utf-8",
    )
    graph.load("events", more)
    assert graph.embed(config(p=0.5), if_changed=True).changed


def test_a_first_run_that_is_cut_off_serves_nothing_and_can_be_repeated(graph: InterestGraph) -> None:
    with writes_fail(graph), pytest.raises(QueryError):
        graph.embed(config())
    assert active_runs(graph) == []
    assert graph.status().embedding_run is None
    answer = graph.recommend("tea-fan-1")
    assert any("has no vectors" in note for note in answer.notes)
    with pytest.raises(StateError, match="interestgraph embed"):
        graph.similar_users("tea-fan-1")
    report = graph.embed(config())
    statuses = {row["run"]["runId"]: row["run"]["status"] for row in graph.cypher("embed/list_runs")}
    assert sorted(statuses.values()) == ["active", "interrupted"]
    assert statuses[report.run_id] == "active"
    assert report.residual is None, "vectors of a run that was cut off are no space to align with"


def test_a_second_run_that_is_cut_off_leaves_the_first_serving(graph: InterestGraph) -> None:
    first = graph.embed(config())
    graph.database.run("MATCH (c:Category) SET c.embeddingRun = null")
    with writes_fail(graph), pytest.raises(QueryError):
        graph.embed(config(seed=8))
    assert active_runs(graph) == [first.run_id]
    assert [row.user_id[:3] for row in graph.similar_users("tea-fan-1", 3)] == ["tea"] * 3
    # What was overwritten before the cut lies in the same space as what was not.
    third = graph.embed(config())
    assert third.residual is not None
    assert third.residual < 1
    assert active_runs(graph) == [third.run_id]


def test_nodes_without_events(graph: InterestGraph) -> None:
    graph.database.write("CREATE (:User {userId: 'idle'}), (:Item {itemId: 'orphan'})")
    graph.database.write(
        "MATCH (c:Category {name: 'Tea'}) CREATE (:Item {itemId: 'tea-new', title: 'New'})-[:IN_CATEGORY]->(c)"
    )
    report = graph.embed(config())
    found = vectors(graph)
    assert "User:idle" not in found
    assert "Item:orphan" not in found
    assert (report.users, report.items) == (24, 19)
    # A new item of a category comes to lie with that category.
    new = found["Item:tea-new"]
    tea = np.mean([new @ found[f"Item:tea-{number}"] for number in range(6)])
    soap = np.mean([new @ found[f"Item:soap-{number}"] for number in range(6)])
    assert tea > soap + 0.2
    answer = graph.similar_users("idle")
    assert len(answer) == 0
    assert answer.notes == ("user idle has no vector: the user had no events when embed ran",)


def test_a_vector_that_a_node_no_longer_has_is_taken_off(graph: InterestGraph) -> None:
    graph.embed(config())
    graph.database.write("MATCH (:User {userId: 'tea-fan-1'})-[r]->() DELETE r")
    graph.embed(config())
    assert "User:tea-fan-1" not in vectors(graph)
    gone = graph.cypher("MATCH (u:User {userId: 'tea-fan-1'}) RETURN u.embeddingRun AS run")
    assert gone == [{"run": None}]


def test_a_graph_without_events_and_a_moment_before_the_last_event_are_told(
    database: Database, driver: neo4j.Driver, shop_log: Path
) -> None:
    graph = InterestGraph(driver=driver)
    with pytest.raises(StateError, match="no events"):
        graph.embed(config())
    graph.load("events", shop_log)
    with pytest.raises(StateError, match="lies before the latest event"):
        graph.embed(EmbedConfig(as_of=datetime(2024, 5, 2, tzinfo=UTC)))
    assert graph.cypher("embed/list_runs") == []


def test_wrong_parameters_name_the_field() -> None:
    with pytest.raises(ConfigurationError, match="p must be from"):
        config(p=0.0)
    with pytest.raises(ConfigurationError, match="dimensions must be at least 1, got 0"):
        config(dimensions=0)
