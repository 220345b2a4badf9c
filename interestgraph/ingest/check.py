"""Checking a specification: every problem with its key, and what the first rows of the data would become."""

from __future__ import annotations

import difflib
import importlib.util
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ValidationError

from interestgraph.errors import DataError
from interestgraph.ingest import spec_parts
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.derive import derive
from interestgraph.ingest.read import pick, read_files, workspace
from interestgraph.ingest.spec import LoaderSpec, find_files, spec_path

ROWS = 100_000
"""Rows of the log that are tried."""
EXAMPLES = 3
"""Rows shown for each reason."""
_ALL_NEEDED = ("categories", "title")
"""Keys whose columns are joined; elsewhere the first that is there is taken."""
_NO_COLUMNS = ("time_format", "discontinued_values", "values")
"""Keys that are lists of texts, but of no columns."""


@dataclass(frozen=True)
class Problem:
    """Something that has to be changed."""

    key: str
    """Where: a key of the specification, such as ``events.user``."""
    message: str


@dataclass(frozen=True)
class Example:
    """A row that is no event."""

    file: str
    row: int
    column: str
    value: str | None


@dataclass(frozen=True)
class Rejection:
    """A reason for which rows are no events."""

    reason: str
    rows: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Trial:
    """What the first rows of a log are."""

    rows: int
    events: int
    behaviours: dict[str, int]
    """Behaviour -> events, of all behaviours that the specification has."""
    duplicates: int
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True)
class CheckReport:
    """What is to be said about a specification."""

    path: Path
    name: str | None
    """None: the specification cannot be read."""
    problems: tuple[Problem, ...]
    files: dict[str, int] = field(default_factory=dict)
    """Name under ``[files]`` -> number of files found; empty without data."""
    trial: Trial | None = None
    """None: there is no data, or it cannot be read."""


def check(loader: str, data: Path | None = None, rows: int = ROWS) -> CheckReport:
    """Check a specification, and its data where they are given or a package brings them.

    Args:
        loader: path of a TOML file, or name of a shipped loader.
        data: file or folder.
        rows: rows of the log to try.

    Raises:
        LoaderError: there is no such file.
        DataError: the data that were named do not exist.
    """
    path = spec_path(loader)
    spec, problems = read_spec(path)
    if spec is None:
        return CheckReport(path, None, problems)
    if data is not None and not data.exists():
        raise DataError(f"no such file or folder: {data}")
    if data is None and not (spec.package and importlib.util.find_spec(spec.package.module)):
        return CheckReport(path, spec.name, ())
    try:
        files = find_files(spec, data)
    except DataError as error:
        return CheckReport(path, spec.name, (Problem("files", str(error)),))
    with workspace() as backend:
        found, tried = _check_data(backend, spec, files, rows)
    return CheckReport(path, spec.name, tuple(found), {name: len(paths) for name, paths in files.items()}, tried)


