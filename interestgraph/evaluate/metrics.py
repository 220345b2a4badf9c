"""Ranking metrics of many users at once, with gains 0 and 1.

Everything is computed from `hits`, a matrix of flags, shape (users, depth): whether the item at a place of a user's
list was chosen afterwards; and `relevant`, how many items each user chose, at least one, shape (users,). Each
function gives one value a user, shape (users,).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Counts = NDArray[np.int64]
Values = NDArray[np.float64]


def find_hits(lists: NDArray[np.int32], truth: object) -> tuple[Hits, Counts]:
    """Which places of the lists were chosen, and how many items each user chose.

    Args:
        lists: items, best first, each once, shape (users, depth), padded with -1.
        truth: users x items, CSR; a row per list.
    """
    from scipy import sparse

    assert isinstance(truth, sparse.csr_array)
    width = truth.shape[1] + 1
    rows = np.arange(len(lists), dtype=np.int64)[:, None]
    relevant = np.diff(truth.indptr).astype(np.int64)
    keys = np.repeat(rows[:, 0], relevant) * width + truth.indices
    return np.isin(rows * width + lists, keys), relevant


def precision(hits: Hits, relevant: Counts, k: int) -> Values:
    """Hits among the first k places, divided by k; an empty place is a miss."""
    del relevant
    return np.asarray(hits[:, :k].sum(axis=1) / k)


def recall(hits: Hits, relevant: Counts, k: int) -> Values:
    """Hits among the first k places, divided by min(k, number chosen), so that a perfect list has 1 for every user.

    Source: "capped recall" (Thakur et al., BEIR, NeurIPS 2021), also in Liang et al., WWW 2018, section 4.2.
    """
    return np.asarray(hits[:, :k].sum(axis=1) / np.minimum(relevant, k))


def plain_recall(hits: Hits, relevant: Counts, k: int) -> Values:
    """Hits among the first k places, divided by the number chosen."""
    return np.asarray(hits[:, :k].sum(axis=1) / relevant)


def f1(hits: Hits, relevant: Counts, k: int) -> Values:
    """Harmonic mean of precision and plain recall; 0 without a hit."""
    return np.asarray(2 * hits[:, :k].sum(axis=1) / (k + relevant))


def hit_rate(hits: Hits, relevant: Counts, k: int) -> Values:
    """1 where at least one of the first k places is a hit."""
    del relevant
    return np.asarray(hits[:, :k].any(axis=1), dtype=np.float64)


def ndcg(hits: Hits, relevant: Counts, k: int) -> Values:
    """Discounted cumulative gain of the first k places, divided by the best that is possible.

    Source: Järvelin and Kekäläinen, ACM TOIS 20(4), 2002, with the discount log2(place + 1).
    """
    places = min(k, hits.shape[1])
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    return np.asarray(hits[:, :places] @ discount[:places] / ideal[np.minimum(relevant, k)])


def mrr(hits: Hits, relevant: Counts, k: int) -> Values:
    """1 / place of the first hit among the first k places; 0 without a hit."""
    del relevant
    first = hits[:, :k].argmax(axis=1)
    return np.asarray(hits[:, :k].any(axis=1) / (first + 1))


def average_precision(hits: Hits, relevant: Counts, k: int) -> Values:
    """Sum of the precisions at the hits among the first k places, divided by the number chosen (as trec_eval does)."""
    shown = hits[:, :k]
    precisions = shown.cumsum(axis=1) / np.arange(1, shown.shape[1] + 1)
    return np.asarray((precisions * shown).sum(axis=1) / relevant)


METRICS: dict[str, Callable[[Hits, Counts, int], Values]] = {
    "recall": recall,
    "ndcg": ndcg,
    "precision": precision,
    "plain_recall": plain_recall,
    "f1": f1,
    "hit_rate": hit_rate,
    "mrr": mrr,
    "map": average_precision,
}
"""Name in reports -> function."""
