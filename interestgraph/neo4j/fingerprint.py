"""A short mark of what the graph holds, to tell whether derived structure is up to date without reading it all."""

from __future__ import annotations

import hashlib
import json

from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import load_query


def graph_fingerprint(database: Database) -> str:
    """Changes with every load and with the number of users, items, categories and interactions."""
    loads = [
        (load["loadId"], load["contentHash"], str(load.get("endedAt")))
        for load in (row["load"] for row in database.read("ingest/list_loads"))
    ]
    (counts,) = database.read("serve/counts")
    count = load_query("ingest/count_interactions")
    behaviours = [
        (row["name"], row["halfLife"], database.read(count.for_relationship(row["name"]))[0]["relationships"])
        for row in database.read("ingest/list_behaviours")
    ]
    nodes = [counts[name] for name in ("users", "items", "categories")]
    return hashlib.sha256(json.dumps([loads, nodes, behaviours]).encode()).hexdigest()
