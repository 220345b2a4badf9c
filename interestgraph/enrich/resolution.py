"""Which resolution the communities get, when none is given: the one that chance decides least about.

Leiden depends on the order in which it looks at nodes. Each resolution of a small grid is tried with a few seeds; of
those that make neither one lump nor too many communities for people to look at, the ones whose partitions agree best
between seeds (mean adjusted Rand index) are looked at, and among them modularity decides, unless the resolution of the
last run is one of them: then it stays, so that communities do not change because of a tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from interestgraph.enrich.agreement import stability
from interestgraph.enrich.partition import Ints, leiden, quality_of

if TYPE_CHECKING:
    from scipy import sparse

THREADS = 2
"""Leiden runs at once; each has its own seed, so their number changes nothing."""


@dataclass(frozen=True)
class CommunityConfig:
    """How communities are found."""

    resolution: float | None = None
    """Of the upper level; the higher, the more and smaller communities. None: chosen from `grid`."""
    grid: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Resolutions to choose from."""
    seeds: int = 3
    """Partitions, each with a seed of its own, that stability is measured between."""
    tolerance: float = 0.05
    """Resolutions count as equally stable when their stability differs by no more; three seeds tell no finer."""
    largest_share: float = 0.5
    """A resolution is passed over when one community holds more than that share of all nodes that have edges."""
    most: int = 150
    """A resolution is passed over when it makes more upper communities, unless all do."""
    fine_factor: float = 4.0
    """Resolution of the lower level, in multiples of that of the upper one."""
    min_size: int = 5
    """Smaller groups are no communities; their members belong to none."""
    least_overlap: float = 0.3
    """A community keeps its id when it shares at least that much with one of the last run: members of both over
    members of either, among those that had a community before."""
    iterations: int = 2
    """Leiden cycles, each from the partition of the one before."""
    seed: int = 42


@dataclass(frozen=True)
class Trial:
    """One resolution of the grid."""

    resolution: float
    stability: float
    """Mean adjusted Rand index between partitions of several seeds, 1 for equal ones."""
    modularity: float
    """At resolution 1, so that resolutions can be compared."""
    communities: int
    """Of `min_size` members or more."""
    largest_share: float
    """Share of the nodes with edges in the largest community."""
    labels: Ints = field(repr=False, compare=False)
    """The partition of the first seed."""


def trials(graph: sparse.csr_array, config: CommunityConfig) -> list[Trial]:
    """Try the resolution of the configuration, or all of its grid."""
    grid = config.grid if config.resolution is None else (config.resolution,)
    seeds = range(config.seed, config.seed + max(1, config.seeds))
    jobs = [(resolution, seed) for resolution in grid for seed in seeds]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda job: leiden(graph, job[0], job[1], config.iterations), jobs))
    connected = np.diff(graph.indptr) > 0
    made = []
    for place, resolution in enumerate(grid):
        partitions = found[place * len(seeds) : (place + 1) * len(seeds)]
        made.append(_trial(graph, resolution, partitions, connected, config.min_size))
    return made


def choose(tried: Sequence[Trial], config: CommunityConfig, last: float | None = None) -> Trial:
    """The resolution that the communities get.

    Args:
        tried: at least one.
        config: the limits.
        last: resolution of the last run.
    """
    fitting = [trial for trial in tried if trial.communities > 1 and trial.largest_share <= config.largest_share]
    if not fitting:
        return min(tried, key=lambda trial: (trial.largest_share, trial.resolution))
    fewest = min(fitting, key=lambda trial: (trial.communities, trial.resolution))
    allowed = [trial for trial in fitting if trial.communities <= config.most] or [fewest]
    best = max(trial.stability for trial in allowed)
    stable = [trial for trial in allowed if trial.stability >= best - config.tolerance]
    return max(stable, key=lambda trial: (trial.resolution == last, trial.modularity, -trial.resolution))


def _trial(
    graph: sparse.csr_array, resolution: float, partitions: Sequence[Ints], connected: np.ndarray, min_size: int
) -> Trial:
    first = partitions[0]
    sizes = np.bincount(first[connected], minlength=1)
    return Trial(
        resolution=resolution,
        stability=stability([labels[connected] for labels in partitions]),
        modularity=quality_of(graph, first).modularity,
        communities=int((sizes >= min_size).sum()),
        largest_share=float(sizes.max() / max(1, connected.sum())),
        labels=first,
    )
