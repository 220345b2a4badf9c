"""Random walks: first order, and second order with p and q as in node2vec.

A walk at v that came from t goes to the neighbour x with probability proportional to
``weight(v, x) * bias(t, x)``, where the bias is 1/p for x = t, 1 for a neighbour x of t, else 1/q
(Grover and Leskovec 2016, section 3.2). The step is drawn exactly, by rejection from the first-order
distribution, so memory is O(nodes + edges): no table over pairs of edges.

On a graph of users and items alone a neighbour of t is never a neighbour of v too, so the bias 1 does
not occur and only p / q matters.

Rules change where a walk may go or with what bias; the steps stay exact:

- **node2vec+** (Liu, Hirn and Krishnan 2023, "Accurately modeling biased random walks on weighted networks
  using node2vec+"). An edge (t, x) lighter than d(x), the mean weight of x's edges (plus `gamma` standard
  deviations), is no full neighbourhood: the bias is 1/q + (1 - 1/q) * w(t, x) / d(x), or min(1, 1/q) where
  (v, x) is light for v too. With equal weights it is node2vec.
- **Metapaths** (Dong, Chawla and Swami 2017): the node types of each step, such as User-Item-Category-Item-User.
- **Time windows** (after Nguyen et al. 2018, "Continuous-time dynamic network embeddings"): an edge is taken only
  if it did not happen more than the window before the last one that has a time.

A walk that no rule lets go on ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.graph import NODE_TYPES, WalkGraph
from interestgraph.errors import ConfigurationError
from interestgraph.model import SECONDS_PER_DAY

WALKS_PER_BLOCK = 8192
"""Walks that are in memory at a time, unless told otherwise."""
Walks = NDArray[np.int32]
"""int32 (B, walk_length): node numbers, one walk per row, -1 after its end."""


@dataclass(frozen=True)
class WalkConfig:
    """How to walk."""

    walk_length: int = 40
    """Nodes in a walk, its start included."""
    walks_per_node: int = 10
    """Walks that start at each node that has a neighbour."""
    p: float = 1.0
    """Return parameter: larger makes a walk less likely to go straight back. Must be > 0."""
    q: float = 1.0
    """In-out parameter: larger keeps a walk close to where it was. Must be > 0."""
    seed: int = 42
    """Equal seeds give equal walks, whatever the number of workers or the size of blocks."""
    workers: int = 0
    """Threads; 0: one per core that this process may use."""
    node2vec_plus: bool = False
    """Bias of node2vec+, which looks at the weights. It differs from node2vec only where p or q is not 1."""
    gamma: float = 0.0
    """node2vec+: standard deviations above a node's mean weight below which an edge is light. At least 0."""
    metapath: str = ""
    """Node types of the steps, such as ``User-Item-Category-Item-User``; ``|`` between alternatives, ``*`` for any
    type. It repeats (where it ends with the type it began with, that is one step). A walk starts at each node of a
    type that occurs, at one of its places drawn at random. Empty: all edges are open."""
    time_window: float | None = None
    """Days that an edge may be older than the last one that has a time; 0: walks never go back in time. None:
    times do not matter."""

    def __post_init__(self) -> None:
        check_at_least(self, walk_length=1, walks_per_node=1, seed=0, workers=0, gamma=0.0)
        for name in ("p", "q"):
            if not 1e-6 <= getattr(self, name) <= 1e6:
                raise ConfigurationError(f"{name} must be from 1e-6 to 1e6, got {getattr(self, name)}")
        if self.time_window is not None:
            check_at_least(self, time_window=0.0)
        metapath_steps(self.metapath)

    @property
    def has_rules(self) -> bool:
        """Whether a rule can matter: node2vec+ with p or q, a metapath, a time window."""
        biased = self.node2vec_plus and (self.p, self.q) != (1.0, 1.0)
        return biased or bool(self.metapath) or self.time_window is not None


