"""Rotate new vectors into the space of old ones, and put vectors on the unit sphere."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interestgraph.errors import DataError, SchemaMismatchError


class Alignment(NamedTuple):
    """New vectors in the old space."""

    rotated: NDArray[np.float32]
    """float32 (n, d): all new vectors, common or not, rotated."""
    residual: float
    """|rotated - old| / |old| (Frobenius norms) over the common nodes: 0 when they agree; NaN when there
    is no common node or their old vectors are all zero, so that there is nothing to compare."""


def align(new: NDArray[np.float32], old: NDArray[np.float32], new_index: ArrayLike, old_index: ArrayLike) -> Alignment:
    """Rotate `new` so that common nodes come as close as possible to their `old` vectors.

    Orthogonal Procrustes (Schoenemann 1966): a rotation or reflection, so that all lengths, angles and
    neighbourhoods within `new` stay as they are. With no common node `new` is returned as it is.

    Args:
        new: float32 (n, d).
        old: float32 (m, d).
        new_index, old_index: integers (k,); row ``new_index[i]`` and row ``old_index[i]`` are one node.

    Raises:
        SchemaMismatchError: the vectors have different dimensions.
        DataError: index arrays of different lengths, or a vector of a common node is not finite.
    """
    if new.ndim != 2 or old.ndim != 2 or new.shape[1] != old.shape[1]:
        raise SchemaMismatchError(
            f"new vectors are {new.shape}, old ones {old.shape}: only vectors of the same dimensions can be "
            "aligned; train with the old dimensions or start a new space"
        )
    rows, columns = np.asarray(new_index, np.intp), np.asarray(old_index, np.intp)
    if rows.shape != columns.shape or rows.ndim != 1:
        raise DataError(f"index arrays differ: {rows.shape} new, {columns.shape} old")
    if len(rows) == 0:
        return Alignment(new.astype(np.float32), float("nan"))
    from scipy.linalg import orthogonal_procrustes

    source, target = new[rows].astype(np.float64), old[columns].astype(np.float64)
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise DataError("vectors of common nodes have NaN or infinite values; they cannot be aligned")
    rotation, _ = orthogonal_procrustes(source, target)
    size = float(np.linalg.norm(target))
    residual = float(np.linalg.norm(source @ rotation - target)) / size if size > 0 else float("nan")
    return Alignment((new @ rotation.astype(np.float32)).astype(np.float32), residual)


def normalise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors (n, d) scaled to length 1, as float32; zero vectors stay zero.

    Raises:
        DataError: a vector is not finite; the message names the first such row.
    """
    wide = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    wrong = np.flatnonzero(~np.isfinite(lengths))
    if len(wrong):
        raise DataError(f"vector {wrong[0]} has NaN or infinite values")
    scaled = wide / np.where(lengths > 0, lengths, 1.0)[:, None]
    return scaled.astype(np.float32)
