"""Pruning: relationships whose decayed weight has faded leave the graph, and are packed beside it.

Each batch of users is one transaction under the lock of the books: what is deleted and what is put away are the same
relationships, whoever records meanwhile. A run that dies is run again, and prunes what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from interestgraph.errors import StateError
from interestgraph.ingest.hold import Run
from interestgraph.ingest.pruned import put_away
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import load_query

PAIRS_PER_BATCH = 10_000


@dataclass(frozen=True)
class Threshold:
    """What counts as faded."""

    below: float
    """Relationships that weigh less; one event of strength 1 weighs 1 when it happens."""
    now: int
    """Moment that weights are read at, epoch milliseconds."""


@dataclass(frozen=True)
class Faded:
    """One behaviour's relationships under a threshold."""

    behaviour: str
    half_life: float
    """Days."""
    users: tuple[tuple[str, int], ...]
    """Users that have some, and how many."""
    kept: int
    """Relationships that have not faded."""

    @property
    def pairs(self) -> int:
        """How many have faded."""
        return sum(pairs for _, pairs in self.users)


def find_faded(database: Database, threshold: Threshold) -> list[Faded]:
    """Count what a threshold takes out, by behaviour."""
    found = []
    count = load_query("reshape/count_faded")
    for row in database.read("ingest/list_behaviours"):
        asked = {"halfLife": row["halfLife"], "now": threshold.now, "below": threshold.below}
        rows = database.read(count.for_relationship(row["name"]), **asked)
        users = tuple((entry["userId"], entry["faded"]) for entry in rows if entry["faded"])
        found.append(Faded(row["name"], row["halfLife"], users, sum(entry["kept"] for entry in rows)))
    return found


def prune(database: Database, faded: Sequence[Faded], threshold: Threshold, progress: Progress | None = None) -> int:
    """Prune what has faded; returns how many relationships.

    Args:
        database: the graph.
        faded: from `find_faded`.
        threshold: the same.
        progress: called with step, relationships done, relationships in all.

    Raises:
        StateError: a load is being written or taken out.
    """
    done, total = 0, sum(part.pairs for part in faded)
    for part in faded:
        for users in _batches(part.users):
            done += database.transact(partial(_prune_batch, part, users, threshold))
            if progress:
                progress("pruning", min(done, total), total)
    return done


def hold_books(run: Run) -> None:
    """Take the lock of the books for one transaction.

    Raises:
        StateError: a load is being written or taken out.
    """
    run("ingest/lock_books")
    for row in run("ingest/list_loads"):
        if row["load"]["status"] != "complete":
            raise StateError(f"load {row['load']['loadId']} is not complete: complete it, or take it out first")


def _prune_batch(part: Faded, users: list[str], threshold: Threshold, run: Run) -> int:
    hold_books(run)
    query = load_query("reshape/take_faded").for_relationship(part.behaviour)
    rows = run(query, userIds=users, halfLife=part.half_life, now=threshold.now, below=threshold.below)
    put_away(run, part.behaviour, rows)
    return len(rows)


def _batches(users: Sequence[tuple[str, int]]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for user, pairs in users:
        batch.append(user)
        size += pairs
        if size >= PAIRS_PER_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
