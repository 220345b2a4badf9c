"""Taking a load out again: the graph is as if it had never been there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interestgraph import UnknownIdError
from interestgraph.ingest.load import LoadConfig, LoadReport, load
from interestgraph.ingest.unload import unload
from interestgraph.neo4j.connection import Database
from tests.conftest import empty
from tests.ingest.test_resume import dump, same

HEAD = "user,item,behaviour,time,value,quantity,title,brand,price,category"
APRIL = [
    "u1,i1,buy,2024-04-01,3,1,Tea,A,,Drinks > Tea",
    "u1,i1,buy,2024-04-03,4,2,Tea,A,,Drinks > Tea",
    "u1,i2,view,2024-04-04,,,Cake,,2.5,Food",
    "u2,i1,buy,2024-04-05,3,1,Tea,A,,Drinks > Tea",
]
MAY = [
    "u1,i1,buy,2024-05-01,5,1,Green tea,B,,Drinks > Green tea",
    "u3,i3,fav,2024-05-02,,,Soap,,1,Home > Bath",
    "u1,i2,view,2024-03-04,,,Cakes,C,3,Food",
]


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Callable[..., LoadReport]:
    def call(name: str, *lines: str, **more: Any) -> LoadReport:
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([HEAD, *lines]) + "\n")
        return load(database, LoadConfig("events", path, **more), rejected_folder=tmp_path)

    return call


@pytest.mark.parametrize("first_out", [True, False])
def test_what_is_left_is_what_the_other_load_says(
    run: Callable[..., LoadReport], database: Database, first_out: bool
) -> None:
    kept, gone = (MAY, APRIL) if first_out else (APRIL, MAY)
    run("kept", *kept)
    whole = dump(database)
    empty(database)
    loads = {lines[0]: run(str(number), *lines) for number, lines in enumerate((APRIL, MAY))}
    report = unload(database, loads[gone[0]].load_id)
    assert report.events == len(gone)
    same(whole, dump(database))
    assert [row["load"]["loadId"] for row in database.read("ingest/list_loads")] == [loads[kept[0]].load_id]
    assert database.read("MATCH (p:LogPart) RETURN DISTINCT p.loadId AS id") == [{"id": loads[kept[0]].load_id}]


def test_the_only_load_leaves_an_empty_graph(run: Callable[..., LoadReport], database: Database) -> None:
    unload(database, run("april", *APRIL).load_id)
    assert database.read("MATCH (n) RETURN labels(n) AS l") == []
    with pytest.raises(UnknownIdError, match="no load events-x: there are none"):
        unload(database, "events-x")


def test_a_load_is_replaced(run: Callable[..., LoadReport], database: Database) -> None:
    right = run("right", *APRIL, *MAY)
    whole = dump(database)
    empty(database)
    wrong = run("wrong", *APRIL, "u9,i9,buy,2024-04-09,,,Wrong,,,Wrong > Place")
    fixed = run("right", *APRIL, *MAY, replace=wrong.load_id)
    assert (fixed.events, fixed.duplicates, fixed.load_id) == (right.events, 0, right.load_id)
    same(whole, dump(database))
    with pytest.raises(UnknownIdError, match="to replace"):
        run("more", *APRIL, "u9,i9,buy,2024-04-10,,,,,,", replace=wrong.load_id)
