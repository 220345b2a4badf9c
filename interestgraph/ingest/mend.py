"""Mending: the rows of a text file told from what is none, line by line, and the reason of each of these.

Much slower than DuckDB's reader (about a second for a million lines), so it only looks at files in which that found
something. A quote that is not closed spoils its own line alone: the lines below it are rows as before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from interestgraph.ingest.lines import Lines

CUT_OFF = "the file ends in the middle (cut off)"
ENCODING = "bytes that are not of the file's encoding"
TOO_LONG = "line too long"
TOO_FEW = "too few columns"
TOO_MANY = "too many columns"
QUOTE = "a quote that is not closed, or text after it"
NO_OBJECT = "not a JSON object"
NAME_TWICE = "a name twice in a JSON object"

LONGEST = 1_999_000
"""Bytes of a row of a delimited file: DuckDB refuses 2 MB."""
LONGEST_OBJECT = 1 << 24
"""Bytes of a JSON object."""
_SHOWN = 1_000
"""Bytes kept of a line that is no row."""

Usable = Callable[[list[bytes]], list[bool]]
"""Tells which texts are JSON objects."""
_Judged = tuple[bytes, str | None, str | None]
"""The text of a row; column and reason where it is none."""


@dataclass(frozen=True)
class Shape:
    """How a text file is written."""

    columns: dict[str, str]
    """Column -> DuckDB type."""
    objects: bool = False
    """JSON objects, one a line; else columns with a separator."""
    separator: str = ","
    quote: str = '"'
    header: bool = False
    encoding: str = "utf-8"

    @property
    def mended(self) -> Shape:
        """That of the rows that `rows` gives."""
        return replace(self, header=False, encoding="latin-1" if self.encoding == "latin-1" else "utf-8")


@dataclass(frozen=True)
class Fault:
    """A row that is none."""

    row: int
    """Its number in the file; the first data row is 1, and empty lines do not count."""
    column: str | None
    value: str
    """What it says."""
    reason: str


def rows(path: Path, shape: Shape, usable: Usable) -> Iterator[bytes | Fault]:
    """The rows of a file: the bytes of each that is one, and the fault of each that is none.

    Args:
        path: the file.
        shape: how it is written.
        usable: tells which texts are JSON objects.

    Raises:
        DataError: it is not packed as its name says, or damaged.
    """
    lines = Lines(path, shape.encoding)
    judged = _objects(lines, usable) if shape.objects else _Delimited(lines, shape).rows()
    row = 0
    for row, (text, column, reason) in enumerate(judged, start=1):
        yield text if reason is None else Fault(row, column, _shown(text, shape), reason)
    if lines.cut_off is not None:
        yield Fault(row + 1, None, _shown(lines.cut_off, shape), CUT_OFF)


def _shown(text: bytes, shape: Shape) -> str:
    return text[:_SHOWN].decode(shape.mended.encoding, "replace")


def _objects(lines: Iterator[bytes], usable: Usable) -> Iterator[_Judged]:
    while batch := list(islice((line for line in lines if line.strip()), 10_000)):
        reasons = [_no_text(line) for line in batch]
        valid = iter(usable([line for line, reason in zip(batch, reasons, strict=True) if reason is None]))
        for line, reason in zip(batch, reasons, strict=True):
            yield line, None, reason or (_name_twice(line) if next(valid) else NO_OBJECT)


def _no_text(line: bytes) -> str | None:
    if len(line) > LONGEST_OBJECT:
        return TOO_LONG
    return None if _foreign(line) is None else ENCODING


def _foreign(text: bytes) -> int | None:
    """The place of the first byte that is not of UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _name_twice(line: bytes) -> str | None:
    """DuckDB refuses objects with such a name, however deep."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            raise KeyError

    try:
        json.loads(line, object_pairs_hook=check)
    except KeyError:
        return NAME_TWICE
    except (ValueError, RecursionError):
        pass  # Python refuses a few objects that DuckDB takes
    return None


class _Delimited:
    """The rows of a file of columns with a separator, as DuckDB understands them."""

    def __init__(self, lines: Lines, shape: Shape) -> None:
        self._lines = lines
        self._header = shape.header
        self._names = list(shape.columns)
        self._quote, self._separator = shape.quote.encode(), shape.separator.encode()
        self._utf8 = shape.mended.encoding == "utf-8"
        separator, space = re.escape(self._separator), b"" if shape.separator == " " else b" *"
        quoted = space + rb'"[^"]*(?:""[^"]*)*'
        bare = rb"(?!" + space + rb'")(?:(?!' + separator + rb").)*"
        end = rb"(?=" + separator + rb"|\Z)"
        self._field = re.compile(quoted + b'"' + space + end + b"|" + bare + end, re.DOTALL)
        self._open = re.compile(quoted + rb"\Z")

    def rows(self) -> Iterator[_Judged]:
        """All rows but the header."""
        if self._header:
            self._judged(next((line for line in self._lines if line), b""))
        quote, separator, separators, utf8 = self._quote, self._separator, len(self._names) - 1, self._utf8
        for line in self._lines:
            if not line:
                continue
            simple = line.count(separator) == separators and len(line) < LONGEST and b"\r" not in line
            if simple and (line.isascii() or not utf8) and not (quote and quote in line):
                yield line, None, None
            else:
                yield self._judged(line.replace(b"\r", b" "))

    def _judged(self, line: bytes) -> _Judged:
        if not self._quote or self._quote not in line:
            return self._counted(line, line.split(self._separator))
        record, below = line, list[bytes]()
        place, fields = self._fields(record)
        column = self._name(len(fields))
        while place is not None and self._open.match(record, place) and self._to_quote(below):
            record = b"\n".join((line, *below))
            place, fields = self._fields(record)
        if place is None:
            return self._counted(record, fields)
        self._lines.put_back(below)
        return line, column, QUOTE

    def _fields(self, record: bytes) -> tuple[int | None, list[bytes]]:
        """The fields, and the place of the one that is none."""
        place, fields = 0, list[bytes]()
        while field := self._field.match(record, place):
            fields.append(field.group())
            if field.end() == len(record):
                return None, fields
            place = field.end() + len(self._separator)
        return place, fields

    def _to_quote(self, below: list[bytes]) -> bool:
        """Add the lines up to the next one with a quote; whether there is one that may belong to the same row."""
        size = sum(map(len, below))
        for line in self._lines:
            below.append(line)
            size += len(line)
            if self._quote in line or size > LONGEST:
                return size <= LONGEST
        return False

    def _counted(self, record: bytes, fields: list[bytes]) -> _Judged:
        names = len(self._names)
        if len(record) >= LONGEST:
            return record, None, TOO_LONG
        foreign = _foreign(record) if self._utf8 else None
        if foreign is not None:
            return record, self._name(record[:foreign].count(self._separator)), ENCODING
        if len(fields) < names:
            return record, self._name(len(fields)), TOO_FEW
        # Empty columns at the end are no harm, and DuckDB takes them too.
        return record, None, TOO_MANY if any(fields[names:]) else None

    def _name(self, place: int) -> str | None:
        return self._names[place] if place < len(self._names) else None
