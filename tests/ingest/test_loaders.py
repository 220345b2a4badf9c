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
            "price": 9.99,
        }
    write(tmp_path / "All_Beauty.jsonl", json.dumps(review | {"title": "fine", "text": "I like it"}))
    write(tmp_path / "meta_All_Beauty.jsonl.gz", json.dumps(meta))
    found = tables_of("amazon_reviews", tmp_path)
    (pair,) = found["interactions"]
    assert (pair["itemId"], pair["weight"]) == ("B00", pytest.approx(0.6 if old else -0.6))
    assert (found["items"][0]["title"], found["items"][0]["brand"]) == ("Case", "Acme")
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
