"""Skip-gram with negative sampling over integer walks: walks in, one vector per node out.

The model and its training are those of word2vec (Mikolov et al. 2013), with a node as the word and a
walk as the sentence. The project's own trainer differs from it in one thing: the negatives of a centre
are drawn once and shared by the pairs of its window, so that their rows stay in the nearest cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.walks import WALKS_PER_BLOCK, Walks, check_at_least
from interestgraph.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from interestgraph.embed.checkpoint import Checkpoint

WalkSource = Walks | Callable[[], Iterable[Walks]]
"""All walks as one array, or a function that starts going through them a block at a time. It is called
once to count and, unless they are few, once per epoch, and must give the same walks each time."""
KEPT_BYTES = 16 * 2**20
"""Walks that are fewer than this are kept after they are counted, instead of being made again."""


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
    """With one worker, equal seeds give equal bytes. With more, threads race and the last digits differ, unless
    `deterministic` is set."""
    workers: int = 0
    """Threads; 0: one per core that this process may use."""
    trainer: Literal["interestgraph", "gensim"] = "interestgraph"
    """Which implementation trains."""
    deterministic: bool = False
    """Equal bytes for equal seeds with any number of workers, on machines of one kind and for the same blocks
    of walks: eight walks at a time are trained each on rows of its own, whatever thread does it, and what they learnt
    is added in their order. Other bytes than without it, slower (docs/benchmarks.md says how much), and no more than
    eight threads are busy."""

    def __post_init__(self) -> None:
        check_at_least(
            self, dimensions=1, window=1, negatives=1, epochs=1, learning_rate=0.0, min_learning_rate=0.0,
            subsample=0.0, seed=0, workers=0, ns_exponent=-10.0,
        )  # fmt: skip
        if self.min_learning_rate > self.learning_rate:
            raise ConfigurationError(
                f"min_learning_rate {self.min_learning_rate} is above learning_rate {self.learning_rate}"
            )
        if self.deterministic and self.trainer == "gensim":
            raise ConfigurationError("gensim is deterministic with workers=1 only; leave out deterministic")
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
    seconds: float = 0.0
    """Since training began (or went on from a checkpoint)."""
    resumed_at: int = 0
    """Tokens that a checkpoint brought."""

    @property
    def tokens_per_second(self) -> float:
        """Speed so far; 0 before anything is done."""
        return (self.done - self.resumed_at) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float:
        """At this speed; infinite before anything is done."""
        rate = self.tokens_per_second
        return (self.total - self.done) / rate if rate > 0 else float("inf")


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
    checkpoint: Checkpoint | None = None,
) -> TrainResult:
    """Learn a vector for each node from walks.

    Args:
        walks: int32 (W, length) with -1 after the end of a walk, or a function that gives such blocks;
            then only a block is in memory at a time.
        n_nodes: number of nodes; walks have numbers below it.
        config: how to train.
        progress: called about every 8,192 walks.
        checkpoint: where to keep the state while training, and to go on from if a run of the same walks and
            parameters was cut off there. The own trainer only; with one worker or `deterministic` the vectors are
            byte for byte those of a run that nothing cut off. The file is removed at the end.

    Raises:
        DataError: no walks, a node number out of range, or a source that gives other walks the second time.
    """
    if n_nodes < 1:
        raise DataError(f"training needs at least 1 node, got {n_nodes}")
    started = time.perf_counter()
    counts, expected, kept = _count(walks, n_nodes, config)
    if kept is not None:
        walks = partial(iter, kept)
    tokens = int(counts.sum())
    if tokens == 0:
        raise DataError("there are no walks to train from: the graph has no edge, or the walk file is empty")
    if config.trainer == "gensim":
        from interestgraph.embed.gensim_trainer import train_gensim

        vectors, loss, pairs = train_gensim(walks, counts, expected, config, progress)
    else:
        from interestgraph.embed.own_trainer import train_own

        vectors, loss, pairs = train_own(walks, counts, config, progress, checkpoint)
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


def _count(
    walks: WalkSource, n_nodes: int, config: SkipGramConfig
) -> tuple[NDArray[np.int64], float, list[Walks] | None]:
    """Occurrences of each node, the pairs to expect of an epoch without subsampling, and the walks if they are few."""
    from interestgraph.embed import kernels

    kept: list[Walks] | None = []
    size = 0

    counts = np.zeros(n_nodes, np.int64)
    pairs = 0.0
    for block in blocks_of(walks):
        ends = np.zeros(len(block), np.int64)
        wrong = kernels.count_tokens(block, counts, ends)
        if wrong >= 0:
            raise DataError(f"the walks have node {wrong}, but there are {n_nodes} nodes")
        lengths, walks_of = np.unique(np.diff(ends, prepend=0), return_counts=True)
        pairs += sum(_pairs(int(n), config.window) * int(k) for n, k in zip(lengths, walks_of, strict=True))
        size += block.nbytes
        kept = [*kept, block] if kept is not None and size <= KEPT_BYTES else None
    return counts, pairs, kept


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
