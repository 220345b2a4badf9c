"""Why an item fits a user: the paths between them, with their weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import load_query
from interestgraph.recommend.blend import blend
from interestgraph.recommend.context import Context, read_vectors, require_item, require_user
from interestgraph.recommend.features import features
from interestgraph.recommend.person import Person
from interestgraph.recommend.rank import RankConfig
from interestgraph.recommend.reasons import Path, peers
from interestgraph.recommend.serving import State, serving
from interestgraph.recommend.sources import find_scores
from interestgraph.recommend.texts import name_of, own_text, path_text, share_text, with_literals

SEEDS = 50
"""How many of the user's strongest items paths may go through; as in recommend."""


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
    score: float = 0.0
    """Of the ranker, or of the blend; as in `recommend`."""
    sources: dict[str, float] = field(default_factory=dict)
    """Source -> what it adds to the score, largest first; they sum to it."""
    probability: float | None = None
    """That the user chooses the item in the days the ranker was trained for; None without a ranker."""
    notes: tuple[str, ...] = ()


def explain(database: Database, user: str, item: str, as_of: datetime | None = None) -> Explanation:
    """Find the paths that join a user and an item.

    Raises:
        UnknownUserError, UnknownItemError: the graph has no such node.
        StateError: the graph holds no events, or `as_of` lies before the latest.
    """
    require_user(database, user)
    require_item(database, item)
    state, (known,), at = serving(database).people([user], as_of)
    context = state.context
    score, sources, probability = _score(state, known, item)
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
        score=round(score, 6),
        sources={name: round(part, 6) for name, part in sources.items()},
        probability=probability,
        notes=state.notes,
    )


def _score(state: State, known: Person, item: str) -> tuple[float, dict[str, float], float | None]:
    """Score, shares of the sources, and probability of an item for a user, among the user's usual candidates."""
    number = np.array([state.catalogue.position[item]], dtype=np.int32)
    config = RankConfig()
    scores = find_scores(state.catalogue, known, config.candidates, also=number)
    at = int(np.searchsorted(scores.item, number[0]))
    ranker = state.ranker
    if ranker is None or not len(known.item):
        parts = {name: float(part[at]) for name, part in blend(scores, config.blend).items() if part[at] > 0}
        return sum(parts.values()), dict(sorted(parts.items(), key=lambda part: -part[1])), None
    rows = features(state.catalogue, known, scores)[at : at + 1]
    (shares,) = ranker.shares(rows, new=False)
    return float(ranker.score(rows, new=False)[0]), shares, round(float(ranker.probability(rows, new=False)[0]), 6)


def _paths(row: Row, at: int, context: Context) -> Iterator[Path]:
    for own in row["own"]:
        yield Path("own", own["weight"], own_text(own, at))
    for near in row["similar"]:
        text = f"goes with {name_of(near['itemId'], near['title'])} (score {near['score']:.3f})"
        yield Path("similar", near["weight"], text, (near["itemId"],))
    for alike in row["alike"]:
        if alike["users"]:
            yield peers(alike["users"], list(zip(alike["via"], alike["titles"], strict=True)))
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
