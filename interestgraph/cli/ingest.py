"""``interestgraph load``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from interestgraph.cli.app import JsonOption, app, open_graph


@app.command()
def load(
    loader: Annotated[str, typer.Argument(help="Name of a loader, or path of a .toml file.")],
    data: Annotated[Path | None, typer.Option(help="File or folder of the log.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only events at or after this moment (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only events before this moment (UTC).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Load a behaviour log into the graph.

    Example: interestgraph load events --data clicks.csv
    """
    from interestgraph.cli.output import Bars, print_json, print_table

    with open_graph() as graph, Bars() as bars:
        report = graph.load(loader, data, since=since, until=until, progress=bars)
    if as_json:
        print_json(report)
        return
    rows = [
        ("route", report.route),
        ("rows read", report.rows),
        ("events", report.events),
        ("rejected rows", report.rejected),
        *((f"  {reason}", count) for reason, count in report.reasons.items()),
        *((("rejected rows are in", report.rejected_file),) if report.rejected_file else ()),
        ("users", report.users),
        ("items", report.items),
        ("categories", report.categories),
        ("relationships", report.relationships),
        ("first event", report.first_event_at),
        ("last event", report.last_event_at),
        *((f"seconds to {stage}", round(seconds, 1)) for stage, seconds in report.seconds.items()),
    ]
    print_table(f"load {report.load_id}", ("", ""), rows)