def metapath_steps(metapath: str) -> NDArray[np.bool_]:
    """bool (places, 256): the node types that each place of a metapath allows; no places for an empty one.

    Raises:
        ConfigurationError: a name that is no label (or node type from 0 to 255), or a single step.
    """
    if not metapath:
        return np.zeros((0, 256), np.bool_)
    places = metapath.split("-")
    steps = np.zeros((len(places), 256), np.bool_)
    for place, names in enumerate(places):
        for name in (part.strip() for part in names.split("|")):
            if name == "*":
                steps[place] = True
            elif name in NODE_TYPES or (name.isdecimal() and int(name) < 256):
                steps[place, NODE_TYPES.get(name) if name in NODE_TYPES else int(name)] = True
            else:
                raise ConfigurationError(
                    f"metapath {metapath!r}: {name!r} is no node type; there are {', '.join(NODE_TYPES)} and *, "
                    "as in User-Item-Category-Item-User"
                )
    if len(places) < 2:
        raise ConfigurationError(f"metapath {metapath!r} needs two steps at least, such as User-Item")
    return steps[:-1] if len(steps) > 2 and (steps[0] == steps[-1]).all() else steps


def check_at_least(config: object, **least: float) -> None:
    """Refuse a config with a field below its least value (or NaN).

    Raises:
        ConfigurationError: names the field.
    """
    for name, bound in least.items():
        value = getattr(config, name)
        if not value >= bound:
            raise ConfigurationError(f"{name} must be at least {bound}, got {value}")


def thread_count(workers: int) -> int:
    """Threads for a `workers` setting: itself, or for 0 the cores this process may use."""
    if workers > 0:
        return workers
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def count_walks(graph: WalkGraph, config: WalkConfig) -> int:
    """Number of walks that `iter_walks` gives: `walks_per_node` for each node that starts some."""
    return len(_starts(graph, config)) * config.walks_per_node


def _starts(graph: WalkGraph, config: WalkConfig) -> NDArray[np.int32]:
    """The nodes that have a neighbour and, with a metapath, a type that occurs in it."""
    open_to_start = np.diff(graph.indptr) > 0
    if config.metapath:
        occurs = np.logical_or.reduce(metapath_steps(config.metapath), axis=0)
        open_to_start &= occurs[graph.node_types]
    return np.flatnonzero(open_to_start).astype(np.int32)


def iter_walks(
    graph: WalkGraph,
    config: WalkConfig = WalkConfig(),
    *,
    block_size: int = WALKS_PER_BLOCK,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Walks]:
    """Walk, a block at a time.

    Every node that has a neighbour starts one walk per round, in a new random order each round. Nodes
    without outgoing edges start none; a walk that reaches one ends there.

    Args:
        graph: the graph.
        config: how to walk.
        block_size: walks per block; the last one may have fewer. Does not change the walks.
        progress: called after each block with (walks done, walks in all).

    Yields:
        int32 (B, walk_length), -1 after the end of a walk. Each block is a new array.

    Raises:
        ConfigurationError: `block_size` below 1, or a time window on a graph without times.
    """
    if block_size < 1:
        raise ConfigurationError(f"block_size must be at least 1, got {block_size}")
    if config.time_window is not None and graph.times is None:
        raise ConfigurationError("time_window: the edges of this graph have no times")
    return _blocks(graph, config, block_size, progress)


def generate_walks(graph: WalkGraph, config: WalkConfig = WalkConfig()) -> Walks:
    """All walks at once: int32 (walks, walk_length), the blocks of `iter_walks` put together."""
    blocks = list(iter_walks(graph, config))
    return np.concatenate(blocks) if blocks else np.zeros((0, config.walk_length), np.int32)


