"""Graphs that several tests walk on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed import WalkGraph


def blocks_graph(seed: int, blocks: int = 5, size: int = 60) -> tuple[WalkGraph, NDArray[np.int64]]:
    """A stochastic block model with about 6 neighbours inside and 4 outside; (graph, block of each node)."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(blocks), size)
    first, second = np.triu_indices(blocks * size, 1)
    inside = labels[first] == labels[second]
    chance = np.where(inside, 6 / size, 4 / (size * (blocks - 1)))
    there = random.random(len(first)) < chance
    return WalkGraph.from_edges(first[there], second[there], None, blocks * size), labels


def auroc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Chance that a positive scores above a negative (Mann-Whitney; no ties)."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))
