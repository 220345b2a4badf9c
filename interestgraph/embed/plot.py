"""A picture of the vectors: one HTML page that works without a network."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.project import project
from interestgraph.embed.write import active_run
from interestgraph.errors import ConfigurationError, DataError, StateError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.vectors import LABELS, export_vectors

COLOURS = ("community", "category")
_PLURAL = {"User": "users", "Item": "items", "Category": "categories"}
_NONE = 65_535
"""Number of no group; also the largest coordinate."""


@dataclass(frozen=True)
class PlotReport:
    """What was drawn."""

    run_id: str
    file: Path
    nodes: int
    bytes: int
    """Size of the file."""


@dataclass(frozen=True)
class Plane:
    """Nodes with vectors: users, items, categories, in that order."""

    run: Row
    """The run whose vectors serve."""
    ids: tuple[str, ...]
    facts: tuple[Row, ...]
    """Title, community and path of each node."""
    counts: tuple[int, ...]
    """Nodes of each kind."""
    places: NDArray[np.float64]
    """(n, 2), from 0 to 1."""
    groups: dict[str, list[str | None]]
    """``community`` and ``category`` -> the label of each node's."""


def plot(database: Database, file: Path, colour: str = "community", progress: Progress | None = None) -> PlotReport:
    """Draw all nodes that have a vector as an interactive page: pan, zoom, hover, search, colour by group.

    The page holds everything it needs, loads nothing, and is light or dark as the reader's system is.

    Args:
        database: the graph.
        file: HTML file to write.
        colour: ``community`` (those of the upper level) or ``category`` (those of the top); the page can change it.
        progress: called with step, units done and units in all.

    Raises:
        ConfigurationError: there is no such colour.
        StateError: the graph has no vectors.
        DataError: the file cannot be written.
    """
    if colour not in COLOURS:
        raise ConfigurationError(f"colour {colour!r} is none of {', '.join(COLOURS)}")
    if file.suffix.lower() not in (".html", ".htm"):
        raise ConfigurationError(f"{file} is no HTML file: give it the suffix .html")
    if not file.parent.is_dir():
        raise DataError(f"{file.parent} is no folder")
    drawn = plane(database, progress=progress)
    page = _page(drawn, colour)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{file} cannot be written: {error.strerror}") from error
    return PlotReport(drawn.run["runId"], file, len(drawn.ids), len(page.encode()))


def plane(database: Database, most: int | None = None, progress: Progress | None = None) -> Plane:
    """Read the vectors and lay them out flat.

    Args:
        database: the graph.
        most: nodes of each kind at most, taken evenly by their ids; None: all.
        progress: called with step, units done and units in all.

    Raises:
        StateError: the graph has no vectors.
    """
    run = active_run(database)
    if run is None:
        raise StateError("the graph has no vectors (or embed was interrupted): run `interestgraph embed`")
    ids: list[str] = []
    facts: list[Row] = []
    vectors = []
    counts = []
    for step, label in enumerate(LABELS):
        names, found = export_vectors(database, label, beside=bool(run.get("beside")))
        if most is not None and len(names) > most:
            chosen = np.linspace(0, len(names) - 1, most).astype(int)
            names, found = [names[at] for at in chosen], found[chosen]
        known = {row["id"]: row for row in database.read(f"embed/describe_{_PLURAL[label]}")}
        ids += names
        facts += [known.get(name, {"title": None, "community": None, "path": None}) for name in names]
        vectors += [found] if len(names) else []
        counts.append(len(names))
        if progress:
            progress("read", step + 1, len(LABELS))
    if not ids:
        raise StateError("the graph has no vectors (or embed was interrupted): run `interestgraph embed`")
    flat = project(np.concatenate(vectors), progress)
    span = flat.max(axis=0) - flat.min(axis=0)
    inside = (flat - flat.min(axis=0) - span / 2) / (span.max() or 1.0) + 0.5
    return Plane(run, tuple(ids), tuple(facts), tuple(counts), inside, _groups(database, facts))


def _groups(database: Database, facts: Sequence[Row]) -> dict[str, list[str | None]]:
    """Name of the colouring -> label of each node's group."""
    upper = {row["communityId"]: row["aboveLabel"] or row["label"] for row in database.read("embed/community_labels")}
    return {
        "community": [upper.get(fact["community"]) for fact in facts],
        "category": [fact["path"][0] if fact["path"] else None for fact in facts],
    }


def _page(drawn: Plane, colour: str) -> str:
    """The template with the data in it, compressed."""
    placed = np.round(drawn.places * _NONE).astype("<u2")
    counts = drawn.counts
    data = {
        "ids": drawn.ids,
        "titles": [fact["title"] or "" for fact in drawn.facts],
        "counts": counts,
        "x": _text(placed[:, 0]),
        "y": _text(placed[:, 1]),
        "by": [_coloured(name, labels) for name, labels in drawn.groups.items()],
        "colour": colour,
        "facts": f"{counts[0]:,} users, {counts[1]:,} items, {counts[2]:,} categories; run {drawn.run['runId']}",
    }
    packed = gzip.compress(json.dumps(data, ensure_ascii=False).encode(), compresslevel=6, mtime=0)
    template = (resources.files("interestgraph") / "embed" / "plot.html").read_text(encoding="utf-8")
    return template.replace("%DATA%", base64.b64encode(packed).decode("ascii"))


def _coloured(name: str, labels: Sequence[str | None]) -> dict[str, Any]:
    """Groups by falling size: their labels and sizes, and the number of each node's."""
    sizes = Counter(label for label in labels if label is not None).most_common(_NONE)
    number = {label: at for at, (label, _) in enumerate(sizes)}
    group = np.array([number.get(label, _NONE) if label is not None else _NONE for label in labels], "<u2")
    return {
        "name": name,
        "labels": [label for label, _ in sizes],
        "sizes": [size for _, size in sizes],
        "group": _text(group),
    }


def _text(numbers: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode("ascii")
