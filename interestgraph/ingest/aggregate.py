"""Aggregation: events and catalogue tables become the nodes and relationships of the graph model.

Everything here is an Ibis expression; the workspace materialises what is written more than once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.aliases import NONE, Aliases, renamed, without
from interestgraph.ingest.buckets import ITEMS, USERS
from interestgraph.ingest.history import history_of
from interestgraph.ingest.items import catalogue_of, categories_of, items_of
from interestgraph.ingest.marketing import campaigns_of, dated, links_of, redemptions
from interestgraph.ingest.nodes import users_of
from interestgraph.ingest.slices import aggregated, sliced
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.ingest.sums import interactions_of


@dataclass(frozen=True)
class GraphTables:
    """The graph as tables, named as the graph model names their columns."""

    interactions: ir.Table
    """userId, itemId, behaviour, count, quantity, value, weight, firstAt, lastAt, weeks, weekCounts; ordered by user
    and item."""
    users: ir.Table
    """userId and attributes."""
    items: ir.Table
    """itemId, title, brand, price, attributes, and priceAt where the price is that of the latest purchase."""
    categories: ir.Table
    """categoryId, name, level, path."""
    in_category: ir.Table
    """itemId, categoryId."""
    child_of: ir.Table
    """categoryId, parentId."""
    campaigns: ir.Table
    """campaignId, kind, startsAt, endsAt."""
    received: ir.Table
    """userId, campaignId."""
    promotes: ir.Table
    """campaignId, itemId."""
    redeemed: ir.Table
    """userId, campaignId, count, lastAt."""
    user_days: ir.Table
    """userId, behaviour, days, counts, values; see `interestgraph.ingest.history`."""
    item_weeks: ir.Table
    """itemId, behaviour, weeks, counts, values."""


def build_tables(
    backend: Any,
    spec: LoaderSpec,
    events: ir.Table,
    raw: Mapping[str, ir.Table],
    since: datetime | None = None,
    until: datetime | None = None,
    redeemed: ir.Table | None = None,
    aliases: Aliases = NONE,
) -> GraphTables:
    """Aggregate cleaned events and the specification's other files.

    Args:
        backend: the workspace.
        spec: the loader.
        events: from `clean_events`.
        raw: all files, from `read_files`, by their names under ``[files]``.
        since, until: the period (naive, UTC) of dated links, as for the events.
        redeemed: from `redemptions`; None: all of the period.
        aliases: items and categories that were merged into others, which stand in their place.

    Raises:
        DataError: a column is missing.
    """
    if redeemed is None:
        redeemed, _ = redemptions(backend, spec, raw, since, until)
    events = renamed(events, "item", aliases.items)
    with sliced(backend, events, "user") as slices:
        interactions = aggregated(backend, "interactions", slices, partial(interactions_of, spec=spec))
        days = aggregated(backend, USERS, slices, partial(history_of, name=USERS))
    with sliced(backend, events, "item") as slices:
        weeks = aggregated(backend, ITEMS, slices, partial(history_of, name=ITEMS))
    links = {
        "received": links_of(spec, raw, spec.received, "received"),
        "promotes": links_of(spec, raw, spec.promotes, "promotes"),
        "redeemed": redeemed.select(userId=redeemed.user, campaignId=redeemed.item, at=dated(redeemed["at"])),
    }
    links["promotes"] = renamed(links["promotes"], "itemId", aliases.items)
    catalogue = backend.create_table("catalogue", without(catalogue_of(spec, raw), "itemId", aliases.items))
    items = items_of(spec, events, catalogue, interactions, links["promotes"])
    users = users_of(spec, raw, interactions, [links["received"], links["redeemed"]])
    categories, in_category, child_of = categories_of(backend, catalogue, aliases.categories)
    campaigns = campaigns_of(spec, raw, links)
    tables = {
        "users": users,
        "items": items,
        "campaigns": campaigns,
        "received": links["received"].select("userId", "campaignId").distinct(),
        "promotes": links["promotes"].select("campaignId", "itemId").distinct(),
        "redeemed": links["redeemed"]
        .group_by("userId", "campaignId")
        .agg(count=ibis._.count(), lastAt=ibis._["at"].max()),
    }
    order = {
        "users": ["userId"],
        "items": ["itemId"],
        "campaigns": ["campaignId"],
        "received": ["userId", "campaignId"],
        "promotes": ["campaignId", "itemId"],
        "redeemed": ["userId", "campaignId"],
    }
    made = {name: backend.create_table(name, table.order_by(order[name])) for name, table in tables.items()}
    return GraphTables(
        interactions=interactions,
        user_days=days,
        item_weeks=weeks,
        categories=categories,
        in_category=in_category,
        child_of=child_of,
        **made,
    )
