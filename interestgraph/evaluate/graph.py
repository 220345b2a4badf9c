"""The platform's own models, answered from a graph that holds nothing but what is learnt from.

What serves is called here as it serves everybody: candidates and blend by `interestgraph.recommend`, vectors as they
lie on the nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.beyond import Catalogue
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.ranking import DEPTH, TASKS, Lists, Scorer
from interestgraph.neo4j.adjacency import export_adjacency
from interestgraph.neo4j.connection import Database, batched
from interestgraph.recommend.blend import blend
from interestgraph.recommend.rank import Mode, find_pool
from interestgraph.recommend.recommend import USERS_PER_QUERY, RecommendConfig, recommend_many
from interestgraph.recommend.select import by_score
from interestgraph.recommend.serving import serving
from interestgraph.recommend.sources import SOURCES

Step = Callable[[int], None]
BLEND, WITHOUT, ALONE = "blend", "without ", "alone "
MODES: dict[str, Mode] = {"all": "mixed", "again": "again", "new": "discover"}
"""Task -> how the platform is asked for it."""


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


def blend_lists(
    database: Database, log: Log, users: NDArray[np.int32], config: RecommendConfig, tasks: Sequence[str], step: Step
) -> dict[str, Lists]:
    """Lists of the blend, of the blend without each source, and of each source alone; all from the same candidates.

    Returns:
        ``blend``, ``without SOURCE`` or ``alone SOURCE`` -> lists.
    """
    weighted = [source for source in SOURCES if config.blend.weights.get(source, 0) > 0]
    names = (BLEND, *(WITHOUT + source for source in weighted), *(ALONE + source for source in weighted))
    lists = {name: _empty(len(users)) for name in names}
    held = serving(database)
    rank_config = replace(config, n=DEPTH, ranker=False)
    done = 0
    for batch in batched(users.tolist(), USERS_PER_QUERY):
        state, people, _ = held.people([log.users[user] for user in batch], None)
        place = _log_places(state.catalogue.items, log)
        for row, person in enumerate(people, start=done):
            for task in tasks:
                pool = find_pool(
                    state.catalogue,
                    person,
                    replace(rank_config, mode=MODES[task]),
                    None,
                    trained=False,
                    fresh=task == "new",
                )
                found = blend(pool.scores, config.blend)
                items = place[pool.scores.item]
                none = np.zeros(len(items))
                parts = np.array([found.get(source, none) for source in weighted]).reshape(len(weighted), -1)
                for name, order in _variants(names, parts):
                    ranked = items[order]
                    ranked = ranked[ranked >= 0][:DEPTH]
                    lists[name][task][row, : len(ranked)] = ranked
        done += len(batch)
        step(done)
    return lists


def served_lists(
    database: Database,
    log: Log,
    users: NDArray[np.int32],
    config: RecommendConfig,
    tasks: Sequence[str],
    step: Step | None = None,
) -> Lists:
    """Lists as `recommend_many` gives them, in the mode of each task."""
    lists = _empty(len(users))
    place = {name: at for at, name in enumerate(log.items)}
    names = [log.users[user] for user in users.tolist()]
    for number, task in enumerate(tasks):
        asked = replace(config, n=DEPTH, mode=MODES[task], explain=False)
        for row, (_, found) in enumerate(recommend_many(database, names, asked)):
            items = [place[entry.item] for entry in found if entry.item in place]
            lists[task][row, : len(items)] = items
            if step is not None:
                step((number * len(users) + row + 1) // len(tasks))
    return lists


def _empty(users: int) -> Lists:
    return {task: np.full((users, DEPTH), -1, np.int32) for task in TASKS}


def _log_places(items: Sequence[str], log: Log) -> NDArray[np.int32]:
    """Places in the log of the catalogue's items; -1 where the log has none."""
    place = {name: at for at, name in enumerate(log.items)}
    return np.array([place.get(name, -1) for name in items], dtype=np.int32)


def _variants(names: Sequence[str], parts: NDArray[np.float64]) -> list[tuple[str, NDArray[np.intp]]]:
    """Order of the items by the whole score, without each part, and by each part alone; items without score are out."""
    whole = parts.sum(axis=0)
    columns = [whole, *(whole - part for part in parts), *parts]
    found = []
    for name, score in zip(names, columns, strict=True):
        order = by_score(score)
        found.append((name, order[score[order] > 1e-12]))
    return found


def alone(lists: Mapping[str, Lists], source: str) -> Lists:
    """The lists of one source alone; empty ones where the blend gives it no weight."""
    return lists.get(ALONE + source) or _empty(len(lists[BLEND]["all"]))
