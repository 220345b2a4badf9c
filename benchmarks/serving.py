"""Answers from a live graph, and the export that enrich and embed start from; with peers.

``python -m benchmarks serving`` loads, enriches, embeds and trains on a scratch server first. With
``SERVING_HOME=FOLDER`` it uses the graph of that private server, trained already.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

from benchmarks.report import environment, markdown, open_database, publish, scratch_server, versions
from interestgraph.embed.run import EmbedConfig, embed
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.neo4j.adjacency import Adjacency, export_adjacency
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.server import PrivateServer
from interestgraph.recommend.build import store_pack
from interestgraph.recommend.explain import explain
from interestgraph.recommend.recommend import RecommendConfig, recommend, recommend_many
from interestgraph.settings import load_settings
from interestgraph.train.train import TrainConfig, train

LOADER = "complete_journey"
LENSKIT = "lenskit==0.14.4"
"""Later ones need torch, which comes with gigabytes of libraries for a GPU."""
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
SAMPLE, WARM = 300, 30
THREADS, PROCESSES = 2, 2
BARE = RecommendConfig(explain=False)
# A process of its own, as a service's worker is: connect, answer once, then all users it is given, in threads.
CLIENT = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
began = time.perf_counter()
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.recommend import RecommendConfig, recommend
uri, name, password, threads, *users = sys.argv[1:]
config = RecommendConfig(explain=False)
with Database.connect(uri, name, password) as database:
    imported = time.perf_counter()
    recommend(database, users[0], config)
    first = time.perf_counter()
    with ThreadPoolExecutor(int(threads)) as pool:
        for _ in pool.map(lambda user: recommend(database, user, config), users[:40]):
            pass
        sys.stdin.readline()
        began_all = time.time()
        for _ in pool.map(lambda user: recommend(database, user, config), users):
            pass
    print(imported - began, first - imported, began_all, time.time())
"""


def main() -> None:
    """Measure a trained graph."""
    with _graph() as (database, server, seconds):
        version, edition = database.server_version()
        exports = _exports(database)
        asked, memory = answers(database)
        served = clients(database, server)
        peers = _peers(database)
    text = "\n\n".join(
        [
            "## Export of the adjacency",
            markdown(("way", "seconds", "relationships/s"), exports),
            "## Answers, one at a time",
            f"{SAMPLE} users chosen at random, client and server on one machine, after each was answered once. "
            "`recommend` is the whole call with the trained ranker: the user from the graph, candidates of seven "
            "sources, features, trees; explained: with SHAP shares, paths, sentence and Cypher too.",
            markdown(("answer", "p50, ms", "p99, ms"), asked),
            f"The client holds {memory} MiB for it (its whole resident memory, with all libraries).",
            "## Many at once",
            f"Every user once; {PROCESSES} client processes of {THREADS} threads, the server on the same cores.",
            markdown(("", ""), served),
            "## Peers",
            markdown(("what", "p50, ms", "p99, ms"), peers),
            "Their answers are not the same thing: `implicit` ranks items by one model in memory that knows no event "
            "since it was trained; the statement in Cypher is what one would write by hand.",
            f"Training: {seconds}. " if seconds else "",
            f"Neo4j {version} {edition}; {versions('neo4j', 'numpy', 'lightgbm')}. Command: "
            "`python -m benchmarks serving`.",
        ]
    )
    publish("serving", text)


@contextmanager
def _graph() -> Iterator[tuple[Database, PrivateServer, str]]:
    home = os.environ.get("SERVING_HOME")
    if home:
        server = PrivateServer(load_settings(home=Path(home)).model_copy(update={"neo4j_uri": None}))
        with open_database(server) as database:
            yield database, server, ""
        return
    with scratch_server() as (settings, server), open_database(server) as database:
        offline = OfflineImporter(settings)
        load(database, LoadConfig(LOADER), rejected_folder=settings.home, offline=offline)
        enrich(database, EnrichConfig())
        embed(database, EmbedConfig())
        report = train(database, settings, TrainConfig(LOADER))
        store_pack(database)
        yield database, server, ", ".join(f"{name} {value:.0f} s" for name, value in report.seconds.items())


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


def _sample(database: Database) -> list[str]:
    users = [row["userId"] for row in database.read("enrich/export_users")]
    size = min(SAMPLE + WARM, len(users))
    return [str(user) for user in np.random.default_rng(42).choice(users, size, replace=False)]


