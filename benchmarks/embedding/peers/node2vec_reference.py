"""The package `node2vec`."""

from __future__ import annotations

import networkx as nx
import numpy as np
from common import main
from node2vec import Node2Vec


def embed(n_nodes, src, dst, weight, parameters):
    """Vectors by number of node."""
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(src.tolist(), dst.tolist(), weight.tolist(), strict=True))
    walker = Node2Vec(
        graph, dimensions=parameters["dimensions"], walk_length=parameters["walk_length"],
        num_walks=parameters["walks_per_node"], p=parameters["p"], q=parameters["q"], workers=parameters["workers"],
        quiet=True, seed=parameters["seed"],
    )  # fmt: skip
    model = walker.fit(
        window=parameters["window"], negative=parameters["negatives"], min_count=1, epochs=1, seed=parameters["seed"]
    )
    vectors = np.zeros((n_nodes, parameters["dimensions"]), np.float32)
    vectors[np.array(model.wv.index_to_key, int)] = model.wv.vectors
    return vectors, {}


if __name__ == "__main__":
    main(embed)
