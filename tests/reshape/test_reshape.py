"""Reshaping: what fades is packed away, comes back whole, and nothing is ever lost or counted twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interestgraph import ConfigurationError, InterestGraph, StateError
from interestgraph.ingest.load import LoadConfig, LoadReport, load
from interestgraph.ingest.pruned import take_back
from interestgraph.ingest.record import Event, record
from interestgraph.ingest.unload import unload
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import load_query
from interestgraph.reshape import prune
from interestgraph.reshape.measure import overlap
from interestgraph.reshape.reshape import ReshapeConfig, reshape
from tests.conftest import Output, empty
from tests.ingest.test_resume import dump, same

HEAD = "user,item,behaviour,time,value,quantity"
JANUARY = [
    "u1,tea,purchase,2023-01-03,3,1",
    "u1,tea,purchase,2023-01-20,4,2",
    "u1,cake,fav,2023-01-04,,",
    "u2,tea,purchase,2023-01-05,3,1",
    "u2,soap,purchase,2023-01-06,2,1",
    "u3,soap,purchase,2023-01-07,2,",
]
DECEMBER = ["u1,soap,purchase,2023-12-03,2,1", "u2,cake,fav,2023-12-04,,", "u4,tea,purchase,2023-12-05,3,1"]
GROWN = [*JANUARY, "u1,tea,purchase,2023-01-21,5,1", "u2,soap,purchase,2023-12-20,2,1", "u3,tea,fav,2023-01-02,,"]
Loader = Callable[..., LoadReport]


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Loader:
    def call(name: str, *lines: str) -> LoadReport:
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([HEAD, *lines]) + "\n")
        return load(database, LoadConfig("events", path), rejected_folder=tmp_path)

    return call


def unfold(database: Database) -> dict[str, Any]:
    """Take everything back that is pruned, and return the graph."""
    half_lives = {row["name"]: row["halfLife"] for row in database.read("ingest/list_behaviours")}

    def unit(run: Callable[..., Any]) -> None:
        nodes = database.read("MATCH (u:User), (i:Item) RETURN u.userId AS user, i.itemId AS item")
        for name, half_life in half_lives.items():
            rows = take_back(run, name, [(row["user"], row["item"]) for row in nodes])
            query = load_query("ingest/interactions").for_relationship(name)
            run(query, rows=rows, halfLife=half_life, ratings=False)

    database.transact(unit)
    assert database.read("reshape/pruned_size") == [{"users": 0, "pairs": 0, "bytes": 0}]
    found = dump(database)
    for properties in found.values():
        properties.pop("heldAt", None)
    return found


def pairs(database: Database) -> set[tuple[str, str]]:
    rows = database.read("MATCH (u:User)-[r:PURCHASED|FAVOURITED]->(i:Item) RETURN u.userId AS u, i.itemId AS i")
    return {(row["u"], row["i"]) for row in rows}


def grow(database: Database, run: Loader) -> None:
    assert run("grown", *GROWN).duplicates == len(JANUARY), "events of pruned relationships are still known"


def buy(database: Database, run: Loader) -> None:
    again = datetime(2023, 12, 24, tzinfo=UTC)
    late = datetime(2023, 1, 1, tzinfo=UTC)
    record(database, [Event("u1", "tea", "PURCHASED", again, 6.0), Event("u2", "tea", "PURCHASED", late, 1.0, 2.0)])


def take_january_out(database: Database, run: Loader) -> None:
    (first,) = [row["load"]["loadId"] for row in database.read("ingest/list_loads") if row["load"]["events"] == 6]
    unload(database, first)


def take_december_out(database: Database, run: Loader) -> None:
    (last,) = [row["load"]["loadId"] for row in database.read("ingest/list_loads") if row["load"]["rows"] == 3]
    unload(database, last)


def again(database: Database, run: Loader) -> None:
    assert run("january", *JANUARY).route == "already loaded"


STEPS = [[again, grow], [buy, take_january_out], [grow, take_december_out, buy]]


@pytest.mark.parametrize("steps", STEPS, ids=lambda steps: "-".join(step.__name__ for step in steps))
def test_whatever_comes_after_the_graph_is_that_of_one_never_pruned(
    database: Database, run: Loader, steps: list[Callable[[Database, Loader], None]]
) -> None:
    graphs = []
    for pruned in (True, False):
        empty(database)
        run("january", *JANUARY)
        run("december", *DECEMBER)
        if pruned:
            found = reshape(database, ReshapeConfig(below=0.3))
            assert found.pruned["PURCHASED"] == 3
            assert found.pruned["FAVOURITED"] == 1
            # Two purchases weigh 0.31 at the end of the year; one alone does not.
            assert pairs(database) == {("u1", "tea"), ("u1", "soap"), ("u2", "cake"), ("u4", "tea")}
            assert (found.after.pairs, found.after.pruned) == (4, 4)
        for step in steps:
            step(database, run)
        if pruned:
            reshape(database, ReshapeConfig(below=0.01))  # nothing has faded so far: it takes nothing back either
        graphs.append(unfold(database))
    same(graphs[1], graphs[0])


def test_an_event_brings_the_whole_relationship_back(database: Database, run: Loader) -> None:
    run("january", *JANUARY)
    run("december", *DECEMBER)
    reshape(database, ReshapeConfig(below=0.5))
    assert ("u1", "tea") not in pairs(database)
    buy(database, run)
    (row,) = database.read(
        "MATCH (:User {userId: 'u1'})-[r:PURCHASED]->(:Item {itemId: 'tea'}) RETURN r.count AS n, r.value AS value, "
        "r.quantity AS quantity, r.weight AS weight, toString(date(r.firstAt)) AS first, size(r.weeks) AS weeks"
    )
    assert (row["n"], row["value"], row["quantity"], row["first"], row["weeks"]) == (3, 13.0, 3.0, "2023-01-03", 3)
    assert row["weight"] == pytest.approx(1 + 2 ** (-338 / 120) + 2 ** (-355 / 120))
    (left,) = database.read("MATCH (p:Pruned {userId: 'u1'}) RETURN p.pairs AS pairs")
    assert left == {"pairs": 1}


def test_one_that_dies_is_completed_by_the_next(
    database: Database, run: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("january", *JANUARY)
    run("december", *DECEMBER)
    whole = unfold(database)
    monkeypatch.setattr(prune, "PAIRS_PER_BATCH", 1)

    class DeathError(Exception):
        """Stands for whatever ends a process."""

    def die(step: str, done: int, total: int) -> None:
        if done == 2:
            raise DeathError

    with pytest.raises(DeathError):
        reshape(database, ReshapeConfig(below=0.5), die)
    assert database.read("reshape/pruned_size")[0]["pairs"] == 2
    rest = reshape(database, ReshapeConfig(below=0.5))
    assert (sum(rest.pruned.values()), rest.after.pruned) == (4, 6)
    same(whole, unfold(database))


def test_users_whose_relationships_are_all_pruned_stay_and_are_forgotten_with_their_events(
    database: Database, run: Loader
) -> None:
    first = run("january", *JANUARY)
    run("december", *DECEMBER)
    record(database, [Event("u9", "tea", "PURCHASED", datetime(2023, 1, 2, tzinfo=UTC))])
    reshape(database, ReshapeConfig(below=0.4))
    unload(database, first.load_id)
    users = "MATCH (n:{label}) RETURN n.userId AS user ORDER BY user"
    assert [row["user"] for row in database.read(users.format(label="User"))] == ["u1", "u2", "u4", "u9"]
    assert [row["user"] for row in database.read(users.format(label="Pruned"))] == ["u9"]


def test_what_cannot_be_reshaped_is_refused(database: Database, run: Loader) -> None:
    with pytest.raises(StateError, match="holds no events yet"):
        reshape(database, ReshapeConfig())
    run("january", *JANUARY)
    with pytest.raises(StateError, match="every relationship weighs less than 50"):
        reshape(database, ReshapeConfig(below=50))
    with pytest.raises(StateError, match="lies before the latest event"):
        reshape(database, ReshapeConfig(as_of=datetime(2023, 1, 2, tzinfo=UTC)))
    database.run("MATCH (l:Load) SET l.status = 'writing'")
    with pytest.raises(StateError, match="is not complete"):
        reshape(database, ReshapeConfig())
    with pytest.raises(ConfigurationError, match="below must be above 0"):
        ReshapeConfig(below=0)


def test_overlap_is_the_share_of_the_list_that_stays() -> None:
    assert overlap({"a": ["1", "2"], "b": ["1"], "c": []}, {"a": ["2", "3"], "b": ["1"], "c": ["4"]}) == 0.75
    assert overlap({}, {}) == 1


def test_the_command_says_what_it_would_do_and_what_it_did(ig: Callable[..., Output], shop: InterestGraph) -> None:
    before = shop.status()
    dry = json.loads(ig("reshape", "--below", "0.9", "--dry-run", "--json").out)
    assert dry["pruned"]["PURCHASED"] > 0
    assert shop.status() == before
    text = ig("reshape", "--below", "0.9", "--dry-run").out
    assert "would be pruned" in text
    assert "bytes of own history" in text
    # 24 users with purchases on days of one month and a view: 15 bits a day, 1 or 2 a count, 64 a value.
    assert dry["state"]["users"] == 24
    assert 8 < dry["state"]["history"] / dry["state"]["days"] < 11
    done = ig("reshape", "--below", "0.9")
    assert done.code == 0, done.err
    assert "share of the ten best items that stay" in done.out
    after = shop.status()
    assert sum(before.behaviours.values()) - sum(after.behaviours.values()) == sum(dry["pruned"].values())
    assert after.enrich_run not in (None, before.enrich_run)
