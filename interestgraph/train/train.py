"""Train the ranker: history is replayed on a scratch server, and what users chose next are the labels.

No skew between training and serving: the scratch graph is loaded, enriched and embedded by the same code as any graph,
candidates and features come from the same functions that serve, and the labels lie after all that they may know.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from interestgraph import __version__
from interestgraph.embed.run import EmbedConfig
from interestgraph.enrich.enrich import EnrichConfig
from interestgraph.errors import ConfigurationError, DataError, StateError
from interestgraph.ingest.books import files_hash
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.model import Progress, utc
from interestgraph.neo4j.connection import Database, batched
from interestgraph.neo4j.schema import ensure_schema
from interestgraph.neo4j.scratch import scratch_database
from interestgraph.recommend.blend import blend
from interestgraph.recommend.catalogue import Catalogue
from interestgraph.recommend.context import RARELY_REPEATED
from interestgraph.recommend.features import FEATURES, USER, user_row
from interestgraph.recommend.person import Person
from interestgraph.recommend.rank import RankConfig, find_pool
from interestgraph.recommend.serving import serving
from interestgraph.settings import Settings
from interestgraph.train.activity import Activity, learn_activity
from interestgraph.train.choices import (
    Choices,
    choices_between,
    hide_pairs,
    last_baskets,
    last_event,
    repeat_share,
)
from interestgraph.train.learn import Learnt, Samples, TreeConfig, learn
from interestgraph.train.replay import ReplayConfig, replay, write_kept

Kind = Literal["auto", "window", "baskets", "hidden", "random"]
FEWEST = 50
"""Users that chose something in the window; with fewer, what they chose last is hidden instead."""
USERS_PER_QUERY = 100


@dataclass(frozen=True)
class TrainConfig:
    """How to train."""

    loader: str
    """Name of a shipped specification, or path of a TOML file."""
    data: Path | None = None
    """File or folder of the log; None: the package that brings it."""
    until: datetime | None = None
    """Only events before this moment; None: all."""
    days: int = 31
    """Length of the window, before the end of the log, that labels come from."""
    labels: Kind = "auto"
    """``window``: what users chose in the last `days`; ``baskets``: what each user chose at the last moment, taken out
    for that; ``hidden``: the latest fifth of some users' items, taken out, for logs without times; ``random``: any
    fifth, for lists of what is missing rather than of what comes next; ``auto``: the window, where at least `FEWEST`
    known users come back in it, else ``baskets`` where things are chosen again, else ``hidden``."""
    users: int = 4000
    """Most users that are learnt from, chosen at random."""
    seed: int = 42
    trees: TreeConfig = field(default_factory=TreeConfig)
    rank: RankConfig = field(default_factory=RankConfig)
    enrich: EnrichConfig = field(default_factory=EnrichConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)
    keep: Path | None = None
    """Only events of this file, see `LoadConfig`, which leaves no window; None: all."""

    def __post_init__(self) -> None:
        if self.labels not in get_args(Kind):
            raise ConfigurationError(f"labels must be one of {', '.join(get_args(Kind))}, got {self.labels}")
        if self.days < 1 or self.users < 10:
            raise ConfigurationError(f"days must be at least 1 and users at least 10, got {self.days} and {self.users}")
        if self.keep is not None and self.labels in ("auto", "window"):
            raise ConfigurationError(
                f"keep leaves no window: labels must be baskets, hidden or random, got {self.labels}"
            )


@dataclass(frozen=True)
class TrainReport:
    """What was learnt."""

    ranker_id: str
    serves: bool
    """False: on users held out the blend is better, so it goes on serving."""
    labels: str
    """``window``, ``baskets``, ``hidden`` or ``random``."""
    cut: datetime | None
    """Begin of the window."""
    users: int
    candidates: int
    quality: dict[str, dict[str, float]]
    """``mixed`` and ``discover`` -> recall and NDCG at 10 on users held out, of the ranker and of the blend."""
    repeat: float
    """Share of what users chose that they had chosen before."""
    explore: float
    """Share of what they chose anew that lies in categories new to them."""
    importance: dict[str, float]
    """Feature -> share of the gain, of the ten most important."""
    seconds: dict[str, float] = field(default_factory=dict)


def train(database: Database, settings: Settings, config: TrainConfig, progress: Progress | None = None) -> TrainReport:
    """Learn a ranker and store it in the graph, where every client finds it.

    Args:
        database: the graph that is to serve; only the ranker is written to it.
        settings: where the jars are; the scratch server is made below ``settings.home`` and removed again.
        config: what to learn from.
        progress: called with step, units done, units in all.

    Raises:
        StateError: too few users chose anything to learn from, or things are chosen again and pairs are to be hidden.
        DataError, LoaderError, ServerError: see `load`.
    """
    began = time.perf_counter()
    labels = _labels(config)
    with scratch_database(settings, "train") as (past, scratch):
        truth = labels.truth

        def hide(loaded: Database) -> None:
            truth.update(hide_pairs(loaded, 0.2, config.users, config.seed, latest=labels.kind == "hidden"))

        again = ReplayConfig(
            config.loader,
            config.data,
            config.until if labels.cut is None else labels.cut,
            keep=config.keep if labels.kept is None else write_kept(labels.kept, scratch.home),
            enrich=config.enrich,
            embed=config.embed,
        )
        seconds = replay(past, scratch, again, progress, loaded=hide if labels.kind in ("hidden", "random") else None)
        began_rows = time.perf_counter()
        found = collect(past, truth, config, progress, hidden=labels.cut is None)
    sets = found.sets
    seconds["features"] = time.perf_counter() - began_rows
    began_learning = time.perf_counter()
    learnt = {}
    for at, (name, samples) in enumerate(sets.items()):
        if progress:
            progress("learn", at, len(sets))
        learnt[name] = learn(samples, config.trees, config.seed)
    activity = learn_activity(found.users, found.active, config.seed)
    if progress:
        progress("learn", len(sets), len(sets))
    seconds["learn"] = time.perf_counter() - began_learning
    report = TrainReport(
        ranker_id="",
        serves=all(model.quality["ndcg"] >= model.quality["blend_ndcg"] for model in learnt.values()),
        labels=labels.kind,
        cut=None if labels.cut is None else labels.cut.replace(tzinfo=UTC),
        users=len(sets["mixed"].total),
        candidates=len(sets["mixed"].user),
        quality={name: model.quality for name, model in learnt.items()},
        repeat=found.repeat,
        explore=found.explore,
        importance=dict(sorted(learnt["mixed"].importance.items(), key=lambda pair: -pair[1])[:10]),
        seconds={**seconds, "all": time.perf_counter() - began},
    )
    return store(database, report, learnt, activity, config)


@dataclass(frozen=True)
class _Labels:
    """What is to be predicted."""

    kind: Kind
    """Any but ``auto``."""
    truth: Choices = field(default_factory=dict)
    """What users chose; filled by `hide_pairs` where pairs are hidden."""
    cut: datetime | None = None
    """Begin of the window, naive, UTC."""
    kept: NDArray[np.uint64] | None = None
    """Identities of the events that are left without the last baskets."""


def _labels(config: TrainConfig) -> _Labels:
    undated = load_spec(config.loader).events.undated is not None
    end = None if config.until is None else utc(config.until).replace(tzinfo=None)
    if config.labels == "random":
        return _Labels("random")
    if undated and config.labels == "baskets":
        raise DataError(f"loader {config.loader} has no times, so no basket is the last: use --labels hidden")
    if undated and config.labels in ("auto", "hidden"):
        return _Labels("hidden")
    if config.labels in ("auto", "window"):
        window, returned = _window(config, end)
        if returned >= FEWEST or config.labels == "window":
            return window
    if config.labels != "baskets" and repeat_share(config.loader, config.data, end) < RARELY_REPEATED:
        return _Labels("hidden")
    if config.labels == "hidden":
        raise StateError(
            "things are chosen again in this log, but hidden items never are, so the ranker would learn that nothing "
            "is: use --labels window or baskets"
        )
    found = last_baskets(config.loader, config.data, end, config.keep)
    return _Labels("baskets", found.choices, kept=found.kept)


def _window(config: TrainConfig, end: datetime | None) -> tuple[_Labels, int]:
    """What was chosen in the last days before `end`, and how many users did that who had chosen before."""
    last = last_event(config.loader, config.data, end)
    if last is None:
        raise DataError(f"the log has no usable event for loader {config.loader}")
    end = last + timedelta(milliseconds=1) if end is None else end
    cut = end - timedelta(days=config.days)
    truth = choices_between(config.loader, config.data, cut, end)
    before = choices_between(config.loader, config.data, datetime(1970, 1, 1), cut)
    return _Labels("window", truth, cut), len(before.keys() & truth.keys())


@dataclass(frozen=True)
class Collected:
    """What there is to learn from."""

    sets: dict[str, Samples]
    """``mixed`` and ``discover``; only ``mixed``, of new items, where hardly anything is chosen twice."""
    repeat: float
    explore: float
    users: NDArray[np.float32]
    """What is known of users as such, one row each; none where pairs are hidden."""
    active: NDArray[np.bool_]
    """Whether each of them chose anything in the window."""


def collect(
    past: Database,
    truth: Mapping[str, set[str]],
    config: TrainConfig,
    progress: Progress | None = None,
    *,
    hidden: bool = False,
) -> Collected:
    """Candidates of a sample of users with their labels, by kind of list, and what users tell as such.

    Args:
        past: a graph that ends where the choices begin.
        truth: what users chose next.
        config: how many users, and how candidates are found.
        progress: called with step, users done, users in all.
        hidden: whether the choices were taken out of the graph, and lie at no later time.

    Raises:
        StateError: too few users to learn from.
    """
    generator = np.random.default_rng(config.seed)
    held = serving(past)
    state = held.state()
    # Also users who chose nothing, who tell who comes back; where pairs are hidden, just those that have some.
    every = {row["userId"] for row in past.read("enrich/export_users")}
    users = sorted(truth.keys() & every if hidden else every)
    users = [users[at] for at in np.sort(generator.permutation(len(users))[: config.users])]
    kinds = ("mixed", "discover") if not state.context.leaves_out_seen(None) else ("mixed",)
    made: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in kinds}
    activity: list[tuple[Any, bool]] = []
    counts = np.zeros(4)
    done = 0
    for batch in batched(users, USERS_PER_QUERY):
        state, people, _ = held.people(batch, None)
        for person in people:
            chosen = _known(state.catalogue, truth.get(person.user, set()))
            if len(person.item) and not hidden:
                activity.append((user_row(person), person.user in truth))
            if not len(person.item) or not len(chosen):
                continue
            counts += _habits(state.catalogue, person, chosen)
            for kind in kinds:
                fresh = kind == "discover" or len(kinds) == 1
                pool = find_pool(state.catalogue, person, config.rank, None, trained=True, fresh=fresh)
                wanted = np.setdiff1d(chosen, person.item) if fresh else chosen
                if len(wanted) and pool.rows is not None and len(pool.rows):
                    plain = sum(blend(pool.scores, config.rank.blend).values(), np.zeros(len(pool.rows)))
                    made[kind].append((pool.rows, np.isin(pool.scores.item, wanted), plain, len(wanted)))
        done += len(batch)
        if progress:
            progress("features", done, len(users))
    if len(made["mixed"]) < 10:
        raise StateError(
            f"only {len(made['mixed'])} known users chose known items "
            + (
                "that could be hidden, which is too little to learn from"
                if hidden
                else "in the window, which is too little to learn from: take a longer one (--days), or what each chose "
                "last (--labels baskets)"
            )
        )
    repeat, explore = counts[0] / max(counts[1], 1), counts[2] / max(counts[3], 1)
    sets = {kind: _together(parts) for kind, parts in made.items() if len(parts) >= 10}
    rows = np.array([row for row, _ in activity], dtype=np.float32).reshape(-1, len(USER))
    return Collected(
        sets, float(repeat), float(explore), rows, np.array([came for _, came in activity], dtype=np.bool_)
    )


def _known(catalogue: Catalogue, items: set[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Numbers of the items that somebody had a relationship to already."""
    found = np.array(sorted(catalogue.position[item] for item in items if item in catalogue.position), dtype=np.int64)
    return found[catalogue.buyers[found] > 0]


