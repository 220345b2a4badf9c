"""Buckets of single events: the days and weeks that the graph's histories count by.

A day is the number of days since 1970-01-01, UTC; weeks begin on Monday, and week 0 is that of 1970-01-01:
``(day + 3) // 7``. In Cypher ``date('1969-12-29') + duration({weeks: week})`` is the Monday of a week.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from interestgraph.neo4j.connection import Row

if TYPE_CHECKING:
    from interestgraph.ingest.record import Event

MILLIS_PER_DAY = 86_400_000
USERS, ITEMS = "user_days", "item_weeks"
"""Tables of the histories of users and of items, and the names of their statements."""


def day_of(millis: int) -> int:
    """Days since 1970-01-01 of epoch milliseconds."""
    return millis // MILLIS_PER_DAY


def week_of(millis: int) -> int:
    """Weeks since that of 1970-01-01; they begin on Monday."""
    return (day_of(millis) + 3) // 7


def added_week(row: Row, week: int) -> None:
    """Count an event of `week`, not before those that it has, in a row for `ingest/interactions`."""
    weeks, counts = row["weeks"], row["weekCounts"]
    if weeks[-1] != week:
        weeks.append(week)
        if counts is not None:
            counts.append(1)
    elif counts is None:
        row["weekCounts"] = [1] * (len(weeks) - 1) + [2]
    else:
        counts[-1] += 1


def recorded(events: Sequence[Event]) -> dict[str, list[Row]]:
    """Rows of the tables of `histories` for some events of any order."""
    users = (((event.user, event.behaviour), day_of(event.millis), event.value) for event in events)
    items = (((event.item, event.behaviour), week_of(event.millis), event.value) for event in events)
    return {USERS: _rows("userId", "days", users), ITEMS: _rows("itemId", "weeks", items)}


def _rows(who: str, plural: str, found: Iterable[tuple[tuple[str, str], int, float | None]]) -> list[Row]:
    sums: dict[tuple[str, str], dict[int, list[float]]] = {}
    for key, bucket, value in found:
        entry = sums.setdefault(key, {}).setdefault(bucket, [0, 0.0])
        entry[0] += 1
        entry[1] += value or 0.0
    return [
        {
            who: name,
            "behaviour": behaviour,
            plural: sorted(buckets),
            "counts": [int(buckets[bucket][0]) for bucket in sorted(buckets)],
            "values": [float(buckets[bucket][1]) for bucket in sorted(buckets)],
        }
        for (name, behaviour), buckets in sorted(sums.items())
    ]
