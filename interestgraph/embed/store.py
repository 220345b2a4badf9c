"""The vectors of earlier runs, kept compactly in the graph, so that any process can compare and restore them.

A node holds the vector that serves. Beside that each run keeps its vectors in `VectorPart` nodes: Parquet (zstd, the
bytes of the floats split) of ids and float32 vectors, about a third of what the nodes' lists of 64-bit floats take.
The last `KEEP_RUNS` runs are kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.vectors import Vectors

KEEP_RUNS = 3
"""How many runs keep their vectors, the active one included."""
PART_BYTES = 4 << 20
"""Size of a part before compression."""
FOLD = "fold"
"""Kind of the part that holds the maps which give new nodes their vectors."""


class StoredVectors(NamedTuple):
    """Vectors of one label."""

    ids: list[str]
    vectors: Vectors
    """float32 (n, d), in the order of `ids`; nodes without a vector are left out."""


def store_vectors(
    database: Database,
    run_id: str,
    parts: Sequence[tuple[str, Sequence[str], Vectors]],
    arrays: Mapping[str, NDArray[Any]],
    progress: Progress | None = None,
) -> None:
    """Keep the vectors of a run.

    Args:
        database: the graph.
        run_id: its id.
        parts: label, ids and float32 (n, d); vectors of zeros are none.
        arrays: further arrays of the run, see `read_arrays`.
        progress: called with "stored vectors", nodes done and nodes in all.
    """
    total, done = sum(len(ids) for _, ids, _ in parts), 0
    for label, ids, vectors in parts:
        known = np.flatnonzero(vectors.any(axis=1))
        size = max(1, PART_BYTES // (4 * vectors.shape[1]))
        for number, at in enumerate(range(0, len(known), size)):
            chosen = known[at : at + size]
            data = _packed([ids[row] for row in chosen], vectors[chosen])
            _put(database, run_id, label, number, len(chosen), data)
        done += len(ids)
        if progress:
            progress("stored vectors", done, total)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    _put(database, run_id, FOLD, 0, len(arrays), buffer.getvalue())
    database.write("embed/vectors_stored", runId=run_id)


def _put(database: Database, run_id: str, kind: str, number: int, count: int, data: bytes) -> None:
    part_id = f"{run_id}/{kind}/{number}"
    database.write("embed/put_part", partId=part_id, runId=run_id, kind=kind, number=number, count=count, data=data)


def _packed(ids: Sequence[str], vectors: Vectors) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1), pa.float32())
    table = pa.table({"id": pa.array(ids, pa.string()), "v": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])})
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        use_dictionary=False,
        use_byte_stream_split=["v.list.element"],
        write_statistics=False,
    )
    return buffer.getvalue()


def _unpacked(data: bytes) -> tuple[list[str], Vectors]:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data))
    column = table.column("v").combine_chunks()
    vectors = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
    return table.column("id").to_pylist(), vectors


def stored_vectors(database: Database, run_id: str, label: str) -> StoredVectors:
    """The vectors that a run gave to the nodes of a label; none if they are not kept."""
    ids: list[str] = []
    found: list[Vectors] = []
    for data in _parts(database, run_id, label):
        names, vectors = _unpacked(data)
        ids += names
        found.append(vectors)
    return StoredVectors(ids, np.concatenate(found) if found else np.zeros((0, 0), np.float32))


def read_arrays(database: Database, run_id: str) -> dict[str, NDArray[Any]]:
    """The further arrays of a run; empty if they are not kept."""
    for data in _parts(database, run_id, FOLD):
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    return {}


def _parts(database: Database, run_id: str, kind: str) -> Iterator[bytes]:
    for row in database.read("embed/list_parts", runId=run_id, kind=kind):
        # Not `read`, whose rows the driver makes by going through bytes one by one: a second of work for a megabyte.
        for (data,) in database.stream("embed/read_part", partId=row["partId"]):
            yield data


def forget_old_runs(database: Database, keep: int) -> list[str]:
    """Drop the vectors of all runs but the last `keep`, and of those that were interrupted; returns their ids.

    The runs stay on record. The active run keeps its vectors.
    """
    runs: list[Row] = [row["run"] for row in database.read("embed/list_runs")]
    done = [run for run in runs if run["status"] in ("active", "replaced") and run.get("stored")]
    kept = {run["runId"] for run in done[max(0, len(done) - keep) :]} | {
        run["runId"] for run in runs if run["status"] in ("active", "writing")
    }
    gone = [
        run["runId"]
        for run in runs
        if run["runId"] not in kept and (run.get("stored") or run["status"] == "interrupted")
    ]
    for run_id in gone:
        database.write("embed/drop_parts", runId=run_id)
    return gone
