"""A small graph whose step probabilities are worked out by hand, and the test of counts against them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from interestgraph.embed import WalkGraph
from interestgraph.embed.walks import Walks

# Triangles 0-1-2 and 1-2-3, a tail 3-4, a self loop at 4; every edge weighs differently each way.
TRIANGLES = {
    (0, 1): 1.0, (1, 0): 3.0, (0, 2): 2.0, (2, 0): 0.5, (1, 2): 4.0, (2, 1): 1.5,
    (1, 3): 1.0, (3, 1): 2.5, (2, 3): 3.0, (3, 2): 1.0, (3, 4): 2.0, (4, 3): 1.0, (4, 4): 0.7,
}  # fmt: skip


def triangles() -> WalkGraph:
    src, dst = zip(*TRIANGLES, strict=True)
    return WalkGraph.from_edges(src, dst, list(TRIANGLES.values()), 5, directed=True)


def second_steps(walks: Walks, nodes: int = 5) -> NDArray[np.int64]:
    """counts[before, node, x] over all steps but the first of each walk."""
    counts = np.zeros((nodes, nodes, nodes), np.int64)
    np.add.at(counts, (walks[:, :-2].ravel(), walks[:, 1:-1].ravel(), walks[:, 2:].ravel()), 1)
    return counts


def chi_square_p(observed: NDArray[np.int64], chances: NDArray[np.float64]) -> float:
    """Chance of counts at least as far from the expected ones (Pearson); a step that must not occur fails."""
    assert observed[chances == 0].sum() == 0
    expected = observed.sum() * chances[chances > 0]
    statistic = ((observed[chances > 0] - expected) ** 2 / expected).sum()
    return float(chi2.sf(statistic, max(len(expected) - 1, 1))) if len(expected) > 1 else 1.0
