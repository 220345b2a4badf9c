"""The client for asyncio programs: the same methods as coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from interestgraph.client import InterestGraph

P = ParamSpec("P")
R = TypeVar("R")


def _in_thread(
    method: Callable[Concatenate[InterestGraph, P], R],
) -> Callable[Concatenate[AsyncInterestGraph, P], Coroutine[Any, Any, R]]:
    @wraps(method)
    async def call(self: AsyncInterestGraph, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(method, await self.connected(), *args, **kwargs)

    return call


class AsyncInterestGraph:
    """`InterestGraph` with coroutines for methods; calls run side by side in worker threads, over one connection pool.

    ::

        async with AsyncInterestGraph() as graph:
            lists = await asyncio.gather(*(graph.recommend(user) for user in users))

    Takes the arguments of `InterestGraph`, and connects when it is entered or first used. A call that is cancelled
    is not waited for, but its statement ends on the server.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._arguments = (args, kwargs)
        self._graph: InterestGraph | None = None
        self._opening = asyncio.Lock()

    async def connected(self) -> InterestGraph:
        """The client underneath, connected."""
        async with self._opening:
            if self._graph is None:
                args, kwargs = self._arguments
                self._graph = await asyncio.to_thread(InterestGraph, *args, **kwargs)
            return self._graph

    async def __aenter__(self) -> AsyncInterestGraph:
        await self.connected()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        if self._graph is not None:
            await asyncio.to_thread(self._graph.close)
            self._graph = None

    load = _in_thread(InterestGraph.load)
    preview = _in_thread(InterestGraph.preview)
    unload = _in_thread(InterestGraph.unload)
    compact = _in_thread(InterestGraph.compact)
    stream = _in_thread(InterestGraph.stream)
    enrich = _in_thread(InterestGraph.enrich)
    compare_communities = _in_thread(InterestGraph.compare_communities)
    reshape = _in_thread(InterestGraph.reshape)
    embed = _in_thread(InterestGraph.embed)
    fold_in = _in_thread(InterestGraph.fold_in)
    runs = _in_thread(InterestGraph.runs)
    run = _in_thread(InterestGraph.run)
    activate_run = _in_thread(InterestGraph.activate_run)
    diff_runs = _in_thread(InterestGraph.diff_runs)
    plot = _in_thread(InterestGraph.plot)
    neighbours = _in_thread(InterestGraph.neighbours)
    delete_run = _in_thread(InterestGraph.delete_run)
    estimate_embed = _in_thread(InterestGraph.estimate_embed)
    export_walks = _in_thread(InterestGraph.export_walks)
    record = _in_thread(InterestGraph.record)
    record_many = _in_thread(InterestGraph.record_many)
    recommend = _in_thread(InterestGraph.recommend)
    train = _in_thread(InterestGraph.train)
    recommend_many = _in_thread(InterestGraph.recommend_many)
    audience = _in_thread(InterestGraph.audience)
    predict = _in_thread(InterestGraph.predict)
    recommend_for = _in_thread(InterestGraph.recommend_for)
    recommend_with = _in_thread(InterestGraph.recommend_with)
    similar = _in_thread(InterestGraph.similar)
    similar_users = _in_thread(InterestGraph.similar_users)
    profile = _in_thread(InterestGraph.profile)
    explain = _in_thread(InterestGraph.explain)
    trending = _in_thread(InterestGraph.trending)
    evaluate = _in_thread(InterestGraph.evaluate)
    status = _in_thread(InterestGraph.status)
    query = _in_thread(InterestGraph.query)
    query_plan = _in_thread(InterestGraph.query_plan)
    report = _in_thread(InterestGraph.report)
    portrait = _in_thread(InterestGraph.portrait)
    draw_portrait = _in_thread(InterestGraph.draw_portrait)
    browser = _in_thread(InterestGraph.browser)
    cypher = _in_thread(InterestGraph.cypher)
