"""Aggregation: weights, values, prices, titles, categories and marketing tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interestgraph.ingest.spec import load_spec
from interestgraph.model import DecayedWeight
from tests.ingest.bench import Rows, csv, ingest, toml

HEAD = "user,item,event,time,value,quantity,title,price,category"


def by(rows: Rows, *names: str) -> list[tuple[object, ...]]:
    """Chosen columns of all rows, sorted."""
    return sorted((tuple(row[name] for name in names) for row in rows), key=str)


def test_two_purchases_and_a_view_by_hand(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "log.csv",
        HEAD,
        "u,i,buy,2024-01-01,5,1,,,",
        "u,i,buy,2024-04-30,7,2,,,",  # 120 days later: the half-life of purchases, so the first counts 1/2
        "u,i,view,2024-01-31,,,,,",
    )
    bought, viewed = ingest("events", [path]).tables["interactions"]
    assert bought == {
        "userId": "u",
        "itemId": "i",
        "behaviour": "PURCHASED",
        "count": 2,
        "quantity": 3.0,
        "value": 12.0,
        "weight": 1.5,
        "firstAt": datetime(2024, 1, 1),
        "lastAt": datetime(2024, 4, 30),
        "weeks": [2818, 2835],
        "weekCounts": None,
    }
    assert (viewed["behaviour"], viewed["weight"], viewed["value"], viewed["quantity"]) == ("VIEWED", 0.1, None, None)


MOMENT = st.integers(0, 400 * 86_400_000)
EVENT = st.tuples(st.sampled_from(["u", "v"]), st.sampled_from(["i", "j"]), st.sampled_from(["buy", "view"]), MOMENT)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=st.lists(EVENT, min_size=1, max_size=30))
def test_weights_of_any_log_are_the_sums_done_one_event_at_a_time(
    tmp_path: Path, log: list[tuple[str, str, str, int]]
) -> None:
    base = datetime(2023, 1, 1)
    spec = load_spec("events")
    kind = {"buy": "PURCHASED", "view": "VIEWED"}
    expected: dict[tuple[str, str, str], DecayedWeight] = {}
    counts: dict[tuple[str, str, str], int] = {}
    for user, item, word, millis in log:
        part, key = spec.behaviours[kind[word]], (user, item, kind[word])
        counts[key] = counts.get(key, 0) + 1
        before = expected.get(key, DecayedWeight(0.0, millis / 1000))
        expected[key] = before.add(part.strength, millis / 1000, part.half_life)
    table = {
        "user": [event[0] for event in log],
        "item": [event[1] for event in log],
        "event": [event[2] for event in log],
        "time": pa.array([base + timedelta(milliseconds=event[3]) for event in log], pa.timestamp("ms")),
    }
    pq.write_table(pa.table(table), tmp_path / "log.parquet")
    rows = ingest(spec, [tmp_path / "log.parquet"]).tables["interactions"]
    found = {(row["userId"], row["itemId"], row["behaviour"]): row for row in rows}
    assert set(found) == set(expected)
    for key, total in expected.items():
        assert found[key]["weight"] == pytest.approx(total.weight, rel=1e-9)
        assert found[key]["count"] == counts[key]
        assert (found[key]["lastAt"] - base).total_seconds() == pytest.approx(total.last_at)


def test_amounts_are_summed_and_of_ratings_the_latest_is_kept(tmp_path: Path) -> None:
    path = csv(tmp_path / "log.csv", "u,i,t,v", "u,i,2024-05-03,2", "u,i,2024-05-05,4", "u,i,2024-05-01,5")
    for meaning, value in (("amount", 11), ("rating", 4)):
        events = f'behaviour = "PURCHASED"\nvalue = "v"\nvalue_meaning = "{meaning}"'
        (row,) = ingest(str(toml(tmp_path / "mine.toml", events=events)), [path]).tables["interactions"]
        assert row["value"] == value


def test_prices_are_those_of_the_catalogue_or_of_the_latest_purchase(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "log.csv",
        HEAD,
        "u,listed,buy,2024-05-01,5,1,,3.5,",
        "u,paid,buy,2024-05-02,9,2,,,",
        "u,paid,buy,2024-05-01,8,1,,,",
        "u,paid,buy,2024-05-03,0,1,,,",  # given away: no price
        "u,paid,view,2024-05-04,100,1,,,",  # not a purchase
        "u,once,buy,2024-05-02,2.5,,,,",
        "u,seen,view,2024-05-02,,,,,",
    )
    items = ingest("events", [path]).tables["items"]
    assert by(items, "itemId", "price") == [("listed", 3.5), ("once", 2.5), ("paid", 4.5), ("seen", None)]


def test_the_last_title_and_attributes_that_are_there_win(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "log.csv",
        HEAD,
        'u,i,buy,2024-05-09,,,"Old, ""quoted"" name",,',
        "u,i,buy,2024-05-01,,,New name,,",
        "u,i,buy,2024-05-02,,,,,",
        "u,j,buy,2024-05-02,,,  ,,",
    )
    assert by(ingest("events", [path]).tables["items"], "itemId", "title") == [("i", "New name"), ("j", None)]


def test_categories_from_a_path(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "log.csv",
        HEAD,
        "u,a,buy,2024-05-01,,,,,Food > Cheese>Blue",
        "u,b,buy,2024-05-01,,,,,Food>>Bread >",
        "u,c,buy,2024-05-01,,,,,Food",
        "u,d,buy,2024-05-01,,,,, > ",
        "u,e,buy,2024-05-01,,,,,",
    )
    tables = ingest("events", [path]).tables
    assert by(tables["in_category"], "itemId", "categoryId") == [
        ("a", "Food > Cheese > Blue"),
        ("b", "Food > Bread"),
        ("c", "Food"),
    ]
    assert by(tables["categories"], "categoryId", "name", "level") == [
        ("Food > Bread", "Bread", 2),
        ("Food > Cheese > Blue", "Blue", 3),
        ("Food > Cheese", "Cheese", 2),
        ("Food", "Food", 1),
    ]
    assert by(tables["child_of"], "categoryId", "parentId") == [
        ("Food > Bread", "Food"),
        ("Food > Cheese > Blue", "Food > Cheese"),
        ("Food > Cheese", "Food"),
    ]


def test_categories_from_a_list(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "log.jsonl",
        '{"user": "u", "item": "a", "event": "buy", "time": 1714557600, "categories": ["Food", " Tea > Mint "]}',
        '{"user": "u", "item": "b", "event": "buy", "time": 1714557600, "categories": []}',
    )
    tables = ingest("events", [path]).tables
    assert [(row["itemId"], row["categoryId"]) for row in tables["in_category"]] == [("a", "Food > Tea > Mint")]
    assert max(row["level"] for row in tables["categories"]) == 2


def test_categories_from_columns_end_at_the_first_missing_level(tmp_path: Path) -> None:
    rest = '[items]\nfile = "log"\nid = "i"\ntitle = ["v", "c3"]\ncategories = ["c1", "c2", "c3"]'
    spec = toml(tmp_path / "mine.toml", rest=rest)
    path = csv(
        tmp_path / "log.csv",
        "u,i,t,c1,c2,c3",
        "u,full,2024-05-01,Food,Dairy,Milk",
        "u,half,2024-05-01,Food,Dairy,",
        "u,gap,2024-05-01,Food,,Milk",
        "u,none,2024-05-01,,Dairy,Milk",
    )
    spec.write_text(spec.read_text().replace('title = ["v", "c3"]', 'title = ["c1", "c3"]'))
    tables = ingest(str(spec), [path]).tables
    assert by(tables["in_category"], "itemId", "categoryId") == [
        ("full", "Food > Dairy > Milk"),
        ("gap", "Food"),
        ("half", "Food > Dairy"),
    ]
    assert by(tables["items"], "itemId", "title") == [
        ("full", "Food Milk"),
        ("gap", "Food Milk"),
        ("half", "Food"),
        ("none", "Milk"),
    ]


def test_user_attributes_keep_their_kind_and_users_without_events_are_users(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"id": ["u", "u", "w"], "age": [30, 31, None], "town": ["Rom", None, " "], "vip": [True, None, None]}),
        tmp_path / "people.parquet",
    )
    rest = '[users]\nfile = "people"\nid = "id"\nattributes = { age = "age", town = "town", vip = "vip" }'
    path = toml(tmp_path / "mine.toml", rest=rest)
    path.write_text(path.read_text().replace("[files]", '[files]\npeople = "people.parquet"'))
    log = csv(tmp_path / "log.csv", "u,i,t", "u,i,2024-05-01", "v,i,2024-05-01")
    tables = ingest(str(path), {"log": [log], "people": [tmp_path / "people.parquet"]}).tables
    assert tables["users"] == [
        {"userId": "u", "age": 31, "town": "Rom", "vip": True},
        {"userId": "v", "age": None, "town": None, "vip": None},
        {"userId": "w", "age": None, "town": None, "vip": None},
    ]


@pytest.fixture
def coupons(tmp_path: Path) -> tuple[str, dict[str, list[Path]]]:
    """A loader with redemptions, of which one has no time."""
    path = toml(tmp_path / "mine.toml", rest='[redeemed]\nfile = "slips"\ncampaign = "c"\nuser = "u"\ntime = "t"')
    path.write_text(path.read_text().replace("[files]", '[files]\nslips = "slips.csv"'))
    log = csv(tmp_path / "log.csv", "u,i,t", "u,i,2024-05-01", "u,i,2024-05-09")
    slips = csv(tmp_path / "slips.csv", "u,c,t", "u,A,2024-05-02", "u,A,2024-05-08", "v,A,", ",A,2024-05-02", "u,,")
    return str(path), {"log": [log], "slips": [slips]}


def test_redemptions_are_counted_and_dated(coupons: tuple[str, dict[str, list[Path]]]) -> None:
    spec, files = coupons
    tables = ingest(spec, files).tables
    assert tables["redeemed"] == [
        {"userId": "u", "campaignId": "A", "count": 2, "lastAt": datetime(2024, 5, 8)},
        {"userId": "v", "campaignId": "A", "count": 1, "lastAt": None},
    ]
    assert [row["campaignId"] for row in tables["campaigns"]] == ["A"]
    assert [row["userId"] for row in tables["users"]] == ["u", "v"]


def test_each_redemption_is_in_one_of_two_periods(coupons: tuple[str, dict[str, list[Path]]]) -> None:
    spec, files = coupons
    day = datetime(2024, 5, 5)
    before = ingest(spec, files, until=day).tables["redeemed"]
    after = ingest(spec, files, since=day).tables["redeemed"]
    assert by(before, "userId", "count") == [("u", 1), ("v", 1)]
    assert by(after, "userId", "count") == [("u", 1)]
