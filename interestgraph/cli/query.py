"""``interestgraph query``: the Cypher files."""

from __future__ import annotations

from typing import Annotated

import typer

from interestgraph.cli.app import app

group = typer.Typer(no_args_is_help=True, help="The Cypher files behind the commands, for Neo4j Browser.")
app.add_typer(group, name="query")


@group.command("list")
def list_queries() -> None:
    """List the Cypher files with what each is for.

    Example: interestgraph query list
    """
    from interestgraph.cli.output import print_table
    from interestgraph.neo4j.queries import load_query, query_names

    queries = [load_query(name) for name in query_names()]
    print_table("queries", ("name", "mode", "purpose"), [(q.name, q.mode, q.purpose) for q in queries])


@group.command()
def show(name: Annotated[str, typer.Argument(help="Name as `query list` prints it.")]) -> None:
    """Print a Cypher file with its header.

    Example: interestgraph query show serve/trending
    """
    from interestgraph.neo4j.queries import load_query, query_path

    load_query(name)
    print(query_path(name).read_text(encoding="utf-8"), end="")
