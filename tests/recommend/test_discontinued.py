"""Items that are no longer sold: a catalogue feed says so, and nothing proposes them any more."""

from __future__ import annotations

from pathlib import Path

from interestgraph.embed.run import EmbedConfig, embed
from interestgraph.embed.skipgram import SkipGramConfig
from interestgraph.embed.walks import WalkConfig
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.recommend import RecommendConfig, recommend, trending
from interestgraph.recommend.similar import similar_items


def test_a_discontinued_item_is_proposed_by_no_source(database: Database, shop_log: Path, tmp_path: Path) -> None:
    load(database, LoadConfig("events", shop_log), rejected_folder=tmp_path)
    enrich(database, EnrichConfig())
    embed(database, EmbedConfig(WalkConfig(walks_per_node=2, walk_length=10), SkipGramConfig(dimensions=8)))

    def proposed() -> set[str]:
        own = recommend(database, "tea-fan-1", RecommendConfig(n=50, exclude_seen=False))
        new = recommend(database, "tea-fan-1", RecommendConfig(n=50, exclude_seen=True))
        stranger = recommend(database, "nobody", RecommendConfig(n=50))
        near = {row.item_id for row in similar_items(database, "tea-1", 50)}
        return {row.item_id for row in (*own, *new, *stranger)} | near | {row.item_id for row in trending(database, 50)}

    assert "tea-2" in proposed()
    feed = tmp_path / "feed.csv"
    feed.write_text("item_id,price,discontinued\ntea-2,9.5,yes\ntea-3,4.25,no\n")
    load(database, LoadConfig("events", feed, only="items"), rejected_folder=tmp_path)
    assert {"tea-1", "tea-3"} <= proposed()
    assert "tea-2" not in proposed()
    (row,) = database.read("MATCH (i:Item {itemId: 'tea-3'}) RETURN i.price AS price, i.title AS title")
    assert row == {"price": 4.25, "title": "Tea 3"}
    feed.write_text("item_id,discontinued\ntea-2,0\n")
    load(database, LoadConfig("events", feed, only="items"), rejected_folder=tmp_path)
    assert "tea-2" in proposed()
