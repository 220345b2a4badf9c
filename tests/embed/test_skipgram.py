from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from interestgraph.embed import (
    SkipGramConfig,
    TrainProgress,
    WalkConfig,
    WalkGraph,
    generate_walks,
    iter_walks,
    normalise,
    train,
)
from interestgraph.embed.skipgram import keep_chances
from interestgraph.embed.walks import Walks
from interestgraph.errors import ConfigurationError, DataError

from .graphs import auroc, blocks_graph

Trainer = Literal["interestgraph", "gensim"]
TRAINERS: tuple[Trainer, ...] = ("interestgraph", "gensim")


@pytest.fixture(scope="module")
def walks() -> Walks:
    return generate_walks(blocks_graph(1)[0], WalkConfig(seed=1))


def separation(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """auROC of the cosine of two nodes for being in the same block."""
    unit = normalise(vectors).astype(np.float64)
    first, second = np.triu_indices(len(labels), 1)
    return auroc((unit @ unit.T)[first, second], labels[first] == labels[second])


@pytest.mark.parametrize("trainer", TRAINERS)
def test_one_worker_gives_equal_bytes_for_a_seed(walks: Walks, trainer: Trainer) -> None:
    def run(seed: int) -> bytes:
        config = SkipGramConfig(dimensions=20, epochs=2, workers=1, seed=seed, trainer=trainer)
        return train(walks[:500], 300, config).vectors.tobytes()

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_gensim_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "import numpy as np, zlib; from interestgraph.embed import SkipGramConfig, train;"
        "w = np.random.default_rng(0).integers(0, 50, (200, 10), np.int32);"
        "r = train(w, 50, SkipGramConfig(dimensions=8, workers=1, trainer='gensim'));"
        "print(zlib.crc32(r.vectors.tobytes()))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] != ""


def test_block_sizes_do_not_change_the_vectors(walks: Walks) -> None:
    config = SkipGramConfig(dimensions=16, epochs=2, workers=1)

    def source() -> Iterator[Walks]:
        for low in range(0, 1000, 77):
            yield walks[low : min(low + 77, 1000)]

    whole, pieces = train(walks[:1000], 300, config), train(source, 300, config)
    assert whole.vectors.tobytes() == pieces.vectors.tobytes()
    assert whole.pairs == pieces.pairs


@pytest.mark.parametrize("workers", [1, 2])
def test_vectors_separate_blocks_as_well_as_those_of_gensim(workers: int) -> None:
    scores: dict[Trainer, list[float]] = {trainer: [] for trainer in TRAINERS}
    for seed in (1, 2, 3):
        graph, labels = blocks_graph(seed)
        paths = generate_walks(graph, WalkConfig(seed=seed))
        for trainer in TRAINERS:
            config = SkipGramConfig(dimensions=32, seed=seed, workers=workers, trainer=trainer)
            scores[trainer].append(separation(train(paths, graph.n_nodes, config).vectors, labels))
    own, reference = np.mean(scores["interestgraph"]), np.mean(scores["gensim"])
    assert own > 0.8
    assert own > reference - 0.01


def test_few_walks_are_made_once_and_many_anew(monkeypatch: pytest.MonkeyPatch, walks: Walks) -> None:
    calls = 0

    def source() -> list[Walks]:
        nonlocal calls
        calls += 1
        return [walks[:500], walks[500:1000]]

    config = SkipGramConfig(dimensions=16, epochs=2, workers=1)
    few = train(source, 300, config)
    assert calls == 1
    monkeypatch.setattr("interestgraph.embed.skipgram.KEPT_BYTES", walks[:500].nbytes)
    assert train(source, 300, config).vectors.tobytes() == few.vectors.tobytes()
    assert calls == 1 + 3


def test_streaming_from_the_walker_is_the_same_as_an_array() -> None:
    graph, _ = blocks_graph(1)
    config = SkipGramConfig(dimensions=16, workers=1)
    streamed = train(lambda: iter_walks(graph, WalkConfig(), block_size=200), graph.n_nodes, config)
    assert streamed.vectors.tobytes() == train(generate_walks(graph), graph.n_nodes, config).vectors.tobytes()


@pytest.mark.parametrize("trainer", TRAINERS)
def test_loss_falls_and_is_of_the_size_that_chance_predicts(walks: Walks, trainer: Trainer) -> None:
    config = SkipGramConfig(dimensions=32, epochs=4, workers=2, trainer=trainer)
    result = train(walks, 300, config)
    start = 6 * np.log(2)  # six rows that all say 0.5
    assert len(result.loss) == 4
    assert start > result.loss[0] > result.loss[1] > 1
    assert result.loss[0] > result.loss[3] > 1
    assert result.tokens == 4 * walks.size


def test_both_trainers_have_the_same_loss_on_the_same_walks(walks: Walks) -> None:
    own, other = (
        train(walks, 300, SkipGramConfig(dimensions=32, epochs=3, workers=1, trainer=trainer)) for trainer in TRAINERS
    )
    assert own.loss[2] == pytest.approx(other.loss[2], rel=0.03)
    assert own.pairs == pytest.approx(other.pairs, rel=0.01)


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize(("dimensions", "negatives"), [(1, 1), (7, 2), (16, 6), (100, 13)])
def test_odd_sizes(walks: Walks, trainer: Trainer, dimensions: int, negatives: int) -> None:
    config = SkipGramConfig(dimensions=dimensions, negatives=negatives, window=50, subsample=1e-2, trainer=trainer)
    result = train(walks[:300], 300, config)
    assert result.vectors.shape == (300, dimensions)
    assert result.vectors.dtype == np.float32
    assert np.isfinite(result.vectors).all()
    assert np.isfinite(result.loss).all()


@pytest.mark.parametrize("trainer", TRAINERS)
def test_nodes_in_no_walk_get_zero_vectors(trainer: Trainer) -> None:
    graph = WalkGraph.from_edges([0, 1], [1, 3], None, 5)
    result = train(generate_walks(graph, WalkConfig(walk_length=6)), 5, SkipGramConfig(dimensions=8, trainer=trainer))
    lengths = np.linalg.norm(normalise(result.vectors), axis=1)
    assert lengths == pytest.approx([1, 1, 0, 1, 0])


def test_walks_of_one_node_have_no_pairs() -> None:
    result = train(np.array([[0], [1]], np.int32), 2, SkipGramConfig(dimensions=4))
    assert (result.pairs, result.loss) == (0, (0.0,))


def test_subsampling_drops_the_frequent_nodes() -> None:
    chances = keep_chances(np.array([0, 1, 99]), 0.01)
    # word2vec: sqrt(t / f) + t / f, at most 1
    assert chances == pytest.approx([1, 1, np.sqrt(0.01 / 0.99) + 0.01 / 0.99])
    path = np.zeros((2000, 10), np.int32)
    path[:, 5] = 1
    kept = train(path, 2, SkipGramConfig(dimensions=4, window=1, subsample=0.01))
    assert kept.pairs < 0.5 * train(path, 2, SkipGramConfig(dimensions=4, window=1)).pairs


def test_progress_ends_at_all_tokens(walks: Walks) -> None:
    seen: list[TrainProgress] = []
    train(walks, 300, SkipGramConfig(dimensions=8, epochs=2), progress=seen.append)
    assert seen[-1].done == seen[-1].total == 2 * walks.size
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert all(0 < step.loss < 6 for step in seen)


def test_a_source_that_changes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interestgraph.embed.skipgram.KEPT_BYTES", 0)
    sizes = iter([5, 4])
    with pytest.raises(DataError, match="other walks"):
        train(lambda: [np.zeros((next(sizes), 3), np.int32)], 1, SkipGramConfig(dimensions=4))


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (np.zeros((0, 5), np.int32), "no walks"),
        (np.array([[0, 9]], np.int32), "node 9, but there are 3 nodes"),
        (np.array([[0.0, 1.0]]), "integer array"),
    ],
)
def test_wrong_walks(paths: Walks, message: str) -> None:
    with pytest.raises(DataError, match=message):
        train(paths, 3, SkipGramConfig(dimensions=4))


@pytest.mark.parametrize(
    "wrong",
    [{"dimensions": 0}, {"window": 0}, {"negatives": 0}, {"epochs": 0}, {"min_learning_rate": 0.5},
     {"subsample": -1.0}, {"trainer": "word2vec"}],
)  # fmt: skip
def test_wrong_parameters_are_named(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        SkipGramConfig(**wrong)  # type: ignore[arg-type]


def test_gensim_refuses_walks_that_it_would_cut() -> None:
    with pytest.raises(ConfigurationError, match="at most 10000"):
        train(np.zeros((1, 10_001), np.int32), 1, SkipGramConfig(dimensions=4, trainer="gensim"))
