"""What users chose next: the labels of training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.ingest.events import read_events
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.neo4j.adjacency import export_adjacency
from interestgraph.neo4j.connection import Database, batched

if TYPE_CHECKING:
    import ibis.expr.types as ir

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
    """Items of the primary behaviours in a period (naive, UTC), without returns and bad ratings."""
    with workspace() as backend:
        return _choices(_chosen(_events(backend, loader, data, since, until), loader))


def repeat_share(loader: str, data: Path | None, until: datetime | None) -> float:
    """Share of the pairs of user and item that were chosen twice or more often, 0 to 1."""
    with workspace() as backend:
        chosen = _chosen(_events(backend, loader, data, None, until), loader)
        pairs = chosen.group_by("user", "item").agg(times=chosen.count())
        return float((pairs.times > 1).mean().to_pyarrow().as_py() or 0.0)


@dataclass(frozen=True)
class LastBaskets:
    """The last basket of each user that has another, and what is left without them."""

    choices: Choices
    kept: NDArray[np.uint64]
    """Identities of the other events."""


def last_baskets(loader: str, data: Path | None, until: datetime | None, keep: Path | None) -> LastBaskets:
    """Take the last basket of each user, which is what was chosen at one moment; what the user did since goes too.

    Args:
        loader, data: the log.
        until: only events before this moment (naive, UTC).
        keep: only events of this file, see `LoadConfig`.
    """
    with workspace() as backend:
        events = _events(backend, loader, data, None, until)
        if keep is not None:
            events = events.semi_join(backend.read_parquet(keep), "eventId")
        events = backend.create_table("events", events.select("eventId", "user", "item", "behaviour", "strength", "at"))
        chosen = _chosen(events, loader)
        baskets = chosen.group_by("user").agg(last=chosen["at"].max(), baskets=chosen["at"].nunique())
        dated = events.left_join(baskets.filter(baskets.baskets > 1), "user")
        kept = dated.filter(dated["last"].isnull() | (dated["at"] < dated["last"])).eventId.to_pyarrow().to_numpy()
        return LastBaskets(_choices(_chosen(dated.filter(dated["at"] == dated["last"]), loader)), kept)


def _chosen(events: ir.Table, loader: str) -> ir.Table:
    """The events of the primary behaviours that speak for their items."""
    return events.filter(events.behaviour.isin(load_spec(loader).primary) & (events.strength > 0))


def _choices(chosen: ir.Table) -> Choices:
    columns = chosen.select("user", "item").distinct().to_pyarrow().to_pydict()
    found: Choices = {}
    for user, item in zip(columns["user"], columns["item"], strict=True):
        found.setdefault(user, set()).add(item)
    return found


def _events(backend: Any, loader: str, data: Path | None, since: datetime | None, until: datetime | None) -> ir.Table:
    spec = load_spec(loader)
    return read_events(backend, spec, find_files(spec, data), since=since, until=until).events


def hide_pairs(database: Database, share: float, users: int, seed: int, *, latest: bool = True) -> Choices:
    """Take the latest items of some users out of a loaded graph, and return them.

    For logs without times, or where hardly anyone comes back and hardly anything is chosen twice: what is hidden stands
    for what is chosen next. Where all events have one moment, which items are hidden is random.

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
    liked = np.concatenate([part.weight for part in adjacency.primary]) > 0
    user, item, last = user[liked], item[liked], last[liked]
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
