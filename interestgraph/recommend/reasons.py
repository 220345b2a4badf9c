"""What in the graph speaks for the items of a list: paths, a sentence, and the Cypher that draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.queries import load_query
from interestgraph.recommend.context import read_vectors
from interestgraph.recommend.person import Person
from interestgraph.recommend.rank import Scored
from interestgraph.recommend.serving import State
from interestgraph.recommend.texts import name_of, own_text, reason, share_text, with_literals

COUNTED = 3
"""Of so many items that are new to the user it is counted how many others chose them: some milliseconds each."""
_SOURCES = {"peers": "similar"}
"""Kind of a path -> the source that it speaks for, where the names differ."""


@dataclass(frozen=True)
class Path:
    """One path from the user to the item, or one fact that joins them."""

    kind: str
    """``own``, ``similar``, ``peers``, ``category``, ``community``, ``vector``, ``trend``."""
    weight: float
    """own: decayed weight; similar: log(1 + decayed weight) * score; peers: users who chose both items; category:
    share of the user's interest; community: its size; vector: cosine; trend: recent users."""
    text: str
    via: tuple[str, ...] = ()
    """Ids of the nodes between user and item."""


@dataclass(frozen=True)
class Reason:
    """What speaks for one item."""

    sentence: str
    paths: tuple[Path, ...]
    """Strongest source first."""
    cypher: str
    title: str | None
    """As it is at this moment; so are brand and price."""
    brand: str | None
    price: float | None


def reasons(
    database: Database, state: State, person: Person, scored: Sequence[Scored], at: int, seeds: int
) -> list[Reason]:
    """The reasons of a list, in its order, in one question to the graph.

    Args:
        database: the graph.
        state: its state.
        person: the user.
        scored: items with their sources.
        at: moment of the weights, epoch milliseconds.
        seeds: how many of the user's strongest items paths go through.
    """
    strongest = sorted(
        (
            (-float(weight), state.catalogue.items[number])
            for weight, number in zip(person.weight.tolist(), person.item.tolist(), strict=True)
            if weight > 0
        )
    )[:seeds]
    strength = {item: -weight for weight, item in strongest}
    own = {state.catalogue.items[number] for number in person.item.tolist()}
    rows = read_vectors(
        database,
        state.context,
        "serve/reasons",
        userId=person.user,
        itemIds=[entry.item for entry in scored],
        strength=strength,
        counted=[entry.item for entry in scored if entry.item not in own][:COUNTED],
        asOf=at,
        halfLives=state.context.half_lives,
    )
    by_item = {row["itemId"]: row for row in rows}
    return [_reason(person, entry, by_item[entry.item], at) for entry in scored]


def _reason(person: Person, entry: Scored, row: Row, at: int) -> Reason:
    # A share below zero speaks against the item; it is part of the sum, but no reason.
    order = {source: place for place, source in enumerate(entry.parts)}
    paths = sorted(_paths(row, at), key=lambda path: order.get(_SOURCES.get(path.kind, path.kind), len(order)))
    via = list(dict.fromkeys(item for path in paths if path.kind == "similar" for item in path.via))
    draw = load_query("serve/draw_explanation").text
    return Reason(
        sentence=reason({name: part for name, part in entry.parts.items() if part > 0}, row, at),
        paths=tuple(paths),
        cypher=with_literals(draw, userId=person.user, itemId=entry.item, via=via),
        title=row["title"],
        brand=row["brand"],
        price=row["price"],
    )


def peers(users: int, via: Sequence[tuple[str, str | None]]) -> Path:
    """Others who chose an item and the user's own items (id, title) that lead to it."""
    text = f"{users} others who chose {' and '.join(name_of(*pair) for pair in via)} chose it too"
    return Path("peers", float(users), text, tuple(item for item, _ in via))


def _paths(row: Row, at: int) -> Iterator[Path]:
    for own in row["own"]:
        yield Path("own", own["weight"], own_text(own, at))
    for near in row["near"]:
        text = f"goes with {name_of(near['itemId'], near['title'])} (score {near['score']:.3f})"
        yield Path("similar", near["weight"], text, (near["itemId"],))
    if row["alike"]:
        yield peers(row["alike"], [(near["itemId"], near["title"]) for near in row["near"][:2]])
    if row["share"] and row["path"]:
        text = f"{row['path'][-1]} is {share_text(row['share'])} of the interest"
        yield Path("category", row["share"], text, (row["categoryId"],))
    if row["cosine"] is not None:
        yield Path("vector", row["cosine"], f"cosine of the embeddings {row['cosine']:.3f}")
    if row["trend"]:
        yield Path("trend", row["trend"], f"{row['buyers']} users, trend {row['trend']:.1f}")
