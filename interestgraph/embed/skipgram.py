"""Skip-gram with negative sampling over integer walks: walks in, one vector per node out.

The model and its training are those of word2vec (Mikolov et al. 2013), with a node as the word and a
walk as the sentence. The project's own trainer differs from it in one thing: the negatives of a centre
are drawn once and shared by the pairs of its window, so that their rows stay in the nearest cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.walks import WALKS_PER_BLOCK, Walks, check_at_least, thread_count
from interestgraph.errors import ConfigurationError, DataError

WalkSource = Walks | Callable[[], Iterable[Walks]]
"""All walks as one array, or a function that starts going through them a block at a time. It is called
once to count and once per epoch, and must give the same walks each time."""
_LANE = 16
"""Vectors are padded to a multiple of this many floats, one cache line, while they are trained."""
_TOKENS_PER_CALL = 16384
"""Size of the piece that one thread trains at a time."""


@dataclass(frozen=True)
class SkipGramConfig:
    """How to train."""

    dimensions: int = 64
    """Length of a vector."""
    window: int = 5
    """Furthest distance of a pair in a walk. The distance of each centre is drawn from 1 to this."""
    negatives: int = 5
    """Nodes drawn against each pair. The own trainer is fastest at 5, 11, 17 (whole groups of six rows)."""
    epochs: int = 1
    """Passes over the walks."""
    learning_rate: float = 0.025
    """Step size at the start; it falls linearly over all tokens of the run."""
    min_learning_rate: float = 1e-4
    """Step size at the end."""
    ns_exponent: float = 0.75
    """Negatives are drawn in proportion to (occurrences in the walks) ** this."""
    subsample: float = 0.0
    """Threshold share above which occurrences of a frequent node are dropped at random; 0: keep all."""
    seed: int = 42
    """With one worker, equal seeds give equal bytes. With more, threads race and the last digits differ."""
    workers: int = 0
    """Threads; 0: one per core that this process may use."""
    trainer: Literal["interestgraph", "gensim"] = "interestgraph"
    """Which implementation trains."""

    def __post_init__(self) -> None:
        check_at_least(
            self, dimensions=1, window=1, negatives=1, epochs=1, learning_rate=0.0, min_learning_rate=0.0,
            subsample=0.0, seed=0, workers=0, ns_exponent=-10.0,
        )  # fmt: skip
        if self.min_learning_rate > self.learning_rate:
            raise ConfigurationError(
                f"min_learning_rate {self.min_learning_rate} is above learning_rate {self.learning_rate}"
            )
        if self.trainer not in ("interestgraph", "gensim"):
            raise ConfigurationError(f"trainer must be interestgraph or gensim, got {self.trainer!r}")


@dataclass(frozen=True)
class TrainProgress:
    """Where a training run is."""

    done: int
    """Tokens trained so far, all epochs together."""
    total: int
    """Tokens of the whole run."""
    loss: float
    """Mean loss per pair of the epoch so far; NaN while the trainer does not tell."""


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What training gives."""

    vectors: NDArray[np.float32]
    """float32 (n_nodes, dimensions), not normalised. A node that is in no walk has a zero vector."""
    loss: tuple[float, ...]
    """Per epoch, mean over pairs of -log s(u.v) - sum over negatives of log s(-u.v), s the sigmoid."""
    tokens: int
    """Nodes in the walks, times epochs."""
    pairs: int
    """Pairs trained, all epochs together; their expected number where gensim trains."""
    seconds: float
    """Wall time, counting pass included."""


