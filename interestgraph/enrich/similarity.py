"""Item-item similarity from time-weighted co-occurrence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class SimilarityConfig:
    """How items become neighbours."""

    neighbours: int = 10
    """Most neighbours kept per item."""
    min_buyers: int = 2
    """Items with fewer users have no neighbours: one shared user says nothing."""
    damping: float = 1.0
    """Added to the norm of each item, in medians of all norms; the more, the less rare items are trusted."""
    threads: int = 0
    """0: one per core."""


@dataclass(frozen=True)
class Neighbours:
    """Row m says that ``other[m]`` is among the nearest neighbours of ``item[m]``; sorted by item, best first."""

    item: NDArray[np.int32]
    other: NDArray[np.int32]
    score: NDArray[np.float64]


def similar_items(matrix: sparse.csr_array, config: SimilarityConfig) -> Neighbours:
    """Find the k nearest items of each item.

    The weight of user u for item i is log(1 + w_ui), divided by the square root of the user's sum, so that heavy
    users do not decide everything. The score is the damped cosine of two item columns,
    x_i . x_j / ((|x_i| + d)(|x_j| + d)): the norms weigh against popular items, the damping d against rare ones
    (a factorised form of shrinkage; Ferrari Dacrema, Cremonesi and Jannach, RecSys 2019, appendix on ItemKNN).

    Args:
        matrix: users x items, time-weighted, not negative.
        config: parameters.
    """
    import os

    from scipy import sparse
    from sparse_dot_topn import sp_matmul_topn

    weights = sparse.csr_array(matrix, copy=True)
    weights.data = np.log1p(weights.data)
    activity = np.sqrt(weights.sum(axis=1))
    activity[activity == 0] = 1.0
    weights = sparse.csr_array(sparse.diags_array(1.0 / activity) @ weights)
    norms = np.sqrt(weights.power(2).sum(axis=0))
    buyers = np.bincount(matrix.indices[matrix.data > 0], minlength=matrix.shape[1])
    usable = (buyers >= config.min_buyers) & (norms > 0)
    if not usable.any():
        none = np.zeros(0, dtype=np.int32)
        return Neighbours(none, none.copy(), np.zeros(0))
    damped = norms + config.damping * np.median(norms[usable])
    scale = np.where(usable, 1.0 / np.where(usable, damped, 1.0), 0.0)
    columns = sparse.csr_matrix(weights @ sparse.diags_array(scale))
    columns.eliminate_zeros()
    # One more than asked for: an item is its own best neighbour and is taken out.
    top = sp_matmul_topn(
        columns.T.tocsr(),
        columns,
        top_n=config.neighbours + 1,
        n_threads=config.threads or os.cpu_count() or 1,
        sort=True,
    )
    item = np.repeat(np.arange(top.shape[0], dtype=np.int32), np.diff(top.indptr))
    other, score = top.indices.astype(np.int32), top.data
    # Ties are broken by position, so that one graph always gives the same neighbours.
    order = np.lexsort((other, -score, item))
    item, other, score = item[order], other[order], score[order]
    apart = (item != other) & (score > 0)
    item, other, score = item[apart], other[apart], score[apart]
    starts = np.searchsorted(item, item, side="left")
    kept = np.arange(len(item)) - starts < config.neighbours
    return Neighbours(item[kept], other[kept], np.round(score[kept], 6))
