from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from interestgraph.embed import CATEGORY, ITEM, USER, WalkConfig, WalkGraph, generate_walks, iter_walks
from interestgraph.embed.walks import count_walks
from interestgraph.errors import ConfigurationError

from .graphs import blocks_graph
from .walking import TRIANGLES, chi_square_p, second_steps, triangles


def node2vec_probabilities(before: int, node: int, p: float, q: float) -> NDArray[np.float64]:
    """Grover and Leskovec 2016, section 3.2.2, by hand: pi(node, x) = alpha_pq(before, x) * w(node, x)."""
    mass = np.zeros(5)
    for x in range(5):
        if (node, x) not in TRIANGLES:
            continue
        if x == before:
            alpha = 1 / p
        elif (before, x) in TRIANGLES:
            alpha = 1.0
        else:
            alpha = 1 / q
        mass[x] = alpha * TRIANGLES[node, x]
    chances: NDArray[np.float64] = mass / mass.sum()
    return chances


# p below min(1, q) folds the return; q above and below 1; the last p needs many rejections per step
@pytest.mark.parametrize(("p", "q"), [(0.25, 4.0), (4.0, 0.5), (0.5, 0.3), (3.0, 2.0), (1.0, 1.0), (1e-3, 0.2)])
def test_second_order_steps_have_the_probabilities_of_node2vec(p: float, q: float) -> None:
    walks = generate_walks(triangles(), WalkConfig(walk_length=20, walks_per_node=2000, p=p, q=q, seed=7, workers=1))
    counts = second_steps(walks)
    tested = 0
    for before, node in TRIANGLES:
        if counts[before, node].sum() < 500:
            continue
        chances = node2vec_probabilities(before, node, p, q)
        assert chi_square_p(counts[before, node], chances) > 1e-4, (before, node)
        tested += 1
    assert tested >= 6


def test_a_step_that_is_hardly_ever_accepted_is_still_exact() -> None:
    """A clique with q tiny: every neighbour but the one far node is rejected nearly always."""
    edges = [pair for pair in itertools.combinations(range(5), 2) if pair != (0, 4)]
    src, dst = zip(*edges, strict=True)
    graph = WalkGraph.from_edges(src, dst, None, 5)
    q = 1e-4
    walks = generate_walks(graph, WalkConfig(walk_length=3, walks_per_node=40_000, p=1.0, q=q, seed=3, workers=1))
    after = walks[(walks[:, 0] == 1) & (walks[:, 1] == 2)][:, 2]
    # from 1 to 2: 0, 3 and 4 are neighbours of 1, and 1 is the return, so all biases are 1
    assert chi_square_p(np.bincount(after, minlength=5), np.array([1, 1, 0, 1, 1]) / 4) > 1e-4
    # from 0 to 1: 4 is the only one that is no neighbour of 0
    after = walks[(walks[:, 0] == 0) & (walks[:, 1] == 1)][:, 2]
    assert np.mean(after == 4) == pytest.approx(1 / (1 + 3 * q), abs=1e-3)


def test_first_steps_follow_the_weights() -> None:
    walks = generate_walks(triangles(), WalkConfig(walk_length=2, walks_per_node=20_000, seed=5, workers=1))
    for node in range(5):
        chances = np.array([TRIANGLES.get((node, x), 0.0) for x in range(5)])
        counts = np.bincount(walks[walks[:, 0] == node][:, 1], minlength=5)
        assert chi_square_p(counts, chances / chances.sum()) > 1e-4


def test_weights_far_apart_are_respected() -> None:
    graph = WalkGraph.from_edges([0, 0, 0], [1, 2, 3], [1e-60, 3e-60, 1e-75], 4, directed=True)
    walks = generate_walks(graph, WalkConfig(walk_length=2, walks_per_node=40_000, workers=1))
    assert chi_square_p(np.bincount(walks[:, 1], minlength=4)[1:3], np.array([0.25, 0.75])) > 1e-4
    assert not (walks[:, 1] == 3).any()


