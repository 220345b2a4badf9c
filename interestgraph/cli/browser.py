"""``interestgraph browser``: Neo4j Browser with favourites, style sheet and guide."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from interestgraph.cli.app import JsonOption, app, open_graph


@app.command()
def browser(
    port: Annotated[int, typer.Option(help="Port of the guide on localhost; 0: any free one.", min=0, max=65535)] = 0,
    opened: Annotated[bool, typer.Option("--open", help="Open the address in the web browser.")] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Write the files, print, and end: the guide is not served.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prepare Neo4j Browser: print the address that signs in and shows the guide, and serve the guide until Ctrl-C.

    Example: interestgraph browser --open
    """
    import webbrowser

    from interestgraph.cli.output import note, print_json

    with open_graph() as graph, graph.browser(port=port) as page:
        told = {
            "address": page.address,
            "username": page.username,
            "password file": page.password_file,
            "favourites": str(page.favourites),
            "style": f":style {page.style}",
            "guide": f":play {page.guide}",
        }
        if as_json:
            print_json(told)
        else:
            for name, value in told.items():
                print(f"{name:<14} {value or '(yours)'}", flush=True)
        note(f"drop {page.favourites} onto the window of Neo4j Browser to have all questions as favourites")
        if opened:
            webbrowser.open(page.address)
        if once:
            return
        try:
            note("the guide is served until Ctrl-C")
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            note("the guide is no longer served; the graph stays up")
