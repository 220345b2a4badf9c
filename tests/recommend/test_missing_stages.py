"""What a graph answers before it is enriched and embedded."""

from __future__ import annotations

from pathlib import Path

import pytest

from interestgraph import StateError
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.recommend import RecommendConfig, recommend
from interestgraph.recommend.similar import similar_users


def test_a_graph_that_is_only_loaded_answers_and_says_what_is_missing(
    database: Database, shop_log: Path, tmp_path: Path
) -> None:
    load(database, LoadConfig("events", shop_log), rejected_folder=tmp_path)
    found = recommend(database, "tea-fan-1", RecommendConfig(n=3))
    assert found[0].item_id.startswith("tea-")
    assert [note.split("`")[1] for note in found.notes] == ["interestgraph enrich", "interestgraph embed"]
    with pytest.raises(StateError, match="run `interestgraph embed`"):
        similar_users(database, "tea-fan-1")
