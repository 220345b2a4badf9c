"""The platform's own models, answered from a graph that holds nothing but what is learnt from.

What serves is called here as it serves everybody: candidates and blend by `interestgraph.recommend`, vectors as they
lie on the nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.beyond import Catalogue
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.ranking import DEPTH, TASKS, Lists, Scorer
from interestgraph.neo4j.adjacency import export_adjacency
from interestgraph.neo4j.connection import Database
from interestgraph.recommend.blend import blend
from interestgraph.recommend.candidates import SOURCES, find_candidates
from interestgraph.recommend.context import read_context
from interestgraph.recommend.recommend import RecommendConfig

Step = Callable[[int], None]
BLEND, WITHOUT, ALONE = "blend", "without ", "alone "
_EVERY = 1_000_000


@dataclass(frozen=True)
class Vectors:
    """Vectors by the places of the log's users and items; NaN where there is none."""

    users: NDArray[np.float32]
    items: NDArray[np.float32]

    def scorer(self) -> Scorer:
        """Dot products of users and items; the vector indexes compare by cosine, which ranks items otherwise."""
        usable = np.asarray(~np.isnan(self.items).any(axis=1))
        items = np.where(usable[:, None], self.items, 0.0).T.astype(np.float32)

        def scores(users: NDArray[np.int32]) -> NDArray[np.float32]:
            found = np.asarray(np.nan_to_num(self.users[users]) @ items, dtype=np.float32)
            found[:, ~usable] = -np.inf
            return found

        return scores

    def unit(self) -> Vectors:
        """The same vectors with length 1."""
        return Vectors(*(side / np.linalg.norm(side, axis=1, keepdims=True) for side in (self.users, self.items)))


def read_vectors(database: Database, log: Log) -> Vectors:
    """The vectors that serve."""
    return Vectors(
        _read(database, "embed/export_user_vectors", log.users), _read(database, "embed/export_item_vectors", log.items)
    )


def _read(database: Database, query: str, names: Sequence[str]) -> NDArray[np.float32]:
    place = {name: at for at, name in enumerate(names)}
    rows = [(place[name], vector) for name, vector in database.stream(query) if name in place]
    width = len(rows[0][1]) if rows else 0
    found = np.full((len(names), width), np.nan, dtype=np.float32)
    for at, vector in rows:
        found[at] = vector
    return found


def read_catalogue(database: Database, log: Log, vectors: Vectors | None) -> Catalogue:
    """Categories of the log's items, and their vectors."""
    from scipy import sparse

    adjacency = export_adjacency(database)
    place = {name: at for at, name in enumerate(adjacency.items)}
    rows = np.array([place.get(name, -1) for name in log.items], dtype=np.int64)
    there = np.flatnonzero(rows >= 0)
    chosen = sparse.csr_array(
        sparse.coo_array((np.ones(len(there)), (there, rows[there])), shape=(len(log.items), len(adjacency.items)))
    )
    categories = sparse.csr_array(chosen @ adjacency.category_matrix()) if len(adjacency.categories) else None
    return Catalogue(categories, None if vectors is None or not vectors.items.size else vectors.unit().items)


def leaves_out_seen(database: Database, config: RecommendConfig) -> bool:
    """Whether the platform's lists leave out what the user chose before, unless asked otherwise."""
    return read_context(database).leaves_out_seen(config.exclude_seen)


def blend_lists(
    database: Database, log: Log, users: NDArray[np.int32], config: RecommendConfig, tasks: Sequence[str], step: Step
) -> dict[str, Lists]:
    """Lists of the blend, of the blend without each source, and of each source alone; all from the same candidates.

    Returns:
        ``blend``, ``without SOURCE`` or ``alone SOURCE`` -> lists.
    """
    place = {name: at for at, name in enumerate(log.items)}
    row_of = {log.users[user]: row for row, user in enumerate(users.tolist())}
    weighted = [source for source in SOURCES if config.blend.weights.get(source, 0) > 0]
    names = (BLEND, *(WITHOUT + source for source in weighted), *(ALONE + source for source in weighted))
    lists = {name: {task: np.full((len(users), DEPTH), -1, np.int32) for task in TASKS} for name in names}
    context = read_context(database)
    passes = [fresh for fresh in (False, True) if (("new" in tasks) if fresh else ("all" in tasks))]
    for number, fresh in enumerate(passes):
        found = find_candidates(
            database, context, list(row_of), context.moment(None), config.candidates, exclude_seen=fresh
        )
        for done, candidates in enumerate(found, start=1):
            scored = blend(candidates, config.blend, _EVERY)
            items = np.array([place.get(entry.item, -1) for entry in scored], dtype=np.int32)
            parts = np.array([[entry.parts.get(source, 0.0) for source in weighted] for entry in scored])
            row = row_of[candidates.user]
            own = log.pairs[[int(users[row])]].indices
            for name, order in _variants(names, parts.reshape(-1, len(weighted))):
                chosen = items[order]
                chosen = chosen[chosen >= 0]
                sides = {"new": chosen} if fresh else {"all": chosen, "again": chosen[np.isin(chosen, own)]}
                for task, ranked in sides.items():
                    lists[name][task][row, : min(DEPTH, len(ranked))] = ranked[:DEPTH]
            step((number * len(users) + done) // len(passes))
    return lists


def _variants(names: Sequence[str], parts: NDArray[np.float64]) -> list[tuple[str, NDArray[np.intp]]]:
    """Order of the items by the whole score, without each part, and by each part alone; items without score are out."""
    whole = parts.sum(axis=1)
    columns = [whole, *(whole - part for part in parts.T), *parts.T]
    found = []
    for name, score in zip(names, columns, strict=True):
        order = np.argsort(-score, kind="stable")
        found.append((name, order[score[order] > 1e-12]))
    return found


def named(lists: Mapping[str, Lists], source: str) -> Lists:
    """The lists of one source alone, with none where the blend gives it no weight."""
    return lists.get(ALONE + source) or dict.fromkeys(TASKS, np.full_like(lists[BLEND]["all"], -1))
