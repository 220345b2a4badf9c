"""interestgraph: walks go to the trainer a block at a time."""

from __future__ import annotations

from common import main

from interestgraph.embed import SkipGramConfig, WalkConfig, WalkGraph, iter_walks, train


def embed(n_nodes, src, dst, weight, parameters):
    """Vectors by number of node."""
    graph = WalkGraph.from_edges(src, dst, weight, n_nodes)
    walk = WalkConfig(
        parameters["walk_length"], parameters["walks_per_node"], p=parameters["p"], q=parameters["q"],
        seed=parameters["seed"], workers=parameters["workers"],
    )  # fmt: skip
    config = SkipGramConfig(
        dimensions=parameters["dimensions"], window=parameters["window"], negatives=parameters["negatives"],
        epochs=1, seed=parameters["seed"], workers=parameters["workers"],
        deterministic=parameters.get("deterministic", False), trainer=parameters.get("trainer", "interestgraph"),
    )  # fmt: skip
    return train(lambda: iter_walks(graph, walk), n_nodes, config).vectors, {}


if __name__ == "__main__":
    main(embed)
