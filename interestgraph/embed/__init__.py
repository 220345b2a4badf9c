"""Vectors of the nodes: adjacency -> walks -> skip-gram -> align.

This part is pure: arrays in, arrays out, no server. Importing it is cheap; numba, gensim and scipy are
imported by the functions that use them::

    from interestgraph.embed import SkipGramConfig, WalkConfig, WalkGraph, iter_walks, train

    graph = WalkGraph.from_edges(src, dst, weight, n_nodes)
    result = train(lambda: iter_walks(graph, WalkConfig(seed=1)), graph.n_nodes, SkipGramConfig(seed=1))
"""

from __future__ import annotations

from interestgraph.embed.align import Alignment, align, normalise
from interestgraph.embed.checkpoint import Checkpoint
from interestgraph.embed.files import (
    StoredWalks,
    VectorSet,
    read_vectors,
    read_walks,
    write_vectors,
    write_walks,
)
from interestgraph.embed.graph import CATEGORY, ITEM, USER, WalkGraph
from interestgraph.embed.skipgram import SkipGramConfig, TrainProgress, TrainResult, train
from interestgraph.embed.walks import WalkConfig, generate_walks, iter_walks

__all__ = [
    "CATEGORY",
    "ITEM",
    "USER",
    "Alignment",
    "Checkpoint",
    "SkipGramConfig",
    "StoredWalks",
    "TrainProgress",
    "TrainResult",
    "VectorSet",
    "WalkConfig",
    "WalkGraph",
    "align",
    "generate_walks",
    "iter_walks",
    "normalise",
    "read_vectors",
    "read_walks",
    "train",
    "write_vectors",
    "write_walks",
]
