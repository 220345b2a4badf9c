"""Time and memory by the number of edges."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from benchmarks.report import markdown, publish, versions


def scaling(edges_max: int = 10**7, walks_max: int = 10**8, published: bool = False) -> None:
    """Graphs of 10^5 edges and ten times as many each, a process for each; print or publish the table."""
    rows = []
    edges = 10**5
    while edges <= max(edges_max, walks_max):
        code = f"from benchmarks.embedding.scaling import one; one({edges}, {edges <= edges_max}, {edges <= walks_max})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{edges:,} edges: {(done.stderr.strip() or f'ended by {done.returncode}').splitlines()[-1]}")
            break
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], file=sys.stderr)
        edges *= 10
    columns = [
        "edges", "nodes", "graph, s", "one walk of 80 from each node, s", "million steps per processor second",
        "peak MB so far", "training on them, s", "thousand tokens per processor second", "peak MB",
    ]  # fmt: skip
    text = (
        "## Embedding: size\n\nA tenth as many nodes as edges, skewed degrees, weights all different; p 0.5, q 2, 64 "
        "dimensions, window 5, 2 workers. Training walks twice, once to count. Where the clock and the rates disagree, "
        "other programs had the processors.\n\n"
        f"{markdown(columns, rows)}\n\n{versions('numpy', 'numba')}. Command: `python -m benchmarks.embedding scaling`."
    )
    if published:
        publish("embedding: size", text)
    else:
        print(text)


def one(edges: int, trained: bool, walked: bool) -> None:
    """One row as JSON; what is not wanted is empty."""
    import resource

    import numpy as np

    from benchmarks.embedding.graphs import random_graph
    from interestgraph.embed import SkipGramConfig, WalkConfig, WalkGraph, generate_walks, iter_walks, train

    def peak() -> str:
        return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f}"

    walk = WalkConfig(walk_length=80, walks_per_node=1, p=0.5, q=2.0, workers=2)
    skipgram = SkipGramConfig(dimensions=64, window=5, workers=2)
    n_nodes, src, dst = random_graph(1000)
    small = WalkGraph.from_edges(src, dst, np.arange(1, 1001, dtype=np.float32), n_nodes)
    train(generate_walks(small, walk), n_nodes, skipgram)  # compiles
    n_nodes, src, dst = random_graph(edges)
    weight = np.random.default_rng(1).random(edges, np.float32) + np.float32(0.5)
    clock = time.perf_counter()
    graph = WalkGraph.from_edges(src, dst, weight, n_nodes)
    del src, dst, weight
    row = [f"{edges:,}", f"{n_nodes:,}", f"{time.perf_counter() - clock:.1f}", "", "", "", "", "", ""]
    if walked:
        clock, used = time.perf_counter(), time.process_time()
        steps = sum(block.size for block in iter_walks(graph, walk))
        used = time.process_time() - used
        row[3:6] = [f"{time.perf_counter() - clock:.1f}", f"{steps / used / 1e6:.1f}", peak()]
    if trained:
        used = time.process_time()
        result = train(lambda: iter_walks(graph, walk), n_nodes, skipgram)
        used = time.process_time() - used
        row[6:9] = [f"{result.seconds:.1f}", f"{result.tokens / used / 1e3:,.0f}", peak()]
    print(json.dumps(row))
