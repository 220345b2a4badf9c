"""The items of a graph as arrays: what candidates and features of every user are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

TOP_OF_CATEGORY = 20
"""Items that a category proposes."""
TOP_OF_ALL = 2000
"""Items of the trend list that is kept sorted."""


@dataclass(frozen=True)
class Links:
    """Weighted links from rows to items (CSR): row r has ``other[start[r]:start[r + 1]]``, best first."""

    start: NDArray[np.int64]
    other: Ints
    score: Floats

    @classmethod
    def none(cls, rows: int) -> Links:
        """No links."""
        return cls(np.zeros(rows + 1, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))

    @classmethod
    def of(cls, row: NDArray[np.integer], other: NDArray[np.integer], score: NDArray[np.floating], rows: int) -> Links:
        """From coordinates in any order."""
        order = np.lexsort((other, -score, row))
        start = np.zeros(rows + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=rows), out=start[1:])
        return cls(start, other[order].astype(np.int32), score[order].astype(np.float32))

    def spread(self, rows: Ints, strength: NDArray[np.floating], size: int) -> NDArray[np.float64]:
        """Sum of strength * score over the links of some rows, by target, shape (size,)."""
        found = np.zeros(size)
        found[: self.matrix.shape[1]] = self.matrix[rows].T @ np.asarray(strength, dtype=np.float64)
        return found

    def spread_each(
        self, starts: Sequence[tuple[Ints, NDArray[np.floating]]]
    ) -> list[tuple[Ints, NDArray[np.float64]]]:
        """`spread` for several (rows, strength) at once, each as targets in ascending order and their sums."""
        from scipy import sparse

        rows, strength = (np.concatenate(parts) for parts in zip(*starts, strict=True))
        start = np.concatenate(([0], np.cumsum([len(part) for part, _ in starts])))
        shape = (len(starts), self.matrix.shape[0])
        made = sparse.csr_array((strength.astype(np.float64), rows, start), shape=shape) @ self.matrix
        made = made.tocsc().tocsr()  # sorted by row and column, in less time than `sort_indices` takes
        cuts = made.indptr[1:-1]
        return list(zip(np.split(made.indices, cuts), np.split(made.data, cuts), strict=True))

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Rows x targets, up to the last that has a link; in double precision, as products of it are."""
        from scipy import sparse

        shape = (len(self.start) - 1, int(self.other.max(initial=-1)) + 1)
        return sparse.csr_array((self.score.astype(np.float64), self.other, self.start), shape=shape)


