"""History: when events happened, in buckets that the graph keeps beside the sums.

A relationship between user and item keeps its events by week, a user's own history by day, an item's by week. All are
plain sums over events: whatever order and parts events come in, the buckets are the same, and what is taken out is
added up anew from the ledger like the relationships themselves.

`interestgraph.ingest.buckets` says what a day and a week are.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.buckets import ITEMS, USERS


def week_column(moment: Any) -> Any:
    """The week of a column of moments."""
    return (_day_column(moment) + 3) // 7


def weeks_of(found: Any, count: Any) -> dict[str, Any]:
    """`weeks`, in order, and `weekCounts` of them, of a column with the list of the weeks of all events.

    `weekCounts` is null where each week has one event, as most have.
    """
    weeks = ibis.ifelse(count == 1, found, found.unique().sort())
    counts = weeks.map(lambda week: found.filter(lambda other: other == week).length())
    return {"weeks": weeks, "weekCounts": ibis.ifelse(weeks.length() == count, ibis.null("array<int64>"), counts)}


HISTORIES = {USERS: ("user", "day"), ITEMS: ("item", "week")}
"""Table -> whose history it is, and the bucket that it counts by."""


def history_of(events: ir.Table, name: str) -> ir.Table:
    """The table `USERS` (userId, behaviour, days, counts, values) or `ITEMS` (itemId, behaviour, weeks, …).

    Buckets are in order; `counts` are of events, `values` sums of their values, of none 0.

    Args:
        events: user, item, behaviour, at, value.
        name: which of them.
    """
    who, bucket = HISTORIES[name]
    day = _day_column(events["at"])
    buckets = {"day": day, "week": (day + 3) // 7}
    dated = events.select(who, "behaviour", value=events.value.fill_null(0.0), **{bucket: buckets[bucket]})
    return _history(dated, who, bucket).rename({f"{who}Id": who, f"{bucket}s": bucket})


def _history(events: ir.Table, who: str, bucket: str) -> ir.Table:
    sums = events.group_by(who, "behaviour", bucket).agg(_count=ibis._.count(), _value=ibis._.value.sum())
    # One sort of whole entries, which begin with the bucket, takes a third of the time of three ordered lists.
    entries = ibis.struct({bucket: sums[bucket], "counts": sums["_count"], "values": sums["_value"]})
    listed = sums.group_by(who, "behaviour").agg(_entries=entries.collect())
    listed = listed.mutate(_entries=listed["_entries"].sort())
    parts = {name: _each(listed["_entries"], name) for name in (bucket, "counts", "values")}
    return listed.select(who, "behaviour", **parts).order_by(who, "behaviour")


def _each(entries: Any, name: str) -> Any:
    return entries.map(lambda entry: entry[name])


def _day_column(moment: Any) -> Any:
    return moment.epoch_seconds() // 86_400
