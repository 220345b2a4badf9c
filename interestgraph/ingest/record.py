"""Single events, at once visible: own interest, category interest and trend move with the transaction."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from interestgraph.errors import ConfigurationError, DataError, StateError
from interestgraph.ingest.aliases import renamed_recorded
from interestgraph.ingest.buckets import added_week, recorded, week_of
from interestgraph.ingest.pruned import take_back
from interestgraph.ingest.recognition import TIER, Recognition, merge_small, part_of
from interestgraph.ingest.spec import load_spec
from interestgraph.model import BEHAVIOURS, DecayedWeight, utc
from interestgraph.neo4j.connection import Database, Row, text_of
from interestgraph.neo4j.queries import Query, load_query
from interestgraph.neo4j.schema import ensure_schema

LOAD_ID = "recorded"
"""The Load node that recorded events are counted on."""
DEFAULTS = "events"
"""The loader whose strength and half-life a behaviour has that the graph does not know yet."""


@dataclass(frozen=True)
class Event:
    """One event of a user and an item."""

    user: str
    item: str
    behaviour: str
    """One of `interestgraph.model.BEHAVIOURS`."""
    at: datetime
    """A moment without a zone is taken as UTC."""
    value: float | None = None
    quantity: float | None = None
    key: str | None = None
    """What identifies it, from `interestgraph.ingest.identity.single_identity`; an event of the same source with the
    same key counts once. None: every event counts."""

    def __post_init__(self) -> None:
        if not self.user.strip() or not self.item.strip():
            raise DataError(f"an event needs a user and an item, got {self.user!r} and {self.item!r}")
        if self.behaviour not in BEHAVIOURS:
            raise DataError(f"unknown behaviour {self.behaviour!r} of user {self.user}: one of {', '.join(BEHAVIOURS)}")
        for name in ("value", "quantity"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise DataError(f"{name} {number} of user {self.user} and item {self.item} is not a finite number")
        moment = utc(self.at)
        if moment < datetime(1970, 1, 1, tzinfo=UTC) or moment > datetime.now(UTC) + timedelta(days=1):
            raise DataError(f"time {moment:%Y-%m-%d %H:%M:%S} of user {self.user} lies before 1970 or in the future")

    @property
    def millis(self) -> int:
        """Epoch milliseconds."""
        return int(utc(self.at).timestamp() * 1000)


Also = Callable[[Callable[..., list[Row]], Sequence[Event]], object]
"""Gets a function that runs a statement in the transaction of the events, and those of them that are new."""


@dataclass(frozen=True)
class Target:
    """Which books recorded events are kept in."""

    load_id: str = LOAD_ID
    """The Load node that counts them."""
    source: str = "record"
    """Name of the loader among whose events they are recognised."""
    recognition: Recognition = field(default_factory=Recognition)


def record(database: Database, events: Sequence[Event], also: Also | None = None, target: Target | None = None) -> int:
    """Apply events in one transaction: all of them or none.

    Weights are exact (forward decay), whatever the order of events. Trend, buyers, repeat rate and category interests
    are brought up to date where the graph is enriched, in units of the enrichment's moment; a new one brings them to
    the moment of the last event (where behaviours have different half-lives, shares then shift a little).

    Args:
        database: the graph.
        events: the events, in any order.
        also: runs further statements in the same transaction, such as noting the position in a source.
        target: which books they are kept in; None: those of single events.

    Returns:
        How many of them are new; the others were known by their keys.

    Raises:
        DataError: an event is wrong; none is applied.
        StateError: a load is being taken out, or one is being written that may hold the same events, or creates the
            first relationships of a behaviour.
    """
    if not events:
        return 0
    books = target or Target()
    if not database.read("ingest/list_behaviours"):
        # A new graph: without its constraints, processes that record at once would make nodes twice.
        ensure_schema(database)
    applied, small = database.transact(lambda run: _record(run, events, also, books))
    if small >= TIER:
        merge_small(database, books.load_id)
    return applied


class _TakenBackError(Exception):
    """Ends a transaction that is to change nothing."""


def rehearse(database: Database, also: Also | None = None, target: Target | None = None) -> None:
    """Have the server plan the statements of `record`, which takes seconds on a new one, before events wait for it.

    An event of each behaviour that the graph knows is recorded, in a transaction that is taken back.

    Args:
        database: the graph.
        also: as for `record`.
        target: as for `record`.

    Raises:
        StateError: as for `record`.
    """
    name, now = f"rehearsal-{uuid4().hex}", datetime.now(UTC)
    events = [Event(name, name, row["name"], now) for row in database.read("ingest/list_behaviours")]

    def unit(run: Callable[..., list[Row]]) -> None:
        _record(run, events, also, target or Target())
        raise _TakenBackError

    if events:
        with suppress(_TakenBackError):
            database.transact(unit)


def _planned_once(run: Callable[..., list[Row]]) -> Callable[..., list[Row]]:
    """Run statements that are planned once for lists of any size.

    Neo4j plans a statement anew for a list of 1, of up to 10, of up to 100, ... elements, but does not look at those
    within a map.
    """

    def boxed(query: str | Query, **parameters: Any) -> list[Row]:
        lists = {name: value for name, value in parameters.items() if isinstance(value, list)}
        others = {name: value for name, value in parameters.items() if name not in lists}
        text = text_of(query)
        for name in lists:
            text = re.sub(rf"\${name}\b", f"$lists.{name}", text)
        return run(text, lists=lists, **others)

    return boxed


def _record(
    run: Callable[..., list[Row]], events: Sequence[Event], also: Also | None, target: Target
) -> tuple[int, int]:
    """The statements of one transaction; returns how many events are new, and how many small parts the books have."""
    run = _planned_once(run)
    behaviours = sorted({event.behaviour for event in events})
    # The Load node comes first: its lock makes concurrent recorders wait for each other instead of deadlocking.
    moments = [event.millis for event in events]
    period = {"firstAt": min(moments), "lastAt": max(moments), "at": round(time.time() * 1000)}
    (held,) = run("ingest/record_hold", loadId=target.load_id, source=target.source, behaviours=behaviours, **period)
    if held["busy"]:
        raise StateError(f"load {held['busy'][0]} is being written or taken out: record again when that is done")
    _refuse_old(events, held["horizon"])
    (context,) = run("ingest/record_context")
    known = {row["name"]: row for row in context["behaviours"]}
    new = _new_behaviours(set(behaviours) - set(known))
    known |= {row["name"]: row for row in new}
    fresh = target.recognition.unseen(run, held["partIds"], events)
    meant = renamed_recorded(run, fresh) if fresh and context["merged"] else fresh
    if fresh:
        if new:
            run("ingest/behaviours", rows=new)
        _apply(run, context, known, meant)
        run("ingest/log_parts", rows=[part_of(target.load_id, target.source, fresh, known)])
    run("ingest/record_load", loadId=target.load_id, read=len(events), events=len(fresh))
    if also is not None:
        also(run, meant)
    return len(fresh), held["small"]


def _refuse_old(events: Sequence[Event], horizon: int | None) -> None:
    """Events with a key from before the compaction cannot be told from known ones."""
    for event in events:
        if horizon is not None and event.key is not None and event.millis < horizon:
            raise DataError(
                f"the event of user {event.user} and item {event.item} at {utc(event.at):%Y-%m-%d %H:%M:%S} is older "
                "than the compacted records: it may be known or new"
            )


def _apply(run: Callable[..., list[Row]], context: Row, known: Mapping[str, Row], events: Sequence[Event]) -> None:
    """Nodes, trends, relationships and interests, behaviour by behaviour."""
    primary = [name for name, row in known.items() if row["primary"]]
    enriched = context["asOf"] is not None and context["trendHalfLife"] is not None
    for name in known:
        pairs = _rows([event for event in events if event.behaviour == name], known[name])
        if not pairs:
            continue
        half_life = known[name]["halfLife"]
        run("ingest/record_nodes", rows=pairs)
        # Pruned pairs come back as if all their events came now: trends and interests did not count them.
        back = take_back(run, name, [(row["userId"], row["itemId"]) for row in pairs]) if context["pruned"] else []
        for rows in filter(None, (back, pairs)):
            if enriched and name in primary:
                moment = {"trendAt": context["asOf"], "trendHalfLife": context["trendHalfLife"]}
                run("ingest/record_trend", rows=rows, primary=primary, **moment)
            query = load_query("ingest/interactions").for_relationship(name)
            run(query, rows=rows, halfLife=half_life, ratings=name == "RATED")
            if enriched:
                run("ingest/record_interests", rows=rows, asOf=context["asOf"], halfLife=half_life)
    for name, rows in recorded(events).items():
        run(f"ingest/{name}", rows=rows)
    if enriched:
        run("ingest/record_shares", userIds=sorted({event.user for event in events}))


def _rows(events: Sequence[Event], behaviour: Row) -> list[Row]:
    """One row per pair, in a fixed order, as the statement `ingest/interactions` takes them."""
    pairs: dict[tuple[str, str], Row] = {}
    for event in sorted(events, key=lambda event: event.millis):
        strength, at = behaviour["strength"], event.millis
        row = pairs.get((event.user, event.item))
        if row is None:
            pairs[event.user, event.item] = {
                "userId": event.user,
                "itemId": event.item,
                "count": 1,
                "quantity": event.quantity,
                "value": event.value,
                "weight": strength,
                "firstAt": at,
                "lastAt": at,
                "weeks": [week_of(at)],
                "weekCounts": None,
            }
            continue
        before = DecayedWeight(row["weight"], row["lastAt"] / 1000)
        row["weight"] = before.add(strength, at / 1000, behaviour["halfLife"]).weight
        row["lastAt"] = at
        row["count"] += 1
        added_week(row, week_of(at))
        row["quantity"] = _sum(row["quantity"], event.quantity)
        row["value"] = event.value if behaviour["name"] == "RATED" else _sum(row["value"], event.value)
    return [pairs[key] for key in sorted(pairs)]


def _sum(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return first if second is None else second
    return first + second


def _new_behaviours(names: set[str]) -> list[Row]:
    """Strength and half-life of behaviours that the graph does not know yet, from the generic loader."""
    defaults = load_spec(DEFAULTS).behaviours
    missing = sorted(names - set(defaults))
    if missing:
        raise ConfigurationError(
            f"the graph has no half-life for {', '.join(missing)}: load a log whose loader declares it first"
        )
    return [
        {
            "name": name,
            "strength": defaults[name].strength,
            "halfLife": defaults[name].half_life,
            "primary": defaults[name].primary,
        }
        for name in sorted(names)
    ]
