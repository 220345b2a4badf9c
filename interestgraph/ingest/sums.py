"""Sums: what the events of one user, item and behaviour add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.history import week_column, weeks_of
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.model import SECONDS_PER_DAY

MOST_HALF_LIVES = 900
"""A weight so many half-lives old still is a number (2^-1022 is the least)."""


def interactions_of(events: ir.Table, spec: LoaderSpec) -> ir.Table:
    """Sum the events of each (user, item, behaviour), as `combined` does."""
    half_lives = {name: part.half_life for name, part in spec.behaviours.items()}
    latest = spec.behaviours if spec.events.value_meaning == "rating" else ()
    grouped = combined(as_sums(events), half_lives, latest)
    return grouped.rename(userId="user", itemId="item").order_by("userId", "itemId", "behaviour")


def as_sums(events: ir.Table) -> ir.Table:
    """Events as sums of one event each: user, item, behaviour, count, quantity, value, weight, firstAt, lastAt."""
    return events.select(
        "user",
        "item",
        "behaviour",
        "quantity",
        "value",
        count=ibis.literal(1, "int64"),
        weight=events.strength,
        firstAt=events["at"],
        lastAt=events["at"],
    )


def combined(sums: ir.Table, half_lives: Mapping[str, float], latest: Collection[str] = ()) -> ir.Table:
    """Add up sums, of one event each, of the same user, item and behaviour; see `weeks_of` for its weeks.

    The weight is the sum of v * 2^(-(lastAt - at) / h): forward decay, see `interestgraph.model.DecayedWeight`.

    Args:
        sums: with the columns of `as_sums`; weights as of their own lastAt.
        half_lives: by behaviour, in days.
        latest: behaviours of which the latest value is kept (ratings), in place of the sum.
    """
    keys = ["user", "item", "behaviour"]
    ends = sums.agg(first=sums.lastAt.min(), last=sums.lastAt.max())
    (span,) = ends.to_pyarrow().to_pylist()
    days = (span["last"] - span["first"]).total_seconds() / SECONDS_PER_DAY if span["last"] else 0.0
    if half_lives and days < MOST_HALF_LIVES * min(half_lives.values()):
        # All weights as of one moment: no window over the groups, which costs more than all the rest.
        reference: Any = ibis.literal(span["last"]).cast("timestamp(6)")
    else:
        reference = sums.lastAt.max().over(ibis.window(group_by=keys))
    dated = sums.mutate(_at=reference)
    dated = dated.mutate(_decayed=dated.weight * _factor(dated, "lastAt", "_at", half_lives))
    # Of several values at the same moment the highest, so that the order of rows and loads does not matter.
    order = ibis.struct({"at": dated.lastAt, "value": dated.value})
    total, last = dated.value.sum(), dated.value.argmax(order)
    if latest:
        every = set(half_lives) <= set(latest)
        total = last if every else ibis.ifelse(dated.behaviour.isin(list(latest)).any(), last, total)
    grouped = dated.group_by(keys).agg(
        count=dated["count"].sum(),
        quantity=dated.quantity.sum(),
        value=total,
        _weight=dated["_decayed"].sum(),
        _whole=dated.weight.sum(),
        _at=dated["_at"].max(),
        firstAt=dated.firstAt.min(),
        lastAt=dated.lastAt.max(),
        _weeks=week_column(dated.lastAt).collect(),
    )
    weight = grouped["_weight"] * _factor(grouped, "_at", "lastAt", half_lives)
    # Without rounding where there is no decay: one event of strength 1 weighs 1.
    weight = ibis.ifelse(grouped.firstAt == grouped.lastAt, grouped["_whole"], weight)
    weeks = weeks_of(grouped["_weeks"], grouped["count"])
    return grouped.select(*keys, "count", "quantity", "value", "firstAt", "lastAt", weight=weight, **weeks)


def _factor(table: ir.Table, of: str, as_of: str, half_lives: Mapping[str, float]) -> ir.Value:
    """What makes a weight as of the column `as_of` of one as of the column `of`."""
    known = [(table.behaviour == name, half_life) for name, half_life in half_lives.items()]
    days = table[of].delta(table[as_of], unit="millisecond") / (SECONDS_PER_DAY * 1000)
    return ibis.literal(2.0) ** (days / ibis.cases(*known, else_=ibis.null("float64")))
