"""What a process keeps of a graph between requests, and how it notices that the graph went on."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import load_query
from interestgraph.recommend.build import Version, item_columns, read_catalogue, read_rows, read_version
from interestgraph.recommend.catalogue import Catalogue, Links
from interestgraph.recommend.context import Context, read_context
from interestgraph.recommend.person import Doings, Person, person
from interestgraph.recommend.ranker import Ranker, read_ranker

TRENDS = 200
"""Items at the top of the trend list that are read anew after single events."""
REST = 20.0
"""A whole catalogue is read anew after single events once that many times its own duration have passed."""


@dataclass(frozen=True)
class State:
    """A graph at one moment: everything but the users."""

    version: Version
    catalogue: Catalogue
    context: Context
    ranker: Ranker | None
    """None too where it was trained by another version of the package."""
    outdated: bool = False
    """Whether there is one by another version."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing for full answers."""
        old = "the ranker was trained by another version of interestgraph: run `interestgraph train`"
        return (*self.context.notes, *((old,) if self.outdated else ()))


class Serving:
    """The state of one graph, read once and renewed when the graph says that it is another.

    Users are read with every request, so their own events count at once, and with them the state of the graph
    (``serve/people``): loads, enrichments, vectors and rankers lead to new arrays before the answer. After single
    events the top of the trend list is read anew before the answer, and items that were not there before; the rest of
    the trends some seconds later.
    """

    def __init__(self, database: Database) -> None:
        self._database = weakref.ref(database)
        self._lock = threading.Lock()
        self._state: State | None = None
        self._read_at = 0.0
        self._took = 0.0

    def state(self) -> State:
        """The present state; reads it when there is none yet."""
        held = self._state
        return held if held is not None else self._renew(None)

    def people(self, users: Sequence[str], as_of: datetime | None) -> tuple[State, list[Person], int]:
        """Users, known or not, with the state of the graph that they were read in, and the moment of their weights.

        Raises:
            StateError: the graph holds no events, or `as_of` lies before the latest.
        """
        state = self.state()
        rows = self._users(state, users)
        if not rows:
            return state, [], state.context.moment(as_of)
        found = Version(rows[0]["graph"], rows[0]["events"])
        if state.version != found:
            beside = state.context.vectors_beside
            state = self._renew(found)
            if state.context.vectors_beside != beside:
                rows = self._users(state, users)
        known = state.catalogue.position
        new = {item for row in rows for part in row["doings"] for item in part[1] if item not in known}
        if new:
            state = self._extend(sorted(new))
        context = replace(state.context, last_event=rows[0]["lastEventAt"])
        at = context.moment(as_of)
        by_user = {row["userId"]: row for row in rows}
        return replace(state, context=context), [_person(state, by_user[user], at) for user in users], at

    def _users(self, state: State, users: Sequence[str]) -> list[Row]:
        query = load_query("serve/people")
        return read_rows(self._ask(), query.beside() if state.context.vectors_beside else query, userIds=list(users))

    def _ask(self) -> Database:
        database = self._database()
        assert database is not None, "the database outlives its serving state"
        return database

    def _renew(self, wanted: Version | None) -> State:
        """Bring the state to that of the graph."""
        with self._lock:
            held = self._state
            if held is not None and (wanted is None or held.version == wanted):
                return held
            if held is None or wanted is None or held.version.graph != wanted.graph or self._is_stale():
                return self._read()
            # The context too: the first event of a behaviour brings its half-life along.
            context = read_context(self._ask())
            self._state = replace(held, version=wanted, context=context, catalogue=self._trends(held.catalogue))
            return self._state

    def _is_stale(self) -> bool:
        return time.monotonic() - self._read_at > REST * self._took

    def _read(self) -> State:
        database = self._ask()
        began = time.monotonic()
        # The version first: what changes while the rest is read leads to another reading at the next request.
        version = read_version(database)
        ranker = read_ranker(database)
        context = read_context(database)
        self._state = State(
            version=version,
            catalogue=read_catalogue(database, version, context),
            context=context,
            ranker=ranker if ranker is not None and ranker.fits else None,
            outdated=ranker is not None and not ranker.fits,
        )
        self._read_at = time.monotonic()
        self._took = self._read_at - began
        return self._state

    def _trends(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue with the trends of now at the top of the list."""
        rows = self._ask().read("serve/trending", category=None, limit=TRENDS)
        missing = sorted({row["itemId"] for row in rows} - catalogue.position.keys())
        if missing:
            catalogue = self._extended(catalogue, missing)
        trend, buyers, repeat = catalogue.trend.copy(), catalogue.buyers.copy(), catalogue.repeat_rate.copy()
        at = np.array([catalogue.position[row["itemId"]] for row in rows], dtype=np.int64)
        trend[at] = [row["score"] for row in rows]
        buyers[at] = [row["buyers"] for row in rows]
        repeat[at] = [row["repeatRate"] for row in rows]
        return replace(catalogue, trend=trend, buyers=buyers, repeat_rate=repeat)

    def _extend(self, items: Sequence[str]) -> State:
        with self._lock:
            held = self._state
            assert held is not None, "people are read after the state"
            missing = [item for item in items if item not in held.catalogue.position]
            if missing:
                held = replace(held, catalogue=self._extended(held.catalogue, missing))
                self._state = held
            return held

    def _extended(self, catalogue: Catalogue, items: Sequence[str]) -> Catalogue:
        """The catalogue with new items at its end."""
        (columns,) = self._ask().read("serve/catalogue_items", itemIds=list(items))
        return extended(catalogue, columns)


def extended(catalogue: Catalogue, columns: Row) -> Catalogue:
    """A catalogue with further items (a row of ``serve/catalogue_items``) at its end."""
    more = item_columns(columns, catalogue.category_position)
    count = len(more["items"])
    member: Links = more.pop("member")
    made: dict[str, Any] = {}
    for name, values in more.items():
        held = getattr(catalogue, name)
        made[name] = (
            np.concatenate([held, values]) if isinstance(values, np.ndarray) else type(values)([*held, *values])
        )
    vectors = catalogue.vectors
    if vectors is not None:
        vectors = np.concatenate([vectors, np.zeros((count, vectors.shape[1]), dtype=vectors.dtype)])
    return replace(
        catalogue,
        **made,
        member=Links(
            np.concatenate([catalogue.member.start, catalogue.member.start[-1] + member.start[1:]]),
            np.concatenate([catalogue.member.other, member.other]),
            np.concatenate([catalogue.member.score, member.score]),
        ),
        near=_longer(catalogue.near, count),
        linear=_longer(catalogue.linear, count),
        vectors=vectors,
    )


def _longer(links: Links, rows: int) -> Links:
    return replace(links, start=np.append(links.start, np.full(rows, links.start[-1])))


def _person(state: State, row: Row, at: int) -> Person:
    catalogue, context = state.catalogue, state.context
    number = catalogue.position
    doings = []
    for behaviour, items, weights, counts, first, last in row["doings"]:
        item = np.fromiter((number.get(name, -1) for name in items), np.int32, len(items))
        columns = [np.array(column, dtype=np.float64) for column in (weights, counts, first, last)]
        if item.min(initial=0) < 0:  # deleted in between
            known = item >= 0
            item, columns = item[known], [column[known] for column in columns]
        primary = behaviour in context.primary or not context.primary
        weight, count, first_at, last_at = columns
        doings.append(Doings(item, weight, count, first_at, last_at, context.half_lives[behaviour], primary))
    pairs = [
        (catalogue.category_position[name], share)
        for name, share in zip(row["categories"], row["shares"], strict=True)
        if name in catalogue.category_position
    ]
    vector = row["embedding"]
    if vector is not None and (catalogue.vectors is None or len(vector) != catalogue.vectors.shape[1]):
        vector = None
    return person(
        row["userId"],
        doings,
        at,
        known=row["known"],
        category=np.array([pair[0] for pair in pairs], dtype=np.int32),
        share=np.array([pair[1] for pair in pairs], dtype=np.float32),
        community=row["communityId"],
        vector=None if vector is None else np.array(vector, dtype=np.float32),
    )


_HELD: weakref.WeakKeyDictionary[Database, Serving] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def serving(database: Database) -> Serving:
    """The serving state of a database, one for as long as the object lives."""
    with _LOCK:
        found = _HELD.get(database)
        if found is None:
            found = _HELD[database] = Serving(database)
        return found
