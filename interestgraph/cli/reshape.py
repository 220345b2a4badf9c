"""``interestgraph reshape``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.reshape.reshape import ReshapeReport


@app.command()
def reshape(
    below: Annotated[
        float | None,
        typer.Option(help="Prune relationships that weigh less (0.1); a new event weighs 1."),
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(help="Read the weights at this moment (UTC); default: last event.")
    ] = None,
    merge_duplicates: Annotated[
        bool,
        typer.Option(
            "--merge-duplicates", help="Merge equal categories, and items of equal title, brand and categories."
        ),
    ] = False,
    merge: Annotated[Path | None, typer.Option(help="CSV file (item,into) of items to merge into others.")] = None,
    users: Annotated[int | None, typer.Option(min=1, help="Users whose lists are compared (200).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Prune relationships that have faded, clear away what is dead, and find communities and the rest anew.

    A pruned relationship comes back whole with the next event of its user and item.

    Example: interestgraph reshape --below 0.2 --dry-run
    """
    from interestgraph.cli.output import Bars, print_json
    from interestgraph.reshape.reshape import ReshapeConfig

    given: dict[str, Any] = {"below": below, "as_of": as_of, "merge": merge, "users": users}
    given |= {"merge_duplicates": merge_duplicates, "dry_run": dry_run}
    config = ReshapeConfig(**{name: value for name, value in given.items() if value is not None})
    with open_graph() as graph, Bars() as bars:
        report = graph.reshape(config, progress=bars)
    if as_json:
        print_json(report)
        return
    _print_report(report)


def _print_report(report: ReshapeReport) -> None:
    from interestgraph.cli.output import print_table

    verb = "would be pruned" if report.dry_run else "pruned"
    rows = [(name, count, report.kept[name]) for name, count in report.pruned.items()]
    moment = f"{report.as_of:%Y-%m-%d %H:%M}"
    print_table(f"relationships under {report.below:g} as of {moment}", ("", verb, "kept"), rows)
    would = "would be" if report.dry_run else "were"
    nodes = [
        (f"items that {would} merged", report.merged),
        (f"categories that {would} merged", report.merged_categories),
        ("discontinued items without a relationship", report.dead_items),
        (f"categories without items that {would} deleted", report.dead_categories),
    ]
    print()
    print_table("nodes", ("", ""), nodes)
    state: list[tuple[str, object]] = [
        ("users with history", report.state.users),
        ("days with events", report.state.days),
        ("bytes of own history", report.state.history),
        ("bytes of weeks on relationships", report.state.weeks),
    ]
    print()
    print_table("history state, on average of a user", ("", ""), state)
    if report.dry_run:
        return
    before, after = report.before, report.after
    sizes: list[tuple[str, object, object]] = [
        ("user-item relationships", before.pairs, after.pairs),
        ("MB of their records", before.pair_bytes / 1e6, after.pair_bytes / 1e6),
        ("pruned pairs", before.pruned, after.pruned),
        ("MB of their packs", before.pruned_bytes / 1e6, after.pruned_bytes / 1e6),
        ("relationships in all", before.relationships, after.relationships),
        *((f"seconds: {name}", value, report.seconds_after[name]) for name, value in report.seconds_before.items()),
    ]
    print()
    print_table("saved", ("", "before", "after"), sizes)
    if report.overlap is not None and report.figures is not None:
        found = report.figures
        cost: list[tuple[str, object]] = [
            ("share of the ten best items that stay", report.overlap),
            ("communities kept, new, gone", f"{found.kept}, {found.new}, {found.gone}"),
            ("those below them", f"{found.fine_kept}, {found.fine_new}, {found.fine_gone}"),
        ]
        print()
        print_table("cost", ("", ""), cost)
