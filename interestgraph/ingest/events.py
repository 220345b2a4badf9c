"""The events of a log without a graph: for splits, evaluation and trials of a specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from interestgraph.ingest.clean import CleanEvents, clean_events
from interestgraph.ingest.derive import derive
from interestgraph.ingest.read import read_files
from interestgraph.ingest.spec import LoaderSpec


def read_tables(backend: Any, spec: LoaderSpec, files: Mapping[str, Sequence[Path]]) -> dict[str, ir.Table]:
    """All files of a loader, from `find_files`, as they are read, with the columns that the loader derives.

    Raises:
        DataError: a file or a column is missing or unreadable.
    """
    raw = {name: read_files(backend, paths, spec.formats.get(name)) for name, paths in files.items() if paths}
    return derive(raw, spec)


def read_events(
    backend: Any,
    spec: LoaderSpec,
    files: Mapping[str, Sequence[Path]],
    since: datetime | None = None,
    until: datetime | None = None,
) -> CleanEvents:
    """The cleaned events of a log, of a period (naive, UTC) or all.

    Raises:
        DataError: a file or a column is missing or unreadable.
    """
    raw = read_tables(backend, spec, files)[spec.events.file]
    now = datetime.now(UTC).replace(tzinfo=None)
    return clean_events(backend, raw, spec, now=now, since=since, until=until)
