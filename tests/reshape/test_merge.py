"""Merged items: the graph is that of logs that had named the one item all along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interestgraph import DataError
from interestgraph.ingest.load import LoadConfig, LoadReport, load
from interestgraph.ingest.record import Event, record
from interestgraph.ingest.unload import unload
from interestgraph.neo4j.connection import Database
from interestgraph.reshape.merge import find_duplicates
from interestgraph.reshape.reshape import ReshapeConfig, reshape
from tests.conftest import empty
from tests.ingest.test_resume import same
from tests.reshape.test_reshape import DECEMBER, GROWN, JANUARY, Loader, again, run, unfold

__all__ = ["run"]
CATALOGUE = "user,item,behaviour,time,title,brand,category"
WARES = [
    "u1,a,purchase,2023-01-01,Green Tea,Leaf,Drinks > Tea",
    "u2,b,purchase,2023-01-02,green  tea,Leaf,Drinks > Tea",
    "u3,b,purchase,2023-01-03,green  tea,Leaf,Drinks > Tea",
    "u3,c,purchase,2023-01-03,Green Tea,Other,Drinks > Tea",
    "u3,d,purchase,2023-01-03,Green Tea,Leaf,Drinks > Herbs",
    "u3,e,purchase,2023-01-03,,Leaf,Drinks > Tea",
    "u3,f,purchase,2023-01-03,,Leaf,Drinks > Tea",
]
Wares = Callable[..., LoadReport]


@pytest.fixture
def wares(database: Database, tmp_path: Path) -> Wares:
    def call(name: str, *lines: str) -> LoadReport:
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([CATALOGUE, *lines]) + "\n")
        return load(database, LoadConfig("events", path), rejected_folder=tmp_path)

    return call


def test_merged_items_are_as_if_logs_had_named_one(database: Database, run: Loader, tmp_path: Path) -> None:
    mapping = tmp_path / "merge.csv"
    mapping.write_text("item,into\ncake,tea\n")
    graphs: list[dict[str, Any]] = []
    for merged in (True, False):
        empty(database)
        name = "cake" if merged else "tea"
        lines = [[line.replace("cake", name) for line in log] for log in (JANUARY, DECEMBER, GROWN)]
        run("january", *lines[0])
        december = run("december", *lines[1])
        if merged:
            reshape(database, ReshapeConfig(below=0.3))
            found = reshape(database, ReshapeConfig(below=0.001, merge=mapping))
            assert (found.merged, found.after.items) == (1, 2)
            assert reshape(database, ReshapeConfig(below=0.001, merge=mapping)).merged == 0
            again(database, run)
        # Later logs go on naming it, and known events stay known.
        assert run("grown", *lines[2]).duplicates == len(JANUARY)
        at = datetime(2023, 12, 24, tzinfo=UTC)
        record(database, [Event("u2", name, "PURCHASED", at, 6.0)])
        unload(database, december.load_id)
        graphs.append({key: value for key, value in unfold(database).items() if not key.startswith("Alias")})
    same(graphs[1], graphs[0])


def test_duplicates_are_of_equal_title_brand_and_categories(database: Database, wares: Wares) -> None:
    wares("wares", *WARES)
    assert find_duplicates(database) == [{"itemId": "a", "into": "b"}]
    assert reshape(database, ReshapeConfig(below=0.001, dry_run=True)).merged == 0
    dry = reshape(database, ReshapeConfig(below=0.001, dry_run=True, merge_duplicates=True))
    assert (dry.merged, dry.after.items) == (1, 6)
    assert reshape(database, ReshapeConfig(below=0.001, merge_duplicates=True)).after.items == 5
    wares("more", "u4,a,purchase,2023-02-01,Green Tea,Leaf,Drinks > Tea")
    rows = database.read("MATCH (u:User)-[:PURCHASED]->(:Item {itemId: 'b'}) RETURN u.userId AS u ORDER BY u")
    assert [row["u"] for row in rows] == ["u1", "u2", "u3", "u4"]
    assert database.read("MATCH (i:Item {itemId: 'a'}) RETURN i.title AS title") == []


def test_categories_that_differ_in_case_and_spaces_become_one(database: Database, wares: Wares) -> None:
    graphs: list[dict[str, Any]] = []
    for merged in (True, False):
        empty(database)

        def lines(*entries: str, merged: bool = merged) -> list[str]:
            made = [f"u{place % 3},{entry.replace('=', ',purchase,2023-01-0')}" for place, entry in enumerate(entries)]
            spelled = [line.replace("home  > BATH", "Home > Bath").replace("home > ", "Home > ") for line in made]
            return made if merged else spelled

        bath = [f"{item}=1,Towel {item},,Home > Bath" for item in "abcd"]
        wares("first", *lines(*bath, "e=3,Soap,,home  > BATH"))
        second = wares("second", *lines("f=4,Lamp,,home > Light", "a=5,Towel a,,home > Light > Red"))
        if merged:
            asked = ReshapeConfig(below=0.001, merge_duplicates=True)
            assert reshape(database, replace(asked, dry_run=True)).merged_categories == 4
            assert [reshape(database, asked).merged_categories for _ in range(2)] == [4, 0]
        names = database.read("MATCH (c:Category) RETURN c.categoryId AS id ORDER BY id")
        assert [row["id"] for row in names] == ["Home", "Home > Bath", "Home > Light", "Home > Light > Red"]
        wares("third", *lines("g=6,Pan,,home > Kitchen", "b=7,Towel,,home  > BATH"))
        unload(database, second.load_id)
        graphs.append({key: value for key, value in unfold(database).items() if "Alias" not in key})
    same(graphs[1], graphs[0])


def test_dead_categories_go_and_come_back_with_their_items(database: Database, wares: Wares) -> None:
    wares("first", "u1,a,purchase,2023-01-01,Tea,,Drinks > Tea")
    moved = wares("second", "u1,a,purchase,2023-01-02,Tea,,Food > Leaves")
    report = reshape(database, ReshapeConfig(below=0.001))
    assert report.dead_categories == 2
    names = "MATCH (c:Category) RETURN c.categoryId AS id ORDER BY id"
    assert [row["id"] for row in database.read(names)] == ["Food", "Food > Leaves"]
    unload(database, moved.load_id)
    assert [row["id"] for row in database.read(names)] == ["Drinks", "Drinks > Tea"]
    path = "MATCH (:Item {itemId: 'a'})-[:IN_CATEGORY]->(:Category)-[:CHILD_OF]->(c) RETURN c.categoryId AS id"
    assert database.read(path) == [{"id": "Drinks"}]


def test_dead_items_lose_their_vectors_but_not_their_history(database: Database, wares: Wares) -> None:
    wares("wares", *WARES, "u9,new,purchase,2023-12-01,New,,Drinks > Tea")
    database.run("MATCH (i:Item) SET i.embedding = [0.1, 0.2], i.discontinued = i.itemId IN ['a', 'new']")
    assert reshape(database, ReshapeConfig(below=0.5)).dead_items == 1
    rows = database.read(
        "MATCH (i:Item)-[h:HISTORY]->() "
        "RETURN i.itemId AS id, i.embedding IS NULL AS bare, h.counts AS counts ORDER BY id"
    )
    assert [(row["id"], row["counts"]) for row in rows if row["bare"]] == [("a", [1])]
    assert len(rows) == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "needs the columns item and into, it has a, b"),
        ("item,into\na,zzz\n", "names item zzz, which is not in the graph"),
        ("item,into\na,b\nb,c\n", "merges a into b, which is to be merged itself"),
    ],
)
def test_wrong_mappings_are_told(database: Database, wares: Wares, tmp_path: Path, text: str, message: str) -> None:
    wares("wares", *WARES)
    path = tmp_path / "merge.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        reshape(database, ReshapeConfig(merge=path))


def test_a_file_of_merges_that_is_not_there_is_told(database: Database, wares: Wares, tmp_path: Path) -> None:
    wares("wares", *WARES)
    with pytest.raises(DataError, match=r"none\.csv cannot be read: "):
        reshape(database, ReshapeConfig(merge=tmp_path / "none.csv"))
