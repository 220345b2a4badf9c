"""Quality on a global temporal split: learn from the log before a moment, test on what follows.

Leak-free by construction: the events before the cut are loaded into an empty private server of their own, enriched
and embedded by the product's own code, and nothing after the cut is read before the lists are made.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from interestgraph.embed.run import EmbedConfig, embed
from interestgraph.enrich.enrich import EnrichConfig, enrich
from interestgraph.errors import ConfigurationError, DataError, StateError
from interestgraph.evaluate.given import Window, split_pairs, split_window
from interestgraph.evaluate.metrics import Estimate, bootstrap, ndcg_at, recall_at
from interestgraph.ingest.events import read_events
from interestgraph.ingest.load import LoadConfig, load
from interestgraph.ingest.offline import OfflineImporter
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.model import SECONDS_PER_DAY, Progress, utc
from interestgraph.neo4j.adjacency import Adjacency, export_adjacency
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.server import PrivateServer
from interestgraph.recommend.blend import BlendConfig
from interestgraph.recommend.context import read_context
from interestgraph.recommend.recommend import RecommendConfig, recommend_many
from interestgraph.settings import Settings

OWN_ONLY = BlendConfig({"own": 1.0})
POPULARITY_DAYS = 14


@dataclass(frozen=True)
class EvaluateConfig:
    """What to evaluate."""

    loader: str
    data: Path | None = None
    cut: datetime | None = None
    """Events before this moment are learnt from; None: `days` before the last event."""
    days: int = 31
    """Length of the test window."""
    k: int = 10
    """Length of the lists."""
    recommend: RecommendConfig = field(default_factory=RecommendConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)
    enrich: EnrichConfig = field(default_factory=EnrichConfig)
    split: Path | None = None
    """Folder of `interestgraph split`, in place of `cut` and `days`: learn from its train, test on its test."""

    def __post_init__(self) -> None:
        if self.days < 1 or self.k < 1:
            raise ConfigurationError(f"days and k must be at least 1, got {self.days} and {self.k}")
        if self.split is not None and self.cut is not None:
            raise ConfigurationError("a split has a cut of its own: give either split or cut")


@dataclass(frozen=True)
class Quality:
    """Quality of one ranker."""

    ranker: str
    recall: Estimate
    ndcg: Estimate


@dataclass(frozen=True)
class EvaluateReport:
    """Quality of the blend and of two baselines, every item of the graph ranked."""

    loader: str
    cut: datetime
    """Events before this moment were learnt from."""
    until: datetime
    """The test window ends."""
    users: int
    """Users with a relationship before the cut and a choice of known items after it."""
    items: int
    """Items with a relationship before the cut."""
    k: int
    rankers: tuple[Quality, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    since: datetime | None = None
    """The test window begins; None: at the cut."""


def evaluate(settings: Settings, config: EvaluateConfig, progress: Progress | None = None) -> EvaluateReport:
    """Evaluate on a scratch private server, which is removed afterwards.

    Args:
        settings: where the jars are; its own server and graph are not touched.
        config: what to evaluate.
        progress: called with step, units done, units in all.

    Raises:
        StateError: no user chose a known item in the test window, or the split is one of another log.
        DataError, LoaderError, ServerError: see `load`.
    """
    window = _window(config)
    settings.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="evaluate-", dir=settings.home) as folder:
        scratch = settings.model_copy(
            update={"home": Path(folder), "neo4j_uri": None, "bolt_port": None, "http_port": None}
        )
        server = PrivateServer(scratch)
        try:
            info = server.start()
            with Database.connect(info.bolt_uri, info.username, info.password) as database:
                return _evaluate(database, scratch, config, window, progress)
        finally:
            server.stop(force=True)


def _evaluate(
    database: Database,
    scratch: Settings,
    config: EvaluateConfig,
    window: Window,
    progress: Progress | None,
) -> EvaluateReport:
    started = time.perf_counter()
    load(
        database,
        LoadConfig(config.loader, config.data, until=window.learn_until),
        rejected_folder=scratch.home / "rejected",
        offline=OfflineImporter(scratch),
        progress=progress,
    )
    loaded = time.perf_counter()
    enrich(database, config.enrich, progress)
    enriched = time.perf_counter()
    embed(database, config.embed, progress=progress)
    embedded = time.perf_counter()
    adjacency = export_adjacency(database)
    lists = _lists(database, adjacency, config, progress)
    scored = time.perf_counter()
    known = {adjacency.items[at] for at in np.flatnonzero(adjacency.matrix(adjacency.last_event).sum(axis=0))}
    truth = _truth(config, window, known)
    users = sorted(set(truth) & set(next(iter(lists.values()))))
    if not users:
        raise StateError(
            f"no known user chose a known item from {window.since:%Y-%m-%d} to {window.until:%Y-%m-%d}: "
            "choose another cut"
        )
    rankers = tuple(_quality(name, ranked, truth, users, config.k) for name, ranked in lists.items())
    return EvaluateReport(
        loader=config.loader,
        cut=window.learn_until,
        until=window.until,
        users=len(users),
        items=len(known),
        k=config.k,
        rankers=rankers,
        seconds={
            "load": loaded - started,
            "enrich": enriched - loaded,
            "embed": embedded - enriched,
            "recommend": scored - embedded,
        },
        since=window.since,
    )


def _window(config: EvaluateConfig) -> Window:
    if config.split is not None:
        return split_window(config.split, config.loader, config.data)
    if config.cut is not None:
        cut = utc(config.cut)
        return Window(cut, cut, cut + timedelta(days=config.days))
    with workspace() as backend:
        last = _events(backend, config)["at"].max().to_pyarrow().as_py()
    if last is None:
        raise DataError(f"the log has no usable event for loader {config.loader}")
    # The last event itself belongs to the window, so the window ends just after it.
    until = last.replace(tzinfo=UTC) + timedelta(milliseconds=1)
    cut = until - timedelta(days=config.days)
    return Window(cut, cut, until)


def _events(backend: Any, config: EvaluateConfig, **period: datetime) -> Any:
    """The cleaned events of the log, of a period (naive, UTC) or all."""
    spec = load_spec(config.loader)
    return read_events(backend, spec, find_files(spec, config.data), **period).events


def _lists(
    database: Database, adjacency: Adjacency, config: EvaluateConfig, progress: Progress | None
) -> dict[str, dict[str, list[str]]]:
    """Ranker -> user -> item ids, best first."""
    context = read_context(database)
    popular = _popular(adjacency)
    lists: dict[str, dict[str, list[str]]] = {"blend": {}, "own, time-weighted": {}, "popularity": {}}
    seen = _seen(adjacency)
    users = [user for user in adjacency.users if user in seen]
    fresh = context.leaves_out_seen(config.recommend.exclude_seen)
    plain = replace(config.recommend, n=config.k, ranker=False, explain=False)
    blended = recommend_many(database, users, plain)
    own = recommend_many(database, users, replace(plain, blend=OWN_ONLY))
    for done, ((user, found), (_, again)) in enumerate(zip(blended, own, strict=True), start=1):
        lists["blend"][user] = [entry.item for entry in found]
        lists["own, time-weighted"][user] = [entry.item for entry in again if entry.score > 0]
        taken = seen[user] if fresh else set()
        lists["popularity"][user] = [item for item in popular if item not in taken][: config.k]
        if progress and (done % 50 == 0 or done == len(users)):
            progress("recommend", done, len(users))
    return lists


def _seen(adjacency: Adjacency) -> dict[str, set[str]]:
    """User -> items with a relationship."""
    found: dict[str, set[str]] = {}
    for part in adjacency.interactions:
        for user, item in zip(part.user.tolist(), part.item.tolist(), strict=True):
            found.setdefault(adjacency.users[user], set()).add(adjacency.items[item])
    return found


def _popular(adjacency: Adjacency) -> list[str]:
    """All items, those with the most users in the last days before the cut first."""
    count = np.zeros(len(adjacency.items))
    for part in adjacency.primary:
        recent = part.last_at > adjacency.last_event - POPULARITY_DAYS * SECONDS_PER_DAY
        np.add.at(count, part.item[recent], 1)
    return [adjacency.items[at] for at in np.lexsort((np.arange(len(count)), -count))]


def _truth(config: EvaluateConfig, window: Window, known: set[str]) -> dict[str, set[str]]:
    """User -> known items of the primary behaviours in the test window."""
    primary = load_spec(config.loader).primary
    if config.split is not None:
        pairs = split_pairs(config.split, primary)
    else:
        with workspace() as backend:
            period = {"since": window.since.replace(tzinfo=None), "until": window.until.replace(tzinfo=None)}
            events = _events(backend, config, **period)
            chosen = events.filter(events.behaviour.isin(primary)).select("user", "item").distinct()
            columns = chosen.to_pyarrow().to_pydict()
        pairs = list(zip(columns["user"], columns["item"], strict=True))
    truth: dict[str, set[str]] = {}
    for user, item in pairs:
        if item in known:
            truth.setdefault(user, set()).add(item)
    return truth


def _quality(
    name: str,
    ranked: Mapping[str, Sequence[str]],
    truth: Mapping[str, set[str]],
    users: Sequence[str],
    k: int,
) -> Quality:
    recall = np.array([recall_at(ranked[user], truth[user], k) for user in users])
    ndcg = np.array([ndcg_at(ranked[user], truth[user], k) for user in users])
    return Quality(name, bootstrap(recall), bootstrap(ndcg))
