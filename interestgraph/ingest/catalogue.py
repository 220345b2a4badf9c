"""Nodes and their attributes after a load was taken out: what the other loads say, in their order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from interestgraph.ingest.aliases import PATH_SEPARATOR, Names, category_name, read_aliases
from interestgraph.ingest.hold import Hold
from interestgraph.ingest.ledger import DECLARED, read_parts
from interestgraph.ingest.write import BATCH, epoch_millis
from interestgraph.neo4j.connection import Database, Row, batched

NODES = {"users": "userId", "items": "itemId", "campaigns": "campaignId"}
"""Tables of nodes with attributes, and their keys."""
LINKS = {
    "child_of": ("categoryId", "parentId"),
    "received": ("userId", "campaignId"),
    "promotes": ("campaignId", "itemId"),
}
"""Tables that are relationships without properties, and their keys."""


def restored(hold: Hold, load_id: str, others: Sequence[str], met: Mapping[str, Set[str]]) -> int:
    """Set nodes, attributes and plain relationships that a load brought to what the other loads say.

    Args:
        hold: the right to write; time-weighted relationships are done already.
        load_id: the load that is taken out.
        others: the other loads, the oldest first.
        met: ``users`` and ``items`` that its events name.

    Returns:
        How many nodes are removed.
    """
    database, (aliases, renamed) = hold.database, read_aliases(hold.database)
    for kind, keys in LINKS.items():
        known = renamed if kind == "child_of" else aliases
        mine = {_ends(row, keys, known) for row in _rows(database, kind, [load_id])}
        mine -= {_ends(row, keys, known) for row in _rows(database, kind, others)}
        for batch in batched(({"start": start, "end": end} for start, end in sorted(mine)), BATCH):
            hold.write(f"ingest/{kind}_drop", rows=batch)
    _restore_categories(hold, load_id, others, renamed)
    removed = 0
    for kind, key in NODES.items():
        ids = {row[key] for row in _rows(database, kind, [load_id])} | met.get(kind, set())
        names = {name for row in _rows(database, kind, [load_id]) for name in row if name != key}
        if kind == "items":
            ids |= {name for name, into in aliases.items() if into in ids}
        left = _folded(_rows(database, kind, others), key, ids)
        standing = {aliases[name] for name in left if name in aliases} if kind == "items" else set()
        for names_gone in batched(sorted(ids - set(left) - standing), BATCH):
            removed += hold.write(f"ingest/{kind}_drop", ids=names_gone)[0]["removed"]
        # Nodes that are only known from recorded events stay, without attributes.
        rows = ({key: name, "properties": {**dict.fromkeys(names), **left.get(name, {})}} for name in sorted(ids))
        for batch in batched(rows, BATCH):
            hold.write(f"ingest/{kind}_set", rows=batch)
    mine_categories = {_named(row, "categoryId", renamed) for row in _rows(database, "categories", [load_id])}
    mine_categories -= {_named(row, "categoryId", renamed) for row in _rows(database, "categories", others)}
    for batch in batched(sorted(mine_categories), BATCH):
        removed += hold.write("ingest/categories_drop", ids=batch)[0]["removed"]
    return removed


def _named(row: Row, key: str, aliases: Names) -> Any:
    """An id of a row, as the graph knows it; aliases: of items or categories."""
    if key in ("categoryId", "parentId"):
        return category_name(row[key], aliases)
    return aliases.get(row[key], row[key]) if key == "itemId" else row[key]


def _ends(row: Row, keys: tuple[str, str], aliases: Names) -> tuple[Any, Any]:
    """The ends of a link, as the graph knows them."""
    start, end = (_named(row, key, aliases) for key in keys)
    return start, end


def restored_behaviours(hold: Hold, load_id: str, others: Sequence[Row]) -> None:
    """Set the behaviours that a load declared to what the other loads say; forget those that only it knew.

    Args:
        hold: the right to write.
        load_id: the load that is taken out.
        others: the other loads, the oldest first.
    """
    database = hold.database
    left = {row["name"]: row for row in _rows(database, DECLARED, [load["loadId"] for load in others])}
    if not others:
        gone = [row["name"] for row in database.read("ingest/list_behaviours")]
    elif any(load["route"] == "record" for load in others):
        gone = []  # recorded events declare nothing, and may need what is there
    else:
        gone = [row["name"] for row in _rows(database, DECLARED, [load_id]) if row["name"] not in left]
    hold.write("ingest/behaviours", rows=[left[name] for name in sorted(left)])
    hold.write("ingest/drop_behaviours", names=gone)


def _restore_categories(hold: Hold, load_id: str, others: Sequence[str], renamed: Names) -> None:
    """Each item of the load gets the categories of the latest other load that has any for it."""
    latest: dict[str, list[str]] = {row["itemId"]: [] for row in _rows(hold.database, "in_category", [load_id])}
    for other in others:
        found: dict[str, list[str]] = {}
        for row in _rows(hold.database, "in_category", [other]):
            if row["itemId"] in latest:
                found.setdefault(row["itemId"], []).append(_named(row, "categoryId", renamed))
        latest |= found
    _restore_tree(hold, others, {name for names in latest.values() for name in names}, renamed)
    rows = [{"itemId": item, "categoryIds": sorted(set(latest[item]))} for item in sorted(latest)]
    for batch in batched(rows, BATCH):
        hold.write("ingest/in_category", rows=batch)


def _restore_tree(hold: Hold, others: Sequence[str], wanted: set[str], renamed: Names) -> None:
    """Categories that have items again, and all above them: `interestgraph reshape` deletes those without."""
    parents: dict[str, set[str]] = {}
    for row in _rows(hold.database, "child_of", others):
        child, parent = _ends(row, LINKS["child_of"], renamed)
        parents.setdefault(child, set()).add(parent)
    tree, new = set(wanted), set(wanted)
    while new:
        new = {parent for name in new for parent in parents.get(name, ())} - tree
        tree |= new
    nodes = {}
    for row in _rows(hold.database, "categories", others):
        name = _named(row, "categoryId", renamed)
        if name in tree:
            path = name.split(PATH_SEPARATOR) if name != row["categoryId"] else row["path"]
            nodes[name] = {**row, "categoryId": name, "name": path[-1], "path": path}
    links = [{"categoryId": name, "parentId": parent} for name in tree for parent in parents.get(name, ())]
    for batch in batched((nodes[name] for name in sorted(nodes)), BATCH):
        hold.write("ingest/categories", rows=batch)
    for batch in batched(sorted(links, key=lambda row: (row["categoryId"], row["parentId"])), BATCH):
        hold.write("ingest/child_of", rows=batch)


def _rows(database: Database, kind: str, loads: Sequence[str]) -> Iterator[Row]:
    """The rows of one table of some loads, in the order of the loads."""
    parts = database.read("ingest/list_parts", kinds=[kind], source=None, first=None, last=None, without=[])
    order = {name: place for place, name in enumerate(loads)}
    chosen = sorted((row for row in parts if row["loadId"] in order), key=lambda row: order[row["loadId"]])
    for table in read_parts(database, chosen):
        yield from table.to_pylist()


def _folded(rows: Iterator[Row], key: str, ids: set[str]) -> dict[str, Row]:
    """Id -> attributes, as the statements `ingest/items` and its like leave them after all rows in turn."""
    found: dict[str, Row] = {}
    for row in rows:
        if row[key] not in ids:
            continue
        known = found.setdefault(row[key], {})
        values = {name: _plain(value) for name, value in row.items() if name != key and value is not None}
        if "priceAt" in values and "price" in known and _less(values, known):
            values = {name: value for name, value in values.items() if name not in ("price", "priceAt")}
        elif "price" in values:
            known.pop("priceAt", None)
        known |= values
    return found


def _less(paid: Row, known: Row) -> bool:
    """Whether a price that was paid counts less than the one that is known: a listed one, or one paid later."""
    latest = (known.get("priceAt", math.inf), known["price"])
    return bool((paid["priceAt"], paid["price"]) < latest)


def _plain(value: Any) -> Any:
    return epoch_millis(value) if isinstance(value, datetime) else value
