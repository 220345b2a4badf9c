"""Groups of nodes by their vectors, compared with communities, with categories, and with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from interestgraph.errors import ConfigurationError, StateError
from interestgraph.neo4j.connection import Database

Method = Literal["kmeans", "hdbscan"]
METHODS: tuple[Method, ...] = get_args(Method)
Nodes = Literal["items", "users"]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class CompareConfig:
    """What is clustered, and how."""

    methods: tuple[Method, ...] = METHODS
    nodes: Nodes = "items"
    """Users have no categories."""
    clusters: int | None = None
    """Of k-means; None: as many as there are upper communities."""
    min_cluster_size: int = 25
    """Of HDBSCAN: smaller groups are noise."""
    sample: int = 8_000
    """Nodes, chosen at random where there are more: the time of HDBSCAN grows with their square."""
    seed: int = 42


@dataclass(frozen=True)
class Grouping:
    """One way to group the nodes."""

    name: str
    groups: int
    left_out: float
    """Share of the nodes that are in no group."""


@dataclass(frozen=True)
class Agreement:
    """How much two groupings agree, on the nodes that both have in a group."""

    first: str
    second: str
    nodes: int
    nmi: float
    """Normalised mutual information, 0 to 1; groups of other sizes can still agree."""
    ari: float
    """Adjusted Rand index: 1 for equal groupings, about 0 for independent ones."""


@dataclass(frozen=True)
class Comparison:
    """All groupings, and how much each pair agrees."""

    nodes: int
    groupings: tuple[Grouping, ...]
    agreements: tuple[Agreement, ...]


def compare(database: Database, config: CompareConfig) -> Comparison:
    """Cluster vectors, and compare the clusters with Leiden communities and categories.

    Args:
        database: an enriched graph with vectors.
        config: parameters.

    Raises:
        ConfigurationError: a method or a kind of node is unknown.
        StateError: there are no communities, or no vectors.
    """
    if unknown := sorted(set(config.methods) - set(METHODS)):
        raise ConfigurationError(f"unknown method {', '.join(unknown)}: there are {', '.join(METHODS)}")
    if config.nodes not in get_args(Nodes):
        raise ConfigurationError(f"unknown nodes {config.nodes!r}: there are {', '.join(get_args(Nodes))}")
    rows = list(database.stream(f"enrich/export_{config.nodes}_with_vectors"))
    if not rows:
        raise StateError(f"the {config.nodes} have no vectors: run `interestgraph embed` first")
    if all(row[2] is None for row in rows):
        raise StateError(f"the {config.nodes} are in no communities: run `interestgraph enrich` first")
    rows.sort(key=lambda row: str(row[0]))
    if len(rows) > config.sample:
        chosen = np.random.default_rng(config.seed).choice(len(rows), config.sample, replace=False)
        rows = [rows[place] for place in np.sort(chosen)]
    vectors = np.array([row[1] for row in rows], dtype=np.float32)
    named: dict[str, list[str | None]] = {
        "communities": [row[2] for row in rows],
        "communities below": [row[3] for row in rows],
    }
    deepest = max(len(row[4]) for row in rows)
    for level in range(deepest):
        named[f"categories, level {level + 1}"] = [row[4][level] if level < len(row[4]) else None for row in rows]
    groups = {name: _numbers(values) for name, values in named.items()}
    clusters = config.clusters or max(2, len(set(named["communities"]) - {None}))
    groups |= {method: cluster(vectors, method, config, clusters) for method in config.methods}
    return compared(groups)


def cluster(vectors: NDArray[np.float32], method: Method, config: CompareConfig, clusters: int) -> Labels:
    """Group vectors by direction: they are brought to length 1 first, so that distance follows the cosine.

    Args:
        vectors: float32 (nodes, dimensions).
        method: ``kmeans``, or ``hdbscan`` (Campello, Moulavi and Sander, PAKDD 2013).
        config: parameters.
        clusters: of k-means.

    Returns:
        Group of each node, -1 for noise.
    """
    from sklearn.cluster import HDBSCAN, KMeans

    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.where(length > 0, length, 1)
    if method == "kmeans":
        found = KMeans(min(clusters, len(vectors)), n_init=3, random_state=config.seed).fit_predict(directions)
    else:
        smallest = max(2, min(config.min_cluster_size, len(vectors)))
        found = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(directions)
    return np.asarray(np.maximum(found, -1), dtype=np.int64)


def compared(groups: Mapping[str, Labels]) -> Comparison:
    """Compare every grouping with every other one.

    Args:
        groups: name -> group of each node, -1 for none.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    groupings = [
        Grouping(name, len(np.unique(labels[labels >= 0])), float((labels < 0).mean()))
        for name, labels in groups.items()
    ]
    agreements = []
    for (first, one), (second, other) in combinations(groups.items(), 2):
        both = (one >= 0) & (other >= 0)
        if both.any():
            pair = one[both], other[both]
            nmi, ari = float(normalized_mutual_info_score(*pair)), float(adjusted_rand_score(*pair))
            agreements.append(Agreement(first, second, int(both.sum()), nmi, ari))
    nodes = len(next(iter(groups.values())))
    return Comparison(nodes, tuple(groupings), tuple(agreements))


def _numbers(names: list[str | None]) -> Labels:
    place = {name: number for number, name in enumerate(sorted({name for name in names if name is not None}))}
    return np.array([-1 if name is None else place[name] for name in names], dtype=np.int64)
