"""The embedding runs of a graph: which there are, going back to one, deleting one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from interestgraph.embed.clock import Clock
from interestgraph.embed.fold_in import fold_new
from interestgraph.embed.store import stored_vectors
from interestgraph.embed.write import active_run, serve_vectors
from interestgraph.errors import SchemaMismatchError, StateError, UnknownRunError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row, batched
from interestgraph.neo4j.vectors import LABELS

IDS_PER_QUERY = 20_000


@dataclass(frozen=True)
class EmbeddingRun:
    """One embedding run."""

    run_id: str
    status: str
    """``active``: its vectors serve; ``replaced``; ``writing``; ``interrupted``: it died, or another one began."""
    stored: bool
    """Whether its vectors are kept, so that it can be compared and activated."""
    dimensions: int
    users: int
    items: int
    categories: int
    """Nodes of each kind that it gave a vector."""
    loss: float | None
    """Of the last epoch."""
    residual: float | None
    """How far the common nodes were from the run before it, relative."""
    trainer: str
    seed: int
    as_of: datetime
    """The moment that weights were read at."""
    started_at: datetime
    seconds: float | None
    """How long it took; None: it did not end."""
    loads: tuple[str, ...]
    """The loads that were in the graph."""
    version: str
    """Of interestgraph."""
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Activation:
    """What activating a run did."""

    run_id: str
    replaced: str | None
    """The run that served before."""
    users: int
    items: int
    categories: int
    """Vectors that were restored."""
    folded_in: int
    """Vectors of nodes that the run did not know, from their neighbours."""
    seconds: dict[str, float]
    """Stage -> seconds."""


def list_runs(database: Database) -> list[EmbeddingRun]:
    """All embedding runs, the latest first."""
    return [_run_of(row["run"]) for row in database.read("embed/list_runs")][::-1]


def show_run(database: Database, run_id: str) -> EmbeddingRun:
    """One embedding run.

    Raises:
        UnknownRunError: the graph has no such run.
    """
    return _run_of(require_run(database, run_id))


def require_run(database: Database, run_id: str) -> Row:
    """The properties of a run.

    Raises:
        UnknownRunError: the graph has no such run.
    """
    runs = [row["run"] for row in database.read("embed/list_runs")]
    for run in runs:
        if run["runId"] == run_id:
            return dict(run)
    known = ", ".join(run["runId"] for run in runs[-3:]) or "none"
    raise UnknownRunError(f"the graph has no embedding run {run_id} (the latest: {known}): `interestgraph runs list`")


def delete_run(database: Database, run_id: str) -> None:
    """Remove a run and its vectors.

    Raises:
        UnknownRunError: the graph has no such run.
        StateError: it serves.
    """
    require_run(database, run_id)
    if not database.write("embed/delete_run", runId=run_id):
        raise StateError(f"run {run_id} serves: activate another one first, or run `interestgraph embed`")


def activate_run(database: Database, run_id: str, progress: Progress | None = None) -> Activation:
    """Make an earlier run the one that serves again: the nodes get its vectors, to the bit.

    Nodes that came after it keep their vectors, which are of the same space, or get some from their neighbours. Of a
    run that was cut off while it wrote to the nodes the writing is finished.

    Raises:
        UnknownRunError: the graph has no such run.
        StateError: its vectors are not kept, or it was made from another graph.
        SchemaMismatchError: it has other dimensions than the vectors that serve.
    """
    run = require_run(database, run_id)
    active = active_run(database)
    if not run.get("stored"):
        raise StateError(f"run {run_id} cannot serve: its vectors are not kept (`embed --keep-runs` says how many are)")
    if active is not None and active["dimensions"] != run["dimensions"]:
        raise SchemaMismatchError(
            f"run {run_id} has {run['dimensions']} dimensions, the vectors that serve ({active['runId']}) have "
            f"{active['dimensions']}: their spaces cannot be compared; train again with "
            f"`interestgraph embed --dimensions {run['dimensions']} --replace-index`"
        )
    _check_graph(database, run)
    clock = Clock()
    parts = [(label, *stored_vectors(database, run_id, label)) for label in LABELS]
    _check_nodes(database, run_id, {label: ids for label, ids, _ in parts})
    clock.lap("read")
    database.write("embed/open_run", runId=run_id, properties={})
    serve_vectors(database, run_id, run["dimensions"], parts, finish=dict, lap=clock.lap, progress=progress)
    folded = fold_new(database, progress)
    clock.lap("fold in")
    sizes = {label: len(ids) for label, ids, _ in parts}
    return Activation(
        run_id=run_id,
        replaced=active["runId"] if active is not None and active["runId"] != run_id else None,
        users=sizes["User"],
        items=sizes["Item"],
        categories=sizes["Category"],
        folded_in=folded.users + folded.items + folded.categories,
        seconds=clock.seconds,
    )


def _check_graph(database: Database, run: Row) -> None:
    """Refuse a run that knows events which were taken out of the graph."""
    present = {row["load"]["loadId"] for row in database.read("ingest/list_loads")}
    gone = [load for load in run.get("loads") or () if load not in present]
    if gone:
        raise StateError(
            f"run {run['runId']} was made from another graph: load {gone[0]} was in it, and is no longer; train again "
            "with `interestgraph embed`"
        )


def _check_nodes(database: Database, run_id: str, ids: Mapping[str, Sequence[str]]) -> None:
    """Refuse a run most of whose nodes the graph has not."""
    total = sum(len(names) for names in ids.values())
    known = sum(
        database.read(f"embed/count_{label.lower()}_ids", ids=batch)[0]["known"]
        for label, names in ids.items()
        for batch in batched(names, IDS_PER_QUERY)
    )
    if 2 * known < total or not total:
        raise StateError(
            f"run {run_id} was made from another graph: this one has {known} of its {total} nodes; train again with "
            "`interestgraph embed`"
        )


def _run_of(run: Mapping[str, Any]) -> EmbeddingRun:
    started, ended = run["startedAt"], run.get("endedAt")
    return EmbeddingRun(
        run_id=run["runId"],
        status=run["status"],
        stored=bool(run.get("stored")),
        dimensions=run["dimensions"],
        users=run["users"],
        items=run["items"],
        categories=run["categories"],
        loss=run["loss"][-1] if run.get("loss") else None,
        residual=run.get("residual"),
        trainer=run["trainer"],
        seed=run["seed"],
        as_of=_moment(run["asOf"]),
        started_at=_moment(started),
        seconds=None if ended is None else round((_moment(ended) - _moment(started)).total_seconds(), 3),
        loads=tuple(run.get("loads") or ()),
        version=run["version"],
        parameters=json.loads(run["parameters"]),
    )


def _moment(value: Any) -> datetime:
    """A moment of the driver as Python's, UTC."""
    found = value if isinstance(value, datetime) else value.to_native()
    return found.astimezone(UTC)
