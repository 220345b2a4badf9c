"""What the columns of a sample hold: types, uniqueness, ranges, frequent values, times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.read import FILE, ROW, as_text, as_time

FEW = 60
"""Columns with at most so many different values have them listed."""
EARLIEST = datetime(1990, 1, 1)
"""Numbers that would be earlier times are taken for something else."""
PATTERNS = (
    "%Y-%m-%d %H:%M:%S UTC", "%Y%m%d%H%M%S", "%Y-%m-%d %H", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d.%m.%y",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p",
    "%m/%d/%y %H:%M", "%m/%d/%y",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d/%m/%y %H:%M", "%d/%m/%y",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y", "%m-%d-%Y",
    "%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z",
    "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%m %d, %Y",
)  # fmt: skip
"""Forms of times that are tried after timestamps, ISO 8601 and epoch numbers."""
_DECIMAL_COMMA = r"^[-+]?\d{1,3}(\.?\d{3})*,\d+$"
_UNIT = "\x1f"


@dataclass(frozen=True)
class Column:
    """What the sample says about a column."""

    name: str
    kind: str
    """``text``, ``number``, ``time``, ``list`` or ``other``."""
    rows: int
    filled: int
    distinct: int
    numbers: float
    """Share of the filled values that are numbers."""
    whole: float
    """Share of the filled values that are whole numbers."""
    decimal_commas: float
    """Share of the filled values that are written like 12,50."""
    length: float
    """Mean number of characters."""
    low: float | None
    high: float | None
    values: tuple[tuple[str, int], ...]
    """Values and their numbers of rows, frequent first; empty where there are more than `FEW`."""
    example: str

    @property
    def told(self) -> str:
        """The statistics as a phrase."""
        empty = f", {1 - self.filled / self.rows:.0%} empty" if self.filled < self.rows else ""
        return f"{self.distinct:,} different values in {self.rows:,} rows{empty}"


def profile(table: ir.Table) -> list[Column]:
    """Look at every column of a sample."""
    names = [name for name in table.columns if name not in (FILE, ROW)]
    measures: dict[str, ir.Value] = {"rows": table.count()}
    for place, name in enumerate(names):
        measures |= {f"{measure}{place}": value for measure, value in _measures(table[name]).items()}
    (found,) = table.agg(**measures).to_pyarrow().to_pylist()
    columns = []
    for place, name in enumerate(names):
        filled = found[f"filled{place}"] or 0
        share = {key: (found[f"{key}{place}"] or 0) / max(filled, 1) for key in ("numbers", "whole", "decimal_commas")}
        distinct = found[f"distinct{place}"] or 0
        columns.append(
            Column(
                name=name,
                kind=_kind(table[name].type()),
                rows=found["rows"],
                filled=filled,
                distinct=distinct,
                **share,
                length=found[f"length{place}"] or 0.0,
                low=found[f"low{place}"],
                high=found[f"high{place}"],
                values=_values(table[name]) if 0 < distinct <= FEW else (),
                example=found[f"example{place}"] or "",
            )
        )
    return columns


def _kind(kind: Any) -> str:
    if kind.is_timestamp() or kind.is_date():
        return "time"
    if kind.is_numeric():
        return "number"
    if kind.is_string() or kind.is_boolean():
        return "text"
    return "list" if kind.is_array() else "other"


def _measures(column: ir.Value) -> dict[str, ir.Value]:
    text = as_text(column)
    number = text.try_cast("float64")
    number = ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
    return {
        "filled": text.count(),
        "distinct": text.nunique(),
        "numbers": number.count(),
        "whole": (number == number.floor()).sum(),
        "decimal_commas": text.re_search(_DECIMAL_COMMA).sum(),
        "length": text.length().mean(),
        "low": number.min(),
        "high": number.max(),
        "example": text.min(),
    }


def _values(column: ir.Value) -> tuple[tuple[str, int], ...]:
    counted = as_text(column).name("value").as_table().filter(ibis._.value.notnull())
    rows = counted.group_by("value").agg(rows=ibis._.count()).order_by(ibis.desc("rows"), "value").to_pyarrow()
    return tuple((row["value"], row["rows"]) for row in rows.to_pylist())


def dependent(table: ir.Table, by: Sequence[str], column: str) -> float | None:
    """Share of the ids in `by` with one value of `column`, among those with several rows; None: there are none."""
    key = ibis.literal(_UNIT).join([as_text(table[name]) for name in by])
    pairs = table.select(key=key, value=as_text(table[column])).filter(ibis._.key.notnull() & ibis._.value.notnull())
    groups = pairs.group_by("key").agg(rows=ibis._.count(), values=ibis._.value.nunique())
    repeated = groups.filter(groups.rows > 1)
    share = repeated.agg(share=(repeated["values"] == 1).mean()).to_pyarrow().to_pylist()[0]["share"]
    return None if share is None else float(share)


@dataclass(frozen=True)
class Times:
    """How a column can be read as times."""

    pattern: str
    share: float
    """Share of the filled values that are times."""
    first: datetime
    last: datetime
    epoch: bool
    """Whether they are numbers of seconds or milliseconds."""
    other: str | None
    """Another pattern that fits as well, such as day before month."""


def times(table: ir.Table, column: Column, now: datetime) -> Times | None:
    """The pattern that fits most values; of several, the one by which the log spans the shortest time."""
    if column.kind in ("list", "other") or not column.filled or (column.kind == "number" and column.whole < 0.5):
        return None
    patterns = ("auto",) if column.kind in ("time", "number") else ("auto", *PATTERNS)
    filled = table.filter(table[column.name].notnull())
    likely = _fitting(filled.limit(200), column.name, patterns, now)
    found = _fitting(filled, column.name, [entry[0] for entry in likely], now)
    if not found:
        return None
    most = max(count for _, count, _, _ in found)
    equal = [entry for entry in found if entry[1] >= 0.999 * most]
    auto = [entry for entry in equal if entry[0] == "auto"]
    pattern, count, first, last = (auto or sorted(equal, key=lambda entry: entry[3] - entry[2]))[0]
    other = [entry[0] for entry in equal if entry[0] != pattern and (entry[2], entry[3]) != (first, last)]
    # Dates of eight digits are numbers, too.
    epoch = pattern == "auto" and column.kind != "time" and column.numbers > 0.9 and (column.high or 0) > 1e8
    return Times(pattern, min(1.0, count / column.filled), first, last, epoch, None if auto or not other else other[0])


def _fitting(
    table: ir.Table, column: str, patterns: Sequence[str], now: datetime
) -> list[tuple[str, int, datetime, datetime]]:
    """Pattern, number of values that are times by it, first and last of them."""
    if not patterns:
        return []
    measures: dict[str, ir.Value] = {}
    end = ibis.literal(now + timedelta(days=1))
    for place, pattern in enumerate(patterns):
        moment = as_time(table[column], pattern, "UTC")
        usable = ibis.ifelse(moment.between(ibis.literal(EARLIEST), end), moment, ibis.null("timestamp(6)"))
        measures |= {f"n{place}": usable.count(), f"first{place}": usable.min(), f"last{place}": usable.max()}
    (found,) = table.agg(**measures).to_pyarrow().to_pylist()
    return [
        (pattern, found[f"n{place}"], found[f"first{place}"], found[f"last{place}"])
        for place, pattern in enumerate(patterns)
        if found[f"n{place}"]
    ]
