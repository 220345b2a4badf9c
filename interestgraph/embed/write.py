"""Making a run the one that serves: its vectors go to the nodes, and readers never see a gap.

- Vectors of the active run's dimensions replace its vectors in place. They were rotated into the same space, so that a
  reader in the middle compares like with like, and the vector indexes stay online and follow.
- Vectors of other dimensions are written and indexed *beside* those that serve (`embeddingNext`), then the run becomes
  active, then they move to the usual place, and then what lies beside is dropped. Serving statements read the place
  that the active run names.
- A run that dies leaves the one before it serving.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interestgraph.errors import SchemaMismatchError, StateError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.schema import check_vector_indexes, drop_vector_indexes, ensure_vector_indexes
from interestgraph.neo4j.vectors import Vectors, clear_other_vectors, drop_vectors_beside, put_vectors

Parts = Sequence[tuple[str, Sequence[str], Vectors]]
"""Label, ids, float32 (n, d); a vector of zeros is none."""


def active_run(database: Database) -> Row | None:
    """The properties of the run that serves."""
    runs = [row["run"] for row in database.read("embed/list_runs")]
    return next((run for run in runs if run["status"] == "active"), None)


def serve_vectors(
    database: Database,
    run_id: str,
    dimensions: int,
    parts: Parts,
    *,
    finish: Callable[[], Row],
    lap: Callable[[str], None],
    progress: Progress | None = None,
) -> None:
    """Write the vectors of a run that has the status `writing`, and make it the one that serves.

    Args:
        database: the graph.
        run_id: the run.
        dimensions: of its vectors.
        parts: its vectors.
        finish: gives the properties that the run has once it serves.
        lap: told when "write back" and "index" are done.
        progress: called with step, units done, units in all.

    Raises:
        StateError: another run has begun to write.
    """
    active = active_run(database)
    beside = active is not None and active["dimensions"] != dimensions and not active.get("beside")
    if beside:
        drop_vector_indexes(database, beside=True)
        drop_vectors_beside(database)
    elif active is None or active.get("beside"):
        # Nobody reads the usual place; without indexes it is written in a tenth of the time.
        drop_vector_indexes(database)
    put_vectors(database, run_id, parts, beside=beside, progress=progress)
    if active is None or active.get("beside"):
        clear_other_vectors(database, run_id)
    lap("write back")
    ensure_vector_indexes(database, dimensions, beside=beside, progress=progress)
    lap("index")
    activate(database, run_id, finish(), beside=beside)
    if beside:
        _move_home(database, run_id, dimensions, parts, progress)
        lap("move")
    elif active is not None and active.get("beside"):
        clear_beside(database)


def _move_home(database: Database, run_id: str, dimensions: int, parts: Parts, progress: Progress | None) -> None:
    """Write the vectors that serve from beside to the usual place, and serve from there."""
    drop_vector_indexes(database)
    put_vectors(database, run_id, parts, progress=progress)
    clear_other_vectors(database, run_id)
    ensure_vector_indexes(database, dimensions, progress=progress)
    activate(database, run_id, {}, beside=False)
    clear_beside(database)


def clear_beside(database: Database) -> None:
    """Drop indexes and vectors that lie beside those that serve."""
    drop_vector_indexes(database, beside=True)
    drop_vectors_beside(database)


def activate(database: Database, run_id: str, properties: Row, *, beside: bool) -> None:
    """Make a run the one that serves.

    Raises:
        StateError: another run has begun to write.
    """
    if not database.write("embed/activate_run", runId=run_id, properties=properties, beside=beside):
        raise StateError(f"another run has begun to write vectors to this graph: {run_id} stops before it serves")


def check_dimensions(database: Database, active: Row | None, dimensions: int) -> None:
    """Refuse vectors of another length than the ones that serve.

    Raises:
        SchemaMismatchError: the active run, or a vector index, has other dimensions.
    """
    if active is None or not active.get("beside"):
        check_vector_indexes(database, dimensions)
    elif active["dimensions"] != dimensions:
        raise SchemaMismatchError(
            f"run {active['runId']} serves {active['dimensions']} dimensions, this run makes {dimensions}: "
            f"use --dimensions {active['dimensions']}, or --replace-index to replace the old vectors and index"
        )
