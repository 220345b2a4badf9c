"""The graph that walks run on: three CSR arrays, a type per node, and one list of ids for the ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interestgraph.errors import DataError

USER, ITEM, CATEGORY = 0, 1, 2
"""Values of `WalkGraph.node_types`."""
NODE_TYPES = {"User": USER, "Item": ITEM, "Category": CATEGORY}
"""Label of a node in the database -> its node type."""
_MOST_NODES = 2**31 - 1


@dataclass(frozen=True, eq=False)
class WalkGraph:
    """A weighted graph in compressed sparse rows, read-only.

    The neighbours of node v are ``indices[indptr[v]:indptr[v + 1]]``, in ascending order and each once, and
    ``weights`` has the same positions. An undirected edge is stored in both rows; the two weights may differ.

    - A self loop is an ordinary neighbour: a walk may stay where it is.
    - An isolated node has an empty row: no walk starts or passes there, and it gets a zero vector.
    - A node with incoming edges only is a dead end: walks reach it and stop.
    - A graph may have one node, no edge, or several parts; a walk stays in its part.
    """

    indptr: NDArray[np.int64]
    """int64 (n + 1,): where each row starts, so that there may be more than 2**31 entries."""
    indices: NDArray[np.int32]
    """int32 (m,): neighbours."""
    weights: NDArray[np.float32] | NDArray[np.float64]
    """float32 or float64 (m,), all > 0. Only their proportions within a row matter."""
    node_types: NDArray[np.uint8]
    """uint8 (n,): `USER`, `ITEM` or `CATEGORY`."""
    ids: Sequence[str]
    """The key of each node, such as ``User:1228``; for files and messages, not used on the way."""
    times: NDArray[np.float64] | None = None
    """float64 (m,): when each edge last happened, in seconds since 1970-01-01 UTC; NaN: it has no time and may be
    taken at any. None: no edge has one. Only walks with a `time_window` look at it."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def n_entries(self) -> int:
        """Number of stored neighbours; an undirected edge counts twice, a self loop once."""
        return len(self.indices)

    @classmethod
    def from_edges(
        cls,
        src: ArrayLike,
        dst: ArrayLike,
        weight: ArrayLike | None,
        n_nodes: int,
        *,
        ids: Sequence[str] | None = None,
        node_types: ArrayLike | None = None,
        directed: bool = False,
        times: ArrayLike | None = None,
    ) -> WalkGraph:
        """Build the graph from an edge list.

        Args:
            src, dst: integers (m,) in [0, n_nodes).
            weight: numbers (m,), or None for 1. Weights given as float32 are stored so, others as float64
                (old time-decayed weights underflow float32). Repeated edges are summed, edges of weight 0
                are dropped.
            n_nodes: number of nodes, at least 1.
            ids: key of each node; default its number as text.
            node_types: type of each node; default all `USER`.
            directed: False: each edge counts in both directions (a self loop once), and a->b and b->a
                are repetitions of one edge. True: only from `src` to `dst`; give both for a weight each way.
            times: numbers (m,), seconds since 1970-01-01 UTC, NaN for an edge without a time. Repeated edges get
                the latest.

        Raises:
            DataError: arrays of different lengths, a node out of range, or a weight that is negative, NaN
                or infinite; the message names the first such edge.
        """
        if not 1 <= n_nodes <= _MOST_NODES:
            raise DataError(f"a graph needs 1 to {_MOST_NODES} nodes, got {n_nodes}")
        keys: Sequence[str] = [str(node) for node in range(n_nodes)] if ids is None else ids
        types = np.zeros(n_nodes, np.uint8) if node_types is None else np.array(node_types, np.uint8)
        if len(keys) != n_nodes or types.shape != (n_nodes,):
            raise DataError(f"{n_nodes} nodes, but {len(keys)} ids and {len(types)} node types")
        rows, columns = _nodes("src", src, n_nodes), _nodes("dst", dst, n_nodes)
        values = np.ones(len(rows), np.float32) if weight is None else np.asarray(weight)
        if values.dtype != np.float32:
            values = values.astype(np.float64)
        if not len(rows) == len(columns) == len(values) or values.ndim != 1:
            raise DataError(f"edge arrays differ: {len(rows)} src, {len(columns)} dst, weight {values.shape}")
        _check(rows, columns, keys, values)
        moments = None if times is None else np.asarray(times, np.float64)
        if moments is not None and moments.shape != values.shape:
            raise DataError(f"edge arrays differ: {len(rows)} src, times {moments.shape}")
        if moments is not None:
            moments = _latest(rows, columns, values, moments, directed)
        indptr, indices, weights = _compress(rows, columns, values, n_nodes, directed)
        if not np.isfinite(weights).all():
            raise DataError("the weights of a repeated edge sum to infinity; scale the weights down")
        for array in (indptr, indices, weights, types, *(() if moments is None else (moments,))):
            array.flags.writeable = False
        return cls(indptr, indices, weights, types, keys, moments)


def _nodes(name: str, values: ArrayLike, n_nodes: int) -> NDArray[np.int32]:
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, np.int32)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{name} must be one-dimensional integers, got {array.dtype} {array.shape}")
    wrong = np.flatnonzero((array < 0) | (array >= n_nodes))
    if len(wrong):
        raise DataError(f"edge {wrong[0]}: {name} {array[wrong[0]]} is not a node (0 to {n_nodes - 1})")
    return array.astype(np.int32, copy=False)


def _check(rows: NDArray[np.int32], columns: NDArray[np.int32], ids: Sequence[str], values: NDArray[Any]) -> None:
    wrong = np.flatnonzero(~((values >= 0) & np.isfinite(values)))
    if len(wrong):
        edge = wrong[0]
        raise DataError(
            f"edge {edge} ({ids[rows[edge]]} -> {ids[columns[edge]]}) has weight {values[edge]}; "
            "weights must be finite and not negative"
        )


def _both_ways(
    rows: NDArray[np.int32], columns: NDArray[np.int32], values: NDArray[Any], directed: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[Any]]:
    """An undirected edge from either end, a self loop once."""
    if directed:
        return rows, columns, values
    mirror = rows != columns
    return (
        np.concatenate([rows, columns[mirror]]),
        np.concatenate([columns, rows[mirror]]),
        np.concatenate([values, values[mirror]]),
    )


def _latest(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[Any],
    times: NDArray[np.float64],
    directed: bool,
) -> NDArray[np.float64]:
    """The latest time of each edge, in the order of `_compress`."""
    kept = values > 0
    rows, columns, times = _both_ways(rows[kept], columns[kept], times[kept], directed)
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    first = np.ones(len(order), bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    latest: NDArray[np.float64] = np.fmax.reduceat(times[order], np.flatnonzero(first)) if len(order) else times
    return latest


def _compress(
    rows: NDArray[np.int32], columns: NDArray[np.int32], values: NDArray[Any], n_nodes: int, directed: bool
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]:
    """Sum repeated edges and sort them by row and column."""
    from scipy.sparse import coo_array

    positive = values > 0
    if not positive.all():
        rows, columns, values = rows[positive], columns[positive], values[positive]
    rows, columns, values = _both_ways(rows, columns, values, directed)
    matrix = coo_array((values, (rows, columns)), shape=(n_nodes, n_nodes)).tocsr()
    matrix.sum_duplicates()
    return (
        np.array(matrix.indptr, np.int64),
        np.ascontiguousarray(matrix.indices, np.int32),
        np.ascontiguousarray(matrix.data),
    )
