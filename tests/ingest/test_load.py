"""What a load leaves in the graph: every node, relationship and property of two small logs."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interestgraph import DataError
from interestgraph.ingest.load import LoadConfig, LoadReport, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.ingest.spec import load_spec
from interestgraph.model import DecayedWeight
from interestgraph.neo4j.connection import Database, Row
from tests.conftest import empty
from tests.ingest.test_resume import dump, same


def relationships(database: Database, kind: str, start: str, end: str) -> dict[tuple[str, str], Row]:
    """Both ids -> properties, of all relationships of one type."""
    rows = database.read(f"MATCH (a)-[r:{kind}]->(b) RETURN a.{start} AS a, b.{end} AS b, properties(r) AS p")
    found = {(row["a"], row["b"]): row["p"] for row in rows}
    assert len(found) == len(rows)
    return found


def nodes(database: Database, label: str, key: str) -> dict[str, Row]:
    """Id -> the other properties, of all nodes of one label."""
    rows = database.read(f"MATCH (n:{label}) RETURN n.{key} AS key, properties(n) AS p")
    return {row["key"]: {name: value for name, value in row["p"].items() if name != key} for row in rows}


def test_the_graph_of_the_shop_log_is_what_its_rows_say(database: Database, shop_log: Path, tmp_path: Path) -> None:
    with shop_log.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    behaviours = load_spec("events").behaviours
    names = {"purchase": "PURCHASED", "view": "VIEWED"}
    weights: dict[tuple[str, str, str], DecayedWeight] = {}
    moments: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    values: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in rows:
        key = (names[row["behaviour"]], row["user"], row["item"])
        at = datetime.fromisoformat(row["time"]).replace(tzinfo=UTC).timestamp()
        before = weights.get(key, DecayedWeight(0.0, at))
        weights[key] = before.add(behaviours[key[0]].strength, at, behaviours[key[0]].half_life)
        moments[key].append(at)
        values[key] += float(row["value"] or 0)

    report = load(database, LoadConfig("events", shop_log), rejected_folder=tmp_path)

    for kind in ("PURCHASED", "VIEWED"):
        found = relationships(database, kind, "userId", "itemId")
        assert {(kind, *pair) for pair in found} == {key for key in weights if key[0] == kind}
        for pair, properties in found.items():
            key = (kind, *pair)
            assert properties["weight"] == pytest.approx(weights[key].weight, rel=1e-9)
            assert properties["count"] == len(moments[key])
            assert properties["firstAt"].to_native().timestamp() == min(moments[key])
            assert properties["lastAt"].to_native().timestamp() == max(moments[key])
            expected = {"value": values[key]} if kind == "PURCHASED" else {}
            assert {name: value for name, value in properties.items() if name == "value"} == expected
            assert "quantity" not in properties
    assert set(nodes(database, "User", "userId")) == {row["user"] for row in rows}
    items = nodes(database, "Item", "itemId")
    assert set(items) == {row["item"] for row in rows}
    assert (items["tea-3"]["title"], items["tea-3"]["price"]) == ("Tea 3", 5.5)
    assert "brand" not in items["tea-3"]
    assert relationships(database, "IN_CATEGORY", "itemId", "categoryId") == {
        (row["item"], row["category"]): {} for row in rows
    }
    assert nodes(database, "Category", "categoryId")["Drinks > Tea"] == {
        "name": "Tea",
        "level": 2,
        "path": ["Drinks", "Tea"],
    }
    assert relationships(database, "CHILD_OF", "categoryId", "categoryId") == {
        ("Drinks > Tea", "Drinks"): {},
        ("Food > Cake", "Food"): {},
        ("Home > Bath", "Home"): {},
    }
    assert nodes(database, "Behaviour", "name")["PURCHASED"] == {"strength": 1.0, "halfLife": 120.0, "primary": True}
    last = max(at for several in moments.values() for at in several)
    check_load_node(database, report, rows=len(rows), relationships=len(weights), last=last)


def check_load_node(database: Database, report: LoadReport, *, rows: int, relationships: int, last: float) -> None:
    assert (report.route, report.rows, report.events, report.rejected) == ("bolt", rows, rows, 0)
    assert (report.users, report.items, report.categories) == (24, 18, 6)
    assert report.relationships == relationships
    assert report.last_event_at is not None
    assert report.last_event_at.timestamp() == last
    (entry,) = nodes(database, "Load", "loadId").values()
    assert entry["status"] == "complete"
    assert (entry["source"], entry["files"], entry["rows"], entry["edges"]) == (
        "events",
        ["shop.csv"],
        rows,
        relationships,
    )
    assert entry["startedAt"] <= entry["endedAt"]
    assert database.read("MATCH (b:LoadBatch) RETURN b") == []


def test_overlapping_periods_add_only_what_is_new(database: Database, shop_log: Path, tmp_path: Path) -> None:
    def period(since: int | None, until: int | None) -> LoadReport:
        first = datetime(2024, 5, since) if since else None
        end = datetime(2024, 5, until) if until else None
        return load(database, LoadConfig("events", shop_log, first, end), rejected_folder=tmp_path)

    everything = period(None, None)
    whole = dump(database)
    empty(database)
    first = period(10, 20)
    inside = period(12, 13)
    assert (inside.events, inside.duplicates > 0) == (0, True)
    assert period(10, 20).route == "already loaded"
    parts = [first, period(19, None), period(None, 11), period(1, 30)]
    assert sum(part.events for part in parts) == everything.events
    for part in parts:
        assert part.rows == part.events + part.duplicates + part.outside + part.rejected
    same(whole, dump(database))


def test_a_period_without_events_is_told_and_changes_nothing(
    database: Database, shop_log: Path, tmp_path: Path
) -> None:
    config = LoadConfig("events", shop_log, since=datetime(2024, 8, 1))
    with pytest.raises(DataError, match=r"shop\.csv has no usable event .*\(\d+ outside of the period\)"):
        load(database, config, rejected_folder=tmp_path)
    assert database.read("ingest/is_empty") == [{"empty": True}]


def write(folder: Path, name: str, **columns: Any) -> None:
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")


@pytest.fixture
def journey(tmp_path: Path) -> Path:
    """A folder of the form of the Complete Journey: two households that buy, one that only got a campaign."""
    folder = tmp_path / "journey"
    folder.mkdir()
    moments = [datetime(2017, 1, 1, 8), datetime(2017, 5, 1, 8), datetime(2017, 6, 1, 9)]
    write(
        folder,
        "transactions",
        household_id=["1", "1", "2"],
        basket_id=["b1", "b2", "b3"],
        product_id=["82", "82", "900"],
        quantity=[2.0, 1.0, 4.0],
        sales_value=[3.0, 1.25, 10.0],
        transaction_timestamp=pa.array(moments, pa.timestamp("us")),
    )
    write(
        folder,
        "products",
        product_id=["82", "900", "77"],
        manufacturer_id=["5", "6", "6"],
        department=["GROCERY", "GROCERY", None],
        brand=["National", "Private", "Private"],
        product_category=["CHEESE", None, None],
        product_type=["BLUE; \"soft\", 'old'", None, "PEN"],
        package_size=["4 OZ", None, None],
    )
    person = {name: [None] for name in ("home_ownership", "marital_status", "household_comp", "kids_count")}
    write(
        folder,
        "demographics",
        household_id=["1"],
        age=["35-44"],
        income=["50-74K"],
        household_size=[2],
        **{name: pa.array(value, pa.string()) for name, value in person.items()},
    )
    write(
        folder,
        "campaign_descriptions",
        campaign_id=["13", "14"],
        campaign_type=["Type A", "Type B"],
        start_date=[date(2017, 3, 1), date(2017, 4, 1)],
        end_date=[date(2017, 4, 1), date(2017, 5, 1)],
    )
    write(folder, "campaigns", campaign_id=["13", "13", "14"], household_id=["1", "3", "1"])
    write(folder, "coupons", coupon_upc=["c1", "c2", "c3"], product_id=["82", "82", "55"], campaign_id=["13"] * 3)
    write(
        folder,
        "coupon_redemptions",
        household_id=["1", "1"],
        coupon_upc=["c1", "c2"],
        campaign_id=["13", "13"],
        redemption_date=[date(2017, 3, 5), date(2017, 3, 9)],
    )
    return folder


def test_campaigns_and_attributes_of_the_complete_journey(database: Database, journey: Path, tmp_path: Path) -> None:
    report = load(database, LoadConfig("complete_journey", journey), rejected_folder=tmp_path)
    assert (report.rows, report.users, report.items, report.relationships) == (3, 3, 4, 2)
    bought = relationships(database, "PURCHASED", "userId", "itemId")
    assert set(bought) == {("1", "82"), ("2", "900")}
    cheese = bought["1", "82"]
    # 120 days apart, which is the half-life.
    assert (cheese["count"], cheese["quantity"], cheese["value"], cheese["weight"]) == (
        *(2, 3.0, 4.25),
        pytest.approx(1.5),
    )
    assert nodes(database, "User", "userId") == {
        "1": {"age": "35-44", "income": "50-74K", "householdSize": 2},
        "2": {},
        "3": {},
    }
    items = nodes(database, "Item", "itemId")
    assert items["82"].pop("priceAt").to_native() == datetime(2017, 5, 1, 8, tzinfo=UTC)
    assert items["82"] == {
        "title": "BLUE; \"soft\", 'old' 4 OZ",
        "brand": "National",
        "price": 1.25,
        "manufacturerId": "5",
        "packageSize": "4 OZ",
    }
    assert items["77"] == {"title": "PEN", "brand": "Private", "manufacturerId": "6"}
    assert items["55"] == {}
    assert set(relationships(database, "IN_CATEGORY", "itemId", "categoryId")) == {
        ("82", "GROCERY > CHEESE > BLUE; \"soft\", 'old'"),
        ("900", "GROCERY"),
    }
    campaigns = nodes(database, "Campaign", "campaignId")
    assert {name: campaign["kind"] for name, campaign in campaigns.items()} == {"13": "Type A", "14": "Type B"}
    assert campaigns["13"]["endsAt"].to_native() == datetime(2017, 4, 1, tzinfo=UTC)
    received = relationships(database, "RECEIVED", "userId", "campaignId")
    assert received == {("1", "13"): {}, ("3", "13"): {}, ("1", "14"): {}}
    promotes = relationships(database, "PROMOTES", "campaignId", "itemId")
    assert promotes == {("13", "82"): {}, ("13", "55"): {}}
    redeemed = relationships(database, "REDEEMED", "userId", "campaignId")
    assert list(redeemed) == [("1", "13")]
    assert redeemed["1", "13"]["count"] == 2
    assert redeemed["1", "13"]["lastAt"].to_native() == datetime(2017, 3, 9, tzinfo=UTC)


def test_two_periods_of_it_are_the_whole(database: Database, journey: Path, tmp_path: Path) -> None:
    load(database, LoadConfig("complete_journey", journey), rejected_folder=tmp_path)
    whole = dump(database)
    database.run("MATCH (n) DETACH DELETE n")
    cut = datetime(2017, 3, 7)
    load(database, LoadConfig("complete_journey", journey, since=cut), rejected_folder=tmp_path)
    load(database, LoadConfig("complete_journey", journey, until=cut), rejected_folder=tmp_path)
    same(whole, dump(database))


def test_the_offline_route_brings_campaigns_and_attributes_too(
    database: Database, private: tuple[Database, OfflineImporter], journey: Path, tmp_path: Path
) -> None:
    config = LoadConfig("complete_journey", journey)
    load(database, config, rejected_folder=tmp_path)
    other, importer = private
    report = load(other, config, rejected_folder=tmp_path, offline=importer)
    assert report.route == "offline import"
    same(dump(database), dump(other))
    # What comes next is added over Bolt, to the same relationships.
    write(
        journey,
        "transactions",
        household_id=["1"],
        basket_id=["b9"],
        product_id=["82"],
        quantity=[1.0],
        sales_value=[2.0],
        transaction_timestamp=pa.array([datetime(2017, 5, 1, 8)], pa.timestamp("us")),
    )
    write(
        journey,
        "coupon_redemptions",
        household_id=["1"],
        coupon_upc=["c1"],
        campaign_id=["13"],
        redemption_date=[date(2017, 3, 30)],
    )
    added = load(other, config, rejected_folder=tmp_path, offline=importer)
    assert added.route == "bolt"
    bought = relationships(other, "PURCHASED", "userId", "itemId")
    assert set(bought) == {("1", "82"), ("2", "900")}
    assert (bought["1", "82"]["count"], bought["1", "82"]["weight"]) == (3, pytest.approx(2.5))
    assert relationships(other, "REDEEMED", "userId", "campaignId")["1", "13"]["count"] == 3
