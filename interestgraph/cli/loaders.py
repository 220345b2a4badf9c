"""``interestgraph loaders``."""

from __future__ import annotations

from typing import Annotated

import typer

from interestgraph.cli.app import JsonOption, app

loaders = typer.Typer(no_args_is_help=True, help="Loader specifications.")
app.add_typer(loaders, name="loaders")


@loaders.command("list")
def list_loaders(as_json: JsonOption = False) -> None:
    """List the loaders that ship with the package.

    Example: interestgraph loaders list
    """
    from interestgraph.cli.output import print_json, print_table
    from interestgraph.ingest.spec import load_spec, loader_names

    specs = [load_spec(name) for name in loader_names()]
    if as_json:
        print_json([spec.model_dump(include={"name", "title", "description", "licence", "source"}) for spec in specs])
    else:
        rows = [(spec.name, spec.title, ", ".join(spec.behaviours), spec.source) for spec in specs]
        print_table("loaders", ("name", "data set", "behaviours", "where to get it"), rows)


@loaders.command()
def show(loader: Annotated[str, typer.Argument(help="Name of a loader.")]) -> None:
    """Print a loader's specification, to copy and edit.

    Example: interestgraph loaders show events > my-shop.toml
    """
    from interestgraph.ingest.spec import spec_path

    print(spec_path(loader).read_text(encoding="utf-8"), end="")
