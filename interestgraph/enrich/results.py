"""What an enrichment found, as rows and relationships, and their write."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interestgraph.enrich.communities import Communities
from interestgraph.enrich.interests import Interests
from interestgraph.enrich.linear import linear_parts
from interestgraph.enrich.numbering import NOWHERE, Numbered, Past, Place
from interestgraph.enrich.similarity import Neighbours
from interestgraph.enrich.trends import ItemStatistics
from interestgraph.enrich.write import Changes, Writer, sync_links, sync_parts, sync_rows
from interestgraph.model import Progress
from interestgraph.neo4j.adjacency import Adjacency
from interestgraph.neo4j.connection import Row

Links = dict[tuple[str, str], tuple[float, ...]]


@dataclass(frozen=True)
class Results:
    """All parts of an enrichment, by positions of the nodes in the adjacency."""

    neighbours: Neighbours
    linear: Neighbours
    statistics: ItemStatistics
    interests: Interests
    communities: Communities
    labels: tuple[list[str], list[str]]
    """Of the upper and the lower level."""
    numbered: Numbered


def write_results(
    writer: Writer, adjacency: Adjacency, past: Past, results: Results, at: int, progress: Progress | None
) -> dict[str, Changes]:
    """Make the graph agree with what was found.

    Args:
        writer: of the enrichment.
        adjacency: the nodes.
        past: places of nodes before.
        results: what was found.
        at: moment of the weights, epoch milliseconds.
        progress: called with step, rows done, rows in all.
    """
    database, numbered = writer.database, results.numbered
    nodes = community_rows(results)
    writer.write("enrich/put_communities", rows=nodes)
    users, items = user_rows(adjacency, past, results), item_rows(adjacency, past, results, at)
    in_community = [
        {(row[key], row["communityId"]): () for row in rows if row["communityId"]}
        for rows, key in ((users, "userId"), (items, "itemId"))
    ]
    above = zip(numbered.fine, results.communities.parent.tolist(), strict=True)
    parents = {(name, numbered.coarse[up]): () for name, up in above}
    interests = _interest_links(adjacency, results, at)
    made = {
        "linear": sync_parts(writer, linear_parts(results.linear, adjacency.items)),
        "statistics": sync_rows(
            database,
            "enrich/export_item_statistics",
            "enrich/put_item_statistics",
            items,
            "itemId",
            progress,
            "item statistics",
        ),
        "users": sync_rows(database, "enrich/export_user_communities", "enrich/put_user_communities", users, "userId"),
        "similar": sync_links(writer, "similar", _similar_links(adjacency, results), ("score",), progress),
        "interests": sync_links(writer, "interests", interests, ("score", "share", "asOf"), progress),
        "item_community": sync_links(writer, "item_community", in_community[1], (), progress),
        "user_community": sync_links(writer, "user_community", in_community[0], (), progress),
        "parents": sync_links(writer, "community_parents", parents, (), progress),
    }
    # Last, since from the old ones nodes that are not written yet know where they were.
    writer.write("enrich/drop_communities", keep=[row["communityId"] for row in nodes])
    return made


def _similar_links(adjacency: Adjacency, results: Results) -> Links:
    near, items = results.neighbours, adjacency.items
    rows = zip(near.item.tolist(), near.other.tolist(), near.score.tolist(), strict=True)
    return {(items[i], items[j]): (score,) for i, j, score in rows}


def _interest_links(adjacency: Adjacency, results: Results, at: int) -> Links:
    found = results.interests
    columns = (found.user, found.category, found.score, found.share)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {(adjacency.users[u], adjacency.categories[c]): (score, share, at) for u, c, score, share in rows}


def item_rows(adjacency: Adjacency, past: Past, results: Results, at: int) -> list[Row]:
    """Rows for `enrich/put_item_statistics`."""
    found = results.statistics
    columns = (found.trend, found.buyers, found.repeat_rate, results.communities.item)
    rows = zip(adjacency.items, *(column.tolist() for column in columns), strict=True)
    return [
        {"itemId": name, "trend": trend, "trendAt": at, "buyers": buyers, "repeatRate": repeat}
        | _place(results.numbered, community, past.items.get(name, NOWHERE))
        for name, trend, buyers, repeat, community in rows
    ]


def user_rows(adjacency: Adjacency, past: Past, results: Results) -> list[Row]:
    """Rows for `enrich/put_user_communities`."""
    rows = zip(adjacency.users, results.communities.user.tolist(), strict=True)
    return [
        {"userId": name} | _place(results.numbered, community, past.users.get(name, NOWHERE))
        for name, community in rows
    ]


def _place(numbered: Numbered, community: int, past: Place) -> Row:
    place = numbered.place(community, past)
    return {
        "communityId": place.community,
        "communityBefore": place.before,
        "upperBefore": place.upper_before,
        "communityRun": place.run,
    }


def community_rows(results: Results) -> list[Row]:
    """Rows for `enrich/put_communities`."""
    found, numbered = results.communities, results.numbered
    count = len(found.parent)
    users, items = (np.bincount(part[part >= 0], minlength=count) for part in (found.user, found.item))
    above_users = np.bincount(found.parent, weights=users, minlength=found.n_coarse).astype(int)
    above_items = np.bincount(found.parent, weights=items, minlength=found.n_coarse).astype(int)

    def rows(level: int, ids: list[str], sizes: tuple[list[int], list[int]]) -> list[Row]:
        return [
            {
                "communityId": name,
                "level": level,
                "label": label or f"community {name}",
                "size": of_users + of_items,
                "users": of_users,
                "items": of_items,
            }
            for name, label, of_users, of_items in zip(ids, results.labels[level - 1], *sizes, strict=True)
        ]

    upper = rows(1, numbered.coarse, (above_users.tolist(), above_items.tolist()))
    return upper + rows(2, numbered.fine, (users.tolist(), items.tolist()))
