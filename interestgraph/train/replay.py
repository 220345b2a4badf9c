"""A graph of the past: the log before a moment, loaded, enriched and embedded by the product's own code."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from interestgraph.embed.run import EmbedConfig, embed
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database
from interestgraph.settings import Settings


@dataclass(frozen=True)
class ReplayConfig:
    """What to replay."""

    loader: str
    """Name of a shipped specification, or path of a TOML file."""
    data: Path | None = None
    """File or folder of the log; None: the package that brings it."""
    until: datetime | None = None
    """Only events before this moment; None: all."""
    keep: Path | None = None
    """Only events whose identity is in this Parquet file, see `LoadConfig`; None: all."""
    enrich: EnrichConfig = field(default_factory=EnrichConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)


def write_kept(events: NDArray[np.uint64], folder: Path) -> Path:
    """Write the identities of the events to load as a file for `ReplayConfig.keep`; returns its path."""
    path = folder / "kept.parquet"
    pq.write_table(pa.table({"eventId": events}), path)
    return path


def replay(
    database: Database,
    scratch: Settings,
    config: ReplayConfig,
    progress: Progress | None = None,
    *,
    loaded: Callable[[Database], None] | None = None,
) -> dict[str, float]:
    """Fill an empty scratch database with the log before ``config.until``; returns stage -> seconds.

    Args:
        database: the empty one.
        scratch: settings of its server, from `scratch_database`.
        config: what to replay.
        progress: called with step, units done, units in all.
        loaded: called between loading and enriching.

    Raises:
        DataError, LoaderError, ServerError: see `load`.
    """
    times = [time.perf_counter()]
    load(
        database,
        LoadConfig(config.loader, config.data, until=config.until, keep=config.keep),
        rejected_folder=scratch.home / "rejected",
        offline=OfflineImporter(scratch),
        progress=progress,
    )
    if loaded is not None:
        loaded(database)
    times.append(time.perf_counter())
    enrich(database, config.enrich, progress)
    times.append(time.perf_counter())
    embed(database, config.embed, progress=progress)
    times.append(time.perf_counter())
    return {name: times[at + 1] - times[at] for at, name in enumerate(("load", "enrich", "embed"))}
