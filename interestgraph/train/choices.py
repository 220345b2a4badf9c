"""What users chose next: the labels of training."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from interestgraph.ingest.events import read_events
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.neo4j.adjacency import export_adjacency
from interestgraph.neo4j.connection import Database, batched

Choices = dict[str, set[str]]
"""User -> items chosen."""

LEAST = 3
"""Users with fewer pairs have none hidden."""
PAIRS_PER_BATCH = 5_000


def last_event(loader: str, data: Path | None, until: datetime | None) -> datetime | None:
    """Moment of the last usable event of a log (naive, UTC), before `until` where given."""
    with workspace() as backend:
        return _events(backend, loader, data, None, until)["at"].max().to_pyarrow().as_py()  # type: ignore[no-any-return]


def choices_between(loader: str, data: Path | None, since: datetime, until: datetime) -> Choices:
    """Items of the primary behaviours in a period (naive, UTC)."""
    primary = load_spec(loader).primary
    with workspace() as backend:
        events = _events(backend, loader, data, since, until)
        chosen = events.filter(events.behaviour.isin(primary)).select("user", "item").distinct()
        columns = chosen.to_pyarrow().to_pydict()
    found: Choices = {}
    for user, item in zip(columns["user"], columns["item"], strict=True):
        found.setdefault(user, set()).add(item)
    return found


def _events(backend: Any, loader: str, data: Path | None, since: datetime | None, until: datetime | None) -> Any:
    spec = load_spec(loader)
    return read_events(backend, spec, find_files(spec, data), since=since, until=until).events


def hide_pairs(database: Database, share: float, users: int, seed: int, *, latest: bool = True) -> Choices:
    """Take the latest items of some users out of a loaded graph, and return them.

    For logs without times, or where hardly anyone comes back: what is hidden stands for what is chosen next. Where all
    events have one moment, which items are hidden is random.

    Args:
        database: a scratch graph, loaded and not enriched yet.
        share: of a user's pairs, 0 to 1, at least one.
        users: most users.
        seed: of the choice.
        latest: False: any items, drawn at random.
    """
    adjacency = export_adjacency(database)
    generator = np.random.default_rng(seed)
    user = np.concatenate([part.user for part in adjacency.primary])
    item = np.concatenate([part.item for part in adjacency.primary])
    last = np.concatenate([part.last_at for part in adjacency.primary])
    order = np.lexsort((generator.random(len(user)), -last if latest else np.zeros(len(last)), user))
    starts = np.searchsorted(user[order], np.arange(len(adjacency.users) + 1))
    size = np.diff(starts)
    fit = np.flatnonzero(size >= LEAST)
    chosen = np.sort(generator.choice(fit, min(users, len(fit)), replace=False))
    found: Choices = {}
    for at in chosen.tolist():
        count = max(1, round(share * int(size[at])))
        taken = order[starts[at] : starts[at] + count]
        found[adjacency.users[at]] = {adjacency.items[number] for number in item[taken].tolist()}
    pairs = [[name, thing] for name, things in found.items() for thing in sorted(things)]
    for rows in batched(pairs, PAIRS_PER_BATCH):
        database.write("train/hide_pairs", rows=rows)
    return found
