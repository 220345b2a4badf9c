"""Guesses at logs in many forms: the guessed specification reads them straight away, and says what it did not use."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interestgraph.errors import DataError, LoaderError
from interestgraph.ingest.aggregate import build_tables
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.events import read_tables
from interestgraph.ingest.guess import guess
from interestgraph.ingest.guess.words import behaviour_of, fit
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import LoaderSpec, find_files, load_spec
from interestgraph.neo4j.connection import Database
from tests.conftest import Output

Run = Callable[..., Output]
Rows = list[dict[str, Any]]


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    data = ("\n".join(lines) + "\n").encode(encoding)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(data))
    elif path.suffix == ".zst":
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(data)
    else:
        path.write_bytes(data)
    return path


def objects(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return write(path, *(json.dumps(row) for row in rows))


def read(log: Path, folder: Path) -> tuple[LoaderSpec, dict[str, Rows]]:
    """Guess, write the specification, load it and run it up to the graph's tables."""
    path = folder / "guessed.toml"
    path.write_text(guess(log).text, encoding="utf-8")
    spec = load_spec(str(path))
    with workspace() as backend:
        raw = read_tables(backend, spec, find_files(spec, log))
        clean = clean_events(backend, raw[spec.events.file], spec, now=datetime.now(UTC).replace(tzinfo=None))
        tables = vars(build_tables(backend, spec, clean.events, raw))
        found: dict[str, Rows] = {name: table.to_pyarrow().to_pylist() for name, table in tables.items()}
        found["events"] = clean.events.order_by("at", "user", "item").to_pyarrow().to_pylist()
        found["rejected"] = clean.rejected.to_pyarrow().to_pylist()
    return spec, found


