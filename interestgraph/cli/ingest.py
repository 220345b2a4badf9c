"""``interestgraph load``, ``unload``, ``record`` and ``compact``."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.ingest.preview import LoadPreview


class Part(StrEnum):
    """What can be updated alone."""

    ITEMS = "items"
    USERS = "users"


@app.command()
def load(
    loader: Annotated[str, typer.Argument(help="Name of a loader, or path of a .toml file.")],
    data: Annotated[Path | None, typer.Option(help="File or folder of the log.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only events at or after this moment (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only events before this moment (UTC).")] = None,
    only: Annotated[Part | None, typer.Option(help="Only the catalogue, or the users' attributes; no events.")] = None,
    max_rejected: Annotated[
        str | None, typer.Option(help="Write nothing when more rows are rejected: a number, or 1% of the rows.")
    ] = None,
    replace: Annotated[str | None, typer.Option(help="Id of a load that is taken out first.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Load a behaviour log into the graph; what is known already is not added again.

    Example: interestgraph load events --data clicks.csv
    """
    from interestgraph.cli.output import Bars, note, print_json, print_table

    wanted: dict[str, Any] = {
        "since": since,
        "until": until,
        "only": only.value if only else None,
        "max_rejected": max_rejected,
        "replace": replace,
    }
    with open_graph() as graph, Bars() as bars:
        if dry_run:
            _print_preview(graph.preview(loader, data, **wanted, progress=bars), as_json)
            return
        report = graph.load(loader, data, **wanted, progress=bars)
    if as_json:
        print_json(report)
        return
    rows = [
        ("route", report.route),
        ("rows read", report.rows),
        ("new events", report.events),
        ("known events", report.duplicates),
        *((("events outside of the period", report.outside),) if report.outside else ()),
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
    for text in report.notes:
        note(text)


def _print_preview(found: LoadPreview, as_json: bool) -> None:
    from interestgraph.cli.output import note, print_json, print_table

    if as_json:
        print_json(found)
        return
    if found.loaded:
        note(f"load {found.load_id} is in the graph already: nothing would change")
        return
    rows: list[tuple[str, object]] = [
        ("rows read", found.rows),
        ("new events", found.events),
        ("known events", found.duplicates),
        ("events outside of the period", found.outside),
        ("rejected rows", found.rejected),
        *((f"  {reason}", count) for reason, count in found.reasons.items()),
    ]
    print_table(f"load {found.load_id} would do this", ("", ""), rows)
    changes = [(name, change.added, change.changed) for name, change in found.changes.items()]
    print_table("in the graph", ("", "new", "changed"), changes)
    for text in found.notes:
        note(text)


@app.command()
def unload(
    load_id: Annotated[str, typer.Argument(help="Id of the load: `interestgraph status` lists them.")],
    as_json: JsonOption = False,
) -> None:
    """Take a load out again: the graph becomes what the other loads say.

    Example: interestgraph unload events-3f2a9c17b0de
    """
    from interestgraph.cli.output import Bars, note, print_json, print_table

    with open_graph() as graph, Bars() as bars:
        report = graph.unload(load_id, progress=bars)
        derived = graph.status().enrich_run is not None
    if as_json:
        print_json(report)
    else:
        rows = [
            ("events", report.events),
            ("relationships removed", report.relationships_removed),
            ("relationships changed", report.relationships_changed),
            ("nodes removed", report.nodes_removed),
        ]
        print_table(f"unload {report.load_id}", ("", ""), rows)
    if derived:
        note("similarity, trends, interests and vectors still count it: run `interestgraph enrich` and `embed`")


@app.command()
def record(
    user: Annotated[str, typer.Argument(help="Id of the user; a new one is made.")],
    item: Annotated[str, typer.Argument(help="Id of the item; a new one is made.")],
    behaviour: Annotated[str, typer.Argument(help="PURCHASED, VIEWED, CARTED, RATED and so on.")] = "PURCHASED",
    at: Annotated[datetime | None, typer.Option(help="When it happened (UTC); default: now.")] = None,
    value: Annotated[float | None, typer.Option(help="Amount or rating.")] = None,
    quantity: Annotated[float | None, typer.Option(help="Number of pieces.")] = None,
) -> None:
    """Record one event, at once visible to recommend, profile and trending.

    Example: interestgraph record 1228 1082185 PURCHASED --value 2.99
    """
    with open_graph() as graph:
        graph.record(user, item, behaviour.upper(), at=at, value=value, quantity=quantity)


@app.command()
def compact(
    before: Annotated[datetime, typer.Option(help="Events before this moment (UTC) are compacted.")],
    as_json: JsonOption = False,
) -> None:
    """Make the record of old events smaller; they stay exact, but are no longer recognised when they come again.

    Example: interestgraph compact --before 2024-01-01
    """
    from interestgraph.cli.output import Bars, print_json, print_table

    with open_graph() as graph, Bars() as bars:
        report = graph.compact(before, progress=bars)
    if as_json:
        print_json(report)
        return
    rows = [
        ("parts", report.parts),
        ("events", report.events),
        ("MB before", round(report.bytes_before / 1e6, 3)),
        ("MB after", round(report.bytes_after / 1e6, 3)),
    ]
    print_table(f"compacted before {report.before:%Y-%m-%d %H:%M}", ("", ""), rows)
