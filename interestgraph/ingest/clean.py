"""Cleaning: raw rows become typed events, and each row that cannot is kept with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.faults import settled, unreadable
from interestgraph.ingest.identity import hashed, identity_columns, identity_text, moment_text, numbered
from interestgraph.ingest.read import FILE, LONGEST_ID, ROW, as_id, as_text, as_time, pick
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.model import utc

EARLIEST = datetime(1970, 1, 1)
"""Events before this moment (UTC) are taken for errors."""


HEADER_AGAIN = "header line again"
HEADER_CHANGED = "another header in the middle of the file"
BELOW_ANOTHER = "below another header in the middle of the file"

COMPACTED = "older than the compacted records: it may be known or new"


@dataclass(frozen=True)
class CleanEvents:
    """Events and rejected rows, both materialised in the workspace.

    Every row is one of them: read = kept + duplicates + outside + rejected_count.
    """

    events: ir.Table
    """Columns: eventId (uint64), user, item, behaviour (text), at (timestamp, UTC, ms), strength, quantity, value
    (float64)."""
    rejected: ir.Table
    """Columns: file, row, column, value (text), reason."""
    read: int
    """Rows of the log."""
    kept: int
    """Events of the period."""
    duplicates: int
    """Rows that are events of the log already, by the loader's key columns."""
    outside: int
    """Events outside of the period."""
    rejected_count: int

    def only(self, backend: Any, keep: Path) -> CleanEvents:
        """The events whose ``eventId`` is in a Parquet file; the others count as outside."""
        events = backend.create_table("kept", self.events.semi_join(backend.read_parquet(keep), "eventId"))
        kept = _count(events)
        return replace(self, events=events, kept=kept, outside=self.outside + self.kept - kept)


def clean_events(
    backend: Any,
    raw: ir.Table,
    spec: LoaderSpec,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    horizon: datetime | None = None,
    identity: Sequence[str] | None = None,
    files: Sequence[Path] | None = None,
) -> CleanEvents:
    """Type every row of the log, and sort out those that are not events.

    Args:
        backend: the workspace.
        raw: the log, from `read_files`.
        spec: the loader.
        now: present time (naive, UTC); events more than a day after it are rejected.
        since: only events at or after this moment (naive, UTC).
        until: only events before this moment (naive, UTC).
        horizon: events before this moment (naive, UTC) are rejected: the records of that time are compacted, and it
            cannot be told which ones are new.
        identity: columns that identify an event; None: from all columns of `raw`.
        files: the log's files; None: those that have a row.
    """
    identity = identity_columns(raw, spec) if identity is None else identity
    typed = _typed(raw, spec, now, horizon, identity)
    if not spec.derives_events:
        # A row number in the query would keep it on one core; in a table it is the place where the row was put.
        typed = typed.drop(ROW)
    typed = settled(backend, lambda: backend.create_table("typed", typed))
    if not spec.derives_events:
        typed = _placed(typed)
    typed = _below_headers(backend, typed)
    broken = unreadable(backend)
    if files is None:
        broken = broken.semi_join(typed.select(file=typed[FILE]).distinct(), "file")
    else:
        broken = broken.filter(broken.file.isin([str(path) for path in files]))
    broken = backend.create_table("broken", broken)
    rejected = backend.create_table("rejected", _rejected(typed, broken))
    usable = typed.filter(typed.reason.isnull())
    events, duplicates = numbered(backend, usable, keyed=bool(spec.events.key))
    everything = _count(events)
    if since is not None:
        events = events.filter(events["at"] >= ibis.literal(since))
    if until is not None:
        events = events.filter(events["at"] < ibis.literal(until))
    kept, rejected_count = _count(events), _count(rejected)
    return CleanEvents(
        events=events.select("eventId", "user", "item", "behaviour", "at", "strength", "quantity", "value"),
        rejected=rejected,
        read=everything + duplicates + rejected_count,
        kept=kept,
        duplicates=duplicates,
        outside=everything - kept,
        rejected_count=rejected_count,
    )


def _count(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())


def _placed(typed: ir.Table) -> ir.Table:
    """Rows of files that stand in a table in their order, with their number in their file."""
    placed = typed.mutate(_place=typed.rowid())
    files = placed.group_by(FILE).agg(_first=placed["_place"].min())
    joined = placed.left_join(files, FILE).drop(f"{FILE}_right")
    return joined.mutate(**{ROW: joined["_place"] - joined["_first"] + 1}).drop("_place", "_first")


def _below_headers(backend: Any, typed: ir.Table) -> ir.Table:
    """Rows below another header are no events: nobody knows which column is which there."""
    changed = typed.filter(typed.reason == HEADER_CHANGED)
    if _count(changed) == 0:
        return typed
    begins = changed.group_by(FILE).agg(_begins=changed[ROW].min())
    joined = typed.left_join(begins, FILE).drop(f"{FILE}_right")
    below = (joined[ROW] > joined["_begins"]).fill_null(False)
    marked = joined.mutate(
        reason=ibis.ifelse(below, BELOW_ANOTHER, joined.reason),
        reason_column=ibis.ifelse(below, ibis.null("string"), joined.reason_column),
        reason_value=ibis.ifelse(below, ibis.null("string"), joined.reason_value),
    )
    return backend.create_table("typed_again", marked.drop("_begins"))


