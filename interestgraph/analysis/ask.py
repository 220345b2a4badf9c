"""Asking a question: parameters checked, read only, with limits of time and rows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from interestgraph.analysis.answer import Answer
from interestgraph.analysis.question import Question, load_question
from interestgraph.analysis.values import checked
from interestgraph.errors import ConfigurationError, QueryError
from interestgraph.neo4j.connection import Database
from interestgraph.neo4j.queries import Query, load_query

TIMEOUT = 60.0
"""Seconds that a question may take, unless another limit is given."""


def ask(
    database: Database,
    name: str,
    parameters: Mapping[str, Any],
    *,
    timeout: float = TIMEOUT,
    rows: int | None = None,
    behaviour: str | None = None,
) -> Answer:
    """Ask a question of ``cypher/analysis/``.

    Args:
        database: the graph.
        name: of the question.
        parameters: by name; texts are converted to the parameter's type, what is not given has its default.
        timeout: seconds after which the server stops.
        rows: most rows that are returned; None: what the question's header says, which is never exceeded.
        behaviour: which events are asked about; None: purchases, and where the graph has none, the primary behaviour
            with most relationships.

    Raises:
        ConfigurationError: there is no such question, or a parameter or limit is wrong.
        QueryError: it took longer than `timeout`.
    """
    question = load_question(name)
    values = checked(question, parameters)
    if timeout <= 0 or (rows is not None and rows < 1):
        raise ConfigurationError(f"a time limit of {timeout:g} s and {rows} rows: both must be above 0")
    most = min(rows or question.rows, question.rows)
    query = _of_behaviour(database, question, behaviour)
    began = time.perf_counter()
    try:
        columns, found = database.ask(query, values, timeout=timeout, rows=most + 1)
    except QueryError as error:
        if "TransactionTimedOut" not in str(error):
            raise
        raise QueryError(
            f"{question.name} took longer than {timeout:g} s: narrow it with a parameter, or allow more time"
        ) from error
    notes = [question.caveats] if question.caveats else []
    if len(found) > most:
        notes.append(f"only the first {most} rows are shown")
    return Answer(
        name=question.name,
        purpose=question.query.purpose,
        columns=columns,
        rows=tuple(dict(zip(columns, row, strict=True)) for row in found[:most]),
        parameters=values,
        notes=tuple(notes),
        seconds=time.perf_counter() - began,
    )


def plan(database: Database, name: str, parameters: Mapping[str, Any], behaviour: str | None = None) -> list[str]:
    """The server's plan for a question, one operator a line with the rows that it expects; nothing is run."""
    question = load_question(name)
    return database.plan(_of_behaviour(database, question, behaviour), checked(question, parameters))


def _of_behaviour(database: Database, question: Question, behaviour: str | None) -> Query:
    """The statement for a behaviour that the graph has."""
    query = question.query
    if query.relationship is None:
        if behaviour is not None:
            raise ConfigurationError(f"{question.name} asks of no single behaviour: leave `behaviour` out")
        return query
    known = {row["name"]: row["primary"] for row in database.read("ingest/list_behaviours")}
    if behaviour is None:
        if query.relationship in known or not known:
            return query
        count = load_query("ingest/count_interactions")
        chosen = [name for name in sorted(known) if known[name]] or sorted(known)
        sizes = {name: database.read(count.for_relationship(name))[0]["relationships"] for name in chosen}
        behaviour = max(chosen, key=lambda name: sizes[name])
    elif behaviour not in known:
        raise ConfigurationError(f"the graph has no behaviour {behaviour}: it has {', '.join(known) or 'none'}")
    return query.for_relationship(behaviour)