def of(rows: Rows, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_recbole_with_types_in_the_header(tmp_path: Path) -> None:
    log = write(
        tmp_path / "ml-100k.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float",
        "196\t242\t3\t881250949",
        "186\t302\t5\t891717742",
        "196\t302\t1\t878887116",
    )
    spec, found = read(log, tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "value") == [
        ("196", "302", "RATED", 1.0),
        ("196", "242", "RATED", 3.0),
        ("186", "302", "RATED", 5.0),
    ]
    assert spec.events.rating is not None
    assert (spec.events.rating.neutral, spec.events.rating.high) == (2.5, 5)
    assert found["events"][0]["at"] == datetime(1997, 11, 7, 7, 18, 36)


def test_rees46(tmp_path: Path) -> None:
    log = write(
        tmp_path / "2019-Oct.csv.gz",
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session",
        "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d7",
        "2019-10-01 00:00:01 UTC,cart,3900821,2053013552326770905,appliances.environment.heater,aqua,33.20,5,93",
        "2019-10-01 00:00:02 UTC,purchase,3900821,2053013552326770905,appliances.environment.heater,aqua,33.20,5,93",
    )
    spec, found = read(log, tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "value") == [
        ("541312140", "44600062", "VIEWED", 35.79),
        ("5", "3900821", "CARTED", 33.2),
        ("5", "3900821", "PURCHASED", 33.2),
    ]
    assert of(found["in_category"], "itemId", "categoryId") == [("3900821", "appliances > environment > heater")]
    assert [row["brand"] for row in found["items"]] == ["aqua", "shiseido"]
    assert spec.primary == ("PURCHASED",)


def test_taobao_without_a_header(tmp_path: Path) -> None:
    lines = ["1,2268318,2520377,pv,1511544070", "1,2333346,2520771,pv,1511561733", "2,2333346,2520771,buy,1511572885"]
    log = write(tmp_path / "UserBehavior.csv.zst", *lines, "2,2268318,2520377,cart,1511593493", "2,5,7,fav,1511644942")
    spec, found = read(log, tmp_path)
    assert spec.formats["events"].columns == ("user", "item", "category", "behaviour", "time")
    assert of(found["events"], "user", "item", "behaviour") == [
        ("1", "2268318", "VIEWED"),
        ("1", "2333346", "VIEWED"),
        ("2", "2333346", "PURCHASED"),
        ("2", "2268318", "CARTED"),
        ("2", "5", "FAVOURITED"),
    ]
    assert ("2268318", "2520377") in of(found["in_category"], "itemId", "categoryId")


@pytest.mark.parametrize("separator", ["::", "\t"])
def test_movielens_without_a_header(tmp_path: Path, separator: str) -> None:
    rows = ["1 1193 5 978300760", "1 661 3 978302109", "2 1193 1 978301968", "2 661 4 978301990", "3 5 2 978302000"]
    log = write(tmp_path / "ratings.dat", *(row.replace(" ", separator) for row in rows))
    spec, found = read(log, tmp_path)
    assert spec.formats["events"].columns == ("user", "item", "rating", "time")
    assert len(found["events"]) == 5
    assert of(found["events"], "user", "item", "behaviour", "value", "strength")[0] == ("1", "1193", "RATED", 5.0, 1.0)


def test_movielens_ratings(tmp_path: Path) -> None:
    log = write(tmp_path / "ratings.csv", "userId,movieId,rating,timestamp", "1,1,4.0,964982703", "2,1,0.5,964981247")
    _, found = read(log, tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "strength") == [
        ("2", "1", "RATED", -0.8),
        ("1", "1", "RATED", 0.6),
    ]


def test_retailrocket_events(tmp_path: Path) -> None:
    log = write(
        tmp_path / "events.csv",
        "timestamp,visitorid,event,itemid,transactionid",
        "1433221332117,257597,view,355908,",
        "1433221999827,111016,addtocart,318965,",
        "1433221955914,483717,transaction,253185,7",
    )
    _, found = read(log, tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "at") == [
        ("257597", "355908", "VIEWED", datetime(2015, 6, 2, 5, 2, 12, 117000)),
        ("483717", "253185", "PURCHASED", datetime(2015, 6, 2, 5, 12, 35, 914000)),
        ("111016", "318965", "CARTED", datetime(2015, 6, 2, 5, 13, 19, 827000)),
    ]
    assert "#   transactionid: 1 different values in 3 rows, 67% empty" in guess(log).text


def test_online_retail_with_returns_and_the_month_before_the_day(tmp_path: Path) -> None:
    log = write(
        tmp_path / "OnlineRetail.csv",
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "536365,85123A,LANTERN £,6,12/1/2010 8:26,2.55,17850,United Kingdom",
        "C536379,85123A,LANTERN £,-1,12/3/2010 9:41,2.55,17850,United Kingdom",
        "536367,84879,BIRD ORNAMENT,32,12/2/2010 8:34,1.69,,United Kingdom",
        encoding="latin-1",
    )
    text = guess(log).text
    _, found = read(log, tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "at", "value") == [
        ("17850", "85123A", "PURCHASED", datetime(2010, 12, 1, 8, 26), pytest.approx(15.3)),
        ("17850", "85123A", "RETURNED", datetime(2010, 12, 3, 9, 41), -2.55),
    ]
    assert [row["reason"] for row in found["rejected"]] == ["missing user"]
    assert {row["itemId"]: row["title"] for row in found["items"]}["85123A"] == "LANTERN £"
    assert "CHECK: %d/%m/%Y %H:%M fits as well" in text
    assert "As it is, 2 of the first 3 rows are events; the others: 1 missing user." in text


def test_a_german_shop_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    log = write(
        tmp_path / "Bestellungen.csv",
        "Bestelldatum;Kundennummer;ArtikelNr;Bezeichnung;Warengruppe;Menge;Einzelpreis",
        "01.05.2024 10:12;K1;A-7;Tee grün;Getränke > Tee;2;3,49",
        "13.05.2024 11:00;K2;A-9;Kuchen;Essen > Kuchen;1;1.204,00",
        "14.05.2024 11:00;K1;A-9;Kuchen;Essen > Kuchen;1;12,00",
    )
    text = guess(log).text
    _, found = read(log, tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "at", "quantity") == [
        ("K1", "A-7", "PURCHASED", datetime(2024, 5, 1, 10, 12), 2.0),
        ("K2", "A-9", "PURCHASED", datetime(2024, 5, 13, 11, 0), 1.0),
        ("K1", "A-9", "PURCHASED", datetime(2024, 5, 14, 11, 0), 1.0),
    ]
    assert ("A-7", "Getränke > Tee") in of(found["in_category"], "itemId", "categoryId")
    assert (
        "Einzelpreis: named like a price, but its numbers have a decimal comma (1.204,00), which cannot be read" in text
    )


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("用户ID,商品ID,行为,时间", "u1,i1,购买,2024-05-01 10:00:00"),
        ("yonghu_id,shangpin_id,xingwei,shijian", "u1,i1,goumai,2024/05/01 10:00:00"),
        ("id_client,produit,action,date_commande", "u1,i1,achat,01/05/2024 10:00"),
        ("id_usuario,articulo,accion,fecha", "u1,i1,compra,20240501100000"),
        ("Kunde,Artikel,Aktion,Zeitpunkt", "u1,i1,Kauf,01.05.2024 10:00"),
    ],
)
def test_logs_in_other_languages(tmp_path: Path, header: str, line: str) -> None:
    later = line.replace("01/05/2024", "15/05/2024").replace("u1,i1", "u2,i1")
    _, found = read(write(tmp_path / "log.csv", header, line, later), tmp_path)
    assert ("u1", "i1", "PURCHASED", datetime(2024, 5, 1, 10)) in of(found["events"], "user", "item", "behaviour", "at")


