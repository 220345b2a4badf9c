"""The client's pictures: the report of the graph, and the interest graph of one user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from interestgraph.model import Progress

if TYPE_CHECKING:
    from interestgraph.analysis.answer import Answer
    from interestgraph.neo4j.connection import Database
    from interestgraph.pictures.portrait import PortraitConfig, PortraitReport
    from interestgraph.pictures.report import PageReport
    from interestgraph.pictures.source import ReportConfig


class DrawingMethods:
    """Part of `interestgraph.InterestGraph`."""

    _database: Database

    def report(
        self, file: str | Path, config: ReportConfig | None = None, *, progress: Progress | None = None
    ) -> PageReport:
        """Write the report of the graph as one HTML page; see `interestgraph.pictures.report.write_report`."""
        from interestgraph.pictures.report import write_report

        return write_report(self._database, Path(file), config, progress)

    def portrait(self, user: str) -> Answer:
        """Facts about a user; see the question `portrait`.

        Raises:
            UnknownUserError: the graph has no such user.
        """
        from interestgraph.pictures.portrait import portrait

        return portrait(self._database, user)

    def draw_portrait(self, user: str, file: str | Path, config: PortraitConfig | None = None) -> PortraitReport:
        """Draw a user's interest graph as an HTML page; see `interestgraph.pictures.portrait.draw_portrait`."""
        from interestgraph.pictures.portrait import draw_portrait

        return draw_portrait(self._database, user, Path(file), config)
