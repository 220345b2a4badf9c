"""What the user did before: by frequency, or time-weighted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.models.base import Fit, Model, Parameters, combinations
from interestgraph.evaluate.models.popularity import users_per_item
from interestgraph.evaluate.ranking import Scorer


def dense(matrix: object, users: NDArray[np.int32]) -> NDArray[np.float32]:
    """Rows of a sparse matrix as scores; -inf where nothing is stored."""
    from scipy import sparse

    assert isinstance(matrix, sparse.csr_array)
    rows = matrix[users]
    scores = np.full(rows.shape, -np.inf, dtype=np.float32)
    place = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    scores[place, rows.indices] = rows.data
    return scores


def _start(log: Log) -> Fit:
    def fit(parameters: Parameters) -> Scorer:
        half_life = parameters.get("half_life")
        weights = log.weights(None if half_life is None else float(half_life))
        return lambda users: dense(weights, users)

    return fit


def _start_with_popular(log: Log) -> Fit:
    def fit(parameters: Parameters) -> Scorer:
        del parameters
        weights = log.weights()
        popular = users_per_item(log) / (len(log.users) + 1)

        def scores(users: NDArray[np.int32]) -> NDArray[np.float32]:
            mine = dense(weights, users)
            return np.asarray(np.where(np.isneginf(mine), 0, mine) + popular, dtype=np.float32)

        return scores

    return fit


OWN = Model("own frequency", "what the user chose most often", _start, ({},), again_only=True)
OWN_DECAYED = Model(
    "own time-weighted",
    "the same with forward decay; half-life tuned",
    _start,
    combinations(half_life=(120, 7, 15, 30, 60, 240, 480)),
    again_only=True,
)
OWN_POPULAR = Model(
    "own then popular",
    "what the user chose most often, then what most users did (GP-TopFreq of the next-basket literature)",
    _start_with_popular,
    ({},),
)
