"""Communities keep their ids from run to run, and what is new gets ids that were never used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interestgraph.analysis.ask import ask
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.unload import unload
from interestgraph.neo4j.connection import Database
from tests.enrich.test_enrich import dump
from tests.enrich.test_interrupted import DeathError


def newcomers(folder: Path, word: str) -> LoadConfig:
    """A fourth group of users with items of their own, and one of the tea drinkers who goes over to them."""
    rows = ["user,item,behaviour,time,title,category"]
    rows += [
        f"{user},{word}-{item},purchase,2024-05-{1 + (number + item) % 27:02d},{word} {item},Toys > {word}"
        for number, user in enumerate([*(f"{word}-fan-{number}" for number in range(8)), *["tea-fan-0"] * 4])
        for item in range(6)
    ]
    path = folder / f"{word}.csv"
    path.write_text("\n".join(rows) + "\n")
    return LoadConfig("events", path)


def upper(database: Database) -> dict[str, str]:
    """Label -> id of the upper communities."""
    rows = database.read("MATCH (c:Community {level: 1}) RETURN c.label AS label, c.communityId AS id")
    return {row["label"]: row["id"] for row in rows}


def above(database: Database, user: str) -> Any:
    query = "MATCH (:User {userId: $user})-[:IN_COMMUNITY]->()-[:PART_OF]->(c) RETURN c.communityId AS id"
    return database.read(query, user=user)[0]["id"]


def test_ids_last_and_are_never_given_twice(loaded_shop: Database, tmp_path: Path) -> None:
    first = enrich(loaded_shop, EnrichConfig())
    assert (first.figures.kept, first.figures.new, first.figures.gone) == (0, 3, 0)
    assert (first.figures.stability, first.figures.users_left_out) == (1.0, 0.0)
    before = upper(loaded_shop)
    assert set(before.values()) == {"1-1", "1-2", "1-3"}
    toys = load(loaded_shop, newcomers(tmp_path, "ball"), rejected_folder=tmp_path)
    second = enrich(loaded_shop, EnrichConfig())
    assert (second.figures.kept, second.figures.new, second.figures.gone) == (3, 1, 0)
    assert upper(loaded_shop) == before | {"Toys": "1-4"}
    assert above(loaded_shop, "tea-fan-0") == "1-4"
    rows = {row["communityId"]: row for row in ask(loaded_shop, "community_changes", {"minUsers": 1})}
    assert (rows["1-4"]["arrived"], rows["1-4"]["first"], rows["1-4"]["mostFrom"]) == (1, 8, before["Drinks"])
    drinks = rows[before["Drinks"]]
    assert (drinks["stayed"], drinks["left"], drinks["mostTo"]) == (7, 1, "1-4")
    unload(loaded_shop, toys.load_id)
    third = enrich(loaded_shop, EnrichConfig())
    assert (third.figures.kept, third.figures.new, third.figures.gone) == (3, 0, 1)
    load(loaded_shop, newcomers(tmp_path, "doll"), rejected_folder=tmp_path)
    enrich(loaded_shop, EnrichConfig())
    assert upper(loaded_shop) == before | {"Toys": "1-5"}
    again = dump(loaded_shop)
    assert not enrich(loaded_shop, EnrichConfig()).changed
    assert dump(loaded_shop) == again


@pytest.mark.parametrize("step", ["item statistics", "item community", "community parents"])
def test_a_run_that_dies_gives_the_ids_of_one_that_does_not(loaded_shop: Database, tmp_path: Path, step: str) -> None:
    enrich(loaded_shop, EnrichConfig())
    load(loaded_shop, newcomers(tmp_path, "ball"), rejected_folder=tmp_path)

    def die(name: str, *_: int) -> None:
        if name == step:
            raise DeathError

    with pytest.raises(DeathError):
        enrich(loaded_shop, EnrichConfig(), die)
    report = enrich(loaded_shop, EnrichConfig())
    assert (report.figures.kept, report.figures.new) == (3, 1)
    assert len(upper(loaded_shop)) == 4
    assert upper(loaded_shop)["Toys"] == "1-4"
    (moved,) = loaded_shop.read(
        "MATCH (u:User {userId: 'tea-fan-0'}), (r:EnrichRun) "
        "RETURN u.upperBefore AS before, u.communityRun = r.number AS now, count { (:Community {level: 1}) } AS n"
    )
    assert (moved["before"], moved["now"], moved["n"]) == (upper(loaded_shop)["Drinks"], True, 4)
