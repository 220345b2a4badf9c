"""Reading: log files become Ibis tables with a source file and a row number beside every row."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import psutil

from interestgraph.errors import DataError, DiskSpaceError
from interestgraph.ingest.spec import Columns, Format, LoaderSpec

FILE, ROW = "_file", "_row"
"""Columns added to every table: path of the source file, number of the row in it (the first data row is 1)."""

_GUESSED = ("DATE", "TIME", "UUID", "JSON")
"""How the DuckDB types begin that its JSON reader gives to text, or to values of several kinds."""

MEMORY_SHARE = 0.15
"""Part of the machine's memory that DuckDB may take before it spills to disk."""


@contextmanager
def workspace(folder: Path | None = None) -> Iterator[Any]:
    """An Ibis DuckDB backend on a temporary file, so that large logs spill to disk instead of filling memory.

    Raises:
        DataError, DiskSpaceError: in place of DuckDB's own errors.
    """
    with TemporaryDirectory(prefix="interestgraph-", dir=folder) as scratch:
        memory = max(1 << 29, min(int(psutil.virtual_memory().total * MEMORY_SHARE), 8 << 30))
        backend = ibis.duckdb.connect(
            Path(scratch) / "ingest.duckdb",
            memory_limit=f"{memory >> 20}MiB",
            temp_directory=str(Path(scratch) / "spill"),
        )
        try:
            backend.raw_sql("SET TimeZone = 'UTC'")
            yield backend
        except duckdb.Error as error:
            raise _data_error(error) from error
        finally:
            backend.disconnect()


def _data_error(error: duckdb.Error) -> DataError | DiskSpaceError:
    text = _told(error)
    if "No space left" in text or "could not write all" in text.lower():
        return DiskSpaceError(f"no disk space left while reading the log: {text}")
    return DataError(f"the log cannot be read: {text}")


def _told(error: Exception) -> str:
    """DuckDB's message on one line, without its advice on options that nobody can set here."""
    text = re.sub(r" Possible (fixes|Solution).*?(?= file = |$)", "", " ".join(str(error).split()))
    return re.sub(r"( delimiter = | LINE \d+: ).*", "", text)[:400]


def read_files(backend: Any, paths: Sequence[Path], form: Format | None = None) -> ir.Table:
    """All files as one table with `FILE` and `ROW`; columns are matched by name, text stays text.

    Args:
        backend: the workspace.
        paths: the files.
        form: how they are written, where the loader says so.

    Raises:
        DataError: a file is empty, unreadable, or its columns differ from the first file's.
    """
    tables = [_read_one(backend, path, form) for path in paths]
    first = tables[0]
    for path, table in zip(paths[1:], tables[1:], strict=True):
        if set(table.columns) != set(first.columns):
            odd = sorted(set(table.columns) ^ set(first.columns))
            raise DataError(f"{path}: its columns differ from those of {paths[0]}: {', '.join(odd)}")
    return ibis.union(*_alike(tables)) if len(tables) > 1 else first


def _alike(tables: Sequence[ir.Table]) -> list[ir.Table]:
    """The tables with columns in one order, and as text where their types differ (numbers here, quoted there)."""
    names = tables[0].columns
    odd = [name for name in names if len({table[name].type() for table in tables}) > 1]
    return [table.select(*names).mutate(**{name: as_text(table[name]) for name in odd}) for table in tables]