def train(
    walks: WalkSource,
    n_nodes: int,
    config: SkipGramConfig = SkipGramConfig(),
    progress: Callable[[TrainProgress], None] | None = None,
) -> TrainResult:
    """Learn a vector for each node from walks.

    Args:
        walks: int32 (W, length) with -1 after the end of a walk, or a function that gives such blocks;
            then only a block is in memory at a time.
        n_nodes: number of nodes; walks have numbers below it.
        config: how to train.
        progress: called about every 8,192 walks.

    Raises:
        DataError: no walks, a node number out of range, or a source that gives other walks the second time.
    """
    if n_nodes < 1:
        raise DataError(f"training needs at least 1 node, got {n_nodes}")
    started = time.perf_counter()
    counts, expected = _count(walks, n_nodes, config)
    tokens = int(counts.sum())
    if tokens == 0:
        raise DataError("there are no walks to train from: the graph has no edge, or the walk file is empty")
    run = _train_gensim if config.trainer == "gensim" else _train_own
    vectors, loss, pairs = run(walks, counts, expected, config, progress)
    vectors[counts == 0] = 0
    return TrainResult(
        vectors=vectors,
        loss=loss,
        tokens=tokens * config.epochs,
        pairs=pairs,
        seconds=time.perf_counter() - started,
    )


def blocks_of(walks: WalkSource) -> Iterator[Walks]:
    """Go through the walks a block at a time; each is contiguous int32 (B, length).

    Raises:
        DataError: a block is not a two-dimensional integer array.
    """
    source: Iterable[Walks]
    if isinstance(walks, np.ndarray):
        source = (walks[low : low + WALKS_PER_BLOCK] for low in range(0, len(walks), WALKS_PER_BLOCK))
    else:
        source = walks()
    for block in source:
        if block.ndim != 2 or not np.issubdtype(block.dtype, np.integer):
            raise DataError(f"walks must be a two-dimensional integer array, got {block.dtype} {block.shape}")
        yield np.ascontiguousarray(block, np.int32)


def _count(walks: WalkSource, n_nodes: int, config: SkipGramConfig) -> tuple[NDArray[np.int64], float]:
    """Occurrences of each node, and the pairs to expect of an epoch without subsampling."""
    from interestgraph.embed import kernels

    counts = np.zeros(n_nodes, np.int64)
    pairs = 0.0
    for block in blocks_of(walks):
        ends = np.zeros(len(block), np.int64)
        wrong = kernels.count_tokens(block, counts, ends)
        if wrong >= 0:
            raise DataError(f"the walks have node {wrong}, but there are {n_nodes} nodes")
        lengths, walks_of = np.unique(np.diff(ends, prepend=0), return_counts=True)
        pairs += sum(_pairs(int(n), config.window) * int(k) for n, k in zip(lengths, walks_of, strict=True))
    return counts, pairs


def _pairs(length: int, window: int) -> float:
    """Expected pairs of a walk: positions at distance d are paired, from each side, if the draw is >= d."""
    return sum(
        2 * (length - distance) * (window - distance + 1) / window for distance in range(1, min(window, length - 1) + 1)
    )


def keep_chances(counts: NDArray[np.int64], subsample: float) -> NDArray[np.float32]:
    """Chance to keep an occurrence of each node, as in word2vec: sqrt(s/f) + s/f, f its share of tokens."""
    if subsample == 0:
        return np.zeros(0, np.float32)
    share = np.maximum(counts, 1) / counts.sum()
    chances: NDArray[np.float64] = np.minimum(np.sqrt(subsample / share) + subsample / share, 1)
    return chances.astype(np.float32)


def _train_gensim(
    walks: WalkSource,
    counts: NDArray[np.int64],
    expected: float,
    config: SkipGramConfig,
    progress: Callable[[TrainProgress], None] | None,
) -> tuple[NDArray[np.float32], tuple[float, ...], int]:
    from interestgraph.embed.gensim_trainer import train_gensim

    return train_gensim(walks, counts, expected, config, progress)


def _train_own(
    walks: WalkSource,
    counts: NDArray[np.int64],
    _expected: float,
    config: SkipGramConfig,
    progress: Callable[[TrainProgress], None] | None,
) -> tuple[NDArray[np.float32], tuple[float, ...], int]:
    run = _Run(counts, config)
    losses = []
    with ThreadPoolExecutor(run.threads) if run.threads > 1 else nullcontext() as pool:
        for epoch in range(config.epochs):
            loss, pairs, walked = 0.0, 0, 0
            for block in blocks_of(walks):
                block_loss, block_pairs = run.block(block, epoch, walked, pool)
                walked += len(block)
                loss += block_loss
                pairs += block_pairs
                if progress is not None:
                    progress(TrainProgress(run.done, run.total, loss / max(pairs, 1)))
            run.end_of_epoch(epoch)
            run.pairs += pairs
            losses.append(loss / pairs if pairs else 0.0)
    return run.inputs[:, : config.dimensions].copy(), tuple(losses), run.pairs


