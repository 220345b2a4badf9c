"""The graph as arrays: one export that similarity, trends, interests, communities and walks start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import StateError
from interestgraph.model import SECONDS_PER_DAY, utc
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import load_query

if TYPE_CHECKING:
    from scipy import sparse

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interactions:
    """Time-weighted relationships of one behaviour; row m is the relationship of ``user[m]`` and ``item[m]``."""

    behaviour: str
    strength: float
    half_life: float
    """Days."""
    primary: bool
    user: Ints
    item: Ints
    weight: Floats
    """As of ``last_at``."""
    count: NDArray[np.int64]
    last_at: Floats
    """Seconds since 1970-01-01 UTC."""

    def decayed(self, as_of: float) -> Floats:
        """Weights at time `as_of` (seconds), shape (m,)."""
        days = (as_of - self.last_at) / SECONDS_PER_DAY
        return np.asarray(self.weight * np.exp2(-days / self.half_life))


@dataclass(frozen=True)
class Adjacency:
    """Nodes as sorted ids, relationships as arrays of positions in them."""

    users: tuple[str, ...]
    items: tuple[str, ...]
    titles: tuple[str | None, ...]
    categories: tuple[str, ...]
    category_names: tuple[str, ...]
    category_level: Ints
    """Shape (categories,); 1 is the top."""
    category_parent: Ints
    """Shape (categories,); -1 at the top."""
    member_item: Ints
    member_category: Ints
    """Item ``member_item[k]`` is in category ``member_category[k]``."""
    interactions: tuple[Interactions, ...]

    @property
    def last_event(self) -> float:
        """Time of the latest event in seconds since 1970-01-01 UTC.

        Raises:
            StateError: there are no events.
        """
        if not self.interactions:
            raise StateError("the graph holds no events yet: `interestgraph load` brings them")
        return max(float(part.last_at.max()) for part in self.interactions)

    def moment(self, as_of: datetime | None) -> float:
        """`as_of` in seconds, by default the latest event.

        Raises:
            StateError: it lies before the latest event, so that later events would leak into the past.
        """
        last = self.last_event
        if as_of is None:
            return last
        at = utc(as_of).timestamp()
        if at < last:
            raise StateError(
                f"--as-of {utc(as_of):%Y-%m-%d %H:%M:%S} lies before the latest event in the graph "
                f"({datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M:%S} UTC): load only what came before, "
                "with `interestgraph load … --until`"
            )
        return at

    @property
    def primary(self) -> tuple[Interactions, ...]:
        """Interactions of the primary behaviours; all, if none of those is in the graph."""
        return tuple(part for part in self.interactions if part.primary) or self.interactions

    def matrix(
        self,
        as_of: float,
        parts: Sequence[Interactions] | None = None,
        multipliers: Mapping[str, float] | None = None,
    ) -> sparse.csr_array:
        """Users x items, the sum of decayed weights over behaviours where it is positive, float64.

        Args:
            as_of: moment in seconds.
            parts: which interactions; None: all.
            multipliers: behaviour -> factor of its weights; 1 for those not named.
        """
        from scipy import sparse

        chosen = self.interactions if parts is None else parts
        shape = (len(self.users), len(self.items))
        if not chosen:
            return sparse.csr_array(shape)
        user = np.concatenate([part.user for part in chosen])
        item = np.concatenate([part.item for part in chosen])
        factors = multipliers or {}
        weight = np.concatenate([part.decayed(as_of) * factors.get(part.behaviour, 1.0) for part in chosen])
        # From coordinates, which sums the behaviours of a pair; what returns or bad ratings outweigh counts nothing.
        summed = sparse.csr_array(sparse.coo_array((weight, (user, item)), shape=shape))
        summed.data = np.maximum(summed.data, 0.0)
        summed.eliminate_zeros()
        return summed

    def last_times(self, row: Ints, col: Ints, multipliers: Mapping[str, float] | None = None) -> Floats:
        """When the pairs (``row[k]``, ``col[k]``) of a user and an item last met, seconds; float64 (k,).

        Behaviours whose multiplier is 0 do not count; a pair that never met gets NaN.
        """
        latest = np.full(len(row), np.nan)
        wanted = row.astype(np.int64) * len(self.items) + col
        order = np.argsort(wanted)
        for part in self.interactions:
            if (multipliers or {}).get(part.behaviour, 1.0) == 0 or not len(wanted):
                continue
            pairs = part.user.astype(np.int64) * len(self.items) + part.item
            at = np.minimum(np.searchsorted(wanted, pairs, sorter=order), len(wanted) - 1)
            there = wanted[order[at]] == pairs
            np.fmax.at(latest, order[at[there]], part.last_at[there])
        return latest

    def category_matrix(self) -> sparse.csr_array:
        """Items x categories, 1 for each category of an item and all above it, float64."""
        from scipy import sparse

        shape = (len(self.items), len(self.categories))
        item, category = self.member_item, self.member_category
        rows, columns = [item], [category]
        while len(item):
            above = self.category_parent[category]
            item, category = item[above >= 0], above[above >= 0]
            rows.append(item)
            columns.append(category)
        row, column = np.concatenate(rows), np.concatenate(columns)
        made = sparse.csr_array(sparse.coo_array((np.ones(len(row)), (row, column)), shape=shape))
        made.data[:] = 1.0
        return made


def export_adjacency(database: Database) -> Adjacency:
    """Read the whole graph, one record per node."""
    users = [values[0] for values in database.stream("enrich/export_users")]
    items: list[str] = []
    titles: list[str | None] = []
    members: list[tuple[int, list[str]]] = []
    for item, title, names in database.stream("enrich/export_items"):
        members.append((len(items), names))
        items.append(item)
        titles.append(title)
    rows = list(database.stream("enrich/export_categories"))
    categories = [row[0] for row in rows]
    position = {name: at for at, name in enumerate(categories)}
    pairs = [(item, position[name]) for item, names in members for name in names]
    member = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return Adjacency(
        users=tuple(users),
        items=tuple(items),
        titles=tuple(titles),
        categories=tuple(categories),
        category_names=tuple(row[1] for row in rows),
        category_level=np.array([row[2] for row in rows], dtype=np.int32),
        category_parent=np.array([position.get(row[3], -1) for row in rows], dtype=np.int32),
        member_item=member[:, 0].copy(),
        member_category=member[:, 1].copy(),
        interactions=_export_interactions(database, users, items),
    )


def _export_interactions(database: Database, users: Sequence[str], items: Sequence[str]) -> tuple[Interactions, ...]:
    user_at = {name: at for at, name in enumerate(users)}
    item_at = {name: at for at, name in enumerate(items)}
    found = []
    for row in database.read("ingest/list_behaviours"):
        query = load_query("enrich/export_interactions").for_relationship(row["name"])
        sizes, owners = [], []
        item, weight, count, last_at = [], [], [], []
        for user, names, weights, counts, moments in database.stream(query):
            owners.append(user_at[user])
            sizes.append(len(names))
            item.append(np.fromiter((item_at[name] for name in names), np.int32, len(names)))
            weight.append(np.array(weights, dtype=np.float64))
            count.append(np.array(counts, dtype=np.int64))
            last_at.append(np.array(moments, dtype=np.float64) / 1000)
        if not sizes:
            continue
        user_column = np.repeat(np.array(owners, dtype=np.int32), sizes)
        item_column = np.concatenate(item)
        # The server gives relationships in no fixed order; sorted, one graph always gives the same arrays.
        order = np.lexsort((item_column, user_column))
        found.append(
            Interactions(
                behaviour=row["name"],
                strength=row["strength"],
                half_life=row["halfLife"],
                primary=bool(row["primary"]),
                user=user_column[order],
                item=item_column[order],
                weight=np.concatenate(weight)[order],
                count=np.concatenate(count)[order],
                last_at=np.concatenate(last_at)[order],
            )
        )
    return tuple(found)
