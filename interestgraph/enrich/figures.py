"""The figures of communities that `enrich` prints and keeps on its EnrichRun node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from interestgraph.enrich.communities import Communities
from interestgraph.enrich.numbering import Numbered
from interestgraph.neo4j.connection import Row


@dataclass(frozen=True)
class CommunityFigures:
    """Quality of the upper communities, and of those below them (`fine_…`); see `interestgraph.enrich.partition`."""

    resolution: float
    stability: float
    """Mean adjusted Rand index between partitions of the upper level of other seeds; 1: chance decides nothing."""
    modularity: float
    coverage: float
    conductance: float
    fine_modularity: float
    fine_coverage: float
    fine_conductance: float
    users_left_out: float
    """Share of the users that are in no community."""
    items_left_out: float
    kept: int
    """Communities that the last run had too; they keep their ids."""
    new: int
    gone: int
    """Communities of the last run that are none any more."""
    fine_kept: int
    fine_new: int
    fine_gone: int

    @property
    def properties(self) -> Row:
        """As properties of an EnrichRun node."""
        return {_camel(part.name): getattr(self, part.name) for part in fields(self)}

    @classmethod
    def of_run(cls, run: Mapping[str, Any]) -> CommunityFigures:
        """Those that an EnrichRun node keeps."""
        return cls(**{part.name: run[_camel(part.name)] for part in fields(cls)})


def figures(found: Communities, numbered: Numbered) -> CommunityFigures:
    """The figures of a partition and its ids."""
    (upper, lower), (coarse, fine) = found.quality, numbered.levels
    return CommunityFigures(
        resolution=found.chosen.resolution,
        stability=found.chosen.stability,
        modularity=upper.modularity,
        coverage=upper.coverage,
        conductance=upper.conductance,
        fine_modularity=lower.modularity,
        fine_coverage=lower.coverage,
        fine_conductance=lower.conductance,
        users_left_out=float((found.user < 0).mean()) if len(found.user) else 0.0,
        items_left_out=float((found.item < 0).mean()) if len(found.item) else 0.0,
        kept=coarse.kept,
        new=coarse.new,
        gone=coarse.gone,
        fine_kept=fine.kept,
        fine_new=fine.new,
        fine_gone=fine.gone,
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
