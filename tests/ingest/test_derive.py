"""Logs that spread over several tables: clocks, long tables, joins, category trees, and what a row's values derive."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from interestgraph.errors import DataError
from tests.ingest.bench import Ingested, csv, ingest, toml

PURCHASED = 'behaviour = "PURCHASED"'
RETURNS = "[behaviours.PURCHASED]\nhalf_life = 10\n[behaviours.RETURNED]\nhalf_life = 10\nstrength = -1"


def shop(
    folder: Path, *, rest: str = "", events: str = PURCHASED, behaviours: str = "", **tables: tuple[str, ...]
) -> Ingested:
    """Ingest a log of several tables, each given by its lines; `log` is that of the events."""
    path = toml(folder / "mine.toml", events=events, rest=rest, behaviours=behaviours)
    others = "".join(f'{name} = "{name}.csv"\n' for name in tables if name != "log")
    path.write_text(path.read_text().replace('log = "*"\n', f'log = "*"\n{others}'))
    return ingest(str(path), {name: [csv(folder / f"{name}.csv", *lines)] for name, lines in tables.items()})


def categories(found: Ingested) -> dict[str, str]:
    return {row["itemId"]: row["categoryId"] for row in found.tables["in_category"]}


ORDERS = ("o,who,n,gap,h", "a,ann,1,,8", "c,ann,10,30.0,7", "b,ann,2,2,9", "d,bob,1,,0")
JOIN = '[[joins]]\nfile = "log"\nlookup = "orders"\non = "o"\ncolumns = { u = "who", t = "clock" }\n'


def clocked(folder: Path, anchor: str, *orders: str) -> Ingested:
    clock = f'[clock]\nfile = "orders"\nuser = "who"\norder = "n"\ndays = "gap"\nhour = "h"\n{anchor}\n'
    return shop(folder, rest=clock + JOIN, log=("o,i", "a,x", "b,x", "c,y", "d,x"), orders=orders or ORDERS)


def test_a_clock_adds_up_the_days_from_the_first_order(tmp_path: Path) -> None:
    found = clocked(tmp_path, "first = 2020-01-01")
    assert [(row["user"], row["at"]) for row in found.events] == [
        ("bob", datetime(2020, 1, 1)),
        ("ann", datetime(2020, 1, 1, 8)),
        ("ann", datetime(2020, 1, 3, 9)),
        ("ann", datetime(2020, 2, 2, 7)),
    ]


def test_a_clock_counts_back_from_the_last_order(tmp_path: Path) -> None:
    found = clocked(tmp_path, "last = 2020-02-02")
    assert [(row["user"], row["at"]) for row in found.events] == [
        ("ann", datetime(2020, 1, 1, 8)),
        ("ann", datetime(2020, 1, 3, 9)),
        ("bob", datetime(2020, 2, 2)),
        ("ann", datetime(2020, 2, 2, 7)),
    ]


def test_days_that_are_no_number_make_no_wrong_times(tmp_path: Path) -> None:
    orders = ("o,who,n,gap,h", "a,ann,1,,8", "b,ann,2,two,9", "c,ann,3,1,9", "d,bob,1,1e300,0")
    found = clocked(tmp_path, "first = 2020-01-01", *orders)
    assert [(row["user"], row["at"]) for row in found.events] == [("ann", datetime(2020, 1, 1, 8))]
    assert [(row["row"], row["reason"]) for row in found.rejected] == [(row, "missing time") for row in (2, 3, 4)]


def test_more_orders_leave_earlier_times_as_they_are(tmp_path: Path) -> None:
    before = clocked(tmp_path, "first = 2020-01-01").events
    after = clocked(tmp_path, "first = 2020-01-01", *ORDERS, "e,ann,11,4,8", "f,carl,1,,5").events
    assert after == before


def test_a_join_keeps_every_row_once_and_takes_the_last_that_fits(tmp_path: Path) -> None:
    rest = '[[joins]]\nfile = "log"\nlookup = "carts"\non = ["shop", "o"]\nlookup_on = ["id", "cart"]'
    found = shop(
        tmp_path,
        rest=rest,
        log=("shop,o,i,t", "1,7,x,2020-01-01", "1,7,y,2020-01-01", "2,7,x,2020-01-01", "3,7,x,2020-01-01"),
        carts=("id,cart,u,t", "1,7,old,2019-01-01", "2,7,bob,2019-01-01", "1,7,ann,2019-01-01", ",7,nobody,"),
    )
    assert [(row["user"], row["item"]) for row in found.events] == [("ann", "x"), ("ann", "y"), ("bob", "x")]
    # The log's own time is kept, not replaced by that of the other table.
    assert {row["at"] for row in found.events} == {datetime(2020, 1, 1)}
    assert [(row["row"], row["reason"]) for row in found.rejected] == [(4, "missing user")]


def test_a_join_by_an_optional_column_that_is_not_there_finds_nothing(tmp_path: Path) -> None:
    rest = """
