"""One enrichment from end to end: export, compute, write back what differs."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from interestgraph.enrich.communities import (
    Communities,
    CommunityConfig,
    communities,
    community_labels,
)
from interestgraph.enrich.interests import InterestConfig, Interests, interests
from interestgraph.enrich.linear import LinearConfig, linear_items, linear_parts
from interestgraph.enrich.similarity import Neighbours, SimilarityConfig, similar_items
from interestgraph.enrich.trends import ItemStatistics, TrendConfig, item_statistics, repeat_share
from interestgraph.enrich.write import Changes, Writer, sync_links, sync_parts, sync_rows
from interestgraph.model import Progress
from interestgraph.neo4j.adjacency import Adjacency, export_adjacency
from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.fingerprint import graph_fingerprint
from interestgraph.neo4j.schema import ensure_schema


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
    modularity: float
    """Of the upper level."""
    users_without_community: int
    items_without_community: int
    changed: bool
    """False: the graph was up to date, and nothing was written."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> seconds."""


@dataclass(frozen=True)
class _Results:
    neighbours: Neighbours
    linear: Neighbours
    statistics: ItemStatistics
    interests: Interests
    communities: Communities
    labels: tuple[list[str], list[str]]
    """Of the upper and the lower level."""


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
    results = _compute(adjacency, moment, config)
    computed = time.perf_counter()
    as_of = datetime.fromtimestamp(moment, UTC)
    run_id = f"enrich-{hashlib.sha256(f'{parameters}{moment}{_input_hash(adjacency)}'.encode()).hexdigest()[:12]}"
    found = results.communities
    properties = {
        "asOf": as_of,
        "parameters": parameters,
        "trendHalfLife": config.trend.half_life,
        "repeatShare": repeat_share(results.statistics),
        "fingerprint": fingerprint + parameters,
        "communities": found.n_coarse,
        "subcommunities": len(found.parent),
        "modularity": found.modularity[0],
        "usersWithoutCommunity": int((found.user < 0).sum()),
        "itemsWithoutCommunity": int((found.item < 0).sum()),
        "similar": len(results.neighbours.item),
        "interests": len(results.interests.user),
        "statistics": len(adjacency.items),
    }
    token = secrets.token_hex(8)
    database.write("enrich/open_run", runId=run_id, token=token, properties=properties)
    writer = Writer(database, run_id, token)
    parts = _write(writer, adjacency, results, round(moment * 1000), progress)
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
        modularity=run["modularity"],
        users_without_community=run["usersWithoutCommunity"],
        items_without_community=run["itemsWithoutCommunity"],
        changed=False,
    )


def _compute(adjacency: Adjacency, moment: float, config: EnrichConfig) -> _Results:
    from scipy import sparse

    matrix = adjacency.matrix(moment)
    membership = adjacency.category_matrix()
    neighbours = similar_items(matrix, config.similarity)
    found = communities(matrix, neighbours, config.community)
    weight = np.asarray(matrix.sum(axis=0), dtype=np.float64)
    deepest = int(adjacency.category_level.max(initial=1))
    labels = []
    for level, group in ((max(1, deepest - 1), upper_level(found)), (deepest, found.item)):
        chosen = sparse.diags_array((adjacency.category_level == level).astype(float))
        members = sparse.csr_array(membership @ chosen)
        labels.append(community_labels(group, weight, members, adjacency.category_names, adjacency.titles))
    return _Results(
        neighbours=neighbours,
        linear=linear_items(matrix, config.linear),
        statistics=item_statistics(adjacency.primary, len(adjacency.items), moment, config.trend),
        interests=interests(matrix, membership, adjacency.category_level, config.interest),
        communities=found,
        labels=(labels[0], labels[1]),
    )


def upper_level(found: Communities) -> NDArray[np.int32]:
    """Coarse community of each item, -1 for none."""
    if len(found.parent) == 0:
        return found.item
    return np.where(found.item >= 0, found.parent[found.item], -1).astype(np.int32)


