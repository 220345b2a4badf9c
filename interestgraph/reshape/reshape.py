"""Reshape: what a graph gathered over long periods is made smaller, and communities are found anew."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.enrich.figures import CommunityFigures
from interestgraph.errors import ConfigurationError, StateError
from interestgraph.ingest.aliases import Names
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.schema import ensure_schema
from interestgraph.recommend.build import store_pack
from interestgraph.recommend.context import read_context
from interestgraph.reshape.measure import (
    Size,
    StateBytes,
    overlap,
    query_seconds,
    read_size,
    some_users,
    state_bytes,
    top_lists,
)
from interestgraph.reshape.merge import (
    clear_dead,
    find_duplicates,
    find_same_categories,
    merge_categories,
    merge_items,
    read_mapping,
)
from interestgraph.reshape.prune import Faded, Threshold, find_faded, hold_books, prune


@dataclass(frozen=True)
class ReshapeConfig:
    """What is reshaped."""

    below: float = 0.1
    """Relationships that weigh less as of the moment are pruned; an event of strength 1 weighs 0.1 after 3.3
    half-lives."""
    as_of: datetime | None = None
    """Moment the weights are read at; None: the latest event."""
    merge_duplicates: bool = False
    """Merge categories whose names differ in case and spaces only, and items of equal title, brand and categories into
    the one of them with the most events."""
    merge: Path | None = None
    """CSV file with the columns ``item`` and ``into``: items to merge into others."""
    users: int = 200
    """Users whose lists are compared before and after."""
    dry_run: bool = False
    """Only say what would happen."""
    enrich: EnrichConfig = field(default_factory=EnrichConfig)
    """How communities and the rest are found anew, where the graph is enriched."""

    def __post_init__(self) -> None:
        if not self.below > 0:
            raise ConfigurationError(f"below must be above 0, got {self.below:g}")
        if self.users < 1:
            raise ConfigurationError(f"users must be at least 1, got {self.users}")


@dataclass(frozen=True)
class ReshapeReport:
    """What reshaping did, or would do."""

    as_of: datetime
    below: float
    dry_run: bool
    pruned: dict[str, int]
    """Behaviour -> relationships that were pruned, or would be."""
    kept: dict[str, int]
    """Behaviour -> relationships that have not faded."""
    merged: int
    """Items that were merged into others, or would be."""
    merged_categories: int
    """Categories that were merged into others, or would be."""
    dead_items: int
    """Discontinued items without a relationship; they have no vector any more."""
    dead_categories: int
    """Categories without items, which were deleted, or would be."""
    state: StateBytes
    before: Size
    after: Size
    seconds_before: dict[str, float] = field(default_factory=dict)
    """Typical work -> seconds."""
    seconds_after: dict[str, float] = field(default_factory=dict)
    overlap: float | None = None
    """Mean share of the ten best items of a user that still are among them; None: the graph is not enriched."""
    figures: CommunityFigures | None = None
    """Of the communities that were found anew."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> seconds."""


def reshape(database: Database, config: ReshapeConfig, progress: Progress | None = None) -> ReshapeReport:
    """Merge duplicates where that is asked for, prune what has faded, clear away what is dead, and enrich anew.

    A relationship that is pruned leaves the graph; what it was lies packed beside it (`interestgraph.ingest.pruned`),
    the histories of its user and item and the ledger stay. When its pair gets an event, or a load that has a part in
    it is taken out, it comes back whole. So nothing is lost, known events stay known, and the graph differs from one
    that was never reshaped just by the relationships that are pruned.

    Run again it prunes what has faded since; a run that dies is completed by the next.

    Args:
        database: the graph.
        config: parameters.
        progress: called with step, units done, units in all.

    Raises:
        DataError: the file of merges is wrong.
        StateError: the graph holds no events, `as_of` lies before the latest one, nothing would be left, or a load is
            being written or taken out.
    """
    ensure_schema(database)
    database.transact(hold_books)
    context = read_context(database)
    threshold = Threshold(config.below, context.moment(config.as_of))
    began = time.perf_counter()
    same = find_same_categories(database) if config.merge_duplicates else []
    merges = _merges(database, config, {row["categoryId"]: row["into"] for row in same})
    faded = find_faded(database, threshold)
    if not any(part.kept for part in faded):
        raise StateError(f"every relationship weighs less than {config.below:g}: nothing would be left of the graph")
    before, state = read_size(database), state_bytes(database)
    found = {"merged": len(merges), "merged_categories": len(same), "state": state, "before": before}
    if config.dry_run:
        dead = len(database.read("reshape/empty_categories"))
        return _report(database, config, threshold, faded, **found, after=before, dead_categories=dead)
    users = some_users(database, config.users)
    enriched = context.enrich_run is not None
    lists = top_lists(database, users) if enriched else {}
    times = query_seconds(database, users)
    measured = time.perf_counter()
    merge_categories(database, same, progress)
    if merges:
        merge_items(database, merges, progress)
        faded = find_faded(database, threshold)
    prune(database, faded, threshold, progress)
    dead = clear_dead(database, progress)
    pruned = time.perf_counter()
    figures = None
    if enriched or database.read("enrich/list_runs"):
        figures = enrich(database, config.enrich, progress).figures
        store_pack(database)
    enriched_at = time.perf_counter()
    return _report(
        database,
        config,
        threshold,
        faded,
        **found,
        dead_categories=dead,
        after=read_size(database),
        seconds_before=times,
        seconds_after=query_seconds(database, users),
        overlap=overlap(lists, top_lists(database, users)) if enriched else None,
        figures=figures,
        seconds={"measure": measured - began, "prune": pruned - measured, "enrich": enriched_at - pruned},
    )


def _merges(database: Database, config: ReshapeConfig, categories: Names) -> list[Row]:
    """Items to merge: what the file says, and duplicates that it says nothing of."""
    given = [] if config.merge is None else read_mapping(database, config.merge)
    named = {name for row in given for name in row.values()}
    found = find_duplicates(database, categories) if config.merge_duplicates else []
    return given + [row for row in found if not named & set(row.values())]


def _report(
    database: Database, config: ReshapeConfig, threshold: Threshold, faded: list[Faded], **found: Any
) -> ReshapeReport:
    return ReshapeReport(
        as_of=datetime.fromtimestamp(threshold.now / 1000, UTC),
        below=config.below,
        dry_run=config.dry_run,
        pruned={part.behaviour: part.pairs for part in faded},
        kept={part.behaviour: part.kept for part in faded},
        dead_items=database.read("reshape/count_dead")[0]["items"],
        **found,
    )
