"""One embedding from end to end: adjacency -> walks -> skip-gram -> align -> write back."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interestgraph import __version__
from interestgraph.embed.align import normalise
from interestgraph.embed.checkpoint import Checkpoint, checkpoint_in
from interestgraph.embed.clock import Clock
from interestgraph.embed.files import read_walks, write_vectors, write_walks
from interestgraph.embed.fold import fit_fold
from interestgraph.embed.graph import CATEGORY, ITEM, NODE_TYPES, USER, WalkGraph
from interestgraph.embed.skipgram import SkipGramConfig, TrainProgress, TrainResult, train
from interestgraph.embed.space import into_space
from interestgraph.embed.store import KEEP_RUNS, forget_old_runs, store_vectors
from interestgraph.embed.walks import WalkConfig, Walks, check_at_least, count_walks, iter_walks
from interestgraph.embed.write import active_run, check_dimensions, serve_vectors
from interestgraph.errors import ConfigurationError, DataError
from interestgraph.model import BEHAVIOURS, Progress, Step
from interestgraph.neo4j.adjacency import Adjacency, export_adjacency
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.fingerprint import graph_fingerprint
from interestgraph.neo4j.schema import ensure_schema

LABELS = NODE_TYPES
"""Labels in the order of the node numbers, with their node types."""
_PLURAL = {"User": "users", "Item": "items", "Category": "categories"}


@dataclass(frozen=True)
class EmbedConfig:
    """How to embed."""

    walk: WalkConfig = field(default_factory=WalkConfig)
    skipgram: SkipGramConfig = field(default_factory=SkipGramConfig)
    category_weight: float = 1.0
    """Weight of an item's step to its category (and of the tree's edges), in mean user-item weights."""
    as_of: datetime | None = None
    """Moment the weights are read at; None: the latest event."""
    behaviour_weights: Mapping[str, float] = field(default_factory=dict)
    """Behaviour -> factor of its relationships' weights, on top of its strength; 0 leaves it out; default 1."""

    def __post_init__(self) -> None:
        check_at_least(self, category_weight=0.0)
        for name, factor in self.behaviour_weights.items():
            if name not in BEHAVIOURS:
                raise ConfigurationError(f"behaviour_weights: no behaviour {name!r}: there are {', '.join(BEHAVIOURS)}")
            if not 0 <= factor < float("inf"):
                raise ConfigurationError(f"behaviour_weights: {name} must be a number of at least 0, got {factor}")


@dataclass(frozen=True)
class EmbedReport:
    """What an embedding run did."""

    run_id: str
    dimensions: int
    users: int
    items: int
    categories: int
    """Nodes of each kind that have a vector."""
    walks: int
    tokens: int
    loss: tuple[float, ...]
    """Mean per pair, one value per epoch."""
    residual: float | None
    """How far the common nodes moved since the run before, relative; None: there was none to align with."""
    common: int
    """Nodes that the run before has too."""
    trainer: str
    changed: bool = True
    """False: the active run was made from the same graph and parameters, and nothing was done."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> seconds."""
    resumed_at: int = 0
    """Tokens that an earlier run, which was cut off, had trained."""


def walk_graph(adjacency: Adjacency, config: EmbedConfig) -> WalkGraph:
    """The graph that walks run on: users, items, categories, with the keys ``User:1228``, ``Item:82``, …

    A user and an item are joined by the sum of their time-weighted relationships (each times its behaviour's factor),
    an item and its categories, and a category and its parent, by `category_weight` mean user-item weights. There is no
    triangle in it, so that node2vec's distance-1 case never occurs and only the ratio of p and q matters. With a
    `time_window` a user-item edge has the time of its latest event; the others have none.

    Raises:
        StateError: the graph holds no events, or `as_of` lies before the latest one.
    """
    matrix = adjacency.matrix(adjacency.moment(config.as_of), multipliers=config.behaviour_weights).tocoo()
    n_users, n_items, n_categories = len(adjacency.users), len(adjacency.items), len(adjacency.categories)
    # Divided by their mean, since a whole graph read long after its last event has weights near zero.
    weight = matrix.data / (matrix.data.mean() if matrix.nnz else 1.0)
    child = np.flatnonzero(adjacency.category_parent >= 0)
    first_category = n_users + n_items
    src: list[NDArray[Any]] = [matrix.row, n_users + adjacency.member_item, first_category + child]
    dst: list[NDArray[Any]] = [
        n_users + matrix.col,
        first_category + adjacency.member_category,
        first_category + adjacency.category_parent[child],
    ]
    steps = np.full(len(adjacency.member_item) + len(child), config.category_weight)
    times = None
    if config.walk.time_window is not None:
        met = adjacency.last_times(matrix.row, matrix.col, config.behaviour_weights)
        times = np.concatenate([met, np.full(len(steps), np.nan)])
    return WalkGraph.from_edges(
        np.concatenate(src).astype(np.int32),
        np.concatenate(dst).astype(np.int32),
        np.concatenate([weight, steps]),
        n_users + n_items + n_categories,
        ids=node_keys(adjacency),
        node_types=np.repeat([USER, ITEM, CATEGORY], [n_users, n_items, n_categories]),
        times=times,
    )


