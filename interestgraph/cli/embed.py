"""``interestgraph enrich``, ``interestgraph embed`` and ``interestgraph walks``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.embed.run import EmbedConfig, EmbedReport
    from interestgraph.enrich.enrich import EnrichReport

walks = typer.Typer(no_args_is_help=True, help="Random walks.")
app.add_typer(walks, name="walks")

AsOf = Annotated[datetime | None, typer.Option(help="Read the weights at this moment (UTC); default: last event.")]
WalkLength = Annotated[int | None, typer.Option(help="Nodes in a walk.")]
WalksPerNode = Annotated[int | None, typer.Option(help="Walks from each node.")]
Return = Annotated[float | None, typer.Option("--p", help="Return parameter of node2vec.")]
InOut = Annotated[float | None, typer.Option("--q", help="In-out parameter of node2vec.")]
Seed = Annotated[int | None, typer.Option(help="Seed of walks and training.")]
Workers = Annotated[int | None, typer.Option(help="Threads; 0: one per core; 1: byte-equal results.")]
CategoryWeight = Annotated[float | None, typer.Option(help="Weight of category steps, in mean user-item weights.")]

Plus = Annotated[bool, typer.Option("--node2vec-plus", help="Bias of node2vec+, which looks at the weights.")]
Gamma = Annotated[float | None, typer.Option(help="node2vec+: deviations above the mean that an edge is light below.")]
Metapath = Annotated[
    str | None,
    typer.Option(help="Node types of the steps, such as User-Item-Category-Item-User; it repeats."),
]
TimeWindow = Annotated[
    float | None, typer.Option(help="Days a step may go back in time from the one before it; 0: never back.")
]
BehaviourWeight = Annotated[
    list[str] | None,
    typer.Option(help="Factor of a behaviour's relationships, such as VIEWED=0.2; 0 leaves them out. May be repeated."),
]


@app.command()
def enrich(
    as_of: AsOf = None,
    neighbours: Annotated[int | None, typer.Option(help="Similar items kept per item.")] = None,
    resolution: Annotated[
        float | None, typer.Option(help="Of the upper communities; higher: more; default: the most stable over seeds.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the communities.")] = None,
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="Do nothing if nothing was loaded since the last run.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute similar items, trends, interests and communities.

    Example: interestgraph enrich
    """
    from interestgraph.cli.output import Bars, print_json, print_table
    from interestgraph.enrich.communities import CommunityConfig
    from interestgraph.enrich.enrich import EnrichConfig
    from interestgraph.enrich.similarity import SimilarityConfig

    config = EnrichConfig(
        as_of=as_of,
        similarity=SimilarityConfig(**_given(neighbours=neighbours)),
        community=CommunityConfig(**_given(resolution=resolution, seed=seed)),
    )
    with open_graph() as graph, Bars() as bars:
        report = graph.enrich(config, if_changed=if_changed, progress=bars)
    if as_json:
        print_json(report)
        return
    rows = [
        ("as of", report.as_of),
        ("similar items", report.similar.total),
        ("interests", report.interests.total),
        *_community_rows(report),
        ("written", sum(part.written for part in (report.similar, report.interests, report.statistics))),
        ("removed", report.similar.removed + report.interests.removed),
        *((f"seconds to {stage}", round(seconds, 1)) for stage, seconds in report.seconds.items()),
    ]
    title = f"enrichment {report.run_id}" + ("" if report.changed else " (the graph was up to date)")
    print_table(title, ("", ""), rows)


def _community_rows(report: EnrichReport) -> list[tuple[str, object]]:
    found = report.figures
    return [
        ("communities", report.communities),
        ("  kept, new, gone since the last run", f"{found.kept}, {found.new}, {found.gone}"),
        ("  resolution", found.resolution),
        ("  stability over seeds", found.stability),
        ("  modularity", found.modularity),
        ("  coverage", found.coverage),
        ("  mean conductance", found.conductance),
        ("communities below them", report.subcommunities),
        ("  kept, new, gone since the last run", f"{found.fine_kept}, {found.fine_new}, {found.fine_gone}"),
        ("  modularity", found.fine_modularity),
        ("  coverage", found.fine_coverage),
        ("  mean conductance", found.fine_conductance),
        ("% of users in no community", round(100 * found.users_left_out, 2)),
        ("% of items in no community", round(100 * found.items_left_out, 2)),
    ]


