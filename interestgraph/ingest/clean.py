"""Cleaning: raw rows become typed events, and each row that cannot is kept with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.read import FILE, ROW, as_text, as_time, pick
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.model import utc

EARLIEST = datetime(1970, 1, 1)
"""Events before this moment (UTC) are taken for errors."""


@dataclass(frozen=True)
class CleanEvents:
    """Events and rejected rows, both materialised in the workspace."""

    events: ir.Table
    """Columns: user, item, behaviour (text), at (timestamp, UTC, ms), strength, quantity, value (float64)."""
    rejected: ir.Table
    """Columns: file, row, column, value (text), reason."""
    read: int
    kept: int
    rejected_count: int


def clean_events(
    backend: Any,
    raw: ir.Table,
    spec: LoaderSpec,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> CleanEvents:
    """Type every row of the log, and sort out those that are not events.

    Args:
        backend: the workspace.
        raw: the log, from `read_files`.
        spec: the loader.
        now: present time (naive, UTC); events more than a day after it are rejected.
        since: only events at or after this moment (naive, UTC).
        until: only events before this moment (naive, UTC).
    """
    typed = backend.create_table("typed", _typed(raw, spec, now))
    rejected = typed.filter(typed.reason.notnull()).select(
        file=typed[FILE],
        row=typed[ROW],
        column=typed.reason_column,
        value=typed.reason_value,
        reason=typed.reason,
    )
    events = typed.filter(typed.reason.isnull())
    if since is not None:
        events = events.filter(events["at"] >= ibis.literal(since))
    if until is not None:
        events = events.filter(events["at"] < ibis.literal(until))
    events = events.select("user", "item", "behaviour", "at", "strength", "quantity", "value")
    return CleanEvents(
        events=events,
        rejected=rejected,
        read=int(typed.count().to_pyarrow().as_py()),
        kept=int(events.count().to_pyarrow().as_py()),
        rejected_count=int(rejected.count().to_pyarrow().as_py()),
    )


def _typed(raw: ir.Table, spec: LoaderSpec, now: datetime) -> ir.Table:
    events = spec.events
    names: dict[str, str | None] = {
        key: pick(raw, getattr(events, key), spec, f"events.{key}")
        for key in ("user", "item", "time", "behaviour_column", "quantity", "value")
    }
    table = raw.select(
        raw[FILE],
        raw[ROW],
        user=as_text(raw[str(names["user"])]),
        item=as_text(raw[str(names["item"])]),
        raw_time=_raw_time(raw, names["time"], spec),
        at=_moment(raw, names["time"], spec),
        raw_behaviour=_behaviour_text(raw, names["behaviour_column"]),
        raw_quantity=_optional_text(raw, names["quantity"]),
        raw_value=_optional_text(raw, names["value"]),
        quantity=_optional_number(raw, names["quantity"]),
        value=_optional_number(raw, names["value"]),
    )
    table = table.mutate(behaviour=_behaviour(table, spec))
    strengths = [(table.behaviour == name, part.strength) for name, part in spec.behaviours.items()]
    strength = ibis.cases(*strengths, else_=ibis.null("float64"))
    if events.rating is not None:
        # From -1 (as far below neutral as the best is above it, or further) to 1 (the best).
        span = events.rating.high - events.rating.neutral
        strength = strength * ((table.value.fill_null(events.rating.high) - events.rating.neutral) / span).clip(-1, 1)
    table = table.mutate(strength=strength)
    reasons = [
        (table.user.isnull(), "user", table.user, "missing user"),
        (table.item.isnull(), "item", table.item, "missing item"),
        (table.raw_time.isnull(), "time", table.raw_time, "missing time"),
        (table["at"].isnull(), "time", table.raw_time, "unparseable time"),
        (table["at"] < ibis.literal(EARLIEST), "time", table.raw_time, "time before 1970"),
        (table["at"] > ibis.literal(now + timedelta(days=1)), "time", table.raw_time, "time in the future"),
        (table.behaviour.isnull(), "behaviour", table.raw_behaviour, "unknown behaviour"),
        (table.raw_value.notnull() & table.value.isnull(), "value", table.raw_value, "value is not a number"),
        (
            table.raw_quantity.notnull() & table.quantity.isnull(),
            "quantity",
            table.raw_quantity,
            "quantity is not a number",
        ),
    ]
    none = ibis.null("string")
    return table.mutate(
        reason=ibis.cases(*[(test, reason) for test, _, _, reason in reasons], else_=none),
        reason_column=ibis.cases(*[(test, column) for test, column, _, _ in reasons], else_=none),
        reason_value=ibis.cases(*[(test, value) for test, _, value, _ in reasons], else_=none),
    ).drop("raw_time", "raw_behaviour", "raw_quantity", "raw_value")


def _raw_time(raw: ir.Table, column: str | None, spec: LoaderSpec) -> ir.Value:
    return ibis.literal(str(spec.events.undated)) if column is None else as_text(raw[column])


def _moment(raw: ir.Table, column: str | None, spec: LoaderSpec) -> ir.Value:
    """When a row happened; a log without times has one stated moment."""
    if column is None:
        assert spec.events.undated is not None
        return ibis.literal(utc(spec.events.undated).replace(tzinfo=None)).cast("timestamp(6)")
    return as_time(raw[column], spec.events.time_format, spec.events.timezone)


def _behaviour_text(raw: ir.Table, column: str | None) -> ir.Value:
    return ibis.null("string") if column is None else as_text(raw[column])


def _behaviour(table: ir.Table, spec: LoaderSpec) -> ir.Value:
    if spec.events.behaviour is not None:
        return ibis.literal(spec.events.behaviour)
    lowered = table.raw_behaviour.lower()
    cases = [
        (lowered.isin([value.lower() for value in (*part.values, name)]), name)
        for name, part in spec.behaviours.items()
    ]
    return ibis.cases(*cases, else_=ibis.null("string"))


def _optional_text(raw: ir.Table, column: str | None) -> ir.Value:
    return ibis.null("string") if column is None else as_text(raw[column])


def _optional_number(raw: ir.Table, column: str | None) -> ir.Value:
    """A finite number, or missing."""
    if column is None:
        return ibis.null("float64")
    number = raw[column].try_cast("float64")
    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