@pytest.mark.parametrize("p", [1.0, 0.25, 3.0])
def test_walks_are_the_same_for_any_workers_and_blocks(p: float) -> None:
    graph, _ = blocks_graph(1)
    one = generate_walks(graph, WalkConfig(walks_per_node=3, p=p, q=2.0, workers=1))
    two = generate_walks(graph, WalkConfig(walks_per_node=3, p=p, q=2.0, workers=2))
    small = list(iter_walks(graph, WalkConfig(walks_per_node=3, p=p, q=2.0, workers=3), block_size=101))
    assert one.tobytes() == two.tobytes() == np.concatenate(small).tobytes()
    assert {len(block) for block in small[:-1]} == {101}
    other = generate_walks(graph, WalkConfig(walks_per_node=3, p=p, q=2.0, workers=1, seed=43))
    assert other.tobytes() != one.tobytes()


def test_every_round_starts_at_every_node_in_another_order() -> None:
    graph, _ = blocks_graph(1)
    config = WalkConfig(walk_length=1, walks_per_node=3, workers=1)
    starts = generate_walks(graph, config)[:, 0].reshape(3, graph.n_nodes)
    assert (np.sort(starts, axis=1) == np.arange(graph.n_nodes)).all()
    assert (starts[0] != starts[1]).any()
    assert (starts[1] != starts[2]).any()


def test_node_types_only_spare_work() -> None:
    """Users 0 to 19, items 20 to 49 and categories 50 to 54: the walks are those of a graph without types."""
    random = np.random.default_rng(8)
    src = np.concatenate([random.integers(0, 20, 200), np.arange(20, 50), [50, 51]])
    dst = np.concatenate([random.integers(20, 50, 200), random.integers(50, 55, 30), [52, 52]])
    types = np.repeat([USER, ITEM, CATEGORY], [20, 30, 5])
    typed, untyped = (
        generate_walks(
            WalkGraph.from_edges(src, dst, np.arange(1, len(src) + 1), 55, node_types=node_types),
            WalkConfig(p=0.5, q=3.0),
        )
        for node_types in (types, None)
    )
    assert typed.tobytes() == untyped.tobytes()


def test_known_weights_of_the_way_back_only_spare_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from interestgraph.embed import kernels

    random = np.random.default_rng(5)
    src, dst = random.integers(0, 60, (2, 400))
    for weight in (None, random.random(400)):
        graph = WalkGraph.from_edges(src, dst, weight, 60)
        config = WalkConfig(walk_length=30, walks_per_node=5, p=0.2, q=0.5)
        assert kernels.is_mirrored(graph.indptr, graph.indices, graph.weights)
        known = generate_walks(graph, config)
        with monkeypatch.context() as patched:
            patched.setattr(kernels, "is_mirrored", lambda *_: False)
            np.testing.assert_array_equal(generate_walks(graph, config), known)


def test_a_graph_is_mirrored_if_every_edge_has_one_weight_both_ways() -> None:
    from interestgraph.embed import kernels

    def mirrored(src: list[int], dst: list[int], weight: list[float], *, directed: bool) -> bool:
        graph = WalkGraph.from_edges(src, dst, weight, 4, directed=directed)
        return bool(kernels.is_mirrored(graph.indptr, graph.indices, graph.weights))

    assert mirrored([0, 1, 2], [1, 2, 2], [1, 2, 3], directed=False)
    assert mirrored([0, 1, 1, 2], [1, 0, 2, 1], [1, 1, 2, 2], directed=True)
    assert not mirrored([0, 1, 1, 2], [1, 0, 2, 1], [1, 1, 2, 3], directed=True)
    assert not mirrored([0, 1], [1, 2], [1, 1], directed=True)
    assert not mirrored([1, 2, 3], [2, 3, 1], [1, 1, 1], directed=True)


def test_every_step_is_an_edge_that_exists() -> None:
    graph, _ = blocks_graph(2)
    walks = generate_walks(graph, WalkConfig(walks_per_node=2, p=0.5, q=2.0, workers=2))
    known = {(v, int(x)) for v in range(graph.n_nodes) for x in graph.indices[slice(*graph.indptr[v : v + 2])]}
    steps = set(zip(walks[:, :-1].ravel().tolist(), walks[:, 1:].ravel().tolist(), strict=True))
    assert steps <= known


def test_golden_walk() -> None:
    """Pinned: a change of these numbers changes everybody's vectors for a seed, and needs a CHANGELOG line."""
    walks = generate_walks(triangles(), WalkConfig(walk_length=10, walks_per_node=1, p=0.25, q=4.0, seed=42))
    assert walks.tolist() == GOLDEN


