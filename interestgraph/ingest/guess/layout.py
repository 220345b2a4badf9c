"""How a file is written: Parquet, JSON lines or delimited text, with which separator, header and encoding."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from interestgraph.errors import DataError
from interestgraph.ingest.spec_parts import Format

HEAD = 1 << 22
"""Bytes of the beginning that are looked at."""
LINES = 300
DELIMITERS = (",", ";", "\t", "|", "::", " ")


@dataclass(frozen=True)
class Layout:
    """How to read a file."""

    form: Format | None = None
    """None: Parquet or JSON lines."""
    why: tuple[str, ...] = ()
    """What the format was taken from, for a comment."""

    @property
    def has_names(self) -> bool:
        """Whether the file says what its columns are called."""
        return self.form is None or not (self.form.columns or self.form.adjacency)


def find_layout(path: Path) -> Layout:
    """Look at the beginning of a file.

    Raises:
        DataError: it is missing, empty, binary, an array of JSON, or has one column only.
    """
    if not path.is_file():
        raise DataError(f"no such file: {path}")
    head = _head(path)
    if not head.strip():
        raise DataError(f"{path} is empty")
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    if head.startswith(b"PAR1") or name.endswith(".parquet"):
        return _named(path, name, (".parquet",))
    text, encoding = _decoded(path, head)
    if text.lstrip().startswith("{"):
        return _named(path, name, (".jsonl", ".ndjson", ".json"))
    if text.lstrip().startswith("[{") or (name.endswith(".json") and text.lstrip().startswith("[")):
        raise DataError(f"{path} is an array of JSON: write one object a line (`jq -c '.[]'`) to a file named .jsonl")
    return _delimited(path, text, encoding)


def _named(path: Path, name: str, endings: tuple[str, ...]) -> Layout:
    """Formats other than delimited text are told by the name alone."""
    if not name.endswith(endings):
        raise DataError(f"{path} has the content of a {endings[0]} file: rename it so that its name ends in it")
    return Layout()


def _head(path: Path) -> bytes:
    head = b""
    packing = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    try:
        with pa.input_stream(str(path), compression=packing) as stream:
            while len(head) < HEAD and (block := stream.read(1 << 16)):
                head += block
    except OSError as error:
        # A packed file may be cut off; its beginning says enough.
        if not head:
            raise DataError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return head[:HEAD]


def _decoded(path: Path, head: bytes) -> tuple[str, str]:
    """The text of whole lines, and its encoding."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace"), "utf-16"
    if b"\0" in head:
        raise DataError(f"{path} is neither text nor Parquet")
    if len(head) == HEAD:
        head = head[: head.rfind(b"\n") + 1] or head
    foreign = [line for line in head.split(b"\n") if not line.isascii()]
    damaged = sum(not _is_utf8(line) for line in foreign)
    # A few damaged lines among others of UTF-8 are rejected, which is better than to misread these.
    encoding = "latin-1" if damaged > 0.1 * len(foreign) else "utf-8"
    return head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace"), encoding


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _delimited(path: Path, text: str, encoding: str) -> Layout:
    lines = [line for line in text.splitlines(keepends=True)[:LINES] if line.strip()]
    if len(lines) == LINES or len(text) == HEAD:
        lines = lines[:-1]
    why = []
    if encoding == "latin-1":
        why.append("The text is not UTF-8 and is read as latin-1; if it looks wrong, convert the file to UTF-8.")
    if _is_adjacency(lines):
        return Layout(Format(adjacency=True, encoding=encoding), ("Lines of numbers of different count.", *why))  # type: ignore[arg-type]
    rows = {delimiter: _rows(lines, delimiter) for delimiter in DELIMITERS}
    # The separator is the one by which most lines have as many columns as the first.
    alike = {key: sum(len(row) == len(found[0]) for row in found) / len(found) for key, found in rows.items()}
    several = [key for key in DELIMITERS if len(rows[key][0]) > 1]
    if not several:
        raise DataError(f"{path} has one column only, or its separator is none of {' '.join(map(repr, DELIMITERS))}")
    delimiter = max(several, key=lambda key: (round(alike[key], 2), key != " ", len(rows[key][0])))
    columns: tuple[str, ...] = ()
    if not _has_header(rows[delimiter]):
        columns = tuple(f"column_{place}" for place in range(1, len(rows[delimiter][0]) + 1))
        why.append("The first line holds values, not names: the columns are named here.")
    return Layout(Format(delimiter=delimiter, columns=columns, encoding=encoding), tuple(why))  # type: ignore[arg-type]


def _is_adjacency(lines: list[str]) -> bool:
    counts = {len(line.split()) for line in lines}
    return len(counts) > 1 and all(re.fullmatch(r"\d+( +\d+)* *", line.strip("\r\n")) for line in lines)


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    if len(delimiter) > 1:
        return [line.rstrip("\r\n").split(delimiter) for line in lines]
    return [row for row in csv.reader(io.StringIO("".join(lines)), delimiter=delimiter) if row]


_VALUE = re.compile(r"[-+]?[\d.,]+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{1,2}:\d\d.*|true|false|null|nan", re.IGNORECASE)


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first line holds names: no numbers or times, nothing twice, nothing that is a value below it."""
    first = [cell.strip() for cell in rows[0]]
    named = [cell.lower() for cell in first if cell]
    if any(_VALUE.fullmatch(cell) for cell in named) or len(set(named)) < len(named):
        return False
    # Files that were put together have their header more than once.
    below = [row for row in rows if row != rows[0]]
    return not any(cell and cell in {row[at] for row in below if len(row) > at} for at, cell in enumerate(first))
