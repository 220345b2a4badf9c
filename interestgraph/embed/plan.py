"""What an embedding of the graph in a database will take."""

from __future__ import annotations

from dataclasses import replace

from interestgraph.embed.estimate import PROBE_SECONDS, EmbedEstimate, probe
from interestgraph.embed.run import EmbedConfig, walk_graph
from interestgraph.neo4j.adjacency import export_adjacency
from interestgraph.neo4j.connection import Database


def estimate(database: Database, config: EmbedConfig, seconds: float = PROBE_SECONDS) -> EmbedEstimate:
    """What `embed` would take: reads the graph, walks and trains for about `seconds`, writes nothing.

    Raises:
        StateError: the graph holds no events.
        DataError: it has no edge that the parameters leave open.
    """
    runs = [row["run"] for row in database.read("embed/list_runs")]
    found = probe(walk_graph(export_adjacency(database), config), config.walk, config.skipgram, seconds)
    for run in reversed(runs):
        if run["status"] in ("active", "replaced"):
            stages = dict(zip(run["stages"], run["stageSeconds"], strict=True))
            share = found.nodes / max(run["users"] + run["items"] + run["categories"], 1)
            share *= config.skipgram.dimensions / run["dimensions"]
            return replace(found, write_seconds=share * (stages.get("write back", 0.0) + stages.get("index", 0.0)))
    return found
