from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interestgraph.embed import ITEM, USER, WalkGraph
from interestgraph.errors import DataError


def rows(graph: WalkGraph) -> list[list[tuple[int, float]]]:
    return [
        [(int(graph.indices[e]), float(graph.weights[e])) for e in range(graph.indptr[v], graph.indptr[v + 1])]
        for v in range(graph.n_nodes)
    ]


def test_repeated_edges_are_summed_and_sorted_in_both_directions() -> None:
    graph = WalkGraph.from_edges([2, 0, 1, 0], [0, 2, 0, 1], [1.0, 0.5, 2.0, 3.0], 4)
    assert rows(graph) == [[(1, 5.0), (2, 1.5)], [(0, 5.0)], [(0, 1.5)], []]
    assert (graph.n_nodes, graph.n_entries) == (4, 4)
    assert graph.indptr.dtype == np.int64
    assert graph.indices.dtype == np.int32


def test_directed_edges_may_weigh_differently_each_way() -> None:
    graph = WalkGraph.from_edges([0, 1], [1, 0], [1.0, 7.0], 2, directed=True)
    assert rows(graph) == [[(1, 1.0)], [(0, 7.0)]]


def test_a_self_loop_counts_once_and_zero_weights_are_dropped() -> None:
    graph = WalkGraph.from_edges([0, 0], [0, 1], [2.0, 0.0], 2)
    assert rows(graph) == [[(0, 2.0)], []]


def test_weights_keep_float32_and_old_decayed_ones_do_not_underflow() -> None:
    assert WalkGraph.from_edges([0], [1], np.array([1], np.float32), 2).weights.dtype == np.float32
    assert rows(WalkGraph.from_edges([0], [1], [1e-60], 2)) == [[(1, 1e-60)], [(0, 1e-60)]]


def test_arrays_are_read_only_and_ids_default_to_numbers() -> None:
    graph = WalkGraph.from_edges([0], [1], None, 2, node_types=[USER, ITEM])
    assert (list(graph.ids), graph.node_types.tolist()) == (["0", "1"], [0, 1])
    with pytest.raises(ValueError, match="read-only"):
        graph.weights[0] = 3


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.5])
def test_the_first_bad_weight_is_named(bad: float) -> None:
    with pytest.raises(DataError, match=r"edge 1 \(User:7 -> Item:a\) has weight"):
        WalkGraph.from_edges([0, 0, 0], [1, 1, 1], [1.0, bad, bad], 2, ids=["User:7", "Item:a"])


@pytest.mark.parametrize(
    ("src", "dst", "weight", "n_nodes", "message"),
    [
        ([0], [2], [1.0], 2, "edge 0: dst 2 is not a node"),
        ([-1], [0], [1.0], 2, "edge 0: src -1 is not a node"),
        ([0, 1], [1], [1.0], 2, "edge arrays differ"),
        ([0], [1], [1.0, 2.0], 2, "edge arrays differ"),
        ([0.5], [1], [1.0], 2, "integers"),
        ([0, 0], [1, 1], [1.5e308, 1.5e308], 2, "sum to infinity"),
        ([], [], [], 0, "needs 1 to"),
    ],
)
def test_wrong_edge_lists(src: list[float], dst: list[float], weight: list[float], n_nodes: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        WalkGraph.from_edges(np.array(src), np.array(dst), weight, n_nodes)


def test_ids_must_fit_the_nodes() -> None:
    with pytest.raises(DataError, match="2 nodes, but 1 ids"):
        WalkGraph.from_edges([0], [1], None, 2, ids=["User:1"])


EDGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), max_size=30)


@given(EDGES, st.booleans())
def test_the_graph_is_the_sum_of_its_edges(edges: list[tuple[int, int, int]], directed: bool) -> None:
    dense = np.zeros((6, 6))
    for a, b, weight in edges:
        dense[a, b] += weight
        if not directed and a != b:
            dense[b, a] += weight
    src, dst, weights = (np.array([edge[k] for edge in edges], np.int64) for k in range(3))
    graph = WalkGraph.from_edges(src, dst, weights, 6, directed=directed)
    expected = [[(int(x), float(dense[v, x])) for x in np.flatnonzero(dense[v])] for v in range(6)]
    assert rows(graph) == expected


def test_importing_the_package_does_not_import_the_compilers() -> None:
    code = (
        "import sys, interestgraph.embed as e;"
        "print([m for m in ('numba', 'gensim', 'scipy', 'pyarrow', 'neo4j') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