def test_json_lines_with_nested_lists(tmp_path: Path) -> None:
    shared = {"verified_purchase": True, "images": [], "style": {"Size:": " L"}}
    reviews: list[dict[str, Any]] = [
        {"rating": 5.0, "title": "Great", "parent_asin": "B0", "user_id": "U1", "timestamp": 1588687728923},
        {"rating": 1.0, "title": "Bad", "parent_asin": "B0", "user_id": "U2", "timestamp": 1588687728999},
        {"rating": 3.0, "title": "Meh", "parent_asin": "B3", "user_id": "U2", "timestamp": 1588787728999},
    ]
    paths = [["Beauty", "Hair"], ["Beauty", "Hair"], ["Beauty", "Skin"]]
    log = objects(
        tmp_path / "reviews.jsonl.gz",
        [{**row, **shared, "categories": path} for row, path in zip(reviews, paths, strict=True)],
    )
    text = guess(log).text
    _, found = read(log, tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "value") == [
        ("U1", "B0", "REVIEWED", 5.0),
        ("U2", "B0", "REVIEWED", 1.0),
        ("U2", "B3", "REVIEWED", 3.0),
    ]
    assert of(found["in_category"], "itemId", "categoryId") == [("B0", "Beauty > Hair"), ("B3", "Beauty > Skin")]
    # It is the title of the review, not of the item, which has two of them.
    assert "title: named like a title, but items have several of its values" in text
    lists = objects(tmp_path / "old.jsonl", [{**row, "categories": [["A", "B"], ["C"]]} for row in reviews])
    assert "categories: named like a category, but its values are records or lists of lists" in guess(lists).text


def test_parquet_with_types_of_its_own(tmp_path: Path) -> None:
    table = pa.table(
        {
            "session_start": pa.array([datetime(2024, 5, day, tzinfo=UTC) for day in (1, 2, 3)]),
            "accountId": pa.array([7, 8, 7]),
            "trackId": pa.array(["t1", "t2", "t1"]),
            "action": pa.array(["Play", "Skip", "Play"]),
            "genres": pa.array([["rock", "pop"], ["jazz"], ["rock", "pop"]]),
        }
    )
    pq.write_table(table, tmp_path / "plays.parquet")
    text = guess(tmp_path / "plays.parquet").text
    spec, found = read(tmp_path / "plays.parquet", tmp_path)
    assert of(found["events"], "user", "item", "behaviour", "at") == [
        ("7", "t1", "PLAYED", datetime(2024, 5, 1)),
        ("7", "t1", "PLAYED", datetime(2024, 5, 3)),
    ]
    assert "CHECK: rejected as unknown until they stand under a behaviour's values: Skip (1)" in text
    assert spec.items is not None
    assert spec.items.category_list == ("genres",)
    assert of(found["in_category"], "itemId", "categoryId") == [("t1", "pop"), ("t1", "rock"), ("t2", "jazz")]


def test_adjacency_lists_and_logs_without_times(tmp_path: Path) -> None:
    spec, found = read(write(tmp_path / "train.txt", "0 1 2 3", "1 4", "2 1 4"), tmp_path)
    assert spec.events.undated is not None
    assert len(found["events"]) == 6
    steam = [
        '1,"Skyrim",purchase,1.0,0',
        '1,"Skyrim",play,273.0,0',
        '2,"Portal 2",purchase,1.0,0',
        '2,"Skyrim",play,8,0',
    ]
    text = guess(write(tmp_path / "steam.csv", *steam)).text
    assert "# CHECK: no column holds times" in text
    assert 'columns = ["user", "item", "behaviour", "column_4", "column_5"]' in text


def test_levels_of_categories_are_ordered_by_their_number(tmp_path: Path) -> None:
    lines = [f"u{n % 3},p{n % 6},2024-05-0{1 + n % 9},aisle{n % 6 // 2},dep{n % 6 // 4},9.5" for n in range(24)]
    log = write(tmp_path / "sales.csv", "customer,product,date,aisle,department,total_price", *lines)
    spec, found = read(log, tmp_path)
    assert spec.items is not None
    assert spec.items.categories == ("department", "aisle")
    assert ("p5", "dep1 > aisle2") in of(found["in_category"], "itemId", "categoryId")
    assert spec.events.value == ("total_price",)


def test_numbers_that_stand_for_behaviours(tmp_path: Path) -> None:
    head = "user_id,item_id,behavior_type,item_category,time"
    log = write(
        tmp_path / "tianchi.csv", head, "9,2,1,4245,2014-12-06 02", "9,3,1,58,2014-12-09 20", "8,6,4,2,2014-12-18 11"
    )
    _, found = read(log, tmp_path)
    assert of(found["events"], "behaviour", "at")[-1] == ("PURCHASED", datetime(2014, 12, 18, 11))
    assert "CHECK, meant as in Alibaba's logs" in guess(log).text


