"""Deterministic training with any number of threads, and training that goes on after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interestgraph.embed import Checkpoint, SkipGramConfig, TrainProgress, WalkConfig, generate_walks, train
from interestgraph.embed.walks import Walks
from interestgraph.errors import ConfigurationError

from .graphs import blocks_graph
from .test_skipgram import separation

CONFIG = SkipGramConfig(dimensions=24, epochs=2, workers=1)


@pytest.fixture(scope="module")
def walks() -> Walks:
    return generate_walks(blocks_graph(1)[0], WalkConfig(walks_per_node=6, seed=1))


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("subsample", [0.0, 1e-2])
def test_deterministic_runs_have_equal_bytes_for_any_number_of_workers(walks: Walks, subsample: float) -> None:
    config = replace(CONFIG, deterministic=True, subsample=subsample)
    ended = walks.copy()
    ended[::7, 25:] = -1
    one = train(ended, 300, config)
    for workers in (2, 11):
        other = train(ended, 300, replace(config, workers=workers))
        assert other.vectors.tobytes() == one.vectors.tobytes()
        assert (other.loss, other.pairs) == (one.loss, one.pairs)
    assert train(ended, 300, replace(config, seed=1)).vectors.tobytes() != one.vectors.tobytes()


def test_deterministic_runs_learn_as_much(walks: Walks) -> None:
    _, labels = blocks_graph(1)
    config = replace(CONFIG, epochs=4)
    shared, sharded = (train(walks, 300, replace(config, deterministic=flag)) for flag in (False, True))
    assert sharded.loss[-1] == pytest.approx(shared.loss[-1], rel=0.02)
    assert separation(sharded.vectors, labels) > separation(shared.vectors, labels) - 0.01


def test_gensim_cannot_promise_that() -> None:
    with pytest.raises(ConfigurationError, match="deterministic"):
        SkipGramConfig(trainer="gensim", deterministic=True)


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_run_that_was_cut_off_goes_on_and_ends_in_the_same_bytes(
    walks: Walks, tmp_path: Path, deterministic: bool, stop: int
) -> None:
    config = replace(CONFIG, deterministic=deterministic)
    calls = 0

    def source() -> Iterator[Walks]:
        for low in range(0, len(walks), 500):
            yield walks[low : low + 500]

    def die(_: TrainProgress) -> None:
        nonlocal calls
        calls += 1
        if calls > stop:  # the state of the block before is in the file
            raise StoppedError

    whole = train(source, 300, config)
    path = tmp_path / "folder" / "run.npz"
    with pytest.raises(StoppedError):
        train(source, 300, config, die, Checkpoint(path, seconds=0.0, key="graph"))
    assert path.is_file()
    seen: list[TrainProgress] = []
    checkpoint = Checkpoint(path, seconds=0.0, key="graph")
    again = train(source, 300, config, seen.append, checkpoint)
    assert checkpoint.resumed_at > 0
    assert seen[0].done > seen[0].resumed_at == checkpoint.resumed_at
    assert again.vectors.tobytes() == whole.vectors.tobytes()
    assert (again.loss, again.pairs, again.tokens) == (whole.loss, whole.pairs, whole.tokens)
    assert not path.exists()


def test_the_state_of_another_run_is_not_used(walks: Walks, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"

    def die(_: TrainProgress) -> None:
        if path.exists():
            raise StoppedError

    def leave(key: str, config: SkipGramConfig) -> None:
        source = [walks[:900], walks[900:]]
        with pytest.raises(StoppedError):
            train(lambda: source, 300, config, die, Checkpoint(path, seconds=0.0, key=key))

    leave("one graph", CONFIG)
    for key, config, used in (
        ("another graph", CONFIG, False),
        ("one graph", replace(CONFIG, window=3), False),
        ("one graph", replace(CONFIG, workers=2), True),
    ):
        leave("one graph", CONFIG) if not path.exists() else None
        checkpoint = Checkpoint(path, key=key)
        train(walks, 300, config, checkpoint=checkpoint)
        assert (checkpoint.resumed_at > 0) == used
    path.write_bytes(b"PK but no archive")
    checkpoint = Checkpoint(path)
    train(walks, 300, CONFIG, checkpoint=checkpoint)
    assert checkpoint.resumed_at == 0


def test_a_short_run_writes_no_state(walks: Walks, tmp_path: Path) -> None:
    found: list[Path] = []
    train(walks, 300, CONFIG, lambda _: found.extend(tmp_path.iterdir()), Checkpoint(tmp_path / "x.npz"))
    assert found == []


def test_a_state_that_cannot_be_written_stops_nothing(walks: Walks, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    checkpoint = Checkpoint(tmp_path / "file" / "run.npz", seconds=0.0)
    result = train(walks, 300, CONFIG, checkpoint=checkpoint)
    assert "run.npz" in checkpoint.failure or "file" in checkpoint.failure
    assert result.vectors.any()


VICTIM = """
import sys
from pathlib import Path
import numpy as np
from interestgraph.embed import Checkpoint, SkipGramConfig, train
walks = np.random.default_rng(0).integers(0, 2000, (20_000, 20), np.int32)
source = lambda: (walks[low : low + 500] for low in range(0, len(walks), 500))
checkpoint = Checkpoint(Path(sys.argv[1]), seconds=0.0)
result = train(source, 2000, SkipGramConfig(dimensions=64, workers=1), None, checkpoint)
np.save(sys.argv[2], result.vectors)
print(checkpoint.resumed_at)
"""


def test_kill_minus_nine_loses_nothing(tmp_path: Path) -> None:
    def start(name: str, state: str) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", VICTIM, str(tmp_path / state), str(tmp_path / name)]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)

    whole = start("whole.npy", "other.npz")
    process = start("killed.npy", "state.npz")
    deadline = time.monotonic() + 120
    while not (tmp_path / "state.npz").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.communicate()
    assert not (tmp_path / "killed.npy").exists()
    again = start("again.npy", "state.npz")
    assert int(again.communicate()[0]) > 0
    assert int(whole.communicate()[0]) == 0
    assert np.load(tmp_path / "again.npy").tobytes() == np.load(tmp_path / "whole.npy").tobytes()
    assert not (tmp_path / "state.npz").exists()
