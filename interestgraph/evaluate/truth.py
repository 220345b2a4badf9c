"""What users chose afterwards, by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.ranking import TASKS

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class Truth:
    """Choices in the test, of items that were known before."""

    chosen: sparse.csr_array
    """Users x items of the log learnt from, 1 where chosen."""
    cold: sparse.csr_array
    """Users without history x items."""

    def by_task(self, log: Log) -> dict[str, sparse.csr_array]:
        """Task -> users x items: all choices, those had before, those not."""
        from scipy import sparse

        again = sparse.csr_array(self.chosen.multiply(log.pairs))
        again.eliminate_zeros()
        new = sparse.csr_array(self.chosen - again)
        new.eliminate_zeros()
        for matrix in (again, new):
            matrix.sort_indices()
        return dict(zip(TASKS, (self.chosen, again, new), strict=True))


def to_truth(log: Log, later: Log) -> Truth:
    """Choices of `later` as seen from `log`: known users, and those without history; of known items.

    Args:
        log: what is learnt from.
        later: what came after, with ids of its own.
    """
    rows = later.primary & (later.strength > 0)
    item_at = _places(later.items, log.items, log.known_items)
    user_at = _places(later.users, log.users, log.known_users)
    item, user = item_at[later.item[rows]], user_at[later.user[rows]]
    known = item >= 0
    warm = known & (user >= 0)
    cold_user = later.user[rows][known & (user < 0)]
    names, row = np.unique(cold_user, return_inverse=True)
    return Truth(
        chosen=_flags(user[warm], item[warm], log.shape),
        cold=_flags(row, item[known & (user < 0)], (len(names), log.shape[1])),
    )


def _places(names: tuple[str, ...], known: tuple[str, ...], usable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of names among the known ones; -1 where there is none."""
    place = {name: at for at, name in enumerate(known)}
    found = np.array([place.get(name, -1) for name in names], dtype=np.int64).reshape(-1)
    found[(found >= 0) & ~usable[found]] = -1
    return found


def _flags(row: NDArray[np.int64], column: NDArray[np.int64], shape: tuple[int, int]) -> sparse.csr_array:
    from scipy import sparse

    made = sparse.csr_array(sparse.coo_array((np.ones(len(row), np.float32), (row, column)), shape=shape))
    made.data[:] = 1.0
    made.sort_indices()
    return made
