"""``interestgraph demo``: the whole way on real logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import quote

import typer

from interestgraph.cli.app import app, open_graph, settings

if TYPE_CHECKING:
    from interestgraph.cli.output import Bars
    from interestgraph.client import InterestGraph
    from interestgraph.evaluate.report import EvaluateReport

T = TypeVar("T")

LOADER = "complete_journey"
QUALITY_MODELS = ("recent popularity", "own time-weighted", "blend")
"""Enough to see what the blend is worth; `interestgraph evaluate` compares with all."""
QUERIES = (
    (
        "the strongest interests of the household",
        "MATCH p = (u:User {userId: '%s'})-[w:INTERESTED_IN]->(c:Category) RETURN p ORDER BY w.share DESC LIMIT 15",
    ),
    (
        "what goes with bananas",
        "MATCH p = (i:Item)-[s:SIMILAR_TO]->(:Item) WHERE i.title STARTS WITH 'BANANAS' "
        "RETURN p ORDER BY s.score DESC LIMIT 20",
    ),
    (
        "the largest communities and those they are made of",
        "MATCH p = (c:Community {level: 1})<-[:PART_OF]-(:Community) "
        "WITH c, collect(p) AS paths ORDER BY c.size DESC LIMIT 8 RETURN paths",
    ),
)


@app.command()
def demo(
    user: Annotated[str, typer.Option(help="The household to look at.")] = "1228",
    quality: Annotated[bool, typer.Option("--quality/--no-quality", help="Measure the quality too.")] = True,
) -> None:
    """Load The Complete Journey, enrich, embed, recommend, explain and evaluate; what is up to date is not repeated.

    Example: interestgraph demo
    """
    from interestgraph.cli.output import Bars

    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - began
        return result

    with timed("start Neo4j", open_graph) as graph:
        _refuse_other_loads(graph)
        with Bars() as bars:
            bars.say("loading The Complete Journey (one year of grocery baskets) …")
            load = timed("load", lambda: graph.load(LOADER, progress=bars))
            bars.say("enriching: similar items, trends, interests, communities …")
            timed("enrich", lambda: graph.enrich(if_changed=True, progress=bars))
            bars.say("embedding: node2vec walks and skip-gram …")
            timed("embed", lambda: graph.embed(if_changed=True, progress=bars))
            report = None
            if quality:
                report = timed("evaluate", lambda: _quality(graph, bars))
        _answers(graph, user)
        _summary(graph, user, load.rows, seconds, report)


def _refuse_other_loads(graph: InterestGraph) -> None:
    """Do not mix the demo into somebody's graph."""
    from interestgraph.errors import StateError

    found = graph.status()
    others = [name for name in (*found.loads, *found.unfinished_loads) if not name.startswith(f"{LOADER}-")]
    if others:
        raise StateError(
            f"the graph already holds other loads ({', '.join(others)}): run the demo in a folder of its own, "
            "`interestgraph --home ./demo demo`, or empty the graph with `interestgraph db reset`"
        )


def _quality(graph: InterestGraph, bars: Bars) -> EvaluateReport:
    """The evaluation kept in the graph, else a new one."""
    from interestgraph.evaluate.config import EvaluateConfig
    from interestgraph.evaluate.store import find_report, keep_report, report_key

    config = EvaluateConfig(LOADER, models=QUALITY_MODELS)
    key = report_key(config)
    kept = find_report(graph.database, key)
    if kept is not None:
        return kept
    bars.say("measuring quality on a scratch server that knows nothing of the last 31 days …")
    with _resting(graph):
        report = graph.evaluate(config, progress=lambda step, done, total: bars(f"scratch: {step}", done, total))
    keep_report(graph.database, key, report)
    return report


@contextmanager
def _resting(graph: InterestGraph) -> Iterator[None]:
    """Stop the private server for a while, so that only one needs memory at a time."""
    from interestgraph.neo4j.server import PrivateServer

    if graph.settings.neo4j_uri is not None:
        yield
        return
    server = PrivateServer(graph.settings)
    server.stop()
    try:
        yield
    finally:
        server.start()
        graph.database.reconnect()


def _answers(graph: InterestGraph, user: str) -> None:
    from interestgraph.cli.recommend import print_recommendations
    from interestgraph.cli.serve import print_explanation, print_profile

    found = graph.recommend(user, 10)
    print()
    print_recommendations(user, found)
    print()
    print_profile(graph.profile(user, 3))
    # The best item that the household has not bought yet says more than its daily milk.
    fresh = graph.recommend(user, 1, exclude_seen=True)
    print("\nwhy an item that the household has never bought is worth showing:")
    print_explanation(graph.explain(user, fresh[0].item_id))


def _summary(
    graph: InterestGraph, user: str, rows: int, seconds: dict[str, float], report: EvaluateReport | None
) -> None:
    from interestgraph.cli.evaluate import print_quality
    from interestgraph.cli.output import print_table

    found = graph.status()
    counts = [
        ("log rows", rows),
        ("users", found.users),
        ("items", found.items),
        ("categories", found.categories),
        *((f"{name} relationships", count) for name, count in found.behaviours.items()),
        ("SIMILAR_TO relationships", found.similar_to),
        ("INTERESTED_IN relationships", found.interested_in),
        ("communities", found.communities),
    ]
    print()
    print_table("in the graph", ("", ""), counts)
    print()
    print_table("seconds", ("", ""), [(name, round(value, 1)) for name, value in seconds.items()])
    if report is not None:
        print()
        print_quality(report)
    _browser(user)


def _browser(user: str) -> None:
    from interestgraph.neo4j.server import PrivateServer

    chosen = settings()
    print("\nNeo4j Browser")
    if chosen.neo4j_uri is None:
        info = PrivateServer(chosen).start()
        connect = quote(info.bolt_uri.replace("bolt://", f"bolt://{info.username}@"), safe="")
        first = quote(QUERIES[0][1] % user, safe="")
        print(f"  open      {info.http_url}/browser/?connectURL={connect}&cmd=edit&arg={first}")
        print(f"  user      {info.username}")
        print(f"  password  in the file {info.password_file}")
    else:
        print(f"  connect to {chosen.neo4j_uri} as {chosen.neo4j_username}")
    for title, query in QUERIES:
        print(f"\n  // {title}\n  {query % user if '%s' in query else query};")
