"""How much partitions of the same nodes agree."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy import sparse

Labels = NDArray[np.integer]


def stability(partitions: Sequence[Labels]) -> float:
    """Mean adjusted Rand index over all pairs of partitions; 1 for a single one."""
    from sklearn.metrics import adjusted_rand_score

    found = [adjusted_rand_score(first, second) for first, second in combinations(partitions, 2)]
    return float(np.mean(found)) if found else 1.0


def contingency(first: Labels, second: Labels) -> sparse.csr_array:
    """How many nodes are in group i of the first and group j of the second partition, int64."""
    from scipy import sparse

    ones = np.ones(len(first), dtype=np.int64)
    shape = (int(first.max(initial=-1)) + 1, int(second.max(initial=-1)) + 1)
    return sparse.csr_array(sparse.coo_array((ones, (first, second)), shape=shape))
