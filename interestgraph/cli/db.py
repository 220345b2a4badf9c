"""``interestgraph db``: the private Neo4j server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from interestgraph.cli.app import JsonOption, app, settings

group = typer.Typer(no_args_is_help=True, help="The private Neo4j server.")
app.add_typer(group, name="db")


@group.command()
def start(as_json: JsonOption = False) -> None:
    """Start the server, or find the one that runs.

    Example: interestgraph db start
    """
    from interestgraph.cli.output import note
    from interestgraph.neo4j.server import PrivateServer

    _show(PrivateServer(settings()).start(note), as_json)


@group.command()
def stop(
    force: Annotated[bool, typer.Option("--force", help="Kill it if it does not end in time.")] = False,
) -> None:
    """Stop the server.

    Example: interestgraph db stop
    """
    from interestgraph.neo4j.server import PrivateServer

    print("stopped" if PrivateServer(settings()).stop(force=force) else "was not running")


@group.command()
def status(as_json: JsonOption = False) -> None:
    """Say whether the server runs, and where.

    Example: interestgraph db status
    """
    from interestgraph.neo4j.server import PrivateServer

    info = PrivateServer(settings()).status()
    if info is None:
        print('{"running": false}' if as_json else "not running: `interestgraph db start` starts it")
    else:
        _show(info, as_json)


@group.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the server and delete its whole graph.

    Example: interestgraph db reset --yes
    """
    from interestgraph.neo4j.server import PrivateServer

    server = PrivateServer(settings())
    if not yes:
        typer.confirm(f"Delete the whole graph in {server.home}?", abort=True, err=True)
    server.reset()
    print("the graph is empty")


@group.command()
def logs(lines: Annotated[int, typer.Option("-n", "--lines", help="How many lines.", min=1)] = 50) -> None:
    """Print the end of the server's log.

    Example: interestgraph db logs -n 20
    """
    from interestgraph.errors import ServerError
    from interestgraph.neo4j.server import PrivateServer

    path = PrivateServer(settings()).log_file
    if not path.is_file():
        raise ServerError(f"no log at {path}: the server was never started")
    print("\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]))


@group.command()
def path() -> None:
    """Print the server's folder.

    Example: interestgraph db path
    """
    print(settings().home)


def _show(info: object, as_json: bool) -> None:
    from interestgraph.cli.output import print_json, print_table
    from interestgraph.neo4j.server import ServerInfo

    assert isinstance(info, ServerInfo)
    shown = {name: value for name, value in asdict(info).items() if name != "password"}
    if as_json:
        print_json({"running": True, **shown})
    else:
        rows = [(name.replace("_", " "), str(value)) for name, value in shown.items()]
        rows.insert(3, ("browser", f"{info.http_url}/browser/"))
        print_table(f"Neo4j {info.version} is running", ("", ""), rows)
