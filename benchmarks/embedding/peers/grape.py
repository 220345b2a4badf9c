"""GRAPE's node2vec with skip-gram (ensmallen); it takes all cores."""

from __future__ import annotations

import numpy as np
from common import main
from embiggen.embedders.ensmallen_embedders.node2vec_skipgram import Node2VecSkipGramEnsmallen
from ensmallen import GraphBuilder


def embed(n_nodes, src, dst, weight, parameters):
    """Vectors by number of node."""
    builder = GraphBuilder()
    builder.set_directed(False)
    for node in range(n_nodes):
        builder.add_node(str(node))
    for a, b, value in zip(src.tolist(), dst.tolist(), weight.tolist(), strict=True):
        builder.add_edge(str(a), str(b), weight=value)
    graph = builder.build()
    model = Node2VecSkipGramEnsmallen(
        embedding_size=parameters["dimensions"], epochs=1, walk_length=parameters["walk_length"],
        iterations=parameters["walks_per_node"], window_size=parameters["window"],
        number_of_negative_samples=parameters["negatives"], return_weight=1 / parameters["p"],
        explore_weight=1 / parameters["q"], max_neighbours=1_000_000, random_state=parameters["seed"], verbose=False,
    )  # fmt: skip
    frame = model.fit_transform(graph, return_dataframe=True).get_node_embedding_from_index(0)
    vectors = np.zeros((n_nodes, parameters["dimensions"]), np.float32)
    vectors[frame.index.astype(int)] = frame.to_numpy()
    return vectors, {}


if __name__ == "__main__":
    main(embed)