@app.command()
def embed(
    dimensions: Annotated[int | None, typer.Option(help="Length of the vectors.")] = None,
    walk_length: WalkLength = None,
    walks_per_node: WalksPerNode = None,
    p: Return = None,
    q: InOut = None,
    window: Annotated[int | None, typer.Option(help="Furthest distance of a pair in a walk.")] = None,
    negatives: Annotated[int | None, typer.Option(help="Negative samples per pair.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the walks.")] = None,
    node2vec_plus: Plus = False,
    gamma: Gamma = None,
    metapath: Metapath = None,
    time_window: TimeWindow = None,
    category_weight: CategoryWeight = None,
    behaviour_weight: BehaviourWeight = None,
    seed: Seed = None,
    workers: Workers = None,
    trainer: Annotated[str | None, typer.Option(help="interestgraph (default) or gensim.")] = None,
    subsample: Annotated[float | None, typer.Option(help="Share of tokens above which a node is thinned.")] = None,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Byte-equal results with any number of workers; slower.")
    ] = False,
    as_of: AsOf = None,
    walks_file: Annotated[Path | None, typer.Option("--walks", help="Train from this file of walks.")] = None,
    walks_out: Annotated[Path | None, typer.Option(help="Also write the walks (.parquet, .txt, .txt.gz).")] = None,
    vectors_out: Annotated[
        Path | None, typer.Option(help="Also write the vectors (.parquet, .npz, .kv, .txt).")
    ] = None,
    replace_index: Annotated[
        bool, typer.Option("--replace-index", help="Replace vectors and indexes of other dimensions.")
    ] = False,
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="Do nothing if the active vectors are of this graph and parameters.")
    ] = False,
    keep_runs: Annotated[int | None, typer.Option(help="Runs that keep their vectors (3), this one included.")] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Train nothing: only give vectors to nodes that came after the last run.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Train nothing: compare the last two runs.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Train nothing: draw the vectors in this HTML file.")] = None,
    colour: Annotated[str, typer.Option(help="What --plot colours by: community or category.")] = "community",
    estimate: Annotated[
        bool,
        typer.Option("--estimate", help="Only tell time, memory and tokens, from a probe of 5 seconds."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Learn node2vec vectors and write them to the nodes. Cut off, the same command goes on where it was.

    Example: interestgraph embed --dimensions 64 --p 1 --q 0.5
    """
    from interestgraph.cli import vectors
    from interestgraph.cli.output import Bars, print_json

    if sum((new, diff, plot is not None, estimate)) > 1:
        raise typer.BadParameter("one of --new, --diff, --plot and --estimate at a time")
    if new:
        return vectors.fold_in(as_json)
    if diff:
        return vectors.show_drift(None, None, 10, as_json)
    if plot is not None:
        return vectors.plot(plot, colour, as_json)
    config = _config(
        _given(
            walk_length=walk_length,
            walks_per_node=walks_per_node,
            p=p,
            q=q,
            seed=seed,
            workers=workers,
            node2vec_plus=node2vec_plus,
            gamma=gamma,
            metapath=metapath,
            time_window=time_window,
        ),
        _given(
            dimensions=dimensions,
            window=window,
            negatives=negatives,
            epochs=epochs,
            seed=seed,
            workers=workers,
            trainer=trainer,
            subsample=subsample,
            deterministic=deterministic,
        ),
        _given(category_weight=category_weight, as_of=as_of, behaviour_weights=_factors(behaviour_weight)),
    )
    if estimate:
        _print_estimate(config, as_json)
        return None
    with open_graph() as graph, Bars() as bars:
        report = graph.embed(
            config,
            walks_file=walks_file,
            walks_out=walks_out,
            vectors_out=vectors_out,
            replace_index=replace_index,
            if_changed=if_changed,
            keep_runs=keep_runs,
            progress=bars,
        )
    if as_json:
        return print_json(report)
    return _print_report(report)


def _print_report(report: EmbedReport) -> None:
    from interestgraph.cli.output import print_table

    rows = [
        ("dimensions", report.dimensions),
        ("users", report.users),
        ("items", report.items),
        ("categories", report.categories),
        ("walks", report.walks),
        ("tokens", report.tokens),
        ("loss", ", ".join(f"{loss:.4f}" for loss in report.loss)),
        ("moved since the run before", report.residual),
        ("nodes that it has too", report.common or None),
        ("trainer", report.trainer),
        *([("tokens of the run that was cut off", report.resumed_at)] if report.resumed_at else []),
        *((f"seconds to {stage}", round(seconds, 1)) for stage, seconds in report.seconds.items()),
    ]
    title = f"embedding {report.run_id}" + ("" if report.changed else " (up to date, nothing done)")
    print_table(title, ("", ""), rows)


def _print_estimate(config: EmbedConfig, as_json: bool) -> None:
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.estimate_embed(config)
    if as_json:
        print_json(found)
        return
    rows = [
        ("nodes", found.nodes),
        ("edges", found.edges),
        ("walks", found.walks),
        ("tokens", found.tokens),
        ("tokens per second", round(found.tokens_per_second)),
        ("seconds to walk", round(found.walk_seconds, 1)),
        ("seconds to train", round(found.train_seconds, 1)),
        ("seconds to write, as last time", None if found.write_seconds is None else round(found.write_seconds, 1)),
        ("memory, MB", round(found.memory / 1e6)),
    ]
    print_table("estimate; nothing was written", ("", ""), rows)


@walks.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="File to write: .parquet, .txt or .txt.gz.")],
    walk_length: WalkLength = None,
    walks_per_node: WalksPerNode = None,
    p: Return = None,
    q: InOut = None,
    node2vec_plus: Plus = False,
    gamma: Gamma = None,
    metapath: Metapath = None,
    time_window: TimeWindow = None,
    category_weight: CategoryWeight = None,
    behaviour_weight: BehaviourWeight = None,
    seed: Seed = None,
    workers: Workers = None,
    as_of: AsOf = None,
) -> None:
    """Write the walks to a file, one walk a row; the text form is what gensim's LineSentence reads.

    Example: interestgraph walks export walks.parquet
    """
    from interestgraph.cli.output import Bars

    config = _config(
        _given(
            walk_length=walk_length,
            walks_per_node=walks_per_node,
            p=p,
            q=q,
            seed=seed,
            workers=workers,
            node2vec_plus=node2vec_plus,
            gamma=gamma,
            metapath=metapath,
            time_window=time_window,
        ),
        {},
        _given(category_weight=category_weight, as_of=as_of, behaviour_weights=_factors(behaviour_weight)),
    )
    with open_graph() as graph, Bars() as bars:
        count = graph.export_walks(file, config, progress=bars)
    print(f"{count} walks in {file}")


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given; the others keep the defaults of their config."""
    return {name: value for name, value in options.items() if value is not None}


def _factors(texts: list[str] | None) -> dict[str, float] | None:
    """``["VIEWED=0.2"]`` as a dictionary.

    Raises:
        BadParameter: a text of another form.
    """
    factors: dict[str, float] = {}
    for text in texts or ():
        name, _, factor = text.partition("=")
        try:
            factors[name.strip().upper()] = float(factor)
        except ValueError:
            raise typer.BadParameter(
                f"{text!r} is not of the form VIEWED=0.2", param_hint="--behaviour-weight"
            ) from None
    return factors or None


def _config(walk: dict[str, Any], skipgram: dict[str, Any], rest: dict[str, Any]) -> EmbedConfig:
    from interestgraph.embed.run import EmbedConfig
    from interestgraph.embed.skipgram import SkipGramConfig
    from interestgraph.embed.walks import WalkConfig

    return EmbedConfig(walk=WalkConfig(**walk), skipgram=SkipGramConfig(**skipgram), **rest)
