"""Reading: log files become Ibis tables with a source file and a row number beside every row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import psutil

from interestgraph.errors import DataError, DiskSpaceError
from interestgraph.ingest import faults
from interestgraph.ingest.lines import Lines, is_whole
from interestgraph.ingest.mend import Shape
from interestgraph.ingest.spec import Columns, Format, IdCase, LoaderSpec

FILE, ROW = "_file", "_row"
"""Columns added to every table: path of the source file, number of the row in it (the first data row is 1)."""

LONGEST_ID = 4_000
"""Bytes of an id: the server refuses longer keys of an index at about 8,000."""

_GUESSED = ("DATE", "TIME", "UUID", "JSON")
"""How the DuckDB types begin that its JSON reader gives to text, or to values of several kinds."""

_UNIT = "\x1f"
MEMORY_SHARE = 0.08
"""Part of the machine's memory that DuckDB may take before it spills to disk."""


@contextmanager
def workspace(folder: Path | None = None) -> Iterator[Any]:
    """An Ibis DuckDB backend whose tables spill to a temporary folder when they outgrow their share of memory.

    Raises:
        DataError, DiskSpaceError: in place of DuckDB's own errors.
    """
    with TemporaryDirectory(prefix="interestgraph-", dir=folder) as scratch:
        memory = max(1 << 29, min(int(psutil.virtual_memory().total * MEMORY_SHARE), 8 << 30))
        backend = ibis.duckdb.connect(
            ":memory:",
            memory_limit=f"{memory >> 20}MiB",
            temp_directory=str(Path(scratch) / "spill"),
        )
        try:
            backend.raw_sql("SET TimeZone = 'UTC'")
            faults.prepare(backend)
            yield backend
        except duckdb.Error as error:
            raise _data_error(error) from error
        finally:
            backend.disconnect()


def _data_error(error: duckdb.Error) -> DataError | DiskSpaceError:
    text = faults.told(error)
    if "No space left" in text or "could not write all" in text.lower():
        return DiskSpaceError(f"no disk space left while reading the log: {text}")
    return DataError(f"the log cannot be read: {text}")


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
    except duckdb.Error as error:
        raise DataError(f"{path} cannot be read: {faults.told(error)}") from error
    if FILE in table.columns or ROW in table.columns:
        raise DataError(f"{path}: the column names {FILE} and {ROW} are taken by interestgraph")
    return table.mutate(**{FILE: ibis.literal(str(path)), ROW: ibis.row_number() + 1})


def _read_delimited(backend: Any, path: Path, form: Format) -> ir.Table:
    """Columns and separator come from the loader or the header: guessed from rows, a short one would change them."""
    if form.adjacency:
        shape = Shape({"line": "VARCHAR"}, separator=_UNIT, quote="", encoding=form.encoding)
        lines = faults.scan(backend, path, shape, None if is_whole(path) else faults.mended(backend, path, shape))
        words = lines.line.strip().re_split(r"\s+")
        return lines.select(user=words[0], item=words[1:].unnest())
    if form.columns:
        columns, separator = dict.fromkeys(form.columns, "VARCHAR"), form.delimiter or ","
    else:
        columns, separator = _header(path, form)
    shape = Shape(columns, separator=separator, header=not form.columns, encoding=form.encoding)
    # DuckDB takes an empty line above the header for the header.
    sound = (bool(form.columns) or next(Lines(path)) != b"") and is_whole(path)
    return faults.scan(backend, path, shape, None if sound else faults.mended(backend, path, shape))


def _header(path: Path, form: Format) -> tuple[dict[str, str], str]:
    """Columns, all of them text, and the separator."""
    encoding = "latin-1" if form.encoding == "latin-1" else "utf-8"
    line = next((line for line in Lines(path, form.encoding) if line), b"").decode(encoding, "replace")
    if not line:
        raise DataError(f"{path} has no header line")
    separator = form.delimiter or max(",;\t|", key=line.count)
    columns: dict[str, str] = {}
    for place, name in enumerate(next(csv.reader([line], delimiter=separator), [])):
        taken = not name or name.lower() in (other.lower() for other in columns)
        columns[f"{name or 'column'}_{place}" if taken else name] = "VARCHAR"
    return columns, separator


