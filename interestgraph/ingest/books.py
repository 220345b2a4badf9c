"""The books: what the Load nodes say about earlier loads, and what a new one may not do."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from interestgraph.errors import SchemaMismatchError, StateError
from interestgraph.ingest.spec import LoaderSpec
from interestgraph.neo4j.connection import Database, Row

EVER = 2**62
"""Epoch milliseconds that stand for no end, and negative for no beginning."""


def files_hash(files: Mapping[str, Sequence[Path]]) -> str:
    """SHA-256 over the content of all files, in order."""
    digest = hashlib.sha256()
    for paths in files.values():
        for path in paths:
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def content_hash(spec: LoaderSpec, digest: str, *period: object) -> str:
    """SHA-256 over files, specification and period: the same load has the same."""
    parts = (digest, spec.model_dump_json(), *(str(part) for part in period))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read_books(database: Database) -> list[Row]:
    """The properties of all Load nodes, the oldest first."""
    return [row["load"] for row in database.read("ingest/list_loads")]


def check_loads(books: Sequence[Row], entry: Row) -> None:
    """Refuse a load while another one is in the middle, or of files that another loader has read already.

    Args:
        books: earlier loads.
        entry: loadId, source, filesHash, sinceMs, untilMs and perhaps replaces of the new one.

    Raises:
        StateError: see above.
    """
    for other in books:
        if other["loadId"] == entry.get("replaces"):
            continue
        if other["status"] == "unloading":
            raise StateError(
                f"load {other['loadId']} is being taken out: run `interestgraph unload {other['loadId']}` again first"
            )
        if other["loadId"] == entry["loadId"]:
            continue
        if other["status"] != "complete":
            raise StateError(
                f"load {other['loadId']} was interrupted: run it again first, so that it is complete (same loader, "
                f"same files), or take it out with `interestgraph unload {other['loadId']}`"
            )
        same = other["filesHash"] == entry["filesHash"] and other["source"] != entry["source"] and other["events"]
        if same and entry["sinceMs"] < other["untilMs"] and entry["untilMs"] > other["sinceMs"]:
            raise StateError(
                f"events of these files are already in the graph (load {other['loadId']}, by another loader); they "
                f"would count twice. Take them out first: `interestgraph unload {other['loadId']}`"
            )


def check_half_lives(database: Database, spec: LoaderSpec) -> None:
    """Refuse a loader with another half-life than the graph's, since a weight has only one.

    Raises:
        SchemaMismatchError: see above.
    """
    stored = {row["name"]: row["halfLife"] for row in database.read("ingest/list_behaviours")}
    for name, part in spec.behaviours.items():
        if name in stored and stored[name] != part.half_life:
            raise SchemaMismatchError(
                f"the graph holds {name} with a half-life of {stored[name]:g} days, loader {spec.name} says "
                f"{part.half_life:g}: change the loader, or begin anew with `interestgraph db reset`"
            )


def check_identity(books: Sequence[Row], loads: Collection[str], source: str, identity: Sequence[str]) -> None:
    """Refuse a log whose rows cannot be compared with those of earlier loads of the same time.

    Raises:
        StateError: they are recognised by other columns.
    """
    for other in books:
        before = other.get("identity", ())
        recorded = other["route"] in ("record", "stream")
        if other["loadId"] in loads and not recorded and sorted(before) != sorted(identity):
            odd = ", ".join(sorted(set(before) ^ set(identity)))
            raise StateError(
                f"rows of this log cannot be told from those of load {other['loadId']}, of the same time: the column "
                f"{odd} is in only one of them. Name the columns that identify an event in loader {source} "
                f"(events.key) and load both again, or `interestgraph unload {other['loadId']}` first"
            )


def horizon_of(books: Sequence[Row], source: str) -> datetime | None:
    """The moment (naive, UTC) before which the events of a loader are compacted; None where none are."""
    moments = [load["compactedMs"] for load in books if load["source"] == source and load.get("compactedMs")]
    return datetime(1970, 1, 1) + timedelta(milliseconds=max(moments)) if moments else None


def behaviour_rows(spec: LoaderSpec) -> list[Row]:
    """Rows for `ingest/behaviours`."""
    return [
        {"name": name, "strength": part.strength, "halfLife": part.half_life, "primary": name in spec.primary}
        for name, part in spec.behaviours.items()
    ]
