"""``interestgraph communities compare``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from interestgraph.cli.app import JsonOption, app, open_graph

communities = typer.Typer(no_args_is_help=True, help="Communities of users and items.")
app.add_typer(communities, name="communities")


@communities.command()
def compare(
    method: Annotated[list[str] | None, typer.Option(help="kmeans or hdbscan; may be repeated; default: both.")] = None,
    nodes: Annotated[str | None, typer.Option(help="items (default) or users.")] = None,
    clusters: Annotated[
        int | None, typer.Option(min=2, help="Clusters of k-means; default: as many as upper communities.")
    ] = None,
    min_cluster_size: Annotated[
        int | None, typer.Option(min=2, help="HDBSCAN: smaller groups are noise; default 25.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=10, help="Nodes, chosen at random; default 8,000.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the sample and of k-means.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Cluster the vectors, and compare the clusters with communities and categories.

    Example: interestgraph communities compare --method kmeans
    """
    from interestgraph.cli.output import print_json, print_table
    from interestgraph.enrich.clusters import CompareConfig

    given: dict[str, Any] = {
        "methods": tuple(method) if method else None,
        "nodes": nodes,
        "clusters": clusters,
        "min_cluster_size": min_cluster_size,
        "sample": sample,
        "seed": seed,
    }
    config = CompareConfig(**{name: value for name, value in given.items() if value is not None})
    with open_graph() as graph:
        found = graph.compare_communities(config)
    if as_json:
        print_json(found)
        return
    rows = [(part.name, part.groups, round(100 * part.left_out, 1)) for part in found.groupings]
    print_table(f"groupings of {found.nodes:,} {config.nodes}", ("", "groups", "% left out"), rows)
    print()
    pairs = [(part.first, part.second, part.nodes, part.nmi, part.ari) for part in found.agreements]
    print_table("agreement", ("", "", "nodes", "NMI", "ARI"), pairs)