def _rejected(typed: ir.Table, broken: ir.Table) -> ir.Table:
    """All rejected rows, with their number among all rows of their file, the unreadable ones included."""
    rows = typed.filter(typed.reason.notnull()).select(
        file=typed[FILE],
        row=typed[ROW],
        column=typed.reason_column,
        value=typed.reason_value,
        reason=typed.reason,
    )
    # The k-th row that could be read comes after the j-th that could not, at place r, where k > r - j.
    places = broken.mutate(_by=ibis.row_number().over(ibis.window(group_by="file", order_by="row")) + 1)
    shifts = places.select("file", "_by", _from=places.row - places["_by"] + 1)
    shifts = shifts.group_by("file", "_from").agg(_by=ibis._["_by"].max())
    moved = rows.asof_join(shifts, on=("row", "_from"), predicates="file")
    moved = moved.mutate(row=moved.row + moved["_by"].fill_null(0)).select(*rows.columns)
    return ibis.union(moved, broken.select(*rows.columns))


def _typed(
    raw: ir.Table, spec: LoaderSpec, now: datetime, horizon: datetime | None, identity: Sequence[str]
) -> ir.Table:
    events = spec.events
    names: dict[str, str | None] = {
        key: pick(raw, getattr(events, key), spec, f"events.{key}")
        for key in ("user", "item", "time", "behaviour_column", "quantity")
    }
    worth = "unit_price" if events.unit_price else "value"
    names["value"] = pick(raw, getattr(events, worth), spec, f"events.{worth}")
    table = raw.select(
        raw[FILE],
        raw[ROW],
        user=as_id(raw[str(names["user"])], spec.id_case),
        item=as_id(raw[str(names["item"])], spec.id_case),
        raw_user=as_text(raw[str(names["user"])]),
        raw_item=as_text(raw[str(names["item"])]),
        raw_time=_raw_time(raw, names["time"], spec),
        at=_moment(raw, names["time"], spec),
        raw_behaviour=_behaviour_text(raw, names["behaviour_column"]),
        raw_quantity=_optional(raw, names["quantity"]),
        raw_value=_optional(raw, names["value"]),
        quantity=_optional_number(raw, names["quantity"]),
        value=_optional_number(raw, names["value"]),
        empty=_empty(raw, str(names["user"])),
        header=_header(raw, names, spec),
        identity=_identity(raw, names, spec, identity),
    )
    if events.unit_price:
        table = table.mutate(value=table.value * table.quantity.fill_null(1))
    table = table.mutate(behaviour=_behaviour(table, spec))
    strengths = [(table.behaviour == name, part.strength) for name, part in spec.behaviours.items()]
    strength = ibis.cases(*strengths, else_=ibis.null("float64"))
    if events.rating is not None:
        # From -1 (as far below neutral as the best is above it, or further) to 1 (the best).
        span = events.rating.high - events.rating.neutral
        strength = strength * ((table.value.fill_null(events.rating.high) - events.rating.neutral) / span).clip(-1, 1)
    table = table.mutate(strength=strength, eventId=hashed(table.identity))
    reasons = _reasons(table, spec, now, horizon)
    none = ibis.null("string")
    table = table.mutate(reason=ibis.cases(*[(test, reason) for test, _, _, reason in reasons], else_=none))
    # Only for rejected rows: the text of every value of every row would cost more than all the rest.
    right = (table.reason.isnull(), none)
    return table.mutate(
        reason_column=ibis.cases(right, *[(test, column) for test, column, _, _ in reasons], else_=none),
        reason_value=ibis.cases(right, *[(test, value) for test, _, value, _ in reasons], else_=none),
    ).drop(*[name for name in table.columns if name.startswith("raw_")], "empty", "header", "identity")


def _reasons(
    table: ir.Table, spec: LoaderSpec, now: datetime, horizon: datetime | None
) -> list[tuple[ir.Value, str | None, ir.Value | None, ir.Value | str]]:
    """Test, column, value and reason of everything that makes a row no event; the first that holds counts."""
    at, time, value, quantity = (table["at"], *map(as_text, (table.raw_time, table.raw_value, table.raw_quantity)))
    too_long = f" longer than {LONGEST_ID:,} bytes"
    key = spec.events.key
    missing_key = [(table.identity == "", key[0], None, f"missing {key[0]}")] if key else []
    paid_back = table.strength < 0 if spec.events.rating is None else ibis.literal(True)
    return [
        (table.empty, None, None, "empty row"),
        (table.header.notnull(), "user", table.user, table.header),
        (table.raw_user.isnull(), "user", None, "missing user"),
        (table.user.isnull(), "user", table.raw_user, "user" + too_long),
        (table.raw_item.isnull(), "item", None, "missing item"),
        (table.item.isnull(), "item", table.raw_item, "item" + too_long),
        *missing_key,
        (at.isnull() & time.isnull(), "time", time, "missing time"),
        (at.isnull(), "time", time, "unparseable time"),
        (at < ibis.literal(EARLIEST), "time", time, "time before 1970"),
        (at > ibis.literal(now + timedelta(days=1)), "time", time, "time in the future"),
        (at < ibis.literal(horizon or EARLIEST), "time", time, COMPACTED),
        (table.behaviour.isnull(), "behaviour", table.raw_behaviour, "unknown behaviour"),
        (table.value.isnull() & value.notnull(), "value", value, "value is not a number"),
        (table.quantity.isnull() & quantity.notnull(), "quantity", quantity, "quantity is not a number"),
        ((table.quantity < 0) & ~paid_back, "quantity", quantity, "negative quantity"),
    ]