def read_spec(path: Path) -> tuple[LoaderSpec | None, tuple[Problem, ...]]:
    """The specification, or everything that is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return None, (Problem("TOML", str(error)),)
    problems: list[Problem] = []
    while True:
        try:
            spec = LoaderSpec.model_validate(content)
            return (None if problems else spec), tuple(problems)
        except ValidationError as error:
            unknown = [entry["loc"] for entry in error.errors() if entry["type"] == "extra_forbidden"]
            problems += [found for entry in error.errors() for found in _problems(entry)]
            # Keys are compared with each other only where none is unknown or of a wrong type.
            if len(unknown) < error.error_count():
                return None, tuple(problems)
        for place in unknown:
            _remove(content, place)


def _problems(entry: Any) -> Iterator[Problem]:
    where = ".".join(str(part) for part in entry["loc"])
    if entry["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(entry["loc"][-1]), _keys(), n=1, cutoff=0.75)
        yield Problem(where, f"there is no such key{f'; did you mean {near[0]}?' if near else ''}")
    elif entry["type"] == "missing":
        yield Problem(where, "is missing")
    elif entry["type"] == "value_error":
        for line in entry["msg"].removeprefix("Value error, ").splitlines():
            key, message = _split(line)
            yield Problem(".".join(filter(None, (where, key))), message)
    else:
        yield Problem(where, f"{entry['msg']} (got {entry['input']!r})")


def _split(line: str) -> tuple[str, str]:
    """``events.rating needs …`` and ``events: give …`` -> key and message."""
    found = re.match(r"([\w.]+): (.+)", line)
    if found is None and line.split(".")[0] in LoaderSpec.model_fields:
        found = re.match(r"(\S+) (.+)", line)
    return ("", line) if found is None else (found[1], found[2])


def _keys() -> list[str]:
    """All keys that a specification may have."""
    parts: list[type[BaseModel]] = [LoaderSpec]
    parts += [part for part in vars(spec_parts).values() if isinstance(part, type) and issubclass(part, BaseModel)]
    return sorted({name for part in parts for name in part.model_fields})


def _remove(content: Any, place: tuple[Any, ...]) -> None:
    for part in place[:-1]:
        content = content[part]
    del content[place[-1]]


def _check_data(
    backend: Any, spec: LoaderSpec, files: Mapping[str, list[Path]], rows: int
) -> tuple[list[Problem], Trial | None]:
    problems: list[Problem] = []

    def tried(key: str, action: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return action(*arguments)
        except DataError as error:
            problems.append(Problem(key, str(error)))
            return None

    raw = {
        name: tried(f"files.{name}", read_files, backend, paths, spec.formats.get(name))
        for name, paths in files.items()
        if paths
    }
    if problems:
        return problems, None
    tables = tried("joins", derive, raw, spec)
    if tables is None:
        return problems, None
    for key, table, columns in _named_columns(spec, tables):
        tried(key, pick, table, columns, spec, key)
    if problems:
        return problems, None
    made = tried(f"files.{spec.events.file}", trial, backend, tables[spec.events.file], spec, rows)
    if made is not None and not made.events:
        problems.append(Problem("events", f"none of the first {made.rows:,} rows is an event"))
    return problems, made


def _named_columns(spec: LoaderSpec, tables: Mapping[str, ir.Table]) -> Iterator[tuple[str, ir.Table, tuple[str, ...]]]:
    """Key, table and columns of every key that names columns of a table that is there."""
    for part_name in ("events", "items", "users", "campaigns", "received", "promotes", "redeemed"):
        part = getattr(spec, part_name)
        if part is None or part.file not in tables:
            continue
        table = tables[part.file]
        for key in type(part).model_fields:
            value = getattr(part, key)
            if key == "attributes":
                for name, columns in value.items():
                    yield f"{part_name}.attributes.{name}", table, columns
            elif isinstance(value, tuple) and key not in _NO_COLUMNS:
                optional = all(column in spec.optional for column in value)
                groups = [(column,) for column in value] if key in _ALL_NEEDED and not optional else [value]
                for columns in groups:
                    yield f"{part_name}.{key}", table, columns


def trial(backend: Any, raw: ir.Table, spec: LoaderSpec, rows: int = ROWS) -> Trial:
    """Clean the first rows of a log, and count what they are.

    Args:
        backend: the workspace.
        raw: the log, as `read_files` and `derive` give it.
        spec: the loader.
        rows: how many rows.

    Raises:
        DataError: a column is missing.
    """
    clean = clean_events(backend, raw.limit(rows), spec, now=datetime.now(UTC).replace(tzinfo=None))
    counted = clean.events.group_by("behaviour").agg(rows=ibis._.count()).to_pyarrow().to_pylist()
    found = {row["behaviour"]: row["rows"] for row in counted}
    return Trial(
        rows=clean.read,
        events=clean.kept,
        behaviours={name: found.get(name, 0) for name in spec.behaviours},
        duplicates=clean.duplicates,
        rejections=tuple(_rejections(clean.rejected)),
    )


def _rejections(rejected: ir.Table) -> Iterator[Rejection]:
    counted = rejected.group_by("reason").agg(rows=ibis._.count()).order_by(ibis.desc("rows"), "reason")
    for row in counted.to_pyarrow().to_pylist():
        of_reason = rejected.filter(rejected.reason == row["reason"]).order_by("file", "row").limit(EXAMPLES)
        examples = of_reason.select("file", "row", "column", "value").to_pyarrow().to_pylist()
        yield Rejection(row["reason"], row["rows"], tuple(Example(**example) for example in examples))
