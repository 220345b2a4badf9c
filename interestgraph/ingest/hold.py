"""Who writes: one load, or one taking out, at a time, whatever processes there are and whenever they die.

Whoever begins takes the lock of the books, looks at them, and puts a token on every Load node. Each transaction after
that checks the token under the lock of its own Load node. So a process that was cut off from the server, and whose work
another one has taken over, stops at its next transaction instead of writing a batch again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from interestgraph.errors import StateError
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import Query
from interestgraph.neo4j.schema import ensure_schema

T = TypeVar("T")
Run = Callable[..., list[Row]]
"""Runs a statement in a transaction."""


@dataclass(frozen=True)
class Hold:
    """The right to write for one load."""

    database: Database
    load_id: str
    token: str

    def write(self, query: str | Query, **parameters: object) -> list[Row]:
        """Run a statement in a transaction of its own; see `transact`."""
        return self.transact(lambda run: run(query, **parameters))

    def transact(self, work: Callable[[Run], T]) -> T:
        """Run statements in one transaction that checks the token first.

        Raises:
            StateError: another process took the load over.
        """

        def unit(run: Run) -> T:
            if not run("ingest/hold_load", loadId=self.load_id, token=self.token):
                raise StateError(f"load {self.load_id} was taken over by another process: this one stops")
            return work(run)

        return self.database.transact(unit)

    def end(self, query: str, **parameters: object) -> None:
        """Run the last statement, and let others write."""

        def unit(run: Run) -> None:
            # In the order of `take`: the lock of the books comes before that of the load.
            run("ingest/lock_books")
            if run("ingest/hold_load", loadId=self.load_id, token=self.token):
                run(query, **parameters)
                run("ingest/release_books")

        self.database.transact(unit)


def take(database: Database, load_id: str, begin: Callable[[Run, list[Row]], T]) -> tuple[Hold, T]:
    """Take the books over.

    Args:
        database: the graph.
        load_id: the load that is written or taken out.
        begin: gets a function that runs a statement under the lock, and the Load nodes as they are then; notes what
            begins, or raises an error.

    Returns:
        The right to write, and what `begin` returned.
    """
    ensure_schema(database)
    token = uuid4().hex

    def unit(run: Run) -> T:
        run("ingest/lock_books")
        begun = begin(run, [row["load"] for row in run("ingest/list_loads")])
        run("ingest/take_books", token=token)
        return begun

    return Hold(database, load_id, token), database.transact(unit)
