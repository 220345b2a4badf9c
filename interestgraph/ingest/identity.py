"""Event identity: what makes two rows of logs the same event.

A loader's key columns identify an event where it declares them (`events.key`). Else it is the whole row: user, item,
behaviour, moment, quantity and value as the loader understands them, and the text of every column that it maps to
nothing (a session, an order), with an occurrence number, since the same row may well stand in a log twice. Columns of
catalogue attributes are left out: a new title does not make an old event a new one.

The text of a column is the same however the log is exported: 1.50 is 1.5, True is true, 2024-05-01T00:00:00Z is
2024-05-01. Other zones than UTC are kept as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.errors import DataError
from interestgraph.ingest.read import FILE, ROW, as_text, file_of
from interestgraph.ingest.spec import LoaderSpec

_UNIT = "\x1f"
_TRUTH = ("True", "False", "TRUE", "FALSE")
_NUMBER = r"^([-+]?[0-9]+)(\.[0-9]*[1-9])?\.?0*$"
_MOMENT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]*[1-9])?\.?0*(Z|\+00|\+0000|\+00:00)?$"
_MIDNIGHT = " 00:00:00"


@ibis.udf.scalar.builtin(name="md5_number_lower")  # type: ignore[untyped-decorator]
def hashed(text: str) -> ibis.dtype("uint64"):  # type: ignore[valid-type]
    """DuckDB: 64 bits of the MD5 sum of a text, the same on every machine and in every version."""


@ibis.udf.scalar.builtin(name="epoch_ms")  # type: ignore[untyped-decorator]
def epoch_ms(moment: ibis.dtype("timestamp")) -> int:  # type: ignore[valid-type, empty-body]
    """DuckDB: milliseconds since 1970-01-01."""


def event_id(text: str) -> int:
    """What `hashed` makes of a text, for single events."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[8:], "little")


def single_identity(values: Mapping[str, str | None], columns: Sequence[str], understood: Sequence[str | None]) -> str:
    """The text of `identity_text` for one event.

    Args:
        values: column -> text, trimmed; None or absent where it is missing.
        columns: from `identity_columns`.
        understood: user, item, behaviour in small letters, moment (epoch milliseconds), quantity and value as text;
            empty where the loader has key columns.
    """
    texts = {name: text for name in columns if (text := values.get(name)) is not None}
    own = [f"{_UNIT}{name}={_as_exported(text)}" for name, text in texts.items()]
    return "".join([_UNIT.join(part or "" for part in understood), *own])


def identity_columns(raw: ir.Table, spec: LoaderSpec) -> tuple[str, ...]:
    """The columns of the log that identity rests on, beside what the loader understands as the event.

    Raises:
        DataError: a key column is missing.
    """
    if spec.events.key:
        missing = [name for name in spec.events.key if name not in raw.columns]
        if missing:
            raise DataError(f"{file_of(raw)} has no column {missing[0]} (loader {spec.name}, events.key)")
        return spec.events.key
    return unmapped(raw, spec, spec.events.file)


def unmapped(raw: ir.Table, spec: LoaderSpec, file: str) -> tuple[str, ...]:
    """The columns of a file that stand nowhere in the specification for it."""
    names: set[str] = set()
    parts = (spec.events, spec.items, spec.users, spec.campaigns, spec.received, spec.promotes, spec.redeemed)
    for part in parts:
        if part is not None and part.file == file:
            _collect(part.model_dump(exclude={"file", "key"}), names)
    return tuple(sorted(set(raw.columns) - {FILE, ROW} - names))


def _collect(value: Any, names: set[str]) -> None:
    if isinstance(value, str):
        names.add(value)
    elif isinstance(value, dict):
        for part in value.values():
            _collect(part, names)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _collect(part, names)


def identity_text(raw: ir.Table, columns: Sequence[str], understood: Sequence[ir.Value] = ()) -> ir.Value:
    """The text that `hashed` makes the event's id of.

    Args:
        raw: the log.
        columns: from `identity_columns`.
        understood: user, item, behaviour, moment and so on, as text; none where the loader has key columns.
    """
    head: Any = ibis.literal("")
    if understood:
        head = ibis.literal(_UNIT).join([part.fill_null("") for part in understood])
    for name in columns:
        head = head + _named(raw, name)
    return head


def moment_text(at: ir.Value) -> ir.Value:
    """A moment as `identity_text` has it: epoch milliseconds."""
    return epoch_ms(at).cast("string")


def _named(raw: ir.Table, name: str) -> ir.Value:
    """A column's text after its name; nothing at all where it is missing, so that a new, empty column changes no id."""
    return (ibis.literal(f"{_UNIT}{name}=") + _exported(raw[name])).fill_null("")


def _exported(column: ir.Value) -> ir.Value:
    """`_as_exported` of a column's text."""
    kind = column.type()
    if kind.is_timestamp():
        column = column.cast("timestamp('UTC')").cast("timestamp")
    text = as_text(column)
    if kind.is_integer() or kind.is_floating() or kind.is_boolean():
        return text
    dated = (text[4:5] == "-") & (text[7:8] == "-")
    moment = text.re_replace(_MOMENT, r"\1 \2\3").replace(_MIDNIGHT, "")
    number = text.re_replace(_NUMBER, r"\1\2")
    return ibis.cases((dated, moment), (text.contains("."), number), (text.isin(_TRUTH), text.lower()), else_=text)


def _as_exported(text: str) -> str:
    """A number without trailing zeros, a moment in one spelling: what different exports of a value have in common."""
    if text[4:5] == text[7:8] == "-":
        return re.sub(_MOMENT, r"\1 \2\3", text).replace(_MIDNIGHT, "")
    if "." in text:
        return re.sub(_NUMBER, r"\1\2", text)
    return text.lower() if text in _TRUTH else text


def numbered(backend: Any, events: ir.Table, *, keyed: bool, name: str = "events") -> tuple[ir.Table, int]:
    """Events with their final ids, and how many were left out as duplicates.

    Args:
        backend: the workspace.
        events: with the column eventId, `FILE` and `ROW`.
        name: what the tables that are made for this are called after.
        keyed: rows with the same id are one event (the first counts); else each occurrence is one.
    """
    counted = events.group_by("eventId").agg(rows=events.count()).filter(ibis._.rows > 1)
    again = backend.create_table(f"{name}_again", counted)
    extra = again.rows.sum().to_pyarrow().as_py()
    if not extra:
        return events, 0
    window = ibis.window(group_by="eventId", order_by=[FILE, ROW])
    repeated = events.semi_join(again, "eventId").mutate(_occurrence=ibis.row_number().over(window))
    once = events.anti_join(again, "eventId")
    if keyed:
        kept = repeated.filter(repeated["_occurrence"] == 0).drop("_occurrence")
        duplicates = int(extra) - int(again.count().to_pyarrow().as_py())
    else:
        later = hashed(repeated.eventId.cast("string") + "#" + repeated["_occurrence"].cast("string"))
        kept = repeated.mutate(eventId=ibis.ifelse(repeated["_occurrence"] == 0, repeated.eventId, later))
        kept, duplicates = kept.drop("_occurrence"), 0
    everything = ibis.union(once, kept.select(*once.columns))
    return backend.create_table(f"{name}_numbered", everything), duplicates
