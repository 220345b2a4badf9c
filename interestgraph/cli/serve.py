"""The questions beside recommend: similar, similar-users, profile, explain, trending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from interestgraph.cli.app import CountOption, JsonOption, app, open_graph
from interestgraph.cli.recommend import AsOf, CategoryOption, UserArgument

if TYPE_CHECKING:
    from interestgraph.recommend.explain import Explanation
    from interestgraph.recommend.profile import Profile

ItemArgument = Annotated[str, typer.Argument(help="Item id.")]


def notes(texts: tuple[str, ...]) -> None:
    """Print notes of an answer on stderr."""
    from interestgraph.cli.output import note

    for text in texts:
        note(text)


@app.command()
def similar(item: ItemArgument, n: CountOption = 10, as_json: JsonOption = False) -> None:
    """Find the nearest items of an item.

    Example: interestgraph similar 1082185
    """
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.similar(item, n)
    notes(found.notes)
    if as_json:
        print_json({"item_id": item, "items": list(found), "notes": found.notes})
        return
    print_table(
        f"similar to item {item}",
        ("item", "title", "category", "brand", "together", "cosine"),
        [(row.item_id, row.title, row.category, row.brand, row.together, row.cosine) for row in found],
    )


@app.command("similar-users")
def similar_users(user: UserArgument, n: CountOption = 10, as_json: JsonOption = False) -> None:
    """Find the nearest users of a user.

    Example: interestgraph similar-users 1228
    """
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.similar_users(user, n)
    notes(found.notes)
    if as_json:
        print_json({"user_id": user, "users": list(found), "notes": found.notes})
        return
    print_table(
        f"users similar to {user}",
        ("user", "cosine", "shared items", "shared interests"),
        [(row.user_id, row.cosine, row.shared_items, ", ".join(row.interests)) for row in found],
    )


@app.command()
def profile(user: UserArgument, n: CountOption = 5, as_json: JsonOption = False) -> None:
    """Show a user's interests, activity, communities and campaigns.

    Example: interestgraph profile 1228
    """
    from interestgraph.cli.output import print_json

    with open_graph() as graph:
        found = graph.profile(user, n)
    notes(found.notes)
    if as_json:
        print_json(found)
    else:
        print_profile(found)


def print_profile(found: Profile) -> None:
    """Print a profile as tables."""
    from interestgraph.cli.output import print_table

    facts = [(name, str(value)) for name, value in found.attributes.items()]
    facts.append(("last active", f"{found.last_active:%Y-%m-%d %H:%M}" if found.last_active else "never"))
    print_table(f"user {found.user_id}", ("", ""), facts)
    if found.activity:
        print_table(
            "activity",
            ("behaviour", "items", "events", "value", "first", "last"),
            [(a.behaviour, a.items, a.events, a.value, a.first_at, a.last_at) for a in found.activity],
        )
    if found.interests:
        print_table(
            "interests",
            ("level", "category", "share", "path"),
            [(i.level, i.name, f"{i.share * 100:.1f} %", i.category_id) for i in found.interests],
        )
    if found.communities:
        print_table(
            "communities",
            ("level", "community", "label", "size"),
            [(c.level, c.community_id, c.label, c.size) for c in found.communities],
        )
    if found.campaigns:
        print_table(
            "campaigns",
            ("campaign", "kind", "starts", "ends", "redeemed"),
            [(c.campaign_id, c.kind, c.starts_at, c.ends_at, c.redeemed) for c in found.campaigns],
        )


@app.command()
def explain(user: UserArgument, item: ItemArgument, as_of: AsOf = None, as_json: JsonOption = False) -> None:
    """Explain why an item fits a user: paths, one sentence, and Cypher that draws them.

    Example: interestgraph explain 1228 1082185
    """
    from interestgraph.cli.output import print_json

    with open_graph() as graph:
        found = graph.explain(user, item, as_of=as_of)
    notes(found.notes)
    if as_json:
        print_json(found)
    else:
        print_explanation(found)


def print_explanation(found: Explanation) -> None:
    """Print an explanation: sentence, paths, Cypher."""
    from interestgraph.cli.output import print_table

    print(found.sentence)
    print_table(
        f"paths from user {found.user_id} to item {found.item_id}",
        ("kind", "weight", "what"),
        [(path.kind, path.weight, path.text) for path in found.paths],
    )
    print(f"\nin Neo4j Browser:\n{found.cypher}")


@app.command()
def trending(n: CountOption = 10, category: CategoryOption = None, as_json: JsonOption = False) -> None:
    """List the items with the strongest trend.

    Example: interestgraph trending -n 20 --category PRODUCE
    """
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.trending(n, category)
    notes(found.notes)
    if as_json:
        print_json({"items": list(found), "notes": found.notes})
        return
    print_table(
        "trending items",
        ("item", "title", "category", "trend", "buyers", "repeat rate"),
        [(row.item_id, row.title, row.category, row.trend, row.buyers, row.repeat_rate) for row in found],
    )
