"""One space for the vectors of all runs: a new run is rotated onto the one that serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from interestgraph.embed.align import align, normalise
from interestgraph.embed.store import stored_vectors
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.vectors import LABELS, Vectors, export_vectors


class InSpace(NamedTuple):
    """Vectors in the space of an earlier run."""

    vectors: Vectors
    residual: float | None
    """How far the common nodes are from their earlier vectors, see `interestgraph.embed.align.Alignment`; None: there
    was nothing to align with."""
    common: int
    """Nodes that both runs have. Fewer than dimensions leave the rotation partly open, and the residual says little."""


def vectors_of_run(database: Database, run: Row, label: str) -> tuple[Sequence[str], Vectors]:
    """Ids and vectors (n, d) that a run gave to the nodes of a label; those on the nodes if it keeps none itself."""
    if run.get("stored"):
        return stored_vectors(database, run["runId"], label)
    return export_vectors(database, label)


def into_space(database: Database, run: Row | None, keys: Sequence[str], vectors: Vectors) -> InSpace:
    """Rotate vectors into the space of a run, so that they stay comparable while and after they replace its own.

    Args:
        database: the graph.
        run: the run that serves; None, or one with other dimensions: the vectors stay as they are.
        keys: ``Label:id`` of each vector.
        vectors: float32 (n, d), rows of length 1 or 0.
    """
    if run is None or run["dimensions"] != vectors.shape[1]:
        return InSpace(vectors, None, 0)
    position: Mapping[str, int] = {key: at for at, key in enumerate(keys)}
    rows: list[int] = []
    earlier: list[Vectors] = []
    for label in LABELS:
        names, old = vectors_of_run(database, run, label)
        found = np.array([position.get(f"{label}:{name}", -1) for name in names], np.intp)
        known = np.flatnonzero(found >= 0)
        known = known[vectors[found[known]].any(axis=1)]
        rows += found[known].tolist()
        earlier.append(old[known])
    if not rows:
        return InSpace(vectors, None, 0)
    rotated, residual = align(vectors, np.concatenate([part for part in earlier if len(part)]), rows, range(len(rows)))
    return InSpace(normalise(rotated), float(residual), len(rows))
