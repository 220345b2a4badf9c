"""From lists and choices to the figures of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interestgraph.evaluate.beyond import Catalogue, beyond
from interestgraph.evaluate.bootstrap import Estimate, Resamples
from interestgraph.evaluate.log import Log
from interestgraph.evaluate.metrics import METRICS, find_hits, ndcg, recall
from interestgraph.evaluate.models import Parameters
from interestgraph.evaluate.ranking import Lists
from interestgraph.evaluate.report import PLACES, Ablation, Group, ModelReport, Trial
from interestgraph.evaluate.truth import Truth

Values = NDArray[np.float64]
PAIRED = ("recall", "ndcg")
GROUPS = ("light", "medium", "heavy")


@dataclass(frozen=True)
class Ranked:
    """A model's lists, and what they cost."""

    name: str
    kind: str
    title: str
    lists: Lists
    parameters: dict[str, Parameters] = field(default_factory=dict)
    fit_seconds: float = 0.0
    rank_seconds: float = 0.0
    memory_mib: float = 0.0
    trials: tuple[Trial, ...] = ()
    everyone: NDArray[np.int32] | None = None
    """The one list of a model that gives all users the same."""


@dataclass(frozen=True)
class _Task:
    rows: NDArray[np.intp]
    """Rows of the lists whose users chose such items."""
    truth: object
    resamples: Resamples


class Judge:
    """Compares lists with choices, for every model on the same users and the same resamples."""

    def __init__(self, log: Log, users: NDArray[np.int32], truth: Truth, tasks: Sequence[str], k: int) -> None:
        self._log, self._users, self._k = log, users, k
        by_task = truth.by_task(log)
        self._tasks: dict[str, _Task] = {}
        for task in tasks:
            chosen = by_task[task][users]
            rows = np.flatnonzero(np.diff(chosen.indptr))
            if len(rows):
                self._tasks[task] = _Task(rows, chosen[rows], Resamples(len(rows)))
        self._main = tasks[0]
        self._group = self._grouped()

    @property
    def listed(self) -> int:
        """Users with lists."""
        return len(self._users)

    @property
    def tasks(self) -> dict[str, int]:
        """Task -> users who chose such items; tasks without are left out."""
        return {name: len(task.rows) for name, task in self._tasks.items()}

    @property
    def groups(self) -> tuple[Group, ...]:
        """Thirds of the main task's users by their events before the test."""
        if self._main not in self._tasks:
            return ()
        events = np.bincount(self._log.user, minlength=self._log.shape[0])[self._users[self._tasks[self._main].rows]]
        found = []
        for number, name in enumerate(GROUPS):
            mine = events[self._group == number]
            if len(mine):
                found.append(Group(name, len(mine), int(mine.min()), int(mine.max())))
        return tuple(found)

    def _grouped(self) -> NDArray[np.int64]:
        if self._main not in self._tasks:
            return np.zeros(0, dtype=np.int64)
        rows = self._tasks[self._main].rows
        events = np.bincount(self._log.user, minlength=self._log.shape[0])[self._users[rows]]
        return np.searchsorted(np.quantile(events, [1 / 3, 2 / 3]), events, side="left")

    def values(self, lists: Lists) -> dict[str, Values]:
        """Task -> the metrics of each user, shape (users, metrics)."""
        found = {}
        for name, task in self._tasks.items():
            hits, relevant = find_hits(lists[name][task.rows], task.truth)
            found[name] = np.column_stack([metric(hits, relevant, self._k) for metric in METRICS.values()])
        return found

    def estimates(self, task: str, values: Values, names: Sequence[str] = tuple(METRICS)) -> dict[str, Estimate]:
        """Means and intervals of columns of `values`."""
        return dict(zip(names, self._tasks[task].resamples.estimates(values), strict=True))

    def report(self, ranked: Ranked, reference: Mapping[str, Values] | None, catalogue: Catalogue) -> ModelReport:
        """Everything about a model; `reference` are the values of the one it is compared with."""
        values = self.values(ranked.lists)
        paired = [list(METRICS).index(name) for name in PAIRED]
        difference = {}
        if reference is not None:
            difference = {
                task: self.estimates(task, reference[task][:, paired] - values[task][:, paired], PAIRED)
                for task in values
            }
        return ModelReport(
            name=ranked.name,
            kind=ranked.kind,
            title=ranked.title,
            parameters=ranked.parameters,
            tasks={task: self.estimates(task, found) for task, found in values.items()},
            groups=self._by_group(values[self._main][:, paired]) if self._main in values else {},
            curve={task: self._curve(ranked.lists, task) for task in self._tasks},
            beyond=beyond(ranked.lists[self._main], self._users, self._log, catalogue, self._k),
            difference=difference,
            fit_seconds=ranked.fit_seconds,
            rank_seconds=ranked.rank_seconds,
            memory_mib=ranked.memory_mib,
            trials=ranked.trials,
        )

    def _by_group(self, values: Values) -> dict[str, dict[str, Estimate]]:
        found = {}
        for number, name in enumerate(GROUPS):
            mine = values[self._group == number]
            if len(mine):
                found[name] = dict(zip(PAIRED, Resamples(len(mine)).estimates(mine), strict=True))
        return found

    def _curve(self, lists: Lists, task: str) -> dict[str, tuple[float, ...]]:
        found = self._tasks[task]
        hits, relevant = find_hits(lists[task][found.rows], found.truth)
        return {
            name: tuple(float(metric(hits, relevant, place).mean()) for place in PLACES)
            for name, metric in (("recall", recall), ("ndcg", ndcg))
        }

    def ablation(self, source: str, whole: Lists, without: Lists, alone: Lists | None = None) -> Ablation:
        """What a source adds, and what it is worth alone."""
        place = [list(METRICS).index("ndcg")]
        of_whole, of_without = self.values(whole), self.values(without)
        of_alone = {} if alone is None else self.values(alone)
        return Ablation(
            source=source,
            without={
                task: self.estimates(task, (of_whole[task] - of_without[task])[:, place], ("ndcg",))["ndcg"]
                for task in of_whole
            },
            alone={task: self.estimates(task, of_alone[task][:, place], ("ndcg",))["ndcg"] for task in of_alone},
        )
