"""A first specification for an unknown log, to be read and edited by a person."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from interestgraph.errors import DataError, LoaderError
from interestgraph.ingest.check import Trial, trial
from interestgraph.ingest.guess.draft import Draft
from interestgraph.ingest.guess.layout import Layout, find_layout
from interestgraph.ingest.guess.profile import Column, profile
from interestgraph.ingest.guess.roles import Roles, find_roles
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.spec import LoaderSpec

ROWS = 100_000
"""Rows that are looked at."""
_NAMES = ("user", "item", "time", "behaviour", "rating")


@dataclass(frozen=True)
class Guess:
    """A guessed specification."""

    text: str
    """The TOML file, with comments."""
    spec: LoaderSpec
    trial: Trial
    """What the first rows become with it."""


def guess(path: Path, name: str | None = None) -> Guess:
    """Look at the first rows of a log, and write a specification for it.

    Args:
        path: a CSV, TSV or other delimited file, Parquet or JSON lines; text may be packed as .gz or .zst.
        name: name of the loader; None: from the file's.

    Raises:
        DataError: the file cannot be read, or no column can be the user or the item.
        LoaderError: the name cannot be a loader's.
    """
    name = name or _name_of(path)
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise LoaderError(f"a loader's name has small letters, digits and _, and begins with a letter, got {name!r}")
    layout = find_layout(path)
    with workspace() as backend:
        raw = read_files(backend, [path], layout.form)
        sample = backend.create_table("sample", raw.limit(ROWS))
        columns = profile(sample)
        if not columns or not columns[0].rows:
            raise DataError(f"{path} has no rows")
        roles = find_roles(sample, columns, layout, path, datetime.now(UTC).replace(tzinfo=None))
        missing = [role for role in ("user", "item") if role not in roles.chosen]
        if missing:
            raise DataError(_missing(path, missing, columns, roles))
        renamed = _renamed(layout, columns, roles)
        undated = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        draft = Draft(path, name, layout, columns, roles, renamed, undated)
        spec = LoaderSpec.model_validate(tomllib.loads(draft.text([])))
        tried = trial(backend, sample.rename({new: old for old, new in renamed.items()}), spec)
    return Guess(draft.text(_head(path, tried)), spec, tried)


def _name_of(path: Path) -> str:
    stem = re.sub("[^a-z0-9]+", "_", path.name.split(".")[0].lower()).strip("_")
    return stem if stem[:1].isalpha() else f"log_{stem}".rstrip("_")


def _missing(path: Path, roles: list[str], columns: list[Column], found: Roles) -> str:
    listed = ", ".join(f"{column.name} ({column.distinct:,} different)" for column in columns)
    why = [f"{column}: {reason}" for column, reason in found.unused.items()]
    reasons = f" ({'; '.join(why)})" if why else ""
    return (
        f"{path}: no column looks like the {' or the '.join(roles)} of an event; its columns: {listed}{reasons}. "
        "Write the specification by hand: `interestgraph loaders show events` is one to begin with"
    )


def _renamed(layout: Layout, columns: list[Column], roles: Roles) -> dict[str, str]:
    """Names by role for the columns of a file that has none."""
    if layout.has_names or layout.form is None or layout.form.adjacency:
        return {}
    given = {roles.chosen[role].column: role for role in _NAMES if role in roles.chosen}
    if roles.categories is not None:
        given[roles.categories.columns[0]] = "category"
    return {column.name: given[column.name] for column in columns if column.name in given}


def _head(path: Path, tried: Trial) -> list[str]:
    counts = ", ".join(f"{found.rows:,} {found.reason}" for found in tried.rejections)
    others = f"; the others: {counts}" if counts else ""
    return [
        f"A first specification for {path.name}, guessed by `interestgraph loaders guess`: read it, edit it, and try",
        f"it with `interestgraph loaders check FILE.toml --data {path.name}`.",
        f"As it is, {tried.events:,} of the first {tried.rows:,} rows are events{others}.",
    ]
