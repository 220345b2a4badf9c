"""The client in an asyncio program."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

from interestgraph import AsyncInterestGraph, InterestGraph
from interestgraph.neo4j.connection import Database


def test_coroutines_answer_side_by_side_as_the_client_does(
    database: Database, environment: None, shop_log: Path
) -> None:
    async def ask() -> tuple[list[str], list[str]]:
        async with AsyncInterestGraph() as graph:
            await graph.load("events", shop_log)
            await graph.enrich()
            first, second = await asyncio.gather(graph.recommend("tea-fan-1"), graph.recommend("soap-fan-2"))
            return [row.item_id for row in first], [row.item_id for row in second]

    first, second = asyncio.run(ask())
    with InterestGraph() as graph:
        assert first == [row.item_id for row in graph.recommend("tea-fan-1")]
        assert second == [row.item_id for row in graph.recommend("soap-fan-2")]
    assert first[0].startswith("tea-")
    assert second[0].startswith("soap-")


def test_it_has_every_method_of_the_client() -> None:
    def public(kind: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}

    assert public(InterestGraph) <= public(AsyncInterestGraph)
