"""Items: the catalogue with its attributes, prices and categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.aliases import PATH_SEPARATOR, Names, category_name, renamed
from interestgraph.ingest.nodes import attributes, ids, last, left_joined
from interestgraph.ingest.read import as_id, as_text, pick
from interestgraph.ingest.spec import Items, LoaderSpec

_UNIT = "\x1f"


def catalogue_of(spec: LoaderSpec, raw: Mapping[str, ir.Table]) -> ir.Table:
    """Items with attributes and category paths (each one's names joined by the unit separator), one row an item."""
    part = spec.items
    if part is None or part.file not in raw:
        empty = {"itemId": "string", "title": "string", "brand": "string", "price": "float64"}
        return ibis.memtable([], schema={**empty, "_paths": "array<string>"})
    table = raw[part.file]
    key = pick(table, part.id, spec, "items.id")
    table = table.mutate(itemId=as_id(table[str(key)], spec.id_case)).mutate(_paths=_category_paths(table, part, spec))
    user = next((name for name in spec.events.user if name in table.columns), None)
    if part.file == spec.events.file and user is not None:  # a feed of items alone has no users
        table = table.mutate(_event=as_text(table[user]).notnull())
    brand, price = pick(table, part.brand, spec, "items.brand"), pick(table, part.price, spec, "items.price")
    title = _title(table, part, spec)
    return (
        table.filter(table.itemId.notnull())
        .group_by("itemId")
        .agg(
            title=last(table, title) if title is not None else ibis.null("string"),
            brand=last(table, as_text(table[brand])) if brand else ibis.null("string"),
            price=last(table, _amount(table[price])) if price else ibis.null("float64"),
            **_discontinued(table, part, spec),
            **attributes(table, part, spec, "items"),
            _paths=last(table, table["_paths"]),
        )
    )


def _amount(column: ir.Value) -> ir.Value:
    """A number; as text it may have a letter or a currency before it, such as ``$9.99`` or ``n5.000``."""
    if column.type().is_string():
        column = column.re_replace("^[^0-9+.-]+", "")
    return column.try_cast("float64")


def _discontinued(table: ir.Table, part: Items, spec: LoaderSpec) -> dict[str, ir.Value]:
    """Whether an item is no longer sold, where the catalogue says so."""
    column = pick(table, part.discontinued, spec, "items.discontinued")
    if column is None:
        return {}
    said = as_text(table[column]).lower().isin([value.lower() for value in part.discontinued_values])
    return {"discontinued": last(table, said)}


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


def items_of(
    spec: LoaderSpec,
    events: ir.Table,
    catalogue: ir.Table,
    interactions: ir.Table,
    promotes: ir.Table,
) -> ir.Table:
    """All items of the log, the links and the catalogue, with their attributes; prices may be those last paid."""
    known = [ids(table, "itemId", "itemId") for table in (interactions, promotes, catalogue)]
    items = left_joined(ibis.union(*known, distinct=True), catalogue.drop("_paths"), "itemId")
    if spec.events.value_meaning != "amount":
        return items
    paid = events.filter(events.behaviour.isin(spec.primary) & (events.value > 0) & (events.quantity.fill_null(1) > 0))
    paid = paid.mutate(_price=(paid.value / paid.quantity.fill_null(1)).round(4))
    # Of several at the same moment the highest, so that the order of rows and loads does not matter.
    order = ibis.struct({"at": paid["at"], "price": paid["_price"]})
    prices = paid.group_by(itemId=paid.item).agg(_paid=paid["_price"].argmax(order), _paidAt=paid["at"].max())
    items = left_joined(items, prices, "itemId")
    listed = items.price.notnull()
    return items.mutate(
        price=ibis.coalesce(items.price, items["_paid"]),
        priceAt=ibis.ifelse(listed, ibis.null("timestamp(6)"), items["_paidAt"]),
    ).drop("_paid", "_paidAt")


def categories_of(backend: Any, catalogue: ir.Table, aliases: Names) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Categories, item memberships (deepest category), and the tree; aliases: categories that were merged."""
    pathed = catalogue.filter(catalogue["_paths"].notnull()).select("itemId", _path=catalogue["_paths"].unnest())
    if aliases:
        pathed = renamed(pathed, "_path", _renamed_paths(pathed, aliases))
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


def _renamed_paths(pathed: ir.Table, aliases: Names) -> Names:
    """Path as the log has it -> as the graph knows it, for those that differ; there are few categories."""
    found = {}
    for path in pathed.select("_path").distinct()["_path"].to_pyarrow().to_pylist():
        name = path.replace(_UNIT, PATH_SEPARATOR)
        known = category_name(name, aliases)
        if known != name:
            found[path] = known.replace(PATH_SEPARATOR, _UNIT)
    return found
