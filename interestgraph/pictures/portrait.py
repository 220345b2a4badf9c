"""The interest graph of one user: facts for the terminal, and a page to look at.

The page draws with Cytoscape.js (MIT), which lies in ``files/`` as it is published and goes into each page, so that
pages need no network. (neo4j-viz would be at hand, but it is under the GPL, and so would be every page with it inside.)
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from interestgraph.analysis.answer import Answer
from interestgraph.analysis.ask import ask
from interestgraph.errors import StateError
from interestgraph.neo4j.connection import Database
from interestgraph.page import charts
from interestgraph.page.document import document, figure, notes, panels, row, section, table, tiles
from interestgraph.page.files import check_html, write_whole
from interestgraph.pictures.network import Network, network
from interestgraph.pictures.people import facts_table, interest_bars
from interestgraph.recommend.context import require_user
from interestgraph.recommend.profile import Profile, profile
from interestgraph.recommend.recommend import RecommendConfig, recommend

LIBRARY = "cytoscape.min.js"
INTERESTS = 8
KINDS = {
    "user": "user",
    "item": "chosen items",
    "proposed": "recommended, new",
    "category": "categories",
    "top": "upper categories",
    "community": "communities",
}
"""Kinds of nodes, and what the page calls them."""


@dataclass(frozen=True)
class PortraitConfig:
    """What a drawing shows."""

    items: int = 12
    """The user's strongest items, at most."""
    recommended: int = 5
    """Recommended items that are new to the user, at most."""


@dataclass(frozen=True)
class PortraitReport:
    """What was drawn."""

    user_id: str
    file: Path
    nodes: int
    edges: int
    bytes: int
    """Size of the file."""


def portrait(database: Database, user: str) -> Answer:
    """Who a user is: interests, rhythm, price level, brands, channels, communities, campaigns.

    Raises:
        UnknownUserError: the graph has no such user.
    """
    require_user(database, user)
    return ask(database, "portrait", {"userId": user})


def draw_portrait(database: Database, user: str, file: Path, config: PortraitConfig | None = None) -> PortraitReport:
    """Draw a user's interest graph as an interactive HTML page that needs nothing else.

    Raises:
        UnknownUserError: the graph has no such user.
        ConfigurationError: the file cannot be written.
    """
    config = config or PortraitConfig()
    check_html(file)
    facts = portrait(database, user)
    known = profile(database, user, INTERESTS)
    ego = ask(database, "ego_network", {"userId": user, "items": config.items})
    try:
        wanted = RecommendConfig(n=config.recommended or 1, mode="discover")
        proposed = list(recommend(database, user, wanted))[: config.recommended]
    except StateError:
        proposed = []  # Without events there is nothing to recommend.
    found = network(user, list(ego), known, proposed)
    size = write_whole(file, _page(known, facts, found))
    return PortraitReport(user, file, len(found.nodes), len(found.edges), size)


def _page(known: Profile, facts: Answer, found: Network) -> str:
    own = {name: value for name, value in known.attributes.items() if value is not None}
    shown = [(part.behaviour.lower(), f"{part.events:,}") for part in known.activity]
    if known.last_active is not None:
        shown.append(("last active", f"{known.last_active:%Y-%m-%d}"))
    shown += [(_words(name), str(value)) for name, value in list(own.items())[:6]]
    body = tiles(shown) + _drawing(found) + panels([interest_bars(known), facts_table(facts)])
    title = f"Interest graph of user {known.user_id}"
    told = "Drawn by Cytoscape.js (MIT). Command: <code>interestgraph portrait</code>."
    style = charts.style() + _file("portrait.css")
    return document(title, "", body + _lists(found) + notes(facts.notes) + _scripts(found), told, style=style)


def _words(name: str) -> str:
    """``householdSize`` -> household size."""
    return re.sub(r"([a-z])([A-Z])|_", r"\1 \2", name).lower()


def _drawing(found: Network) -> str:
    """The place of the graph with its controls."""
    held = [kind for kind in KINDS if any(node.kind == kind for node in found.nodes)]
    boxes = "".join(
        f'<label><input type="checkbox" data-kind="{kind}" checked><i class="spot {kind}"></i>{KINDS[kind]}</label>'
        for kind in held[1:]
    )
    return (
        '<section id="drawing"><h2>What this user likes</h2>'
        "<p>Select a node to see what it is joined to, also by Tab, arrow keys and Escape. Thick lines are strong.</p>"
        f'<div class="controls">{boxes}<span class="zoom">'
        '<button type="button" data-zoom="1.25" aria-label="Larger">+</button>'
        '<button type="button" data-zoom="0.8" aria-label="Smaller">−</button>'
        '<button type="button" data-zoom="0">Reset</button></span></div>'
        f'<div id="graph" tabindex="0" role="application" aria-label="Graph of {len(found.nodes)} nodes and '
        f'{len(found.edges)} edges; the lists below say the same"></div><img id="paper" alt="The graph of this user">'
        '<p id="told" role="status"></p><noscript><p class="absent">The drawing needs JavaScript; the lists below do '
        "not.</p></noscript></section>"
    )


def _lists(found: Network) -> str:
    """All nodes as lists, which also choose in the drawing, and all edges as a table."""
    made = []
    for kind, name in list(KINDS.items())[1:]:
        nodes = [node for node in found.nodes if node.kind == kind]
        if nodes:
            entries = "".join(
                f'<li><button type="button" data-node="{escape(node.id)}">{escape(node.label)}</button>'
                f'<span class="soft">{escape(node.text)}</span></li>'
                for node in nodes
            )
            made.append(figure(name.capitalize(), f'<ul class="nodes">{entries}</ul>'))
    labels = {node.id: node.label for node in found.nodes}
    body = [row(labels[edge.source], [edge.kind, labels[edge.target], edge.text], text_from=0) for edge in found.edges]
    listed = table(("from", "relationship", "to", "what it says"), body, 1, "edges of the graph")
    return section("In words", "", panels(made), f"<details><summary>all edges</summary>{listed}</details>")


def _scripts(found: Network) -> str:
    """The library, the graph, and what draws it."""
    data = json.dumps(asdict(found), ensure_ascii=False).replace("<", "\\u003c")
    return (
        f"<script>{_file(LIBRARY)}</script>\n"
        f'<script type="application/json" id="data">{data}</script>\n<script>{_file("portrait.js")}</script>'
    )


def _file(name: str) -> str:
    return (files("interestgraph.pictures") / "files" / name).read_text(encoding="utf-8")
