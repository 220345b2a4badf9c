"""``interestgraph report`` and ``interestgraph portrait``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interestgraph.cli.app import JsonOption, app, open_graph


@app.command()
def report(
    html: Annotated[Path, typer.Option(help="HTML file to write.")],
    users: Annotated[
        list[str] | None, typer.Option("--user", help="User whose portrait is shown; may be given again.")
    ] = None,
    examples: Annotated[int, typer.Option(help="Portraits, where --user names none; 0: none.", min=0, max=20)] = 2,
    days: Annotated[int, typer.Option(help="Length of the periods that trends compare.", min=7)] = 28,
    evaluation: Annotated[
        Path | None, typer.Option(help="JSON of `interestgraph evaluate --json`; default: what the graph keeps.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a report of the graph as one HTML page that needs nothing else: data, trends, campaigns, people and more.

    Example: interestgraph report --html report.html
    """
    from interestgraph.cli.output import Bars, note, print_json
    from interestgraph.pictures.source import ReportConfig

    config = ReportConfig(tuple(users or ()), examples, days, evaluation=evaluation)
    with Bars() as bars, open_graph() as graph:
        done = graph.report(html, config, progress=bars)
    if as_json:
        print_json(done)
        return
    print(f"{len(done.shown)} parts in {done.file} ({done.bytes / 1e6:.1f} MB)")
    for title, reason in done.absent.items():
        note(f"{title}: {reason}")


@app.command()
def portrait(
    user: Annotated[str, typer.Argument(help="User id.")],
    html: Annotated[Path | None, typer.Option(help="Draw the user's interest graph in this HTML file.")] = None,
    items: Annotated[int, typer.Option(help="Strongest items in the drawing.", min=1, max=60)] = 12,
    recommended: Annotated[int, typer.Option(help="Recommended items in the drawing.", min=0, max=30)] = 5,
    as_json: JsonOption = False,
) -> None:
    """Show who a user is: interests, rhythm, price level, brands, communities, campaigns; or draw it, with --html.

    Example: interestgraph portrait 1228 --html portrait.html
    """
    from interestgraph.cli.output import note, print_json, print_table
    from interestgraph.pictures.portrait import PortraitConfig

    with open_graph() as graph:
        if html is not None:
            done = graph.draw_portrait(user, html, PortraitConfig(items, recommended))
            if as_json:
                print_json(done)
            else:
                print(f"{done.nodes} nodes and {done.edges} edges in {done.file} ({done.bytes / 1e6:.1f} MB)")
            return
        answer = graph.portrait(user)
    if as_json:
        print_json(answer.rows)
        return
    print_table(f"user {user}", answer.columns, [[part[name] for name in answer.columns] for part in answer])
    for text in answer.notes:
        note(text)
