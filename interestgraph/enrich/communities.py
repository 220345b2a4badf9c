"""Leiden communities of users and items, on two nested levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.enrich.similarity import Neighbours

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class CommunityConfig:
    """How communities are found."""

    resolution: float = 1.0
    """Of the upper level; the higher, the more and smaller communities."""
    fine_factor: float = 4.0
    """Resolution of the lower level, in multiples of `resolution`."""
    min_size: int = 5
    """Smaller groups are no communities; their members belong to none."""
    iterations: int = 2
    seed: int = 42


@dataclass(frozen=True)
class Communities:
    """A two-level partition of users and items; -1 means: in no community."""

    user: NDArray[np.int32]
    """Fine community of each user, shape (users,)."""
    item: NDArray[np.int32]
    """Fine community of each item, shape (items,)."""
    parent: NDArray[np.int32]
    """Coarse community of each fine one, shape (fine,)."""
    modularity: tuple[float, float]
    """Of the coarse and the fine partition, each at its own resolution."""

    @property
    def n_coarse(self) -> int:
        """Number of coarse communities."""
        return int(self.parent.max(initial=-1)) + 1


def communities(matrix: sparse.csr_array, neighbours: Neighbours, config: CommunityConfig) -> Communities:
    """Partition users and items together.

    The graph joins users to items by log(1 + weight), normalised by both degrees so that neither heavy users nor
    popular items attract everything, and items to their nearest neighbours by half their score. The coarse level
    is its Leiden partition; the fine level is the Leiden partition of what is left when the edges between coarse
    communities are taken out, so that every fine community lies in one coarse community. Source: Traag, Waltman
    and van Eck, "From Louvain to Leiden", Scientific Reports 9, 2019.

    Args:
        matrix: users x items, time-weighted.
        neighbours: nearest items.
        config: parameters.
    """
    n_users = matrix.shape[0]
    graph = _joint_graph(matrix, neighbours)
    coarse_quality, coarse = _leiden(graph, config.resolution, config)
    row = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    graph.data[coarse[row] != coarse[graph.indices]] = 0.0
    graph.eliminate_zeros()
    fine_quality, fine = _leiden(graph, config.resolution * config.fine_factor, config)
    valid = np.diff(graph.indptr) > 0
    fine = _renumber(_gather_small(fine, coarse, valid, config.min_size), valid, config.min_size)
    coarse = _renumber(coarse, fine >= 0, 1)
    parent = np.full(int(fine.max(initial=-1)) + 1, -1, dtype=np.int32)
    parent[fine[fine >= 0]] = coarse[fine >= 0]
    return Communities(fine[:n_users], fine[n_users:], parent, (coarse_quality, fine_quality))


def _joint_graph(matrix: sparse.csr_array, neighbours: Neighbours) -> sparse.csr_array:
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


def _leiden(graph: sparse.csr_array, resolution: float, config: CommunityConfig) -> tuple[float, NDArray[np.int32]]:
    from graspologic_native import leiden_csr

    if graph.nnz == 0:
        return 0.0, np.arange(graph.shape[0], dtype=np.int32)
    quality, labels = leiden_csr(  # labels: node -> community
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data.astype(np.float64),
        graph.shape[0],
        resolution=resolution,
        iterations=config.iterations,
        seed=config.seed,
    )
    found = np.arange(graph.shape[0], dtype=np.int32)
    found[np.fromiter(labels.keys(), np.int64)] = np.fromiter(labels.values(), np.int32)
    return float(quality), found


def _gather_small(
    fine: NDArray[np.int32], coarse: NDArray[np.int32], valid: NDArray[np.bool_], min_size: int
) -> NDArray[np.int32]:
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


def _renumber(labels: NDArray[np.int32], valid: NDArray[np.bool_], min_size: int) -> NDArray[np.int32]:
    """Number groups of valid members by falling size (then by first member); smaller groups become -1."""
    made = np.full(len(labels), -1, dtype=np.int32)
    found, first, where, size = np.unique(labels[valid], return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -size))
    kept = order[size[order] >= min_size]
    number = np.full(len(found), -1, dtype=np.int32)
    number[kept] = np.arange(len(kept), dtype=np.int32)
    made[valid] = number[where]
    return made


def community_labels(
    group: NDArray[np.int32],
    weight: NDArray[np.float64],
    membership: sparse.csr_array,
    names: tuple[str, ...],
    titles: tuple[str | None, ...],
    words: int = 3,
) -> list[str]:
    """Name each group of items by the categories that it holds more of than the whole does.

    A category's score is its share of the group times the logarithm of that share over its share of everything
    (the pointwise Kullback-Leibler divergence), so a label needs to be both typical and large. Groups without
    categories are named by their heaviest item.

    Args:
        group: group of each item, -1 for none, shape (items,).
        weight: weight of each item, shape (items,).
        membership: items x categories, of one level of the tree.
        names: names of the categories.
        titles: titles of the items.
        words: most names in a label.
    """
    from scipy import sparse

    count = int(group.max(initial=-1)) + 1
    inside = group >= 0
    grouped = sparse.csr_array((weight[inside], (group[inside], np.flatnonzero(inside))), shape=(count, len(group)))
    mass = sparse.csr_array(grouped @ membership)
    overall = mass.sum(axis=0)
    total = overall.sum()
    labels = []
    for at in range(count):
        row = slice(mass.indptr[at], mass.indptr[at + 1])
        category, amount = mass.indices[row], mass.data[row]
        if amount.sum() > 0:
            share = amount / amount.sum()
            score = share * np.log(share / (overall[category] / total))
            order = np.lexsort((category, -score))
            chosen = [names[category[k]] for k in order if score[k] > 0 or k == order[0]]
            labels.append(", ".join(list(dict.fromkeys(chosen))[:words]))
        else:
            members = np.flatnonzero(group == at)
            best = members[np.argmax(weight[members])] if len(members) else -1
            labels.append((titles[best] or "") if best >= 0 else "")
    return labels
