"""The nodes whose vectors are nearest: of users, items and categories, among any of the three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from interestgraph.errors import ConfigurationError, StateError, UnknownIdError
from interestgraph.model import Table
from interestgraph.neo4j.connection import Database, Row
from interestgraph.recommend.context import check_count, read_context, read_vectors
from interestgraph.recommend.texts import path_text

Kind = Literal["user", "item", "category"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_PLURAL = {"user": "users", "item": "items", "category": "categories"}


@dataclass(frozen=True)
class Neighbour:
    """A node near another."""

    kind: Kind
    node_id: str
    title: str | None
    """Title of an item, name of a category."""
    category: str | None
    """Path of the category, joined by " > "."""
    cosine: float
    """Cosine of the vectors, -1 to 1."""


@dataclass(frozen=True)
class Neighbours(Table[Neighbour]):
    """Neighbours of a node, the nearest first."""

    kind: Kind = "user"
    """What the node is."""
    node_id: str = ""


def neighbours(
    database: Database, node: str, n: int = 10, *, kind: Kind | None = None, among: Kind | None = None
) -> Neighbours:
    """The nearest nodes of a node by its vector.

    Args:
        database: the graph.
        node: id of a user, an item or a category, name of a category, or one of them after ``user:``, ``item:`` or
            ``category:``.
        n: how many.
        kind: what `node` is; None: what it can be.
        among: neighbours of this kind; None: of the node's own.

    Raises:
        UnknownIdError: the graph has no such node.
        ConfigurationError: `node` may be several nodes, or `n` or a kind is out of range.
        StateError: the graph, or the node, has no vector.
    """
    check_count(n)
    for name in (kind, among):
        if name is not None and name not in KINDS:
            raise ConfigurationError(f"kind {name!r} is none of {', '.join(KINDS)}")
    context = read_context(database)
    if context.embedding_run is None:
        raise StateError("the graph has no vectors (or embed was interrupted): run `interestgraph embed`")
    found = _one(node, _matching(read_vectors(database, context, "serve/find_nodes", id=node), kind))
    if found is None:
        prefix, _, rest = node.partition(":")
        named = prefix.strip().lower()
        if named in KINDS and rest and kind in (None, named):
            rows = read_vectors(database, context, "serve/find_nodes", id=rest.strip())
            found = _one(rest.strip(), _matching(rows, named))
    if found is None:
        raise UnknownIdError(f"the graph has no {kind or 'user, item or category'} {node}: ids are those of the log")
    own: Kind = found["kind"]
    if found["vector"] is None:
        raise StateError(
            f"{own} {found['id']} has no vector: it came after the last run, or nothing leads to it; "
            "`interestgraph embed --new` gives vectors to what came later"
        )
    chosen = among or own
    # One more, since the node itself is the nearest of its own kind.
    rows = read_vectors(database, context, f"serve/near_{_PLURAL[chosen]}", vector=found["vector"], limit=n + 1)
    near = [row for row in rows if chosen != own or row["id"] != found["id"]][:n]
    return Neighbours(
        tuple(Neighbour(chosen, row["id"], row["title"], path_text(row["path"]), row["cosine"]) for row in near),
        (),
        own,
        found["id"],
    )


def _matching(rows: Sequence[Row], kind: str | None) -> list[Row]:
    return [row for row in rows if kind is None or row["kind"] == kind]


def _one(node: str, rows: Sequence[Row]) -> Row | None:
    """The only one, or the only one whose id it is.

    Raises:
        ConfigurationError: there are several.
    """
    exact = [row for row in rows if row["id"] == node]
    chosen = exact or rows
    if len(chosen) > 1:
        names = "; ".join(f"{row['kind']}:{row['id']}" for row in chosen[:5])
        more = f" and {len(chosen) - 5} more" if len(chosen) > 5 else ""
        raise ConfigurationError(f"{node} may be any of: {names}{more}; give it so, or say --kind")
    return chosen[0] if chosen else None
