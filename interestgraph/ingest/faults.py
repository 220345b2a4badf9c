"""Faults of log files: what is no row is kept with its place and reason, and the rest of the file is read all the same.

DuckDB reads the files, fast. Where it finds a fault, the file is mended (`interestgraph.ingest.mend`): its rows go into
a copy, which is read in the file's place, and the rest into the table ``unreadable`` of the workspace. The table
``sources`` says which view reads which file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from errno import ENOSPC
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import duckdb
import ibis.expr.types as ir
import pyarrow as pa

from interestgraph.errors import DataError, DiskSpaceError
from interestgraph.ingest.lines import PACKED
from interestgraph.ingest.mend import Fault, Shape, rows

Made = TypeVar("Made")
_TEXTS = ("column", "value", "reason")
_SCHEMA = pa.schema([("file", pa.string()), ("row", pa.int64()), *((name, pa.string()) for name in _TEXTS)])
_OBJECT = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"


def prepare(backend: Any) -> None:
    """Make the tables in a new workspace."""
    backend.raw_sql(
        'CREATE TABLE unreadable (file VARCHAR, "row" BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR)'
    )
    backend.raw_sql('CREATE TABLE sources ("view" VARCHAR, file VARCHAR, copy VARCHAR, shape VARCHAR)')


def unreadable(backend: Any) -> ir.Table:
    """What no row could be made of so far: file, row (the first data row is 1), column, value, reason."""
    return backend.table("unreadable").distinct()


def scan(backend: Any, path: Path, shape: Shape, copy: Path | None = None) -> ir.Table:
    """The rows of a text file.

    Args:
        backend: the workspace.
        path: the file.
        shape: how it is written.
        copy: from `mended`, to be read in its place.
    """
    view = f"source_{uuid4().hex}"
    backend.con.execute(
        "INSERT INTO sources VALUES (?, ?, ?, ?)", [view, str(path), copy and str(copy), json.dumps(asdict(shape))]
    )
    return _read(backend, copy or path, shape if copy is None else shape.mended, view)


def _read(backend: Any, path: Path, shape: Shape, view: str) -> ir.Table:
    if shape.objects:
        return backend.read_json(path, table_name=view, columns=shape.columns, format="newline_delimited")
    return backend.read_csv(
        path,
        table_name=view,
        columns=shape.columns,
        delim=shape.separator,
        quote=shape.quote,
        escape=shape.quote,
        header=shape.header,
        encoding=shape.encoding,
        auto_detect=False,
        # One fault is enough to know; those of all lines of a large file would fill the memory.
        store_rejects=True,
        rejects_limit=1,
    )


def settled(backend: Any, make: Callable[[], Made]) -> Made:
    """What `make` gives; where it finds faults in files, these are mended, the tables that it made dropped, and it is
    called again.

    Raises:
        DataError: a file cannot be mended.
    """
    before = _tables(backend)
    while True:
        try:
            made = make()
        except duckdb.Error as error:
            faulty = _named(backend, str(error))
            if not faulty:
                raise
        else:
            faulty = _rejected(backend)
            if not faulty:
                return made
        for view, file, text in faulty:
            shape = Shape(**json.loads(text))
            copy = mended(backend, Path(file), shape)
            backend.con.execute('UPDATE sources SET copy = ? WHERE "view" = ?', [str(copy), view])
            _read(backend, copy, shape.mended, view)
        for name in _tables(backend) - before:
            backend.raw_sql(f'DROP TABLE "{name}"')


def _tables(backend: Any) -> set[str]:
    found = backend.con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    return {name for (name,) in found}


def _named(backend: Any, message: str) -> list[tuple[str, str, str]]:
    """The sources that an error message names."""
    found = backend.con.execute('SELECT "view", file, copy, shape FROM sources').fetchall()
    for _, file, copy, _ in found:
        if copy is not None and copy in message:
            raise DataError(f"{file} cannot be read: {told(message)}")
    return [(view, file, shape) for view, file, copy, shape in found if copy is None and file in message]


def _rejected(backend: Any) -> list[tuple[str, str, str]]:
    """The sources in which DuckDB passed over something."""
    if "reject_scans" not in backend.list_tables():
        return []
    found = backend.con.execute(
        'SELECT DISTINCT "view", file, shape, file_path = copy FROM sources '
        "JOIN reject_scans ON file_path = coalesce(copy, file) JOIN reject_errors USING (scan_id, file_id)"
    ).fetchall()
    for _, file, _, again in found:
        if again:
            raise DataError(f"{file} cannot be read: its rows are not understood even after it was mended")
    return [(view, file, shape) for view, file, shape, _ in found]


def told(error: object) -> str:
    """DuckDB's message on one line, without its advice on options that nobody can set here."""
    text = re.sub(r" Possible (fixes|Solution).*?(?= file = |$)", "", " ".join(str(error).split()))
    return re.sub(r"( delimiter = | LINE \d+: ).*", "", text)[:400]


def mended(backend: Any, path: Path, shape: Shape) -> Path:
    """A copy of the rows of a file, without those that are none; these are noted.

    Raises:
        DataError: it is not packed as its name says, or damaged.
        DiskSpaceError: there is no room for the copy.
    """
    name = path.name
    for ending in PACKED:
        name = name.removesuffix(ending)
    copy = _folder(backend) / f"{uuid4().hex}-{name}"
    judged = rows(path, shape, lambda lines: _usable(backend, lines))
    try:
        with copy.open("wb") as out:
            while batch := list(islice(judged, 10_000)):
                out.writelines(row + b"\n" for row in batch if isinstance(row, bytes))
                _note(backend, path, (fault for fault in batch if isinstance(fault, Fault)))
    except OSError as error:
        if error.errno == ENOSPC:
            raise DiskSpaceError(f"no disk space left for a mended copy of {path}: set TMPDIR") from error
        raise
    return copy


def _folder(backend: Any) -> Path:
    (setting,) = backend.con.execute("SELECT current_setting('temp_directory')").fetchone()
    return Path(setting).parent


def _usable(backend: Any, lines: list[bytes]) -> list[bool]:
    texts = backend.con.from_arrow(pa.table({"line": pa.array(lines, pa.binary()).cast(pa.string())}))
    return [usable for (usable,) in texts.project(_OBJECT).fetchall()]


def _note(backend: Any, path: Path, faults: Iterator[Fault]) -> None:
    found = [{"file": str(path), **asdict(fault)} for fault in faults]
    if found:
        backend.insert("unreadable", pa.Table.from_pylist(found, schema=_SCHEMA))
