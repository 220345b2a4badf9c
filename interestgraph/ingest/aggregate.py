"""Aggregation: events and catalogue tables become the nodes and relationships of the graph model.

Everything here is an Ibis expression; the workspace materialises what is written more than once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.read import FILE, ROW, as_text, as_time, pick
from interestgraph.ingest.spec import Columns, Items, Links, LoaderSpec, Nodes
from interestgraph.model import SECONDS_PER_DAY

PATH_SEPARATOR = " > "
"""Joins the names of a category's path into its id."""
_UNIT = "\x1f"


@dataclass(frozen=True)
class GraphTables:
    """The graph as tables, named as the graph model names their columns."""

    interactions: ir.Table
    """userId, itemId, behaviour, count, quantity, value, weight, firstAt, lastAt; ordered by user and item."""
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


def build_tables(
    backend: Any,
    spec: LoaderSpec,
    events: ir.Table,
    raw: Mapping[str, ir.Table],
    since: datetime | None = None,
    until: datetime | None = None,
) -> GraphTables:
    """Aggregate cleaned events and the specification's other files.

    Args:
        backend: the workspace.
        spec: the loader.
        events: from `clean_events`.
        raw: all files, from `read_files`, by their names under ``[files]``.
        since, until: the period (naive, UTC) of dated links, as for the events.

    Raises:
        DataError: a column is missing.
    """
    interactions = backend.create_table("interactions", interactions_of(events, spec))
    links = {
        "received": _links(spec, raw, spec.received, "received"),
        "promotes": _links(spec, raw, spec.promotes, "promotes"),
        "redeemed": _links(spec, raw, spec.redeemed, "redeemed"),
    }
    links["redeemed"] = _within(links["redeemed"], since, until)
    catalogue = backend.create_table("catalogue", _catalogue(spec, raw))
    items = _items(spec, events, catalogue, interactions, links["promotes"])
    users = _users(spec, raw, interactions, [links["received"], links["redeemed"]])
    categories, in_category, child_of = _categories(backend, catalogue)
    campaigns = _campaigns(spec, raw, links)
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
        interactions=interactions, categories=categories, in_category=in_category, child_of=child_of, **made
    )


def interactions_of(events: ir.Table, spec: LoaderSpec) -> ir.Table:
    """Sum the events of each (user, item, behaviour): counts, values, and the weight as of the last event.

    The weight of a group is the sum over its events of v * 2^(-(lastAt - at) / h): forward decay, see
    `interestgraph.model.DecayedWeight`.
    """
    keys = ["user", "item", "behaviour"]
    half_lives = [(events.behaviour == name, part.half_life) for name, part in spec.behaviours.items()]
    dated = events.mutate(
        last=events["at"].max().over(ibis.window(group_by=keys)),
        half_life=ibis.cases(*half_lives, else_=ibis.null("float64")),
    )
    days = dated["last"].delta(dated["at"], unit="millisecond") / (SECONDS_PER_DAY * 1000)
    dated = dated.mutate(decayed=dated.strength * ibis.literal(2.0) ** (-days / dated.half_life))
    value = dated.value.sum() if spec.events.value_meaning == "amount" else dated.value.argmax(dated["at"])
    grouped = dated.group_by(keys).agg(
        count=dated.count(),
        quantity=dated.quantity.sum(),
        value=value,
        weight=dated.decayed.sum(),
        firstAt=dated["at"].min(),
        lastAt=dated["at"].max(),
    )
    return grouped.rename(userId="user", itemId="item").order_by("userId", "itemId", "behaviour")


def _attributes(table: ir.Table, part: Nodes, spec: LoaderSpec, key: str) -> dict[str, ir.Value]:
    """The last value of every attribute, in the order of the rows."""
    chosen = {}
    for name, columns in part.attributes.items():
        column = pick(table, columns, spec, f"{key}.attributes.{name}")
        if column is not None:
            chosen[name] = _last(table, _plain(table[column]))
    return chosen


def _plain(column: ir.Value) -> ir.Value:
    """A value that Neo4j can store; text is trimmed and not empty."""
    kind = column.type()
    if kind.is_integer() or kind.is_boolean():
        return column
    if kind.is_floating():
        return ibis.ifelse(column.isnan(), ibis.null(kind), column)
    return as_text(column)


def _last(table: ir.Table, value: ir.Value) -> ir.Value:
    return value.last(order_by=[table[FILE], table[ROW]])


def _ids(table: ir.Table, column: str, name: str) -> ir.Table:
    return table.select(**{name: table[column]}).filter(ibis._[name].notnull()).distinct()


