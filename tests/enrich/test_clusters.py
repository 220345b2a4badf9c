"""Clusters of vectors, compared with communities and categories."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from interestgraph import ConfigurationError, InterestGraph, StateError
from interestgraph.enrich.clusters import METHODS, CompareConfig, cluster, compare, compared
from interestgraph.neo4j.connection import Database
from tests.conftest import Output


@pytest.mark.parametrize("method", METHODS)
def test_directions_are_what_counts(method: str) -> None:
    random = np.random.default_rng(1)
    middle = np.repeat(np.eye(3), 40, axis=0)
    # Vectors of one direction and of lengths that differ by a factor of a hundred are of one cluster.
    vectors = (middle + random.normal(0, 0.02, middle.shape)) * random.uniform(0.1, 10, (120, 1))
    found = cluster(vectors.astype(np.float32), method, CompareConfig(min_cluster_size=10), clusters=3)  # type: ignore[arg-type]
    groups = [set(found[40 * part : 40 * (part + 1)].tolist()) - {-1} for part in range(3)]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(set.union(*groups)) == 3
    assert (found >= 0).mean() > 0.8


def test_groupings_are_compared_on_the_nodes_that_both_have() -> None:
    found = compared({"a": np.array([0, 0, 1, 1, -1]), "b": np.array([5, 5, 2, 2, 2]), "c": np.array([-1] * 5)})
    assert [(part.name, part.groups, part.left_out) for part in found.groupings] == [
        ("a", 2, 0.2),
        ("b", 2, 0),
        ("c", 0, 1),
    ]
    (only,) = found.agreements
    assert (only.first, only.second, only.nodes, only.ari) == ("a", "b", 4, 1.0)
    assert only.nmi == pytest.approx(1)


def test_the_command_compares_what_the_graph_holds(ig: Callable[..., Output], shop: InterestGraph) -> None:
    done = ig("communities", "compare", "--method", "kmeans", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    names = ["communities", "communities below", "categories, level 1", "categories, level 2", "kmeans"]
    assert [part["name"] for part in found["groupings"]] == names
    assert found["nodes"] == 18
    pairs = {(part["first"], part["second"]): part for part in found["agreements"]}
    # Three tastes: communities, categories and clusters of the vectors are the same.
    assert pairs["communities", "categories, level 1"]["ari"] == 1
    assert pairs["communities", "kmeans"]["nmi"] == pytest.approx(1)
    table = ig("communities", "compare", "--nodes", "users", "--min-cluster-size", "4")
    assert "hdbscan" in table.out
    assert "categories" not in table.out
    assert shop.compare_communities(CompareConfig(sample=10)).nodes == 10


def test_what_cannot_be_compared_is_told(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="unknown method magic: there are kmeans, hdbscan"):
        compare(database, CompareConfig(methods=("magic",)))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="unknown nodes 'cats': there are items, users"):
        compare(database, CompareConfig(nodes="cats"))  # type: ignore[arg-type]
    with pytest.raises(StateError, match="the items have no vectors: run `interestgraph embed` first"):
        compare(database, CompareConfig())
    database.run("CREATE (:Item {itemId: 'a', embedding: [1.0, 0.0]})")
    with pytest.raises(StateError, match="the items are in no communities"):
        compare(database, CompareConfig())
