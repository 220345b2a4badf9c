"""What an embedding run will take, from a few seconds of it on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from interestgraph.embed.graph import WalkGraph
from interestgraph.embed.skipgram import KEPT_BYTES, SkipGramConfig, train
from interestgraph.embed.walks import WALKS_PER_BLOCK, WalkConfig, Walks, count_walks, iter_walks
from interestgraph.errors import ConfigurationError, DataError

PROBE_SECONDS = 5.0
"""How long a probe takes, unless told otherwise."""
_WARM_UP = 64
"""Walks of the blocks that are walked and trained first, for the code to be compiled."""
_GENSIM_PIECE = 4096
"""Walks that gensim is tried with: what it does once takes longer than the walks of a short probe."""


@dataclass(frozen=True)
class EmbedEstimate:
    """What a run will take."""

    nodes: int
    edges: int
    """Edges that can be walked, an edge of both directions counted once."""
    walks: int
    tokens: int
    """Nodes in all walks, epochs together; from the mean length of the probe's walks."""
    tokens_per_second: float
    """Of training, with the threads that the run will have."""
    walk_seconds: float
    """To walk as often as the run does: once to count and, unless the walks are few, once per epoch."""
    train_seconds: float
    seconds: float
    """Walking and training together."""
    memory: int
    """Bytes of this process at the highest point."""
    write_seconds: float | None = None
    """To write the vectors and build the indexes, after the run before; None: there was none."""


def probe(
    graph: WalkGraph, walk: WalkConfig, skipgram: SkipGramConfig, seconds: float = PROBE_SECONDS
) -> EmbedEstimate:
    """Walk and train for about `seconds`, on a model of full size, and extrapolate.

    Compiling is not counted, nor is it part of a run that comes after it.

    Raises:
        ConfigurationError: `seconds` is not above 0.
        DataError: no node has an edge to walk on.
    """
    if not seconds > 0:
        raise ConfigurationError(f"a probe takes more than 0 seconds, got {seconds}")
    walks = count_walks(graph, walk)
    if walks == 0:
        raise DataError("there is nothing to walk on: the graph has no edge that the parameters leave open")
    _rate(next(iter_walks(graph, walk, block_size=_WARM_UP)), graph, replace(skipgram, trainer="interestgraph"))
    walked, took = _walk(graph, walk, seconds / 3)
    lengths = (walked >= 0).sum()
    tokens = int(lengths / len(walked) * walks) * skipgram.epochs
    rate = _train(walked, graph, skipgram, seconds * 2 / 3)
    few = walks * walk.walk_length * 4 <= KEPT_BYTES
    walk_seconds = took / len(walked) * walks * (1 if few else 1 + skipgram.epochs)
    return EmbedEstimate(
        nodes=graph.n_nodes,
        edges=(graph.n_entries + int(_loops(graph))) // 2,
        walks=walks,
        tokens=tokens,
        tokens_per_second=rate,
        walk_seconds=walk_seconds,
        train_seconds=tokens / rate,
        seconds=walk_seconds + tokens / rate,
        memory=_memory(graph, walk, skipgram),
    )


def _loops(graph: WalkGraph) -> int:
    rows = np.repeat(np.arange(graph.n_nodes, dtype=np.int32), np.diff(graph.indptr))
    return int(np.count_nonzero(rows == graph.indices))


def _walk(graph: WalkGraph, config: WalkConfig, seconds: float) -> tuple[Walks, float]:
    """(walks, seconds they took), some blocks of them."""
    blocks: list[Walks] = []
    began = time.perf_counter()
    source = iter_walks(graph, config, block_size=WALKS_PER_BLOCK // 4)
    next_block: Iterator[Walks] = iter(source)
    for block in next_block:
        blocks.append(block)
        if time.perf_counter() - began > seconds:
            break
    return np.concatenate(blocks), time.perf_counter() - began


def _train(walks: Walks, graph: WalkGraph, config: SkipGramConfig, seconds: float) -> float:
    """Tokens per second, of pieces that grow until the time is over; the last and longest one counts."""
    began = time.perf_counter()
    size = _GENSIM_PIECE if config.trainer == "gensim" else _WARM_UP
    while True:
        rate, took = _rate(walks[:size], graph, config)
        left = seconds - (time.perf_counter() - began)
        if size >= len(walks) or left < 2 * took:
            return rate
        size = min(len(walks), max(2 * size, int(size * min(left / max(took, 1e-3) / 2, 50))))


def _rate(walks: Walks, graph: WalkGraph, config: SkipGramConfig) -> tuple[float, float]:
    """(tokens per second, seconds) of training on the second of two halves, without what a run does once."""
    moments: list[float] = []
    halves = [walks[: len(walks) // 2], walks[len(walks) // 2 :]]

    def run(blocks: list[Walks]) -> float:
        began = time.perf_counter()
        train(lambda: blocks, graph.n_nodes, replace(config, epochs=1), lambda _: moments.append(time.perf_counter()))
        return time.perf_counter() - began

    took = run(halves)
    tokens = int((halves[1] >= 0).sum())
    if config.trainer == "gensim":  # it tells what it has read, not what it has trained
        without = run(halves[:1])
        return tokens / max(took - without, took / 100), took + without
    return tokens / max(moments[1] - moments[0], 1e-9), took


def _memory(graph: WalkGraph, walk: WalkConfig, config: SkipGramConfig) -> int:
    """What the process holds now, and what a run adds: the alias table, two matrices, the result, some blocks."""
    import psutil

    columns = -(-config.dimensions // 16) * 16
    even = graph.n_entries == 0 or bool((graph.weights == graph.weights[0]).all())
    table = 0 if even else 8 * graph.n_entries
    rules = 8 * graph.n_entries if walk.time_window is not None else 0
    model = graph.n_nodes * 4 * (2 * columns + 2 * config.dimensions)
    words = 600 * graph.n_nodes if config.trainer == "gensim" else 0
    blocks = 3 * 4 * WALKS_PER_BLOCK * walk.walk_length
    return int(psutil.Process().memory_info().rss) + table + rules + model + words + blocks + 40 * graph.n_nodes
