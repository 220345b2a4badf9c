"""Parsing: one message, a JSON object, becomes an event or the reason why it is none.

Names, behaviours, times and numbers follow the loader as they do for a file (`interestgraph.ingest.clean` is the rule,
`tests/stream/test_parse.py` compares).
"""

from __future__ import annotations

import json
import math
import re
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from interestgraph.errors import LoaderError
from interestgraph.ingest.identity import single_identity
from interestgraph.ingest.record import Event
from interestgraph.ingest.spec import Columns, LoaderSpec
from interestgraph.model import utc
from interestgraph.stream.times import parse_time

LONGEST = 1 << 20
"""Bytes of a message; longer ones are not events."""
LONGEST_ID = 4_000
"""Bytes of an id: the server refuses longer keys of an index at about 8,000."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

Parse = Callable[[bytes], "Event | str"]
"""Gives the event of a message, or the reason why it is none."""


def parser(spec: LoaderSpec) -> Parse:
    """The function that understands the messages of a loader.

    Raises:
        LoaderError: the loader's events need more than one message tells.
    """
    _check(spec)
    behaviour_of = _behaviours(spec)

    def parse(text: bytes) -> Event | str:
        message = _object(text)
        return message if isinstance(message, str) else _event(message, spec, behaviour_of)

    return parse


def _check(spec: LoaderSpec) -> None:
    file = spec.events.file
    if spec.events.value_meaning == "rating":
        raise LoaderError(f"loader {spec.name} weighs events by their rating, which a stream does not: use `load`")
    derived = [join.file for join in spec.joins] + ([spec.clock.file] if spec.clock else [])
    if file in derived or file in spec.long:
        raise LoaderError(f"loader {spec.name} puts events together from several files: a stream has one, use another")


def _object(text: bytes) -> dict[str, Any] | str:
    if len(text) > LONGEST:
        return f"longer than {LONGEST:,} bytes"
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return "not a JSON object"
    return message if isinstance(message, dict) else "not a JSON object"


def _event(message: dict[str, Any], spec: LoaderSpec, behaviour_of: Callable[[str | None], str | None]) -> Event | str:
    names = spec.events
    user, item = as_text(_pick(message, names.user)), as_text(_pick(message, names.item))
    for name, text in (("user", user), ("item", item)):
        if text is None:
            return f"missing {name}"
        if reason := _unusable(text):
            return f"{name} {reason}"
    assert user is not None
    assert item is not None
    at = _moment(message, spec)
    if isinstance(at, str):
        return at
    raw_quantity, raw_value = _pick(message, names.quantity), _pick(message, names.unit_price or names.value)
    quantity, value = as_number(raw_quantity), as_number(raw_value)
    behaviour = behaviour_of(as_text(_pick(message, names.behaviour_column)))
    if names.negative_quantity is not None and (quantity or 0) < 0:
        behaviour = names.negative_quantity
    if behaviour is None:
        return "unknown behaviour"
    if value is None and as_text(raw_value) is not None:
        return "value is not a number"
    if quantity is None and as_text(raw_quantity) is not None:
        return "quantity is not a number"
    if (quantity or 0) < 0 and names.rating is None and spec.behaviours[behaviour].strength > 0:
        return "negative quantity"
    if names.unit_price and value is not None:
        value *= 1 if quantity is None else quantity
    identity = _identity(message, names.key)
    return Event(user, item, behaviour, at, value, quantity, identity) if identity != "" else f"missing {names.key[0]}"


def _identity(message: dict[str, Any], columns: Columns) -> str | None:
    """What tells the event from all others, as for the rows of a file; None: the loader has no key."""
    return single_identity({name: as_text(message.get(name)) for name in columns}, columns, ()) if columns else None


def _moment(message: dict[str, Any], spec: LoaderSpec) -> datetime | str:
    names = spec.events
    if names.undated is not None:
        return utc(names.undated)
    raw = _pick(message, names.time)
    if as_text(raw) is None:
        return "missing time"
    at = parse_time(raw, names.time_format, names.timezone)
    if at is None:
        return "unparseable time"
    if at < _EARLIEST:
        return "time before 1970"
    return "time in the future" if at > datetime.now(UTC) + timedelta(days=1) else at


def _unusable(text: str) -> str | None:
    """Why a text cannot be an id."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # JSON can escape halves of characters
        return "is not text"
    return f"longer than {LONGEST_ID:,} bytes" if size > LONGEST_ID else None


def _pick(message: dict[str, Any], columns: Columns) -> Any:
    """The first of `columns` that the message has a value for."""
    for column in columns:
        value = message.get(column)
        if value is not None:
            return value
    return None


def _behaviours(spec: LoaderSpec) -> Callable[[str | None], str | None]:
    """What a text means: exact values before patterns, longer patterns before shorter ones."""
    if spec.events.behaviour is not None:
        return lambda _: spec.events.behaviour
    values = {value.lower(): name for name, part in spec.behaviours.items() for value in (*part.values, name)}
    stars = sorted((value for value in values if "*" in value), key=len, reverse=True)
    patterns = [(re.compile(".*".join(re.escape(part) for part in star.split("*"))), values[star]) for star in stars]

    def behaviour_of(text: str | None) -> str | None:
        if text is None:
            return None
        lowered = text.lower()
        if (name := values.get(lowered)) is not None:
            return name
        return next((name for pattern, name in patterns if pattern.fullmatch(lowered)), None)

    return behaviour_of


def as_text(value: Any) -> str | None:
    """An id or a name as trimmed text; empty text, lists and objects are missing; a whole number has no ``.0``."""
    if isinstance(value, str):
        return re.sub(r"[\r\n\t]+", " ", value).strip(string.whitespace) or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 2**63 else str(value)
    return str(value) if isinstance(value, int) else None


def as_number(value: Any) -> float | None:
    """A finite number, or None."""
    if not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
