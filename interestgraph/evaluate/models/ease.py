"""EASE: a linear model from items to items with a closed form.

Source: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019: B = I - P diag(1 / diag P) with
P = (X'X + λI)^-1, scores X B. By the identity X P = K X with K = (XX' + λI)^-1, and diag P = (1 - diag(X'KX)) / λ,
the same scores come from an inverse of the size of the users, which is taken where there are fewer users than items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import psutil
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.models.base import Fit, Model, Parameters, combinations
from interestgraph.evaluate.ranking import Scorer

if TYPE_CHECKING:
    from scipy import sparse

MEMORY_SHARE = 0.25
"""Part of the free memory that the matrices may take."""
MOST = 15_000
"""Size of the largest inverse; it takes minutes."""


def _refuses(log: Log) -> str | None:
    users, items = log.shape
    side = min(users, items)
    if side > MOST:
        return f"{users:,} users and {items:,} items: an inverse of either size takes too long (at most {MOST:,})"
    needed = 4 * (4 * side * side + (users * items if users < items else 0))
    free = psutil.virtual_memory().available * MEMORY_SHARE
    if needed > free:
        return f"its matrices need {needed / 2**30:.1f} GiB, a quarter of the free memory is {free / 2**30:.1f} GiB"
    return None


def _start(log: Log) -> Fit:
    def matrix(parameters: Parameters) -> sparse.csr_array:
        made = log.weights(float(parameters["half_life"]) if parameters["half_life"] else None)
        made.data = np.log1p(made.data) if parameters["weighting"] == "log" else np.ones_like(made.data)
        return made.astype(np.float32)

    def fit(parameters: Parameters) -> Scorer:
        weights = matrix(parameters)
        penalty = float(parameters["penalty"] or 0.0)
        return _dual(weights, penalty) if weights.shape[0] < weights.shape[1] else _primal(weights, penalty)

    return fit


def _inverse(gram: NDArray[np.float32], penalty: float) -> NDArray[np.float32]:
    from scipy import linalg

    gram[np.diag_indices_from(gram)] += penalty
    factor, _ = linalg.lapack.spotrf(gram, lower=False, overwrite_a=True)
    upper, _ = linalg.lapack.spotri(factor, lower=False, overwrite_c=True)
    found: NDArray[np.float32] = np.triu(upper) + np.triu(upper, 1).T
    return found


def _primal(weights: sparse.csr_array, penalty: float) -> Scorer:
    solved = _inverse((weights.T @ weights).toarray(), penalty)
    solved /= -np.diag(solved)
    np.fill_diagonal(solved, 0.0)
    return lambda users: np.asarray(weights[users] @ solved, dtype=np.float32)


def _dual(weights: sparse.csr_array, penalty: float) -> Scorer:
    kernel = _inverse((weights @ weights.T).toarray(), penalty)
    spread = np.asarray((weights.T @ kernel).T, dtype=np.float32)  # K X, since K is symmetric
    columns = sparse_column_products(weights, spread)
    diagonal = np.maximum((1 - columns) / penalty, 1e-12).astype(np.float32)
    return lambda users: np.asarray(weights[users].toarray() - spread[users] / diagonal, dtype=np.float32)


def sparse_column_products(weights: sparse.csr_array, spread: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sums of the columns of the elementwise product of a sparse and a dense matrix, shape (columns,)."""
    row = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    products = weights.data * spread[row, weights.indices]
    return np.asarray(np.bincount(weights.indices, products, minlength=weights.shape[1]), dtype=np.float64)


EASE = Model(
    "EASE",
    "linear item-item model with a closed form; penalty and weights tuned",
    _start,
    combinations(penalty=(500.0, 100.0, 2000.0), weighting=("binary", "log"), half_life=(None,)),
    _refuses,
)
