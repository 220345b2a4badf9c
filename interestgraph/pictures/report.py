"""The report of a graph: one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from interestgraph import __version__
from interestgraph.errors import QueryError, StateError
from interestgraph.model import Progress
from interestgraph.neo4j.connection import Database
from interestgraph.page import charts
from interestgraph.page.document import absent, contents, document, section, tiles
from interestgraph.page.files import check_html, write_whole
from interestgraph.pictures import market, people, quality, shape
from interestgraph.pictures.source import ReportConfig, Source
from interestgraph.recommend.context import read_context, require_user
from interestgraph.status import read_status


@dataclass(frozen=True)
class Part:
    """A part of the report."""

    title: str
    text: str
    draw: Callable[[Source], str]


PARTS = (
    Part("Data quality", "What was read, and what became of it.", quality.data_quality),
    Part("Growth", "The graph week by week.", shape.growth),
    Part("Distributions", "Columns are powers of two: values from the name up to the next one.", shape.distributions),
    Part("Decay", "An event counts less the older it is.", shape.decay),
    Part("Categories", "", market.categories),
    Part("Communities", "Users and items that belong together, by what is chosen.", market.communities),
    Part("Trends", "What changed more than chance explains.", market.trends),
    Part("Campaigns", "Who redeemed, and what it changed.", market.campaigns),
    Part("Vector map", "", people.vector_map),
    Part("Recommendation quality", "", quality.recommendation_quality),
    Part("Portraits", "Users as the graph sees them, and what it recommends to them.", people.examples),
)  # fmt: skip


@dataclass(frozen=True)
class PageReport:
    """What was written."""

    file: Path
    bytes: int
    """Size of the file."""
    shown: tuple[str, ...]
    """Parts of the page."""
    absent: dict[str, str]
    """Parts that have nothing to show -> why."""


def write_report(
    database: Database, file: Path, config: ReportConfig | None = None, progress: Progress | None = None
) -> PageReport:
    """Write the report of a graph as one HTML page without scripts, which needs nothing else.

    A part whose data are not there says so in a line. The file is written beside its place and renamed.

    Raises:
        UnknownUserError: the graph has no user that `config` names.
        ConfigurationError: the file cannot be written, or that of the evaluation cannot be read.
    """
    config = config or ReportConfig()
    check_html(file)
    for user in config.users:
        require_user(database, user)
    source = Source(database, config, read_status(database), read_context(database), progress)
    shown: dict[str, str] = {}
    missing: dict[str, str] = {}
    for number, part in enumerate(PARTS):
        if progress:
            progress("report", number, len(PARTS))
        try:
            made = part.draw(source)
        except (StateError, QueryError) as error:
            missing[part.title] = str(error)
            made = absent(str(error))
        shown[part.title] = section(part.title, part.text, made)
    if progress:
        progress("report", len(PARTS), len(PARTS))
    size = write_whole(file, _page(source, shown))
    return PageReport(file, size, tuple(name for name in shown if name not in missing), missing)


def _page(source: Source, sections: dict[str, str]) -> str:
    status = source.status
    last = status.last_event_at
    when = f"as of its latest event, {last:%Y-%m-%d %H:%M} UTC" if last else "without events"
    facts = [
        ("users", f"{status.users:,}"),
        ("items", f"{status.items:,}"),
        ("categories", f"{status.categories:,}"),
        ("communities", f"{status.communities:,}"),
        ("campaigns", f"{status.campaigns:,}"),
        *((f"{name} relationships", f"{count:,}") for name, count in status.behaviours.items()),
        ("relationships in all", f"{status.relationships:,}"),
    ]
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by interestgraph {__version__}, Neo4j {status.version}"
    notes = "".join(f"<p class=absent>{escape(note)}</p>" for note in source.context.notes)
    intro = f"<p>{escape(when[:1].upper() + when[1:])}.</p>{notes}"
    footer = f"Made {escape(made)}. Command: <code>interestgraph report</code>."
    body = tiles(facts) + contents(sections) + "".join(sections.values())
    return document("Interest graph", intro, body, footer, style=charts.style())