def node_keys(adjacency: Adjacency) -> list[str]:
    """``Label:id`` of every node, in the order of the node numbers."""
    ids = (adjacency.users, adjacency.items, adjacency.categories)
    return [f"{label}:{name}" for label, names in zip(LABELS, ids, strict=True) for name in names]


def export_walks(database: Database, path: Path, config: EmbedConfig, progress: Progress | None = None) -> int:
    """Write the walks of the graph to a Parquet or text file; returns their number.

    Raises:
        StateError, DataError, DiskSpaceError: see `walk_graph` and `write_walks`.
    """
    graph = walk_graph(export_adjacency(database), config)
    return _save_walks(graph, path, config, progress)


def _save_walks(graph: WalkGraph, path: Path, config: EmbedConfig, progress: Progress | None) -> int:
    blocks = iter_walks(graph, config.walk, progress=_walk_progress(progress, "walks"))
    return write_walks(path, blocks, graph.ids, {"walk": asdict(config.walk), "graph": _graph_hash(graph)})


def embed(
    database: Database,
    config: EmbedConfig,
    *,
    walks_file: Path | None = None,
    walks_out: Path | None = None,
    vectors_out: Path | None = None,
    replace_index: bool = False,
    if_changed: bool = False,
    keep_runs: int = KEEP_RUNS,
    checkpoints: Path | None = None,
    progress: Progress | None = None,
) -> EmbedReport:
    """Learn vectors and write them to the nodes; they serve when all are written and indexed.

    Args:
        database: the graph.
        config: parameters.
        walks_file: train from this file of walks instead of walking.
        walks_out: also write the walks to this file (``.parquet``, ``.txt``, ``.txt.gz``).
        vectors_out: also write the vectors to this file (``.parquet``, ``.npz``, ``.kv``, ``.txt``).
        replace_index: replace vectors and vector indexes of other dimensions instead of refusing.
        if_changed: do nothing when the active run was made from the same graph with the same parameters.
        keep_runs: how many runs keep their vectors to compare with and go back to, this one included.
        checkpoints: folder to keep the state of training in, every 30 seconds; a run of the same graph and parameters
            that was cut off goes on from there. None: nothing is kept.
        progress: called with step, units done, units in all.

    Raises:
        StateError: the graph holds no events, or another run has begun to write.
        SchemaMismatchError: the vectors that serve have other dimensions.
        DataError: the file of walks names a node that the graph has not, or cannot be read.
    """
    if keep_runs < 1:
        raise ConfigurationError(f"keep_runs must be at least 1, got {keep_runs}")
    clock = Clock()
    fingerprint = graph_fingerprint(database)
    loads = [row["load"]["loadId"] for row in database.read("ingest/list_loads")]
    active = active_run(database)
    identity = _identity(fingerprint, config, walks_file)
    if if_changed and active is not None and active["identity"] == identity:
        return _report_of(active)
    if not replace_index:
        check_dimensions(database, active, config.skipgram.dimensions)
    ensure_schema(database)
    adjacency = export_adjacency(database)
    graph = walk_graph(adjacency, config)
    clock.lap("export")
    started_at = datetime.now(UTC)
    if walks_out is not None:
        _save_walks(graph, walks_out, config, progress)
        walks_file = walks_file or walks_out
        clock.lap("write walks")
    checkpoint = checkpoint_in(checkpoints, identity + _graph_hash(graph))
    result, walks = _train(graph, config, walks_file, checkpoint, progress)
    clock.lap("walk and train")
    vectors = normalise(result.vectors)
    vectors, residual, common = into_space(database, active, graph.ids, vectors)
    if vectors_out is not None:
        write_vectors(vectors_out, graph.ids, vectors, {"parameters": _parameters(config), "identity": identity})
    clock.lap("align")
    parts = [*zip(LABELS, _names(adjacency), _split(adjacency, vectors), strict=True)]
    run_id = f"embed-{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    properties: Row = {
        "identity": identity,
        "inputHash": _graph_hash(graph),
        "asOf": datetime.fromtimestamp(adjacency.moment(config.as_of), UTC),
        "startedAt": started_at,
        "walks": walks,
        "tokens": result.tokens,
        "loss": list(result.loss),
        "residual": residual,
        "common": common,
        "loads": loads,
        **_settings(config),
        **{_PLURAL[label]: int(np.any(part, axis=1).sum()) for label, _, part in parts},
    }
    database.write("embed/open_run", runId=run_id, properties=properties)
    weights = adjacency.matrix(adjacency.moment(config.as_of), multipliers=config.behaviour_weights)
    store_vectors(database, run_id, parts, fit_fold(adjacency, weights, *_split(adjacency, vectors)), progress)
    ended: Row = {}

    def finish() -> Row:
        ended.update(endedAt=datetime.now(UTC), stages=list(clock.seconds), stageSeconds=list(clock.seconds.values()))
        return ended

    serve_vectors(database, run_id, config.skipgram.dimensions, parts, finish=finish, lap=clock.lap, progress=progress)
    forget_old_runs(database, keep_runs)
    report = _report_of({"runId": run_id, **properties, **ended}, changed=True)
    return replace(report, resumed_at=checkpoint.resumed_at if checkpoint else 0)