@dataclass(frozen=True)
class Catalogue:
    """Items, their categories and their links; position in `items` is an item's number everywhere."""

    items: tuple[str, ...]
    """Sorted ids."""
    titles: Sequence[str]
    """Empty where there is none; so are brands and communities."""
    brands: Sequence[str]
    communities: Sequence[str]
    price: Floats
    """NaN where there is none."""
    open: Flags
    """Not discontinued."""
    trend: Floats
    buyers: Floats
    repeat_rate: Floats
    member: Links
    """Items to the categories that they are in."""
    categories: tuple[str, ...]
    category_names: tuple[str, ...]
    category_parent: Ints
    near: Links
    """``SIMILAR_TO``."""
    linear: Links
    """The linear item model of the enrichment, see `interestgraph.enrich.linear`."""
    vectors: NDArray[np.float16] | None = None
    """Unit vectors, rows of zeros for items without one, shape (items, dimensions)."""

    @cached_property
    def position(self) -> dict[str, int]:
        """Id -> number."""
        return {item: at for at, item in enumerate(self.items)}

    @cached_property
    def category_position(self) -> dict[str, int]:
        """Category id -> number."""
        return {name: at for at, name in enumerate(self.categories)}

    @cached_property
    def brand(self) -> Ints:
        """Number of each item's brand, -1 for none."""
        return _codes(self.brands)

    @cached_property
    def community(self) -> Ints:
        """Number of each item's community, -1 for none."""
        return _codes(self.communities)

    @cached_property
    def community_position(self) -> dict[str, int]:
        """Community id -> number."""
        return dict(zip(self.communities, self.community.tolist(), strict=True))

    @cached_property
    def category(self) -> Ints:
        """The first category of each item, -1 for none, a position in `categories`."""
        first = self.member.start[:-1]
        found = np.full(len(self.items), -1, dtype=np.int32)
        some = self.member.start[1:] > first
        found[some] = self.member.other[first[some]]
        return found

    @cached_property
    def unit(self) -> Floats | None:
        """Vectors in single precision; an item without one, as a new one, has the mean of its category's."""
        if self.vectors is None:
            return None
        made = self.vectors.astype(np.float32)
        bare = ~made.any(axis=1)
        lacking = np.flatnonzero(bare & (self.category >= 0))
        if len(lacking):
            among = np.flatnonzero(~bare & np.isin(self.category, self.category[lacking]))
            mean = np.zeros((len(self.categories), made.shape[1]), dtype=np.float32)
            np.add.at(mean, self.category[among], made[among])
            length = np.linalg.norm(mean, axis=1, keepdims=True)
            made[lacking] = (mean / np.where(length > 0, length, 1))[self.category[lacking]]
        return made

    def path(self, number: int) -> list[str]:
        """Names of an item's category and those above it, the top first."""
        names: list[str] = []
        at = int(self.category[number])
        while at >= 0:
            names.append(self.category_names[at])
            at = int(self.category_parent[at])
        return names[::-1]

    @cached_property
    def parent(self) -> Ints:
        """The category above each item's own, -1 for none."""
        return self.above(self.category)

    def above(self, category: Ints) -> Ints:
        """The parents of categories; -1 stays -1."""
        if len(self.category_parent) == 0:
            return np.full(len(category), -1, dtype=np.int32)
        return np.where(category >= 0, self.category_parent[category], -1).astype(np.int32)

    @cached_property
    def sold_trend(self) -> Floats:
        """Trend of items that may be proposed, 0 for others."""
        return np.where(self.open, np.maximum(self.trend, 0), 0).astype(np.float32)

    @cached_property
    def category_trend(self) -> NDArray[np.float64]:
        """Sum of the trends of the items in each category itself."""
        size = len(self.categories)
        trend = np.repeat(np.maximum(self.trend, 0), np.diff(self.member.start))
        return np.bincount(self.member.other, weights=trend, minlength=size).astype(np.float64)

    @cached_property
    def shares(self) -> Links:
        """Items to their categories, scored by the item's share of the category's trend."""
        trend = np.repeat(self.sold_trend, np.diff(self.member.start))
        total = self.category_trend[self.member.other]
        share = np.divide(trend, total, out=np.zeros(len(trend)), where=total > 0)
        return Links(self.member.start, self.member.other, share.astype(np.float32))

    @cached_property
    def category_items(self) -> Links:
        """The items with the strongest trend of each category, at most `TOP_OF_CATEGORY`, scored by share of trend."""
        item = np.repeat(np.arange(len(self.items)), np.diff(self.member.start))
        some = self.shares.score > 0
        links = Links.of(self.member.other[some], item[some], self.shares.score[some], len(self.categories))
        row = np.repeat(np.arange(len(self.categories)), np.diff(links.start))
        kept = np.arange(len(row)) - links.start[row] < TOP_OF_CATEGORY
        return Links.of(row[kept], links.other[kept], links.score[kept], len(self.categories))

    def per_item(self, links: Links, value: NDArray[np.floating], items: Ints | None = None) -> NDArray[np.float64]:
        """Sum of score * value over the links of items, shape (items,); `value` is by target."""
        if items is None:
            item = np.repeat(np.arange(len(self.items)), np.diff(links.start))
            made = np.bincount(item, weights=links.score * value[links.other], minlength=len(self.items))
            return made.astype(np.float64)
        begin, length = links.start[items], links.start[items + 1] - links.start[items]
        at = np.repeat(begin - np.cumsum(length) + length, length) + np.arange(int(length.sum()))
        row = np.repeat(np.arange(len(items)), length)
        made = np.bincount(row, weights=links.score[at] * value[links.other[at]], minlength=len(items))
        return made.astype(np.float64)

    @cached_property
    def by_trend(self) -> Ints:
        """Numbers of the items with the strongest trend, best first, at most `TOP_OF_ALL`."""
        return top(self.sold_trend, TOP_OF_ALL)

    @cached_property
    def total_trend(self) -> float:
        """Sum of all trends."""
        return float(self.sold_trend.sum()) or 1.0


def _codes(names: Sequence[str]) -> Ints:
    codes: dict[str, int] = {"": -1}
    return np.array([codes.setdefault(name, len(codes) - 1) for name in names], dtype=np.int32)


def top(score: NDArray[np.floating], most: int) -> Ints:
    """Numbers of the largest positive scores, best first, ties by number."""
    positive = np.flatnonzero(score > 0)
    values = score[positive]
    if len(positive) > most:
        kept = np.argpartition(-values, most - 1)[:most]
        # All that tie with the last one, so that which of them stay does not depend on the partition.
        kept = np.flatnonzero(values >= values[kept].min())
        positive, values = positive[kept], values[kept]
    order = np.argsort(-values, kind="stable")[:most]
    return positive[order].astype(np.int32)
