"""Business rules: which items may be proposed, what is pushed up, and how varied a list is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from interestgraph.errors import ConfigurationError
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.catalogue import Catalogue, Flags


@dataclass(frozen=True)
class Filters:
    """Rules for a list. None of them shortens it while enough items obey them."""

    category: str | None = None
    """Only items of this category (id, or a name that only one has) and below it."""
    brands: tuple[str, ...] = ()
    """Only items of these brands; empty: of any."""
    min_price: float | None = None
    max_price: float | None = None
    """Only items with a known price in between, both ends included."""
    in_stock: bool = False
    """Not items whose property ``inStock`` is false or whose ``stock`` is 0."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Only items with these values of attributes, such as ``{"packageSize": "32 OZ"}``."""
    include: tuple[str, ...] = ()
    """Only these items; empty: any."""
    exclude: tuple[str, ...] = ()
    """Not these items."""
    boosts: Mapping[str, float] = field(default_factory=dict)
    """Item id, brand or category id -> how many places of a list of ten it is worth, up (positive) or down."""
    max_per_category: int | None = None
    max_per_brand: int | None = None
    """Most items of one (deepest) category, and of one brand; items without one are not limited."""
    diversity: float = 0.0
    """0: by score alone; 1: each item as unlike those before it as possible (maximal marginal relevance)."""
    freshness: float = 0.0
    """0: by score alone; up to 1: the more, the sooner items with few users so far come."""

    def __post_init__(self) -> None:
        for name in ("diversity", "freshness"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigurationError(f"{name} must be from 0 to 1, got {getattr(self, name)}")
        for name in ("max_per_category", "max_per_brand"):
            most = getattr(self, name)
            if most is not None and most < 1:
                raise ConfigurationError(f"{name} must be at least 1, got {most}")
        low, high = self.min_price, self.max_price
        if low is not None and high is not None and low > high:
            raise ConfigurationError(f"min_price {low} is above max_price {high}")
        for name, value in self.boosts.items():
            if not np.isfinite(value):
                raise ConfigurationError(f"the boost of {name} must be a number, got {value}")

    @property
    def asks_graph(self) -> bool:
        """Whether properties of items count, which are asked of the graph as they are at this moment."""
        prices = self.min_price is not None or self.max_price is not None
        return prices or self.in_stock or bool(self.brands or self.where)

    @property
    def reorders(self) -> bool:
        """Whether the order is another than that of the scores."""
        return bool(self.diversity or self.freshness or self.boosts or self.max_per_category or self.max_per_brand)


def allowed_items(database: Database, catalogue: Catalogue, filters: Filters, category: str | None) -> Flags | None:
    """Which items obey the rules, shape (items,); None: all.

    Args:
        database: asked for prices, brands, stock and attributes, as they are at this moment.
        catalogue: the items.
        filters: the rules.
        category: id that ``filters.category`` means.
    """
    found = np.ones(len(catalogue.items), dtype=np.bool_)
    if category is not None:
        found &= in_subtree(catalogue, category)
    if filters.include:
        found &= _flags(catalogue, filters.include)
    if filters.exclude:
        found &= ~_flags(catalogue, filters.exclude)
    if filters.asks_graph:
        rows = database.read(
            "serve/matching_items",
            minPrice=filters.min_price,
            maxPrice=filters.max_price,
            brands=list(filters.brands),
            inStock=filters.in_stock,
            attributes=[[*pair] for pair in filters.where.items()],
        )
        found &= _flags(catalogue, tuple(row["itemId"] for row in rows))
    return None if found.all() else found


def _flags(catalogue: Catalogue, items: tuple[str, ...]) -> Flags:
    found = np.zeros(len(catalogue.items), dtype=np.bool_)
    found[[catalogue.position[item] for item in items if item in catalogue.position]] = True
    return found


def in_subtree(catalogue: Catalogue, category: str) -> Flags:
    """Which items are in a category or below it, shape (items,)."""
    inside = np.zeros(len(catalogue.categories), dtype=np.bool_)
    inside[catalogue.category_position[category]] = True
    up = catalogue.category_parent
    while True:
        more = inside | (inside[up] & (up >= 0))
        if (more == inside).all():
            return catalogue.per_item(catalogue.member, inside.astype(np.float64)) > 0
        inside = more
