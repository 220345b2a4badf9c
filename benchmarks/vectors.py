"""The life of vectors: writing them to nodes, the vector index, and folding in what came after a run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.report import markdown, open_database, publish, scratch_server, versions
from interestgraph.embed.align import align, normalise
from interestgraph.embed.drift import overlap
from interestgraph.embed.fold import Neighbourhoods, fit_fold, fold, moved, weighted_mean
from interestgraph.embed.fold_in import Folder
from interestgraph.embed.run import EmbedConfig, embed, walk_graph
from interestgraph.embed.skipgram import SkipGramConfig, train
from interestgraph.embed.walks import WalkConfig, iter_walks
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.ingest.record import Event, record
from interestgraph.neo4j.adjacency import Adjacency, export_adjacency
from interestgraph.neo4j.connection import Database, batched
from interestgraph.neo4j.schema import VECTOR_OPTIONS, drop_vector_indexes, ensure_vector_indexes
from interestgraph.neo4j.vectors import VectorWire, export_vectors, put_vectors
from interestgraph.stream.run import StreamConfig, StreamState, stream

LOADER = "complete_journey"
NODES = 70_000
DIMENSIONS = 64
QUERIES = 300
NEAREST = 100
HELD_OUT = 0.1
STREAMED = 20_000
LOOP = "UNWIND $rows AS row MATCH (n:Item {itemId: row.id}) SET n.embedding = row.vector, n.embeddingRun = $run"
CLEAR = (
    "MATCH (n:Item) WHERE n.embedding IS NOT NULL CALL (n) { SET n.embedding = null, n.embeddingRun = null } "
    "IN TRANSACTIONS OF 20000 ROWS"
)
NEAR = (
    "CALL db.index.vector.queryNodes('item_embedding', $k, $vector) YIELD node, score "
    "WITH node LIMIT $keep RETURN node.itemId AS id"
)
INDEXES: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("server's defaults (quantized)", {}, NEAREST),
    ("not quantized, m 16, ef 100", {"vector.quantization.enabled": False}, NEAREST),
    ("this project's", VECTOR_OPTIONS, NEAREST),
    ("this project's, 200 asked for", VECTOR_OPTIONS, 2 * NEAREST),
)
Vectors = NDArray[np.float32]
Rows = list[tuple[object, ...]]


def main() -> None:
    """Load and embed a scratch graph, then measure."""
    with scratch_server() as (settings, server), open_database(server) as database:
        offline = OfflineImporter(settings)
        load(database, LoadConfig(LOADER), rejected_folder=settings.home, offline=offline)
        embed(database, EmbedConfig())
        version, edition = database.server_version()
        ids, vectors = export_vectors(database, "Item")
        following = _following(database, Path(settings.home))
        writes = _writes(database, ids[:NODES], vectors[:NODES])
        indexes = _indexes(database, ids, vectors)
        folds = _folds(export_adjacency(database))
    text = "\n\n".join(
        [
            "## Vectors",
            f"Writing {len(ids[:NODES]):,} vectors of {DIMENSIONS} dimensions to nodes found by their ids, and the "
            "run's id beside each. Without an index, reading the parameters takes the time: a list is decoded number "
            "by number, a VECTOR (Cypher 25) is not. With the index online its insertions into the HNSW graph do, "
            "whatever the client does.",
            markdown(("way", "seconds", "nodes/s", "times as fast"), writes),
            f"The vector index over {len(ids):,} item vectors: recall@{NEAREST} against exact search, {QUERIES} of "
            "them as queries, one at a time.",
            markdown(("index", "built in, s", f"recall@{NEAREST}", "p50, ms", "p99, ms"), indexes),
            f"Folding in: {HELD_OUT:.0%} of users, then {HELD_OUT:.0%} of items with events, are left out of the "
            "training, and get their vectors from their neighbours. They are compared with a run that knew them: "
            "cosine after rotation, and how many of the 10 nearest of their kind are the same. Recall: of the items "
            "whose only event comes in a user's last tenth (left out of all trainings), the share among the 100 "
            "nearest that the user had not chosen yet. Another seed shows what two full trainings agree on. Users with "
            "news: those of a run that did not know their last tenth move with it; a run that does is the measure.",
            markdown(("nodes", "vector from", "cosine", "overlap@10", "recall@100", "ms a node"), folds),
            "Recording and streaming on this graph, with vectors that follow and without:",
            markdown(("way", "without", "with vectors", "vectors written"), following),
            f"Neo4j {version} {edition}; {versions('neo4j', 'numpy', 'numba')}. "
            "Command: `python -m benchmarks vectors`.",
        ]
    )
    publish("vectors", text)


def _writes(database: Database, ids: Sequence[str], vectors: Vectors) -> Rows:
    """Ways to write the same vectors."""
    run_id = "benchmark"
    properties = {"dimensions": DIMENSIONS}
    database.write("embed/open_run", runId=run_id, properties=properties)
    wire = VectorWire(database)

    def loop(workers: int) -> None:
        def one(batch: Sequence[int]) -> None:
            rows = [{"id": ids[at], "vector": vectors[at].tolist()} for at in batch]
            database.write(LOOP, rows=rows, run=run_id)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, batched(range(len(ids)), 5_000)))

    def packed() -> None:
        query = wire.query("embed/put_item_vectors")
        for batch in batched(range(len(ids)), 5_000):
            rows = [{"id": ids[at], "vector": wire.value(vectors[at])} for at in batch]
            database.write(query, rows=rows, runId=run_id)

    def ours() -> None:
        put_vectors(database, run_id, [("Item", ids, vectors)])

    ways: list[tuple[str, bool, Callable[[], None]]] = [
        ("`UNWIND … SET` loop of lists, 1 session", False, lambda: loop(1)),
        ("the same, 4 sessions", False, lambda: loop(4)),
        ("VECTOR values, 1 session", False, packed),
        ("`embed`: VECTOR values, 4 sessions", False, ours),
        ("`UNWIND … SET` loop of lists, 1 session, index online", True, lambda: loop(1)),
        ("`embed`, index online", True, ours),
    ]
    found: Rows = []
    base = 0.0
    drop_vector_indexes(database)
    for name, indexed, way in ways:
        if indexed:
            ensure_vector_indexes(database, DIMENSIONS)
        else:
            database.run(CLEAR)
        began = time.perf_counter()
        way()
        spent = time.perf_counter() - began
        if "1 session" in name and "lists" in name:
            base = spent
        found.append((name, f"{spent:.1f}", f"{len(ids) / spent:,.0f}", f"{base / spent:.1f}"))
    return found


def _indexes(database: Database, ids: Sequence[str], vectors: Vectors) -> Rows:
    """Recall and latency of kinds of indexes on all item vectors."""
    drop_vector_indexes(database)
    put_vectors(database, "benchmark", [("Item", ids, vectors)])
    asked = np.random.default_rng(1).choice(len(ids), QUERIES + 50, replace=False)
    cosines = vectors[asked] @ vectors.T
    exact = [{ids[at] for at in np.argpartition(-row, NEAREST)[:NEAREST]} for row in cosines]
    found: Rows = []
    built: Any = None
    for name, options, k in INDEXES:
        if options is not built:
            drop_vector_indexes(database)
            config = {"vector.dimensions": DIMENSIONS, "vector.similarity_function": "cosine", **options}
            began = time.perf_counter()
            database.run(
                "CREATE VECTOR INDEX item_embedding FOR (n:Item) ON (n.embedding) OPTIONS $options",
                options={"indexConfig": config},
            )
            database.run("CALL db.awaitIndexes(1200)")
            seconds, built = time.perf_counter() - began, options
        recall, spent = [], []
        for place, at in enumerate(asked):
            began = time.perf_counter()
            rows = database.read(NEAR, k=k, keep=NEAREST, vector=vectors[at].tolist())
            if place >= 50:
                spent.append((time.perf_counter() - began) * 1000)
                recall.append(len(exact[place] & {row["id"] for row in rows}) / NEAREST)
        p50, p99 = np.quantile(spent, [0.5, 0.99])
        found.append((name, f"{seconds:.0f}", f"{np.mean(recall):.3f}", f"{p50:.1f}", f"{p99:.1f}"))
    return found


class _HeldOut:
    """Trainings of one graph with some nodes left out."""

    def __init__(self, adjacency: Adjacency) -> None:
        self.draw = np.random.default_rng(0)
        self.users, self.items = len(adjacency.users), len(adjacency.items)
        (part,) = adjacency.interactions
        newest = np.lexsort((part.last_at, part.user))
        rank = np.empty(len(newest), np.int64)
        first = np.searchsorted(part.user[newest], np.arange(self.users))
        size = np.bincount(part.user, minlength=self.users)
        rank[newest] = np.arange(len(newest)) - first[part.user[newest]]
        # The last tenth of what each user chose, by the time of the last event, is seen by no training.
        self.later = (rank >= 0.9 * size[part.user]) & (part.count == 1)
        self.future = sparse.csr_array(
            (np.ones(int(self.later.sum())), (part.user[self.later], part.item[self.later])),
            shape=(self.users, self.items),
        )
        self.adjacency = self._without(adjacency, self.later)

    @staticmethod
    def _without(adjacency: Adjacency, gone: NDArray[np.bool_]) -> Adjacency:
        (part,) = adjacency.interactions
        kept = replace(
            part,
            **{name: getattr(part, name)[~gone] for name in ("user", "item", "weight", "count", "last_at")},
        )
        return replace(adjacency, interactions=(kept,))

    def trained(self, users: NDArray[np.bool_], items: NDArray[np.bool_], seed: int = 42) -> Vectors:
        """Vectors of a run that does not know some users and items."""
        (part,) = self.adjacency.interactions
        known = self._without(self.adjacency, users[part.user] | items[part.item])
        member = ~items[known.member_item]
        known = replace(known, member_item=known.member_item[member], member_category=known.member_category[member])
        graph = walk_graph(known, EmbedConfig())
        config = SkipGramConfig(dimensions=DIMENSIONS, seed=seed)
        return normalise(train(lambda: iter_walks(graph, WalkConfig(seed=seed)), graph.n_nodes, config).vectors)


def _folds(adjacency: Adjacency) -> Rows:
    """Vectors from neighbours against those of a run that knew the nodes."""
    held = _HeldOut(adjacency)
    everyone, everything = np.zeros(held.users, bool), np.zeros(held.items, bool)
    bought = np.bincount(held.adjacency.interactions[0].item, minlength=held.items)
    users, items = everyone.copy(), everything.copy()
    users[held.draw.choice(held.users, int(HELD_OUT * held.users), replace=False)] = True
    sold = np.flatnonzero(bought)
    items[held.draw.choice(sold, int(HELD_OUT * len(sold)), replace=False)] = True
    full = held.trained(everyone, everything)
    other = held.trained(everyone, everything, seed=7)
    return [
        *_fold_rows(held, "users", users, everything, full, other),
        *_fold_rows(held, "items", everyone, items, full, other),
        *_moved_rows(held, adjacency, full),
    ]


def _fold_rows(
    held: _HeldOut, kind: str, users: NDArray[np.bool_], items: NDArray[np.bool_], full: Vectors, other: Vectors
) -> Rows:
    part = held.trained(users, items)
    known = part.any(axis=1) & full.any(axis=1)
    rows = np.flatnonzero(known)
    full = normalise(align(full, part, rows, rows).rotated)
    other = normalise(align(other, part, rows, rows).rotated)
    adjacency = held.adjacency
    weights = adjacency.matrix(adjacency.last_event)
    of_users, of_items, of_categories = np.split(part, [held.users, held.users + held.items])
    seen = sparse.csr_array(weights.multiply(~users[:, None]).multiply(~items[None, :]))
    maps = fit_fold(adjacency, seen, of_users, of_items, of_categories)
    if kind == "users":
        chosen, start = np.flatnonzero(users), 0
        near = _neighbourhoods(sparse.csr_array(weights[chosen]), of_items, None, of_categories)
        linear = maps["User"]
    else:
        chosen, start = np.flatnonzero(items), held.users
        member = sparse.csr_array(
            (np.ones(len(adjacency.member_item)), (adjacency.member_item, adjacency.member_category)),
            shape=(held.items, len(adjacency.categories)),
        )
        near = _neighbourhoods(sparse.csr_array(weights.T)[chosen], of_users, member[chosen], of_categories)
        linear = maps["Item"]
    began = time.perf_counter()
    folded = fold(near, linear)
    each = (time.perf_counter() - began) / len(chosen) * 1000
    target = full[start + chosen]
    ways: list[tuple[str, Vectors, Vectors, str]] = [
        ("full run", target, full, ""),
        ("full run, other seed", other[start + chosen], other, ""),
        ("mean of the neighbours", normalise(near.events), part, ""),
        ("folded in", folded, part, f"{each:.3f}"),
    ]
    found: Rows = []
    # Of its own kind: the items next to a user are those that nobody else bought, which lie there because of this user.
    own = slice(0, held.users) if kind == "users" else slice(held.users, held.users + held.items)
    others = np.setdiff1d(np.arange(own.stop - own.start), chosen)
    for name, vectors, space, spent in ways:
        cosine = float(np.einsum("ij,ij->i", vectors, target).mean())
        catalogue = space[held.users : held.users + held.items]
        same = _same_neighbours(vectors, space[own][others], target, full[own][others])
        recall = f"{_recall(held, chosen, vectors, catalogue):.3f}" if kind == "users" else ""
        found.append((f"{len(chosen):,} {kind}", name, f"{cosine:.3f}", f"{same:.3f}", recall, spent))
    return found


def _moved_rows(held: _HeldOut, adjacency: Adjacency, before: Vectors) -> Rows:
    """Users of an earlier run that move with the last tenth of what they chose, against a run that knows it."""
    graph = walk_graph(adjacency, EmbedConfig())
    config = SkipGramConfig(dimensions=DIMENSIONS)
    after = normalise(train(lambda: iter_walks(graph, WalkConfig()), graph.n_nodes, config).vectors)
    rows = np.flatnonzero(before.any(axis=1) & after.any(axis=1))
    after = normalise(align(after, before, rows, rows).rotated)
    users, items, categories = np.split(before, [held.users, held.users + held.items])
    at = adjacency.last_event
    earlier = held.adjacency.matrix(at)
    maps = fit_fold(held.adjacency, earlier, users, items, categories)
    was = _neighbourhoods(earlier, items, None, categories)
    known = sparse.csr_array(adjacency.matrix(at) @ sparse.diags_array(items.any(axis=1).astype(float)))
    known.eliminate_zeros()
    now = _neighbourhoods(known, items, None, categories)
    began = time.perf_counter()
    new = moved(users, was, now, maps["User"])
    each = (time.perf_counter() - began) / len(users) * 1000
    target = after[: held.users]
    found: Rows = []
    for name, vectors, spent in (("the run before", users, ""), ("moved", new, f"{each:.3f}")):
        cosine = float(np.einsum("ij,ij->i", vectors, target).mean())
        same = _same_neighbours(vectors, vectors, target, target)
        found.append((f"{held.users:,} users with news", name, f"{cosine:.3f}", f"{same:.3f}", "", spent))
    return found


def _neighbourhoods(
    weights: sparse.csr_array, near: Vectors, member: sparse.csr_array | None, categories: Vectors
) -> Neighbourhoods:
    above = np.zeros((weights.shape[0], near.shape[1]), np.float32)
    if member is not None:
        above = weighted_mean(member, categories)
    return Neighbourhoods(weighted_mean(weights, near), np.diff(weights.indptr), above)


def _same_neighbours(vectors: Vectors, catalogue: Vectors, target: Vectors, truth: Vectors) -> float:
    """Share of the 10 nearest that are the nearest in the full run too."""
    size = len(vectors)
    rows = np.arange(min(size, 500))
    known = np.flatnonzero(catalogue.any(axis=1) & truth.any(axis=1))
    old = np.concatenate([target[rows], truth[known]])
    new = np.concatenate([vectors[rows], catalogue[known]])
    return float(overlap(old, new, rows, 10).mean())


def _recall(held: _HeldOut, users: NDArray[np.int64], vectors: Vectors, catalogue: Vectors) -> float:
    weights = held.adjacency.matrix(held.adjacency.last_event)
    shares = []
    for row, user in enumerate(users):
        wanted = held.future[[user]].indices
        if not len(wanted):
            continue
        cosine = catalogue @ vectors[row]
        cosine[weights[[user]].indices] = -2
        shares.append(len(np.intersect1d(np.argpartition(-cosine, 100)[:100], wanted)) / min(100, len(wanted)))
    return float(np.mean(shares))


def _following(database: Database, folder: Path) -> Rows:
    """What it costs that vectors follow events."""
    draw = np.random.default_rng(5)
    users = [row["userId"] for row in database.read("enrich/export_users")]
    items = [values[0] for values in database.stream("enrich/export_items")]
    last = database.read("serve/context")[0]["lastEventAt"]

    def some(count: int, at: int, known: bool) -> list[Event]:
        who = draw.choice(users, count) if known else [f"guest-{draw.integers(10**9)}" for _ in range(count)]
        return [
            Event(str(user), str(item), "PURCHASED", _moment(at + 1000 * number))
            for number, (user, item) in enumerate(zip(who, draw.choice(items, count), strict=True))
        ]

    found: Rows = []
    for known in (True, False):
        folder_in = Folder(database)
        name = "known users" if known else "new users"
        record(database, some(1, last, known), also=folder_in.events)
        spent: dict[bool, list[float]] = {False: [], True: []}
        for event in some(120, last, known):
            for follow in (False, True):
                began = time.perf_counter()
                record(database, [event], also=folder_in.events if follow else None)
                spent[follow].append((time.perf_counter() - began) * 1000)
        plain, followed = (float(np.median(spent[follow])) for follow in (False, True))
        found.append((f"`record`, {name}, p50", f"{plain:.1f} ms", f"{followed:.1f} ms", "with each event"))
    rows: dict[bool, tuple[str, str]] = {}
    with TemporaryDirectory(dir=folder) as name:
        for follow in (False, True):
            log = Path(name) / f"{follow}.jsonl"
            log.write_text("".join(f"{json.dumps(_line(event))}\n" for event in some(STREAMED, last, True)))
            config = StreamConfig(f"jsonl:{log}", once=True, vectors=follow)
            began = ended = time.perf_counter()
            seen = 0

            def show(state: StreamState) -> None:
                nonlocal seen, ended
                if state.messages > seen:
                    seen, ended = state.messages, time.perf_counter()

            report = stream(database, config, rejected_folder=Path(name), show=show)
            behind = time.perf_counter() - ended
            rate = f"{STREAMED / (ended - began):,.0f} events/s"
            rows[follow] = rate, f"{report.vectors:,}, the last {behind:.1f} s after the last event"
    return [*found, (f"`stream`, {STREAMED:,} events, known users", rows[False][0], *rows[True])]


def _line(event: Event) -> dict[str, Any]:
    return {"user": event.user, "item": event.item, "behaviour": "buy", "time": event.millis}


def _moment(millis: int) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(millis / 1000, UTC)


if __name__ == "__main__":
    main()
