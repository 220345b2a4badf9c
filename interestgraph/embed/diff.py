"""What changed between two embedding runs: who moved most, whose neighbourhoods and which communities are others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interestgraph.embed.drift import Ints, Vectors, group_drift, moves, overlap
from interestgraph.embed.runs import require_run
from interestgraph.embed.store import stored_vectors
from interestgraph.errors import ConfigurationError, SchemaMismatchError, StateError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.vectors import LABELS

NEIGHBOURS = 10
SAMPLE = 2_000
"""Nodes of each kind whose neighbourhoods are compared; all, if there are no more."""
SEED = 42
MEMBERS = 5
"""Communities with fewer members are left out: one member more or less would put them first."""
_PLURAL = {"User": "users", "Item": "items", "Category": "categories"}


@dataclass(frozen=True)
class KindDrift:
    """How the nodes of one kind changed."""

    kind: str
    common: int
    """Nodes that have a vector in both runs."""
    new: int
    gone: int
    moved: float
    """Mean distance (1 - cosine) of the common ones."""
    moved_p90: float
    """Nine of ten moved less."""
    overlap: float
    """Mean share of the 10 nearest neighbours of their kind that are the same in both runs."""
    sampled: int
    """Nodes that `overlap` is the mean of."""


@dataclass(frozen=True)
class Moved:
    """A node that moved far."""

    kind: str
    node_id: str
    title: str | None
    community: str | None
    """Label of its community."""
    distance: float
    """1 - cosine of the vectors in both runs."""
    overlap: float
    """Share of its 10 nearest neighbours of its kind that are the same in both runs."""


@dataclass(frozen=True)
class CommunityDrift:
    """How a community of today changed between the runs."""

    community_id: str
    label: str | None
    size: int
    """Members that have a vector in both runs."""
    moved: float
    """Mean distance of the members."""
    left: float
    """Share of the members that came to lie nearer to another community's centre."""
    toward: str | None
    """The community that most of these went to; None: there are none."""


@dataclass(frozen=True)
class Drift:
    """What changed from one run to another."""

    old_run: str
    new_run: str
    residual: float
    """|new - old| / |old| of all common nodes after the best rotation: 0 when nothing moved."""
    kinds: tuple[KindDrift, ...]
    moved: tuple[Moved, ...]
    """Users and items that moved most, the furthest first."""
    communities: tuple[CommunityDrift, ...]
    """Those that most left, or whose members moved most, first."""


def diff_runs(
    database: Database, old: str | None = None, new: str | None = None, n: int = 10, progress: Progress | None = None
) -> Drift:
    """Compare two runs by the vectors that they gave.

    Args:
        database: the graph.
        old, new: ids of runs; None: the active run as `new`, and the latest one before it as `old`.
        n: how many nodes and communities to name, 1 to 1000.
        progress: called with "compare", steps done and steps in all.

    Raises:
        UnknownRunError: the graph has no such run.
        StateError: there are no two runs, or the vectors of one are not kept.
        SchemaMismatchError: the runs have other dimensions.
        ConfigurationError: both are the same run, or `n` is out of range.
    """
    if not 1 <= n <= 1000:
        raise ConfigurationError(f"n must be from 1 to 1000, got {n}")
    before, after = _pair(database, old, new)
    kinds: list[KindDrift] = []
    tables = [_Common(database, label, before["runId"], after["runId"]) for label in LABELS]
    if not any(len(table.ids) for table in tables):
        raise StateError(f"runs {before['runId']} and {after['runId']} have no node in common")
    apart = moves(
        np.concatenate([t.old for t in tables if len(t.ids)]), np.concatenate([t.new for t in tables if len(t.ids)])
    )
    distances = np.split(apart.distance, np.cumsum([len(table.ids) for table in tables])[:-1])
    moved: list[Moved] = []
    labels = {row["communityId"]: row["label"] for row in database.read("embed/community_labels")}
    draw = np.random.default_rng(SEED)
    for step, (table, distance) in enumerate(zip(tables, distances, strict=True)):
        if progress:
            progress("compare", step, len(tables) + 1)
        size = len(table.ids)
        sample = np.sort(draw.choice(size, min(SAMPLE, size), replace=False)) if size else np.zeros(0, np.int64)
        shares = overlap(table.old, table.new, sample, NEIGHBOURS)
        kinds.append(
            KindDrift(
                kind=table.label.lower(),
                common=size,
                new=table.added,
                gone=table.gone,
                moved=float(distance.mean()) if size else 0.0,
                moved_p90=float(np.quantile(distance, 0.9)) if size else 0.0,
                overlap=float(shares.mean()) if size else 1.0,
                sampled=len(sample),
            )
        )
        if table.label != "Category":
            moved += _furthest(table, distance, labels, n)
    communities = _communities(tables, distances, labels, n)
    if progress:
        progress("compare", len(tables) + 1, len(tables) + 1)
    return Drift(
        old_run=before["runId"],
        new_run=after["runId"],
        residual=apart.residual,
        kinds=tuple(kinds),
        moved=tuple(sorted(moved, key=lambda node: -node.distance)[:n]),
        communities=communities,
    )


