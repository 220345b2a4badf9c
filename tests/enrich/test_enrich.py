"""What enrich finds: by hand on tiny graphs, and through Neo4j on the shop log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from interestgraph import StateError
from interestgraph.enrich.communities import CommunityConfig, communities
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.enrich.interests import InterestConfig, interests
from interestgraph.enrich.labels import community_labels
from interestgraph.enrich.similarity import Neighbours, SimilarityConfig, similar_items
from interestgraph.enrich.trends import TrendConfig, item_statistics
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.model import SECONDS_PER_DAY
from interestgraph.neo4j.adjacency import Interactions
from interestgraph.neo4j.connection import Database


def interactions(rows: list[tuple[int, int, int, float]], **more: Any) -> Interactions:
    """Rows of user, item, count, last event in days."""
    user, item, count, day = (np.array(column) for column in zip(*rows, strict=True))
    made = Interactions(
        behaviour="PURCHASED",
        strength=1.0,
        half_life=10.0,
        primary=True,
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        weight=count.astype(np.float64),
        count=count.astype(np.int64),
        last_at=day * SECONDS_PER_DAY,
    )
    return replace(made, **more)


def test_similarity_worked_out_by_hand() -> None:
    # Two users take items 0 and 1, a third takes 1 and 2; log(1 + w) is 1 where w is e - 1.
    matrix = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]]) * (np.e - 1))
    found = similar_items(matrix, SimilarityConfig(min_buyers=1, damping=0.0, threads=1))
    pairs = dict(zip(zip(found.item.tolist(), found.other.tolist(), strict=True), found.score, strict=True))
    # Each weight is divided by the square root of 2, the user's sum, which leaves cosines as they are.
    assert pairs == pytest.approx(
        {
            (0, 1): 2 / np.sqrt(2 * 3),
            (1, 0): 2 / np.sqrt(2 * 3),
            (1, 2): 1 / np.sqrt(3),
            (2, 1): 1 / np.sqrt(3),
        },
        abs=1e-6,
    )


def test_similarity_keeps_the_nearest_and_leaves_rare_items_out() -> None:
    generator = np.random.default_rng(1)
    matrix = sparse.csr_array((generator.random((40, 12)) < 0.5).astype(float))
    matrix = sparse.csr_array(sparse.hstack([matrix, sparse.csr_array(np.eye(40, 1))]))
    found = similar_items(matrix, SimilarityConfig(neighbours=3))
    assert np.bincount(found.item, minlength=13).tolist() == [3] * 12 + [0]
    assert not (found.item == found.other).any()
    assert 12 not in found.other
    for item in range(12):
        scores = found.score[found.item == item]
        assert (np.diff(scores) <= 0).all()


def test_trend_counts_recent_users_once() -> None:
    part = interactions([(0, 0, 3, 90), (1, 0, 1, 76), (2, 1, 1, 90)])
    second = interactions([(0, 0, 1, 62)], behaviour="CARTED")
    found = item_statistics([part, second], 3, 90 * SECONDS_PER_DAY, TrendConfig(half_life=14.0))
    assert found.trend.tolist() == pytest.approx([1 + 0.5, 1, 0])
    assert found.buyers.tolist() == [2, 1, 0]
    assert found.repeat_rate.tolist() == [0.5, 0, 0]


def test_interests_are_shares_of_each_level() -> None:
    matrix = sparse.csr_array(np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 2.0]]))
    # Categories 0 and 1 are on top; 2 and 3 lie below 0, 4 below 1.
    membership = sparse.csr_array(np.array([[1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [0, 1, 0, 0, 1]], dtype=float))
    level = np.array([1, 1, 2, 2, 2], dtype=np.int32)
    found = interests(matrix, membership, level, InterestConfig())
    rows = zip(found.user, found.category, found.score, found.share, strict=True)
    assert [tuple(float(value) for value in row) for row in rows] == [
        (0, 0, 4, 1),
        (0, 2, 3, 0.75),
        (0, 3, 1, 0.25),
        (1, 1, 2, 1),
        (1, 4, 2, 1),
    ]
    fewer = interests(matrix, membership, level, InterestConfig(per_level=1))
    assert list(zip(fewer.user.tolist(), fewer.category.tolist(), strict=True)) == [(0, 0), (0, 2), (1, 1), (1, 4)]


def planted(groups: int, size: int) -> sparse.csr_array:
    """Groups of users that take items of their own group only, and one item that everybody takes."""
    generator = np.random.default_rng(3)
    blocks: list[list[Any]] = [[None] * groups for _ in range(groups)]
    for group in range(groups):
        blocks[group][group] = sparse.csr_array((generator.random((size, size)) < 0.6).astype(float))
    common = sparse.csr_array(np.ones((groups * size, 1)))
    return sparse.csr_array(sparse.hstack([sparse.csr_array(sparse.block_array(blocks)), common]))


def test_communities_are_the_planted_groups_and_nest() -> None:
    matrix = planted(3, 12)
    near = similar_items(matrix, SimilarityConfig())
    found = communities(matrix, near, CommunityConfig())
    upper = np.where(found.user >= 0, found.parent[found.user], -1)
    assert found.n_coarse == 3
    assert [len(set(upper[group * 12 : (group + 1) * 12].tolist())) for group in range(3)] == [1, 1, 1]
    assert set(found.parent.tolist()) == {0, 1, 2}
    again = communities(matrix, near, CommunityConfig())
    assert np.array_equal(found.user, again.user)
    assert np.array_equal(found.item, again.item)
    lone = communities(
        sparse.csr_array((3, 2)), Neighbours(*(np.zeros(0, np.int32),) * 2, np.zeros(0)), CommunityConfig()
    )
    assert set(lone.user.tolist()) == set(lone.item.tolist()) == {-1}


def test_labels_name_what_a_group_has_more_of_than_the_whole() -> None:
    group = np.array([0, 0, 1, 1, -1], dtype=np.int32)
    membership = sparse.csr_array(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]], dtype=float))
    names = ("tea", "milk", "soap")
    labels = community_labels(group, np.array([3.0, 1, 3, 1, 1]), membership, names, (None,) * 5, words=1)
    assert labels == ["tea", "soap"]
    none = sparse.csr_array((5, 3))
    assert community_labels(group, np.array([1.0, 2, 3, 1, 1]), none, names, ("a", "b", "c", "d", "e")) == ["b", "c"]


def dump(database: Database) -> list[Any]:
    """All nodes and relationships, with everything but the moments of books."""
    nodes = database.read("MATCH (n) WHERE NOT n:EnrichRun RETURN labels(n) AS labels, properties(n) AS properties")
    links = database.read(
        "MATCH (a)-[r]->(b) "
        "RETURN coalesce(a.userId, a.itemId, a.categoryId, a.communityId) AS source, type(r) AS type, "
        "coalesce(b.itemId, b.categoryId, b.communityId) AS target, properties(r) AS properties"
    )
    return sorted(map(repr, nodes + links))


def test_enrich_writes_what_it_found_and_a_second_run_writes_nothing(loaded_shop: Database) -> None:
    first = enrich(loaded_shop, EnrichConfig())
    assert first.changed
    assert (first.communities, first.users_without_community) == (3, 0)
    before = dump(loaded_shop)
    second = enrich(loaded_shop, EnrichConfig())
    assert not second.changed
    assert dump(loaded_shop) == before
    labels = loaded_shop.read("MATCH (c:Community {level: 1}) RETURN c.label AS label ORDER BY label")
    assert [row["label"] for row in labels] == ["Drinks", "Food", "Home"]
    strays = loaded_shop.read(
        "MATCH (a:Item)-[s:SIMILAR_TO]->(b:Item) WITH a, b ORDER BY s.score DESC WITH a, collect(b)[0] AS best "
        "WHERE split(a.itemId, '-')[0] <> split(best.itemId, '-')[0] RETURN a.itemId AS item"
    )
    assert strays == []
    shares = loaded_shop.read(
        "MATCH (u:User)-[w:INTERESTED_IN]->(c:Category) WITH u, c.level AS level, sum(w.share) AS share "
        "RETURN DISTINCT round(share, 4) AS share"
    )
    assert [row["share"] for row in shares] == [1.0]


def test_what_no_longer_holds_is_removed(loaded_shop: Database, tmp_path: Path) -> None:
    enrich(loaded_shop, EnrichConfig())
    rows = ["user,item,behaviour,time"]
    rows += [
        f"new-{user},{item},purchase,2024-06-0{1 + user % 5}T09:00:00"
        for user in range(9)
        for item in ("tea-0", "soap-5")
    ]
    more = tmp_path / "more.csv"
    more.write_text("\n".join(rows) + "\n")
    load(loaded_shop, LoadConfig("events", more), rejected_folder=tmp_path)
    report = enrich(loaded_shop, EnrichConfig())
    assert report.changed
    best = loaded_shop.read(
        "MATCH (:Item {itemId: 'tea-0'})-[s:SIMILAR_TO]->(b:Item) RETURN b.itemId AS item ORDER BY s.score DESC LIMIT 1"
    )
    assert best == [{"item": "soap-5"}]
    limited = enrich(loaded_shop, EnrichConfig(similarity=SimilarityConfig(neighbours=2)))
    assert limited.similar.removed > 0
    degree = loaded_shop.read("MATCH (i:Item)-[s:SIMILAR_TO]->() WITH i, count(s) AS n RETURN max(n) AS n")
    assert degree == [{"n": 2}]
    assert len(loaded_shop.read("MATCH (r:EnrichRun) RETURN r.runId AS id")) == 1


def test_a_moment_before_the_last_event_is_refused(loaded_shop: Database) -> None:
    with pytest.raises(StateError, match=r"--as-of 2024-05-20 .* lies before the latest event"):
        enrich(loaded_shop, EnrichConfig(as_of=datetime(2024, 5, 20, tzinfo=UTC)))
    later = enrich(loaded_shop, EnrichConfig(as_of=datetime(2024, 7, 1, tzinfo=UTC)))
    assert later.as_of == datetime(2024, 7, 1, tzinfo=UTC)


def test_an_empty_graph_has_nothing_to_enrich(database: Database) -> None:
    with pytest.raises(StateError, match="holds no events yet: `interestgraph load`"):
        enrich(database, EnrichConfig())
