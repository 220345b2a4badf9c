"""The platform on a scratch server: the graph of what is learnt from, and its models' lists."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import StateError
from interestgraph.evaluate import graph
from interestgraph.evaluate.beyond import Catalogue
from interestgraph.evaluate.config import DAYS, PLATFORM, EvaluateConfig
from interestgraph.evaluate.cost import Meter
from interestgraph.evaluate.graph import Vectors
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.protocol import Protocol
from interestgraph.evaluate.ranking import DEPTH, Lists, rank
from interestgraph.evaluate.report import LeftOut
from interestgraph.evaluate.score import Ranked
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.scratch import scratch_database
from interestgraph.recommend.sources import SOURCES
from interestgraph.reshape.reshape import ReshapeConfig, reshape
from interestgraph.settings import Settings
from interestgraph.train.replay import ReplayConfig, replay, write_kept
from interestgraph.train.train import Kind, TrainConfig, train

ABLATION_USERS = 300
"""Users that the ranker makes lists for without each source."""
LABELS: dict[str, Kind] = {"cut": "auto", "holdout": "random", "baskets": "baskets"}
"""What is tested decides what is learnt: a holdout asks for what is missing, at whatever time it was."""
TITLES = {
    "node2vec": "dot product of the vectors of user and item, every item",
    "neighbourhood": "SIMILAR_TO of what the user has, weighted by time",
    "blend": "all sources with documented weights, as it serves without a trained ranker; in the mode of each column",
    "ranker": "trained on what came before the test (`interestgraph train`), as it serves; in the mode of each column",
}


@dataclass(frozen=True)
class Answers:
    """What the platform answers, and what it knows of the items."""

    ranked: tuple[Ranked, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    ablation: tuple[tuple[str, Lists, Lists, Lists], ...] = ()
    """Source, and lists of the blend, of the blend without it, and of the source alone."""
    ranker_ablation: tuple[tuple[str, Lists, Lists], ...] = ()
    """Source, and lists of the ranker, and of the ranker without it, for `sampled` users."""
    sampled: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    catalogue: Catalogue = field(default_factory=Catalogue)
    vectors: Vectors | None = None
    trending: NDArray[np.int32] | None = None
    """What users without history get."""
    seconds: dict[str, float] = field(default_factory=dict)


def platform_answers(
    settings: Settings,
    protocol: Protocol,
    users: NDArray[np.int32],
    tasks: Sequence[str],
    config: EvaluateConfig,
    progress: Progress | None,
) -> Answers:
    """Load, enrich and embed on a scratch server, and ask it; without any model of the platform there is nothing to do.

    Raises:
        DataError, LoaderError, ServerError: see `load`.
    """
    wanted = [name for name in PLATFORM if name in config.wanted()]
    if not wanted:
        return Answers()
    with scratch_database(settings, "evaluate") as (database, scratch):
        source = ReplayConfig(
            config.loader,
            config.data,
            until=protocol.window.learn_until if protocol.window else None,
            keep=None if protocol.keep is None else write_kept(protocol.keep, scratch.home),
            enrich=config.enrich,
            embed=config.embed,
        )
        seconds = replay(database, scratch, source, progress)
        if config.prune_below is not None:
            asked = ReshapeConfig(below=config.prune_below, users=1, enrich=config.enrich)
            seconds["reshape"] = sum(reshape(database, asked, progress).seconds.values())
        began = time.perf_counter()
        vectors = graph.read_vectors(database, protocol.log)
        answers = Answers(
            catalogue=graph.read_catalogue(database, protocol.log, vectors),
            vectors=vectors,
            trending=_trending(database, protocol.log),
        )
        seconds["export"] = time.perf_counter() - began
        learnt = seconds["enrich"], seconds["embed"]
        ranked = []
        if "node2vec" in wanted:
            ranked.append(_node2vec(vectors, protocol.log, users, learnt[1], progress))
        ablation: tuple[tuple[str, Lists, Lists, Lists], ...] = ()
        if {"neighbourhood", "blend"} & set(wanted):
            found, ablation = _blend(database, protocol.log, users, tasks, config, learnt, progress)
            ranked += [entry for entry in found if entry.name in wanted]
        left_out: tuple[LeftOut, ...] = ()
        if "ranker" in wanted:
            made = _ranker(database, scratch, protocol, source, users, tasks, config, sum(learnt), progress)
            if isinstance(made, LeftOut):
                left_out = (made,)
            else:
                ranked.append(made)
                seconds["train"] = made.fit_seconds - sum(learnt)
                answers = _ranker_ablation(database, protocol.log, users, tasks, config, made, answers, progress)
    return replace(answers, ranked=tuple(ranked), left_out=left_out, ablation=ablation, seconds=seconds)


def _ranker_ablation(
    database: Database,
    log: Log,
    users: NDArray[np.int32],
    tasks: Sequence[str],
    config: EvaluateConfig,
    made: Ranked,
    answers: Answers,
    progress: Progress | None,
) -> Answers:
    """Lists of the trained ranker without each source, for some of the users."""
    rows = np.linspace(0, len(users) - 1, min(ABLATION_USERS, len(users))).astype(np.int64)
    whole = {task: lists[rows] for task, lists in made.lists.items()}
    found = []
    for number, source in enumerate(SOURCES, start=1):
        others = tuple(name for name in config.recommend.candidates.sources if name != source)
        asked = replace(config.recommend, candidates=replace(config.recommend.candidates, sources=others))
        found.append((source, whole, graph.served_lists(database, log, users[rows], asked, tasks)))
        if progress:
            progress("ablation", number, len(SOURCES))
    return replace(answers, ranker_ablation=tuple(found), sampled=users[rows])


def _ranker(
    database: Database,
    scratch: Settings,
    protocol: Protocol,
    source: ReplayConfig,
    users: NDArray[np.int32],
    tasks: Sequence[str],
    config: EvaluateConfig,
    learnt: float,
    progress: Progress | None,
) -> Ranked | LeftOut:
    """Train the ranker on what came before the test, and ask the graph as everybody does."""
    began = time.perf_counter()
    days = (protocol.window.until - protocol.window.since).days if protocol.window else DAYS
    asked = TrainConfig(
        source.loader,
        source.data,
        until=source.until,
        keep=source.keep,
        days=max(1, min(days, int(protocol.log.days / 4))),
        labels=LABELS[protocol.kind],
        enrich=source.enrich,
        embed=source.embed,
    )
    try:
        report = train(database, scratch, asked, progress)
    except StateError as error:
        return LeftOut("ranker", str(error))
    if not report.serves:
        return LeftOut("ranker", "on users held out from its training the blend was better, so the blend serves")
    trained = time.perf_counter() - began
    step = partial(_step, "ranker", len(users), progress)
    with Meter() as meter:
        lists = graph.served_lists(database, protocol.log, users, config.recommend, tasks, step)
    return Ranked(
        name="ranker",
        kind="platform",
        title=TITLES["ranker"],
        lists=lists,
        parameters={"all": {"labels": report.labels, "users": report.users, "candidates": report.candidates}},
        fit_seconds=learnt + trained,
        rank_seconds=meter.seconds,
        memory_mib=meter.memory_mib,
    )


def _trending(database: Database, log: Log) -> NDArray[np.int32]:
    place = {name: at for at, name in enumerate(log.items)}
    rows = database.read("serve/trending", category=None, limit=DEPTH)
    return np.array([place.get(row["itemId"], -1) for row in rows], dtype=np.int32)


def _step(name: str, total: int, progress: Progress | None, done: int) -> None:
    if progress and (done % 50 == 0 or done == total):
        progress(name, done, total)


def _node2vec(
    vectors: Vectors, log: Log, users: NDArray[np.int32], seconds: float, progress: Progress | None
) -> Ranked:
    with Meter() as meter:
        lists = rank(vectors.scorer(), log, users, step=partial(_step, "node2vec", len(users), progress))
    return Ranked(
        name="node2vec",
        kind="platform",
        title=TITLES["node2vec"],
        lists=lists,
        fit_seconds=seconds,
        rank_seconds=meter.seconds,
        memory_mib=meter.memory_mib,
    )


def _blend(
    database: Database,
    log: Log,
    users: NDArray[np.int32],
    tasks: Sequence[str],
    config: EvaluateConfig,
    learnt: tuple[float, float],
    progress: Progress | None,
) -> tuple[list[Ranked], tuple[tuple[str, Lists, Lists, Lists], ...]]:
    with Meter() as meter:
        lists = graph.blend_lists(
            database, log, users, config.recommend, tasks, partial(_step, "blend", len(users), progress)
        )
    sources = [name.removeprefix(graph.ALONE) for name in lists if name.startswith(graph.ALONE)]
    whole = lists[graph.BLEND]
    ablation = tuple((source, whole, lists[graph.WITHOUT + source], lists[graph.ALONE + source]) for source in sources)
    found = (("neighbourhood", graph.alone(lists, "similar"), learnt[0]), ("blend", whole, sum(learnt)))
    return [
        Ranked(
            name=name,
            kind="platform",
            title=TITLES[name],
            lists=made,
            fit_seconds=seconds,
            rank_seconds=meter.seconds,
            memory_mib=meter.memory_mib,
        )
        for name, made, seconds in found
    ], ablation
