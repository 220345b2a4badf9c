"""Folding in: vectors for what came after the last run, at once and in its space, see `interestgraph.embed.fold`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.fold import Neighbourhoods, Vectors, fold, moved
from interestgraph.embed.store import read_arrays, stored_vectors
from interestgraph.errors import StateError
from interestgraph.model import SECONDS_PER_DAY, Progress
from interestgraph.neo4j.connection import Database, Row, batched
from interestgraph.neo4j.queries import Query
from interestgraph.neo4j.vectors import VectorWire

Run = Callable[..., list[Row]]
"""Runs a statement, in a transaction or of its own."""

STRONGEST = 100
"""So many neighbours of a node count at most; with 200 the answer is no better (cosine to a full run 0.785, 0.790)."""
NODES_PER_QUERY = 500
BULK = 2_000
"""When more vectors than this are looked for, all of the run's are read at once."""
MOST_CACHED = 500_000
"""Vectors that are kept in memory; at 64 dimensions 128 MB."""

_AROUND = {"User": ("Item", None), "Item": ("User", "Category"), "Category": ("Item", "Category")}
"""Label -> labels of the neighbours by events and in the catalogue."""
_PLURAL = {"User": "users", "Item": "items", "Category": "categories"}


class Happened(Protocol):
    """An event that is already in the graph."""

    @property
    def user(self) -> str:
        """Id."""

    @property
    def item(self) -> str:
        """Id."""

    @property
    def behaviour(self) -> str:
        """Type of the relationship."""

    @property
    def millis(self) -> int:
        """Epoch milliseconds."""


@dataclass(frozen=True)
class FoldReport:
    """What folding in did."""

    run_id: str
    """The run in whose space the new vectors are."""
    users: int
    items: int
    categories: int
    """New vectors."""
    seconds: float


class Folder:
    """Gives vectors to users, items and categories from those of their neighbours, in the space of the active run.

    It remembers the maps and trained item vectors of that run, so keep one for many calls.

    Args:
        database: the graph.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._wire = VectorWire(database)
        self.run_id: str | None = None
        """The run that served when it last looked."""
        self._maps: dict[str, NDArray[Any]] = {}
        self._cache: dict[tuple[str, str], Vectors] = {}
        self._context: Row = {}

    def begin(self, run: Run) -> bool:
        """Look which run serves; False if there is none that can fold in."""
        (self._context,) = run("embed/fold_context")
        active = self._context["run"]
        if active is None or not active["stored"]:
            return False
        if active["runId"] != self.run_id:
            self._maps = read_arrays(self._database, active["runId"])
            self._cache.clear()
            self.run_id = active["runId"]
        return bool(self._maps)

    def events(self, run: Run, happened: Sequence[Happened]) -> int:
        """Bring vectors up to date with events that the graph has by now: of users, and of items that are new.

        Users that have a vector move, the more the less was known of them; see `interestgraph.embed.fold.moved`.

        Args:
            run: runs a statement in the transaction that applied them, or in a later one.
            happened: the events; each at most once.

        Returns:
            How many vectors were written; 0 without a run that can fold in.
        """
        if not happened:
            return 0
        with self._lock:
            if not self.begin(run):
                return 0
            at = max(self._context["lastEventAt"], *(event.millis for event in happened))
            # Those that are remembered were trained, and stay where they are.
            items = [item for item in dict.fromkeys(e.item for e in happened) if ("Item", item) not in self._cache]
            users = list(dict.fromkeys(event.user for event in happened))
            done = self._fold(run, "Item", items, at)
            return done + self._fold(run, "User", users, at, self._shares(happened, at))

    def nodes(self, run: Run, label: str, ids: Sequence[str]) -> int:
        """Give nodes vectors from their neighbours; returns how many got one. Call `begin` before."""
        return self._fold(run, label, ids, self._context["lastEventAt"])

    def _shares(self, happened: Sequence[Happened], at: int) -> dict[str, dict[str, tuple[float, int]]]:
        """User -> item -> (weight, number) of the events as of a moment."""
        known = {row["name"]: row for row in self._context["behaviours"]}
        factors = self._factors()
        found: dict[str, dict[str, tuple[float, int]]] = {}
        for event in happened:
            behaviour = known[event.behaviour]
            days = (at - event.millis) / 1000 / SECONDS_PER_DAY
            weight = behaviour["strength"] * factors[event.behaviour] * 2.0 ** (-days / behaviour["halfLife"])
            of_user = found.setdefault(event.user, {})
            before, count = of_user.get(event.item, (0.0, 0))
            of_user[event.item] = (before + weight, count + 1)
        return found

    def _factors(self) -> dict[str, float]:
        """Behaviour -> factor that the run's walks gave it."""
        given = json.loads(self._context["run"]["parameters"]).get("behaviour_weights") or {}
        return {row["name"]: float(given.get(row["name"], 1.0)) for row in self._context["behaviours"]}

    def query(self, name: str) -> Query:
        """A statement on the vectors of the run that serves."""
        return self._wire.query(name, bool(self._context["run"]["beside"]))

    def _fold(
        self,
        run: Run,
        label: str,
        ids: Sequence[str],
        at: int,
        shares: Mapping[str, Mapping[str, tuple[float, int]]] | None = None,
    ) -> int:
        done = 0
        for batch in batched(ids, NODES_PER_QUERY):
            rows = run(
                self.query(f"embed/around_{_PLURAL[label]}"),
                ids=batch,
                asOf=at,
                halfLives={row["name"]: row["halfLife"] for row in self._context["behaviours"]},
                factors=self._factors(),
                limit=STRONGEST,
            )
            vectors = self._vectors(run, label, rows, shares or {})
            put = [
                {"id": row["id"], "vector": self._wire.value(vector)}
                for row, vector in zip(rows, vectors, strict=True)
                if vector.any()
            ]
            if put:
                run(self.query(f"embed/fold_{label.lower()}_vectors"), rows=put, runId=self.run_id)
            done += len(put)
        return done

    def _vectors(
        self, run: Run, label: str, rows: Sequence[Row], shares: Mapping[str, Mapping[str, tuple[float, int]]]
    ) -> Vectors:
        """The vectors (n, d) of nodes, from the rows of `embed/around_…`."""
        by_events, in_catalogue = _AROUND[label]
        near = self._known(run, by_events, {name for row in rows for name in row["near"]})
        above = self._known(run, in_catalogue, {name for row in rows for name in row["above"]}) if in_catalogue else {}
        size = self._context["run"]["dimensions"]
        linear = self._maps[label]
        after = _neighbourhoods(rows, near, above, size, {})
        found = fold(after, linear)
        old = [at for at, row in enumerate(rows) if row["vector"] is not None]
        if old:
            some = [rows[at] for at in old]
            before = _neighbourhoods(some, near, above, size, shares)
            vectors = np.array([row["vector"] for row in some], dtype=np.float32)
            now = Neighbourhoods(after.events[old], after.number[old], after.catalogue[old])
            found[old] = moved(vectors, before, now, linear)
        return found

    def _known(self, run: Run, label: str, names: set[str]) -> dict[str, Vectors]:
        """Vectors by id; those that training made are remembered, except users', which move."""
        found = {name: self._cache[label, name] for name in names if (label, name) in self._cache}
        missing = sorted(names - found.keys())
        if len(missing) > BULK and label != "User" and self.run_id is not None:
            self._remember_all(label)
            found |= {name: self._cache[label, name] for name in missing if (label, name) in self._cache}
            missing = [name for name in missing if name not in found]
        for batch in batched(missing, BULK):
            for row in run(self.query(f"embed/read_{label.lower()}_vectors"), ids=batch):
                vector = np.array(row["vector"], dtype=np.float32)
                found[row["id"]] = vector
                if row["trained"] and label != "User" and len(self._cache) < MOST_CACHED:
                    self._cache[label, row["id"]] = vector
        return found

    def _remember_all(self, label: str) -> None:
        assert self.run_id is not None
        ids, vectors = stored_vectors(self._database, self.run_id, label)
        if len(self._cache) + len(ids) <= MOST_CACHED:
            self._cache.update(((label, name), vector) for name, vector in zip(ids, vectors, strict=True))