def _pair(database: Database, old: str | None, new: str | None) -> tuple[Row, Row]:
    """The two runs to compare."""
    runs = [row["run"] for row in database.read("embed/list_runs")]
    if new is None:
        active = [run for run in runs if run["status"] == "active"]
        if not active:
            raise StateError("the graph has no vectors (or embed was interrupted): run `interestgraph embed`")
        after = active[0]
    else:
        after = require_run(database, new)
    if old is None:
        earlier = [
            run
            for run in runs
            if run.get("stored") and run["dimensions"] == after["dimensions"] and run["runId"] != after["runId"]
        ]
        # The one before it; of a run that was activated again, the one that it replaced.
        if not earlier:
            raise StateError(
                f"there is no other run of {after['dimensions']} dimensions whose vectors are kept to compare "
                f"{after['runId']} with: run `interestgraph embed` again, then compare"
            )
        before = earlier[-1]
    else:
        before = require_run(database, old)
    if before["runId"] == after["runId"]:
        raise ConfigurationError(f"{before['runId']} is one run: give two to compare")
    for run in (before, after):
        if not run.get("stored"):
            raise StateError(f"the vectors of run {run['runId']} are not kept (`embed --keep-runs` says how many are)")
    if before["dimensions"] != after["dimensions"]:
        raise SchemaMismatchError(
            f"run {before['runId']} has {before['dimensions']} dimensions, {after['runId']} has {after['dimensions']}: "
            "their vectors cannot be compared"
        )
    return before, after


class _Common:
    """The vectors of the nodes of a label that both runs know."""

    def __init__(self, database: Database, label: str, old: str, new: str) -> None:
        self.label = label
        before, after = (stored_vectors(database, run, label) for run in (old, new))
        position = {name: at for at, name in enumerate(before.ids)}
        rows = [at for at, name in enumerate(after.ids) if name in position]
        self.ids = [after.ids[at] for at in rows]
        self.added, self.gone = len(after.ids) - len(rows), len(before.ids) - len(rows)
        self.new: Vectors = after.vectors[rows]
        self.old: Vectors = before.vectors[[position[name] for name in self.ids]]
        facts = {row["id"]: row for row in database.read(f"embed/describe_{_PLURAL[label]}")}
        self.facts: list[Row] = [facts.get(name, {"title": None, "community": None}) for name in self.ids]


def _furthest(table: _Common, distance: Vectors, labels: dict[str, str], n: int) -> list[Moved]:
    rows = np.argsort(-distance, kind="stable")[:n]
    shares = overlap(table.old, table.new, rows, NEIGHBOURS)
    return [
        Moved(
            kind=table.label.lower(),
            node_id=table.ids[row],
            title=table.facts[row]["title"],
            community=labels.get(table.facts[row]["community"]),
            distance=float(distance[row]),
            overlap=float(share),
        )
        for row, share in zip(rows.tolist(), shares, strict=True)
    ]


def _communities(
    tables: list[_Common], distances: list[Vectors], labels: dict[str, str], n: int
) -> tuple[CommunityDrift, ...]:
    known = [table for table in tables if table.label != "Category" and len(table.ids)]
    names = [fact["community"] for table in known for fact in table.facts]
    numbers = {name: at for at, name in enumerate(sorted({name for name in names if name is not None}))}
    if not numbers:
        return ()
    group: Ints = np.array([numbers.get(name, -1) for name in names], np.int64)
    distance = np.concatenate([part for table, part in zip(tables, distances, strict=True) if table in known])
    old, new = np.concatenate([table.old for table in known]), np.concatenate([table.new for table in known])
    found = group_drift(old, new, group, distance)
    ids = list(numbers)
    rows = sorted(
        (at for at in range(len(ids)) if found.size[at] >= MEMBERS),
        key=lambda at: (-found.left[at], -found.distance[at]),
    )
    return tuple(
        CommunityDrift(
            community_id=ids[at],
            label=labels.get(ids[at]),
            size=int(found.size[at]),
            moved=float(found.distance[at]),
            left=float(found.left[at]),
            toward=None if found.toward[at] < 0 else labels.get(ids[found.toward[at]], ids[found.toward[at]]),
        )
        for at in rows[:n]
    )