def _users(spec: LoaderSpec, raw: Mapping[str, ir.Table], interactions: ir.Table, links: list[ir.Table]) -> ir.Table:
    known = [_ids(table, "userId", "userId") for table in (interactions, *links)]
    attributes = None
    if spec.users is not None and spec.users.file in raw:
        table = raw[spec.users.file]
        key = pick(table, spec.users.id, spec, "users.id")
        table = table.mutate(userId=as_text(table[str(key)]))
        chosen = _attributes(table, spec.users, spec, "users")
        attributes = table.filter(table.userId.notnull()).group_by("userId").agg(**chosen)
        known.append(attributes.select("userId"))
    users = ibis.union(*known, distinct=True)
    return users if attributes is None else _left(users, attributes, "userId")


def _catalogue(spec: LoaderSpec, raw: Mapping[str, ir.Table]) -> ir.Table:
    """Items with attributes and category paths (each one's names joined by the unit separator), one row an item."""
    part = spec.items
    if part is None or part.file not in raw:
        empty = {"itemId": "string", "title": "string", "brand": "string", "price": "float64"}
        return ibis.memtable([], schema={**empty, "_paths": "array<string>"})
    table = raw[part.file]
    key = pick(table, part.id, spec, "items.id")
    table = table.mutate(itemId=as_text(table[str(key)])).mutate(_paths=_category_paths(table, part, spec))
    brand, price = pick(table, part.brand, spec, "items.brand"), pick(table, part.price, spec, "items.price")
    title = _title(table, part, spec)
    return (
        table.filter(table.itemId.notnull())
        .group_by("itemId")
        .agg(
            title=_last(table, title) if title is not None else ibis.null("string"),
            brand=_last(table, as_text(table[brand])) if brand else ibis.null("string"),
            price=_last(table, table[price].try_cast("float64")) if price else ibis.null("float64"),
            **_attributes(table, part, spec, "items"),
            _paths=_last(table, table["_paths"]),
        )
    )


def _title(table: ir.Table, part: Items, spec: LoaderSpec) -> ir.Value | None:
    """Title columns joined by a space; aliases of an optional title are alternatives, not parts."""
    if all(column in spec.optional for column in part.title):
        column = pick(table, part.title, spec, "items.title")
        return None if column is None else as_text(table[column])
    columns = [as_text(table[str(pick(table, (name,), spec, "items.title"))]) for name in part.title]
    return ibis.literal(" ").join(columns).nullif("")


def _category_paths(table: ir.Table, part: Items, spec: LoaderSpec) -> ir.Value:
    """The categories of each row, as a list of paths; missing where there is none."""
    column = pick(table, part.category_list, spec, "items.category_list")
    if column is None:
        path = _category_path(table, part, spec)
        return ibis.ifelse(path.isnull(), ibis.null("array<string>"), ibis.array([path]))
    entries = table[column]
    names = entries.cast("array<string>") if entries.type().is_array() else as_text(entries).split(part.list_separator)
    paths = names.map(lambda entry: _levels(entry.split(part.separator)).join(_UNIT)).filter(lambda path: path != "")
    return ibis.ifelse(paths.length() > 0, paths, ibis.null("array<string>"))


def _levels(names: ir.ArrayValue) -> ir.ArrayValue:
    return names.map(lambda name: name.strip()).filter(lambda name: name != "")


def _category_path(table: ir.Table, part: Items, spec: LoaderSpec) -> ir.Value:
    if part.categories:
        columns = [as_text(table[str(pick(table, (name,), spec, "items.categories"))]) for name in part.categories]
        # A missing level ends the path: text + missing is missing, and coalesce takes the longest that is there.
        paths = [_joined(columns[:depth]) for depth in range(len(columns), 0, -1)]
        return ibis.coalesce(*paths)
    column = pick(table, part.category_path, spec, "items.category_path")
    if column is None:
        return ibis.null("string")
    if table[column].type().is_array():
        names = table[column].cast("array<string>")
    else:
        names = table[column].cast("string").split(part.separator)
    return _levels(names).join(_UNIT).nullif("")


def _joined(columns: list[ir.StringValue]) -> ir.Value:
    path: Any = columns[0]
    for column in columns[1:]:
        path = path + _UNIT + column
    return path


def _items(
    spec: LoaderSpec,
    events: ir.Table,
    catalogue: ir.Table,
    interactions: ir.Table,
    promotes: ir.Table,
) -> ir.Table:
    known = [_ids(table, "itemId", "itemId") for table in (interactions, promotes, catalogue)]
    items = _left(ibis.union(*known, distinct=True), catalogue.drop("_paths"), "itemId")
    if spec.events.value_meaning != "amount":
        return items
    paid = events.filter(events.behaviour.isin(spec.primary) & (events.value > 0) & (events.quantity.fill_null(1) > 0))
    prices = paid.group_by(itemId=paid.item).agg(
        _paid=(paid.value / paid.quantity.fill_null(1)).argmax(paid["at"]).round(4), _paidAt=paid["at"].max()
    )
    items = _left(items, prices, "itemId")
    listed = items.price.notnull()
    return items.mutate(
        price=ibis.coalesce(items.price, items["_paid"]),
        priceAt=ibis.ifelse(listed, ibis.null("timestamp(6)"), items["_paidAt"]),
    ).drop("_paid", "_paidAt")


