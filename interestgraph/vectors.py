"""The client's methods on vectors: neighbours, runs, what came after a run, a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from interestgraph.model import Progress

if TYPE_CHECKING:
    from interestgraph.embed.diff import Drift
    from interestgraph.embed.fold_in import FoldReport
    from interestgraph.embed.plot import PlotReport
    from interestgraph.embed.runs import Activation, EmbeddingRun
    from interestgraph.neo4j.connection import Database
    from interestgraph.recommend.neighbours import Kind, Neighbours


class VectorMethods:
    """Part of `interestgraph.InterestGraph`."""

    _database: Database

    def fold_in(self, *, progress: Progress | None = None) -> FoldReport:
        """Give vectors to nodes that have none, from their neighbours'; see `interestgraph.embed.fold_in.fold_new`."""
        from interestgraph.embed.fold_in import fold_new

        return fold_new(self._database, progress)

    def runs(self) -> list[EmbeddingRun]:
        """All embedding runs, the latest first."""
        from interestgraph.embed.runs import list_runs

        return list_runs(self._database)

    def run(self, run_id: str) -> EmbeddingRun:
        """One embedding run."""
        from interestgraph.embed.runs import show_run

        return show_run(self._database, run_id)

    def activate_run(self, run_id: str, *, progress: Progress | None = None) -> Activation:
        """Make an earlier embedding run serve again; see `interestgraph.embed.runs.activate_run`."""
        from interestgraph.embed.runs import activate_run

        return activate_run(self._database, run_id, progress)

    def diff_runs(
        self, old: str | None = None, new: str | None = None, *, n: int = 10, progress: Progress | None = None
    ) -> Drift:
        """What changed between two embedding runs; see `interestgraph.embed.diff.diff_runs`."""
        from interestgraph.embed.diff import diff_runs

        return diff_runs(self._database, old, new, n, progress)

    def plot(self, file: str | Path, *, colour: str = "community", progress: Progress | None = None) -> PlotReport:
        """Draw the vectors as an HTML page; see `interestgraph.embed.plot.plot`."""
        from interestgraph.embed.plot import plot

        return plot(self._database, Path(file), colour, progress)

    def neighbours(self, node: str, n: int = 10, *, kind: Kind | None = None, among: Kind | None = None) -> Neighbours:
        """The nearest nodes of a user, item or category; see `interestgraph.recommend.neighbours.neighbours`."""
        from interestgraph.recommend.neighbours import neighbours

        return neighbours(self._database, node, n, kind=kind, among=among)

    def delete_run(self, run_id: str) -> None:
        """Remove an embedding run that does not serve, with its vectors."""
        from interestgraph.embed.runs import delete_run

        delete_run(self._database, run_id)
