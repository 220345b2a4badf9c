"""Measures beside accuracy: who is recommended what, and how alike the lists are.

Sources: Castells, Hurley and Vargas, "Novelty and diversity in recommender systems", in Recommender Systems Handbook,
3rd ed., 2022 (novelty, intra-list diversity, Gini); Abdollahpouri et al., "The unfairness of popularity bias in
recommendation", RMSE workshop 2019 (popularity lift).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.report import Beyond

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class Catalogue:
    """What diversity is measured with, by the log's places of items."""

    categories: sparse.csr_array | None = None
    """Items x categories, 1 for each category of an item and those above it."""
    vectors: NDArray[np.float32] | None = None
    """Unit vectors, shape (items, dimensions); NaN where an item has none."""


def beyond(lists: NDArray[np.int32], users: NDArray[np.int32], log: Log, catalogue: Catalogue, k: int) -> Beyond:
    """Measure lists.

    Args:
        lists: items, best first, shape (users, depth), padded with -1.
        users: whose they are, places in the log.
        log: what was learnt from.
        catalogue: categories and vectors.
        k: length of the lists that counts.
    """
    shown = lists[:, :k]
    there = shown >= 0
    flat = shown[there]
    chosen = log.chosen()
    share = np.bincount(chosen.indices, minlength=log.shape[1]) / max(int(log.known_users.sum()), 1)
    counts = np.bincount(flat, minlength=log.shape[1])[log.known_items]
    least = 1 / max(int(log.known_users.sum()), 1)
    mine = chosen[users]
    profile = float(share[mine.indices].mean()) if mine.nnz else 0.0
    popularity = float(share[flat].mean()) if len(flat) else 0.0
    return Beyond(
        coverage=float((counts > 0).mean()),
        gini=gini(counts),
        novelty=float(-np.log2(np.maximum(share[flat], least)).mean()) if len(flat) else 0.0,
        popularity=popularity,
        popularity_lift=popularity / profile - 1 if profile else 0.0,
        diversity_categories=_mean_distance(shown, lambda a, b: _jaccard_distance(catalogue.categories, a, b))
        if catalogue.categories is not None
        else None,
        diversity_vectors=_mean_distance(shown, lambda a, b: _cosine_distance(catalogue.vectors, a, b))
        if catalogue.vectors is not None
        else None,
        list_length=float(there.sum(axis=1).mean()),
    )


def gini(counts: NDArray[np.int64]) -> float:
    """Gini coefficient of counts: 0 when all are equal, (n - 1) / n when one has everything; 0 of nothing."""
    total = counts.sum()
    if total == 0:
        return 0.0
    ordered = np.sort(counts)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def _mean_distance(shown: NDArray[np.int32], distance: object) -> float | None:
    """Mean over users of the mean distance between the items of a list; lists of one item count nothing."""
    assert callable(distance)
    k = shown.shape[1]
    total, pairs = np.zeros(len(shown)), np.zeros(len(shown))
    for first in range(k):
        for second in range(first + 1, k):
            a, b = shown[:, first], shown[:, second]
            both = (a >= 0) & (b >= 0)
            found = np.zeros(len(shown))
            found[both] = distance(a[both], b[both])
            usable = both & ~np.isnan(found)
            total[usable] += found[usable]
            pairs[usable] += 1
    some = pairs > 0
    return float((total[some] / pairs[some]).mean()) if some.any() else None


def _jaccard_distance(
    categories: sparse.csr_array | None, a: NDArray[np.int32], b: NDArray[np.int32]
) -> NDArray[np.float64]:
    assert categories is not None
    left, right = categories[a], categories[b]
    shared = np.asarray(left.multiply(right).sum(axis=1)).ravel()
    size = np.diff(left.indptr) + np.diff(right.indptr) - shared
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - shared / size)


def _cosine_distance(
    vectors: NDArray[np.float32] | None, a: NDArray[np.int32], b: NDArray[np.int32]
) -> NDArray[np.float64]:
    assert vectors is not None
    return np.asarray(1 - np.einsum("md,md->m", vectors[a], vectors[b]), dtype=np.float64)