[[joins]]
file = "log"
lookup = "names"
on = "v"
lookup_on = "id"
[items]
file = "log"
id = "i"
title = "name"
"""
    found = shop(tmp_path, rest=rest, log=("u,i,t", "ann,x,2020-01-01"), names=("id,name", "x,Milk", ",Nothing"))
    assert [row["title"] for row in found.tables["items"]] == [None]


def test_joins_follow_each_other_and_rename(tmp_path: Path) -> None:
    rest = """
[[joins]]
file = "things"
lookup = "shelves"
on = "shelf"
lookup_on = "id"
columns = { shelf_name = "name", hall = "hall" }
[[joins]]
file = "things"
lookup = "halls"
on = "hall"
lookup_on = "id"
columns = { hall_name = "name" }
[items]
file = "things"
id = "id"
title = "name"
categories = ["hall_name", "shelf_name"]
"""
    found = shop(
        tmp_path,
        rest=rest,
        log=("u,i,t", "ann,1,2020-01-01"),
        things=("id,name,shelf", "1,Milk,s1", "2,Tea,s9"),
        shelves=("id,name,hall", "s1,Dairy,h1"),
        halls=("id,name", "h1,Food"),
    )
    assert [row["title"] for row in found.tables["items"]] == ["Milk", "Tea"]
    assert categories(found) == {"1": "Food > Dairy"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('on = "o"', r"log\.csv has no column o \(loader mine, joins\.on\)"),
        ('on = "i"', r"names\.csv has no column i \(loader mine, joins\.lookup_on\)"),
        (
            'on = "i"\nlookup_on = "id"\ncolumns = { a = "b" }',
            r"names\.csv has no column b \(loader mine, joins\.columns",
        ),
        (
            'on = "i"\nlookup_on = "id"\ncolumns = { u = "id" }',
            r"log\.csv has a column u already \(loader mine, joins\.c",
        ),
    ],
)
def test_a_join_that_cannot_be_made_names_file_and_column(tmp_path: Path, keys: str, message: str) -> None:
    rest = f'[[joins]]\nfile = "log"\nlookup = "names"\n{keys}'
    with pytest.raises(DataError, match=message):
        shop(tmp_path, rest=rest, log=("u,i,t", "ann,x,2020-01-01"), names=("id,name", "x,Milk"))


@pytest.mark.parametrize(("time", "colour"), [("", "red"), ('time = "t"', "blue")])
def test_a_long_table_gives_the_latest_value_of_each_property(tmp_path: Path, time: str, colour: str) -> None:
    rest = f"""
[long.facts]
id = "thing"
property = "what"
value = "says"
columns = ["colour", "price"]
{time}
[items]
file = "facts"
id = "thing"
price = "price"
attributes = {{ colour = "colour" }}
"""
    found = shop(
        tmp_path,
        rest=rest,
        log=("u,i,t", "ann,1,2020-01-01"),
        facts=(
            "t,thing,what,says",
            "2019-01-03,1,colour,blue",
            "2019-01-02,1,colour,red",
            "2019-01-01,1,price,€ 2.50",
            "2019-01-01,1,size,9",
            "2019-01-01,2,colour,green",
            "2019-01-01,,colour,grey",
        ),
    )
    items = {row["itemId"]: (row["colour"], row["price"]) for row in found.tables["items"]}
    assert items == {"1": (colour, 2.5), "2": ("green", None)}


def tree(folder: Path, *rows: str, keys: str = "", items: tuple[str, ...]) -> dict[str, str]:
    rest = f"""
