"""Reading, cleaning and aggregating a log without a server, and small loader specifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from interestgraph.ingest.aggregate import build_tables
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.derive import derive
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.spec import LoaderSpec, load_spec

NOW = datetime(2025, 1, 1)
"""Present time in these tests."""
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Ingested:
    """What a log became."""

    events: Rows
    rejected: Rows
    tables: dict[str, Rows]


def ingest(
    spec: LoaderSpec | str,
    files: Sequence[Path] | Mapping[str, Sequence[Path]],
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    aggregate: bool = True,
) -> Ingested:
    """Everything of a load that comes before the write; a list of files is the event log."""
    spec = load_spec(spec) if isinstance(spec, str) else spec
    named = files if isinstance(files, Mapping) else {spec.events.file: files}
    with workspace() as backend:
        raw = {name: read_files(backend, list(paths), spec.formats.get(name)) for name, paths in named.items()}
        raw = derive(raw, spec, until)
        cleaned = clean_events(backend, raw[spec.events.file], spec, now=NOW, since=since, until=until)
        tables = vars(build_tables(backend, spec, cleaned.events, raw, since, until)) if aggregate else {}
        return Ingested(
            events=cleaned.events.order_by("at", "user", "item").to_pyarrow().to_pylist(),
            rejected=cleaned.rejected.order_by("file", "row").to_pyarrow().to_pylist(),
            tables={name: table.to_pyarrow().to_pylist() for name, table in tables.items()},
        )


def clean(
    spec: LoaderSpec | str, files: Sequence[Path], since: datetime | None = None, until: datetime | None = None
) -> Ingested:
    """Events and rejected rows only, which is faster."""
    return ingest(spec, files, since, until, aggregate=False)


def csv(path: Path, *lines: str) -> Path:
    """Write lines to a file."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def toml(path: Path, events: str = "", rest: str = "", behaviours: str = "") -> Path:
    """Write a specification for logs with the columns u, i, t; `events` and `rest` are added to it."""
    path.write_text(
        f"""
name = "mine"
title = "My log"
optional = ["v"]

[files]
log = "*"

[events]
file = "log"
user = "u"
item = "i"
time = "t"
{events or 'behaviour = "PURCHASED"'}

{behaviours or "[behaviours.PURCHASED]" + chr(10) + "half_life = 10"}

{rest}
""",
        encoding="utf-8",
    )
    return path
