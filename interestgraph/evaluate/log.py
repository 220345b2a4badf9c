"""The events before a moment as arrays: what every baseline learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.model import SECONDS_PER_DAY

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from scipy import sparse

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Log:
    """Row m says that user ``users[user[m]]`` did something with item ``items[item[m]]``; ordered by time."""

    users: tuple[str, ...]
    """Ids, sorted."""
    items: tuple[str, ...]
    """Ids, sorted."""
    user: Ints
    item: Ints
    at: Floats
    """Seconds since 1970-01-01 UTC."""
    strength: Floats
    """What the event adds to the weight of the pair; negative for returns and low ratings."""
    primary: Flags
    """Whether it is of a behaviour that is recommended for."""
    value: Floats
    """Amount or rating; NaN where there is none."""
    event: NDArray[np.uint64]
    """Identity of the event."""

    def __len__(self) -> int:
        """Number of events."""
        return len(self.user)

    @property
    def shape(self) -> tuple[int, int]:
        """(users, items)."""
        return len(self.users), len(self.items)

    @property
    def end(self) -> float:
        """Seconds of the last event."""
        return float(self.at.max()) if len(self) else 0.0

    @property
    def days(self) -> float:
        """Days from the first event to the last."""
        return float(np.ptp(self.at)) / SECONDS_PER_DAY if len(self) else 0.0

    def only(self, rows: Flags) -> Log:
        """The events of some rows, with the same users and items."""
        columns = ("user", "item", "at", "strength", "primary", "value", "event")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    @cached_property
    def pairs(self) -> sparse.csr_array:
        """Users x items: 1 where there is any event, float32."""
        return _ones(self.user, self.item, self.shape)

    @cached_property
    def known_items(self) -> Flags:
        """Items with an event, shape (items,)."""
        return np.bincount(self.item, minlength=self.shape[1]) > 0

    @cached_property
    def known_users(self) -> Flags:
        """Users with an event, shape (users,)."""
        return np.bincount(self.user, minlength=self.shape[0]) > 0

    def chosen(self) -> sparse.csr_array:
        """Users x items: 1 where the user chose the item, by an event of a primary behaviour that speaks for it."""
        rows = self.primary & (self.strength > 0)
        return _ones(self.user[rows], self.item[rows], self.shape)

    def repeat_share(self) -> float:
        """Share of the pairs that were chosen twice or more often, as `interestgraph.enrich.trends` has it."""
        rows = self.primary
        pairs = self.user[rows].astype(np.int64) * self.shape[1] + self.item[rows]
        counts = np.unique(pairs, return_counts=True)[1]
        return float((counts > 1).mean()) if len(counts) else 0.0

    def weights(self, half_life: float | None = None, as_of: float | None = None) -> sparse.csr_array:
        """Users x items: summed strengths where positive, float64.

        Args:
            half_life: days after which an event counts half; None: it always counts the same.
            as_of: seconds at which ages are taken; None: at the last event.
        """
        from scipy import sparse

        strength = self.strength
        if half_life is not None:
            age = ((self.end if as_of is None else as_of) - self.at) / SECONDS_PER_DAY
            strength = strength * np.exp2(-age / half_life)
        summed = sparse.csr_array(sparse.coo_array((strength, (self.user, self.item)), shape=self.shape))
        summed.data = np.maximum(summed.data, 0.0)
        summed.eliminate_zeros()
        return summed


def _ones(user: Ints, item: Ints, shape: tuple[int, int]) -> sparse.csr_array:
    from scipy import sparse

    made = sparse.csr_array(sparse.coo_array((np.ones(len(user), np.float32), (user, item)), shape=shape))
    made.data[:] = 1.0
    return made


def to_log(events: ir.Table, primary: tuple[str, ...]) -> Log:
    """Cleaned events as arrays.

    Args:
        events: the table, as `interestgraph.ingest.events.read_events` gives it, or a part of a split, which lacks
            identities: they are then 0.
        primary: the behaviours that are recommended for.
    """
    import ibis

    identity = events.eventId if "eventId" in events.columns else ibis.literal(0, "uint64")
    chosen = events.select(
        "user", "item", "at", "strength", "value", event=identity, primary=events.behaviour.isin(primary)
    )
    table = chosen.order_by("at", "event", "user", "item").to_pyarrow()
    user, users = _codes(table.column("user"))
    item, items = _codes(table.column("item"))
    return Log(
        users=users,
        items=items,
        user=user,
        item=item,
        at=_numbers(table.column("at").cast("timestamp[ms]").cast("int64")) / 1000,
        strength=_numbers(table.column("strength")),
        primary=np.asarray(table.column("primary").to_numpy(), dtype=bool),
        value=_numbers(table.column("value")),
        event=np.asarray(table.column("event").to_numpy(), dtype=np.uint64),
    )


def _codes(column: Any) -> tuple[Ints, tuple[str, ...]]:
    """Positions in the sorted distinct values, and these."""
    if not len(column):
        return np.zeros(0, dtype=np.int32), ()
    coded = column.combine_chunks().dictionary_encode()
    names = np.array(coded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(names)
    place = np.empty(len(names), dtype=np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)
    return place[coded.indices.to_numpy()], tuple(names[order])


def _numbers(column: Any) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)
