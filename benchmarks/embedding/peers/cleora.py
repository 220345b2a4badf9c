"""pycleora: no walks and no skip-gram, but powers of the transition matrix; with its own defaults."""

from __future__ import annotations

import numpy as np
import pycleora
from common import main


def embed(n_nodes, src, dst, weight, parameters):
    """Vectors by number of node. It takes edges without weights: an edge is given as often as its rounded weight."""
    times = np.maximum(np.rint(weight), 1).astype(int)
    edges = [f"{a} {b}" for a, b in zip(np.repeat(src, times).tolist(), np.repeat(dst, times).tolist(), strict=True)]
    graph = pycleora.SparseMatrix.from_iterator(iter(edges), "complex::reflexive::node")
    found = pycleora.embed(
        graph, feature_dim=parameters["dimensions"], num_iterations=4, seed=parameters["seed"],
        num_workers=parameters["workers"],
    )  # fmt: skip
    vectors = np.zeros((n_nodes, parameters["dimensions"]), np.float32)
    vectors[np.array(graph.entity_ids, int)] = found
    return vectors, {}


if __name__ == "__main__":
    main(embed)
