"""``interestgraph runs …`` and ``interestgraph neighbours``, and what `embed` does besides training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import CountOption, JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.embed.diff import Drift
    from interestgraph.embed.runs import EmbeddingRun

runs = typer.Typer(no_args_is_help=True, help="Embedding runs: compare them, go back to one.")
app.add_typer(runs, name="runs")

RunArgument = Annotated[str, typer.Argument(help="Id of a run: see `interestgraph runs list`.")]
KindOption = Annotated[str | None, typer.Option(help="What the node is: user, item or category.")]
AmongOption = Annotated[str | None, typer.Option(help="Neighbours of this kind; default: of the node's own.")]


@runs.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the embedding runs, the latest first.

    Example: interestgraph runs list
    """
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.runs()
    if as_json:
        print_json(found)
        return
    print_table(
        "embedding runs",
        ("run", "status", "kept", "dimensions", "users", "items", "categories", "loss", "moved", "started", "seconds"),
        [
            (
                run.run_id,
                run.status,
                run.stored,
                run.dimensions,
                run.users,
                run.items,
                run.categories,
                run.loss,
                run.residual,
                run.started_at,
                None if run.seconds is None else round(run.seconds, 1),
            )
            for run in found
        ],
    )


@runs.command()
def show(run: RunArgument, as_json: JsonOption = False) -> None:
    """Show one run: what it was made of, its parameters and how it went.

    Example: interestgraph runs show embed-20261126T222329-a25bf0
    """
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.run(run)
    if as_json:
        print_json(found)
        return
    print_table(f"embedding run {run}", ("", ""), [*_facts(found), *sorted(found.parameters.items())])


def _facts(run: EmbeddingRun) -> list[tuple[str, Any]]:
    return [
        ("status", run.status),
        ("vectors kept", run.stored),
        ("users", run.users),
        ("items", run.items),
        ("categories", run.categories),
        ("loss", run.loss),
        ("moved since the run before", run.residual),
        ("weights as of", run.as_of),
        ("started", run.started_at),
        ("seconds", run.seconds),
        ("loads", ", ".join(run.loads)),
        ("made by", f"interestgraph {run.version}, trainer {run.trainer}"),
    ]


@runs.command()
def activate(run: RunArgument, as_json: JsonOption = False) -> None:
    """Make an earlier run serve again: the nodes get its vectors.

    Example: interestgraph runs activate embed-20261126T222329-a25bf0
    """
    from interestgraph.cli.output import Bars, print_json, print_table

    with open_graph() as graph, Bars() as bars:
        done = graph.activate_run(run, progress=bars)
    if as_json:
        print_json(done)
        return
    rows = [
        ("instead of", done.replaced),
        ("users", done.users),
        ("items", done.items),
        ("categories", done.categories),
        ("from their neighbours", done.folded_in),
        *((f"seconds to {stage}", round(seconds, 1)) for stage, seconds in done.seconds.items()),
    ]
    print_table(f"embedding {run} serves", ("", ""), rows)


@runs.command()
def delete(run: RunArgument) -> None:
    """Remove a run that does not serve, with its vectors.

    Example: interestgraph runs delete embed-20261126T222329-a25bf0
    """
    with open_graph() as graph:
        graph.delete_run(run)
    print(f"run {run} is deleted")


@runs.command()
def diff(
    old: Annotated[str | None, typer.Argument(help="The earlier run; default: the latest before the other.")] = None,
    new: Annotated[str | None, typer.Argument(help="The later run; default: the one that serves.")] = None,
    n: CountOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Compare two runs: who moved most, whose neighbourhoods and which communities changed.

    Example: interestgraph runs diff
    """
    show_drift(old, new, n, as_json)


@app.command()
def neighbours(
    node: Annotated[str, typer.Argument(help="Id of a user, item or category, or item:ID; or a category's name.")],
    n: CountOption = 10,
    kind: KindOption = None,
    among: AmongOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the nodes whose vectors are nearest to a node's.

    Example: interestgraph neighbours item:1082185 --among category
    """
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.neighbours(node, n, kind=kind, among=among)  # type: ignore[arg-type]
    if as_json:
        print_json({"kind": found.kind, "node_id": found.node_id, "neighbours": list(found), "notes": found.notes})
        return
    print_table(
        f"nearest to {found.kind} {found.node_id}",
        ("kind", "node", "title", "category", "cosine"),
        [(row.kind, row.node_id, row.title, row.category, row.cosine) for row in found],
    )


def show_drift(old: str | None, new: str | None, n: int, as_json: bool) -> None:
    """Compare two runs and print what changed."""
    from interestgraph.cli.output import Bars, print_json

    with open_graph() as graph, Bars() as bars:
        found = graph.diff_runs(old, new, n=n, progress=bars)
    if as_json:
        print_json(found)
    else:
        _print_drift(found)


def _print_drift(found: Drift) -> None:
    from interestgraph.cli.output import print_table

    print_table(
        f"from {found.old_run} to {found.new_run} (residual {found.residual:.3f})",
        ("kind", "in both", "new", "gone", "moved, mean", "90 % below", "overlap@10", "of"),
        [
            (kind.kind, kind.common, kind.new, kind.gone, kind.moved, kind.moved_p90, kind.overlap, kind.sampled)
            for kind in found.kinds
        ],
    )
    print_table(
        "moved most",
        ("kind", "node", "title", "moved", "overlap@10", "community"),
        [(row.kind, row.node_id, row.title, row.distance, row.overlap, row.community) for row in found.moved],
    )
    if found.communities:
        print_table(
            "communities that changed most",
            ("community", "label", "size", "moved, mean", "left", "toward"),
            [
                (row.community_id, row.label, row.size, row.moved, f"{row.left * 100:.1f} %", row.toward)
                for row in found.communities
            ],
        )


def fold_in(as_json: bool) -> None:
    """Give vectors to what came after the last run, and print how many."""
    from interestgraph.cli.output import Bars, print_json, print_table

    with open_graph() as graph, Bars() as bars:
        done = graph.fold_in(progress=bars)
    if as_json:
        print_json(done)
        return
    rows = [
        ("users", done.users),
        ("items", done.items),
        ("categories", done.categories),
        ("seconds", round(done.seconds, 1)),
    ]
    print_table(f"new vectors in the space of {done.run_id}", ("", ""), rows)


def plot(file: Path, colour: str, as_json: bool) -> None:
    """Draw the vectors, and print where the picture is."""
    from interestgraph.cli.output import Bars, print_json

    with open_graph() as graph, Bars() as bars:
        done = graph.plot(file, colour=colour, progress=bars)
    if as_json:
        print_json(done)
    else:
        print(f"{done.nodes:,} nodes of run {done.run_id} in {done.file} ({done.bytes / 2**20:.1f} MiB)")
