"""The compiled loops of evaluation: best items of dense scores, and neighbours' weights summed per user.

Arrays only; imported by the functions that run them.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(inline="always")
def _insert(items, scores, item, score):  # type: ignore[no-untyped-def]
    """Put an item that is better than the last of a sorted list into its place; of equal ones the earlier is first."""
    place = len(scores) - 1
    while place > 0 and scores[place - 1] < score:
        scores[place] = scores[place - 1]
        items[place] = items[place - 1]
        place -= 1
    scores[place] = score
    items[place] = item


@njit(parallel=True, cache=True, nogil=True)
def best(scores, indptr, indices, known, n):  # type: ignore[no-untyped-def]
    """The n best items of each row: of all, of those in the row's set, of those outside.

    Args:
        scores: float32, shape (rows, items); -inf and NaN: not recommended.
        indptr, indices: the sets, CSR.
        known: bool, shape (items,): whether an item may be recommended.
        n: length of the lists.

    Returns:
        int32, shape (3, rows, n), padded with -1.
    """
    rows, items = scores.shape
    found = np.full((3, rows, n), -1, dtype=np.int32)
    for row in prange(rows):
        mine = np.zeros(items, dtype=np.uint8)
        for at in range(indptr[row], indptr[row + 1]):
            mine[indices[at]] = 1
        top = np.full((2, n), -np.inf, dtype=np.float32)
        for item in range(items):
            score = scores[row, item]
            side = 0 if mine[item] else 1
            if score > top[side, n - 1] and known[item]:
                _insert(found[1 + side, row], top[side], item, score)
        left, right = 0, 0
        for place in range(n):
            a = found[1, row, left]
            b = found[2, row, right]
            if a < 0 and b < 0:
                break
            first = top[0, left] > top[1, right] or (top[0, left] == top[1, right] and a < b)
            if b < 0 or (a >= 0 and first):
                found[0, row, place] = a
                left += 1
            else:
                found[0, row, place] = b
                right += 1
    return found


@njit(parallel=True, cache=True, nogil=True)
def spread(indptr, indices, data, near_indptr, near_indices, near_data, rows, items):  # type: ignore[no-untyped-def]
    """Sum over each row's items j of weight(j) * similarity(j, i), into dense scores.

    Args:
        indptr, indices, data: profiles, CSR, users x items.
        near_indptr, near_indices, near_data: similarities, CSR, items x items.
        rows: users, shape (m,).
        items: number of items.

    Returns:
        float32, shape (m, items); -inf where nothing is added.
    """
    scores = np.full((len(rows), items), -np.inf, dtype=np.float32)
    for row in prange(len(rows)):
        user = rows[row]
        for at in range(indptr[user], indptr[user + 1]):
            weight = data[at]
            j = indices[at]
            for near in range(near_indptr[j], near_indptr[j + 1]):
                i = near_indices[near]
                if scores[row, i] == -np.inf:
                    scores[row, i] = weight * near_data[near]
                else:
                    scores[row, i] += weight * near_data[near]
    return scores
