"""How much two partitions of the same nodes agree: adjusted Rand index and normalised mutual information."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy import sparse

Labels = NDArray[np.integer]


def adjusted_rand(first: Labels, second: Labels) -> float:
    """Adjusted Rand index: 1 for equal partitions, about 0 for independent ones.

    Source: Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985.

    Args:
        first, second: group of each node, shape (n,), 0 or more.
    """
    table = contingency(first, second)
    together = _pairs(table.data)
    rows, columns = _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    every = _pairs(np.array([len(first)]))
    expected = rows * columns / every if every else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == expected else float((together - expected) / (most - expected))


def mutual_information(first: Labels, second: Labels) -> float:
    """Normalised mutual information, over the mean of both entropies: 1 for equal partitions, 0 for independent ones.

    Source: Vinh, Epps and Bailey, "Information theoretic measures for clusterings comparison", JMLR 11, 2010.

    Args:
        first, second: group of each node, shape (n,), 0 or more.
    """
    table = contingency(first, second).tocoo()
    rows, columns = (np.bincount(part).astype(float) for part in (first, second))
    share = table.data / len(first)
    expected = rows[table.row] * columns[table.col] / len(first) ** 2
    shared = float((share * np.log(share / expected)).sum())
    mean = (_entropy(rows) + _entropy(columns)) / 2
    return 1.0 if mean == 0 else max(0.0, shared / mean)


def stability(partitions: Sequence[Labels]) -> float:
    """Mean adjusted Rand index over all pairs of partitions; 1 for a single one."""
    found = [adjusted_rand(first, second) for first, second in combinations(partitions, 2)]
    return float(np.mean(found)) if found else 1.0


def contingency(first: Labels, second: Labels) -> sparse.csr_array:
    """How many nodes are in group i of the first and group j of the second partition, int64."""
    from scipy import sparse

    ones = np.ones(len(first), dtype=np.int64)
    shape = (int(first.max(initial=-1)) + 1, int(second.max(initial=-1)) + 1)
    return sparse.csr_array(sparse.coo_array((ones, (first, second)), shape=shape))


def _pairs(sizes: NDArray[np.integer]) -> float:
    counts = sizes.astype(np.float64)
    return float((counts * (counts - 1)).sum() / 2)


def _entropy(sizes: NDArray[np.float64]) -> float:
    share = sizes[sizes > 0] / sizes.sum()
    return float(-(share * np.log(share)).sum())
