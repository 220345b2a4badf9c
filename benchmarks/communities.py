"""Communities by size: seconds and memory of the whole step, with the choice of the resolution, and what it finds.

The Complete Journey, and generated graphs of users with tastes: a hundred groups of items, popularity as a power law.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.report import markdown, publish, versions

if TYPE_CHECKING:
    from scipy import sparse

SIZES = (10**6, 10**7)
"""Relationships of the generated graphs."""
TASTES = 100
COLUMNS = (
    *("graph", "users", "items", "relationships", "similar items, s", "communities, s", "peak GB"),
    *("resolution", "upper", "lower", "modularity", "stability"),
)


def generated(relationships: int, seed: int = 0) -> sparse.csr_array:
    """Users by items: 100 relationships a user, seven in ten of them with items of his taste."""
    import numpy as np
    from scipy import sparse

    random = np.random.default_rng(seed)
    users, items = relationships // 100, max(TASTES * 10, relationships // 200)
    user = np.repeat(np.arange(users, dtype=np.int32), 110)
    taste = (user % TASTES).astype(np.int64)
    size = items // TASTES
    # The square puts most on the first items of a group: the most popular one has a tenth of the group's events.
    place = (size * random.random(len(user)) ** 2).astype(np.int64)
    other = random.integers(TASTES, size=len(user))
    item = np.where(random.random(len(user)) < 0.7, taste, other) * size + place
    matrix = sparse.csr_array((random.random(len(user)) + 0.1, (user, item)), shape=(users, items))
    matrix.sum_duplicates()
    return matrix


def journey() -> sparse.csr_array:
    """The Complete Journey: that of the home in ``INTERESTGRAPH_TEST_JOURNEY``, else made anew."""
    from benchmarks.queries import journey as opened
    from interestgraph.neo4j.adjacency import export_adjacency

    with opened() as graph:
        adjacency = export_adjacency(graph.database)
    return adjacency.matrix(adjacency.moment(None))


def one(name: str) -> None:
    """One row as JSON."""
    import resource

    from interestgraph.enrich.communities import CommunityConfig, communities
    from interestgraph.enrich.similarity import SimilarityConfig, similar_items

    matrix = journey() if name == "Complete Journey" else generated(int(name))
    before = time.perf_counter()
    near = similar_items(matrix, SimilarityConfig())
    between = time.perf_counter()
    found = communities(matrix, near, CommunityConfig())
    after = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    upper, lower = found.quality
    row = [
        *(name if name == "Complete Journey" else "generated",),
        *(f"{matrix.shape[0]:,}", f"{matrix.shape[1]:,}"),
        *(f"{matrix.nnz:,}", f"{between - before:.1f}", f"{after - between:.1f}", f"{peak:.1f}"),
        *(f"{found.chosen.resolution:g}", f"{upper.communities:,}", f"{lower.communities:,}"),
        *(f"{upper.modularity:.3f}", f"{found.chosen.stability:.3f}"),
    ]
    print(json.dumps(row))


def main() -> None:
    """Measure, a process for each graph, and publish."""
    rows = []
    for name in ("Complete Journey", *map(str, SIZES)):
        code = f"from benchmarks.communities import one; one({name!r})"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ}
        )
        if done.returncode != 0:
            print(f"{name}: {(done.stderr.strip() or f'ended by {done.returncode}').splitlines()[-1]}", file=sys.stderr)
            continue
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(*rows[-1], flush=True)
    told = (
        "Leiden on users and items together, on two levels, with the resolution chosen from three by stability over "
        "three seeds each; without reading and writing the graph. Memory is the peak of the process, with the matrix "
        "and the similar items. Generated graphs have 100 planted tastes."
    )
    about = f"{versions('graspologic-native', 'numpy', 'scipy')}. Command: `python -m benchmarks communities`."
    publish("communities", "\n\n".join(("## Communities", told, markdown(COLUMNS, rows), about)))


if __name__ == "__main__":
    main()
