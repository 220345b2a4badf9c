"""What the parts of a report read, and how it is set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from interestgraph.analysis.answer import Answer
from interestgraph.analysis.ask import TIMEOUT, ask
from interestgraph.analysis.question import load_question
from interestgraph.errors import StateError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import load_query
from interestgraph.recommend.context import Context
from interestgraph.status import GraphStatus

MONDAY = date(1969, 12, 29)
"""Week 0 of HISTORY begins."""


@dataclass(frozen=True)
class ReportConfig:
    """What a report shows."""

    users: tuple[str, ...] = ()
    """Users whose portraits are shown; none: `examples` of them, from the median to the busiest."""
    examples: int = 2
    """Portraits, where `users` names none; 0: none, for pages that many people see."""
    days: int = 28
    """Length of the periods that trends compare."""
    points: int = 1_500
    """Nodes of each kind on the map of the vectors, at most."""
    evaluation: Path | None = None
    """JSON of `interestgraph evaluate --json`; None: what is kept in the graph."""
    timeout: float = TIMEOUT
    """Seconds that one question may take; a part whose question takes longer is left out, and says so."""


@dataclass(frozen=True)
class Source:
    """A graph, and what all parts of its report know."""

    database: Database
    config: ReportConfig
    status: GraphStatus
    context: Context
    progress: Progress | None = None

    @property
    def moment(self) -> int:
        """The latest event in epoch milliseconds.

        Raises:
            StateError: there is none.
        """
        return self.context.moment(None)

    @property
    def behaviour(self) -> str:
        """The behaviour that questions ask of.

        Raises:
            StateError: the graph has none.
        """
        held = {name: count for name, count in self.status.behaviours.items() if count}
        if not held:
            raise StateError("The graph holds no events yet: `interestgraph load` brings them.")
        if "PURCHASED" in held:
            return "PURCHASED"
        primary = [name for name in held if name in self.context.primary] or list(held)
        return max(primary, key=lambda name: held[name])

    def ask(self, name: str, **parameters: Any) -> Answer:
        """The answer of a question of the library, of `behaviour` where it asks of one."""
        behaviour = self.behaviour if load_question(name).query.relationship else None
        return ask(self.database, name, parameters, timeout=self.config.timeout, behaviour=behaviour)

    def read(self, name: str, **parameters: Any) -> list[Row]:
        """Rows of a statement, of the behaviour that questions ask of where it has a slot for one."""
        query = load_query(name)
        if query.relationship is not None:
            query = query.for_relationship(self.behaviour)
        return self.database.read(query, **parameters)


def week_names(first: int, last: int) -> list[str]:
    """The Mondays of weeks, such as 2 Jan 17."""
    mondays = (MONDAY + timedelta(weeks=week) for week in range(first, last + 1))
    return [f"{day.day} {day:%b %y}" for day in mondays]


def optional(value: float | None, form: str = ",.0f") -> str:
    """A number, or a dash where there is none."""
    return "–" if value is None else format(value, form)
