"""Who writes: one load, or one taking out, at a time, whatever processes there are and whenever they die.

Whoever begins takes the lock of the books, looks at them, and puts a token on every Load node. Each transaction after
that checks the token under the lock of its own Load node, or of a node that stands for one of its sessions. So a
process that was cut off from the server, and whose work another one has taken over, stops at its next transaction
instead of writing a batch again.
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

    def open_lanes(self, lanes: int) -> None:
        """Make the locks of so many sessions that write at once; see `transact`."""
        names = [self._lane(lane) for lane in range(lanes)]
        self.write("ingest/open_lanes", loadId=self.load_id, batchIds=names, token=self.token)

    def transact(self, work: Callable[[Run], T], lane: int | None = None) -> T:
        """Run statements in one transaction that checks the token first.

        Args:
            work: gets a function that runs a statement.
            lane: number of a session, from `open_lanes`, whose lock is taken in place of the load's own, so that
                others do not wait.

        Raises:
            StateError: another process took the load over.
        """

        def unit(run: Run) -> T:
            if lane is None:
                held = run("ingest/hold_load", loadId=self.load_id, token=self.token)
            else:
                held = run("ingest/hold_lane", batchId=self._lane(lane), token=self.token)
            if not held:
                raise StateError(f"load {self.load_id} was taken over by another process: this one stops")
            return work(run)

        return self.database.transact(unit)

    def _lane(self, lane: int) -> str:
        return f"{self.load_id}/lane/{lane}"

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