def _input_hash(adjacency: Adjacency) -> str:
    digest = hashlib.sha256()
    for names in (adjacency.users, adjacency.items, adjacency.categories):
        digest.update("\n".join(names).encode())
    for part in adjacency.interactions:
        for column in (part.user, part.item, part.weight, part.last_at):
            digest.update(np.ascontiguousarray(column).tobytes())
    digest.update(adjacency.member_category.tobytes())
    return digest.hexdigest()


def _write(
    writer: Writer, adjacency: Adjacency, results: _Results, at: int, progress: Progress | None
) -> dict[str, Changes]:
    users, items, categories = adjacency.users, adjacency.items, adjacency.categories
    near, wishes, found = results.neighbours, results.interests, results.communities
    fine = [f"2-{number + 1}" for number in range(len(found.parent))]
    of_item = [fine[number] if number >= 0 else None for number in found.item.tolist()]
    of_user = [fine[number] if number >= 0 else None for number in found.user.tolist()]
    nodes = _community_rows(results)
    database = writer.database
    writer.write("enrich/drop_communities", keep=[row["communityId"] for row in nodes])
    writer.write("enrich/put_communities", rows=nodes)
    similar = {
        (items[i], items[j]): (score,)
        for i, j, score in zip(near.item.tolist(), near.other.tolist(), near.score.tolist(), strict=True)
    }
    wanted = {
        (users[u], categories[c]): (score, share, at)
        for u, c, score, share in zip(
            wishes.user.tolist(),
            wishes.category.tolist(),
            wishes.score.tolist(),
            wishes.share.tolist(),
            strict=True,
        )
    }
    statistics = results.statistics
    rows: list[Row] = [
        {
            "itemId": item,
            "trend": trend,
            "trendAt": at,
            "buyers": buyers,
            "repeatRate": repeat,
            "communityId": community,
        }
        for item, trend, buyers, repeat, community in zip(
            items,
            statistics.trend.tolist(),
            statistics.buyers.tolist(),
            statistics.repeat_rate.tolist(),
            of_item,
            strict=True,
        )
    ]
    user_rows: list[Row] = [
        {"userId": user, "communityId": community} for user, community in zip(users, of_user, strict=True)
    ]
    item_links = {(row["itemId"], row["communityId"]): () for row in rows if row["communityId"]}
    user_links = {(row["userId"], row["communityId"]): () for row in user_rows if row["communityId"]}
    parents = {(name, f"1-{above + 1}"): () for name, above in zip(fine, found.parent.tolist(), strict=True)}
    return {
        "linear": sync_parts(writer, linear_parts(results.linear, items)),
        "statistics": sync_rows(
            database,
            "enrich/export_item_statistics",
            "enrich/put_item_statistics",
            rows,
            "itemId",
            progress,
            "item statistics",
        ),
        "users": sync_rows(
            database, "enrich/export_user_communities", "enrich/put_user_communities", user_rows, "userId"
        ),
        "similar": sync_links(writer, "similar", similar, ("score",), progress),
        "interests": sync_links(writer, "interests", wanted, ("score", "share", "asOf"), progress),
        "item_community": sync_links(writer, "item_community", item_links, (), progress),
        "user_community": sync_links(writer, "user_community", user_links, (), progress),
        "parents": sync_links(writer, "community_parents", parents, (), progress),
    }


def _community_rows(results: _Results) -> list[Row]:
    found = results.communities
    coarse_labels, fine_labels = results.labels
    count = len(found.parent)
    users = np.bincount(found.user[found.user >= 0], minlength=count)
    items = np.bincount(found.item[found.item >= 0], minlength=count)
    above_users = np.bincount(found.parent, weights=users, minlength=found.n_coarse).astype(int)
    above_items = np.bincount(found.parent, weights=items, minlength=found.n_coarse).astype(int)

    def row(level: int, number: int, labels: list[str], users: int, items: int) -> Row:
        label = labels[number] if number < len(labels) and labels[number] else f"community {level}-{number + 1}"
        return {
            "communityId": f"{level}-{number + 1}",
            "level": level,
            "label": label,
            "size": users + items,
            "users": users,
            "items": items,
        }

    upper = [row(1, at, coarse_labels, int(above_users[at]), int(above_items[at])) for at in range(found.n_coarse)]
    return upper + [row(2, at, fine_labels, int(users[at]), int(items[at])) for at in range(count)]