def _left(left: ir.Table, right: ir.Table, key: str) -> ir.Table:
    return left.left_join(right, key).drop(f"{key}_right")


def _categories(backend: Any, catalogue: ir.Table) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Categories, item memberships (deepest category), and the tree."""
    pathed = catalogue.filter(catalogue["_paths"].notnull()).select("itemId", _path=catalogue["_paths"].unnest())
    names = pathed["_path"].split(_UNIT)
    in_category = pathed.select("itemId", categoryId=names.join(PATH_SEPARATOR)).distinct()
    in_category = in_category.order_by("itemId", "categoryId")
    paths = pathed.select(path=names).distinct()
    prefixes = paths.mutate(level=ibis.range(1, paths.path.length() + 1).unnest())
    prefixes = prefixes.select(path=prefixes.path[: prefixes.level], level=prefixes.level).distinct()
    made = backend.create_table(
        "categories",
        prefixes.select(
            categoryId=prefixes.path.join(PATH_SEPARATOR),
            name=prefixes.path[prefixes.level - 1],
            level=prefixes.level.cast("int64"),
            path=prefixes.path,
        ).order_by("categoryId"),
    )
    below = made.filter(made.level > 1)
    child_of = below.select("categoryId", parentId=below.path[: below.level - 1].join(PATH_SEPARATOR))
    return made, backend.create_table("in_category", in_category), child_of.order_by("categoryId")


def _links(spec: LoaderSpec, raw: Mapping[str, ir.Table], part: Links | None, key: str) -> ir.Table:
    """A table userId, itemId, campaignId, at; rows without one of the ids they need are left out."""
    schema = {"campaignId": "string", "userId": "string", "itemId": "string", "at": "timestamp(6)"}
    if part is None or part.file not in raw:
        return ibis.memtable([], schema=schema)
    table = raw[part.file]

    def text(columns: Columns, name: str) -> ir.Value:
        column = pick(table, columns, spec, f"{key}.{name}")
        return ibis.null("string") if column is None else as_text(table[column])

    time = pick(table, part.time, spec, f"{key}.time")
    links = table.select(
        campaignId=text(part.campaign, "campaign"),
        userId=text(part.user, "user"),
        itemId=text(part.item, "item"),
        at=as_time(table[time], "auto", spec.events.timezone) if time else ibis.null("timestamp(6)"),
    )
    end = links.userId if part.user else links.itemId
    return links.filter(links.campaignId.notnull() & end.notnull())


def _within(links: ir.Table, since: datetime | None, until: datetime | None) -> ir.Table:
    """Only links of the period; those without a time belong to the first one, which has no beginning."""
    if since is not None:
        links = links.filter(links["at"] >= ibis.literal(since))
    if until is not None:
        links = links.filter(links["at"].isnull() | (links["at"] < ibis.literal(until)))
    return links


def _campaigns(spec: LoaderSpec, raw: Mapping[str, ir.Table], links: Mapping[str, ir.Table]) -> ir.Table:
    known = [_ids(table, "campaignId", "campaignId") for table in links.values()]
    part = spec.campaigns
    if part is None or part.file not in raw:
        return ibis.union(*known, distinct=True).mutate(
            kind=ibis.null("string"), startsAt=ibis.null("timestamp(6)"), endsAt=ibis.null("timestamp(6)")
        )
    table = raw[part.file]
    key = pick(table, part.id, spec, "campaigns.id")
    table = table.mutate(campaignId=as_text(table[str(key)]))

    def moment(columns: Columns, name: str) -> ir.Value:
        column = pick(table, columns, spec, f"campaigns.{name}")
        if column is None:
            return ibis.null("timestamp(6)")
        return _last(table, as_time(table[column], "auto", spec.events.timezone))

    kind = pick(table, part.kind, spec, "campaigns.kind")
    described = (
        table.filter(table.campaignId.notnull())
        .group_by("campaignId")
        .agg(
            kind=_last(table, as_text(table[kind])) if kind else ibis.null("string"),
            startsAt=moment(part.starts_at, "starts_at"),
            endsAt=moment(part.ends_at, "ends_at"),
        )
    )
    return _left(ibis.union(*known, described.select("campaignId"), distinct=True), described, "campaignId")