def _neighbourhoods(
    rows: Sequence[Row],
    near: Mapping[str, Vectors],
    above: Mapping[str, Vectors],
    dimensions: int,
    without: Mapping[str, Mapping[str, tuple[float, int]]],
) -> Neighbourhoods:
    """Neighbourhoods of n nodes, as they are or were without some events (node -> neighbour -> weight, number)."""
    events, catalogue = np.zeros((2, len(rows), dimensions), np.float32)
    count = np.zeros(len(rows), np.int64)
    for at, row in enumerate(rows):
        weights, vectors = [], []
        taken = without.get(row["id"], {})
        for name, weight, number in zip(row["near"], row["weights"], row["events"], strict=True):
            less, fewer = taken.get(name, (0.0, 0))
            if number > fewer and weight > less and name in near:
                weights.append(weight - less)
                vectors.append(near[name])
        if weights:
            share = np.array(weights) / sum(weights)
            events[at] = share.astype(np.float32) @ np.stack(vectors)
            count[at] = len(weights)
        known = [above[name] for name in row["above"] if name in above]
        if known:
            catalogue[at] = np.mean(known, axis=0)
    return Neighbourhoods(events, count, catalogue)


def fold_new(database: Database, progress: Progress | None = None) -> FoldReport:
    """Give vectors to all nodes that have none and have a neighbour with one; nothing is trained.

    Items come first, by their categories and users, then users by items, then categories, until nothing is left.

    Raises:
        StateError: no run serves that can fold in.
    """
    began = time.perf_counter()
    folder = Folder(database)
    run: Run = database.write
    if not folder.begin(run):
        raise StateError("the graph has no vectors to start from: run `interestgraph embed`")
    counts = dict.fromkeys(_PLURAL, 0)
    for _ in range(3):
        before = sum(counts.values())
        for label in ("Item", "User", "Category"):
            ids = [row["id"] for row in database.read(folder.query(f"embed/new_{_PLURAL[label]}"))]
            for batch in batched(ids, NODES_PER_QUERY):
                counts[label] += folder.nodes(run, label, batch)
                if progress:
                    progress(f"new {_PLURAL[label]}", min(counts[label], len(ids)), len(ids))
        if sum(counts.values()) == before:
            break
    return FoldReport(
        run_id=str(folder.run_id),
        users=counts["User"],
        items=counts["Item"],
        categories=counts["Category"],
        seconds=round(time.perf_counter() - began, 3),
    )
