"""Walks over a real graph: factors of behaviours, metapaths and time windows, from the command line on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from interestgraph import InterestGraph
from interestgraph.embed.graph import WalkGraph
from interestgraph.embed.run import EmbedConfig, walk_graph
from interestgraph.embed.walks import WalkConfig
from interestgraph.errors import ConfigurationError, DataError
from interestgraph.neo4j.adjacency import export_adjacency
from tests.conftest import Output

DAY = 86_400.0


def weights(graph: WalkGraph) -> dict[tuple[str, str], float]:
    """Weight of each user-item edge, by keys."""
    found = {}
    for node in range(graph.n_nodes):
        for entry in range(graph.indptr[node], graph.indptr[node + 1]):
            ends = (graph.ids[node], graph.ids[graph.indices[entry]])
            if ends[0].startswith("User") and ends[1].startswith("Item"):
                found[ends] = float(graph.weights[entry])
    return found


def test_a_behaviour_has_a_factor(shop: InterestGraph) -> None:
    adjacency = export_adjacency(shop.database)
    plain, half, none = (
        weights(walk_graph(adjacency, EmbedConfig(behaviour_weights=factors)))
        for factors in ({}, {"VIEWED": 0.5}, {"VIEWED": 0.0})
    )
    bought, seen = ("User:tea-fan-1", "Item:tea-0"), ("User:tea-fan-1", "Item:cake-1")
    # Weights are in mean weights, so their ratio tells.
    assert half[seen] / half[bought] == pytest.approx(0.5 * plain[seen] / plain[bought])
    assert seen not in none
    assert none.keys() == plain.keys() - {ends for ends in plain if ends[0][5:8] != ends[1][5:8]}


def test_an_edge_has_the_time_of_the_latest_event(shop: InterestGraph) -> None:
    adjacency = export_adjacency(shop.database)
    graph = walk_graph(adjacency, EmbedConfig(walk=WalkConfig(time_window=3.0)))
    assert graph.times is not None
    latest = {
        (f"User:{row['user']}", f"Item:{row['item']}"): row["at"] / 1000
        for row in shop.cypher(
            "MATCH (u:User)-[r:VIEWED|PURCHASED]->(i:Item) "
            "RETURN u.userId AS user, i.itemId AS item, max(r.lastAt.epochMillis) AS at"
        )
    }
    found = {}
    for node in range(graph.n_nodes):
        for entry in range(graph.indptr[node], graph.indptr[node + 1]):
            ends = (graph.ids[node], graph.ids[graph.indices[entry]])
            if ends[0].startswith("User"):
                found[ends] = graph.times[entry]
            elif "Category" in ends[0] + ends[1]:
                assert np.isnan(graph.times[entry])
    assert found == latest


def test_the_command_takes_metapaths_and_windows(
    shop: InterestGraph, ig: Callable[..., Output], tmp_path: Path
) -> None:
    path = tmp_path / "walks.txt"
    options = ("--metapath", "User-Item-User", "--time-window", "2", "--behaviour-weight", "viewed=0")
    assert ig("walks", "export", str(path), *options, "--node2vec-plus", "--q", "0.5").code == 0
    at = {
        (f"User:{row['user']}", f"Item:{row['item']}"): row["at"] / 1000
        for row in shop.cypher(
            "MATCH (u:User)-[r:PURCHASED]->(i:Item) "
            "RETURN u.userId AS user, i.itemId AS item, r.lastAt.epochMillis AS at"
        )
    }
    steps = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        nodes = line.split()
        times = [at[(a, b) if a.startswith("User") else (b, a)] for a, b in pairwise(nodes)]
        assert all(then - now >= -2 * DAY for now, then in pairwise(times))
        steps += len(times)
    assert steps > 1000


def test_wrong_rules_are_told(shop: InterestGraph, ig: Callable[..., Output], tmp_path: Path) -> None:
    path = str(tmp_path / "walks.txt")
    for option, value, message in (
        ("--behaviour-weight", "VIEWED", "not of the form"),
        ("--behaviour-weight", "LIKED=1", "no behaviour 'LIKED'"),
        ("--behaviour-weight", "VIEWED=-1", "at least 0"),
        ("--metapath", "User-Shop", "'Shop' is no node type"),
        ("--time-window", "-1", "time_window must be at least 0"),
        ("--gamma", "-1", "gamma must be at least 0"),
    ):
        done = ig("walks", "export", path, option, value)
        assert done.code in (1, 2)
        assert message in done.err
    with pytest.raises(ConfigurationError, match="category_weight"):
        EmbedConfig(category_weight=-1.0)
    nothing = EmbedConfig(behaviour_weights={"VIEWED": 0.0, "PURCHASED": 0.0}, category_weight=0.0)
    with pytest.raises(DataError, match="no walks to train from"):
        shop.embed(nothing)
