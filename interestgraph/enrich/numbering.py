"""Ids of communities that last from run to run, and who moved between them.

What a node knows of its place is on the node alone, and written at once: its community, those of both levels before,
and the number of the run that moved it. So a run that dies leaves each node with its old place or its new one, and the
same run again gives the same ids, since it noted them on its EnrichRun node before it wrote anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interestgraph.enrich.communities import Communities
from interestgraph.enrich.matching import Matching, match
from interestgraph.neo4j.adjacency import Adjacency
from interestgraph.neo4j.connection import Database, Row

LEVELS = ("coarse", "fine")


class Place(NamedTuple):
    """Where a node is, and was before."""

    community: str | None = None
    """Its fine community."""
    before: str | None = None
    """The fine community that it was in before."""
    upper_before: str | None = None
    run: int | None = None
    """Number of the run that moved it, on either level."""


NOWHERE = Place()


@dataclass(frozen=True)
class Past:
    """What earlier runs left in the graph."""

    runs: tuple[Row, ...]
    """Properties of the EnrichRun nodes."""
    users: Mapping[str, Place]
    items: Mapping[str, Place]
    above: Mapping[str, str]
    """Fine community -> coarse community."""
    highest: tuple[int, int]
    """The highest number of a coarse and a fine community that there is."""

    def run(self, run_id: str) -> Row | None:
        """The run of that id, if there was one that is not forgotten."""
        return next((run for run in self.runs if run["runId"] == run_id), None)

    def number(self, run_id: str) -> int:
        """The number of a run: that which it had, else one that none had."""
        again = self.run(run_id)
        if again is not None and "number" in again:
            return int(again["number"])
        return max((int(run.get("number", 0)) for run in self.runs), default=0) + 1

    def resolution(self, run_id: str) -> float | None:
        """Resolution of the same run, else of the latest one."""
        latest = max(self.runs, key=lambda run: run.get("number", 0), default=None)
        found = self.run(run_id) or latest
        return None if found is None else found.get("resolution")


@dataclass(frozen=True)
class Numbered:
    """Ids of the communities of a run."""

    number: int
    """Of the run."""
    levels: tuple[Matching, Matching]
    """Coarse and fine."""
    above: Mapping[str, str]
    """Fine community -> coarse community, before this run."""
    parent: tuple[int, ...]
    """Coarse community of each fine one, as positions."""

    @cached_property
    def coarse(self) -> list[str]:
        """Ids of the coarse communities."""
        return [f"1-{number}" for number in self.levels[0].numbers]

    @cached_property
    def fine(self) -> list[str]:
        """Ids of the fine communities."""
        return [f"2-{number}" for number in self.levels[1].numbers]

    @property
    def properties(self) -> Row:
        """What the EnrichRun node keeps."""
        made: Row = {"number": self.number}
        for name, level in zip(LEVELS, self.levels, strict=True):
            made[f"{name}Numbers"] = list(level.numbers)
            made[f"{name}Changes"] = [level.kept, level.new, level.gone]
            made[f"{name}Last"] = level.last
        return made

    def place(self, community: int, past: Place) -> Place:
        """The place of a node, by the number of its fine community in the new partition."""
        found = upper = None
        if community >= 0:
            found, upper = self.fine[community], self.coarse[self.parent[community]]
        upper_before = self.above.get(past.community or "")
        if past.community == found and (upper_before == upper or past.run == self.number):
            return past
        return Place(found, past.community, upper_before, self.number)


def read_past(database: Database) -> Past:
    """Read places, communities and runs."""
    users, items = (
        {row[0]: Place(*row[1:]) for row in database.stream(f"enrich/export_{kind}_communities")}
        for kind in ("user", "item")
    )
    ids = [row["communityId"] for row in database.read("enrich/list_communities")]
    highest = [max((_number(name) for name in ids if name.startswith(level)), default=0) for level in ("1-", "2-")]
    above = {source: targets[0] for source, targets in database.stream("enrich/export_community_parents")}
    runs = tuple(row["run"] for row in database.read("enrich/list_runs"))
    return Past(runs, users, items, above, (highest[0], highest[1]))


def numbered(past: Past, run_id: str, adjacency: Adjacency, found: Communities, least_overlap: float) -> Numbered:
    """Give communities their ids: those of the last run where they overlap enough.

    Args:
        past: what earlier runs left.
        run_id: of this run; where it was interrupted, its communities get the ids that it gave them.
        adjacency: the nodes.
        found: their new communities.
        least_overlap: see `interestgraph.enrich.matching.match`.
    """
    counts, parent = (found.n_coarse, len(found.parent)), tuple(found.parent.tolist())
    again = past.run(run_id)
    if again is not None and again["status"] != "complete":
        levels = [_noted(again, name) for name in LEVELS]
        if tuple(len(level.numbers) for level in levels) == counts:
            return Numbered(past.number(run_id), (levels[0], levels[1]), past.above, parent)
    places = [past.users.get(name, NOWHERE).community for name in adjacency.users]
    places += [past.items.get(name, NOWHERE).community for name in adjacency.items]
    above = [past.above.get(name or "") for name in places]
    fine = np.concatenate([found.user, found.item])
    made = []
    for name, before, now, count, highest in zip(
        LEVELS, (above, places), (found.upper(fine), fine), counts, past.highest, strict=True
    ):
        last = max([highest, *(int(run.get(f"{name}Last", 0)) for run in past.runs)])
        made.append(match(_numbers(before), now, count, last, least_overlap))
    return Numbered(past.number(run_id), (made[0], made[1]), past.above, parent)


def _noted(run: Row, name: str) -> Matching:
    kept, new, gone = run.get(f"{name}Changes", (0, 0, 0))
    return Matching(tuple(run.get(f"{name}Numbers", ())), kept, new, gone, run.get(f"{name}Last", 0))


def _numbers(names: Sequence[str | None]) -> NDArray[np.int64]:
    return np.array([-1 if name is None else _number(name) for name in names], dtype=np.int64)


def _number(community_id: str) -> int:
    return int(community_id.partition("-")[2])
