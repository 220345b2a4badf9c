"""A linear item model: which items the whole of a user's items speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from interestgraph.enrich.similarity import Neighbours
from interestgraph.errors import ConfigurationError
from interestgraph.neo4j.parts import pack_arrays, pack_texts

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class LinearConfig:
    """How the item model is learnt."""

    items: int = 5000
    """The model covers the items with the most users, at most so many: its time grows with their third power."""
    min_buyers: int = 5
    """Items with fewer users are not covered."""
    regularisation: float = 4.0
    """In multiples of the mean squared norm of the covered items."""
    neighbours: int = 200
    """Most weights kept per item, those of the largest size."""

    def __post_init__(self) -> None:
        if not 0 <= self.items <= 65_535:
            raise ConfigurationError(f"the linear item model covers 0 to 65535 items, got {self.items}")


def linear_items(matrix: sparse.csr_array, config: LinearConfig) -> Neighbours:
    """Weights B that minimise |X - XB|^2 + lambda |B|^2 with a zero diagonal, in closed form: EASE.

    With P the inverse of X'X + lambda I, B_ij = -P_ij / P_jj. The model differs from similarity of pairs in that an
    item counts only for what the user's other items do not say already; weights may be negative. X holds
    log(1 + w_ui). Source: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.

    Args:
        matrix: users x items, time-weighted, not negative.
        config: parameters.

    Returns:
        Row m: the item ``item[m]`` in a user's history adds ``score[m]`` to ``other[m]``.
    """
    from scipy import sparse
    from scipy.linalg import lapack

    buyers = np.bincount(matrix.indices[matrix.data > 0], minlength=matrix.shape[1])
    # Ties by position, so that one graph always gives the same model.
    kept = np.argsort(-buyers, kind="stable")[: config.items]
    kept = np.sort(kept[buyers[kept] >= config.min_buyers])
    if len(kept) < 2:
        none = np.zeros(0, dtype=np.int32)
        return Neighbours(none, none.copy(), np.zeros(0))
    weights = sparse.csr_array(matrix[:, kept], copy=True)
    weights.data = np.log1p(weights.data)
    gram = np.asarray((weights.T @ weights).todense(), dtype=np.float32, order="F")
    diagonal = np.diag_indices(len(kept))
    gram[diagonal] += config.regularisation * float(gram[diagonal].mean())
    factor, failed = lapack.spotrf(gram, lower=True, overwrite_a=True)
    inverse, failed_too = lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed or failed_too:
        raise ArithmeticError("the matrix of the linear item model is not positive definite")
    # LAPACK fills the lower triangle only.
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    model = -inverse / np.diag(inverse)[np.newaxis, :]
    model[diagonal] = 0.0
    most = min(config.neighbours, len(kept) - 1)
    best = np.argpartition(-np.abs(model), most - 1, axis=1)[:, :most]
    score = np.take_along_axis(model, best, axis=1)
    item = np.repeat(kept, most)
    other, score = kept[best].ravel(), score.ravel().astype(np.float64)
    order = np.lexsort((other, -score, item))
    order = order[score[order] != 0]
    return Neighbours(item[order].astype(np.int32), other[order].astype(np.int32), np.round(score[order], 6))


def linear_parts(model: Neighbours, items: Sequence[str]) -> bytes:
    """The model as bytes: the covered items' ids, and positions among them; see `interestgraph.neo4j.parts`."""
    covered = np.unique(np.concatenate([model.item, model.other]))
    return pack_arrays(
        {
            **pack_texts([items[at] for at in covered.tolist()]),
            "item": np.searchsorted(covered, model.item).astype(np.uint16),
            "other": np.searchsorted(covered, model.other).astype(np.uint16),
            "score": model.score.astype(np.float16),
        }
    )
