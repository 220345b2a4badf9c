"""The project's own trainer: threads that share one model, or shards whose sums do not depend on threads."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.skipgram import SkipGramConfig, TrainProgress, WalkSource, blocks_of, keep_chances
from interestgraph.embed.walks import Walks, thread_count
from interestgraph.errors import DataError

if TYPE_CHECKING:
    from interestgraph.embed.checkpoint import Checkpoint

_LANE = 16
"""Vectors are padded to a multiple of this many floats, one cache line, while they are trained."""
_TOKENS_PER_CALL = 16384
"""Size of the piece that one thread trains at a time."""
SHARDS = 8
"""Walks that a deterministic run trains at once, each from the same state, before it adds up what they learnt. With
16 it learns measurably less from the same walks, with 32 it overshoots."""
Floats = NDArray[np.float32]


def train_own(
    walks: WalkSource,
    counts: NDArray[np.int64],
    config: SkipGramConfig,
    progress: Callable[[TrainProgress], None] | None,
    checkpoint: Checkpoint | None,
) -> tuple[Floats, tuple[float, ...], int]:
    """Train; the parameters and the results as in `interestgraph.embed.train`.

    Returns:
        (vectors float32 (n, dimensions), mean loss per pair of each epoch, pairs)
    """
    run = _Run(counts, config)
    mark = run.mark()
    if checkpoint is not None and (state := checkpoint.load(mark)) is not None:
        run.restore(*state)
        checkpoint.resumed_at = run.done
    began, resumed_at = time.perf_counter(), run.done
    with ThreadPoolExecutor(run.threads) if run.threads > 1 else nullcontext() as pool:
        for epoch in range(run.epoch, config.epochs):
            passed = 0
            for whole in blocks_of(walks):
                passed += len(whole)
                if passed <= run.walked:
                    continue
                run.block(whole[max(0, len(whole) - (passed - run.walked)) :], pool)
                if progress is not None:
                    seconds = time.perf_counter() - began
                    progress(TrainProgress(run.done, run.total, run.mean_loss(), seconds, resumed_at))
                if checkpoint is not None and checkpoint.due():
                    checkpoint.save(mark, *run.state())
            run.end_of_epoch(epoch)
    if checkpoint is not None:
        checkpoint.done()
    return run.inputs[:, : config.dimensions].copy(), tuple(run.losses), run.pairs


class _Run:
    """State of a run."""

    def __init__(self, counts: NDArray[np.int64], config: SkipGramConfig) -> None:
        self.config = config
        self.threads = thread_count(config.workers)
        self.counts = counts
        self.total = int(counts.sum()) * config.epochs
        self.done = self.epoch = self.walked = self.pairs = self.epoch_pairs = 0
        self.loss = 0.0
        self.losses: list[float] = []
        self.inputs = _first_vectors(len(counts), config)
        self.outputs = _aligned(len(counts), self.inputs.shape[1])
        self.nodes, self.table = _negative_table(counts, config.ns_exponent)
        self.keep = keep_chances(counts, config.subsample)
        self.seed = np.uint64(config.seed % 2**64)
        self.shards: _Shards | None = None

    def block(self, block: Walks, pool: ThreadPoolExecutor | None) -> None:
        """Train on the next walks of the epoch."""
        tokens = np.concatenate([[0], np.cumsum(_lengths(block))])
        first = (self.epoch << 40) + self.walked
        if self.config.deterministic:
            if self.shards is None or self.shards.length < block.shape[1]:
                self.shards = _Shards(self, block.shape[1])
            sums = self.shards.block(block, tokens, first, pool)
        else:
            size = max(1, min(_TOKENS_PER_CALL // block.shape[1], -(-len(block) // self.threads)))
            no_shard = (
                (self.inputs, self.outputs),
                np.zeros((2, 0), np.int32),
                np.zeros((2, 0), np.int32),
                np.zeros(2, np.int64),
            )

            def part(low: int) -> Any:
                return self.train(
                    self.inputs, self.outputs, block[low : low + size], first + low, tokens[low], no_shard
                )

            lows = range(0, len(block), size)
            sums = list(map(part, lows) if pool is None else pool.map(part, lows))
        self.done += int(tokens[-1])
        self.walked += len(block)
        self.loss += sum(float(s[0]) for s in sums)
        self.epoch_pairs += sum(int(s[1]) for s in sums)

    def train(self, inputs: Floats, outputs: Floats, walks: Walks, number: int, before: int, local: Any) -> Any:
        """One call of the kernel; `before`: tokens of the block before these walks."""
        from interestgraph.embed.skipgram_kernel import train_block

        config = self.config
        return train_block(
            inputs, outputs, walks, number, self.done + before, self.total, config.learning_rate,
            config.min_learning_rate, config.window, config.negatives, self.nodes, self.table, self.keep, self.seed,
            local,
        )  # fmt: skip

    def mean_loss(self) -> float:
        return self.loss / max(self.epoch_pairs, 1)

    def end_of_epoch(self, epoch: int) -> None:
        if self.done * self.config.epochs != self.total * (epoch + 1):
            raise DataError("the walk source gave other walks than when they were counted")
        self.losses.append(self.loss / self.epoch_pairs if self.epoch_pairs else 0.0)
        self.pairs += self.epoch_pairs
        self.epoch, self.walked, self.loss, self.epoch_pairs = epoch + 1, 0, 0.0, 0

    def mark(self) -> str:
        """What a state must have in common with this run to be its own: walks and parameters, not threads."""
        parameters = {name: value for name, value in asdict(self.config).items() if name != "workers"}
        return hashlib.sha256(json.dumps(parameters).encode() + self.counts.tobytes()).hexdigest()

    def state(self) -> tuple[dict[str, Any], dict[str, Floats]]:
        names = ("done", "epoch", "walked", "pairs", "epoch_pairs", "loss", "losses")
        return {name: getattr(self, name) for name in names}, {"inputs": self.inputs, "outputs": self.outputs}

    def restore(self, place: dict[str, Any], arrays: dict[str, Floats]) -> None:
        self.inputs[:], self.outputs[:] = arrays["inputs"], arrays["outputs"]
        for name, value in place.items():
            setattr(self, name, value)


class _Shards:
    """Rows of their own for the shards of a deterministic run."""

    def __init__(self, run: _Run, length: int) -> None:
        self.run = run
        self.length = length
        nodes, columns = run.inputs.shape
        most = min(nodes, length)
        most_out = min(nodes, most * (run.config.negatives + 1))
        self.inputs = _aligned(SHARDS * most, columns).reshape(SHARDS, most, columns)
        self.outputs = _aligned(SHARDS * most_out, columns).reshape(SHARDS, most_out, columns)
        self.slots = np.full((SHARDS, 2, nodes), -1, np.int32)
        self.touched = np.zeros((SHARDS, 2, most_out), np.int32)
        self.counts = np.zeros((SHARDS, 2), np.int64)

    def block(
        self, block: Walks, tokens: NDArray[np.int64], first: int, pool: ThreadPoolExecutor | None
    ) -> list[tuple[float, int]]:
        """Train on a block, a round of all shards after the other; (loss, pairs) by shard."""
        from interestgraph.embed.skipgram_kernel import add_differences, take_difference

        run = self.run
        sources = (run.inputs, run.outputs)
        threads = min(run.threads, SHARDS)
        sums = [(0.0, 0)] * len(block)

        def shards(begin: int, thread: int) -> None:
            for shard in range(thread, min(SHARDS, len(block) - begin), threads):
                at = begin + shard
                inputs, outputs, slots, touched, counts = (
                    self.inputs[shard], self.outputs[shard], self.slots[shard], self.touched[shard], self.counts[shard]
                )  # fmt: skip
                local = (sources, slots, touched, counts)
                loss, pairs, _ = run.train(inputs, outputs, block[at : at + 1], first + at, tokens[at], local)
                take_difference(inputs, outputs, slots, touched, counts, sources)
                sums[at] = (float(loss), int(pairs))

        def add(_begin: int, thread: int) -> None:
            add_differences(sources, self.inputs, self.outputs, self.touched, self.counts, thread, threads)

        for begin in range(0, len(block), SHARDS):
            self.counts[:] = 0
            for work in (shards, add):
                others = [pool.submit(work, begin, thread) for thread in range(1, threads)] if pool else []
                work(begin, 0)
                for other in others:
                    other.result()
        return sums


def _lengths(block: Walks) -> NDArray[np.int64]:
    ended = block < 0
    lengths: NDArray[np.int64] = np.where(ended.any(axis=1), ended.argmax(axis=1), block.shape[1])
    return lengths


def _aligned(rows: int, columns: int) -> Floats:
    """Zeros that start at a cache line, so that a vector is in as few lines as can be."""
    room: Floats = np.zeros(rows * columns + _LANE, np.float32)
    skip = -room.ctypes.data % (4 * _LANE) // 4
    return room[skip : skip + rows * columns].reshape(rows, columns)


def _first_vectors(n_nodes: int, config: SkipGramConfig) -> Floats:
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
