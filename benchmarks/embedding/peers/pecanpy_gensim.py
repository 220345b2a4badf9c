"""PecanPy's SparseOTF, and gensim on its walks, as its own `embed` calls it."""

from __future__ import annotations

import time

import numpy as np
from common import main
from gensim.models import Word2Vec
from pecanpy import pecanpy
from scipy.sparse import coo_array


def embed(n_nodes, src, dst, weight, parameters):
    """Vectors by number of node; nodes without edges are left out of the graph, as in an edge list."""
    both = coo_array((np.r_[weight, weight], (np.r_[src, dst], np.r_[dst, src])), shape=(n_nodes, n_nodes)).tocsr()
    both.sum_duplicates()
    graph = pecanpy.SparseOTF(
        parameters["p"], parameters["q"], parameters["workers"], False, random_state=parameters["seed"]
    )
    graph.set_node_ids([str(node) for node in range(n_nodes)])
    graph.indptr = both.indptr.astype(np.uint32)
    graph.indices = both.indices.astype(np.uint32)
    graph.data = both.data.astype(np.float32)
    clock = time.perf_counter()
    walks = graph.simulate_walks(parameters["walks_per_node"], parameters["walk_length"] - 1)  # it counts steps
    walked = time.perf_counter() - clock
    model = Word2Vec(
        walks, vector_size=parameters["dimensions"], window=parameters["window"], negative=parameters["negatives"],
        sg=1, min_count=0, workers=parameters["workers"], epochs=1, seed=parameters["seed"],
    )  # fmt: skip
    vectors = np.zeros((n_nodes, parameters["dimensions"]), np.float32)
    vectors[np.array(model.wv.index_to_key, int)] = model.wv.vectors
    return vectors, {"walks": walked}


if __name__ == "__main__":
    main(embed)
