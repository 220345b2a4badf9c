"""One enrichment from end to end: export, compute, write back what differs."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interestgraph.enrich.communities import Communities, CommunityConfig, communities
from interestgraph.enrich.figures import CommunityFigures, figures
from interestgraph.enrich.interests import InterestConfig, interests
from interestgraph.enrich.labels import community_labels
from interestgraph.enrich.linear import LinearConfig, linear_items
from interestgraph.enrich.numbering import Past, numbered, read_past
from interestgraph.enrich.results import Results, write_results
from interestgraph.enrich.similarity import SimilarityConfig, similar_items
from interestgraph.enrich.trends import TrendConfig, item_statistics, repeat_share
from interestgraph.enrich.write import Changes, Writer
from interestgraph.model import Progress
from interestgraph.neo4j.adjacency import Adjacency, export_adjacency
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.fingerprint import graph_fingerprint
from interestgraph.neo4j.schema import ensure_schema

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class EnrichConfig:
    """Parameters of all parts."""

    as_of: datetime | None = None
    """Moment the weights are read at; None: the latest event."""
    similarity: SimilarityConfig = field(default_factory=SimilarityConfig)
    linear: LinearConfig = field(default_factory=LinearConfig)
    trend: TrendConfig = field(default_factory=TrendConfig)
    interest: InterestConfig = field(default_factory=InterestConfig)
    community: CommunityConfig = field(default_factory=CommunityConfig)


@dataclass(frozen=True)
class EnrichReport:
    """What an enrichment did."""

    run_id: str
    as_of: datetime
    similar: Changes
    interests: Changes
    statistics: Changes
    communities: int
    """Communities on the upper level."""
    subcommunities: int
    """Communities on the lower level."""
    figures: CommunityFigures
    """What the communities are worth, and how many are those of the last run."""
    users_without_community: int
    items_without_community: int
    changed: bool
    """False: the graph was up to date, and nothing was written."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> seconds."""


def enrich(
    database: Database, config: EnrichConfig, progress: Progress | None = None, *, if_changed: bool = False
) -> EnrichReport:
    """Compute similarity, trends, interests and communities, and make the graph agree with them.

    The same graph and parameters give the same result, and then nothing is written.

    Args:
        database: the graph.
        config: parameters.
        progress: called with step, rows done, rows in all.
        if_changed: do not even compute when nothing was loaded since a complete run with these parameters.

    Raises:
        StateError: the graph holds no events, or `as_of` lies before the latest one.
    """
    began = time.perf_counter()
    ensure_schema(database)
    parameters = json.dumps(asdict(config), sort_keys=True, default=str)
    fingerprint = graph_fingerprint(database)
    if if_changed:
        for row in database.read("enrich/list_runs"):
            if row["run"]["status"] == "complete" and row["run"]["fingerprint"] == fingerprint + parameters:
                return _report_of(row["run"])
    adjacency = export_adjacency(database)
    moment = adjacency.moment(config.as_of)
    exported = time.perf_counter()
    run_id = f"enrich-{hashlib.sha256(f'{parameters}{moment}{_input_hash(adjacency)}'.encode()).hexdigest()[:12]}"
    past = read_past(database)
    results = _compute(adjacency, moment, config, past, run_id)
    computed = time.perf_counter()
    as_of = datetime.fromtimestamp(moment, UTC)
    found = results.communities
    properties = {
        "asOf": as_of,
        "parameters": parameters,
        "trendHalfLife": config.trend.half_life,
        "repeatShare": repeat_share(results.statistics),
        "fingerprint": fingerprint + parameters,
        "communities": found.n_coarse,
        "subcommunities": len(found.parent),
        **results.numbered.properties,
        **figures(found, results.numbered).properties,
        "usersWithoutCommunity": int((found.user < 0).sum()),
        "itemsWithoutCommunity": int((found.item < 0).sum()),
        "similar": len(results.neighbours.item),
        "interests": len(results.interests.user),
        "statistics": len(adjacency.items),
    }
    token = secrets.token_hex(8)
    database.write("enrich/open_run", runId=run_id, token=token, properties=properties)
    writer = Writer(database, run_id, token)
    parts = write_results(writer, adjacency, past, results, round(moment * 1000), progress)
    writer.write("enrich/close_run", runId=run_id)
    written = time.perf_counter()
    return replace(
        _report_of({"runId": run_id, **properties}),
        similar=parts["similar"],
        interests=parts["interests"],
        statistics=parts["statistics"],
        changed=any(part.any for part in parts.values()),
        seconds={"export": exported - began, "compute": computed - exported, "write": written - computed},
    )


def _report_of(run: Row) -> EnrichReport:
    """The report of a run that changed nothing."""
    as_of = run["asOf"]
    return EnrichReport(
        run_id=run["runId"],
        as_of=as_of if isinstance(as_of, datetime) else as_of.to_native(),
        similar=Changes(total=run["similar"]),
        interests=Changes(total=run["interests"]),
        statistics=Changes(total=run["statistics"]),
        communities=run["communities"],
        subcommunities=run["subcommunities"],
        figures=CommunityFigures.of_run(run),
        users_without_community=run["usersWithoutCommunity"],
        items_without_community=run["itemsWithoutCommunity"],
        changed=False,
    )


def _compute(adjacency: Adjacency, moment: float, config: EnrichConfig, past: Past, run_id: str) -> Results:
    matrix = adjacency.matrix(moment)
    membership = adjacency.category_matrix()
    neighbours = similar_items(matrix, config.similarity)
    found = communities(matrix, neighbours, config.community, past.resolution(run_id))
    weight = np.asarray(matrix.sum(axis=0), dtype=np.float64)
    return Results(
        neighbours=neighbours,
        linear=linear_items(matrix, config.linear),
        statistics=item_statistics(adjacency.primary, len(adjacency.items), moment, config.trend),
        interests=interests(matrix, membership, adjacency.category_level, config.interest),
        communities=found,
        labels=_labels(adjacency, found, weight, membership),
        numbered=numbered(past, run_id, adjacency, found, config.community.least_overlap),
    )


def _labels(
    adjacency: Adjacency, found: Communities, weight: NDArray[np.float64], membership: sparse.csr_array
) -> tuple[list[str], list[str]]:
    """Labels of the upper communities by the last level of the tree but one, of those below by the last one."""
    from scipy import sparse

    deepest = int(adjacency.category_level.max(initial=1))

    def of(level: int, group: NDArray[np.int32]) -> list[str]:
        chosen = sparse.diags_array((adjacency.category_level == level).astype(float))
        members = sparse.csr_array(membership @ chosen)
        return community_labels(group, weight, members, adjacency.category_names, adjacency.titles)

    return of(max(1, deepest - 1), found.upper(found.item)), of(deepest, found.item)


def _input_hash(adjacency: Adjacency) -> str:
    digest = hashlib.sha256()
    for names in (adjacency.users, adjacency.items, adjacency.categories):
        digest.update("\n".join(names).encode())
    for part in adjacency.interactions:
        for column in (part.user, part.item, part.weight, part.last_at):
            digest.update(np.ascontiguousarray(column).tobytes())
    digest.update(adjacency.member_category.tobytes())
    return digest.hexdigest()
