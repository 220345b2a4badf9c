"""Answers from a live graph, and the export that enrich and embed start from."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.report import markdown, open_database, publish, scratch_server, versions
from interestgraph.embed.run import EmbedConfig, embed
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.neo4j.adjacency import export_adjacency
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.recommend import RecommendConfig, recommend, recommend_items

LOADER = "complete_journey"
BY_ROW = """
MATCH (u:User)-[r:PURCHASED]->(i:Item)
RETURN u.userId AS user, i.itemId AS item, r.weight AS weight, r.count AS count, r.lastAt.epochMillis AS lastAt
"""
TWO_HOPS = """
MATCH (u:User {userId: $user})-[:PURCHASED]->(:Item)<-[:PURCHASED]-(other:User)
WITH u, other, count(*) AS shared ORDER BY shared DESC LIMIT 50
MATCH (other)-[r:PURCHASED]->(i:Item)
RETURN i.itemId AS item, sum(shared * r.count) AS score ORDER BY score DESC LIMIT 10
"""
SAMPLE = 200


def main() -> None:
    """Load, enrich and embed a scratch graph, then measure."""
    with scratch_server() as (settings, server), open_database(server) as database:
        offline = OfflineImporter(settings)
        load(database, LoadConfig(LOADER), rejected_folder=settings.home, offline=offline)
        enrich(database, EnrichConfig())
        embed(database, EmbedConfig())
        version, edition = database.server_version()
        exports = _exports(database)
        answers = _answers(database)
    text = "\n\n".join(
        [
            "## Export of the adjacency",
            markdown(("way", "seconds", "relationships/s"), exports),
            "## Answers, one at a time",
            f"{SAMPLE} users chosen at random, client and server on one machine, after a warm-up of 20. `recommend` is "
            "the whole call: context, candidates from five sources, blend, titles and reasons.",
            markdown(("answer", "p50, ms", "p99, ms"), answers),
            f"Neo4j {version} {edition}; {versions('neo4j', 'numpy')}. Command: `python -m benchmarks serving`.",
        ]
    )
    publish("serving", text)


def _exports(database: Database) -> list[tuple[str, str, str]]:
    began = time.perf_counter()
    count = sum(1 for _ in database.stream(BY_ROW))
    by_row = time.perf_counter() - began
    began = time.perf_counter()
    export_adjacency(database)
    by_node = time.perf_counter() - began
    return [
        ("one record per relationship (relationships only)", f"{by_row:.1f}", f"{count / by_row:,.0f}"),
        ("one record per node with lists (the whole adjacency)", f"{by_node:.1f}", f"{count / by_node:,.0f}"),
    ]


def _answers(database: Database) -> list[tuple[str, str, str]]:
    users = [row["userId"] for row in database.read("enrich/export_users")]
    chosen = np.random.default_rng(42).choice(users, SAMPLE + 20, replace=False).tolist()
    config = RecommendConfig()
    rows = [
        ("recommend", *_quantiles(lambda user: recommend(database, user, config), chosen)),
        (
            "recommend, items not seen before",
            *_quantiles(lambda user: recommend(database, user, RecommendConfig(exclude_seen=True)), chosen),
        ),
        ("two-hop collaborative filtering in Cypher", *_quantiles(lambda u: database.read(TWO_HOPS, user=u), chosen)),
    ]
    began = time.perf_counter()
    made = sum(1 for _ in recommend_items(database, chosen, config))
    each = (time.perf_counter() - began) / made * 1000
    rows.append(("recommend_items, per user in a batch", f"{each:.1f}", ""))
    return rows


def _quantiles(call: object, users: list[str]) -> tuple[str, str]:
    assert callable(call)
    spent = []
    for place, user in enumerate(users):
        began = time.perf_counter()
        call(user)
        if place >= 20:
            spent.append((time.perf_counter() - began) * 1000)
    p50, p99 = np.quantile(spent, [0.5, 0.99])
    return f"{p50:.1f}", f"{p99:.1f}"


if __name__ == "__main__":
    main()