def _parameters(config: EmbedConfig) -> Row:
    return {
        **asdict(config.walk),
        **asdict(config.skipgram),
        "walk_seed": config.walk.seed,
        "category_weight": config.category_weight,
        "as_of": config.as_of.isoformat() if config.as_of else None,
        "behaviour_weights": dict(config.behaviour_weights),
    }


def _settings(config: EmbedConfig) -> Row:
    """What is known of a run before it begins."""
    return {
        "parameters": json.dumps(_parameters(config)),
        "trainer": config.skipgram.trainer,
        "dimensions": config.skipgram.dimensions,
        "seed": config.skipgram.seed,
        "version": __version__,
    }


def _graph_hash(graph: WalkGraph) -> str:
    digest = hashlib.sha256("\n".join(graph.ids).encode())
    for array in (graph.indptr, graph.indices, graph.weights, graph.times):
        if array is not None:
            digest.update(array.data)
    return digest.hexdigest()


def _identity(fingerprint: str, config: EmbedConfig, walks_file: Path | None) -> str:
    """What a run is made from: graph, parameters and, where given, the file of walks."""
    parts = [fingerprint, json.dumps(_parameters(config), sort_keys=True)]
    if walks_file is not None and walks_file.is_file():
        with walks_file.open("rb") as stream:
            parts.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _train(
    graph: WalkGraph,
    config: EmbedConfig,
    walks_file: Path | None,
    checkpoint: Checkpoint | None,
    progress: Progress | None,
) -> tuple[TrainResult, int]:
    """Train from the graph's own walks or from a file; returns the number of walks too."""

    def tell(state: TrainProgress) -> None:
        if progress:
            detail = f"{state.tokens_per_second / 1e3:,.0f}k tokens/s, loss {state.loss:.2f}"
            if checkpoint is not None and checkpoint.failure:
                detail += f", state not kept: {checkpoint.failure}"
            progress(Step("skip-gram", detail), state.done, state.total)

    if walks_file is None:

        def source() -> Iterator[Walks]:
            return iter_walks(graph, config.walk)

        walks = count_walks(graph, config.walk)
    else:
        stored = read_walks(walks_file, graph.ids)
        walks = sum(len(block) for block in stored.blocks())
        source = stored.blocks
    if walks == 0:
        raise DataError(f"{walks_file or 'the graph'} has no walks to train from")
    return train(source, graph.n_nodes, config.skipgram, tell, checkpoint), walks


def _walk_progress(progress: Progress | None, step: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(step, done, total)


def _names(adjacency: Adjacency) -> tuple[tuple[str, ...], ...]:
    """Ids by label, in the order of `LABELS`."""
    return adjacency.users, adjacency.items, adjacency.categories


def _split(
    adjacency: Adjacency, vectors: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The vectors of each label."""
    users, items = len(adjacency.users), len(adjacency.items)
    return vectors[:users], vectors[users : users + items], vectors[users + items :]


def _report_of(run: Any, changed: bool = False) -> EmbedReport:
    return EmbedReport(
        run_id=run["runId"],
        dimensions=run["dimensions"],
        users=run["users"],
        items=run["items"],
        categories=run["categories"],
        walks=run["walks"],
        tokens=run["tokens"],
        loss=tuple(run["loss"]),
        residual=run.get("residual"),
        common=run.get("common") or 0,
        trainer=run["trainer"],
        changed=changed,
        seconds=dict(zip(run["stages"], run["stageSeconds"], strict=True)) if changed else {},
    )
