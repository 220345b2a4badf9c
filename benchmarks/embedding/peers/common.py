"""What every runner does: read a graph, warm up, run under a clock, write vectors. Needs numpy alone.

A runner is ``python RUNNER.py GRAPH.npz VECTORS.npy PARAMETERS`` in its environment, and prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np


def small(random):
    """A graph to warm up on: compiled code is compiled before the clock runs, for everybody."""
    src = np.repeat(np.arange(40), 4)
    return 40, src, (src + random.integers(1, 39, len(src))) % 40, np.ones(len(src))


def used() -> float:
    """Processor seconds of this process and the children it waited for."""
    return sum(
        part.ru_utime + part.ru_stime
        for part in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def main(embed, used=used) -> None:
    """``embed(n_nodes, src, dst, weight, parameters)`` gives vectors and the seconds of its stages.

    `used` tells the processor seconds so far.
    """
    graph_path, vectors_path, text = sys.argv[1:4]
    parameters = json.loads(text)
    with np.load(graph_path) as data:
        graph = int(data["n_nodes"]), data["src"], data["dst"], data["weight"]
    embed(*small(np.random.default_rng(0)), {**parameters, "walk_length": 5, "walks_per_node": 1})
    cpu, clock = used(), time.perf_counter()
    vectors, stages = embed(*graph, parameters)
    seconds, cpu = time.perf_counter() - clock, used() - cpu
    np.save(vectors_path, np.asarray(vectors, np.float32))
    print(json.dumps({"seconds": seconds, "cpu": cpu, **stages}))
