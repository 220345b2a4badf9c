"""How long every question of the library takes on the Complete Journey, and what the histories take up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.report import markdown, publish, scratch_server, versions
from interestgraph import InterestGraph
from interestgraph.analysis.question import AREAS, load_question, question_names

TIMES = 12
"""Runs of each question; the first two warm the caches and are not counted."""
NARROWED = {"lookalikes": {"category": "DRUG GM > BABY FOODS"}}
"""Parameters where the defaults ask for nothing."""


@contextmanager
def journey() -> Iterator[InterestGraph]:
    """The Complete Journey: that of the home in ``INTERESTGRAPH_TEST_JOURNEY``, else made anew."""
    if home := os.environ.get("INTERESTGRAPH_TEST_JOURNEY"):
        with InterestGraph(home=home) as graph:
            yield graph
        return
    with scratch_server() as (settings, _), InterestGraph(home=settings.home) as graph:
        graph.load("complete_journey")
        graph.enrich()
        graph.embed()
        yield graph


def seconds(graph: InterestGraph, name: str) -> tuple[int, float, float]:
    """Rows, median and 95th percentile of the seconds of a question with the defaults or examples of its header."""
    question = load_question(name)
    given = {part.name: part.example for part in question.parameters if part.required} | NARROWED.get(name, {})
    spent, rows = [], 0
    for turn in range(TIMES if question.cost != "slow" else TIMES // 2):
        began = time.perf_counter()
        rows = len(graph.query(name, timeout=300, **given))
        if turn >= 2:
            spent.append(time.perf_counter() - began)
    p50, p95 = np.quantile(spent, [0.5, 0.95])
    return rows, float(p50), float(p95)


def bytes_of_histories(graph: InterestGraph) -> tuple[int, int, int]:
    """Users, and numbers in all histories: of users and items, and of pairs."""
    (row,) = graph.cypher(
        "MATCH ()-[h:HISTORY]->() WITH sum(3 * size(h.counts)) AS nodes "
        "MATCH (u:User)-[r]->(:Item) WITH nodes, sum(size(r.weeks) + coalesce(size(r.weekCounts), 0)) AS pairs "
        "RETURN COUNT { (:User) } AS users, nodes, pairs"
    )
    return row["users"], row["nodes"], row["pairs"]


def main() -> None:
    """Measure and publish."""
    with journey() as graph:
        rows = []
        for name in sorted(question_names(), key=lambda name: (AREAS.index(load_question(name).area), name)):
            question = load_question(name)
            found, p50, p95 = seconds(graph, name)
            rows.append((name, question.area, question.cost, found, f"{p50:.2f}", f"{p95:.2f}"))
            print(*rows[-1], flush=True)
        users, nodes, pairs = bytes_of_histories(graph)
        server, edition = graph.database.server_version()
    fast = sum(float(row[-1]) < 2 for row in rows)
    told = (
        f"Each question with the defaults of its header (examples for what has to be given), {TIMES - 2} times after "
        f"two that are not counted, slow ones {TIMES // 2 - 2} times; seconds from the call to the last row in Python. "
        f"{fast} of {len(rows)} take under 2 s at p95; the others are marked slow in their headers, with the reason."
    )
    size = (
        f"Histories: {nodes:,} numbers for users by day and items by week, {pairs:,} for pairs by week; for {users:,} "
        f"users that is {(nodes + pairs) / users:,.0f} numbers a user."
    )
    table = markdown(("question", "area", "cost", "rows", "p50, s", "p95, s"), rows)
    about = f"Neo4j {server} {edition}; {versions('neo4j', 'duckdb')}. Command: `python -m benchmarks queries`."
    text = "\n\n".join(("## Questions on the Complete Journey", told, table, size, about))
    publish("queries", text)


if __name__ == "__main__":
    main()
