"""What one Leiden partition of a graph is worth: modularity, coverage and conductance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Quality:
    """Of one level of communities; nodes in none count as alone."""

    communities: int
    modularity: float
    """At resolution 1, from -0.5 to 1: the share of edge weight inside communities over what degrees make expected."""
    coverage: float
    """Share of the edge weight that lies inside communities."""
    conductance: float
    """Mean over communities of the weight that leaves one, over that of all its edges; the lower, the better."""


def quality_of(graph: sparse.csr_array, group: Ints) -> Quality:
    """Quality of a partition. Source: Newman, "Modularity and community structure in networks", PNAS 103, 2006.

    Args:
        graph: symmetric, without negative weights.
        group: community of each node, -1 for none, shape (nodes,).
    """
    count = int(group.max(initial=-1)) + 1
    degree = np.asarray(graph.sum(axis=1), dtype=np.float64)
    total = degree.sum()
    if total == 0:
        return Quality(count, 0.0, 0.0, 0.0)
    row = np.repeat(group, np.diff(graph.indptr))
    inside = (row >= 0) & (row == group[graph.indices])
    within = np.bincount(row[inside], weights=graph.data[inside], minlength=count)
    member = group >= 0
    volume = np.bincount(group[member], weights=degree[member], minlength=count)
    expected = ((volume / total) ** 2).sum() + ((degree[~member] / total) ** 2).sum()
    smaller = np.minimum(volume, total - volume)
    leaving = np.divide(volume - within, smaller, out=np.zeros(count), where=smaller > 0)
    covered = float(within.sum() / total)
    return Quality(count, covered - float(expected), covered, float(leaving.mean()) if count else 0.0)


def leiden(graph: sparse.csr_array, resolution: float, seed: int, iterations: int) -> Ints:
    """The Leiden partition of a graph: a label for each node, shape (nodes,); nodes without edges are alone.

    Source: Traag, Waltman and van Eck, "From Louvain to Leiden", Scientific Reports 9, 2019.
    """
    from graspologic_native import leiden_csr

    found = np.arange(graph.shape[0], dtype=np.int32)
    if graph.nnz == 0:
        return found
    _, labels = leiden_csr(  # labels: node -> community
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data.astype(np.float64),
        graph.shape[0],
        resolution=resolution,
        iterations=iterations,
        seed=seed,
    )
    found[np.fromiter(labels.keys(), np.int64)] = np.fromiter(labels.values(), np.int32)
    return found