def _read_json(backend: Any, path: Path) -> ir.Table:
    """JSON lines; text that looks like a date or a UUID stays text, and mixed columns become text."""
    types: dict[str, str] = {}
    if is_whole(path):
        with suppress(duckdb.Error):
            types = _json_types(backend, path)
    if not set(types) <= {"json"}:
        return faults.scan(backend, path, Shape(types, objects=True))
    # Cut off, not JSON, or lines that are no objects: DuckDB makes one column of these.
    copy = faults.mended(backend, path, Shape({}, objects=True))
    types = _json_types(backend, copy) if copy.stat().st_size else {}
    if not types:
        raise DataError(f"{path} has no line that is a JSON object")
    return faults.scan(backend, path, Shape(types, objects=True), copy)


def _json_types(backend: Any, path: Path) -> dict[str, str]:
    guessed = backend.read_json(path, format="newline_delimited", sample_size=-1)
    types = backend.raw_sql(f'DESCRIBE "{guessed.get_name()}"').fetchall()
    return {name: "VARCHAR" if kind.startswith(_GUESSED) else kind for name, kind, *_ in types}


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
        return ibis.ifelse(column.isnan(), ibis.null("string"), text)
    if column.type().is_integer() or column.type().is_temporal():
        return column.cast("string")
    # Line breaks and tabs inside a value become a space: they are never part of an id or a name. They are rare, and
    # looking for them is much cheaper than a pattern.
    text = column.cast("string")
    broken = text.contains("\n") | text.contains("\r") | text.contains("\t")
    return ibis.ifelse(broken, text.re_replace(r"[\r\n\t]+", " "), text).strip().nullif("")


@ibis.udf.scalar.builtin(name="strlen")  # type: ignore[untyped-decorator]
def _bytes(text: str) -> int:  # type: ignore[empty-body]
    """DuckDB: length in bytes."""


def as_id(column: ir.Value, case: IdCase) -> ir.StringValue:
    """The id of a user or an item: text, in the case that the loader asks for; missing where it is too long."""
    text = as_text(column)
    text = text if case == "keep" else text.lower() if case == "lower" else text.upper()
    return ibis.ifelse(_bytes(text) > LONGEST_ID, ibis.null("string"), text)


_WITH_ZONE = r":[0-9.]+ *[A-Za-z+-]"
"""A time of day that an offset or the name of a zone follows."""
_NO_SECONDS = r"([ T][0-9]{2}:[0-9]{2}) *(Z|[+-])"
"""An offset right after the minutes, which DuckDB does not know."""
_AFTER_SPACE = r"(:[0-9.]+) +(Z|[+-][0-9:]+)$"
"""An offset after a space, as Ruby and Git write it."""
_PLAIN_DATE = r"^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
"""A date of eight digits; as epoch seconds it would lie in 1970."""


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
        number = column.cast("float64")
        digits = number.try_cast("int64").cast("string")
        moment: Any = ibis.ifelse(digits.re_search(_PLAIN_DATE), _plain_date(digits, zone), _from_epoch(number))
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
    with_seconds = text.re_replace(_NO_SECONDS, r"\1:00\2").re_replace(_AFTER_SPACE, r"\1\2")
    epoch = ibis.ifelse(text.re_search(_PLAIN_DATE), _plain_date(text, zone), _from_epoch(text.try_cast("float64")))
    return ibis.coalesce(_iso(text, zone), _iso(with_seconds, zone), epoch)


def _iso(text: Any, zone: str) -> Any:
    naive = text.try_cast("timestamp")
    moment = text.try_cast("timestamp('UTC')").cast("timestamp")
    if zone != "UTC":
        moment = ibis.ifelse(text.re_search(_WITH_ZONE), moment, _local(naive, zone))
    # Names of zones, which the naive cast does not know, must not come to the other: DuckDB 1.5 reads the rows
    # after them in their zone.
    return ibis.ifelse(naive.isnull(), ibis.null("timestamp"), moment)


def _plain_date(digits: Any, zone: str) -> Any:
    return _local(_try_strptime(digits, "%Y%m%d"), zone)


def _local(moment: Any, zone: str) -> Any:
    return moment if zone == "UTC" else _in_zone(zone, moment).cast("timestamp")


def _from_epoch(number: Any) -> Any:
    """Epoch seconds, or milliseconds where the number is too large for seconds before the year 5138."""
    millis = ibis.ifelse(number.abs() < 1e11, number * 1000, number)
    usable = ibis.ifelse(millis.abs() < 1e14, millis, ibis.null("float64"))
    return usable.round().cast("int64").as_timestamp("ms")
