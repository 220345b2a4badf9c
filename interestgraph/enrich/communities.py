"""Leiden communities of users and items, on two nested levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.enrich.partition import Ints, Quality, leiden, quality_of
from interestgraph.enrich.resolution import CommunityConfig as CommunityConfig
from interestgraph.enrich.resolution import Trial, choose, trials
from interestgraph.enrich.similarity import Neighbours

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class Communities:
    """A two-level partition of users and items; -1 means: in no community."""

    user: Ints
    """Fine community of each user, shape (users,)."""
    item: Ints
    """Fine community of each item, shape (items,)."""
    parent: Ints
    """Coarse community of each fine one, shape (fine,)."""
    trials: tuple[Trial, ...]
    """Resolutions that were tried."""
    chosen: Trial
    """The one that the upper level has."""
    quality: tuple[Quality, Quality]
    """Of the coarse and the fine partition."""

    @property
    def n_coarse(self) -> int:
        """Number of coarse communities."""
        return int(self.parent.max(initial=-1)) + 1

    def upper(self, fine: Ints) -> Ints:
        """Coarse communities of fine ones, -1 for -1."""
        if len(self.parent) == 0:
            return fine
        return np.where(fine >= 0, self.parent[fine], -1).astype(np.int32)


def communities(
    matrix: sparse.csr_array, neighbours: Neighbours, config: CommunityConfig, last_resolution: float | None = None
) -> Communities:
    """Partition users and items together.

    The graph joins users to items by log(1 + weight), normalised by both degrees so that neither heavy users nor
    popular items attract everything, and items to their nearest neighbours by half their score. The coarse level
    is its Leiden partition; the fine level is the Leiden partition of what is left when the edges between coarse
    communities are taken out, so that every fine community lies in one coarse community.

    Args:
        matrix: users x items, time-weighted.
        neighbours: nearest items.
        config: parameters.
        last_resolution: that of the run before, which stays where others are no better.
    """
    n_users = matrix.shape[0]
    graph = joint_graph(matrix, neighbours)
    tried = trials(graph, config)
    chosen = choose(tried, config, last_resolution)
    coarse = chosen.labels
    parts = _within(graph, coarse)
    fine = leiden(parts, chosen.resolution * config.fine_factor, config.seed, config.iterations)
    valid = np.diff(parts.indptr) > 0
    fine = _renumber(_gather_small(fine, coarse, valid, config.min_size), valid, config.min_size)
    coarse = _renumber(coarse, fine >= 0, 1)
    parent = np.full(int(fine.max(initial=-1)) + 1, -1, dtype=np.int32)
    parent[fine[fine >= 0]] = coarse[fine >= 0]
    quality = (quality_of(graph, coarse), quality_of(graph, fine))
    return Communities(fine[:n_users], fine[n_users:], parent, tuple(tried), chosen, quality)


def joint_graph(matrix: sparse.csr_array, neighbours: Neighbours) -> sparse.csr_array:
    """The graph that is partitioned: users first, then items; symmetric."""
    from scipy import sparse

    n_items = matrix.shape[1]
    weights = sparse.csr_array(matrix, copy=True)
    weights.data = np.log1p(weights.data)
    by_user, by_item = weights.sum(axis=1), weights.sum(axis=0)
    left = sparse.diags_array(1 / np.sqrt(np.where(by_user > 0, by_user, 1)))
    right = sparse.diags_array(1 / np.sqrt(np.where(by_item > 0, by_item, 1)))
    joined = sparse.csr_array(left @ weights @ right)
    near = sparse.csr_array((neighbours.score / 2, (neighbours.item, neighbours.other)), shape=(n_items, n_items))
    near = near.maximum(near.T)
    blocks: list[list[Any]] = [[None, joined], [joined.T, near]]
    graph = sparse.csr_array(sparse.block_array(blocks))
    graph.eliminate_zeros()
    graph.sort_indices()
    return graph


def _within(graph: sparse.csr_array, group: Ints) -> sparse.csr_array:
    """The graph without edges between groups."""
    from scipy import sparse

    parts = sparse.csr_array(graph, copy=True)
    row = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    parts.data[group[row] != group[graph.indices]] = 0.0
    parts.eliminate_zeros()
    return parts


def _gather_small(fine: Ints, coarse: Ints, valid: NDArray[np.bool_], min_size: int) -> Ints:
    """Put fine groups that are too small together within their coarse one, and what is still too small into its
    largest fine group, so that nobody leaves a coarse group of sufficient size."""
    made = fine.astype(np.int64)
    size = np.bincount(made[valid], minlength=len(made))
    small = valid & (size[made] < min_size)
    made[small] = len(made) + coarse[small]
    size = np.bincount(made[valid], minlength=2 * len(made))
    left = valid & (size[made] < min_size)
    if left.any():
        # Sorted by size, so that the last one written per coarse group is its largest.
        order = np.flatnonzero(valid)[np.argsort(size[made[valid]], kind="stable")]
        largest = np.full(len(made), -1, dtype=np.int64)
        largest[coarse[order]] = made[order]
        made[left] = largest[coarse[left]]
    return made.astype(np.int32)


def _renumber(labels: Ints, valid: NDArray[np.bool_], min_size: int) -> Ints:
    """Number groups of valid members by falling size (then by first member); smaller groups become -1."""
    made = np.full(len(labels), -1, dtype=np.int32)
    found, first, where, size = np.unique(labels[valid], return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -size))
    kept = order[size[order] >= min_size]
    number = np.full(len(found), -1, dtype=np.int32)
    number[kept] = np.arange(len(kept), dtype=np.int32)
    made[valid] = number[where]
    return made
