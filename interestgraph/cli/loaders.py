"""``interestgraph loaders``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interestgraph.cli.app import JsonOption, app

if TYPE_CHECKING:
    from interestgraph.ingest.check import CheckReport

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


@loaders.command()
def check(
    loader: Annotated[str, typer.Argument(metavar="FILE", help="Path of a .toml file, or name of a loader.")],
    data: Annotated[Path | None, typer.Option(help="File or folder of the log, to try the loader on.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of the log to try.")] = 100_000,
    as_json: JsonOption = False,
) -> None:
    """Check a specification: print every problem with its key, and what the first rows of the log would become.

    The exit code is 1 when there is a problem.

    Example: interestgraph loaders check my-shop.toml --data clicks.csv
    """
    from interestgraph.cli.output import print_json
    from interestgraph.ingest.check import check as run

    report = run(loader, data, rows)
    if as_json:
        print_json(report)
    else:
        print_check(report)
    if report.problems:
        raise typer.Exit(1)


def print_check(report: CheckReport) -> None:
    """Print problems one a line, and the trial as a table."""
    from interestgraph.cli.output import note, print_table

    for problem in report.problems:
        print(f"{problem.key}: {problem.message}")
    trial = report.trial
    if trial is None:
        if not report.problems:
            print(f"{report.path}: the specification is in order")
            note("give the log with --data PATH to try it")
        return
    rejections = [
        (f"{found.reason} ({found.rows:,})", example.file, example.row, example.column, example.value)
        for found in trial.rejections
        for example in found.examples
    ]
    counts = [*((name, count) for name, count in trial.behaviours.items()), ("duplicates", trial.duplicates)]
    counts += [(f"rejected: {found.reason}", found.rows) for found in trial.rejections]
    print_table(
        f"loader {report.name}: {trial.events:,} of the first {trial.rows:,} rows are events", ("", "rows"), counts
    )
    if rejections:
        print_table("\nrows that are no events, such as", ("reason", "file", "row", "column", "value"), rejections)


@loaders.command()
def guess(
    log: Annotated[Path, typer.Argument(metavar="FILE", help="A log: CSV, TSV, Parquet or JSON lines, .gz or .zst.")],
    name: Annotated[str | None, typer.Option(help="Name of the loader; default: from the file's.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this .toml file.")] = None,
) -> None:
    """Look at an unknown log, and print a first specification to edit.

    Comments say why each column was taken, and which were not.

    Example: interestgraph loaders guess clicks.csv -o my-shop.toml
    """
    from interestgraph.cli.output import note
    from interestgraph.errors import ConfigurationError
    from interestgraph.ingest.guess import guess as run

    if output is not None and output.suffix != ".toml":
        raise typer.BadParameter(f"the name of a specification ends in .toml, got {output}")
    if output is not None and output.exists():
        raise ConfigurationError(f"{output} is there already: choose another name")
    found = run(log, name)
    if output is None:
        print(found.text, end="")
        return
    try:
        output.write_text(found.text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error.strerror}") from error
    note(f"{found.trial.events:,} of the first {found.trial.rows:,} rows are events; read {output}, and edit it")