[items]
file = "log"
id = "i"
category_path = "c"
category_tree = {{ file = "tree", id = "id", parent = "up"{keys} }}
"""
    log = tuple(f"ann,{item},2020-01-01,{item}" for item in items)
    return categories(shop(folder, rest=rest, log=("u,i,t,c", *log), tree=("id,up,name", *rows)))


def test_a_category_tree_gives_paths_of_names(tmp_path: Path) -> None:
    rows = ("1,,Food", "2,1,Dairy", "3,2, Milk ", "4,2,")
    found = tree(tmp_path, *rows, keys=', name = "name"', items=("3", "4", "1", "9"))
    assert found == {"3": "Food > Dairy > Milk", "4": "Food > Dairy > 4", "1": "Food", "9": "9"}


def test_what_has_no_parent_in_the_tree_is_at_the_top(tmp_path: Path) -> None:
    found = tree(tmp_path, "1,0,", "2,1,", "3,3,", "4,3,", "5,gone,", "6,5,", items=("2", "4", "6"))
    assert found == {"2": "1 > 2", "4": "3 > 4", "6": "5 > 6"}


def test_a_circle_of_categories_is_cut_where_it_is_entered(tmp_path: Path) -> None:
    found = tree(tmp_path, "1,2,", "2,3,", "3,1,", "4,1,", "5,,", "6,5,", items=("1", "2", "4", "6"))
    assert found == {"1": "1", "2": "2", "4": "4", "6": "5 > 6"}


def test_a_category_may_lie_thirty_levels_deep(tmp_path: Path) -> None:
    rows = [f"{level},{level - 1 or ''}," for level in range(1, 33)]
    assert tree(tmp_path, *rows, items=("32",)) == {"32": " > ".join(str(level) for level in range(1, 33))}


def test_the_last_parent_of_a_category_counts(tmp_path: Path) -> None:
    assert tree(tmp_path, "1,,", "2,,", "3,1,", "3,2,", items=("3",)) == {"3": "2 > 3"}


@pytest.mark.parametrize("events", [PURCHASED, 'behaviour_column = "b"'])
def test_a_negative_quantity_may_be_a_return(tmp_path: Path, events: str) -> None:
    found = shop(
        tmp_path,
        events=f'{events}\nquantity = "q"\nunit_price = "p"\nnegative_quantity = "RETURNED"',
        behaviours=RETURNS,
        log=(
            "u,i,t,q,p,b",
            "ann,x,2020-01-01,3,1.5,purchased",
            "ann,x,2020-01-02,-1,1.5,purchased",
            "ann,y,2020-01-03,,1.5,purchased",
            "ann,z,2020-01-04,1,dear,purchased",
        ),
    )
    assert [(row["behaviour"], row["strength"], row["quantity"], row["value"]) for row in found.events] == [
        ("PURCHASED", 1, 3, 4.5),
        ("RETURNED", -1, -1, -1.5),
        ("PURCHASED", 1, None, 1.5),
    ]
    assert [(row["row"], row["value"], row["reason"]) for row in found.rejected] == [
        (4, "dear", "value is not a number")
    ]


def test_behaviour_values_may_be_patterns(tmp_path: Path) -> None:
    behaviours = RETURNS.replace("10\n", '10\nvalues = "*"\n', 1).replace("10\ns", '10\nvalues = ["C*", "*.x"]\ns')
    found = shop(
        tmp_path,
        events='behaviour_column = "b"',
        behaviours=behaviours,
        log=(
            "u,i,t,b",
            *(f"ann,{row},2020-01-0{row + 1},{text}" for row, text in enumerate(("5", "c5", "5c", "5.X", "5x", ""))),
        ),
    )
    assert [row["behaviour"] for row in found.events] == ["PURCHASED", "RETURNED", "PURCHASED", "RETURNED", "PURCHASED"]
    assert [row["reason"] for row in found.rejected] == ["unknown behaviour"]


def test_times_may_have_several_forms(tmp_path: Path) -> None:
    found = shop(
        tmp_path,
        events=f'{PURCHASED}\ntime_format = ["%d.%m.%Y", "auto"]',
        log=("u,i,t", "ann,x,03.02.2020", "ann,y,2020-02-04T01:00:00Z", "ann,z,soon"),
    )
    assert [row["at"] for row in found.events] == [datetime(2020, 2, 3), datetime(2020, 2, 4, 1)]
    assert [row["reason"] for row in found.rejected] == ["unparseable time"]


@pytest.mark.parametrize(
    ("values", "said"),
    [("", [True, False, None, False]), ('discontinued_values = ["Gone", "0"]', [False, False, None, True])],
)
def test_items_that_are_no_longer_sold_are_marked(tmp_path: Path, values: str, said: list[bool | None]) -> None:
    found = shop(
        tmp_path,
        rest=f'[items]\nfile = "things"\nid = "id"\ndiscontinued = ["ended", "state"]\n{values}',
        log=("u,i,t", "ann,a,2020-01-01"),
        things=("id,state", "a,GONE", "a, Yes", "a,", "b,1", "b,on sale", "c,", "d,gone"),
    )
    assert [row["discontinued"] for row in found.tables["items"]] == said
