"""Every shipped loader on a small file in exactly the published layout."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from interestgraph.ingest.aggregate import build_tables
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.derive import derive
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.recommend import RecommendConfig, recommend


def tables_of(loader: str, data: Path) -> dict[str, list[dict[str, Any]]]:
    """Run a loader up to the write; tables as rows."""
    spec = load_spec(loader)
    files = find_files(spec, data)
    with workspace() as backend:
        raw = {name: read_files(backend, paths, spec.formats.get(name)) for name, paths in files.items() if paths}
        raw = derive(raw, spec)
        clean = clean_events(backend, raw[spec.events.file], spec, now=datetime(2026, 1, 1))
        made = build_tables(backend, spec, clean.events, raw)
        rows = {name: getattr(made, name).to_pyarrow().to_pylist() for name in made.__dataclass_fields__}
        rows["rejected"] = clean.rejected.to_pyarrow().to_pylist()
        return rows


def weights(rows: dict[str, list[dict[str, Any]]]) -> dict[tuple[str, str, str], float]:
    return {(row["userId"], row["itemId"], row["behaviour"]): round(row["weight"], 9) for row in rows["interactions"]}


def write(path: Path, *lines: str) -> Path:
    text = "\n".join(lines) + "\n"
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def test_movielens_ratings_lower_and_raise_interest_and_genres_are_categories(tmp_path: Path) -> None:
    write(
        tmp_path / "ratings.csv",
        "userId,movieId,rating,timestamp",
        "1,10,5.0,964982703",
        "1,11,2.5,964982703",
        "1,12,0.5,964982703",
    )
    write(
        tmp_path / "movies.csv",
        "movieId,title,genres",
        '10,"American President, The (1995)",Comedy|Drama',
        "11,Heat (1995),Action",
        "12,Nothing (1999),(no genres listed)",
    )
    found = tables_of("movielens", tmp_path)
    # 5 stars count 1, a neutral 2.5 nothing, and 0.5 stars (0.5 - 2.5) / 2.5.
    assert weights(found) == {("1", "10", "RATED"): 1.0, ("1", "11", "RATED"): 0.0, ("1", "12", "RATED"): -0.8}
    assert [row["value"] for row in found["interactions"]] == [5.0, 2.5, 0.5]
    assert found["items"][0]["title"] == "American President, The (1995)"
    assert [(row["itemId"], row["categoryId"]) for row in found["in_category"]] == [
        ("10", "Comedy"),
        ("10", "Drama"),
        ("11", "Action"),
        ("12", "(no genres listed)"),
    ]
    alone = tables_of("movielens", tmp_path / "ratings.csv")
    assert len(alone["interactions"]) == 3
    assert alone["categories"] == []


def test_movielens_100k_is_tab_separated_without_header(tmp_path: Path) -> None:
    write(tmp_path / "u.data", "196\t242\t3\t881250949", "186\t302\t3\t891717742")
    (tmp_path / "u.user").write_bytes("196|49|M|écrivain|55105\n".encode("latin-1"))
    found = tables_of("movielens_100k", tmp_path)
    assert [(row["userId"], row["itemId"], row["value"]) for row in found["interactions"]] == [
        ("186", "302", 3.0),
        ("196", "242", 3.0),
    ]
    assert found["users"][1] == {"userId": "196", "age": "49", "gender": "M", "occupation": "écrivain"}
    assert found["interactions"][1]["lastAt"] == datetime(1997, 12, 4, 15, 55, 49)


def test_taobao_has_no_header_and_four_behaviours(tmp_path: Path) -> None:
    write(
        tmp_path / "UserBehavior.csv.gz",
        "1,2268318,2520377,pv,1511544070",
        "1,2268318,2520377,cart,1511544170",
        "1,2333346,2520771,fav,1511561733",
        "2,2268318,2520377,buy,1511731132",
    )
    found = tables_of("taobao_user_behavior", tmp_path)
    assert set(weights(found)) == {
        ("1", "2268318", "VIEWED"),
        ("1", "2268318", "CARTED"),
        ("1", "2333346", "FAVOURITED"),
        ("2", "2268318", "PURCHASED"),
    }
    assert [row["categoryId"] for row in found["categories"]] == ["2520377", "2520771"]


def test_rees46_splits_category_codes(tmp_path: Path) -> None:
    header = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
    session = "72d76fde-8bb3-4e00-8c23-a032dfed738c"
    laptop = "1307067,2053013558920217191,computers.notebook,lenovo"
    write(
        tmp_path / "2019-Oct.csv",
        header,
        f"2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,{session}",
        f"2019-10-01 00:00:05 UTC,purchase,{laptop},251.74,550050854,{session}",
    )
    write(
        tmp_path / "2019-Nov.csv",
        header,
        f"2019-11-01 00:00:00 UTC,cart,1307067,1,computers.notebook,lenovo,250,7,{session}",
    )
    found = tables_of("rees46", tmp_path)
    assert found["rejected"] == []
    assert len(found["interactions"]) == 3
    assert [(row["name"], row["level"]) for row in found["categories"]] == [("computers", 1), ("notebook", 2)]
    assert found["items"][0] | {"priceAt": None} == {
        "itemId": "1307067",
        "title": None,
        "brand": "lenovo",
        "price": 251.74,
        "priceAt": None,
    }


@pytest.mark.parametrize("old", [False, True])
def test_amazon_reviews_of_2023_and_older(tmp_path: Path, old: bool) -> None:
    if old:
        review = {"reviewerID": "A3SBTW3WS4IQSN", "asin": "B00", "overall": 4.0, "unixReviewTime": 1400457600}
        meta = {"asin": "B00", "title": "Case", "brand": "Acme", "categories": ["Phones", "Cases"], "price": 9.99}
    else:
        review = {"user_id": "AG", "parent_asin": "B00", "asin": "B01", "rating": 1.0, "timestamp": 1588687728923}
        meta = {
            "parent_asin": "B00",
            "title": "Case",
            "store": "Acme",
            "categories": ["Phones", "Cases"],
            "price": "$9.99",
        }
    write(tmp_path / "All_Beauty.jsonl", json.dumps(review | {"title": "fine", "text": "I like it"}))
    write(tmp_path / "meta_All_Beauty.jsonl.gz", json.dumps(meta))
    found = tables_of("amazon_reviews", tmp_path)
    (pair,) = found["interactions"]
    assert (pair["itemId"], pair["weight"]) == ("B00", pytest.approx(0.6 if old else -0.6))
    assert (found["items"][0]["title"], found["items"][0]["brand"]) == ("Case", "Acme")
    assert found["items"][0]["price"] == 9.99
    assert found["in_category"] == [{"itemId": "B00", "categoryId": "Phones > Cases"}]


def test_tafeng_times_are_local_dates(tmp_path: Path) -> None:
    write(
        tmp_path / "ta_feng_all_months_merged.csv",
        "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_SUBCLASS,PRODUCT_ID,AMOUNT,ASSET,SALES_PRICE",
        "11/1/2000,01104905,45-49,115,110411,4710199010372,2,24,30",
    )
    found = tables_of("tafeng", tmp_path)
    (pair,) = found["interactions"]
    assert (pair["userId"], pair["lastAt"]) == ("01104905", datetime(2000, 10, 31, 16))
    assert found["items"][0]["price"] == 15.0
    assert found["users"] == [{"userId": "01104905", "ageGroup": "45-49", "area": "115"}]


def test_steam_has_no_times(tmp_path: Path) -> None:
    write(
        tmp_path / "steam-200k.csv",
        "151603712,The Elder Scrolls V Skyrim,purchase,1.0,0",
        "151603712,The Elder Scrolls V Skyrim,play,273.0,0",
    )
    found = tables_of("steam", tmp_path)
    assert weights(found) == {
        ("151603712", "The Elder Scrolls V Skyrim", "PURCHASED"): 0.5,
        ("151603712", "The Elder Scrolls V Skyrim", "PLAYED"): 1.0,
    }
    assert {row["lastAt"] for row in found["interactions"]} == {datetime(2017, 1, 1)}


def test_yelp_categories_are_a_list(tmp_path: Path) -> None:
    review = {"review_id": "r", "user_id": "u", "business_id": "b", "stars": 5.0, "date": "2018-07-07 22:09:11"}
    business = {"business_id": "b", "name": "Abby", "city": "Goleta", "state": "CA", "categories": "Doctors, Health"}
    write(tmp_path / "yelp_academic_dataset_review.json", json.dumps(review))
    write(tmp_path / "yelp_academic_dataset_business.json", json.dumps(business))
    found = tables_of("yelp", tmp_path)
    assert [row["categoryId"] for row in found["in_category"]] == ["Doctors", "Health"]
    assert found["items"][0]["city"] == "Goleta"


def test_adjacency_lines_are_a_user_and_the_users_items(tmp_path: Path) -> None:
    write(tmp_path / "train.txt", "0 10 11 12", "1 10", "2 ")
    found = tables_of("adjacency", tmp_path)
    assert set(weights(found)) == {
        ("0", "10", "VISITED"),
        ("0", "11", "VISITED"),
        ("0", "12", "VISITED"),
        ("1", "10", "VISITED"),
    }


def retailrocket(folder: Path) -> Path:
    write(
        folder / "events.csv",
        "timestamp,visitorid,event,itemid,transactionid",
        "1433221332117,257597,view,355908,",
        "1433224214164,992329,addtocart,248676,",
        "1433222276276,599528,transaction,356475,4000",
    )
    header = "timestamp,itemid,property,value"
    write(
        folder / "item_properties_part1.csv",
        header,
        "1435460400000,355908,categoryid,1338",
        "1433041200000,355908,categoryid,1",
        "1435460400000,355908,790,n15360.000",
        "1435460400000,355908,888,1116713 960601 n277.200",
        "1433041200000,248676,available,1",
        "1442113200000,248676,790,n-3.675",
    )
    write(
        folder / "item_properties_part2.csv",
        header,
        "1442113200000,355908,available,0",
        "1433041200000,355908,available,1",
        "1433041200000,248676,categoryid,809",
        "1433041200000,356475,categoryid,99999",
    )
    write(folder / "category_tree.csv", "categoryid,parentid", "1016,", "213,1016", "1338,213", "809,169", "1,213")
    return folder


def test_retailrocket_properties_are_the_latest_and_categories_are_a_tree(tmp_path: Path) -> None:
    found = tables_of("retailrocket", retailrocket(tmp_path))
    assert weights(found) == {
        ("257597", "355908", "VIEWED"): 0.1,
        ("992329", "248676", "CARTED"): 0.4,
        ("599528", "356475", "PURCHASED"): 1.0,
    }
    assert {row["lastAt"] for row in found["interactions"]} == {
        datetime(2015, 6, 2, 5, 2, 12, 117000),
        datetime(2015, 6, 2, 5, 50, 14, 164000),
        datetime(2015, 6, 2, 5, 17, 56, 276000),
    }
    shared = {"title": None, "brand": None, "priceAt": None}
    assert found["items"] == [
        {"itemId": "248676", "price": -3.675, "discontinued": False, "available": "1", **shared},
        {"itemId": "355908", "price": 15360.0, "discontinued": True, "available": "0", **shared},
        {"itemId": "356475", "price": None, "discontinued": None, "available": None, **shared},
    ]
    # 809's parent and the category 99999 are not in the tree: both are at the top.
    assert {row["itemId"]: row["categoryId"] for row in found["in_category"]} == {
        "248676": "809",
        "355908": "1016 > 213 > 1338",
        "356475": "99999",
    }
    alone = tables_of("retailrocket", tmp_path / "events.csv")
    assert len(alone["interactions"]) == 3
    assert alone["categories"] == []


def test_retailrocket_properties_of_after_the_period_are_not_known(database: Database, tmp_path: Path) -> None:
    config = LoadConfig("retailrocket", retailrocket(tmp_path), until=datetime(2015, 6, 25))
    load(database, config, rejected_folder=tmp_path)
    (item,) = database.read(
        "MATCH (i:Item {itemId: '355908'})-[:IN_CATEGORY]->(c) "
        "RETURN i.available AS available, i.discontinued AS discontinued, i.price AS price, c.categoryId AS category"
    )
    assert item == {"available": "1", "discontinued": False, "price": None, "category": "1016 > 213 > 1"}


def test_instacart_orders_get_times_from_the_days_between_them(tmp_path: Path) -> None:
    write(
        tmp_path / "orders.csv",
        "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order",
        "2539329,1,prior,1,2,08,",
        "2398795,1,prior,2,3,07,15.0",
        "1187899,1,train,11,4,08,30.0",
        "2168274,2,prior,1,2,11,",
        "1492625,2,test,2,1,11,30.0",
    )
    header = "order_id,product_id,add_to_cart_order,reordered"
    write(tmp_path / "order_products__prior.csv", header, "2539329,196,1,0", "2398795,196,1,1", "2168274,14084,1,0")
    write(tmp_path / "order_products__train.csv", header, "1187899,196,1,1", "77,196,1,0")
    write(
        tmp_path / "products.csv",
        "product_id,product_name,aisle_id,department_id",
        "196,Soda,77,7",
        '14084,"Organic Unsweetened Vanilla Almond Milk, 1 l",91,16',
    )
    write(tmp_path / "aisles.csv", "aisle_id,aisle", "77,soft drinks", "91,soy lactosefree")
    write(tmp_path / "departments.csv", "department_id,department", "7,beverages", "16,dairy eggs")
    found = tables_of("instacart", tmp_path)
    milk, soda = found["interactions"][1], found["interactions"][0]
    assert (soda["userId"], soda["itemId"], soda["count"]) == ("1", "196", 3)
    assert (soda["firstAt"], soda["lastAt"]) == (datetime(2015, 1, 1, 8), datetime(2015, 2, 15, 8))
    assert (milk["userId"], milk["itemId"], milk["lastAt"]) == ("2", "14084", datetime(2015, 1, 1, 11))
    assert [(row["itemId"], row["title"]) for row in found["items"]] == [
        ("14084", "Organic Unsweetened Vanilla Almond Milk, 1 l"),
        ("196", "Soda"),
    ]
    assert [row["categoryId"] for row in found["in_category"]] == [
        "dairy eggs > soy lactosefree",
        "beverages > soft drinks",
    ]
    # A line whose order is not there has no user; its own file and row are named.
    (rejected,) = found["rejected"]
    assert (Path(rejected["file"]).name, rejected["row"], rejected["reason"]) == (
        "order_products__train.csv",
        2,
        "missing user",
    )


@pytest.mark.parametrize("second", [False, True])
def test_online_retail_cancellations_are_returns(tmp_path: Path, second: bool) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    rows = [
        "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom",
        "C536379,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-2,12/11/2010 9:41,2.55,17850,United Kingdom",
        "536370,POST,POSTAGE £,3,12/1/2010 8:45,18,12583,France",
        "581404,85123A,wet/rusty,-8,12/8/2011 13:47,0,,United Kingdom",
    ]
    if second:
        header = header.replace("InvoiceNo", "Invoice").replace("UnitPrice", "Price").replace("rID", "r ID")
        rows = [
            row.replace("12/1/2010 8:", "2010-12-01 08:").replace("12/11/2010 9:41", "2010-12-11 09:41:00")
            for row in rows
        ]
    (tmp_path / "data.csv").write_bytes("\n".join([header, *rows, ""]).encode("latin-1"))
    found = tables_of("online_retail", tmp_path / "data.csv")
    pairs = [(row["userId"], row["behaviour"], row["quantity"], row["value"]) for row in found["interactions"]]
    assert pairs == [
        ("12583", "PURCHASED", 3, 54),
        ("17850", "PURCHASED", 6, pytest.approx(15.3)),
        ("17850", "RETURNED", -2, pytest.approx(-5.1)),
    ]
    assert weights(found)["17850", "85123A", "RETURNED"] == -1
    assert found["interactions"][2]["lastAt"] == datetime(2010, 12, 11, 9, 41)
    # What the stock correction without a customer calls the item is not its title.
    assert [(row["itemId"], row["title"], row["price"]) for row in found["items"]] == [
        ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER", 2.55),
        ("POST", "POSTAGE £", 18),
    ]
    assert found["users"][0] == {"userId": "12583", "country": "France"}
    assert [(row["row"], row["column"], row["reason"]) for row in found["rejected"]] == [(4, "user", "missing user")]


def test_what_was_rated_badly_is_not_recommended(database: Database, tmp_path: Path) -> None:
    rows = [f"{user},{item},5,{964982703 + user}" for user in range(6) for item in (10, 11, 12)]
    rows += ["7,10,5,964982800", "7,11,0.5,964982801"]
    write(tmp_path / "ratings.csv", "userId,movieId,rating,timestamp", *rows)
    write(tmp_path / "movies.csv", "movieId,title,genres", "10,A,Drama|War", "11,B,Drama", "12,C,War")
    load(database, LoadConfig("movielens", tmp_path), rejected_folder=tmp_path)
    from interestgraph.enrich.enrich import EnrichConfig, enrich

    enrich(database, EnrichConfig())
    # Nothing is rated twice, so what was seen is left out unless it is asked for.
    assert [row.item_id for row in recommend(database, "7", RecommendConfig())] == ["12"]
    found = recommend(database, "7", RecommendConfig(exclude_seen=False))
    assert [row.item_id for row in found] == ["10", "12"]
    degrees = database.read(
        "MATCH (i:Item) RETURN i.itemId AS item, COUNT { (i)-[:IN_CATEGORY]->() } AS n ORDER BY item"
    )
    assert [row["n"] for row in degrees] == [2, 1, 1]
    assert found[0].reason.startswith("Rated once")
