"""Explanations: every path is in the graph, with the weight that is told."""

from __future__ import annotations

import pytest

from interestgraph import InterestGraph
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.explain import explain
from interestgraph.recommend.reasons import Path
from interestgraph.recommend.recommend import RecommendConfig, recommend

WEIGHT = """
MATCH (:User {userId: $user})-[r]->(:Item {itemId: $item})
MATCH (b:Behaviour {name: type(r)})
MATCH (l:Load)
WITH r, b, max(l.lastEventAt.epochMillis) AS now
RETURN r.weight * 2.0 ^ (-(now - r.lastAt.epochMillis) / 86400000.0 / b.halfLife) AS weight
"""


def told(database: Database, user: str, item: str, path: Path) -> list[float]:
    """What the graph says of a path, asked in another way than the product asks."""
    if path.kind == "own":
        return [row["weight"] for row in database.read(WEIGHT, user=user, item=item)]
    if path.kind == "similar":
        strength = sum(row["weight"] for row in database.read(WEIGHT, user=user, item=path.via[0]))
        query = (
            "MATCH (:Item {itemId: $via})-[s:SIMILAR_TO]->(:Item {itemId: $item}) "
            "RETURN log(1 + $strength) * s.score AS w"
        )
        return [row["w"] for row in database.read(query, via=path.via[0], item=item, strength=strength)]
    if path.kind == "peers":
        query = (
            "MATCH (o:User)-->(:Item {itemId: $item}) WHERE o.userId <> $user "
            "AND all(via IN $via WHERE EXISTS { (o)-->(:Item {itemId: via}) }) RETURN count(DISTINCT o) AS w"
        )
        return [float(row["w"]) for row in database.read(query, user=user, item=item, via=list(path.via))]
    if path.kind == "category":
        query = "MATCH (:User {userId: $user})-[w:INTERESTED_IN]->(:Category {categoryId: $via}) RETURN w.share AS w"
        return [row["w"] for row in database.read(query, user=user, via=path.via[0])]
    if path.kind == "community":
        query = (
            "MATCH (:User {userId: $user})-[:IN_COMMUNITY]->(c:Community {communityId: $via})"
            "<-[:IN_COMMUNITY]-(:Item {itemId: $item}) RETURN toFloat(c.size) AS w"
        )
        return [row["w"] for row in database.read(query, user=user, item=item, via=path.via[0])]
    if path.kind == "vector":
        query = (
            "MATCH (u:User {userId: $user}), (i:Item {itemId: $item}) "
            "RETURN reduce(s = 0.0, k IN range(0, size(u.embedding) - 1) | s + u.embedding[k] * i.embedding[k]) AS w"
        )
        return [row["w"] for row in database.read(query, user=user, item=item)]
    query = "MATCH (i:Item {itemId: $item}) RETURN i.trend AS w"
    return [row["w"] for row in database.read(query, item=item)]


def test_every_path_is_in_the_graph_with_its_weight(shop: InterestGraph) -> None:
    database = shop.database
    kinds = set()
    for user in ("tea-fan-1", "cake-fan-3"):
        lists = (
            recommend(database, user, RecommendConfig(n=6)),
            recommend(database, user, RecommendConfig(n=6, mode="discover")),
        )
        for item in (*lists[0], *lists[1]):
            both = (*item.paths, *explain(database, user, item.item_id).paths)
            for path in both:
                kinds.add(path.kind)
                assert path.weight == pytest.approx(told(database, user, item.item_id, path)[0], abs=2e-3), path
            (drawn,) = database.read(item.cypher)
            assert drawn["item"]["itemId"] == item.item_id
            assert len(drawn["similar"]) == len([path for path in item.paths if path.kind == "similar"])
    assert kinds == {"own", "similar", "peers", "category", "community", "vector", "trend"}
