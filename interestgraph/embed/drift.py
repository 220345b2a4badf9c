"""How far two sets of vectors of the same nodes are apart: each node, its neighbourhood, and groups of nodes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.align import align, normalise

Vectors = NDArray[np.float32]
Ints = NDArray[np.int64]

BLOCK = 256
"""Nodes whose neighbours are looked for at once."""


class Moves(NamedTuple):
    """How far n nodes moved."""

    distance: NDArray[np.float32]
    """(n,): 1 - cosine, 0 for a node that did not move to 2 for one that turned around."""
    residual: float
    """Of all of them, after the best rotation; see `interestgraph.embed.align.Alignment`."""


class GroupDrift(NamedTuple):
    """How a group of nodes changed, measured against all groups."""

    size: Ints
    """(g,): members."""
    distance: NDArray[np.float64]
    """(g,): mean distance that members moved."""
    left: NDArray[np.float64]
    """(g,): share of members that are nearest to another group's centre now, and were nearest to this one's before."""
    toward: Ints
    """(g,): the group that most of those went to; -1: none left."""


def moves(old: Vectors, new: Vectors) -> Moves:
    """How far each node moved between two sets of unit vectors (n, d), rotated onto each other first."""
    every = np.arange(len(old))
    rotated, residual = align(new, old, every, every)
    turned = normalise(rotated)
    return Moves((1 - np.einsum("ij,ij->i", normalise(old), turned)).astype(np.float32), residual)


def neighbours(vectors: Vectors, rows: Ints, k: int) -> Ints:
    """The k nearest others by cosine of some rows of unit vectors (n, d), exactly: (len(rows), k) positions."""
    k = min(k, len(vectors) - 1)
    found = np.empty((len(rows), k), np.int64)
    for at in range(0, len(rows), BLOCK):
        some = rows[at : at + BLOCK]
        near = vectors[some] @ vectors.T
        near[np.arange(len(some)), some] = -np.inf
        found[at : at + BLOCK] = np.argpartition(-near, k - 1, axis=1)[:, :k] if k else 0
    return found


def overlap(old: Vectors, new: Vectors, rows: Ints, k: int) -> NDArray[np.float64]:
    """Share of each row's k nearest neighbours that are the same in both sets, (len(rows),); rotation is no matter."""
    if len(old) < 2:
        return np.ones(len(rows))
    before, after = neighbours(old, rows, k), neighbours(new, rows, k)
    return np.array([len(np.intersect1d(b, a)) / len(b) for b, a in zip(before, after, strict=True)])


def group_drift(old: Vectors, new: Vectors, group: Ints, distance: NDArray[np.float32]) -> GroupDrift:
    """How groups changed: how far members moved, and which members are nearer to another group's centre now.

    Centres are the mean vectors of members, in each set its own.

    Args:
        old, new: unit vectors (n, d).
        group: (n,) number of each node's group, -1 for none.
        distance: (n,) how far each node moved, from `moves`.
    """
    count = int(group.max(initial=-1)) + 1
    inside = np.flatnonzero(group >= 0)
    of, size = group[inside], np.bincount(group[inside], minlength=count)
    before, after = _nearest(old[inside], of, count), _nearest(new[inside], of, count)
    gone = (before == of) & (after != of)
    toward = np.full(count, -1, np.int64)
    for number in np.unique(of[gone]):
        toward[number] = np.bincount(after[gone & (of == number)]).argmax()
    each = np.maximum(size, 1)
    return GroupDrift(
        size=size,
        distance=np.bincount(of, weights=distance[inside], minlength=count) / each,
        left=np.bincount(of[gone], minlength=count) / each,
        toward=toward,
    )


def _nearest(vectors: Vectors, group: Ints, count: int) -> Ints:
    """The group whose centre is nearest to each vector."""
    centres = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(centres, group, vectors)
    centres = normalise(centres)
    found = np.empty(len(vectors), np.int64)
    for at in range(0, len(vectors), 16 * BLOCK):
        found[at : at + 16 * BLOCK] = (vectors[at : at + 16 * BLOCK] @ centres.T).argmax(axis=1)
    return found
