"""TIFU-KNN: a user's baskets with decay in groups, joined with those of the nearest users.

Source: Hu et al., "Modeling personalized item frequency information for next-basket recommendation", SIGIR 2020. A
basket is what a user chose at one moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.models.base import Fit, Model, Parameters, combinations
from interestgraph.evaluate.ranking import Scorer

if TYPE_CHECKING:
    from scipy import sparse

MOST_USERS = 100_000


def basket_numbers(log: Log) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each event, how many baskets of its user are newer than its own; and baskets of each user, (users,)."""
    if not len(log):
        return np.zeros(0, dtype=np.int64), np.zeros(log.shape[0], dtype=np.int64)
    order = np.lexsort((log.at, log.user))
    user, at = log.user[order], log.at[order]
    first_of_user = np.concatenate([[True], user[1:] != user[:-1]])
    begins = first_of_user | np.concatenate([[True], at[1:] != at[:-1]])
    running = np.cumsum(begins) - 1
    number = np.empty(len(user), dtype=np.int64)
    count = np.bincount(user[begins], minlength=log.shape[0])
    last = np.cumsum(count) - 1  # users are in order, so the running number of a user's last basket
    number[order] = last[user] - running
    return number, count


def _vectors(log: Log, parameters: Parameters) -> sparse.csr_array:
    from scipy import sparse

    chosen = log.only(log.primary & (log.strength > 0))
    newer, count = basket_numbers(chosen)
    size = int(parameters["group"] or 1)
    decay = float(parameters["within"] or 1) ** (newer % size) * float(parameters["across"] or 1) ** (newer // size)
    groups = np.maximum(-(-count // size), 1)
    weight = (decay / (size * groups[chosen.user])).astype(np.float32)
    # An item counts once a basket.
    key = (chosen.user.astype(np.int64) * (newer.max(initial=0) + 1) + newer) * log.shape[1] + chosen.item
    _, first = np.unique(key, return_index=True)
    made = sparse.coo_array((weight[first], (chosen.user[first], chosen.item[first])), shape=log.shape)
    return sparse.csr_array(made)


def _start(log: Log) -> Fit:
    found: dict[object, _Space] = {}

    def fit(parameters: Parameters) -> Scorer:
        key = tuple(parameters[name] for name in ("group", "within", "across"))
        if key not in found:
            found[key] = _Space(_vectors(log, parameters))
        return found[key].scorer(int(parameters["neighbours"] or 1), float(parameters["own"] or 0))

    return fit


class _Space:
    """Vectors of users, and who is near whom."""

    def __init__(self, vectors: sparse.csr_array) -> None:
        self._vectors = vectors
        self._squares = np.asarray(vectors.power(2).sum(axis=1))
        self._some = np.flatnonzero(self._squares > 0).astype(np.int32)
        self._others = vectors[self._some].T.tocsr()

    def _near(self, users: NDArray[np.int32], count: int) -> NDArray[np.int32]:
        """The users with the nearest vectors, shape (len(users), count)."""
        distance = self._squares[self._some] - 2 * (self._vectors[users] @ self._others).toarray()
        distance[users[:, None] == self._some[None, :]] = np.inf
        return self._some[np.argpartition(distance, count - 1, axis=1)[:, :count]]

    def scorer(self, neighbours: int, own: float) -> Scorer:
        """Own share of the user's vector, and the rest of the mean of the nearest users' vectors."""
        count = min(neighbours, len(self._some) - 1)
        vectors = self._vectors

        def scores(users: NDArray[np.int32]) -> NDArray[np.float32]:
            from interestgraph.evaluate.kernels import spread

            width = max(count, 0) + 1
            members = np.empty((len(users), width), dtype=np.int32)
            members[:, 0] = users
            if count > 0:
                members[:, 1:] = self._near(users, count)
            shares = np.full((len(users), width), (1 - own) / max(count, 1), dtype=np.float32)
            shares[:, 0] = own
            indptr = np.arange(len(users) + 1, dtype=np.int32) * width
            rows = np.arange(len(users), dtype=np.int32)
            found: NDArray[np.float32] = spread(
                indptr, members.ravel(), shares.ravel(), vectors.indptr, vectors.indices, vectors.data, rows,
                vectors.shape[1],
            )  # fmt: skip
            return found

        return scores


def _refuses(log: Log) -> str | None:
    if len(log.users) > MOST_USERS:
        return f"{len(log.users):,} users: comparing all with all takes too long (at most {MOST_USERS:,})"
    return None


TIFU = Model(
    "TIFU-KNN",
    "decayed baskets of the user and of the nearest users; decay and shares tuned",
    _start,
    combinations(group=(7,), within=(0.95,), across=(0.7, 0.9), neighbours=(300, 100), own=(0.7, 0.3)),
    _refuses,
)
