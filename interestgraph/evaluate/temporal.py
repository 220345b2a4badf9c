"""Quality of all models on one split: learn from the log before the test, then read the test.

Leak-free by construction: what is learnt from is loaded into an empty private server of its own, enriched and embedded
by the product's own code; baselines are tuned on a window before the test; and nothing of the test is read before all
lists are made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from interestgraph import __version__
from interestgraph.errors import StateError
from interestgraph.evaluate.bootstrap import Estimate, Resamples
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.cost import Meter
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.metrics import METRICS, find_hits
from interestgraph.evaluate.models import BASELINES, Model, Parameters
from interestgraph.evaluate.platform import Answers, platform_answers
from interestgraph.evaluate.protocol import Protocol, read_protocol
from interestgraph.evaluate.ranking import TASKS, Lists, rank
from interestgraph.evaluate.ratings import rating_errors
from interestgraph.evaluate.report import Ablation, Cold, EvaluateReport, LeftOut
from interestgraph.evaluate.score import PAIRED, Judge, Ranked
from interestgraph.evaluate.truth import Truth, to_truth
from interestgraph.evaluate.tune import FEWEST, Validation, choose
from interestgraph.model import Progress
from interestgraph.recommend.context import RARELY_REPEATED
from interestgraph.settings import Settings

__all__ = ["EvaluateConfig", "EvaluateReport", "evaluate"]

FEW_USERS = 50
"""Below this number of users a note says that intervals are wide."""
REFERENCES = ("ranker", "blend")
"""The model that the others are compared with: the first of these that was evaluated."""
LIBRARIES = ("numpy", "scipy", "numba", "sparse-dot-topn", "implicit", "lightgbm", "neo4j")


def evaluate(settings: Settings, config: EvaluateConfig, progress: Progress | None = None) -> EvaluateReport:
    """Evaluate, on a scratch private server, which is removed afterwards; baselines alone need none.

    Args:
        settings: where the jars are; its own server and graph are not touched.
        config: what to evaluate.
        progress: called with step, units done, units in all.

    Raises:
        ConfigurationError: a model is unknown.
        StateError: no user chose a known item in the test, or the split is one of another log.
        DataError, LoaderError, ServerError: see `load`.
    """
    clock = [time.perf_counter()]
    protocol = read_protocol(config)
    users = _users(protocol.log, config)
    tasks = _tasks(protocol.log, config)
    clock.append(time.perf_counter())
    ranked, left_out = _baselines(protocol, users, tasks, config, progress)
    clock.append(time.perf_counter())
    answers = platform_answers(settings, protocol, users, tasks, config, progress)
    clock.append(time.perf_counter())
    # Every list is made: from here on the test may be read.
    later = protocol.later()
    truth = to_truth(protocol.log, later)
    judge = Judge(protocol.log, users, truth, tasks, config.k)
    if tasks[0] not in judge.tasks:
        raise StateError(_nobody(protocol))
    report = _report(protocol, config, judge, ranked, answers, tasks, truth)
    clock.append(time.perf_counter())
    stages = dict(zip(("read", "baselines", "platform", "score"), np.diff(clock).tolist(), strict=True))
    return replace(
        report,
        left_out=(*left_out, *answers.left_out),
        ratings=rating_errors(config, protocol, later, answers.vectors),
        notes=(*protocol.notes, *_notes(protocol, judge, tasks, config)),
        seconds={**stages, **answers.seconds},
    )


def _users(log: Log, config: EvaluateConfig) -> NDArray[np.int32]:
    """Places of the users that lists are made for: nobody knows yet who will be active."""
    known = np.flatnonzero(log.known_users).astype(np.int32)
    if config.users is not None and len(known) > config.users:
        known = np.sort(np.random.default_rng(config.seed).choice(known, config.users, replace=False))
    return known


def _tasks(log: Log, config: EvaluateConfig) -> tuple[str, ...]:
    """All three; where the platform leaves out what was chosen before, only what is new counts."""
    fresh = config.recommend.exclude_seen
    if fresh is None:
        fresh = log.repeat_share() < RARELY_REPEATED
    return ("new",) if fresh else TASKS


def _nobody(protocol: Protocol) -> str:
    if protocol.window is None:
        return "no user with history has a held-out item that others chose before: the log is too small to evaluate"
    since, until = protocol.window.since, protocol.window.until
    return (
        f"no known user chose a known item from {since:%Y-%m-%d} to {until:%Y-%m-%d}: choose another cut, or more days"
    )


def _baselines(
    protocol: Protocol,
    users: NDArray[np.int32],
    tasks: tuple[str, ...],
    config: EvaluateConfig,
    progress: Progress | None,
) -> tuple[list[Ranked], list[LeftOut]]:
    wanted = [model for model in BASELINES if model.name in config.wanted()]
    validation = protocol.validation if config.tune else None
    if validation is not None and not validation.enough():
        validation = None
    ranked, left_out = [], []
    for model in wanted:
        reason = model.refuses(protocol.log)
        if model.again_only and "all" not in tasks:
            reason = "lists leave out what the user chose before, and it knows nothing else"
        if reason is not None:
            left_out.append(LeftOut(model.name, reason))
            continue
        ranked.append(_baseline(model, protocol.log, validation, users, tasks, config.k, progress))
    return ranked, left_out


def _baseline(
    model: Model,
    log: Log,
    validation: Validation | None,
    users: NDArray[np.int32],
    tasks: tuple[str, ...],
    k: int,
    progress: Progress | None,
) -> Ranked:
    def step(done: int, total: int) -> None:
        if progress:
            progress(model.name, done, total)

    settings = len(model.grid) if validation is not None else 0
    choice = choose(model, validation, tasks, k, lambda done, total: step(done, total + 1))
    with Meter() as meter:
        fit = model.start(log)
        lists: Lists = {}
        everyone = None
        fitted = ranking = 0.0
        for parameters in _distinct(choice.parameters.values()):
            began = time.perf_counter()
            scorer = fit(parameters)
            fitted += time.perf_counter() - began
            began = time.perf_counter()
            made = rank(scorer, log, users)
            ranking += time.perf_counter() - began
            if not model.personal:
                everyone = made["all"][0]
            lists.update({task: made[task] for task in tasks if choice.parameters[task] == parameters})
    step(settings + 1, settings + 1)
    return Ranked(
        name=model.name,
        kind="baseline",
        title=model.title,
        lists=lists,
        parameters=choice.parameters,
        fit_seconds=fitted,
        rank_seconds=ranking,
        memory_mib=meter.memory_mib,
        trials=choice.trials,
        everyone=everyone,
    )


def _distinct(settings: Iterable[Parameters]) -> Iterator[Parameters]:
    found: list[Parameters] = []
    for setting in settings:
        if setting not in found:
            found.append(setting)
            yield setting


def _report(
    protocol: Protocol,
    config: EvaluateConfig,
    judge: Judge,
    baselines: Sequence[Ranked],
    answers: Answers,
    tasks: tuple[str, ...],
    truth: Truth,
) -> EvaluateReport:
    ranked = [*baselines, *answers.ranked]
    names = [entry.name for entry in ranked]
    reference = next((name for name in REFERENCES if name in names), names[-1])
    against = judge.values(ranked[names.index(reference)].lists)
    window = protocol.window
    return EvaluateReport(
        loader=config.loader,
        protocol=protocol.kind,
        leak_free=protocol.kind == "cut",
        cut=window.learn_until if window else None,
        since=window.since if window else None,
        until=window.until if window else None,
        users=judge.tasks[tasks[0]],
        listed=judge.listed,
        items=int(protocol.log.known_items.sum()),
        events=len(protocol.log),
        k=config.k,
        main=tasks[0],
        tasks=judge.tasks,
        reference=reference,
        models=tuple(
            judge.report(entry, None if entry.name == reference else against, answers.catalogue) for entry in ranked
        ),
        ablation=tuple(judge.ablation(*parts) for parts in answers.ablation),
        ranker_ablation=_ranker_ablation(protocol.log, answers, truth, tasks, config.k),
        ranker_ablation_users=len(answers.sampled),
        groups=judge.groups,
        cold=_cold(truth, baselines, answers, config.k),
        validation=(protocol.validation_since, window.learn_until) if window and protocol.validation_since else None,
        versions={"interestgraph": __version__, **_versions()},
    )


def _ranker_ablation(log: Log, answers: Answers, truth: Truth, tasks: tuple[str, ...], k: int) -> tuple[Ablation, ...]:
    if not answers.ranker_ablation:
        return ()
    judge = Judge(log, answers.sampled, truth, tasks, k)
    return tuple(judge.ablation(*parts) for parts in answers.ranker_ablation)


def _cold(truth: Truth, baselines: Sequence[Ranked], answers: Answers, k: int) -> Cold | None:
    """Users without history get what everybody gets: popular items, or the platform's trending ones."""
    users = truth.cold.shape[0]
    if users == 0:
        return None
    shown = {entry.name: entry.everyone for entry in baselines if entry.everyone is not None}
    if answers.trending is not None:
        shown["platform (trending)"] = answers.trending
    quality: dict[str, dict[str, Estimate]] = {}
    for name, items in shown.items():
        hits, relevant = find_hits(np.broadcast_to(items, (users, len(items))), truth.cold)
        values = np.column_stack([METRICS[metric](hits, relevant, k) for metric in PAIRED])
        quality[name] = dict(zip(PAIRED, Resamples(users).estimates(values), strict=True))
    return Cold(users, quality)


def _notes(protocol: Protocol, judge: Judge, tasks: tuple[str, ...], config: EvaluateConfig) -> Iterator[str]:
    users = judge.tasks[tasks[0]]
    if tasks == ("new",):
        yield (
            f"{protocol.log.repeat_share():.1%} of what is chosen is chosen again, so lists leave out what the user "
            "chose before, and only other items count"
        )
    if users < FEW_USERS:
        yield f"only {users} users chose known items in the test: read the intervals, not the means"
    if protocol.validation is not None and config.tune and not protocol.validation.enough():
        yield f"fewer than {FEWEST} users in the validation window: baselines have their default settings"
    known = int(protocol.log.known_users.sum())
    if config.users is not None and known > config.users:
        yield f"lists were made for {config.users:,} of {known:,} known users, drawn at random (--users)"
    if config.prune_below is not None:
        yield f"the platform answers from a graph without the relationships that weigh less than {config.prune_below:g}"


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