def _habits(catalogue: Catalogue, person: Person, chosen: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Chosen again, chosen, chosen anew in new categories, chosen anew."""
    again = np.isin(chosen, person.item)
    category = catalogue.category[chosen[~again]]
    new = (category >= 0) & ~np.isin(category, catalogue.category[person.item])
    return np.array([again.sum(), len(chosen), new.sum(), (~again).sum()], dtype=np.float64)


def _together(parts: Sequence[tuple[Any, ...]]) -> Samples:
    rows, chosen, plain, total = zip(*parts, strict=True)
    return Samples(
        rows=np.concatenate(rows),
        chosen=np.concatenate(chosen),
        user=np.repeat(np.arange(len(rows)), [len(part) for part in rows]),
        blend=np.concatenate(plain),
        total=np.array(total, dtype=np.int64),
    )


def store(
    database: Database,
    report: TrainReport,
    learnt: Mapping[str, Learnt],
    activity: Activity | None,
    config: TrainConfig,
) -> TrainReport:
    """Keep the ranker in the graph, in the place of the one before; returns the report with its id."""
    ensure_schema(database)
    spec = load_spec(config.loader)
    content = files_hash(find_files(spec, config.data))
    parameters = json.dumps(asdict(config), sort_keys=True, default=str)
    identity = hashlib.sha256("\n".join([content, parameters, __version__, *learnt["mixed"].texts]).encode())
    ranker_id = f"ranker-{identity.hexdigest()[:12]}"
    context = serving(database).state().context
    mixed, discover = learnt["mixed"], learnt.get("discover")
    models: dict[str, Learnt | Activity] = {**learnt, **({} if activity is None else {"activity": activity})}
    properties = {
        "status": "active" if report.serves else "passed over",
        "mixed": list(mixed.texts),
        "mixedMix": mixed.mix,
        "discover": None if discover is None else list(discover.texts),
        "discoverMix": None if discover is None else discover.mix,
        "activity": None if activity is None else activity.text,
        "calibration": json.dumps({name: model.table for name, model in models.items()}),
        "reliability": json.dumps({name: model.reliability for name, model in models.items()}),
        "features": list(FEATURES),
        "repeat": report.repeat,
        "explore": report.explore,
        "quality": json.dumps(report.quality),
        "parameters": parameters,
        "seed": config.seed,
        "inputHash": content,
        "days": config.days,
        "labels": report.labels,
        "cut": report.cut,
        "users": report.users,
        "candidates": report.candidates,
        "enrichRun": context.enrich_run,
        "embeddingRun": context.embedding_run,
        "version": __version__,
        "trainedAt": datetime.now(UTC),
    }
    database.write("serve/put_ranker", rankerId=ranker_id, properties=properties)
    return replace(report, ranker_id=ranker_id)
