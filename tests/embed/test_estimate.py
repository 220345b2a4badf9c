"""``embed --estimate``, and what a cut-off run of the whole command leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interestgraph import InterestGraph
from interestgraph.embed import SkipGramConfig, WalkConfig, WalkGraph
from interestgraph.embed.estimate import probe
from interestgraph.embed.run import EmbedConfig
from interestgraph.embed.walks import count_walks, generate_walks
from interestgraph.errors import ConfigurationError, DataError
from interestgraph.model import Step
from tests.conftest import Output

from .graphs import blocks_graph


@pytest.mark.parametrize("trainer", ["interestgraph", "gensim"])
def test_a_probe_knows_walks_tokens_and_at_least_the_memory_of_the_model(trainer: str) -> None:
    graph, _ = blocks_graph(1)
    walk = WalkConfig(metapath="0-0", walks_per_node=4)
    skipgram = SkipGramConfig(dimensions=32, epochs=3, trainer=trainer)  # type: ignore[arg-type]
    found = probe(graph, walk, skipgram, seconds=0.2)
    assert found.walks == count_walks(graph, walk)
    assert found.tokens == pytest.approx(3 * (generate_walks(graph, walk) >= 0).sum(), rel=0.05)
    assert found.edges == graph.n_entries // 2
    assert found.seconds == found.walk_seconds + found.train_seconds
    assert found.train_seconds == pytest.approx(found.tokens / found.tokens_per_second)
    assert found.memory > graph.n_nodes * 32 * 4 * 2


def test_a_probe_needs_something_to_walk_on() -> None:
    with pytest.raises(DataError, match="nothing to walk on"):
        probe(WalkGraph.from_edges([], [], None, 3), WalkConfig(), SkipGramConfig())
    with pytest.raises(ConfigurationError, match="more than 0 seconds"):
        probe(blocks_graph(1)[0], WalkConfig(), SkipGramConfig(), seconds=0.0)


def test_estimate_writes_nothing(shop: InterestGraph, ig: Callable[..., Output]) -> None:
    before = shop.cypher("MATCH (n) RETURN count(n) AS nodes, count(n.embedding) AS vectors")
    runs = shop.cypher("embed/list_runs")
    done = ig("embed", "--estimate", "--json", "--epochs", "2")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["walks"] == 48 * 10
    assert found["nodes"] == 48
    assert found["write_seconds"] > 0
    assert shop.cypher("MATCH (n) RETURN count(n) AS nodes, count(n.embedding) AS vectors") == before
    assert shop.cypher("embed/list_runs") == runs
    assert "nothing was written" in ig("embed", "--estimate").out


def test_progress_tells_speed_and_loss(shop: InterestGraph) -> None:
    seen: list[str] = []
    shop.embed(progress=lambda step, _done, _total: seen.append(step))
    details = [step.detail for step in seen if isinstance(step, Step)]
    assert details
    assert all("tokens/s, loss " in detail for detail in details)
    assert "skip-gram" in seen


LONG = ("embed", "--epochs", "4000", "--workers", "1", "--seed", "9")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_cut_off_leaves_the_old_vectors(
    shop: InterestGraph, environment: None, end: signal.Signals
) -> None:
    def vectors() -> bytes:
        rows = shop.cypher("MATCH (u:User) RETURN u.embedding AS vector ORDER BY u.userId")
        return np.array([row["vector"] for row in rows], np.float32).tobytes()

    before, run = vectors(), shop.status().embedding_run
    process = subprocess.Popen(
        [sys.executable, "-m", "interestgraph", *LONG], stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    time.sleep(4)
    process.send_signal(end)
    _, told = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in told
    assert vectors() == before
    assert shop.status().embedding_run == run


def test_a_killed_embedding_goes_on(shop: InterestGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from interestgraph.embed import checkpoint, run

    config = EmbedConfig(
        WalkConfig(seed=3, workers=1), SkipGramConfig(dimensions=64, epochs=3, seed=3, workers=1)
    )  # fmt: skip
    monkeypatch.setattr(checkpoint.Checkpoint, "due", lambda _self: True)
    whole = run.embed(shop.database, config)
    assert whole.resumed_at == 0

    class CutOffError(Exception):
        pass

    def die(step: str, done: int, total: int) -> None:
        if step == "skip-gram" and done > total / 2:
            raise CutOffError

    with pytest.raises(CutOffError):
        run.embed(shop.database, config, checkpoints=tmp_path, progress=die)
    assert len(list(tmp_path.iterdir())) == 1
    # Other parameters do not take it up; the same ones do.
    other = replace(config, skipgram=replace(config.skipgram, window=2))
    assert run.embed(shop.database, other, checkpoints=tmp_path).resumed_at == 0
    again = run.embed(shop.database, config, checkpoints=tmp_path)
    assert again.resumed_at > 0
    assert again.loss == whole.loss
    assert list(tmp_path.iterdir()) == []
