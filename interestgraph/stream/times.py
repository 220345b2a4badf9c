"""Times in messages: the same forms, zones and epoch numbers that a load of a file takes.

`interestgraph.ingest.read.as_time` is the rule, in DuckDB; a message has to be understood in microseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(
    r"(?P<year>\d{1,4})(?P<mark>[-/\\ ])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"(?:(?:T| +)(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d*))?"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2}(?::\d{2})?)?| +[A-Za-z][\w+/-]{2,})?)?)?"
)
_PLAIN_DATE = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
"""A date of eight digits; as epoch seconds it would lie in 1970."""


def parse_time(value: Any, patterns: tuple[str, ...], zone: str) -> datetime | None:
    """A moment in UTC, in whole milliseconds; None where it cannot be parsed.

    Args:
        value: text, or epoch seconds or milliseconds by magnitude.
        patterns: ``auto`` or strptime formats, for text; the first that fits counts.
        zone: of text that carries no zone of its own.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_number(f"{value:.0f}", float(value), zone) if abs(value) < 1e14 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    for pattern in patterns:
        moment = _auto(text, zone) if pattern == "auto" else _by_pattern(text, pattern, zone)
        if moment is not None:
            return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return None


def _by_pattern(text: str, pattern: str, zone: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, pattern)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else _local(moment, zone)


def _auto(text: str, zone: str) -> datetime | None:
    if found := _MOMENT.fullmatch(text):
        return _calendar(found, zone)
    try:
        return _from_number(text, float(text), zone)
    except ValueError:
        return None


def _from_number(digits: str, number: float, zone: str) -> datetime | None:
    """Epoch seconds, or milliseconds where the number is too large for seconds before the year 5138."""
    if _PLAIN_DATE.fullmatch(digits):
        return _by_pattern(digits, "%Y%m%d", zone)
    millis = number * 1000 if abs(number) < 1e11 else number
    return _EPOCH + timedelta(milliseconds=round(millis)) if abs(millis) < 1e14 else None


def _calendar(found: re.Match[str], zone: str) -> datetime | None:
    part = found.groupdict()
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    if (hour > 23 or minute > 59 or second > 59) and (hour, minute, second) != (24, 0, 0):
        return None
    try:
        moment = datetime(int(part["year"]), int(part["month"]), int(part["day"]))
        moment += timedelta(hours=hour, minutes=minute, seconds=second)
        moment += timedelta(microseconds=int((part["fraction"] or "")[:6].ljust(6, "0")))
        return _local(moment, zone if part["zone"] is None else part["zone"].strip())
    except (ValueError, OverflowError, KeyError, OSError):  # no such day, or no such zone
        return None


def _local(moment: datetime, zone: str) -> datetime:
    """A moment of `zone` (a name, ``Z`` or an offset) in UTC; of an hour that comes twice, the second one."""
    if zone in ("UTC", "Z"):
        return moment.replace(tzinfo=UTC)
    if zone[0] in "+-":
        hours, minutes, seconds = (int(part or 0) for part in re.findall(r"\d{2}", zone + "0000")[:3])
        shift = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return moment.replace(tzinfo=timezone(-shift if zone[0] == "-" else shift)).astimezone(UTC)
    local = moment.replace(tzinfo=ZoneInfo(zone))
    return max(local.astimezone(UTC), local.replace(fold=1).astimezone(UTC))
