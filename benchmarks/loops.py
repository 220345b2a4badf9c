"""How one writes the Complete Journey into Neo4j first: pandas, and UNWIND with MERGE in batches of 10,000 rows.

Two loops that make the graph that ``interestgraph load complete_journey`` makes: one sends every row of the log and
sums in Cypher, the other sums in pandas and sends every relationship. Nothing of interestgraph's ingest is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from interestgraph.neo4j.connection import Database

BATCH = 10_000
STRENGTH, HALF_LIFE_DAYS = 1.0, 120.0
PATH_SEPARATOR = " > "

IDS = {"User": "userId", "Item": "itemId", "Category": "categoryId", "Campaign": "campaignId"}
NODES = "UNWIND $rows AS row MERGE (n:{label} {{{key}: row.{key}}}) SET n += row"
CAMPAIGNS = """
UNWIND $rows AS row
MERGE (c:Campaign {campaignId: row.campaignId})
SET c.kind = row.kind, c.startsAt = datetime({epochMillis: row.startsAt}),
    c.endsAt = datetime({epochMillis: row.endsAt})
"""
PRICES = """
UNWIND $rows AS row
MATCH (i:Item {itemId: row.itemId})
SET i.price = row.price, i.priceAt = datetime({epochMillis: row.at})
"""
LINKS = {
    "IN_CATEGORY": ("Item", "itemId", "Category", "categoryId"),
    "CHILD_OF": ("Category", "categoryId", "Category", "parentId"),
    "RECEIVED": ("User", "userId", "Campaign", "campaignId"),
    "PROMOTES": ("Campaign", "campaignId", "Item", "itemId"),
}
LINK = """
UNWIND $rows AS row
MERGE (a:{start} {{{start_id}: row.{start_column}}})
MERGE (b:{end} {{{end_id}: row.{end_column}}})
MERGE (a)-[:{kind}]->(b)
"""
REDEEMED = """
UNWIND $rows AS row
MERGE (u:User {userId: row.userId})
MERGE (c:Campaign {campaignId: row.campaignId})
MERGE (u)-[r:REDEEMED]->(c)
ON CREATE SET r.count = 1, r.lastAt = datetime({epochMillis: row.at})
ON MATCH SET r.count = r.count + 1, r.lastAt = datetime({epochMillis: row.at})
"""
EVENTS = """
UNWIND $rows AS row
MERGE (u:User {userId: row.userId})
MERGE (i:Item {itemId: row.itemId})
MERGE (u)-[r:PURCHASED]->(i)
ON CREATE SET
  r.count = 1, r.quantity = row.quantity, r.value = row.value, r.weight = $strength,
  r.firstAt = datetime({epochMillis: row.at}), r.lastAt = datetime({epochMillis: row.at})
ON MATCH SET
  r.count = r.count + 1, r.quantity = r.quantity + row.quantity, r.value = r.value + row.value,
  r.weight = r.weight * 2.0 ^ ((r.lastAt.epochMillis - row.at) / 86400000.0 / $halfLife) + $strength,
  r.lastAt = datetime({epochMillis: row.at})
"""
SUMS = """
UNWIND $rows AS row
MERGE (u:User {userId: row.userId})
MERGE (i:Item {itemId: row.itemId})
MERGE (u)-[r:PURCHASED]->(i)
SET r.count = row.count, r.quantity = row.quantity, r.value = row.value, r.weight = row.weight,
    r.firstAt = datetime({epochMillis: row.firstAt}), r.lastAt = datetime({epochMillis: row.lastAt})
"""


def write_event_rows(database: Database, folder: Path) -> None:
    """Every row of the log is sent; a relationship is made by its first event and changed by the others."""
    events = _begin(database, folder)
    _send(database, EVENTS, events, strength=STRENGTH, halfLife=HALF_LIFE_DAYS)


def write_sums(database: Database, folder: Path) -> None:
    """The log is summed by user and item first, then every relationship is sent once."""
    _send(database, SUMS, purchase_sums(_begin(database, folder)))


def purchase_sums(events: pd.DataFrame) -> pd.DataFrame:
    """One row a user and item: count, quantity, value, weight as of the last event, times in epoch milliseconds."""
    pairs = events.groupby(["userId", "itemId"], sort=False)
    age = (pairs["at"].transform("max") - events["at"]) / 86_400_000
    return (
        events.assign(weight=STRENGTH * 2.0 ** (-age / HALF_LIFE_DAYS))
        .groupby(["userId", "itemId"], sort=False)
        .agg(
            count=("at", "size"),
            quantity=("quantity", "sum"),
            value=("value", "sum"),
            weight=("weight", "sum"),
            firstAt=("at", "min"),
            lastAt=("at", "max"),
        )
        .reset_index()
    )


def _begin(database: Database, folder: Path) -> pd.DataFrame:
    """Write all but the purchases; returns their rows, oldest first."""
    for label, key in IDS.items():
        database.run(f"CREATE CONSTRAINT FOR (n:{label}) REQUIRE n.{key} IS UNIQUE")
    for label, frame in node_tables(folder).items():
        statement = CAMPAIGNS if label == "Campaign" else NODES.format(label=label, key=IDS[label])
        _send(database, statement, frame)
    for kind, frame in link_tables(folder).items():
        _send(database, link_statement(kind), frame)
    _send(database, REDEEMED, redemption_table(folder))
    events = event_table(folder)
    _send(database, PRICES, latest_prices(events))
    return events


def link_statement(kind: str) -> str:
    """The MERGE of one relationship type that has no properties."""
    start, start_column, end, end_column = LINKS[kind]
    return LINK.format(
        kind=kind,
        start=start,
        start_id=IDS[start],
        start_column=start_column,
        end=end,
        end_id=IDS[end],
        end_column=end_column,
    )


def node_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Users with their attributes, items, categories and campaigns."""
    users = _read(folder, "demographics").rename(
        columns={
            "household_id": "userId",
            "home_ownership": "homeOwnership",
            "marital_status": "maritalStatus",
            "household_size": "householdSize",
            "household_comp": "householdComposition",
            "kids_count": "kidsCount",
        }
    )
    products = _read(folder, "products")
    items = pd.DataFrame(
        {
            "itemId": products["product_id"],
            "title": [_joined(pair, " ") for pair in zip(products.product_type, products.package_size, strict=True)],
            "brand": products["brand"],
            "manufacturerId": products["manufacturer_id"],
            "packageSize": products["package_size"],
        }
    )
    campaigns = _read(folder, "campaign_descriptions")
    campaigns = pd.DataFrame(
        {
            "campaignId": campaigns["campaign_id"],
            "kind": campaigns["campaign_type"],
            "startsAt": _millis(campaigns["start_date"]),
            "endsAt": _millis(campaigns["end_date"]),
        }
    )
    return {"User": users, "Item": items, "Category": _categories(products), "Campaign": campaigns}


