"""Why an item fits a user: the paths between them, with their weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import load_query
from interestgraph.recommend.context import Context, read_context, read_vectors, require_item, require_user
from interestgraph.recommend.texts import name_of, own_text, path_text, share_text

SEEDS = 50
"""How many of the user's strongest items paths may go through; as in recommend."""


@dataclass(frozen=True)
class Path:
    """One path from the user to the item, or one fact that joins them."""

    kind: str
    """``own``, ``similar``, ``category``, ``community``, ``vector`` or ``trend``."""
    weight: float
    """own: decayed weight; similar: log(1 + decayed weight) * score; category: share of the user's interest;
    community: its size; vector: cosine; trend: recent users."""
    text: str
    via: tuple[str, ...] = ()
    """Ids of the nodes between user and item."""


@dataclass(frozen=True)
class Explanation:
    """What supports an item for a user."""

    user_id: str
    item_id: str
    title: str | None
    category: str | None
    sentence: str
    paths: tuple[Path, ...]
    cypher: str
    """A statement that draws exactly this subgraph in Neo4j Browser."""
    notes: tuple[str, ...] = ()


def explain(database: Database, user: str, item: str, as_of: datetime | None = None) -> Explanation:
    """Find the paths that join a user and an item.

    Raises:
        UnknownUserError, UnknownItemError: the graph has no such node.
        StateError: the graph holds no events, or `as_of` lies before the latest.
    """
    require_user(database, user)
    require_item(database, item)
    context = read_context(database)
    at = context.moment(as_of)
    (row,) = read_vectors(
        database, context, "serve/explain", userId=user, itemId=item, asOf=at, halfLives=context.half_lives, seeds=SEEDS
    )
    paths = tuple(_paths(row, at, context))
    via = [near["itemId"] for near in row["similar"]]
    return Explanation(
        user_id=user,
        item_id=item,
        title=row["title"],
        category=path_text(row["path"]),
        sentence=_sentence(name_of(item, row["title"]), row, paths, at),
        paths=paths,
        cypher=with_literals(load_query("serve/draw_explanation").text, userId=user, itemId=item, via=via),
        notes=context.notes,
    )


def _paths(row: Row, at: int, context: Context) -> Iterator[Path]:
    for own in row["own"]:
        yield Path("own", own["weight"], own_text(own, at))
    for near in row["similar"]:
        text = f"goes with {name_of(near['itemId'], near['title'])} (score {near['score']:.3f})"
        yield Path("similar", near["weight"], text, (near["itemId"],))
    for category in row["categories"]:
        text = f"{category['name']} (level {category['level']}) is {share_text(category['share'])} of the interest"
        yield Path("category", category["share"], text, (category["categoryId"],))
    for community in row["communities"]:
        text = f"both are in the community {community['label']} ({community['size']} members)"
        if row["peers"]:
            text += f", where {row['peers']} others chose the item"
        yield Path("community", float(community["size"]), text, (community["communityId"],))
    if context.embedding_run is not None and row["cosine"] is not None:
        yield Path("vector", row["cosine"], f"cosine of the embeddings {row['cosine']:.3f}")
    if row["trend"]:
        text = f"{row['buyers']} users, trend {row['trend']:.1f}"
        yield Path("trend", row["trend"], text)


def _sentence(name: str, row: Row, paths: Sequence[Path], at: int) -> str:
    """One plain sentence from the strongest facts."""
    parts = []
    if row["own"]:
        parts.append(f"was {own_text(row['own'][0], at)}")
    if row["similar"]:
        names = dict.fromkeys(name_of(near["itemId"], near["title"]) for near in row["similar"])
        parts.append(f"goes with {' and '.join(list(names)[:2])}, which this user keeps choosing")
    if row["categories"]:
        deepest = row["categories"][0]
        parts.append(f"is in {deepest['name']}, {share_text(deepest['share'])} of the user's interest")
    if not parts:
        joined = [path.text for path in paths if path.kind in ("community", "trend")]
        parts.append(f"has no direct path to this user{'; ' + joined[0] if joined else ''}")
    return f"{name} {_listed(parts)}."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}"


def with_literals(text: str, **values: Any) -> str:
    """`text` with its ``$parameters`` replaced by literals, so that it can be pasted as it is.

    Only for showing: statements that the package runs carry their parameters apart.
    """
    for name, value in values.items():
        text = text.replace(f"${name}", _literal(value))
    return text


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_literal(part) for part in value)}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
        return f"'{escaped}'"
    return str(value)
