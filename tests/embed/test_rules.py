"""Walks with rules: node2vec+, metapaths, time windows."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from interestgraph.embed import CATEGORY, ITEM, USER, WalkConfig, WalkGraph, generate_walks
from interestgraph.embed.walks import count_walks, metapath_steps
from interestgraph.errors import ConfigurationError, DataError

from .graphs import blocks_graph
from .walking import TRIANGLES, chi_square_p, second_steps, triangles

DAY = 86_400.0


def plus_probabilities(before: int, node: int, p: float, q: float, gamma: float) -> NDArray[np.float64]:
    """Liu, Hirn and Krishnan 2023, section 3.1, by hand."""

    def light_below(v: int) -> float:
        weights = [weight for (a, _), weight in TRIANGLES.items() if a == v]
        return float(np.mean(weights) + gamma * np.std(weights))

    mass = np.zeros(5)
    for x in range(5):
        if (node, x) not in TRIANGLES:
            continue
        there = TRIANGLES.get((before, x), 0.0)
        if x == before:
            alpha = 1 / p
        elif there >= light_below(x):
            alpha = 1.0
        elif TRIANGLES[node, x] < light_below(node):
            alpha = min(1.0, 1 / q)
        else:
            alpha = 1 / q + (1 - 1 / q) * there / light_below(x)
        mass[x] = alpha * TRIANGLES[node, x]
    chances: NDArray[np.float64] = mass / mass.sum()
    return chances


@pytest.mark.parametrize(("p", "q", "gamma"), [(0.25, 4.0, 0.0), (3.0, 0.3, 0.0), (2.0, 5.0, 0.5), (1e-3, 0.2, 1.0)])
def test_steps_have_the_probabilities_of_node2vec_plus(p: float, q: float, gamma: float) -> None:
    config = WalkConfig(20, 2000, p=p, q=q, seed=7, workers=1, node2vec_plus=True, gamma=gamma)
    counts = second_steps(generate_walks(triangles(), config))
    tested = 0
    for before, node in TRIANGLES:
        if counts[before, node].sum() < 500:
            continue
        chances = plus_probabilities(before, node, p, q, gamma)
        assert chi_square_p(counts[before, node], chances) > 1e-4, (before, node)
        tested += 1
    assert tested >= 5


def test_with_equal_weights_node2vec_plus_is_node2vec() -> None:
    graph, _ = blocks_graph(1)
    third = WalkGraph(graph.indptr, graph.indices, np.full(graph.n_entries, 1 / 3), graph.node_types, graph.ids)
    plain = WalkConfig(20, 30, p=0.5, q=3.0, seed=2)
    plus = WalkConfig(20, 30, p=0.5, q=3.0, seed=2, node2vec_plus=True)
    first, second = (
        second_steps(generate_walks(graph, config), 300) for graph, config in ((graph, plain), (third, plus))
    )
    # The same share of returns, steps to common neighbours, and steps away.
    assert shares(first, graph) == pytest.approx(shares(second, graph), abs=0.005)


def shares(counts: NDArray[np.int64], graph: WalkGraph) -> list[float]:
    near = np.zeros((graph.n_nodes, graph.n_nodes), bool)
    near[np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr)), graph.indices] = True
    back = np.einsum("tvt->", counts)
    common = (counts.sum(axis=1) * near).sum()
    return [float(back / counts.sum()), float(common / counts.sum())]


def test_without_p_and_q_node2vec_plus_changes_nothing() -> None:
    config = WalkConfig(workers=1, walks_per_node=2)
    plus = WalkConfig(workers=1, walks_per_node=2, node2vec_plus=True)
    assert generate_walks(triangles(), config).tobytes() == generate_walks(triangles(), plus).tobytes()


# Users 0 and 1, items 2, 3 and 4, categories 5 and 6 of which 6 is above 5; item 4 has no category.
TYPES = [USER, USER, ITEM, ITEM, ITEM, CATEGORY, CATEGORY]
TYPED = {(0, 2): 1.0, (0, 3): 4.0, (1, 3): 2.0, (1, 4): 1.0, (2, 5): 0.5, (3, 5): 3.0, (5, 6): 1.0}


def typed() -> WalkGraph:
    src, dst = zip(*TYPED, strict=True)
    return WalkGraph.from_edges(src, dst, list(TYPED.values()), 7, node_types=TYPES)


@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (0.2, 3.0), (3.0, 0.4)])
def test_a_metapath_says_the_types_of_the_steps(p: float, q: float) -> None:
    """Chances are those of node2vec among the nodes of the type that comes next."""
    graph = typed()
    config = WalkConfig(9, 20_000, p=p, q=q, metapath="User-Item-Category-Item-User", seed=5)
    walks = generate_walks(graph, config)
    assert sorted(set(walks[:, 0].tolist())) == list(range(7))
    kinds = np.array([*TYPES, 255])[walks]
    words = {"".join("UIC."[min(kind, 3)] for kind in row) for row in kinds.tolist()}
    assert all(word.rstrip(".") in "UICIUICIUICIUICI" for word in words)
    users = walks[kinds[:, 0] == USER]
    # user 0 -> item 3 -> category 5 -> item: 2 or 3, and back to 3 is the return
    after = users[(users[:, 1] == 3) & (users[:, 2] == 5)][:, 3]
    mass = np.array([0.5 / q, 3.0 / p])
    assert chi_square_p(np.bincount(after, minlength=4)[2:4], mass / mass.sum()) > 1e-4
    # from there to a user, though the item's category would weigh more
    after = users[(users[:, 2] == 5) & (users[:, 3] == 3)][:, 4]
    mass = np.array([4.0, 2.0])
    assert chi_square_p(np.bincount(after, minlength=2), mass / mass.sum()) > 1e-4


def test_a_walk_ends_where_its_metapath_leads_nowhere() -> None:
    walks = generate_walks(typed(), WalkConfig(6, 50, metapath="User-Item-Category", workers=1))
    ended = walks[walks[:, 1] == 4]
    assert len(ended)
    assert (ended[:, 2:] == -1).all()
    assert count_walks(typed(), WalkConfig(6, 50, metapath="User-Item-Category")) == len(walks) == 7 * 50
    assert count_walks(typed(), WalkConfig(6, 50, metapath="User-Item")) == 5 * 50


def test_a_metapath_has_alternatives_and_any() -> None:
    open_walks = generate_walks(typed(), WalkConfig(12, 200, metapath="*-*", workers=1))
    assert set(open_walks.ravel().tolist()) == set(range(7))
    walks = generate_walks(typed(), WalkConfig(12, 200, metapath="Item-User|Category", workers=1))
    below = walks[walks[:, 0] < 6]
    assert (below >= 0).all()
    assert 6 not in below
    assert metapath_steps("0-1-0").tolist() == metapath_steps("User-Item").tolist()


@pytest.mark.parametrize("wrong", ["User", "User-Thing", "User--Item", "0-256"])
def test_a_wrong_metapath_is_named(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=f"metapath '{wrong}'"):
        WalkConfig(metapath=wrong)


def timed(times: list[float]) -> WalkGraph:
    """A clique of four nodes whose edges 01, 02, 03, 12, 13, 23 have these times."""
    src, dst = zip(*itertools.combinations(range(4), 2), strict=True)
    return WalkGraph.from_edges(src, dst, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4, times=times)


@pytest.mark.parametrize(("window", "furthest"), [(0.0, 0.0), (1.5, 1.0), (100.0, 4.0)])
def test_walks_do_not_go_further_back_in_time_than_the_window(window: float, furthest: float) -> None:
    days = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    walks = generate_walks(timed([day * DAY for day in days]), WalkConfig(10, 500, time_window=window, p=0.5, q=2.0))
    day_of = np.full((4, 4), np.nan)
    for (a, b), day in zip(itertools.combinations(range(4), 2), days, strict=True):
        day_of[a, b] = day_of[b, a] = day
    back = set()
    for walk in walks.tolist():
        steps = [day_of[a, b] for a, b in itertools.pairwise(walk) if b >= 0]
        back |= {first - then for first, then in itertools.pairwise(steps)}
    assert max(back) == furthest


def test_chances_under_a_window_are_those_of_what_it_leaves() -> None:
    graph = timed([2 * DAY, 0.0, 2 * DAY, 5 * DAY, float("nan"), 0.0])
    walks = generate_walks(graph, WalkConfig(3, 20_000, time_window=1.0, p=0.5, q=2.0, workers=1))
    after = walks[(walks[:, 0] == 0) & (walks[:, 1] == 3)][:, 2]
    # at 3 from 0 on day 2: the edge to 1 has no time, that to 2 is too old, that to 0 is the return
    mass = np.array([3.0 / 0.5, 5.0])
    assert chi_square_p(np.bincount(after, minlength=2), mass / mass.sum()) > 1e-4
    # a walk 3 -> 1 without a time may go on to anything
    after = walks[(walks[:, 0] == 3) & (walks[:, 1] == 1)][:, 2]
    mass = np.array([1.0, 0.0, 4.0, 5.0 / 0.5])
    assert chi_square_p(np.bincount(after, minlength=4), mass / mass.sum()) > 1e-4


def test_repeated_edges_have_the_latest_time() -> None:
    nan = float("nan")
    graph = WalkGraph.from_edges(
        [0, 1, 0, 0, 2, 1], [1, 0, 1, 2, 0, 1], [1, 1, 0, 1, 1, 1], 3, times=[5.0, 7.0, 99.0, nan, 4.0, nan]
    )
    assert graph.times is not None
    found = dict(zip(zip(np.repeat(range(3), np.diff(graph.indptr)), graph.indices, strict=True), graph.times))  # noqa: B905
    assert found == pytest.approx({(0, 1): 7.0, (0, 2): 4.0, (1, 0): 7.0, (1, 1): nan, (2, 0): 4.0}, nan_ok=True)


def test_times_must_be_there_and_fit() -> None:
    with pytest.raises(ConfigurationError, match="no times"):
        generate_walks(triangles(), WalkConfig(time_window=1.0))
    with pytest.raises(DataError, match="times"):
        WalkGraph.from_edges([0], [1], None, 2, times=[1.0, 2.0])


@pytest.mark.parametrize(
    "rules", [{"node2vec_plus": True}, {"metapath": "0-0|1"}, {"time_window": 2.0}], ids=lambda rules: next(iter(rules))
)
def test_walks_with_rules_are_the_same_for_any_workers_and_blocks(rules: dict[str, object]) -> None:
    graph, _ = blocks_graph(1)
    random = np.random.default_rng(1)
    timed = WalkGraph(
        graph.indptr, graph.indices, random.random(graph.n_entries) + 0.1, graph.node_types, graph.ids,
        random.random(graph.n_entries) * 9 * DAY,
    )  # fmt: skip
    one, two = (
        generate_walks(timed, WalkConfig(walks_per_node=2, p=0.5, q=2.0, workers=workers, **rules))  # type: ignore[arg-type]
        for workers in (1, 3)
    )
    assert one.tobytes() == two.tobytes()
    known = {(v, int(x)) for v in range(graph.n_nodes) for x in graph.indices[slice(*graph.indptr[v : v + 2])]}
    steps = set(zip(one[:, :-1].ravel().tolist(), one[:, 1:].ravel().tolist(), strict=True))
    assert {step for step in steps if step[1] >= 0} <= known


def test_edges_beyond_two_billion_are_reached(tmp_path: Path) -> None:
    """A CSR matrix with 2**31 + 1000 entries, nearly all of them in a file with a hole and in no row."""
    entries = 2**31 + 1000
    indices = np.memmap(tmp_path / "indices", np.int32, "w+", shape=entries)
    weights = np.memmap(tmp_path / "weights", np.float32, "w+", shape=entries)
    indices[-4:] = [1, 0, 2, 1]  # 0-1, 1-0, 1-2, 2-1
    weights[-4:] = [1.0, 1.0, 3.0, 1.0]
    for array in (indices, weights):
        array.flags.writeable = False  # the compiled variants of other graphs
    indptr = np.array([entries - 4, entries - 3, entries - 1, entries], np.int64)
    graph = WalkGraph(indptr, indices, weights, np.zeros(3, np.uint8), ["0", "1", "2"])
    from interestgraph.embed import kernels, rule_kernel

    table, totals = np.zeros((0, 2), np.uint32), np.array([1.0, 4.0, 1.0])
    linked = np.ones((256, 256), bool)
    for p, q in ((1.0, 1.0), (0.5, 2.0)):
        out = np.zeros((3, 6), np.int32)
        order = np.arange(3, dtype=np.int32)
        kernels.walk_block(
            graph.indptr, graph.indices, graph.weights, table, totals, graph.node_types, linked, True,
            order, 0, out, np.uint64(1), p, q,
        )  # fmt: skip
        assert (np.abs(np.diff(out, axis=1)) == 1).all()
        rule_kernel.walk_block_by_rules(
            graph.indptr, graph.indices, graph.weights, table, totals, graph.node_types, linked, np.zeros(0),
            np.zeros((0, 256), bool), np.zeros(0), 0.0, order, 0, out, np.uint64(1), p, q,
        )  # fmt: skip
        assert (np.abs(np.diff(out, axis=1)) == 1).all()
