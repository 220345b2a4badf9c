"""Which categories a user is interested in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class InterestConfig:
    """How many interests are kept."""

    per_level: int = 20
    """Most categories kept per user and level of the category tree."""


@dataclass(frozen=True)
class Interests:
    """Row m: user ``user[m]`` is interested in category ``category[m]``; sorted by user and category."""

    user: NDArray[np.int32]
    category: NDArray[np.int32]
    score: NDArray[np.float64]
    """Sum of the user's time-weighted relationships to the category's items."""
    share: NDArray[np.float64]
    """`score` divided by the user's sum over all categories of the same level."""


def interests(
    matrix: sparse.csr_array, membership: sparse.csr_array, level: NDArray[np.int32], config: InterestConfig
) -> Interests:
    """Sum time-weighted relationships by category, on every level of the tree.

    Args:
        matrix: users x items, time-weighted.
        membership: items x categories, 1 for a category of the item and all above it.
        level: level of each category, shape (categories,).
        config: parameters.
    """
    from scipy import sparse

    scores = sparse.csr_array(matrix @ membership)
    scores.sort_indices()
    user = np.repeat(np.arange(scores.shape[0], dtype=np.int32), np.diff(scores.indptr))
    category, score = scores.indices.astype(np.int32), scores.data
    user, category, score = user[score > 0], category[score > 0], score[score > 0]
    at = level[category] if len(category) else np.zeros(0, dtype=np.int32)
    totals = np.zeros((scores.shape[0], int(level.max(initial=0)) + 1))
    np.add.at(totals, (user, at), score)
    share = score / totals[user, at]
    order = np.lexsort((category, -score, at, user))
    group = user.astype(np.int64) * totals.shape[1] + at
    sorted_group = group[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_group, sorted_group, side="left")
    kept = np.sort(order[rank < config.per_level])
    return Interests(user[kept], category[kept], np.round(score[kept], 6), np.round(share[kept], 6))
