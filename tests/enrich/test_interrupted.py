"""Enrichments that die, overlap, or have nothing to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from interestgraph import StateError
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.enrich.similarity import SimilarityConfig
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.context import read_context
from tests.conftest import empty
from tests.enrich.test_enrich import dump


class DeathError(Exception):
    """Stands for whatever ends a process."""


@pytest.mark.parametrize("step", ["item statistics", "similar", "interests", "community parents"])
def test_one_that_dies_does_not_count_and_is_completed_by_the_next(loaded_shop: Database, step: str) -> None:
    def die(name: str, *_: int) -> None:
        if name == step:
            raise DeathError

    with pytest.raises(DeathError):
        enrich(loaded_shop, EnrichConfig(), die)
    assert read_context(loaded_shop).enrich_run is None
    assert "was interrupted" in read_context(loaded_shop).notes[0]
    assert enrich(loaded_shop, EnrichConfig()).run_id == read_context(loaded_shop).enrich_run
    resumed = dump(loaded_shop)
    for kind in ("SIMILAR_TO", "INTERESTED_IN", "IN_COMMUNITY", "PART_OF"):
        twice = loaded_shop.read(f"MATCH (a)-[r:{kind}]->(b) WITH a, b, count(r) AS n WHERE n > 1 RETURN n")
        assert twice == []
    loaded_shop.run("MATCH ()-[r:SIMILAR_TO|INTERESTED_IN|IN_COMMUNITY|PART_OF]->() DELETE r")
    loaded_shop.run("MATCH (n) WHERE n:Community OR n:EnrichRun DELETE n")
    enrich(loaded_shop, EnrichConfig())
    assert dump(loaded_shop) == resumed


def test_of_two_at_once_the_later_one_wins(loaded_shop: Database) -> None:
    later = EnrichConfig(similarity=SimilarityConfig(neighbours=3))
    enrich(loaded_shop, later)
    expected = dump(loaded_shop)
    loaded_shop.run("MATCH ()-[r:SIMILAR_TO]->() DELETE r")
    begun = False

    def overtake(name: str, *_: int) -> None:
        nonlocal begun
        if name == "similar" and not begun:
            begun = True
            enrich(loaded_shop, later)

    with pytest.raises(StateError, match="another `interestgraph enrich` has begun"):
        enrich(loaded_shop, EnrichConfig(similarity=SimilarityConfig(neighbours=5)), overtake)
    assert dump(loaded_shop) == expected
    assert read_context(loaded_shop).enrich_run is not None


def test_it_is_passed_over_when_nothing_changed_since(loaded_shop: Database, shop_log: Path, tmp_path: Path) -> None:
    first = enrich(loaded_shop, EnrichConfig(), if_changed=True)
    assert first.changed
    again = enrich(loaded_shop, EnrichConfig(), if_changed=True)
    assert (again.changed, again.run_id, again.seconds) == (False, first.run_id, {})
    assert again.communities == first.communities
    assert (
        enrich(loaded_shop, EnrichConfig(similarity=SimilarityConfig(neighbours=2)), if_changed=True).similar.removed
        > 0
    )
    more = tmp_path / "more.csv"
    more.write_text("user,item,behaviour,time\ntea-fan-0,soap-1,purchase,2024-06-01\n")
    load(loaded_shop, LoadConfig("events", more), rejected_folder=tmp_path)
    assert enrich(loaded_shop, EnrichConfig(), if_changed=True).changed


def test_two_graphs_of_one_log_get_the_same_structure(loaded_shop: Database, shop_log: Path, tmp_path: Path) -> None:
    first = enrich(loaded_shop, EnrichConfig())
    derived = "MATCH (a)-[r:SIMILAR_TO|INTERESTED_IN|IN_COMMUNITY|PART_OF]->(b) RETURN "
    derived += "coalesce(a.userId, a.itemId, a.communityId) AS a, type(r) AS r, properties(r) AS p, "
    derived += "coalesce(b.itemId, b.categoryId, b.communityId) AS b ORDER BY a, r, b"
    before = loaded_shop.read(derived)
    empty(loaded_shop)
    load(loaded_shop, LoadConfig("events", shop_log), rejected_folder=tmp_path)
    second = enrich(loaded_shop, EnrichConfig())
    assert second.run_id == first.run_id
    assert loaded_shop.read(derived) == before