def _blocks(
    graph: WalkGraph, config: WalkConfig, block_size: int, progress: Callable[[int, int], None] | None
) -> Iterator[Walks]:
    from interestgraph.embed import kernels

    starts = _starts(graph, config)
    if len(starts) == 0:
        return
    threads = thread_count(config.workers)
    seed = np.uint64(config.seed % 2**64)
    total = len(starts) * config.walks_per_node
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        part = _walker(graph, config, *_alias(graph, threads, pool))
        orders = (kernels.shuffled(starts, seed, number) for number in range(config.walks_per_node))
        done = 0
        for order in _rechunk(orders, block_size):
            out = np.empty((len(order), config.walk_length), np.int32)
            if pool is None:
                part(order, done, out)
            else:
                cuts = [len(order) * k // threads for k in range(threads + 1)]
                jobs = [pool.submit(part, order[low:high], done + low, out[low:high]) for low, high in pairwise(cuts)]
                for job in jobs:
                    job.result()
            done += len(order)
            if progress is not None:
                progress(done, total)
            yield out


def _walker(
    graph: WalkGraph, config: WalkConfig, table: NDArray[np.uint32], totals: NDArray[np.float64]
) -> Callable[[NDArray[np.int32], int, Walks], None]:
    """A function that walks from the nodes of its first argument; the number of the first walk is its second."""
    from interestgraph.embed import kernels

    seed = np.uint64(config.seed % 2**64)
    linked = kernels.linked_types(graph.indptr, graph.indices, graph.node_types)
    if not config.has_rules:
        returns = 1 / config.p > max(1.0, 1 / config.q)
        mirrored = returns and bool(kernels.is_mirrored(graph.indptr, graph.indices, graph.weights))
        return lambda order, first, out: kernels.walk_block(
            graph.indptr, graph.indices, graph.weights, table, totals, graph.node_types, linked, mirrored,
            order, first, out, seed, config.p, config.q,
        )  # fmt: skip
    from interestgraph.embed.rule_kernel import noise_levels, walk_block_by_rules

    levels, times = np.zeros(0), np.zeros(0)
    if config.node2vec_plus:
        levels = noise_levels(graph.indptr, graph.weights, config.gamma)
    if config.time_window is not None and graph.times is not None:
        times = graph.times.copy()  # writeable, as the empty one: one compiled variant
    steps = metapath_steps(config.metapath)
    window = (config.time_window or 0.0) * SECONDS_PER_DAY
    return lambda order, first, out: walk_block_by_rules(
        graph.indptr, graph.indices, graph.weights, table, totals, graph.node_types, linked, levels, steps, times,
        window, order, first, out, seed, config.p, config.q,
    )  # fmt: skip


def _rechunk(arrays: Iterator[NDArray[np.int32]], size: int) -> Iterator[NDArray[np.int32]]:
    """The same numbers in pieces of `size`, the last one excepted."""
    held: list[NDArray[np.int32]] = []
    count = 0
    for array in arrays:
        held.append(array)
        count += len(array)
        if count < size:
            continue
        joined = np.concatenate(held)
        for low in range(0, count - size + 1, size):
            yield joined[low : low + size]
        held = [joined[count - count % size :]]
        count %= size
    if count:
        yield np.concatenate(held)


def _alias(
    graph: WalkGraph, threads: int, pool: ThreadPoolExecutor | None
) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Alias table (m, 2) and weight sum (n,) of the graph; an empty table when all weights are equal."""
    from interestgraph.embed import kernels

    if (graph.weights == graph.weights[0]).all():
        sums = np.diff(graph.indptr) * np.float64(graph.weights[0])
        return np.zeros((0, 2), np.uint32), sums
    table = np.empty((graph.n_entries, 2), np.uint32)
    totals = np.zeros(graph.n_nodes)
    even = np.linspace(0, graph.n_entries, threads + 1)
    cuts = [0, *np.searchsorted(graph.indptr, even[1:-1]).tolist(), graph.n_nodes]

    def part(low: int, high: int) -> Any:
        return kernels.build_alias(graph.indptr, graph.indices, graph.weights, low, high, table, totals)

    spans = pairwise(cuts)
    if pool is None:
        part(0, graph.n_nodes)
    else:
        for job in [pool.submit(part, low, high) for low, high in spans]:
            job.result()
    return table, totals
