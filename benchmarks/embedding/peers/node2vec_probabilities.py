"""Writes step probabilities of the package `node2vec`, run with an interpreter that has it (it pins numpy < 2).

``benchmarks/.envs/node2vec/bin/python benchmarks/embedding/peers/node2vec_probabilities.py`` prints what
``tests/embed/node2vec_reference.json`` holds, for the graph of ``tests/embed/walking.py``.
"""

import json
import sys

import networkx
from node2vec import Node2Vec

EDGES = {
    (0, 1): 1.0, (1, 0): 3.0, (0, 2): 2.0, (2, 0): 0.5, (1, 2): 4.0, (2, 1): 1.5,
    (1, 3): 1.0, (3, 1): 2.5, (2, 3): 3.0, (3, 2): 1.0, (3, 4): 2.0, (4, 3): 1.0, (4, 4): 0.7,
}  # fmt: skip
BIASES = ((0.25, 4.0), (4.0, 0.5), (3.0, 2.0))
found = []
for p, q in BIASES:
    graph = networkx.DiGraph()
    graph.add_weighted_edges_from((a, b, weight) for (a, b), weight in EDGES.items())
    walker = Node2Vec(graph, dimensions=2, walk_length=3, num_walks=1, p=p, q=q, quiet=True)
    steps = {}
    for node, known in walker.d_graph.items():
        for before, chances in known.get("probabilities", {}).items():
            steps[f"{before} {node}"] = dict(zip(map(str, known["neighbors"]), map(float, chances)))  # noqa: B905
    found.append({"p": p, "q": q, "steps": dict(sorted(steps.items()))})
json.dump(found, sys.stdout, indent=1)
print()
