"""Vectors that follow a stream: new users and items get one, and users move, shortly behind their events."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import islice

from interestgraph.embed.fold_in import Folder
from interestgraph.errors import QueryError, UnavailableError
from interestgraph.ingest.record import Event
from interestgraph.neo4j.connection import Database
from interestgraph.stream.source import Say

_USERS = 250
"""Users that are brought up to date in one transaction."""
_MOST = 200_000
"""Events that wait at most; the users that waited longest are given up then: they follow with their next one."""
_REST = 4.0
"""After a transaction of vectors, events have so many times as long for themselves."""
_SHORTEST = 0.1
"""Seconds between two transactions of vectors."""


class Following:
    """Brings vectors up to date with events that were applied, in transactions of its own.

    Vectors cost more than events, since the vector index has to take them in: they are written a fifth of the time at
    most, for all that waits together; a user with ten events meanwhile moves once. If the run dies, the users that
    waited follow with their next event or the next `interestgraph embed`.

    Args:
        database: the graph.
        say: told when vectors cannot follow.
        on: False: they do not follow.
    """

    def __init__(self, database: Database, say: Say, *, on: bool = True) -> None:
        self._database, self._say, self._on = database, say, on
        self._folder: Folder | None = None
        self._waiting: dict[str, list[Event]] = {}
        self._events = 0
        self._next = 0.0
        self.written = 0
        """Vectors written so far."""

    def saw(self, events: Sequence[Event]) -> None:
        """Note events that the graph has by now."""
        for event in events if self._on else ():
            self._waiting.setdefault(event.user, []).append(event)
            self._events += 1
        while self._events > _MOST:
            self._drop(next(iter(self._waiting)))

    def _drop(self, user: str) -> None:
        self._events -= len(self._waiting.pop(user))

    def catch_up(self) -> None:
        """Bring some vectors up to date, if it is time."""
        if self._waiting and time.monotonic() >= self._next:
            self._some()

    def finish(self, stop: Callable[[], bool]) -> None:
        """Bring the rest up to date at the end of a run; once `stop` says so, only some more."""
        while self._waiting and self._some() and not stop():
            pass
        if self._waiting:
            self._say(f"vectors of {len(self._waiting)} users do not follow yet: their next event takes them along")

    def _some(self) -> bool:
        """One transaction; False if vectors cannot follow now."""
        began = time.monotonic()
        users = list(islice(self._waiting, _USERS))
        some = [event for user in users for event in self._waiting[user]]
        try:
            if self._folder is None:
                self._folder = Folder(self._database)
            folder = self._folder
            self.written += self._database.transact(lambda run: folder.events(run, some))
        except UnavailableError:
            self._next = time.monotonic() + 1.0
            return False
        except QueryError as error:
            self._say(f"vectors do not follow these events: {error}")
        for user in users:
            self._drop(user)
        now = time.monotonic()
        self._next = now + max(_SHORTEST, _REST * (now - began))
        return True