def _empty(raw: ir.Table, user: str) -> ir.Value:
    """Whether a row has no value at all; only rows without a user are looked at closer, which is much cheaper."""
    values = [raw[name] for name in raw.columns if name not in (FILE, ROW)]
    nothing = ibis.and_(*[as_text(value).isnull() if value.type().is_string() else value.isnull() for value in values])
    return ibis.ifelse(as_text(raw[user]).isnull(), nothing, False)


def _header(raw: ir.Table, names: dict[str, str | None], spec: LoaderSpec) -> ir.Value:
    """What is wrong with a row that is a header line, as in exports that were put one after the other.

    Only rows whose time is none are looked at closer, which is much cheaper.
    """
    places = [name for name in (names["user"], names["item"], names["time"] or names["behaviour_column"]) if name]
    if len(places) < 3 or not all(raw[name].type().is_string() for name in places):
        return ibis.null("string")
    known = {*raw.columns, *spec.events.user, *spec.events.item, *spec.events.time, *spec.events.behaviour_column}
    lowered = [name.lower() for name in known]
    titles = ibis.and_(*[raw[name].strip().lower().isin(lowered) for name in places])
    same = ibis.and_(*[as_text(raw[name]) == name for name in raw.columns if name not in (FILE, ROW)])
    timed = ibis.literal(False) if names["time"] is None else _moment(raw, names["time"], spec).notnull()
    none = ibis.null("string")
    return ibis.cases(
        (timed, none), (titles & same.fill_null(False), HEADER_AGAIN), (titles, HEADER_CHANGED), else_=none
    )


def _identity(raw: ir.Table, names: dict[str, str | None], spec: LoaderSpec, columns: Sequence[str]) -> ir.Value:
    """The text that the event's id is made of."""
    if spec.events.key:
        return identity_text(raw, columns)
    texts = [as_id(raw[str(names[key])], spec.id_case) for key in ("user", "item")]
    texts.append(_behaviour_text(raw, names["behaviour_column"]).lower())
    texts.append(moment_text(_moment(raw, names["time"], spec)))
    for key in ("quantity", "value"):
        texts.append(
            ibis.coalesce(_optional_number(raw, names[key]).cast("string"), as_text(_optional(raw, names[key])))
        )
    return identity_text(raw, columns, texts)


def _raw_time(raw: ir.Table, column: str | None, spec: LoaderSpec) -> ir.Value:
    return ibis.literal(str(spec.events.undated)) if column is None else raw[column]


def _moment(raw: ir.Table, column: str | None, spec: LoaderSpec) -> ir.Value:
    """When a row happened; a log without times has one stated moment."""
    if column is None:
        assert spec.events.undated is not None
        return ibis.literal(utc(spec.events.undated).replace(tzinfo=None)).cast("timestamp(6)")
    return ibis.coalesce(*[as_time(raw[column], form, spec.events.timezone) for form in spec.events.time_format])


def _behaviour_text(raw: ir.Table, column: str | None) -> ir.Value:
    return ibis.null("string") if column is None else as_text(raw[column])


def _behaviour(table: ir.Table, spec: LoaderSpec) -> ir.Value:
    """What a row is: by the sign of its quantity, else by its text, exact values before patterns."""
    none, events = ibis.null("string"), spec.events
    signs = [] if events.negative_quantity is None else [(table.quantity < 0, events.negative_quantity)]
    if events.behaviour is not None:
        return ibis.cases(*signs, (ibis.literal(True), events.behaviour), else_=none)
    lowered = table.raw_behaviour.lower()
    exact, patterns = [], []
    for name, part in spec.behaviours.items():
        values = [value.lower() for value in (*part.values, name)]
        exact.append((lowered.isin([value for value in values if "*" not in value]), name))
        patterns += [(value, name) for value in values if "*" in value]
    patterns.sort(key=lambda entry: -len(entry[0]))
    longest = [(lowered.re_search(_pattern(value)), name) for value, name in patterns]
    return ibis.cases(*signs, *exact, *longest, else_=none)


def _pattern(value: str) -> str:
    """A regular expression for text with ``*``."""
    return f"^{'.*'.join(re.escape(part) for part in value.split('*'))}$"


def _optional(raw: ir.Table, column: str | None) -> ir.Value:
    return ibis.null("string") if column is None else raw[column]


def _optional_number(raw: ir.Table, column: str | None) -> ir.Value:
    """A finite number, or missing."""
    if column is None:
        return ibis.null("float64")
    number = raw[column].try_cast("float64")
    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
