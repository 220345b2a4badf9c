"""The table of programs on one graph after another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.embedding import graphs
from benchmarks.embedding.graphs import Graph
from benchmarks.embedding.measure import OWN, PARAMETERS, PEERS, Peer, Run, run
from benchmarks.embedding.quality import measure
from benchmarks.report import markdown, publish, versions

GRAPHS: dict[str, Callable[[int], Graph]] = {
    "power-law cluster": lambda seed: graphs.power_law_cluster(seed=seed),
    "labelled blocks": lambda seed: graphs.labelled_blocks(seed=seed),
    "sparse blocks": lambda seed: graphs.labelled_blocks(
        name="sparse blocks", n_edges=9_000, blocks=30, inside=0.7, seed=seed
    ),
    "bipartite": lambda seed: graphs.bipartite(seed=seed),
    "Complete Journey": lambda seed: graphs.complete_journey(seed),
}
"""Name -> the graph of a seed."""
BUSY = (
    "Where seconds and processor seconds are far apart, other programs had the processors (those of helpers that "
    "outlive a run are not counted)."
)
LARGE = {"Complete Journey"}
"""Graphs that every program embeds once, with one seed."""
SKIPPED = {("Complete Journey", "node2vec 0.5.0"): "its table of pairs of edges would not fit into memory"}


def compare(
    only: Sequence[str] | None = None,
    edges: Path | None = None,
    labels: Path | None = None,
    peers: Sequence[str] | None = None,
    seeds: int = 3,
    published: bool = False,
    **parameters: float,
) -> None:
    """Embed each graph with each program and print a table for each graph.

    Args:
        only: names of generated graphs; None: all.
        edges, labels: files of a graph of yours, instead of the generated ones.
        peers: names of programs; None: all.
        seeds: runs per program, each with another graph (where it is generated) and other walks.
        published: write the tables to docs/benchmarks.md.
        parameters: other than `PARAMETERS`.
    """
    if edges is not None:
        _table(edges.stem, lambda seed: graphs.from_files(edges, labels, seed), peers, seeds, published, parameters)
        return
    for name in only or GRAPHS:
        _table(name, GRAPHS[name], peers, 1 if name in LARGE else seeds, published, parameters)


def _table(
    name: str,
    make: Callable[[int], Graph],
    peers: Sequence[str] | None,
    seeds: int,
    published: bool,
    parameters: dict[str, float],
) -> None:
    made = [make(seed) for seed in range(1, seeds + 1)]
    chosen = [peer for peer in PEERS if peers is None or peer.name in peers]
    rows, notes = [], []
    fastest: float | None = None
    for peer in chosen:
        if (name, peer.name) in SKIPPED:
            notes.append(f"{peer.name} was not run: {SKIPPED[name, peer.name]}.")
            continue
        try:
            runs = [
                run(peer, graph, seed, **parameters)
                for seed, graph in enumerate(made[: 1 if peer.once else seeds], start=1)
            ]
        except Exception as error:  # a peer that does not install or fails is a row of the table
            notes.append(f"{peer.name} failed: {error}.")
            continue
        seconds = float(np.mean([found.seconds for found in runs]))
        fastest = seconds if peer == OWN else fastest
        rows.append(_row(peer, made, runs, fastest))
        print(" | ".join(map(str, rows[-1])), file=sys.stderr)
    measures = list(measure_names(made[0]))
    columns = ["program", "seconds", "times interestgraph's", "processor seconds", "peak MB", *measures]
    shown = {**PARAMETERS, **parameters}
    text = (
        f"## Embedding: {name}\n\n{made[0].size}. {shown['dimensions']} dimensions, {shown['walks_per_node']} walks of "
        f"{shown['walk_length']} nodes from each node, window {shown['window']}, {shown['negatives']} negatives, one "
        f"epoch, p {shown['p']}, q {shown['q']}, {shown['workers']} workers. Seconds from edge arrays to vectors, "
        f"compiled code warmed up where that is possible. {BUSY} Measures: mean ± standard deviation of {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'}{_once(chosen, seeds)}.\n\n{markdown(columns, rows)}\n\n"
        + "".join(f"{note}\n" for note in notes)
        + ("\n" if notes else "")
        + f"{versions('numpy', 'numba', 'gensim')}. "
        f"Command: `python -m benchmarks.embedding compare{_options(parameters)}`."
    )
    if published:
        publish(f"embedding: {name}", text)
    else:
        print(text)


def measure_names(graph: Graph) -> Sequence[str]:
    """What can be measured on a graph."""
    return (["link AUC"] if graph.hidden is not None else []) + (
        ["label auROC", "macro-F1"] if graph.labels is not None else []
    )


def _options(parameters: dict[str, float]) -> str:
    return "".join(f" --{name.replace('_', '-')} {value}" for name, value in parameters.items())


def _once(peers: Sequence[Peer], seeds: int) -> str:
    once = any(peer.once for peer in peers)
    return " (the programs of others: one)" if once and seeds > 1 else ""


def _row(peer: Peer, made: Sequence[Graph], runs: Sequence[Run], fastest: float | None) -> list[str]:
    scores = [measure(graph, found.vectors) for graph, found in zip(made, runs, strict=False)]
    seconds = float(np.mean([found.seconds for found in runs]))
    return [
        peer.name,
        f"{seconds:.1f}",
        f"{seconds / fastest:.1f}" if fastest else "",
        f"{np.mean([found.cpu for found in runs]):.1f}",
        f"{max(found.memory for found in runs):,.0f}",
        *(_spread([score[name] for score in scores]) for name in measure_names(made[0])),
    ]


def _spread(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    return f"{np.mean(values):.4f}" + (f" ± {np.std(values):.4f}" if len(values) > 1 else "")