class _Run:
    """State of one run of the own trainer."""

    def __init__(self, counts: NDArray[np.int64], config: SkipGramConfig) -> None:
        self.config = config
        self.threads = thread_count(config.workers)
        self.total = int(counts.sum()) * config.epochs
        self.done = 0
        self.pairs = 0
        self.inputs = _first_vectors(len(counts), config)
        self.outputs = _aligned(len(counts), self.inputs.shape[1])
        self.nodes, self.table = _negative_table(counts, config.ns_exponent)
        self.keep = keep_chances(counts, config.subsample)

    def block(self, block: Walks, epoch: int, first: int, pool: ThreadPoolExecutor | None) -> tuple[float, int]:
        """Train on a block whose first walk has the number `first` in its epoch; (sum of losses, pairs)."""
        from interestgraph.embed.skipgram_kernel import train_block

        config = self.config
        size = max(1, min(_TOKENS_PER_CALL // block.shape[1], -(-len(block) // self.threads)))
        lows = range(0, len(block), size)
        tokens = np.concatenate([[0], np.cumsum(_lengths(block))])

        def part(low: int) -> Any:
            return train_block(
                self.inputs, self.outputs, block[low : low + size],
                (epoch << 40) + first + low, self.done + tokens[low], self.total,
                config.learning_rate, config.min_learning_rate, config.window, config.negatives,
                self.nodes, self.table, self.keep, np.uint64(config.seed % 2**64),
            )  # fmt: skip

        sums = list(map(part, lows) if pool is None else pool.map(part, lows))
        self.done += int(tokens[-1])
        return sum(float(s[0]) for s in sums), sum(int(s[1]) for s in sums)

    def end_of_epoch(self, epoch: int) -> None:
        if self.done * self.config.epochs != self.total * (epoch + 1):
            raise DataError("the walk source gave other walks than when they were counted")


def _lengths(block: Walks) -> NDArray[np.int64]:
    ended = block < 0
    lengths: NDArray[np.int64] = np.where(ended.any(axis=1), ended.argmax(axis=1), block.shape[1])
    return lengths


def _aligned(rows: int, columns: int) -> NDArray[np.float32]:
    """Zeros that start at a cache line, so that a vector is in as few lines as can be."""
    room: NDArray[np.float32] = np.zeros(rows * columns + _LANE, np.float32)
    skip = -room.ctypes.data % (4 * _LANE) // 4
    return room[skip : skip + rows * columns].reshape(rows, columns)


def _first_vectors(n_nodes: int, config: SkipGramConfig) -> NDArray[np.float32]:
    """Uniform in (-1, 1) / dimensions, as in gensim (word2vec has half of it, and learns the first tokens
    more slowly); padding columns are 0 and stay so."""
    d = config.dimensions
    vectors = _aligned(n_nodes, -(-d // _LANE) * _LANE)
    random = np.random.Generator(np.random.PCG64(config.seed))
    for low in range(0, n_nodes, 65536):
        rows = vectors[low : low + 65536]
        rows[:, :d] = (random.random((len(rows), d), np.float32) * 2 - 1) / np.float32(d)
    return vectors


def _negative_table(counts: NDArray[np.int64], exponent: float) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """The nodes that occur, and their alias table (Vose) for count ** exponent."""
    from interestgraph.embed import kernels

    nodes = np.flatnonzero(counts).astype(np.int32)
    weights = counts[nodes].astype(np.float64) ** exponent
    span = np.array([0, len(nodes)])
    for array in (nodes, weights, span):
        array.flags.writeable = False  # the same compiled variant as for a graph
    table = np.empty((len(nodes), 2), np.uint32)
    kernels.build_alias(span, nodes, weights, 0, 1, table, np.zeros(1))
    return nodes, table
