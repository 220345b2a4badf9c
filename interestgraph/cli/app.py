"""The command tree and the options that all commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from interestgraph.client import InterestGraph
    from interestgraph.settings import Settings

app = typer.Typer(
    name="interestgraph",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A graph-database-backed interest graph: logs in Neo4j, vectors, explained recommendations.",
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
CountOption = Annotated[int, typer.Option("-n", "--count", help="Number of results, 1 to 1000.")]

_given: dict[str, Any] = {}


def _version(wanted: bool) -> None:
    if wanted:
        from interestgraph import __version__

        print(f"interestgraph {__version__}")
        raise typer.Exit


@app.callback()
def options(
    uri: Annotated[str | None, typer.Option(help="Neo4j to use (NEO4J_URI); default: the private one.")] = None,
    username: Annotated[str | None, typer.Option(help="User name (NEO4J_USERNAME).")] = None,
    password: Annotated[
        str | None, typer.Option(help="Password; better in NEO4J_PASSWORD or .env, where nobody sees it.")
    ] = None,
    database: Annotated[str | None, typer.Option(help="Database (NEO4J_DATABASE).")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of the private server (INTERESTGRAPH_HOME).")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of all commands."""
    del version
    _given.clear()
    _given.update(uri=uri, username=username, password=password, database=database, home=home)


def settings() -> Settings:
    """The settings with the options of the command line."""
    from interestgraph.settings import load_settings

    return load_settings(
        neo4j_uri=_given.get("uri"),
        neo4j_username=_given.get("username"),
        neo4j_password=_given.get("password"),
        neo4j_database=_given.get("database"),
        home=_given.get("home"),
    )


def open_graph() -> InterestGraph:
    """Connect with the options of the command line."""
    from interestgraph.cli.output import note
    from interestgraph.client import InterestGraph

    return InterestGraph(
        _given.get("uri"),
        username=_given.get("username"),
        password=_given.get("password"),
        database=_given.get("database"),
        home=_given.get("home"),
        on_start=note,
    )


# The command groups register themselves on `app`.
from interestgraph.cli import (  # noqa: E402
    browser,  # noqa: F401
    communities,  # noqa: F401
    db,  # noqa: F401
    demo,  # noqa: F401
    embed,  # noqa: F401
    evaluate,  # noqa: F401
    ingest,  # noqa: F401
    loaders,  # noqa: F401
    pictures,  # noqa: F401
    predict,  # noqa: F401
    query,  # noqa: F401
    recommend,  # noqa: F401
    reshape,  # noqa: F401
    serve,  # noqa: F401
    split,  # noqa: F401
    state,  # noqa: F401
    stream,  # noqa: F401
    train,  # noqa: F401
    vectors,  # noqa: F401
)
