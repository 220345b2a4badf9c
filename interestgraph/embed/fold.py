"""Vectors without training: a node's vector from those of its neighbours, by a linear map learnt in closed form.

Skip-gram puts a node near the mean of its neighbours, but not on it: the mean has to be turned and stretched. A run
therefore also learns, for each label, the linear map that best takes what the neighbours say to the trained vector
(ridge regression over all nodes that it trained). A node that comes later gets its vector by this map, in
milliseconds, in the space of the run. Items get about what another training gives them; users come near, but their
nearest neighbours are only partly those that training would find (`python -m benchmarks vectors`).

What the neighbours say: the weighted mean `a` of the neighbours that events lead to (a user's items, an item's users, a
category's items) and the mean `b` of those that the catalogue leads to (an item's categories, a category's parent
and children), both of length 1. One neighbour says less than a hundred: with s = n / (n + 4) for n of them, the
features are s·a, (1 - s)·a, (1 - s)·b and s·b, so that an item that few users know leans on its category.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.align import normalise

if TYPE_CHECKING:
    from scipy import sparse

    from interestgraph.neo4j.adjacency import Adjacency

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

SHRINK = 4.0
"""So many neighbours count as much as the category. Between 2 and 8 hold-outs differ by less than 0.002."""
RIDGE = 1.0
"""Of the regression, against nodes that are few; next to thousands of nodes it is nothing."""
NODES_AT_ONCE = 50_000


class Neighbourhoods(NamedTuple):
    """What the neighbours of n nodes say."""

    events: Vectors
    """float (n, d): weighted mean of the neighbours by events; zeros where there are none."""
    number: NDArray[np.int64]
    """(n,): how many of them there are."""
    catalogue: Vectors
    """float (n, d): mean of the neighbours in the catalogue; zeros where there are none."""


def features(near: Neighbourhoods) -> Vectors:
    """What the map is applied to, float32 (n, 4 d)."""
    a, b = normalise(near.events), normalise(near.catalogue)
    share = (near.number / (near.number + SHRINK)).astype(np.float32)[:, None]
    return np.hstack([share * a, (1 - share) * a, (1 - share) * b, share * b])


def fold(near: Neighbourhoods, linear: Vectors) -> Vectors:
    """Vectors (n, d) of length 1 from neighbourhoods and a map (4 d, d); zeros where there are no neighbours."""
    return normalise(features(near) @ linear)


def moved(vectors: Vectors, before: Neighbourhoods, after: Neighbourhoods, linear: Vectors) -> Vectors:
    """Vectors (n, d) after their neighbourhoods changed: each moves as far as the map's answer does.

    What training knew of a node beyond its neighbours stays. A node with a thousand neighbours hardly moves for one
    more, a node with three does.
    """
    return normalise(vectors + fold(after, linear) - fold(before, linear))


def fit(parts: Iterator[tuple[Neighbourhoods, Vectors]], dimensions: int) -> Vectors:
    """The map (4 d, d) that takes neighbourhoods to trained vectors with the least squared error, by ridge regression.

    Args:
        parts: neighbourhoods and their vectors (n, d), in chunks; nodes without a vector or neighbours are passed over.
        dimensions: d.
    """
    size = 4 * dimensions
    left, right = RIDGE * np.eye(size), np.zeros((size, dimensions))
    for near, vectors in parts:
        known = vectors.any(axis=1) & (near.events.any(axis=1) | near.catalogue.any(axis=1))
        x = features(near)[known].astype(np.float64)
        left += x.T @ x
        right += x.T @ vectors[known]
    return np.linalg.solve(left, right).astype(np.float32)


def weighted_mean(weights: sparse.csr_array, vectors: Vectors) -> Vectors:
    """Means (n, d) of the rows of `vectors` (m, d), weighted by sparse (n, m); zeros where all weights are."""
    total = np.asarray(weights.sum(axis=1), dtype=np.float64).reshape(-1, 1)
    return np.asarray((weights @ vectors) / np.where(total > 0, total, 1.0), dtype=np.float32)


def fit_fold(
    adjacency: Adjacency, weights: sparse.csr_array, users: Vectors, items: Vectors, categories: Vectors
) -> dict[str, Vectors]:
    """Learn the maps of a run: label -> (4 d, d).

    Args:
        adjacency: the graph.
        weights: users x items, the weights that walks follow.
        users, items, categories: the run's vectors, zeros for nodes that have none.
    """
    from scipy import sparse

    child = np.flatnonzero(adjacency.category_parent >= 0)
    parent = adjacency.category_parent[child]
    n_items, n_categories = len(items), len(categories)
    member = _joined(adjacency.member_item, adjacency.member_category, (n_items, n_categories))
    tree = _joined(np.concatenate([child, parent]), np.concatenate([parent, child]), (n_categories, n_categories))
    none = sparse.csr_array((len(users), n_categories))
    # Nodes without a vector say nothing, and are not to be counted.
    of_users, of_items = _only(weights, items), _only(sparse.csr_array(weights.T), users)
    return {
        "User": _fitted(of_users, items, none, categories, users),
        "Item": _fitted(of_items, users, member, categories, items),
        "Category": _fitted(sparse.csr_array(member.T), items, tree, categories, categories),
    }


def _only(weights: sparse.csr_array, near: Vectors) -> sparse.csr_array:
    """The weights of neighbours that have a vector."""
    known = weights.copy()
    known.data *= np.abs(near).max(axis=1)[known.indices] > 0
    known.eliminate_zeros()
    return known


def _joined(
    rows: Sequence[int] | NDArray[np.int32], columns: Sequence[int] | NDArray[np.int32], shape: tuple[int, int]
) -> sparse.csr_array:
    from scipy import sparse

    return sparse.csr_array(sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape))


def _fitted(
    events: sparse.csr_array, near: Vectors, catalogue: sparse.csr_array, above: Vectors, vectors: Vectors
) -> Vectors:
    def parts() -> Iterator[tuple[Neighbourhoods, Vectors]]:
        for at in range(0, len(vectors), NODES_AT_ONCE):
            rows = slice(at, at + NODES_AT_ONCE)
            by_events, by_catalogue = events[rows], catalogue[rows]
            count = np.diff(by_events.indptr).astype(np.int64)
            said = Neighbourhoods(weighted_mean(by_events, near), count, weighted_mean(by_catalogue, above))
            yield said, vectors[rows]

    return fit(parts(), vectors.shape[1])