def link_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Relationships without properties, in the columns that `LINKS` names."""
    products = _read(folder, "products")
    members = pd.DataFrame({"itemId": products["product_id"], "categoryId": _paths(products).map(PATH_SEPARATOR.join)})
    tree = _categories(products)
    tree = tree[tree["level"] > 1]
    parents = pd.DataFrame(
        {"categoryId": tree["categoryId"], "parentId": [PATH_SEPARATOR.join(path[:-1]) for path in tree["path"]]}
    )
    received = _read(folder, "campaigns").rename(columns={"campaign_id": "campaignId", "household_id": "userId"})
    promotes = _read(folder, "coupons").rename(columns={"campaign_id": "campaignId", "product_id": "itemId"})
    return {
        "IN_CATEGORY": members,
        "CHILD_OF": parents,
        "RECEIVED": received,
        "PROMOTES": promotes[["campaignId", "itemId"]].drop_duplicates(),
    }


def redemption_table(folder: Path) -> pd.DataFrame:
    """One row a coupon redeemed, oldest first."""
    rows = _read(folder, "coupon_redemptions").sort_values("redemption_date")
    return pd.DataFrame(
        {"userId": rows["household_id"], "campaignId": rows["campaign_id"], "at": _millis(rows["redemption_date"])}
    )


def event_table(folder: Path) -> pd.DataFrame:
    """The purchases, oldest first."""
    rows = _read(folder, "transactions").sort_values("transaction_timestamp", kind="stable")
    return pd.DataFrame(
        {
            "userId": rows["household_id"],
            "itemId": rows["product_id"],
            "quantity": rows["quantity"].astype(float),
            "value": rows["sales_value"],
            "at": _millis(rows["transaction_timestamp"]),
        }
    )


def latest_prices(events: pd.DataFrame) -> pd.DataFrame:
    """What one piece of each item cost when it was last bought."""
    paid = events[(events["value"] > 0) & (events["quantity"] > 0)].drop_duplicates("itemId", keep="last")
    return pd.DataFrame(
        {"itemId": paid["itemId"], "price": (paid["value"] / paid["quantity"]).round(4), "at": paid["at"]}
    )


def _read(folder: Path, name: str) -> pd.DataFrame:
    """A file, its ids as text and times in milliseconds."""
    frame = pd.read_parquet(folder / f"{name}.parquet")
    ids = [column for column in frame.columns if column.endswith("_id")]
    return frame.astype(dict.fromkeys(ids, str))


def _millis(times: pd.Series[Any]) -> pd.Series[Any]:
    return times.astype("datetime64[ms]").astype("int64")


def _joined(parts: tuple[Any, ...], separator: str) -> str | None:
    return separator.join(part for part in parts if isinstance(part, str)) or None


def _paths(products: pd.DataFrame) -> pd.Series[Any]:
    """The names from the department down; a missing one ends the path."""
    return pd.Series([list(_known(row)) for row in zip(*(products[name] for name in LEVELS), strict=True)])


LEVELS = ("department", "product_category", "product_type")


def _known(names: tuple[Any, ...]) -> Iterator[str]:
    for name in names:
        if not isinstance(name, str):
            return
        yield name


def _categories(products: pd.DataFrame) -> pd.DataFrame:
    paths = {tuple(path[: level + 1]) for path in _paths(products) for level in range(len(path))}
    rows = [
        {"categoryId": PATH_SEPARATOR.join(path), "name": path[-1], "level": len(path), "path": list(path)}
        for path in sorted(paths)
    ]
    return pd.DataFrame(rows)


def _send(database: Database, statement: str, frame: pd.DataFrame, **parameters: Any) -> None:
    for start in range(0, len(frame), BATCH):
        rows = frame.iloc[start : start + BATCH]
        rows = rows.astype(object).where(rows.notna(), None)
        database.write(statement, rows=rows.to_dict("records"), **parameters)
