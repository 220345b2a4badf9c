"""Vectors on nodes: how they travel, and their writing in batches that may be tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from neo4j.vector import Vector
from numpy.typing import NDArray

from interestgraph.errors import StateError, UnavailableError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import Query, load_query

LABELS = ("User", "Item", "Category")
"""Labels of the nodes that have vectors, in the order of the node numbers."""
ROWS_PER_BATCH = 2_500
WORKERS = 4
"""Sessions that write at once; each batch has nodes of its own, so that they do not wait for each other."""
RETRY_SECONDS = 60.0
"""How long a batch is tried again while the server is away, as when it restarts."""

Vectors = NDArray[np.float32]


class VectorWire:
    """How vectors are sent: as VECTOR values, or as lists to servers that do not know those (Neo4j 5.26).

    A VECTOR is 4 bytes a number on the way, which the server need not decode one by one. The nodes keep a LIST<FLOAT>
    either way, since Neo4j Community stores no VECTOR.
    """

    def __init__(self, database: Database) -> None:
        version = database.server_version()[0].split(".")
        self.packed = (int(version[0]), int(version[1])) >= (2025, 10)

    def value(self, vector: Vectors | None) -> Any:
        """A parameter for `query`; a vector of zeros is none."""
        if vector is None or not vector.any():
            return None
        return Vector(vector.astype(">f4").tobytes(), "f32") if self.packed else vector.tolist()

    def query(self, name: str, beside: bool = False) -> Query:
        """A statement that takes such parameters."""
        query = load_query(name)
        query = query.beside() if beside else query
        return query.cypher25() if self.packed else query


def put_vectors(
    database: Database,
    run_id: str,
    parts: Sequence[tuple[str, Sequence[str], Vectors]],
    *,
    beside: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write the vectors of a run to its nodes; a vector of zeros takes the old one off.

    Args:
        database: the graph.
        run_id: of a run with the status `writing`.
        parts: label, ids, and float32 (n, d), in any order.
        beside: write them beside those that serve.
        progress: called with "vectors", nodes done and nodes in all.

    Raises:
        StateError: another run has begun to write.
        UnavailableError: the server stays away.
    """
    wire = VectorWire(database)
    total = sum(len(ids) for _, ids, _ in parts)
    done = 0

    def one(task: tuple[Query, Sequence[str], Vectors]) -> None:
        nonlocal done
        query, ids, vectors = task
        rows = [{"id": name, "vector": wire.value(vector)} for name, vector in zip(ids, vectors, strict=True)]
        (answer,) = _again(lambda: database.write(query, rows=rows, runId=run_id))
        if answer["written"] == 0 and database.read("embed/run_status", runId=run_id) != [{"status": "writing"}]:
            raise StateError("another run has begun to write vectors to this graph and goes on: this one stops")
        done += len(rows)
        if progress:
            progress("vectors", done, total)

    tasks = [
        (
            wire.query(f"embed/put_{label.lower()}_vectors", beside),
            ids[at : at + ROWS_PER_BATCH],
            vectors[at : at + ROWS_PER_BATCH],
        )
        for label, ids, vectors in parts
        for at in range(0, len(ids), ROWS_PER_BATCH)
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(one, task) for task in tasks]
        try:
            for task in running:
                task.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _again(write: Callable[[], list[Row]]) -> list[Row]:
    """Call it until the server answers; to write vectors twice does no harm."""
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return write()
        except UnavailableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def clear_other_vectors(database: Database, run_id: str) -> int:
    """Take off the vectors that are not of this run; returns of how many nodes."""
    return _until_none(database, "embed/clear_{}_vectors", "cleared", runId=run_id)


def drop_vectors_beside(database: Database) -> None:
    """Take off all vectors that were built beside those that serve."""
    _until_none(database, "embed/drop_{}_vectors_beside", "cleared")


def _until_none(database: Database, query: str, column: str, **parameters: Any) -> int:
    found = 0
    for label in LABELS:
        name = query.format(label.lower())
        while rows := database.write(name, limit=4 * ROWS_PER_BATCH, **parameters):
            if rows[0][column] == 0:
                break
            found += rows[0][column]
    return found


def export_vectors(database: Database, label: str, *, beside: bool = False) -> tuple[list[str], Vectors]:
    """Ids and vectors (n, d) of all nodes of a label that have one; `beside`: those beside the usual place."""
    ids: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    query = load_query(f"embed/export_{label.lower()}_vectors")
    for name, vector in database.stream(query.beside() if beside else query):
        ids.append(name)
        vectors.append(np.asarray(vector, dtype=np.float32))
    return ids, np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)
