"""The second trainer: gensim's Word2Vec on integer walks, for comparison.

Walks go to gensim a block at a time, when its producer thread asks for them, as lists that share one
string per node: no token becomes a string of its own. (Integers as words would do without any string, but
gensim 4.4 takes them for positions when it makes the table of negatives, and draws from wrong counts.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.walks import Walks, thread_count
from interestgraph.errors import ConfigurationError

if TYPE_CHECKING:
    from interestgraph.embed.skipgram import SkipGramConfig, TrainProgress, WalkSource

_LONGEST = 10_000
"""gensim cuts sentences after this many words."""


class _Sentences:
    """The walks as lists of words, as often as gensim asks."""

    def __init__(self, walks: WalkSource, n_nodes: int, advance: Callable[[int], None]) -> None:
        self.walks = walks
        self.advance = advance
        self.words = np.array([*map(str, range(n_nodes)), None], object)  # the last one stands for -1
        self.error: Exception | None = None
        """What went wrong in gensim's producer thread, where an exception would make it wait for ever."""

    def __iter__(self) -> Iterator[list[str]]:
        from interestgraph.embed.skipgram import blocks_of

        if self.error is not None:
            return
        try:
            for block in blocks_of(self.walks):
                yield from self._lists(block)
                self.advance(int(np.count_nonzero(block >= 0)))
        except Exception as error:
            self.error = error

    def _lists(self, block: Walks) -> Iterator[list[str]]:
        if block.shape[1] > _LONGEST:
            raise ConfigurationError(f"gensim takes walks of at most {_LONGEST} nodes, got {block.shape[1]}")
        for walk in self.words[block].tolist():
            yield walk if walk[-1] is not None else walk[: walk.index(None)]


def train_gensim(
    walks: WalkSource,
    counts: NDArray[np.int64],
    expected_pairs: float,
    config: SkipGramConfig,
    progress: Callable[[TrainProgress], None] | None,
) -> tuple[NDArray[np.float32], tuple[float, ...], int]:
    """Train with gensim; the parameters and the results as in `interestgraph.embed.train`.

    Equal bytes for equal seeds with one worker, whatever PYTHONHASHSEED is.

    Returns:
        (vectors float32 (n, dimensions), mean loss per expected pair of each epoch, expected pairs)
    """
    from interestgraph.embed.skipgram import TrainProgress

    done = 0
    total = int(counts.sum()) * config.epochs

    def advance(tokens: int) -> None:
        nonlocal done
        done += tokens
        if progress is not None:
            progress(TrainProgress(done, total, float("nan")))

    model = _model(config)
    model.build_vocab_from_freq({str(node): int(counts[node]) for node in np.flatnonzero(counts)})
    losses, sentences = _LossPerEpoch(), _Sentences(walks, len(counts), advance)
    model.train(
        sentences,
        total_words=int(counts.sum()),
        epochs=config.epochs,
        compute_loss=True,
        callbacks=[losses],
    )
    if sentences.error is not None:
        raise sentences.error
    vectors = np.zeros((len(counts), config.dimensions), np.float32)
    vectors[np.array(model.wv.index_to_key, np.int64)] = model.wv.vectors
    loss = tuple(total / expected_pairs if expected_pairs else 0.0 for total in losses.totals)
    return vectors, loss, round(expected_pairs * config.epochs)


def _model(config: SkipGramConfig) -> Any:
    return _word2vec_class()(
        vector_size=config.dimensions,
        window=config.window,
        negative=config.negatives,
        alpha=config.learning_rate,
        min_alpha=config.min_learning_rate,
        ns_exponent=config.ns_exponent,
        sample=config.subsample,
        seed=config.seed % 2**32,
        workers=thread_count(config.workers),
        epochs=config.epochs,
        sg=1,
        hs=0,
        min_count=1,
        hashfxn=_hash,
        compute_loss=True,
    )


def _hash(key: object) -> int:
    """A hash that does not depend on PYTHONHASHSEED."""
    from zlib import crc32

    return crc32(str(key).encode())


def _word2vec_class() -> type[Any]:
    from gensim.models import Word2Vec

    class Model(Word2Vec):  # type: ignore[misc]
        """Word2Vec whose loss is right for long runs.

        gensim adds every pair to one float32 that all threads share, which stops growing near 3e7. Here
        each thread has a sum of its own that starts at 0 with each job, and the jobs are added in float64.
        """

        def __init__(self, **parameters: Any) -> None:
            self._own = threading.local()
            self._lock = threading.Lock()
            self.loss_sum = 0.0
            super().__init__(**parameters)

        @property
        def running_training_loss(self) -> float:
            return getattr(self._own, "loss", 0.0)

        @running_training_loss.setter
        def running_training_loss(self, value: float) -> None:
            self._own.loss = value

        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> Any:
            self.running_training_loss = 0.0
            tally = super()._do_train_job(sentences, alpha, inits)
            with self._lock:
                self.loss_sum += float(self.running_training_loss)
            return tally

    return Model


class _LossPerEpoch:
    """A gensim callback that reads the loss of each epoch."""

    def __init__(self) -> None:
        self.totals: list[float] = []

    def on_epoch_end(self, model: Any) -> None:
        self.totals.append(model.loss_sum)
        model.loss_sum = 0.0

    def on_train_begin(self, _model: Any) -> None: ...

    def on_train_end(self, _model: Any) -> None: ...

    def on_epoch_begin(self, _model: Any) -> None: ...
