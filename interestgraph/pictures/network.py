"""Nodes and edges of a user's picture; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interestgraph.neo4j.connection import Row
from interestgraph.recommend.profile import Profile
from interestgraph.recommend.recommend import Recommendation

BETWEEN = " > "
"""Between the names of a category's path."""


@dataclass(frozen=True)
class Node:
    """A node of the picture."""

    id: str
    """Kind and id, since an item and a category may have one id."""
    kind: str
    """``user``, ``item``, ``proposed``, ``category``, ``top`` or ``community``."""
    label: str
    text: str
    """What the picture says of it."""
    weight: float
    """0 to 1 among its kind."""


@dataclass(frozen=True)
class Edge:
    """An edge of the picture."""

    source: str
    target: str
    kind: str
    """Type of the relationship."""
    text: str
    weight: float
    """0 to 1 among its kind."""
    always: bool
    """Whether it is drawn also when neither end is chosen."""


@dataclass(frozen=True)
class Network:
    """A picture: nodes in the order of their columns from above."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class _Builder:
    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str, str], Edge] = {}

    def node(self, kind: str, name: str, label: str, text: str, weight: float = 0.0) -> str:
        key = f"{'item' if kind == 'proposed' else 'category' if kind == 'top' else kind}:{name}"
        self.nodes.setdefault(key, Node(key, kind, label, text, weight))
        return key

    def edge(self, source: str, target: str, kind: str, text: str, weight: float = 0.0, always: bool = True) -> None:
        self.edges.setdefault((source, target, kind), Edge(source, target, kind, text, weight, always))

    def category(self, name: str, shares: dict[str, float]) -> str:
        """A category, with the uppermost one that it belongs to."""
        top = name.split(BETWEEN)[0]
        key = self.node("top" if top == name else "category", name, name.split(BETWEEN)[-1], _share(name, shares),
                        shares.get(name, 0.0))  # fmt: skip
        if top != name:
            above = self.node("top", top, top, _share(top, shares), shares.get(top, 0.0))
            self.edge(key, above, "CHILD_OF", f"{name} is below {top}")
        return key


def _share(name: str, shares: dict[str, float]) -> str:
    return f"{100 * shares[name]:.1f} % of the interest on its level" if name in shares else "no interest in it yet"


def network(user: str, ego: Sequence[Row], known: Profile, proposed: Sequence[Recommendation]) -> Network:
    """The picture of a user.

    Args:
        user: its id.
        ego: rows of the question `ego_network`.
        known: the profile.
        proposed: recommended items.
    """
    made = _Builder()
    shares = {part.category_id: part.share for part in known.interests}
    shares.update({part["target"]: part["weight"] for part in ego if part["type"] == "INTERESTED_IN"})
    middle = made.node("user", user, f"User {user}", _activity(known), 1.0)
    own = [part for part in ego if part["sourceLabel"] == "User" and part["targetLabel"] == "Item"]
    most = max((part["weight"] for part in own), default=0.0) or 1.0
    for part in own:
        text = f"{part['type'].lower()}, weight {part['weight']:.2f}"
        key = made.node("item", part["target"], part["targetTitle"] or part["target"], text, part["weight"] / most)
        made.edge(middle, key, part["type"], text, max(part["weight"] / most, 0.0))
    for number, item in enumerate(proposed):
        _propose(made, middle, item, 1.0 - number / max(len(proposed), 1))
    _categories(made, middle, ego, proposed, shares, known)
    for part in ego:
        if part["type"] == "SIMILAR_TO" and part["source"] < part["target"]:
            ends = f"item:{part['source']}", f"item:{part['target']}"
            made.edge(*ends, "SIMILAR_TO", f"similarity {part['weight']:.3f}", part["weight"])
    sizes = {part.community_id: part.size for part in known.communities}
    for part in (part for part in ego if part["type"] == "IN_COMMUNITY"):
        text = f"{sizes[part['target']]:,} members" if part["target"] in sizes else "of an item only"
        key = made.node("community", part["target"], part["targetTitle"] or part["target"], text)
        made.edge(f"{part['sourceLabel'].lower()}:{part['source']}", key, "IN_COMMUNITY", "member", 0.2, False)
    return Network(tuple(made.nodes.values()), tuple(made.edges.values()))


def _activity(known: Profile) -> str:
    return "; ".join(f"{part.events:,} events {part.behaviour.lower()}" for part in known.activity) or "no events"


def _propose(made: _Builder, middle: str, item: Recommendation, weight: float) -> None:
    """A recommended item, joined to what it goes with, and to the user where that is not in the picture."""
    key = f"item:{item.item_id}"
    if key in made.nodes:
        made.edge(middle, key, "RECOMMENDED", item.reason, weight, False)
        return
    key = made.node("proposed", item.item_id, item.title or item.item_id, item.reason, weight)
    made.edge(middle, key, "RECOMMENDED", item.reason, weight)
    for path in item.paths:
        for via in path.via:
            if path.kind == "similar" and f"item:{via}" in made.nodes:
                made.edge(f"item:{via}", key, "SIMILAR_TO", path.text, 0.3)


def _categories(
    made: _Builder,
    middle: str,
    ego: Sequence[Row],
    proposed: Sequence[Recommendation],
    shares: dict[str, float],
    known: Profile,
) -> None:
    """Categories of the items, those above them, and the strongest interests."""
    # In the order of their items, so that few edges cross.
    place = {key: number for number, key in enumerate(made.nodes)}
    belongs = [part for part in ego if part["type"] == "IN_CATEGORY"]
    for part in sorted(belongs, key=lambda part: place[f"item:{part['source']}"]):
        key = made.category(part["target"], shares)
        made.edge(f"item:{part['source']}", key, "IN_CATEGORY", f"is in {part['target']}", 0.2)
    for item in proposed:
        if item.category:
            key = made.category(item.category, shares)
            made.edge(f"item:{item.item_id}", key, "IN_CATEGORY", f"is in {item.category}", 0.2)
    for interest in known.interests:
        if interest.level == 1:
            made.category(interest.category_id, shares)
    for name, share in shares.items():
        if f"category:{name}" in made.nodes:
            made.edge(middle, f"category:{name}", "INTERESTED_IN", _share(name, shares), share, False)
