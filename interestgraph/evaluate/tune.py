"""Choosing the settings of a model on a window before the test, task by task."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from interestgraph.evaluate.log import Log
from interestgraph.evaluate.metrics import find_hits, ndcg
from interestgraph.evaluate.models import Model, Parameters
from interestgraph.evaluate.ranking import rank
from interestgraph.evaluate.report import Trial
from interestgraph.evaluate.truth import Truth, to_truth

USERS = 1000
"""Users that settings are compared on."""
FEWEST = 20
"""Users of a task that are needed to compare settings at all."""
SEED = 42


@dataclass(frozen=True)
class Validation:
    """A split before the test: settings are compared on it, and only on it."""

    log: Log
    """Learnt from."""
    later: Log
    """The window."""

    @cached_property
    def truth(self) -> Truth:
        """What was chosen in the window."""
        return to_truth(self.log, self.later)

    def enough(self) -> bool:
        """Whether any task has enough users."""
        return int((np.diff(self.truth.chosen.indptr) > 0).sum()) >= FEWEST


@dataclass(frozen=True)
class Choice:
    """The settings of a model."""

    parameters: dict[str, Parameters]
    """Task -> setting."""
    trials: tuple[Trial, ...]


def choose(
    model: Model, validation: Validation | None, tasks: tuple[str, ...], k: int, step: Callable[[int, int], None]
) -> Choice:
    """Try each setting of the grid; take the best NDCG at k, for each task that has users enough.

    Args:
        model: the model.
        validation: the split; None: the first setting is taken.
        tasks: to choose for; ``again`` takes what is best for ``all``.
        k: length of the lists.
        step: called with the number of settings tried, and of all.
    """
    default = dict.fromkeys(tasks, model.grid[0])
    if validation is None or len(model.grid) == 1:
        return Choice(default, ())
    truths = validation.truth.by_task(validation.log)
    everyone = np.flatnonzero(np.diff(validation.truth.chosen.indptr)).astype(np.int32)
    if len(everyone) > USERS:
        everyone = np.sort(np.random.default_rng(SEED).choice(everyone, USERS, replace=False))
    rows = {task: np.flatnonzero(np.diff(truths[task][everyone].indptr)) for task in tasks}
    usable = [task for task in tasks if task != "again" and len(rows[task]) >= FEWEST]
    fit = model.start(validation.log)
    trials = []
    for done, parameters in enumerate(model.grid, start=1):
        began = time.perf_counter()
        lists = rank(fit(parameters), validation.log, everyone, depth=k)
        found = {}
        for task in usable:
            hits, relevant = find_hits(lists[task][rows[task]], truths[task][everyone[rows[task]]])
            found[task] = float(ndcg(hits, relevant, k).mean())
        trials.append(Trial(parameters, found, time.perf_counter() - began))
        step(done, len(model.grid))
    best = {task: max(trials, key=lambda trial: trial.ndcg[task]).parameters for task in usable}
    if "all" in best and "again" in tasks:
        best["again"] = best["all"]
    return Choice({**default, **best}, tuple(trials))
