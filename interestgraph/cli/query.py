"""``interestgraph query``: the library of questions, and the Cypher files behind all commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.analysis.answer import Answer

group = typer.Typer(no_args_is_help=True, help="Questions to the graph, and the Cypher files behind all commands.")
app.add_typer(group, name="query")


def _names(incomplete: str) -> list[tuple[str, str]]:
    """Questions for the shell's completion, with what each asks."""
    from interestgraph.analysis.question import load_question, question_names

    return [(name, load_question(name).query.purpose) for name in question_names() if name.startswith(incomplete)]


def _settings(context: typer.Context, incomplete: str) -> list[str]:
    """Parameters of the question on the command line, with an example each."""
    from interestgraph.analysis.question import load_question, question_names

    # A command line that is not complete leaves its arguments unparsed.
    name = str(context.params.get("name") or next(iter(context.args), ""))
    if name not in question_names():
        return []
    return [parameter.shown for parameter in load_question(name).parameters if parameter.shown.startswith(incomplete)]


@group.command("list")
def list_queries(
    area: Annotated[
        str | None,
        typer.Option(help="Only questions of one area: neighbourhood, people, items, communities or marketing."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the statements behind the other commands.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the questions of the library with what each asks; with --all every Cypher file.

    Example: interestgraph query list --area marketing
    """
    from interestgraph.analysis.question import AREAS, load_question, question_names
    from interestgraph.cli.output import print_json, print_table
    from interestgraph.errors import ConfigurationError
    from interestgraph.neo4j.queries import load_query, query_names

    if area is not None and area not in AREAS:
        raise ConfigurationError(f"no area {area}: one of {', '.join(AREAS)}")
    if everything:
        queries = [load_query(name) for name in query_names()]
        if as_json:
            print_json([{"name": q.name, "mode": q.mode, "purpose": q.purpose} for q in queries])
        else:
            print_table("statements", ("name", "mode", "purpose"), [(q.name, q.mode, q.purpose) for q in queries])
        return
    found = [load_question(name) for name in question_names()]
    found = sorted((q for q in found if area in (None, q.area)), key=lambda q: (AREAS.index(q.area), q.name))
    if as_json:
        print_json([{"name": q.name, "area": q.area, "cost": q.cost, "question": q.query.purpose} for q in found])
        return
    print_table(
        "questions", ("name", "area", "cost", "question"), [(q.name, q.area, q.cost, q.query.purpose) for q in found]
    )


@group.command()
def show(
    name: Annotated[str, typer.Argument(help="Name as `query list` prints it.", autocompletion=_names)],
) -> None:
    """Print a Cypher file with its header, to paste into Neo4j Browser.

    Example: interestgraph query show rising_items
    """
    from interestgraph.analysis.question import FOLDER, load_question
    from interestgraph.neo4j.queries import load_query, query_path

    query = load_query(name) if "/" in name else load_question(name.removeprefix(f"{FOLDER}/")).query
    print(query_path(query.name).read_text(encoding="utf-8"), end="")


@group.command()
def run(
    name: Annotated[str, typer.Argument(help="Name as `query list` prints it.", autocompletion=_names)],
    parameters: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", help="NAME=VALUE; may be given again.", autocompletion=_settings),
    ] = None,
    as_table: Annotated[bool, typer.Option("--table", help="Print a table (the default).")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: JsonOption = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print one self-contained HTML page.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Print the server's plan; nothing is run.")] = False,
    behaviour: Annotated[
        str | None, typer.Option(help="Which events are asked about [default: PURCHASED, else the primary behaviour].")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Most rows, up to the limit of the question.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds that it may take [default: 60].")] = None,
) -> None:
    """Answer a question of the library; it only reads.

    Example: interestgraph query run portrait -p userId=1228
    """
    from interestgraph.errors import ConfigurationError

    if as_table + as_csv + as_json + as_html > 1:
        raise ConfigurationError("give one of --table, --csv, --json and --html")
    given = _given(parameters or [])
    with open_graph() as graph:
        if explain:
            print("\n".join(graph.query_plan(name, behaviour=behaviour, **given)))
            return
        answer = graph.query(name, behaviour=behaviour, timeout=timeout, rows=rows, **given)
    form = "csv" if as_csv else "json" if as_json else "html" if as_html else "table"
    _print(answer, form)


def _given(parameters: list[str]) -> dict[str, Any]:
    from interestgraph.errors import ConfigurationError

    given: dict[str, Any] = {}
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigurationError(f"-p {text}: write NAME=VALUE, for example -p userId=1228")
        if name.strip() in given:
            raise ConfigurationError(f"-p {name.strip()} is given twice: lists are separated by commas")
        given[name.strip()] = value.strip()
    return given


def _print(answer: Answer, form: str) -> None:
    from interestgraph.cli.output import note, print_json, print_table

    if form == "json":
        print_json({"name": answer.name, "parameters": answer.parameters, "notes": answer.notes, "rows": answer.rows})
        return
    if form == "html":
        print(answer.to_html(), end="")
        return
    if form == "csv":
        print(answer.to_csv(), end="")
    else:
        cells = [[_cell(row[name]) for name in answer.columns] for row in answer]
        print_table(answer.purpose, answer.columns, cells)
    for text in answer.notes:
        note(text)
    if not answer.rows:
        note("no rows: the graph has nothing that fits; `interestgraph query show` tells what is looked for")


def _cell(value: Any) -> Any:
    """Lists on one line; whole days without a time."""
    if isinstance(value, (list, tuple)):
        return "; ".join("" if part is None else str(part) for part in value)
    return value