def _read_one(backend: Any, path: Path, form: Format | None) -> ir.Table:
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty")
    try:
        if name.endswith(".parquet"):
            table = backend.read_parquet(path)
        elif form is not None or name.endswith((".csv", ".tsv")):
            table = _read_delimited(backend, path, form or Format())
        else:
            table = _read_json(backend, path)
    except (duckdb.Error, gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{path} cannot be read: {_told(error)}") from error
    if FILE in table.columns or ROW in table.columns:
        raise DataError(f"{path}: the column names {FILE} and {ROW} are taken by interestgraph")
    return table.mutate(**{FILE: ibis.literal(str(path)), ROW: ibis.row_number() + 1})


def _read_delimited(backend: Any, path: Path, form: Format) -> ir.Table:
    """Columns and separator come from the loader or the header: guessed from rows, a short one would change them."""
    fixed = {"auto_detect": False, "encoding": form.encoding}
    if form.adjacency:
        lines = backend.read_csv(path, columns={"line": "VARCHAR"}, header=False, delim="\x1f", quote="", **fixed)
        words = lines.line.strip().re_split(r"\s+")
        return lines.select(user=words[0], item=words[1:].unnest())
    if form.columns:
        columns = dict.fromkeys(form.columns, "VARCHAR")
        return backend.read_csv(path, columns=columns, header=False, delim=form.delimiter or ",", quote='"', **fixed)
    header = _first_line(backend, path, form)
    separator = form.delimiter or max(",;\t|", key=header.count)
    columns = {}
    for place, name in enumerate(next(csv.reader([header], delimiter=separator), [])):
        taken = not name or name.lower() in (other.lower() for other in columns)
        columns[f"{name or 'column'}_{place}" if taken else name] = "VARCHAR"
    return backend.read_csv(path, columns=columns, header=True, delim=separator, quote='"', escape='"', **fixed)


def _first_line(backend: Any, path: Path, form: Format) -> str:
    if path.name.endswith(".zst"):
        form_of_line = {"columns": {"line": "VARCHAR"}, "auto_detect": False, "header": False, "quote": ""}
        lines = backend.read_csv(path, delim="\x1f", **form_of_line).limit(1).to_pyarrow().to_pylist()
        return str(lines[0]["line"]) if lines else ""
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as stream:
        return stream.readline().decode(encoding, errors="replace").strip("\r\n")


def _read_json(backend: Any, path: Path) -> ir.Table:
    """JSON lines; text that looks like a date or a UUID stays text, and mixed columns become text."""
    guessed = backend.read_json(path, format="newline_delimited", sample_size=-1)
    types = backend.raw_sql(f'DESCRIBE "{guessed.get_name()}"').fetchall()
    columns = {name: "VARCHAR" if kind.startswith(_GUESSED) else kind for name, kind, *_ in types}
    return backend.read_json(path, columns=columns, format="newline_delimited")


def pick(table: ir.Table, columns: Columns, spec: LoaderSpec, key: str) -> str | None:
    """The first of `columns` that `table` has; None when all of them are optional and missing.

    Args:
        key: where the specification names them, for the message (``events.user``).

    Raises:
        DataError: a column that must be there is not.
    """
    for column in columns:
        if column in table.columns:
            return column
    if not columns or all(column in spec.optional for column in columns):
        return None
    wanted = columns[0] if len(columns) == 1 else "any of " + ", ".join(columns)
    present = ", ".join(column for column in table.columns if column not in (FILE, ROW))
    raise DataError(f"{file_of(table)} has no column {wanted} (loader {spec.name}, {key}); its columns: {present}")


def file_of(table: ir.Table) -> str:
    """Path of the file that the first row comes from, for messages."""
    rows = table.select(FILE).limit(1).to_pyarrow().to_pylist()
    return str(rows[0][FILE]) if rows else "the file"


def as_text(column: ir.Value) -> ir.StringValue:
    """An id or a name as trimmed text; empty text and NaN are missing; a whole number has no ``.0``."""
    if column.type().is_floating():
        whole = column.try_cast("int64")
        text = ibis.ifelse(column == whole, whole.cast("string"), column.cast("string"))
        column = ibis.ifelse(column.isnan(), ibis.null("string"), text)
    # Line breaks and tabs inside a value become a space: they are never part of an id or a name.
    return column.cast("string").re_replace(r"[\r\n\t]+", " ").strip().nullif("")


_WITH_ZONE = r":[0-9.]+ *[A-Za-z+-]"
"""A time of day that an offset or the name of a zone follows."""


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def _try_strptime(text: str, pattern: str) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """DuckDB: parse by a strptime pattern, missing where it does not fit."""


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _in_zone(zone: str, moment: ibis.dtype("timestamp")) -> ibis.dtype("timestamp('UTC')"):  # type: ignore[valid-type]
    """DuckDB: read a timestamp without a zone as local time of `zone`."""


def as_time(column: ir.Value, pattern: str, zone: str) -> ir.TimestampValue:
    """A moment in UTC, in whole milliseconds, missing where it cannot be parsed.

    Args:
        column: timestamps, dates, text or epoch numbers.
        pattern: ``auto`` or a strptime format, for text.
        zone: of timestamps, dates and text that carry no zone of their own.
    """
    kind = column.type()
    if kind.is_numeric():
        moment: Any = _from_epoch(column.cast("float64"))
    elif kind.is_string():
        moment = _parsed(column.strip(), pattern, zone)
    elif kind.is_timestamp() and kind.timezone:
        moment = column.cast("timestamp('UTC')").cast("timestamp")
    else:
        moment = _local(column.cast("timestamp"), zone)
    return moment.cast("timestamp(6)").truncate("ms")


def _parsed(text: Any, pattern: str, zone: str) -> Any:
    if pattern != "auto":
        moment = _try_strptime(text, pattern)
        return moment if "%z" in pattern.lower() else _local(moment, zone)
    moment = text.try_cast("timestamp('UTC')").cast("timestamp")
    if zone != "UTC":
        moment = ibis.ifelse(text.re_search(_WITH_ZONE), moment, _local(text.try_cast("timestamp"), zone))
    return ibis.coalesce(moment, _from_epoch(text.try_cast("float64")))


def _local(moment: Any, zone: str) -> Any:
    return moment if zone == "UTC" else _in_zone(zone, moment).cast("timestamp")


def _from_epoch(number: Any) -> Any:
    """Epoch seconds, or milliseconds where the number is too large for seconds before the year 5138."""
    millis = ibis.ifelse(number.abs() < 1e11, number * 1000, number)
    usable = ibis.ifelse(millis.abs() < 1e14, millis, ibis.null("float64"))
    return usable.round().cast("int64").as_timestamp("ms")