GOLDEN = [
    [2, 3, 2, 3, 2, 3, 1, 2, 1, 2],
    [4, 3, 4, 4, 4, 3, 1, 2, 1, 2],
    [1, 2, 3, 2, 3, 1, 2, 1, 2, 1],
    [3, 4, 4, 4, 3, 4, 3, 4, 3, 4],
    [0, 1, 0, 1, 2, 1, 2, 0, 2, 3],
]


def test_isolated_nodes_start_no_walk_and_dead_ends_end_one() -> None:
    graph = WalkGraph.from_edges([0, 1], [1, 2], None, 5, directed=True)  # 0 -> 1 -> 2; 3 and 4 alone
    walks = generate_walks(graph, WalkConfig(walk_length=5, walks_per_node=1, p=0.5, q=2.0, workers=1))
    assert sorted(walks.tolist()) == [[0, 1, 2, -1, -1], [1, 2, -1, -1, -1]]
    assert count_walks(graph, WalkConfig(walks_per_node=4)) == 8


def test_a_graph_of_one_node_gives_no_walks_without_and_constant_ones_with_a_self_loop() -> None:
    empty = WalkGraph.from_edges([], [], [], 1)
    assert generate_walks(empty, WalkConfig(walk_length=4)).shape == (0, 4)
    loop = WalkGraph.from_edges([0], [0], [0.3], 1)
    walks = generate_walks(loop, WalkConfig(walk_length=4, walks_per_node=2, p=0.1, q=3.0, workers=2))
    assert walks.tolist() == [[0] * 4] * 2


def test_walks_stay_in_their_part_of_the_graph() -> None:
    graph = WalkGraph.from_edges([0, 1, 3, 4], [1, 2, 4, 5], None, 6)
    walks = generate_walks(graph, WalkConfig(p=2.0, q=0.5))
    assert (np.ptp(walks // 3, axis=1) == 0).all()


def test_progress_counts_the_walks() -> None:
    graph, _ = blocks_graph(1)
    seen: list[tuple[int, int]] = []
    blocks = iter_walks(graph, WalkConfig(walks_per_node=2), block_size=256, progress=lambda *done: seen.append(done))
    assert sum(len(block) for block in blocks) == 600
    assert seen == [(256, 600), (512, 600), (600, 600)]


@pytest.mark.parametrize(
    "wrong", [{"walk_length": 0}, {"walks_per_node": 0}, {"p": 0.0}, {"q": float("nan")}, {"seed": -1}]
)
def test_wrong_parameters_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        WalkConfig(**wrong)  # type: ignore[arg-type]


def test_a_block_needs_a_walk() -> None:
    with pytest.raises(ConfigurationError, match="block_size"):
        iter_walks(triangles(), block_size=0)


REFERENCE = Path(__file__).with_name("node2vec_reference.json")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ENVIRONMENT = BENCHMARKS / ".envs" / "node2vec" / "bin" / "python"


@pytest.mark.parametrize("case", json.loads(REFERENCE.read_text()), ids=lambda case: f"p{case['p']}-q{case['q']}")
def test_steps_have_the_probabilities_of_the_package_node2vec(case: dict[str, Any]) -> None:
    config = WalkConfig(walk_length=20, walks_per_node=2000, p=case["p"], q=case["q"], seed=11, workers=1)
    counts = second_steps(generate_walks(triangles(), config))
    tested = 0
    for names, found in case["steps"].items():
        before, node = map(int, names.split())
        chances = np.array([found.get(str(x), 0.0) for x in range(5)])
        assert chances == pytest.approx(node2vec_probabilities(before, node, case["p"], case["q"]))
        if counts[before, node].sum() >= 500:
            assert chi_square_p(counts[before, node], chances) > 1e-4, names
            tested += 1
    assert tested >= 6


@pytest.mark.skipif(not ENVIRONMENT.exists(), reason="the benchmark of embedding makes the environment of node2vec")
def test_the_package_node2vec_still_says_so() -> None:
    script = BENCHMARKS / "embedding" / "peers" / "node2vec_probabilities.py"
    told = subprocess.run([str(ENVIRONMENT), str(script)], capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == json.loads(REFERENCE.read_text())
