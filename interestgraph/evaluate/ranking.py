"""Lists from scores: every known item is ranked for every user, without a sample of negatives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log

TASKS = ("all", "again", "new")
"""``all``: every item; ``again``: those the user had something to do with before; ``new``: the others."""
DEPTH = 50
"""Length of the lists that are kept; measures are taken up to this place."""
_BLOCK_BYTES = 1 << 26


Scorer = Callable[[NDArray[np.int32]], NDArray[np.float32]]
"""A fitted model: scores of every item for some users, shape (len(users), items); -inf: not recommended."""


Lists = dict[str, NDArray[np.int32]]
"""Task -> items, best first, shape (users, depth), padded with -1."""


def rank(
    scorer: Scorer, log: Log, users: NDArray[np.int32], depth: int = DEPTH, step: Callable[[int], None] | None = None
) -> Lists:
    """The best items of each user, for each task.

    Args:
        scorer: a fitted model.
        log: what it has learnt from; what a user did there is not new.
        users: positions of users, shape (m,).
        depth: length of the lists.
        step: called with the number of users done.
    """
    from interestgraph.evaluate.kernels import best

    n_items = log.shape[1]
    block = max(1, _BLOCK_BYTES // (4 * max(n_items, 1)))
    found = np.full((3, len(users), depth), -1, dtype=np.int32)
    for first in range(0, len(users), block):
        chosen = users[first : first + block]
        seen = log.pairs[chosen]
        scores = np.ascontiguousarray(scorer(chosen), dtype=np.float32)
        found[:, first : first + block] = best(scores, seen.indptr, seen.indices, log.known_items, depth)
        if step is not None:
            step(min(first + block, len(users)))
    return dict(zip(TASKS, found, strict=True))