def test_utf_16_and_a_byte_order_mark(tmp_path: Path) -> None:
    lines = ("user;item;time;event", "ü;i;2024-05-01;view", "u;i;2024-05-02;buy")
    for encoding in ("utf-16", "utf-8-sig"):
        _, found = read(write(tmp_path / "log.csv", *lines, encoding=encoding), tmp_path)
        assert of(found["events"], "user", "behaviour") == [("ü", "VIEWED"), ("u", "PURCHASED")]


def test_times_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", "user,item,time", "u,i,1714557600000000", "u,j,1714557600000001")
    text = guess(log).text
    assert (
        "# time: named like a time, but only 0% of its values can be read as times, such as '1714557600000000'" in text
    )


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        (
            "log.csv",
            ["colour,weight", "red,1.5", "blue,2.5"],
            "no column looks like the item .*colour .2 different., weight",
        ),
        ("log.csv", ["price,weight", "0.5,1.5", "1.5,2.5"], "no column looks like the user or the item"),
        ("log.csv", ["user,item,time"], "has no rows"),
        ("log.csv", ["user", "a", "b"], "one column only"),
        ("log.csv", [""], "is empty"),
        ("log.json", ['[{"user": 1}]'], "array of JSON: write one object a line"),
        ("log.txt", ['{"user": 1}'], "content of a .jsonl file: rename it"),
        ("log.csv", ["a\0b,c", "1,2"], "neither text nor Parquet"),
    ],
)
def test_what_cannot_be_guessed(tmp_path: Path, name: str, lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        guess(write(tmp_path / name, *lines))


def test_names_of_loaders(tmp_path: Path) -> None:
    log = write(tmp_path / "2024 Orders.csv", "user,item,time", "u,i,2024-05-01")
    assert guess(log).spec.name == "log_2024_orders"
    assert guess(log, "mine").spec.name == "mine"
    with pytest.raises(LoaderError, match="got 'My shop'"):
        guess(log, "My shop")


@pytest.mark.parametrize(
    ("value", "behaviour"),
    [
        ("Add to Cart", "CARTED"),
        ("product_added_to_cart", "CARTED"),
        ("remove_from_cart", None),
        ("order_returned", "RETURNED"),
        ("PAGE_VIEW", "VIEWED"),
        ("in den Warenkorb", "CARTED"),
        ("收藏", "FAVOURITED"),
        ("hover", None),
    ],
)
def test_words_for_behaviours(value: str, behaviour: str | None) -> None:
    assert behaviour_of(value) == behaviour


@pytest.mark.parametrize(
    ("column", "role"),
    [
        ("customer_unique_id", "user"),
        ("KundenNr", "user"),
        ("StockCode", "item"),
        ("parent_asin", "item"),
        ("order_purchase_timestamp", "time"),
        ("date_commande", "time"),
        ("Bestelldatum", "time"),
        ("quantité", "quantity"),
        ("Stückpreis", "price"),
        ("prix_unitaire", "price"),
        ("product_category_name", "category"),
        ("product_name", "title"),
        ("review_score", "rating"),
        ("order_id", None),
        ("customer_city", None),
        ("discount", None),
    ],
)
def test_names_of_columns(column: str, role: str | None) -> None:
    roles = ("user", "item", "time", "quantity", "price", "category", "title", "rating", "value", "behaviour", "brand")
    assert (
        max(roles, key=lambda name: fit(name, column)) == role if role else not any(fit(name, column) for name in roles)
    )


def test_the_command_writes_a_file_that_loads(ig: Run, database: Database, shop_log: Path) -> None:
    output = ig("loaders", "guess", str(shop_log), "-o", "guessed.toml")
    assert (output.code, output.out) == (0, "")
    assert "rows are events; read guessed.toml, and edit it" in output.err
    loaded = ig("load", "guessed.toml", "--data", str(shop_log), "--json")
    assert loaded.code == 0, loaded.err
    report = json.loads(loaded.out)
    assert (report["rejected"], report["users"], report["items"]) == (0, 24, 18)
    assert report["events"] == report["rows"] > 100
    assert report["categories"] == 6


def test_the_command_prints_and_refuses(ig: Run, shop_log: Path) -> None:
    printed = ig("loaders", "guess", str(shop_log), "--name", "shop")
    assert 'name = "shop"' in printed.out
    assert "# Named like a user; 24 different values" in printed.out
    assert printed.err == ""
    Path("there.toml").write_text("x = 1", encoding="utf-8")
    assert "there.toml is there already" in ig("loaders", "guess", str(shop_log), "-o", "there.toml").err
    assert ig("loaders", "guess", str(shop_log), "-o", "guessed.txt").code == 2
    assert "no such file: none.csv" in ig("loaders", "guess", "none.csv").err