def answers(database: Database) -> tuple[list[tuple[str, str, str]], int]:
    """Milliseconds of answers, one at a time and of many users; and MiB that this process holds."""
    chosen = _sample(database)
    # Also so that the server has compiled what it runs often, as one that has been up for a minute has.
    best = {user: recommend(database, user, BARE)[0].item_id for user in chosen}
    configs = {
        "recommend": BARE,
        "recommend, explained": RecommendConfig(),
        "recommend, only new items": RecommendConfig(mode="discover", explain=False),
        "recommend, by the blend": RecommendConfig(ranker=False, explain=False),
    }
    rows = [(name, *_quantiles(_asker(database, config), chosen)) for name, config in configs.items()]
    rows.append(("explain one item", *_quantiles(lambda user: explain(database, user, best[user]), chosen)))
    began = time.perf_counter()
    users = [row["userId"] for row in database.read("enrich/export_users")]
    made = sum(1 for _ in recommend_many(database, users, BARE))
    each = (time.perf_counter() - began) / made * 1000
    rows.append((f"recommend_many, {made:,} users, per user", f"{each:.1f}", ""))
    return rows, round(psutil.Process().memory_info().rss / 2**20)


def _asker(database: Database, config: RecommendConfig) -> Callable[[str], Any]:
    return lambda user: recommend(database, user, config)


def clients(database: Database, server: PrivateServer) -> list[tuple[str, str]]:
    """Users per second with clients at once, and the first answer of a new process."""
    info = server.start()
    users = [row["userId"] for row in database.read("enrich/export_users")]
    parts = [users[at::PROCESSES] for at in range(PROCESSES)]
    command = [sys.executable, "-c", CLIENT, info.bolt_uri, info.username, info.password, str(THREADS)]
    running = [
        subprocess.Popen([*command, *part], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for part in parts
    ]
    time.sleep(15)
    with ThreadPoolExecutor(PROCESSES) as pool:
        told = list(pool.map(lambda child: child.communicate("go\n")[0].split(), running))
    connect, first, began, ended = (np.array([float(row[at]) for row in told]) for at in range(4))
    return [
        ("users/s", f"{len(users) / (ended.max() - began.min()):,.0f}"),
        ("seconds to import and connect", f"{connect.min():.2f}"),
        ("seconds to the first answer after that", f"{first.min():.2f}"),
    ]


def _peers(database: Database) -> list[tuple[str, str, str]]:
    rows = [("two-hop collaborative filtering in Cypher", *_quantiles(_two_hops(database), _sample(database)[:60]))]
    adjacency = export_adjacency(database)
    try:
        rows.extend(_lenskit(adjacency, _sample(database)))
    except subprocess.CalledProcessError as error:  # the table says what is there
        print(f"LensKit left out: {error}", file=sys.stderr)
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import BM25Recommender
    except ImportError:
        return rows
    from scipy import sparse

    matrix = sparse.csr_matrix(adjacency.matrix(adjacency.last_event))
    number = {name: at for at, name in enumerate(adjacency.users)}
    for name, model in (
        ("implicit ALS, 128 factors, `recommend` of one user", AlternatingLeastSquares(factors=128, iterations=5)),
        ("implicit BM25, 100 neighbours, `recommend` of one user", BM25Recommender(K=100)),
    ):
        model.fit(matrix, show_progress=False)
        rows.append((name, *_quantiles(_implicit(model, matrix, number), _sample(database))))
    return rows


def _two_hops(database: Database) -> Callable[[str], Any]:
    return lambda user: database.read(TWO_HOPS, user=user)


def _lenskit(adjacency: Adjacency, users: list[str]) -> list[tuple[str, str, str]]:
    """LensKit in an environment of its own, since it needs an older numpy."""
    found = adjacency.matrix(adjacency.last_event).tocoo()
    with TemporaryDirectory() as folder:
        with (Path(folder) / "pairs.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["user", "item", "rating"])
            writer.writerows(
                (adjacency.users[user], adjacency.items[item], weight)
                for user, item, weight in zip(found.row, found.col, found.data, strict=True)
            )
        (Path(folder) / "users.json").write_text(json.dumps(users))
        command = [environment("lenskit", LENSKIT, "pandas<3"), Path(__file__).with_name("lenskit_answers.py"), folder]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return [
        (f"LensKit {name}, `recommend` of one user", *_spread(times[WARM:]))
        for name, times in json.loads(done.stdout).items()
    ]


def _implicit(model: Any, matrix: Any, number: dict[str, int]) -> Callable[[str], Any]:
    return lambda user: model.recommend(number[user], matrix[number[user]], N=10)


def _quantiles(call: Callable[[str], Any], users: list[str]) -> tuple[str, str]:
    spent = []
    for place, user in enumerate(users):
        began = time.perf_counter()
        call(user)
        if place >= min(WARM, len(users) // 2):
            spent.append((time.perf_counter() - began) * 1000)
    return _spread(spent)


def _spread(spent: list[float]) -> tuple[str, str]:
    p50, p99 = np.quantile(spent, [0.5, 0.99])
    return f"{p50:.1f}", f"{p99:.1f}"


if __name__ == "__main__":
    main()
