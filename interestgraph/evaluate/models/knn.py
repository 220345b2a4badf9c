"""Item-based neighbourhoods: ItemKNN, and the random walk user-item-user-item.

Sources: Sarwar et al., "Item-based collaborative filtering", WWW 2001; weights as in Robertson et al., "Okapi at
TREC-3", 1994, and as the library implicit has them; Paudel et al., "Updatable, accurate, diverse, and scalable
recommendations for interactive applications" (RP3beta), ACM TiiS 2017. The walk is the platform's basic formula,
I_u(i) = sum over j of w_uj · I_j(i), with the popularity of its end discounted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.models.base import Fit, Model, Parameters, combinations
from interestgraph.evaluate.ranking import Scorer

if TYPE_CHECKING:
    from scipy import sparse

MOST = 200
"""Neighbours that are computed; a setting takes the nearest of them."""
BM25_K1 = 1.2
BM25_B = 0.75


def bm25(weights: sparse.csr_array) -> sparse.csr_array:
    """Weights of users (documents) x items (terms): saturated, by the user's length, and times the item's rarity."""
    made = weights.copy()
    users = made.shape[0]
    rarity = np.log(users) - np.log1p(np.bincount(made.indices, minlength=made.shape[1]))
    length = made.sum(axis=1)
    norm = (1 - BM25_B) + BM25_B * length / max(float(length.mean()), 1e-12)
    row = np.repeat(np.arange(users), np.diff(made.indptr))
    made.data = made.data * (BM25_K1 + 1) / (BM25_K1 * norm[row] + made.data) * rarity[made.indices]
    return made


def _bm25_sides(weights: sparse.csr_array) -> tuple[sparse.csr_array, sparse.csr_array]:
    weighted = bm25(weights)
    return weighted.T.tocsr(), weighted


def _cosine_sides(weights: sparse.csr_array) -> tuple[sparse.csr_array, sparse.csr_array]:
    made = weights.copy()
    made.data = np.log1p(made.data)
    norms = np.sqrt(made.power(2).sum(axis=0))
    made.data /= norms[made.indices]
    return made.T.tocsr(), made


def nearest(left: sparse.csr_array, right: sparse.csr_array, most: int = MOST) -> sparse.csr_array:
    """Of the product items x items, the largest entries of each row, best first; float32."""
    from scipy import sparse
    from sparse_dot_topn import sp_matmul_topn

    # The library knows matrices, not arrays.
    sides = [sparse.csr_matrix(side.astype(np.float32)) for side in (left, right)]
    found = sp_matmul_topn(*sides, top_n=most, n_threads=os.cpu_count() or 1, sort=True)
    return sparse.csr_array(found)


def trimmed(similar: sparse.csr_array, neighbours: int) -> sparse.csr_array:
    """The first `neighbours` entries of each row; the item itself is one of them, as in the library implicit."""
    from scipy import sparse

    row = np.repeat(np.arange(similar.shape[0]), np.diff(similar.indptr))
    keep = np.arange(len(row)) - similar.indptr[row] < neighbours
    kept = np.bincount(row[keep], minlength=similar.shape[0])
    indptr = np.concatenate([[0], np.cumsum(kept)])
    return sparse.csr_array((similar.data[keep], similar.indices[keep], indptr), shape=similar.shape)


def spread_scorer(profile: sparse.csr_array, similar: sparse.csr_array) -> Scorer:
    """Scores that sum, over what a user has, weight times similarity."""

    def scores(users: NDArray[np.int32]) -> NDArray[np.float32]:
        from interestgraph.evaluate.kernels import spread

        found: NDArray[np.float32] = spread(
            profile.indptr,
            profile.indices,
            profile.data.astype(np.float32),
            similar.indptr,
            similar.indices,
            similar.data,
            users,
            similar.shape[1],
        )
        return found

    return scores


def _profile(log: Log, parameters: Parameters) -> sparse.csr_array:
    half_life = parameters["half_life"]
    return log.weights(None if half_life is None else float(half_life))


def _start_knn(log: Log) -> Fit:
    sides: dict[str, Callable[[sparse.csr_array], tuple[sparse.csr_array, sparse.csr_array]]]
    sides = {"bm25": _bm25_sides, "cosine": _cosine_sides}
    weights = log.weights()
    found: dict[str, sparse.csr_array] = {}

    def fit(parameters: Parameters) -> Scorer:
        weighting = str(parameters["weighting"])
        if weighting not in found:
            found[weighting] = nearest(*sides[weighting](weights))
        similar = trimmed(found[weighting], int(parameters["neighbours"] or MOST))
        return spread_scorer(_profile(log, parameters), similar)

    return fit


def _start_walk(log: Log) -> Fit:
    pairs = log.weights()
    pairs.data = np.log1p(pairs.data)
    users = np.maximum(pairs.sum(axis=1), 1e-12)
    items = np.maximum(pairs.sum(axis=0), 1e-12)
    found: dict[float, sparse.csr_array] = {}

    def fit(parameters: Parameters) -> Scorer:
        from scipy import sparse

        beta = float(parameters["beta"] or 0.0)
        if beta not in found:
            back = sparse.csr_array(sparse.diags_array(1 / items) @ pairs.T)
            forth = sparse.csr_array(sparse.diags_array(1 / users) @ pairs @ sparse.diags_array(items**-beta))
            found[beta] = nearest(back, forth)
        return spread_scorer(_profile(log, parameters), found[beta])

    return fit


ITEM_KNN = Model(
    "ItemKNN",
    "neighbours of what the user has; BM25 or cosine, neighbours and profile tuned",
    _start_knn,
    combinations(weighting=("bm25", "cosine"), neighbours=(200, 50), half_life=(120, None)),
)
WALK = Model(
    "random walk",
    "user-item-user-item with a discount for popularity (RP3beta); discount and profile tuned",
    _start_walk,
    combinations(beta=(0.3, 0.0, 0.5), half_life=(120, None)),
)
